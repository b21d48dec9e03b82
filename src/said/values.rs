//! How a value is said: a duration, a moment, a size, a number of things, several things, the title of a page.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A duration as a person would write it: `5 s`, `500 ms`, `1.5 s`.
pub fn spoken(duration: Duration) -> String {
    let milliseconds = duration.as_millis();
    if milliseconds < 1_000 {
        format!("{milliseconds} ms")
    } else if milliseconds.is_multiple_of(1_000) {
        format!("{} s", milliseconds / 1_000)
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

/// How long something took, where nobody chose the number: `33 ms`, `0.4 s`.
pub fn lasted(duration: Duration) -> String {
    if duration < Duration::from_millis(100) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

/// How far two moments are apart, in the unit that fits: `3 days`, `5 hours`, `2 minutes`.
pub fn distance(from: SystemTime, to: SystemTime) -> String {
    let seconds = to.duration_since(from).or_else(|_| from.duration_since(to)).unwrap_or_default().as_secs();
    let (number, unit) = match seconds {
        1 => (1, "second"),
        0..=119 => (seconds, "seconds"),
        120..=7_199 => (seconds / 60, "minutes"),
        7_200..=172_799 => (seconds / 3_600, "hours"),
        _ => (seconds / 86_400, "days"),
    };
    format!("{number} {unit}")
}

/// The day in UTC: `2026-11-23`.
pub fn day(moment: SystemTime) -> String {
    TimeZone::UTC.to_datetime(timestamp(moment)).date().to_string()
}

/// The time of day in UTC: `18:00:00`.
pub fn time_of_day(moment: SystemTime) -> String {
    timestamp(moment).strftime("%H:%M:%S").to_string()
}

/// The moment as RFC 3339 has it, in UTC and to the second: `2026-11-23T18:00:00Z`.
pub fn utc(moment: SystemTime) -> String {
    Timestamp::from_second(timestamp(moment).as_second()).unwrap_or_default().to_string()
}

fn timestamp(moment: SystemTime) -> Timestamp {
    Timestamp::try_from(moment).unwrap_or_default()
}

/// `16 MiB`, `64 KiB`, `100 bytes`.
pub fn size(bytes: u64) -> String {
    match bytes {
        _ if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes >= 1 << 10 && bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

/// `1 attempt`, `2 attempts`.
pub fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// `104.18.2.1, 104.18.3.1`
pub fn listed(things: impl IntoIterator<Item = impl Display>) -> String {
    joined(things, ", ")
}

/// The same whatever order they come in, and however often each does.
pub fn in_any_order(things: impl IntoIterator<Item = impl Display>) -> String {
    listed(things.into_iter().map(|thing| thing.to_string()).collect::<BTreeSet<String>>())
}

/// `HTTPS_PROXY and https_proxy`
pub fn all_of(things: impl IntoIterator<Item = impl Display>) -> String {
    joined(things, " and ")
}

fn joined(things: impl IntoIterator<Item = impl Display>, between: &str) -> String {
    things.into_iter().map(|thing| thing.to_string()).collect::<Vec<_>>().join(between)
}

/// The title of a page that a stranger wrote: one line, bounded.
pub fn page_title(page: &[u8]) -> Option<String> {
    let page = String::from_utf8_lossy(page);
    // ASCII lower case keeps every byte where it was.
    let lower = page.to_ascii_lowercase();
    let open = lower.find("<title")?;
    let start = open + lower.get(open..)?.find('>')? + 1;
    let end = start + lower.get(start..)?.find("</title")?;
    let words: Vec<&str> = page.get(start..end)?.split_whitespace().collect();
    let title: String = words.join(" ").chars().filter(|c| !c.is_control()).take(120).collect();
    Some(title).filter(|title| !title.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    #[test]
    fn durations_have_the_unit_in_which_they_are_short() {
        for (milliseconds, chosen, measured) in
            [(33, "33 ms", "33 ms"), (412, "412 ms", "0.4 s"), (1_500, "1.5 s", "1.5 s"), (120_000, "120 s", "120.0 s")]
        {
            let duration = Duration::from_millis(milliseconds);

            assert_eq!((spoken(duration).as_str(), lasted(duration).as_str()), (chosen, measured));
        }
    }

    #[test]
    fn moments_are_told_in_utc_and_their_distance_whichever_comes_first() {
        let moment = at(1_795_456_800) + Duration::from_millis(250);

        assert_eq!(day(moment), "2026-11-23");
        assert_eq!(time_of_day(moment), "18:00:00");
        assert_eq!(utc(moment), "2026-11-23T18:00:00Z");
        for (seconds, said) in [
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (7_200, "2 hours"),
            (172_799, "47 hours"),
            (172_800, "2 days"),
        ] {
            assert_eq!(distance(at(0), at(seconds)), said);
            assert_eq!(distance(at(seconds), at(0)), said);
        }
    }

    #[test]
    fn sizes_are_round_only_where_they_are() {
        for (bytes, said) in [
            (0, "0 bytes"),
            (1_025, "1025 bytes"),
            (65_536, "64 KiB"),
            (16 << 20, "16 MiB"),
            ((1 << 20) + 1024, "1025 KiB"),
        ] {
            assert_eq!(size(bytes), said);
        }
    }

    #[test]
    fn one_thing_is_counted_without_a_plural() {
        assert_eq!([0, 1, 2].map(|number| counted(number, "attempt")), ["0 attempts", "1 attempt", "2 attempts"]);
    }

    #[test]
    fn several_things_are_said_one_after_another() {
        assert_eq!(listed([1, 2, 3]), "1, 2, 3");
        assert_eq!(all_of(["a", "b"]), "a and b");
        assert_eq!(listed(Vec::<String>::new()), "");
    }

    #[test]
    fn titles_are_found_in_any_case_and_kept_to_one_line() {
        assert_eq!(
            page_title(b"<HTML><Title lang=de>Web\n  Page Blocked</TITLE>"),
            Some("Web Page Blocked".to_owned())
        );
        assert_eq!(page_title(b"<title>never ends"), None);
        assert_eq!(page_title("\u{130}<title>x</title>".as_bytes()), Some("x".to_owned()));
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_page_holds_its_title_is_short_and_printable(before in ".*", title in ".*", after in ".*") {
            let found = page_title(format!("{before}<title>{title}</title>{after}").as_bytes());
            let found = found.unwrap_or_default();

            proptest::prop_assert!(found.chars().count() <= 120 && !found.chars().any(char::is_control));
        }
    }
}

//! Strangers' words made harmless: what acts on a terminal, on the order of reading, or on a CI system that reads its log.

use icu_properties::props::{DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};

/// Whether a character acts instead of being shown, or is not shown at all: controls, all of the category Cf with its marks
/// that reverse the direction of reading, the separators of lines and paragraphs, what is ignored by default, what only
/// private agreements give a shape, and what is no character.
pub fn acts(c: char) -> bool {
    if c.is_ascii() {
        return c.is_ascii_control();
    }
    let category = CodePointMapData::<GeneralCategory>::new().get(c);
    matches!(
        category,
        GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
            | GeneralCategory::Unassigned
    ) || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// The text in one line, with nothing in it that acts.
pub fn harmless(text: &str) -> String {
    let shown: String = text
        .chars()
        .map(|c| match c {
            '\n' | '\r' | '\t' => ' ',
            c if acts(c) => char::REPLACEMENT_CHARACTER,
            c => c,
        })
        .collect();
    apart(&shown, " ")
}

/// A text of several lines in which no character acts. Its lines are the tool's own, and so are commands in it.
pub fn harmless_lines(text: &str) -> String {
    text.chars().map(|c| if c != '\n' && acts(c) { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// A script or a table of the tool's own, in which no character acts on a terminal. Tabs and Windows line ends stay, for they mean
/// something in it.
pub fn harmless_script(text: &str) -> String {
    let lines = text.split_inclusive('\n').map(|line| match line.strip_suffix("\r\n") {
        Some(line) => (line, "\r\n"),
        None => (line, ""),
    });
    let acting = |c: char| c != '\n' && c != '\t' && acts(c);
    let mut shown = String::with_capacity(text.len());
    for (line, end) in lines {
        shown.extend(line.chars().map(|c| if acting(c) { char::REPLACEMENT_CHARACTER } else { c }));
        shown.push_str(end);
    }
    shown
}

/// The text with `between` put into every command of a CI system, which then is none: `::error::`, `##vso[`, `##[`.
pub fn apart(text: &str, between: &str) -> String {
    let commands = commands(text);
    if commands.is_empty() {
        return text.to_owned();
    }
    let mut told = String::with_capacity(text.len() + commands.len());
    let mut from = 0;
    for at in commands {
        // The first of the two signs is ASCII.
        told.push_str(text.get(from..=at).unwrap_or_default());
        told.push_str(between);
        from = at + 1;
    }
    told.push_str(text.get(from..).unwrap_or_default());
    told
}

/// Where commands of a CI system begin, wherever they stand: a line may be wrapped so that one comes to stand at its head.
/// GitHub reads `::name …::` at the head of a line and `##[name]` anywhere, Azure `##vso[…]` and `TeamCity` `##teamcity[…]`,
/// whatever the case of the letters. An address such as `::1`, `2001:db8::1` or `[::]:443` is none.
pub(super) fn commands(text: &str) -> Vec<usize> {
    let bytes = text.as_bytes();
    let pairs = bytes.windows(2).enumerate();
    pairs
        .filter(|(at, pair)| {
            let rest = bytes.get(at + 2..).unwrap_or_default();
            match *pair {
                b"::" => names_a_command(rest),
                b"##" => opens_a_command(rest),
                _ => false,
            }
        })
        .map(|(at, _)| at)
        .collect()
}

/// A word behind `::` that cannot belong to an address.
fn names_a_command(rest: &[u8]) -> bool {
    let word = rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    word.into_iter().any(|byte| !byte.is_ascii_hexdigit())
}

/// `[` behind `##`, or a word and then `[`.
fn opens_a_command(rest: &[u8]) -> bool {
    rest.iter().find(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))) == Some(&b'[')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_keeps_its_tabs_and_line_ends_and_nothing_else_that_acts() {
        assert_eq!(harmless_script("cat <<-E\r\n\ta\u{1b}[2J\rb\n"), "cat <<-E\r\n\ta\u{fffd}[2J\u{fffd}b\n");
    }

    #[test]
    fn what_acts_is_replaced_whatever_its_kind() {
        for acting in [
            '\u{0}',
            '\u{7}',
            '\u{1b}',
            '\u{7f}',
            '\u{85}',
            '\u{9b}',
            '\u{ad}',
            '\u{34f}',
            '\u{600}',
            '\u{61c}',
            '\u{6dd}',
            '\u{70f}',
            '\u{115f}',
            '\u{17b4}',
            '\u{180e}',
            '\u{200b}',
            '\u{200d}',
            '\u{200e}',
            '\u{2028}',
            '\u{2029}',
            '\u{202e}',
            '\u{2060}',
            '\u{2064}',
            '\u{2066}',
            '\u{206f}',
            '\u{3164}',
            '\u{e000}',
            '\u{fdd0}',
            '\u{fe0f}',
            '\u{feff}',
            '\u{ffa0}',
            '\u{fff9}',
            '\u{fffe}',
            '\u{110bd}',
            '\u{13430}',
            '\u{1bca0}',
            '\u{1d173}',
            '\u{1fffe}',
            '\u{e0001}',
            '\u{e0041}',
            '\u{e0100}',
            '\u{f0000}',
            '\u{10ffff}',
        ] {
            assert_eq!(harmless(&format!("a{acting}b")), "a\u{fffd}b", "U+{:04X}", u32::from(acting));
        }
    }

    #[test]
    fn letters_of_every_writing_stay() {
        for text in
            ["Größe", "日本語", "Ελλάδα", "עברית", "العربية", "हिन्दी", "→ ✓ “x” …", "😀", "e\u{301}", "a\u{a0}b"]
        {
            assert_eq!(harmless(text), text);
        }
        assert_eq!(harmless("a\tb\r\nc"), "a b  c");
    }

    #[test]
    fn commands_of_ci_systems_are_taken_apart_wherever_they_stand() {
        for (said, told) in [
            ("::error::pwned", ": :error: :pwned"),
            ("x ::Warning file=a,line=1::b", "x : :Warning file=a,line=1::b"),
            ("::add-mask::secret", ": :add-mask: :secret"),
            ("::stop-commands::0a1b", ": :stop-commands::0a1b"),
            ("##vso[task.setvariable variable=a]b", "# #vso[task.setvariable variable=a]b"),
            ("a##VSO[x", "a# #VSO[x"),
            ("##[section]x ##[endgroup]", "# #[section]x # #[endgroup]"),
            ("##teamcity[buildStatus text='x']", "# #teamcity[buildStatus text='x']"),
            ("###[error]", "## #[error]"),
            (":::error::x", ":: :error: :x"),
            ("::er\u{200b}ror::x", ": :er\u{fffd}ror: :x"),
            ("p\n::error::x", "p : :error: :x"),
        ] {
            assert_eq!(harmless(said), told, "{said}");
            assert!(commands(&harmless(said)).is_empty(), "{said}");
        }
    }

    #[test]
    fn addresses_and_usual_words_stay() {
        for text in [
            "::1",
            "::",
            "[::]:443",
            "[::1]:8443",
            "2001:db8::1",
            "2001:db8::/32",
            "::ffff:10.1.2.3",
            "fe80::1%eth0",
            "fe80::a00:27ff:fe4e:66a1",
            "64:ff9b::a01:203",
            "::1 and 2001:db8::beef: both answer",
            "a: b",
            "# heading",
            "## x [1]",
            "https://a.example:443/x",
            "#[derive]",
            "10:20:30",
        ] {
            assert_eq!(harmless(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_said_nothing_in_it_acts(text in ".*", tail in "[:#\\[a-z\u{200b} ]{0,24}") {
            let told = harmless(&format!("{text}{tail}"));

            proptest::prop_assert!(!told.chars().any(acts), "{told:?}");
            proptest::prop_assert!(commands(&told).is_empty(), "{told:?}");
        }
    }
}

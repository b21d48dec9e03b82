//! The signature that webhooks and Actions carry: `WorkOS-Signature: t=<milliseconds>, v1=<hex>`, where `v1` is the
//! HMAC-SHA256 of `t`, a dot and the body as it was sent, with the whole secret as the key (facts of 2026-11-23, §4.1).
//!
//! A signature that does not hold is looked at further, so that the secret, the clock and a body that was rewritten on the way
//! come apart where they can.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};

use crate::secret::Secret;

/// The header's name, in lower case.
pub const HEADER: &str = "workos-signature";

/// How far the time of a webhook's signature may be from now, in either direction, by the default of every SDK.
pub const WEBHOOK_TOLERANCE: Duration = Duration::from_secs(180);

/// The same for Actions.
pub const ACTION_TOLERANCE: Duration = Duration::from_secs(30);

/// Makes the header's value for a body, `at` milliseconds after the epoch.
pub fn sign(secret: &Secret, at: u64, body: &[u8]) -> String {
    format!("t={at}, v1={}", code_of(secret, at, body))
}

/// The hexadecimal digits alone, which the answer to an Action carries (facts §4.5).
pub fn code_of(secret: &Secret, at: u64, body: &[u8]) -> String {
    HEXLOWER.encode(code(secret.expose(), &at.to_string(), body).as_ref())
}

/// A time as signatures give it: milliseconds after the epoch.
pub fn milliseconds(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// A signature that holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Verified {
    /// How far its time lies from now, in milliseconds: positive when it was made earlier.
    pub age: i64,
}

/// Why a signature does not hold.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// There is no such header.
    Missing,
    /// The header does not have the shape of one.
    Malformed(Shape),
    /// The secret is right and the body is whole; it was made longer ago than is allowed.
    TooOld(Duration),
    /// The secret is right and the body is whole; it was made later than now by more than is allowed.
    FromTheFuture(Duration),
    /// It holds with a secret that is not quite the one that was given.
    OtherSecret(SecretSlip),
    /// It holds for another spelling of the body: something on the way wrote the body anew.
    Rewritten(Rewriting),
    /// It holds for nothing that was tried.
    NoMatch {
        /// The body looks as `WorkOS` writes it, so that the secret is the likelier cause.
        body_as_written: bool,
    },
}

/// What is wrong with the header's shape.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// No `t=`, or one that is no number.
    NoTime,
    /// The time is in seconds; `WorkOS` gives milliseconds.
    Seconds,
    /// No `v1=`, or one that is not the 64 hexadecimal digits of an HMAC-SHA256.
    NoCode,
}

/// How the given secret differs from the one that holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SecretSlip {
    /// White space or quotes stand around it.
    Wrapped,
    /// Its `whsec_` was left out, and belongs to it.
    PrefixLost,
    /// A `whsec_` was put before it that does not belong there.
    PrefixAdded,
    /// It is that of something else, which the caller named.
    Of(&'static str),
}

/// How a body was written anew.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rewriting {
    /// White space was put between its parts, as by a pretty-printer.
    Spaced,
    /// Letters outside ASCII were written as `\u…`.
    Escaped,
    /// A line break was put behind it.
    LineBreakAdded,
    /// The line break at its end was lost.
    LineBreakLost,
    /// Line breaks became carriage return and line feed.
    CarriageReturns,
    /// The whole body was put into a JSON string.
    Quoted,
    /// A byte order mark was put before it.
    ByteOrderMark,
    /// It is known what was sent, and something else arrived.
    Otherwise,
}

impl Rewriting {
    /// What was done to the body, finishing "the body was …".
    pub fn in_words(self) -> &'static str {
        match self {
            Rewriting::Spaced => "written anew with other white space",
            Rewriting::Escaped => "written anew with \\u escapes",
            Rewriting::LineBreakAdded => "given a line break at its end",
            Rewriting::LineBreakLost => "shorn of the line break at its end",
            Rewriting::CarriageReturns => "given carriage returns",
            Rewriting::Quoted => "put into a JSON string",
            Rewriting::ByteOrderMark => "given a byte order mark",
            Rewriting::Otherwise => "changed",
        }
    }
}

/// What a signature is held to.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// The secret it should be made with.
    pub secret: &'a Secret,
    /// Secrets of something else that may have been used in its place, each with the name of what it is for.
    pub others: &'a [(&'static str, &'a Secret)],
    /// Now, in milliseconds after the epoch.
    pub now: u64,
    /// How far its time may be from now.
    pub tolerance: Duration,
}

/// Holds a header to the body that came with it.
pub fn verify(header: Option<&str>, body: &[u8], terms: Terms<'_>) -> Result<Verified, Refusal> {
    let header = header.map(str::trim).filter(|header| !header.is_empty()).ok_or(Refusal::Missing)?;
    let (time, code) = parts(header).map_err(Refusal::Malformed)?;
    let holds = |secret: &str, body: &[u8]| holds(secret, time, body, &code);
    let seconds = time.len() <= 10;
    if holds(terms.secret.expose(), body) {
        return if seconds { Err(Refusal::Malformed(Shape::Seconds)) } else { on_time(time, terms) };
    }
    if let Some(slip) = secret_slip(terms, |secret| holds(secret, body)) {
        return Err(Refusal::OtherSecret(slip));
    }
    // Whoever sends garbage is not given much work for it; events are far smaller.
    let guessed = if body.len() <= LARGEST_GUESS { spellings(body) } else { Vec::new() };
    if let Some((how, _)) = guessed.into_iter().find(|(_, body)| holds(terms.secret.expose(), body)) {
        return Err(Refusal::Rewritten(how));
    }
    if seconds {
        return Err(Refusal::Malformed(Shape::Seconds));
    }
    Err(Refusal::NoMatch { body_as_written: is_as_written(body) })
}

/// The largest body of which other spellings are tried, in bytes.
const LARGEST_GUESS: usize = 64 * 1024;

/// The time as it stands there, and the code.
fn parts(header: &str) -> Result<(&str, Vec<u8>), Shape> {
    let part = |name: &str| header.split(',').find_map(|part| part.trim().strip_prefix(name));
    let digits = |time: &&str| !time.is_empty() && time.len() <= 16 && time.bytes().all(|byte| byte.is_ascii_digit());
    let time = part("t=").map(str::trim).filter(digits).ok_or(Shape::NoTime)?;
    let code = part("v1=").and_then(|code| HEXLOWER_PERMISSIVE.decode(code.trim().as_bytes()).ok());
    Ok((time, code.filter(|code| code.len() == 32).ok_or(Shape::NoCode)?))
}

fn code(secret: &str, time: &str, body: &[u8]) -> hmac::Tag {
    let mut signing = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()));
    for part in [time.as_bytes(), b".", body] {
        signing.update(part);
    }
    signing.sign()
}

fn holds(secret: &str, time: &str, body: &[u8], given: &[u8]) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    // The comparison takes the same time wherever the two differ.
    hmac::verify(&key, &[time.as_bytes(), b".", body].concat(), given).is_ok()
}

fn on_time(time: &str, terms: Terms<'_>) -> Result<Verified, Refusal> {
    let made: i64 = time.parse().map_err(|_| Refusal::Malformed(Shape::NoTime))?;
    let age = i64::try_from(terms.now).unwrap_or(i64::MAX).saturating_sub(made);
    let off = Duration::from_millis(age.unsigned_abs());
    match age {
        _ if off <= terms.tolerance => Ok(Verified { age }),
        1.. => Err(Refusal::TooOld(off)),
        _ => Err(Refusal::FromTheFuture(off)),
    }
}

fn secret_slip(terms: Terms<'_>, holds: impl Fn(&str) -> bool) -> Option<SecretSlip> {
    const PREFIX: &str = "whsec_";

    let given = terms.secret.expose();
    let bare = given.trim_matches(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`'));
    let other = terms.others.iter().find(|(_, secret)| holds(secret.expose())).map(|(of, _)| SecretSlip::Of(of));
    if bare != given && holds(bare) {
        Some(SecretSlip::Wrapped)
    } else if bare.strip_prefix(PREFIX).is_some_and(&holds) {
        Some(SecretSlip::PrefixAdded)
    } else if holds(&format!("{PREFIX}{bare}")) {
        Some(SecretSlip::PrefixLost)
    } else {
        other
    }
}

/// What the body may have been before something wrote it anew.
fn spellings(body: &[u8]) -> Vec<(Rewriting, Vec<u8>)> {
    let mut spellings = Vec::new();
    if let Some(before) = body.strip_suffix(b"\n") {
        spellings.push((Rewriting::LineBreakAdded, before.strip_suffix(b"\r").unwrap_or(before).to_vec()));
    }
    spellings.push((Rewriting::LineBreakLost, [body, b"\n"].concat()));
    if let Some(rest) = body.strip_prefix("\u{feff}".as_bytes()) {
        spellings.push((Rewriting::ByteOrderMark, rest.to_vec()));
    }
    let Ok(text) = std::str::from_utf8(body) else { return spellings };
    if text.contains("\r\n") {
        spellings.push((Rewriting::CarriageReturns, text.replace("\r\n", "\n").into_bytes()));
    }
    if let Ok(inner) = serde_json::from_str::<String>(text) {
        spellings.push((Rewriting::Quoted, inner.into_bytes()));
    }
    let compact = compact(text);
    let unescaped = unescaped(&compact);
    if unescaped != compact {
        spellings.push((Rewriting::Escaped, unescaped.into_bytes()));
    }
    spellings.push((Rewriting::Spaced, compact.into_bytes()));
    spellings
}

/// JSON without the white space between its parts. What is no JSON comes out as something that matches nothing.
fn compact(text: &str) -> String {
    let mut compact = String::with_capacity(text.len());
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        if in_string {
            in_string = escaped || c != '"';
            escaped = c == '\\' && !escaped;
        } else if c.is_ascii_whitespace() {
            continue;
        } else {
            in_string = c == '"';
        }
        compact.push(c);
    }
    compact
}

/// JSON with its `\uXXXX` written as the letters they are, but for those that JSON must escape.
fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        let (before, from) = rest.split_at(at);
        plain.push_str(before);
        // A pair of escapes may make one letter.
        let units = [from.get(..6), from.get(6..12)].into_iter().map_while(unit);
        let letter = char::decode_utf16(units).next().and_then(Result::ok).filter(|c| !c.is_ascii());
        if let Some(letter) = letter {
            plain.push(letter);
            rest = from.get(6 * letter.len_utf16()..).unwrap_or_default();
        } else {
            let escape: String = from.chars().take(2).collect();
            rest = from.get(escape.len()..).unwrap_or_default();
            plain.push_str(&escape);
        }
    }
    plain + rest
}

/// `\u00fc`
fn unit(escape: Option<&str>) -> Option<u16> {
    u16::from_str_radix(escape?.strip_prefix("\\u")?, 16).ok()
}

/// One JSON object without white space between its parts, as `WorkOS` writes an event.
fn is_as_written(body: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(body) else { return false };
    text.starts_with('{') && compact(text) == text && serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    /// The vector in the tests of the Rust SDK of `WorkOS`.
    const VECTOR: &str = "t=1700000000000, v1=32850522003ebbce01a416e5d5df8ec8354a96e921cac7d0ebbaeef5732bdaea";
    const MADE: u64 = 1_700_000_000_000;
    const EVENT: &str = r#"{"id":"event_1","event":"organization.created","data":{"name":"Büro & Söhne 🦀"},"created_at":"2026-11-25T00:00:00.000Z"}"#;

    fn held(secret: &str, header: &str, body: &[u8], now: u64) -> Result<Verified, Refusal> {
        let (secret, other) = (Secret::new(secret), Secret::new("the-actions-secret"));
        let others = [("the Actions", &other)];
        verify(Some(header), body, Terms { secret: &secret, others: &others, now, tolerance: WEBHOOK_TOLERANCE })
    }

    #[test]
    fn the_published_vector_is_made_and_accepted() {
        assert_eq!(sign(&Secret::new("secret"), MADE, b"body"), VECTOR);
        assert_eq!(held("secret", VECTOR, b"body", MADE), Ok(Verified { age: 0 }));
        assert_eq!(held("secret", &VECTOR.replace(", ", ","), b"body", MADE + 180_000), Ok(Verified { age: 180_000 }));
        assert_eq!(held("secret", VECTOR, b"body", MADE - 180_000), Ok(Verified { age: -180_000 }));
    }

    #[test]
    fn a_clock_that_is_off_is_told_in_both_directions() {
        let off = Duration::from_millis(180_001);

        assert_eq!(held("secret", VECTOR, b"body", MADE + 180_001), Err(Refusal::TooOld(off)));
        assert_eq!(held("secret", VECTOR, b"body", MADE - 180_001), Err(Refusal::FromTheFuture(off)));
    }

    #[test]
    fn a_header_that_is_none_is_told_by_what_it_lacks() {
        let with = |header: &str| held("secret", header, b"body", MADE);
        for (odd, shape) in [
            ("v1=3285", Shape::NoTime),
            ("t=, v1=3285", Shape::NoTime),
            ("t=now, v1=3285", Shape::NoTime),
            ("t=99999999999999999999, v1=3285", Shape::NoTime),
            ("t=1700000000000", Shape::NoCode),
            ("t=1700000000000, v1=é", Shape::NoCode),
            ("t=1700000000000, v1=3285", Shape::NoCode),
            (&VECTOR.replace("000, v1", ", v1"), Shape::Seconds),
        ] {
            assert_eq!(with(odd), Err(Refusal::Malformed(shape)), "{odd}");
        }
        assert_eq!(with("  "), Err(Refusal::Missing));
    }

    #[test]
    fn a_secret_that_is_nearly_right_is_told_how_it_differs() {
        let signed = |secret: &str| sign(&Secret::new(secret), MADE, EVENT.as_bytes());
        let slip = |given: &str, used: &str| match held(given, &signed(used), EVENT.as_bytes(), MADE) {
            Err(Refusal::OtherSecret(slip)) => slip,
            other => panic!("{other:?}"),
        };

        assert_eq!(slip("whsec_abc\n", "whsec_abc"), SecretSlip::Wrapped);
        assert_eq!(slip("\"whsec_abc\"", "whsec_abc"), SecretSlip::Wrapped);
        assert_eq!(slip("abc", "whsec_abc"), SecretSlip::PrefixLost);
        assert_eq!(slip("whsec_abc", "abc"), SecretSlip::PrefixAdded);
        assert_eq!(slip("whsec_abc", "the-actions-secret"), SecretSlip::Of("the Actions"));
    }

    #[test]
    fn a_body_that_was_written_anew_is_told_how() {
        let header = sign(&Secret::new("secret"), MADE, EVENT.as_bytes());
        let told = |body: &str| held("secret", &header, body.as_bytes(), MADE);
        let ascii: String = EVENT
            .chars()
            .flat_map(|c| match c {
                c if c.is_ascii() => vec![c.to_string()],
                c => c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect(),
            })
            .collect();

        assert_eq!(
            told(&EVENT.replace("\":", "\": ").replace(",\"", ", \"")),
            Err(Refusal::Rewritten(Rewriting::Spaced))
        );
        assert_eq!(told(&ascii), Err(Refusal::Rewritten(Rewriting::Escaped)));
        assert_eq!(told(&ascii.replace("\":", "\": ")), Err(Refusal::Rewritten(Rewriting::Escaped)));
        assert_eq!(told(&format!("{EVENT}\n")), Err(Refusal::Rewritten(Rewriting::LineBreakAdded)));
        assert_eq!(told(&format!("\u{feff}{EVENT}")), Err(Refusal::Rewritten(Rewriting::ByteOrderMark)));
        assert_eq!(told(&serde_json::to_string(EVENT).unwrap()), Err(Refusal::Rewritten(Rewriting::Quoted)));
    }

    #[test]
    fn what_holds_for_nothing_is_laid_to_the_likelier_cause() {
        let header = sign(&Secret::new("whsec_of_another_endpoint"), MADE, EVENT.as_bytes());
        let told = |body: &str| held("secret", &header, body.as_bytes(), MADE);

        assert_eq!(told(EVENT), Err(Refusal::NoMatch { body_as_written: true }));
        assert_eq!(told("{\"id\": 1}"), Err(Refusal::NoMatch { body_as_written: false }));
        assert_eq!(told("<html>"), Err(Refusal::NoMatch { body_as_written: false }));
    }

    #[test]
    fn what_is_hard_to_respell_takes_no_longer_than_what_is_easy() {
        use std::time::Instant;

        let time = |length: usize| {
            let body = "\\n".repeat(length / 2);
            let once = || {
                let begun = Instant::now();
                let _ = unescaped(&body);
                begun.elapsed()
            };
            (0..5).map(|_| once()).min().unwrap()
        };
        let (short, long) = (time(1 << 16), time(1 << 20));

        // Sixteen times the length; a square would take 256 times as long.
        assert!(long < short * 100, "{short:?} and {long:?}");
    }

    proptest! {
        #[test]
        fn whatever_is_signed_holds_for_itself(secret in "[!-~]{1,40}", at in 1_000_000_000_000_u64..9_999_999_999_999, body in any::<Vec<u8>>()) {
            let header = sign(&Secret::new(secret.as_str()), at, &body);

            prop_assert_eq!(held(&secret, &header, &body, at), Ok(Verified { age: 0 }));
        }

        #[test]
        fn whatever_changes_in_the_body_is_refused_and_never_laid_to_the_clock(body in any::<Vec<u8>>(), other in any::<Vec<u8>>()) {
            prop_assume!(body != other);
            let refusal = held("secret", &sign(&Secret::new("secret"), MADE, &body), &other, MADE).unwrap_err();

            prop_assert!(matches!(refusal, Refusal::Rewritten(_) | Refusal::NoMatch { .. }), "{:?}", refusal);
        }

        #[test]
        fn whatever_the_other_secret_is_it_is_refused_as_one(secret in "[!-~]{1,40}", other in "[!-~]{1,40}") {
            prop_assume!(secret != other);
            let header = sign(&Secret::new(secret.as_str()), MADE, EVENT.as_bytes());
            let refusal = held(&other, &header, EVENT.as_bytes(), MADE).unwrap_err();

            prop_assert!(matches!(refusal, Refusal::OtherSecret(_) | Refusal::NoMatch { body_as_written: true }), "{:?}", refusal);
        }

        #[test]
        fn whatever_time_it_is_only_the_tolerance_decides(off in -600_000_i64..600_000) {
            let now = MADE.saturating_add_signed(off);
            let verdict = held("secret", VECTOR, b"body", now);

            match off {
                180_001.. => prop_assert!(matches!(verdict, Err(Refusal::TooOld(_)))),
                ..=-180_001 => prop_assert!(matches!(verdict, Err(Refusal::FromTheFuture(_)))),
                _ => prop_assert_eq!(verdict, Ok(Verified { age: off })),
            }
        }

        #[test]
        fn whatever_stands_in_the_header_it_is_refused_without_a_panic(header in ".*", time in "[0-9]{0,20}", code in "[0-9a-fA-F]{0,70}", body in ".*") {
            prop_assert!(held("secret", &header, body.as_bytes(), MADE).is_err());
            let _ = held("secret", &format!("t={time}, v1={code}"), body.as_bytes(), MADE);
        }

        #[test]
        fn whatever_the_signed_time_is_changed_to_it_is_refused(digit in 0_usize..13, by in 1_u8..10) {
            let mut header = VECTOR.to_owned();
            let changed = (header.as_bytes()[2 + digit] - b'0' + by) % 10;
            header.replace_range(2 + digit..3 + digit, &changed.to_string());

            let refused = matches!(held("secret", &header, b"body", MADE), Err(Refusal::NoMatch { .. }));
            prop_assert!(refused);
        }
    }
}

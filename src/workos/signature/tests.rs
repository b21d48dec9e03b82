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

    for (given, used, slips) in [
        ("whsec_abc\n", "whsec_abc", &[Slip::Blank][..]),
        ("\"whsec_abc\"", "whsec_abc", &[Slip::Quoted]),
        ("\u{feff}whsec_abc", "whsec_abc", &[Slip::ByteOrderMark]),
        ("export SECRET='whsec_abc'", "whsec_abc", &[Slip::EnvironmentLine, Slip::Quoted]),
        ("d2hzZWNfYWJj", "whsec_abc", &[Slip::Base64]),
        ("abc", "whsec_abc", &[Slip::PrefixLost]),
        ("whsec_abc", "abc", &[Slip::PrefixAdded]),
    ] {
        assert_eq!(slip(given, used), SecretSlip::Spoilt(slips.to_vec()), "{given}");
    }
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

    let spaced = EVENT.replace("\":", "\": ").replace(",\"", ", \"");
    let slashed = EVENT.replace("2026-11-25T00", "2026\\/11");
    assert_eq!(told(&spaced), Err(Refusal::Rewritten(Rewriting::Spaced)));
    assert_eq!(told(&slashed).unwrap_err(), Refusal::NoMatch { body: Looks::SpelledOtherwise });
    assert_eq!(told(&ascii), Err(Refusal::Rewritten(Rewriting::Escaped)));
    assert_eq!(told(&ascii.replace("\":", "\": ")), Err(Refusal::Rewritten(Rewriting::Escaped)));
    assert_eq!(told(&format!("{EVENT}\n")), Err(Refusal::Rewritten(Rewriting::LineBreakAdded)));
    assert_eq!(told(&format!("\u{feff}{EVENT}")), Err(Refusal::Rewritten(Rewriting::ByteOrderMark)));
    assert_eq!(told(&serde_json::to_string(EVENT).unwrap()), Err(Refusal::Rewritten(Rewriting::Quoted)));
    assert_eq!(told(&EVENT.replace('&', "\\u0026")), Err(Refusal::Rewritten(Rewriting::HtmlEscaped)));
}

/// What arrived of a body that was sent, in the hands of what is known to rewrite.
#[test]
fn what_is_known_to_rewrite_bodies_is_seen_through() {
    const SENT: &str = r#"{"id":"event_1","event":"user.created","data":{"object":"user","id":"user_1","n":1000,"r":1.5,"url":"https://a.example/ü?a=1&b=2"},"created_at":"2026-11-25T00:00:00.000Z"}"#;
    let header = sign(&Secret::new("secret"), MADE, SENT.as_bytes());
    let json = |text: &str| serde_json::to_string(text).unwrap();
    let base64 = data_encoding::BASE64.encode(SENT.as_bytes());
    let form: String = url::form_urlencoded::byte_serialize(SENT.as_bytes()).collect();
    let gzip = {
        let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut packed, SENT.as_bytes()).unwrap();
        packed.finish().unwrap()
    };
    let latin: Vec<u8> = SENT.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
    let sorted = serde_json::to_string(
        &serde_json::from_str::<std::collections::BTreeMap<String, serde_json::Value>>(SENT).unwrap(),
    )
    .unwrap();
    let envelope = |name| Rewriting::Enveloped(Some(name));

    for (arrived, how) in [
        (SENT.replace('/', "\\/").into_bytes(), Rewriting::Slashed),
        (SENT.replace('/', "\\/").replace('ü', "\\u00fc").into_bytes(), Rewriting::Slashed),
        (SENT.replace('&', "\\u0026").into_bytes(), Rewriting::HtmlEscaped),
        (SENT.replace('ü', "\\u00FC").replace('&', "\\u0026").into_bytes(), Rewriting::HtmlEscaped),
        (SENT.replace('ü', "\\u00FC").into_bytes(), Rewriting::Escaped),
        (SENT.replace("1000", "1000.0").into_bytes(), Rewriting::Numbers),
        (SENT.replace("1000", "1e3").replace("1.5", "1.50").into_bytes(), Rewriting::Numbers),
        (
            serde_json::to_string_pretty(
                &serde_json::from_str::<serde_json::Value>(&SENT.replace("1000", "1e3")).unwrap(),
            )
            .unwrap()
            .into_bytes(),
            Rewriting::Reordered,
        ),
        (sorted.into_bytes(), Rewriting::Reordered),
        (format!(r#"{{"body":{},"headers":{{}},"isBase64Encoded":false}}"#, json(SENT)).into_bytes(), envelope("body")),
        (format!(r#"{{"isBase64Encoded":true,"body":"{base64}"}}"#).into_bytes(), envelope("body")),
        (format!(r#"{{"Type":"Notification","Message":{}}}"#, json(SENT)).into_bytes(), envelope("Message")),
        (format!(r#"{{"version":"0","detail-type":"x","detail":{SENT}}}"#).into_bytes(), envelope("detail")),
        (format!(r#"{{"Records":[{{"body":{}}}]}}"#, json(SENT)).into_bytes(), envelope("body")),
        (format!(r#"{{"message":{{"data":"{base64}"}}}}"#).into_bytes(), envelope("data")),
        (format!("[{SENT}]").into_bytes(), Rewriting::Enveloped(None)),
        (format!("b6\r\n{SENT}\r\n0\r\n\r\n").into_bytes(), Rewriting::Enveloped(None)),
        (format!("payload={form}").into_bytes(), Rewriting::Form),
        (format!("{form}=").into_bytes(), Rewriting::Form),
        (format!("{base64}\n").into_bytes(), Rewriting::Base64),
        (gzip, Rewriting::Compressed),
        (latin.clone(), Rewriting::CharacterSet),
        (SENT.encode_utf16().flat_map(u16::to_le_bytes).collect(), Rewriting::CharacterSet),
        (
            [0xfe, 0xff].into_iter().chain(SENT.encode_utf16().flat_map(u16::to_be_bytes)).collect(),
            Rewriting::CharacterSet,
        ),
        (SENT.bytes().map(char::from).collect::<String>().into_bytes(), Rewriting::CharacterSet),
        (format!("{SENT}\r\n\r\n").into_bytes(), Rewriting::LineBreakAdded),
        (format!("\u{feff}{}", SENT.replace('/', "\\/")).into_bytes(), Rewriting::ByteOrderMark),
    ] {
        let told = held("secret", &header, &arrived, MADE);
        assert_eq!(told, Err(Refusal::Rewritten(how)), "{}", String::from_utf8_lossy(&arrived));
    }
    // The other way round: what was sent is spelled as others do.
    for (sent, arrived, how) in [
        (SENT.replace('ü', "\\u00fc"), SENT.to_owned(), Rewriting::Unescaped),
        (SENT.replace('/', "\\/"), SENT.to_owned(), Rewriting::Slashed),
        (SENT.replace(',', ", ").replace("\":", "\": "), SENT.to_owned(), Rewriting::Spaced),
        (format!("{SENT}\n"), SENT.to_owned(), Rewriting::LineBreakLost),
        (format!("{SENT}\n"), SENT.replace('/', "\\/"), Rewriting::Slashed),
    ] {
        let header = sign(&Secret::new("secret"), MADE, sent.as_bytes());
        assert_eq!(held("secret", &header, arrived.as_bytes(), MADE), Err(Refusal::Rewritten(how)), "{sent}");
    }
}

#[test]
fn what_holds_for_nothing_is_laid_to_the_likelier_cause() {
    let header = sign(&Secret::new("whsec_of_another_endpoint"), MADE, EVENT.as_bytes());
    let told = |body: &str| held("secret", &header, body.as_bytes(), MADE);

    assert_eq!(told(EVENT), Err(Refusal::NoMatch { body: Looks::AsWritten }));
    for (body, looks) in [
        ("", Looks::Empty),
        ("{\"id\": 1}", Looks::WithoutEvent),
        (r#"{"body":"{}","headers":{}}"#, Looks::WithoutEvent),
        (r#"{"id":"1","event":"a","body":"{}"}"#, Looks::WithoutEvent),
        ("{\"event\": \"a\"}", Looks::SpelledOtherwise),
        (r#"{"id":"1","event":"a\/b"}"#, Looks::SpelledOtherwise),
        (r#"{"id":"1","event":"a\u0026b"}"#, Looks::SpelledOtherwise),
        (r#"{"id":"1","event":"a","n":1.0}"#, Looks::SpelledOtherwise),
        (r#"{"data":{"id":"2","n":1},"event":"a","id":"1"}"#, Looks::Sorted),
        (r#"{"id":"1","event":"a","#, Looks::BrokenOff),
        ("<html>", Looks::NotJson),
        ("\u{1f}\u{b}", Looks::NotJson),
    ] {
        assert_eq!(told(body), Err(Refusal::NoMatch { body: looks }), "{body}");
    }
    let packed = held("secret", &header, &[0x1f, 0x8b, 8, 0], MADE);
    assert_eq!(packed, Err(Refusal::NoMatch { body: Looks::Compressed }));
}

#[test]
fn what_is_hard_to_respell_takes_no_longer_than_what_is_easy() {
    use std::time::Instant;

    let time = |body: &str| {
        let once = || {
            let begun = Instant::now();
            let _ = held("secret", VECTOR, body.as_bytes(), MADE);
            begun.elapsed()
        };
        (0..3).map(|_| once()).min().unwrap()
    };
    let room = 60_000;
    let easy = time(&format!(r#"{{"event":"{}"}}"#, "a".repeat(room)));
    for hard in [
        format!(r#"{{"event":"{}"}}"#, "\\n".repeat(room / 2)),
        format!(r#"{{"event":"{}"}}"#, "\\u00fc".repeat(room / 6)),
        format!(r#"{{"event":[{}0]}}"#, "1e3,".repeat(room / 4)),
        format!(r#"{{"event":[{}0]}}"#, "{},".repeat(room / 3)),
        format!("{}{}", "[".repeat(120), "]".repeat(120)),
        "[".repeat(room),
        "{\"a\":".repeat(room / 5),
        format!("[{}0]", format!("{},", serde_json::to_string(&"{".repeat(100)).unwrap()).repeat(room / 104)),
        "a=%7B&".repeat(room / 6),
    ] {
        let took = time(&hard);
        // A square of the length would take a thousand times as long.
        assert!(took < easy * 40, "{took:?} and {easy:?}: {}", &hard[..20]);
    }
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

        prop_assert!(matches!(refusal, Refusal::OtherSecret(_) | Refusal::NoMatch { body: Looks::AsWritten }), "{:?}", refusal);
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

//! What holds of every language, whichever are registered.

use proptest::prelude::*;

use super::*;
use crate::firewall::addresses::networks;
use crate::firewall::audit::{Fate, Known, Users, judge, too_wide};
use crate::firewall::evaluate::Verdict;
use crate::firewall::fixture;
use crate::firewall::rules::Way;
use crate::firewall::{Direction, Flow};

fn request(flows: Vec<Flow>) -> Request {
    Request { flows, as_of: "2026-11-23".to_owned(), log: false }
}

/// The languages that are read as they are written.
fn both_ways() -> impl Iterator<Item = (&'static Dialect, &'static Reads, fn(&Request) -> Generated)> {
    DIALECTS.iter().filter_map(|dialect| {
        let (reads, writes) = (dialect.reads.as_ref()?, dialect.writes?);
        let own = writes(&request(fixture::flows()));
        // nft and the clouds are exported in another shape than they are written in; nft's text is known, to name the command that
        // exports the other.
        let other_shape = dialect.name == "nftables" || !(reads.recognises)(&own.rules);
        (!other_shape).then_some((*dialect, reads, writes))
    })
}

fn written() -> impl Iterator<Item = (&'static str, fn(&Request) -> Generated)> {
    DIALECTS.iter().filter_map(|dialect| dialect.writes.map(|writes| (dialect.name, writes)))
}

fn read(reads: &Reads, text: &str) -> Result<Rules, Unread> {
    (reads.read)(&[Input { name: "rules".to_owned(), text: text.to_owned() }], &Scope::default())
}

/// An edge asks for both ends, and for both sides: without the installation's address, a rule for the way out may be one for the way
/// in, and a list at an interface may be the one that is met or not.
fn place() -> Known {
    Known {
        here: Some(networks(&["10.20.0.10/32", "2001:db8::10/128"].map(|net| net.parse().unwrap()))),
        outside: Some("outside".to_owned()),
        inside: Some("inside".to_owned()),
        ..Known::default()
    }
}

#[test]
fn names_are_unique_and_every_language_is_read_or_written() {
    for (nth, dialect) in DIALECTS.iter().enumerate() {
        assert!(dialect.reads.is_some() || dialect.writes.is_some(), "{}", dialect.name);
        assert!(DIALECTS.iter().skip(nth + 1).all(|other| other.name != dialect.name), "{}", dialect.name);
        let plain = dialect.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        assert!(plain && dialect.title.len() > 5, "{}", dialect.name);
        assert!(std::ptr::eq(super::dialect(dialect.name).unwrap(), *dialect));
    }
}

#[test]
fn what_is_generated_is_recognised_as_its_own_language_and_lets_every_flow_pass() {
    for (dialect, reads, writes) in both_ways() {
        let flows = fixture::flows();
        let text = writes(&request(flows.clone())).rules;
        let first = DIALECTS.iter().find(|it| it.reads.as_ref().is_some_and(|reads| (reads.recognises)(&text)));
        assert_eq!(first.unwrap().name, dialect.name, "{text}");

        let rules = read(reads, &text).unwrap_or_else(|why| panic!("{}: {why:?}\n{text}", dialect.name));
        assert!(rules.understood(), "{}: {:?}\n{text}", dialect.name, rules.notes);
        for one in judge(&rules, &flows, &Known::default()) {
            // What nobody knows of the place may stay unsure; nothing may be stopped.
            let denied =
                one.asked.iter().flat_map(|asked| &asked.parts).find(|said| said.part.verdict == Verdict::Denied);
            assert!(
                denied.is_none(),
                "{} stops {}: {:?}\n{text}",
                dialect.name,
                one.flow.id,
                denied.map(|it| &it.part)
            );
        }
    }
}

#[test]
fn what_is_generated_lets_nothing_pass_that_no_flow_needs() {
    let known = Known { users: Users::Inside, ..place() };
    for (dialect, reads, writes) in both_ways().filter(|(dialect, ..)| dialect.name != "list") {
        let flows = fixture::flows();
        let text = writes(&request(flows.clone())).rules;
        let rules = read(reads, &text).unwrap();
        let judged = judge(&rules, &flows, &known);

        for wide in too_wide(&rules, &judged, &known) {
            // Firewalls that go by name let a name pass wherever it is.
            let by_name = wide.rule.when.iter().any(|when| !when.host.is_any());
            let where_else = (wide.addresses.is_empty() || by_name, wide.ports.is_empty(), wide.protocols.is_empty());
            assert_eq!(where_else, (true, true, true), "{}: {:?}\n{text}", dialect.name, wide.rule);
        }
    }
}

#[test]
fn without_one_address_exactly_that_one_is_missing() {
    for (dialect, reads, writes) in both_ways() {
        let (whole, mut less) = (fixture::flows(), fixture::flows());
        let gone = less[2].source.ranges.pop().unwrap();
        let written = writes(&request(less));
        // What is added to a firewall does not say what that does with the rest; what denies the rest does.
        let denying = written.default_deny.filter(|deny| (reads.recognises)(deny)).unwrap_or_default();
        let text = written.rules + &denying;
        let rules = read(reads, &text).unwrap();
        // A forward proxy lets nothing in.
        if rules.layers.iter().all(|layer| layer.way == Way::Out) {
            continue;
        }
        let judged = judge(&rules, &whole, &place());

        assert!(matches!(judged[2].fate(), Fate::Missing | Fate::Shadowed), "{}\n{text}", dialect.name);
        assert_eq!(networks(&judged[2].lacking().unwrap().source.ranges), networks(&[gone]), "{}", dialect.name);
    }
}

#[test]
fn writing_is_the_same_each_time_and_of_the_directions_that_are_asked_for() {
    for (name, writes) in written() {
        let all = fixture::flows();
        assert_eq!(writes(&request(all.clone())), writes(&request(all.clone())), "{name}");

        let part = |wanted: Direction| all.iter().filter(|flow| flow.direction == wanted).cloned().collect::<Vec<_>>();
        let (out, into) = (writes(&request(part(Direction::Egress))), writes(&request(part(Direction::Ingress))));
        let source = all[2].source.ranges[0].addr().to_string();
        // Whoever delivers has addresses of IPv4 alone.
        let has_source = into.rules.contains(&source) || name == "ip6tables";
        assert!(!out.rules.contains(&source) && has_source, "{name}\n{}", out.rules);
        assert!(!into.rules.contains("10.20.0.2"), "{name}: DNS is no ingress\n{}", into.rules);
    }
}

#[test]
fn nothing_that_is_generated_flushes_what_is_there() {
    for (name, writes) in written() {
        let generated = writes(&Request { log: true, ..request(fixture::flows()) });
        let parts = [Some(generated.rules), generated.default_deny];
        for part in parts.into_iter().flatten() {
            let code = part.lines().filter(|line| !line.trim_start().starts_with(['#', '!']));
            let words: Vec<String> = code.flat_map(str::split_whitespace).map(str::to_ascii_lowercase).collect();
            assert!(
                !words.iter().any(|word| ["flush", "-f", "--flush", "-x"].contains(&word.as_str())),
                "{name}\n{part}"
            );
        }
    }
}

/// What a stranger could write into a host name or a reason, to be taken for rules.
const HOSTILE: &str = "x\"; rm -rf /tmp/nobody # '`$(id)`\r\nplanted planted planted\u{2028}planted";

#[test]
fn words_of_strangers_stay_words_in_every_language() {
    for (name, writes) in written() {
        let mut flows = fixture::flows();
        for flow in &mut flows {
            HOSTILE.clone_into(&mut flow.reason);
            HOSTILE.clone_into(&mut flow.since);
            for party in [&mut flow.source, &mut flow.destination] {
                HOSTILE.clone_into(&mut party.who);
            }
        }
        let generated = writes(&request(flows));
        for part in [Some(generated.rules), generated.default_deny, generated.rollback].into_iter().flatten() {
            let planted = part.lines().find(|line| line.trim_start().starts_with("planted"));
            assert!(planted.is_none(), "{name}\n{part}");
        }
    }
}

proptest! {
    #[test]
    fn whatever_text_is_given_is_read_or_refused_by_every_language(text in "[ -~\\n\\t]{0,400}|\\PC{0,200}") {
        for reads in DIALECTS.iter().filter_map(|dialect| dialect.reads.as_ref()) {
            let _ = (reads.recognises)(&text);
            let _ = read(reads, &text);
        }
    }

    #[test]
    fn whatever_is_cut_out_of_what_was_generated_is_read_or_refused(
        which in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        length in 1_usize..40,
        instead in "[ -~\\n]{0,6}",
    ) {
        static TEXTS: std::sync::LazyLock<Vec<(&'static Reads, String)>> = std::sync::LazyLock::new(|| {
            both_ways().map(|(_, reads, writes)| (reads, writes(&request(fixture::flows())).rules)).collect()
        });
        let (reads, text) = &TEXTS[which.index(TEXTS.len())];
        let mut characters: Vec<char> = text.chars().collect();
        let from = from.index(characters.len().max(1));
        let to = (from + length).min(characters.len());
        characters.splice(from..to, instead.chars());
        let text: String = characters.into_iter().collect();
        if let Ok(rules) = read(reads, &text) {
            let flows = fixture::flows();
            let _ = judge(&rules, &flows[2..3], &Known::default());
        }
    }
}

//! What the left side of a match looks at, and what values of the right side mean there.

use std::sync::Arc;

use serde_json::Value;

use super::ruleset::{strings, text};
use crate::firewall::addresses::{Family, address};
use crate::firewall::dialects::entry;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{FlagsTest, Match, Names, States};

/// What is looked at.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Field {
    /// An address of the packet, of one family.
    Source(Family),
    /// Where it goes.
    Destination(Family),
    /// Its protocol; within one family only, where the header is named.
    Protocol(Option<Family>),
    /// The port that it comes from, of these protocols.
    SourcePort(Ranges),
    /// The port that it goes to.
    Port(Ranges),
    /// The interface it comes in by.
    From,
    /// The interface it goes out by.
    To,
    /// The state of its connection.
    State,
    /// Those of its TCP flags that lie in the mask.
    Flags(u8),
    /// The family of its addresses (`meta nfproto`).
    Family,
    /// The protocol above the link (`meta protocol`, `ether type`).
    EtherType,
    /// Something that rules do not model. It is there in packets of this kind only.
    Else(Box<Match>),
}

/// Values of a field, as far as they are understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Values {
    /// Addresses, ports, protocols; families, as all their addresses.
    Numbers(Ranges),
    /// Interfaces.
    Names(Vec<Arc<str>>),
    /// States.
    States(States),
    /// Flags: any of these.
    Flags(Vec<u8>),
}

/// All protocols that have ports where TCP has them.
pub(super) fn with_ports() -> Ranges {
    Ranges::of([6, 17, 33, 132, 136].map(|protocol| (protocol, protocol)))
}

impl Field {
    /// What an expression looks at.
    pub(super) fn of(left: &Value) -> Self {
        if let Some(payload) = left.get("payload") {
            return of_payload(payload);
        }
        if let Some(meta) = left.get("meta") {
            return match text(meta, "key").unwrap_or_default() {
                "l4proto" => Field::Protocol(None),
                "nfproto" => Field::Family,
                "protocol" => Field::EtherType,
                "iif" | "iifname" => Field::From,
                "oif" | "oifname" => Field::To,
                _ => Field::unknown(),
            };
        }
        if let Some(ct) = left.get("ct")
            && text(ct, "key") == Some("state")
        {
            return Field::State;
        }
        if let Some(masked) = left.get("&").and_then(Value::as_array)
            && let [what, mask] = masked.as_slice()
            && Field::of(what) == Field::Flags(u8::MAX)
            && let Some(mask) = flags(mask)
        {
            return Field::Flags(mask);
        }
        match left.get("&").and_then(Value::as_array).and_then(|masked| masked.first()) {
            // Whatever the mask, it is in such packets only.
            Some(what) => Field::Else(Box::new(Field::of(what).reach())),
            None => match left.get("tcp option") {
                Some(_) => Field::Else(Box::new(of_protocol(6))),
                None => Field::unknown(),
            },
        }
    }

    fn unknown() -> Self {
        Field::Else(Box::new(Match::any()))
    }

    /// The packets that have it at all.
    pub(super) fn reach(&self) -> Match {
        match self {
            // The other end is of the same family.
            Field::Source(family) => Match { source: family.all(), ..Match::any() },
            Field::Destination(family) => Match { destination: family.all(), ..Match::any() },
            Field::Protocol(Some(family)) => of_family(*family),
            Field::SourcePort(protocols) | Field::Port(protocols) => {
                Match { protocol: protocols.clone(), ..Match::any() }
            }
            Field::Flags(_) => of_protocol(6),
            Field::Else(reach) => (**reach).clone(),
            Field::Protocol(None) | Field::From | Field::To | Field::State | Field::Family | Field::EtherType => {
                Match::any()
            }
        }
    }

    /// Whether its values mean the same wherever a rule stands.
    pub(super) fn is_the_same_everywhere(&self) -> bool {
        !matches!(self, Field::From | Field::To | Field::State | Field::Else(_))
    }

    /// What one value means: a number, a name, a prefix, a range, flags. Nothing, where it is not understood.
    pub(super) fn value(&self, value: &Value) -> Option<Values> {
        let numbers = |read: fn(&Value) -> Option<u128>| numbers(value, read);
        match self {
            Field::Source(family) | Field::Destination(family) => {
                addresses(value).filter(|set| family.all().covers(set)).map(Values::Numbers)
            }
            Field::Protocol(_) => numbers(|value| named(value, |name| entry::protocol(name).map(u128::from))),
            Field::SourcePort(_) | Field::Port(_) => {
                numbers(|value| named(value, |name| entry::service(name).map(u128::from)))
            }
            Field::From | Field::To => match value {
                // An index is of an interface that was not there when it was exported.
                Value::String(name) => Some(Values::Names(vec![unescaped(name)])),
                _ => None,
            },
            Field::State => states(value).map(Values::States),
            Field::Flags(_) => flags(value).map(|flags| Values::Flags(vec![flags])),
            Field::Family => family(value).map(Values::Numbers),
            Field::EtherType => ether_type(value).map(Values::Numbers),
            Field::Else(_) => None,
        }
    }

    /// The values that lie above or below one (`<`, `<=`, `>`, `>=`).
    pub(super) fn beyond(&self, op: &str, value: &Value) -> Option<Values> {
        let all = self.universe()?;
        match self.value(value)? {
            Values::Numbers(set) => {
                let (at, end) = (set.first()?, set.intervals().last()?.1);
                let than = match op {
                    "<" => Ranges::between(0_u8, at.checked_sub(1)?),
                    "<=" => Ranges::between(0_u8, end),
                    ">" => Ranges::between(end.checked_add(1)?, u128::MAX),
                    ">=" => Ranges::between(at, u128::MAX),
                    _ => return None,
                };
                // Order means something for addresses of IPv6 only outside the place where IPv4 lies; nobody writes that.
                Some(Values::Numbers(than.and(&all)))
            }
            _ => None,
        }
    }

    /// Flags under the mask that a comparison allows.
    pub(super) fn flags_beyond(&self, op: &str, value: &Value) -> Option<Values> {
        let (Field::Flags(mask), Some(than)) = (self, flags(value)) else { return None };
        let fits = |flags: u8| match op {
            "<" => flags < than,
            "<=" => flags <= than,
            ">" => flags > than,
            ">=" => flags >= than,
            _ => false,
        };
        Some(Values::Flags((0..=u8::MAX).filter(|flags| flags & !mask == 0 && fits(*flags)).collect()))
    }

    /// All values that packets can have, for fields that are numbers.
    fn universe(&self) -> Option<Ranges> {
        match self {
            Field::Source(family) | Field::Destination(family) => Some(family.all()),
            Field::Protocol(_) => Some(Ranges::between(0_u8, u8::MAX)),
            Field::SourcePort(_) | Field::Port(_) => Some(Ranges::between(0_u8, u16::MAX)),
            Field::Family | Field::EtherType => Some(Ranges::all()),
            _ => None,
        }
    }

    /// Every value, where that can be said.
    pub(super) fn everything(&self) -> Option<Values> {
        match self {
            Field::State => Some(Values::States(States::ANY)),
            _ => self.universe().map(Values::Numbers),
        }
    }

    /// No value yet, to be added to.
    pub(super) fn no_values(&self) -> Values {
        match self {
            Field::From | Field::To => Values::Names(Vec::new()),
            Field::State => Values::States(States::NONE),
            Field::Flags(_) => Values::Flags(Vec::new()),
            _ => Values::Numbers(Ranges::none()),
        }
    }

    /// What matches where the field has one of these values, or none of them.
    pub(super) fn test(&self, values: &Values, is: bool) -> Vec<Match> {
        let reach = self.reach();
        let met = |when: Match| reach.and(&when).into_iter().collect::<Vec<_>>();
        match values {
            Values::Numbers(set) => {
                let set = if is { set.clone() } else { self.universe().unwrap_or_else(Ranges::all).minus(set) };
                if set.is_empty() {
                    return Vec::new();
                }
                met(match self {
                    Field::Source(_) => Match { source: set, ..Match::any() },
                    Field::Destination(_) => Match { destination: set, ..Match::any() },
                    Field::Protocol(_) if set == Ranges::between(0_u8, u8::MAX) => Match::any(),
                    Field::Protocol(_) => Match { protocol: set, ..Match::any() },
                    Field::SourcePort(_) => Match { source_port: set, ..Match::any() },
                    Field::Port(_) => Match { port: set, ..Match::any() },
                    _ => Match { source: set.clone(), destination: set, ..Match::any() },
                })
            }
            Values::Names(names) => {
                if names.is_empty() {
                    return if is { Vec::new() } else { vec![reach] };
                }
                let tested = if is { Names::one_of(names.clone()) } else { Names::none_of(names.clone()) };
                met(if *self == Field::From {
                    Match { from: tested, ..Match::any() }
                } else {
                    Match { to: tested, ..Match::any() }
                })
            }
            Values::States(states) => met(Match { states: if is { *states } else { !*states }, ..Match::any() }),
            Values::Flags(any_of) => {
                let Field::Flags(mask) = *self else { return Vec::new() };
                let test = |set: u8| FlagsTest { mask, set, is };
                if is {
                    let one = |set: &u8| met(Match { flags: vec![test(*set)], ..Match::any() });
                    return any_of.iter().filter(|set| **set & !mask == 0).flat_map(one).collect();
                }
                met(Match { flags: any_of.iter().map(|set| test(*set)).collect(), ..Match::any() })
            }
        }
    }
}

impl Values {
    /// These and others.
    pub(super) fn join(&mut self, other: Values) {
        match (self, other) {
            (Values::Names(mine), Values::Names(others)) => mine.extend(others),
            (Values::States(mine), Values::States(others)) => *mine = mine.or(others),
            (Values::Flags(mine), Values::Flags(others)) => mine.extend(others),
            (Values::Numbers(mine), Values::Numbers(others)) => *mine = mine.or(&others),
            _ => {}
        }
    }
}

fn of_payload(payload: &Value) -> Field {
    let (Some(protocol), Some(field)) = (text(payload, "protocol"), text(payload, "field")) else {
        return Field::unknown();
    };
    let family = match protocol {
        "ip" => Some(Family::V4),
        "ip6" => Some(Family::V6),
        _ => None,
    };
    let ported = match protocol {
        "tcp" => Some(Ranges::one(6_u8)),
        "udp" => Some(Ranges::one(17_u8)),
        "dccp" => Some(Ranges::one(33_u8)),
        "sctp" => Some(Ranges::one(132_u8)),
        "udplite" => Some(Ranges::one(136_u8)),
        "th" => Some(with_ports()),
        _ => None,
    };
    match (protocol, field, family, ported) {
        (_, "saddr", Some(family), _) => Field::Source(family),
        (_, "daddr", Some(family), _) => Field::Destination(family),
        ("ip", "protocol", family, _) | ("ip6", "nexthdr", family, _) => Field::Protocol(family),
        (_, "sport", _, Some(protocols)) => Field::SourcePort(protocols),
        (_, "dport", _, Some(protocols)) => Field::Port(protocols),
        ("tcp", "flags", _, _) => Field::Flags(u8::MAX),
        ("ether", "type", _, _) => Field::EtherType,
        ("arp", ..) => Field::Else(Box::new(nothing_of_ip())),
        ("icmp", ..) => Field::Else(Box::new(Match { protocol: Ranges::one(1_u8), ..of_family(Family::V4) })),
        ("icmpv6", ..) => Field::Else(Box::new(Match { protocol: Ranges::one(58_u8), ..of_family(Family::V6) })),
        (_, _, Some(family), _) => Field::Else(Box::new(of_family(family))),
        (_, _, _, Some(protocols)) => Field::Else(Box::new(Match { protocol: protocols, ..Match::any() })),
        (name, ..) => match entry::protocol(name) {
            Some(protocol) => Field::Else(Box::new(of_protocol(protocol))),
            None => Field::unknown(),
        },
    }
}

/// All packets of a family. Both ends of a packet are of one.
pub(super) fn of_family(family: Family) -> Match {
    Match { source: family.all(), destination: family.all(), ..Match::any() }
}

fn of_protocol(protocol: u8) -> Match {
    Match { protocol: Ranges::one(protocol), ..Match::any() }
}

/// What no packet of IP is.
fn nothing_of_ip() -> Match {
    Match { source: Ranges::none(), destination: Ranges::none(), ..Match::any() }
}

/// The addresses of an address, a prefix or a range.
fn addresses(value: &Value) -> Option<Ranges> {
    let one = |value: &Value| value.as_str().and_then(|text| entry::address(text).ok()).map(|entry| entry.ranges);
    if let Some(prefix) = value.get("prefix") {
        return entry::entry(&format!("{}/{}", text(prefix, "addr")?, prefix["len"].as_u64()?))
            .ok()
            .map(|it| it.ranges);
    }
    if let Some(range) = value.get("range") {
        let (first, last) = (one(&range[0])?.first()?, one(&range[1])?.first()?);
        return entry::range(&address(first).to_string(), &address(last).to_string()).ok().map(|it| it.ranges);
    }
    one(value)
}

/// A number, a name that stands for one, or a range of them.
fn numbers(value: &Value, read: fn(&Value) -> Option<u128>) -> Option<Values> {
    let set = match value.get("range") {
        Some(range) => {
            let (first, last) = (read(&range[0])?, read(&range[1])?);
            (first <= last).then(|| Ranges::between(first, last))?
        }
        None => Ranges::one(read(value)?),
    };
    Some(Values::Numbers(set))
}

fn named(value: &Value, known: fn(&str) -> Option<u128>) -> Option<u128> {
    match value {
        Value::Number(number) => number.as_u64().map(u128::from),
        Value::String(name) => name.parse::<u16>().ok().map(u128::from).or_else(|| known(name)),
        _ => None,
    }
}

/// The name of an interface; a star at its end stands for any rest, unless it is escaped.
fn unescaped(name: &str) -> Arc<str> {
    name.replace("\\*", "*").into()
}

/// One state, or several that are taken together as bits.
fn states(value: &Value) -> Option<States> {
    match bits(value, &state_bit)? {
        // A packet is in one state, so several bits at once are in none.
        bits if bits.is_power_of_two() => of_state_bits(bits),
        _ => Some(States::NONE),
    }
}

/// The states that have one of these bits.
pub(super) fn states_in(value: &Value) -> Option<States> {
    of_state_bits(bits(value, &state_bit)?)
}

const STATE_BITS: [(&str, u64, States); 5] = [
    ("invalid", 1, States::INVALID),
    ("established", 2, States::ESTABLISHED),
    ("related", 4, States::RELATED),
    ("new", 8, States::NEW),
    ("untracked", 64, States::UNTRACKED),
];

fn state_bit(name: &str) -> Option<u64> {
    STATE_BITS.iter().find(|(known, ..)| *known == name).map(|(_, bit, _)| *bit)
}

fn of_state_bits(bits: u64) -> Option<States> {
    let known = STATE_BITS.iter().filter(|(_, bit, _)| bits & bit != 0);
    let (states, seen) = known.fold((States::NONE, 0), |(all, seen), (_, bit, state)| (all.or(*state), seen | bit));
    (seen == bits).then_some(states)
}

/// The bits of TCP flags.
pub(super) fn flags(value: &Value) -> Option<u8> {
    let bit = |name: &str| match name {
        "fin" => Some(1),
        "syn" => Some(2),
        "rst" => Some(4),
        "psh" => Some(8),
        "ack" => Some(16),
        "urg" => Some(32),
        "ecn" => Some(64),
        "cwr" => Some(128),
        _ => None,
    };
    u8::try_from(bits(value, &bit)?).ok()
}

/// Names of bits, one or in a list or joined by `|`, or a number.
fn bits(value: &Value, bit: &dyn Fn(&str) -> Option<u64>) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(name) => bit(name),
        Value::Array(several) => several.iter().try_fold(0, |all, one| Some(all | bits(one, bit)?)),
        Value::Object(_) => bits(value.get("|")?, bit),
        _ => None,
    }
}

fn family(value: &Value) -> Option<Ranges> {
    match (value.as_str(), value.as_u64()) {
        (Some("ipv4"), _) | (_, Some(2)) => Some(Family::V4.all()),
        (Some("ipv6"), _) | (_, Some(10)) => Some(Family::V6.all()),
        _ => None,
    }
}

fn ether_type(value: &Value) -> Option<Ranges> {
    match (value.as_str(), value.as_u64()) {
        (Some("ip"), _) | (_, Some(0x0800)) => Some(Family::V4.all()),
        (Some("ip6"), _) | (_, Some(0x86dd)) => Some(Family::V6.all()),
        // What is tagged for a VLAN may hold IP, what is ARP does not.
        (Some("arp"), _) | (_, Some(0x0806)) => Some(Ranges::none()),
        _ => None,
    }
}

/// The flags or states that `in` and `!` look for: any of them set, or none.
pub(super) fn bits_test(field: &Field, value: &Value, set: bool) -> Option<Vec<Match>> {
    match field {
        Field::State => {
            let states = states_in(value)?;
            Some(field.test(&Values::States(states), set))
        }
        Field::Flags(mask) => {
            let test = FlagsTest { mask: mask & flags(value)?, set: 0, is: !set };
            Some(field.reach().and(&Match { flags: vec![test], ..Match::any() }).into_iter().collect())
        }
        _ => None,
    }
}

/// Which words of `fib` an expression holds: what is looked up, and with what.
pub(super) fn fib(left: &Value) -> Option<(&str, Vec<&str>)> {
    let fib = left.get("fib")?;
    Some((text(fib, "result")?, strings(&fib["flags"])))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn payload(protocol: &str, field: &str) -> Field {
        Field::of(&json!({"payload": {"protocol": protocol, "field": field}}))
    }

    #[test]
    fn a_value_is_a_scalar_a_prefix_or_a_range_of_the_fields_own_kind() {
        let from = payload("ip", "saddr");
        let Some(Values::Numbers(twelve)) = from.value(&json!({"prefix": {"addr": "104.16.0.0", "len": 12}})) else {
            panic!("is no prefix");
        };

        assert_eq!(crate::firewall::addresses::in_words(&twelve), "104.16.0.0/12");
        assert_eq!(from.value(&json!({"range": ["10.0.0.1", "10.0.0.9"]})).map(|_| ()), Some(()));
        for wrong in [json!("2606:4700::1"), json!("010.0.0.1"), json!({"range": ["10.0.0.9", "10.0.0.1"]}), json!(5)] {
            assert_eq!(from.value(&wrong), None, "{wrong}");
        }
        let port = payload("tcp", "dport");
        assert_eq!(port.value(&json!("https")), port.value(&json!(443)));
        assert_eq!(port.value(&json!({"range": [9, 3]})), None);
        assert_eq!(payload("ip6", "nexthdr").value(&json!("ipv6-icmp")), payload("ip6", "nexthdr").value(&json!(58)));
    }

    #[test]
    fn bits_are_looked_for_or_compared_as_a_whole() {
        let flags = payload("tcp", "flags");
        let passes = |tests: &[Match], flags: u8| tests.iter().any(|it| it.flags.iter().all(|test| test.passes(flags)));

        let any = bits_test(&flags, &json!(["syn", "ack"]), true).unwrap();
        assert!(passes(&any, 0x02) && passes(&any, 0x12) && !passes(&any, 0x01));
        let none = bits_test(&flags, &json!(["syn", "rst"]), false).unwrap();
        assert!(passes(&none, 0x10) && !passes(&none, 0x12));
        let same = flags.test(&flags.value(&json!({"|": ["syn", "ack"]})).unwrap(), true);
        assert!(passes(&same, 0x12) && !passes(&same, 0x02) && !passes(&same, 0x1a));
        let masked = Field::of(&json!({"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, ["fin", "syn"]]}));
        let syn = masked.test(&masked.value(&json!("syn")).unwrap(), true);
        assert!(passes(&syn, 0x12) && !passes(&syn, 0x03));
        let few = masked.test(&masked.flags_beyond("<", &json!("syn")).unwrap(), true);
        assert!(passes(&few, 0x01) && passes(&few, 0x10) && !passes(&few, 0x02));
        assert_eq!(states(&json!(["established", "related"])), Some(States::NONE));
        assert_eq!(states_in(&json!(["established", "related"])), Some(States::ESTABLISHED.or(States::RELATED)));
        assert_eq!(states_in(&json!("snat")), None);
    }
}

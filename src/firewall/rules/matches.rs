//! What a rule matches: where a packet comes from and goes to, as sets, and what else has to hold.

use std::sync::Arc;

use crate::firewall::ranges::Ranges;

/// What is matched: packets that lie in every one of these sets, pass every test, and meet every condition.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Match {
    /// Where it comes from: addresses, as [`crate::firewall::addresses`] lays them out.
    pub source: Ranges,
    /// Where it goes to.
    pub destination: Ranges,
    /// By which protocol, by its number: 6 is TCP, 17 is UDP.
    pub protocol: Ranges,
    /// From which port. Whoever sets a port sets the protocol with it.
    pub source_port: Ranges,
    /// To which port.
    pub port: Ranges,
    /// Where it comes in: interfaces or zones.
    pub from: Names,
    /// Where it goes out.
    pub to: Names,
    /// To which host, where the firewall itself goes by names.
    pub host: Names,
    /// In which state its connection is.
    pub states: States,
    /// What its TCP flags have to be.
    pub flags: Vec<FlagsTest>,
    /// What cannot be known from the files. All of them have to hold.
    pub conditions: Vec<Condition>,
}

impl Match {
    /// Everything.
    pub fn any() -> Self {
        Match {
            source: Ranges::all(),
            destination: Ranges::all(),
            protocol: Ranges::all(),
            source_port: Ranges::all(),
            port: Ranges::all(),
            from: Names::any(),
            to: Names::any(),
            host: Names::any(),
            states: States::ANY,
            flags: Vec::new(),
            conditions: Vec::new(),
        }
    }

    /// The same, where that holds besides.
    #[must_use]
    pub fn on(mut self, condition: Condition) -> Self {
        self.conditions.push(condition);
        self
    }

    /// What both match; nothing, where no packet can be matched by both.
    pub fn and(&self, other: &Match) -> Option<Match> {
        let both = Match {
            source: self.source.and(&other.source),
            destination: self.destination.and(&other.destination),
            protocol: self.protocol.and(&other.protocol),
            source_port: self.source_port.and(&other.source_port),
            port: self.port.and(&other.port),
            from: self.from.and(&other.from),
            to: self.to.and(&other.to),
            host: self.host.and(&other.host),
            states: self.states.and(other.states),
            flags: self.flags.iter().chain(&other.flags).copied().collect(),
            conditions: joined(&self.conditions, &other.conditions)?,
        };
        (!both.is_nothing()).then_some(both)
    }

    /// Whether no packet can be matched.
    pub fn is_nothing(&self) -> bool {
        [&self.source, &self.destination, &self.protocol, &self.source_port, &self.port]
            .iter()
            .any(|set| set.is_empty())
            || self.states.is_none()
    }
}

/// Both lists, each condition once; nothing, where one holds exactly when another does not.
fn joined(mine: &[Condition], others: &[Condition]) -> Option<Vec<Condition>> {
    let mut all = mine.to_vec();
    for condition in others {
        if mine.iter().any(|known| known.what == condition.what && known.holds != condition.holds) {
            return None;
        }
        if !mine.contains(condition) {
            all.push(condition.clone());
        }
    }
    Some(all)
}

/// Something that the files do not say: a rate, an object that the firewall resolves, a service tag. The same words mean the same
/// thing wherever they stand, so that two rules under one condition hold together or not at all.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Condition {
    /// What would have to be known, in words that finish "unsure whether …": "the FQDN object `api` holds the address".
    pub what: Arc<str>,
    /// Whether the rule wants it to hold, or not to.
    pub holds: bool,
}

impl Condition {
    /// It has to hold.
    pub fn holds(what: impl Into<Arc<str>>) -> Self {
        Condition { what: what.into(), holds: true }
    }

    /// It must not hold.
    pub fn fails(what: impl Into<Arc<str>>) -> Self {
        Condition { what: what.into(), holds: false }
    }
}

/// Which names are matched: all that pass every test.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct Names(Vec<NameTest>);

/// A test of a name.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct NameTest {
    /// The names, or patterns: `eth+` and `eth*` are all that begin with `eth`, `*.example.com` and `.example.com` all that end so
    /// (the latter with `example.com` itself), `+.example.com` those that have one part before it.
    pub any_of: Vec<Arc<str>>,
    /// Whether it is to be one of them, or none of them.
    pub is: bool,
}

impl Names {
    /// Whatever the name, and also without one.
    pub fn any() -> Self {
        Names(Vec::new())
    }

    /// One of these.
    pub fn one_of<S: Into<Arc<str>>>(names: impl IntoIterator<Item = S>) -> Self {
        Names(vec![NameTest { any_of: names.into_iter().map(Into::into).collect(), is: true }])
    }

    /// None of these.
    pub fn none_of<S: Into<Arc<str>>>(names: impl IntoIterator<Item = S>) -> Self {
        Names(vec![NameTest { any_of: names.into_iter().map(Into::into).collect(), is: false }])
    }

    /// Whether every name is matched.
    pub fn is_any(&self) -> bool {
        self.0.is_empty()
    }

    /// What passes the tests of both.
    #[must_use]
    pub fn and(&self, other: &Names) -> Self {
        let mut tests = self.0.clone();
        tests.extend(other.0.iter().filter(|test| !self.0.contains(test)).cloned());
        Names(tests)
    }

    /// The tests.
    pub fn tests(&self) -> &[NameTest] {
        &self.0
    }

    /// Whether this name is matched.
    pub fn matches(&self, name: &str) -> bool {
        self.0.iter().all(|test| test.any_of.iter().any(|pattern| fits(pattern, name)) == test.is)
    }
}

/// Whether a name fits a pattern. Names of hosts are alike in either case, and those of interfaces never differ by it alone.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.to_ascii_lowercase(), name.to_ascii_lowercase());
    let (pattern, name) = (pattern.trim_end_matches('.'), name.trim_end_matches('.'));
    if let Some(domain) = pattern.strip_prefix("*.") {
        return name.strip_suffix(domain).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.'));
    }
    if let Some(domain) = pattern.strip_prefix("+.") {
        return name.split_once('.').is_some_and(|(first, rest)| !first.is_empty() && rest == domain);
    }
    if let Some(domain) = pattern.strip_prefix('.') {
        return name == domain || name.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    }
    match pattern.strip_suffix(['+', '*']) {
        Some(beginning) => name.starts_with(beginning),
        None => name == pattern,
    }
}

/// States of a connection, as a firewall tracks them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct States(u8);

impl States {
    /// A packet that begins a connection.
    pub const NEW: States = States(1);
    /// One of a connection that packets have passed both ways.
    pub const ESTABLISHED: States = States(2);
    /// One that belongs to another connection.
    pub const RELATED: States = States(4);
    /// One that belongs to none.
    pub const INVALID: States = States(8);
    /// One that is not tracked.
    pub const UNTRACKED: States = States(16);
    /// Whatever the state.
    pub const ANY: States = States(31);
    /// None at all.
    pub const NONE: States = States(0);

    /// What is in both.
    #[must_use]
    pub fn and(self, other: States) -> States {
        States(self.0 & other.0)
    }

    /// What is in either.
    #[must_use]
    pub fn or(self, other: States) -> States {
        States(self.0 | other.0)
    }

    /// Whether it is empty.
    pub fn is_none(self) -> bool {
        self.0 == 0
    }

    /// Whether all of the other is in it.
    pub fn covers(self, other: States) -> bool {
        self.0 & other.0 == other.0
    }
}

impl std::ops::Not for States {
    type Output = States;

    /// What is not in it.
    fn not(self) -> States {
        States(!self.0 & Self::ANY.0)
    }
}

/// A test of TCP flags: of those in the mask, exactly these are set, or (`is` being false) not exactly these. Bits as in the
/// header: FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FlagsTest {
    /// Which are looked at.
    pub mask: u8,
    /// Which of them are set.
    pub set: u8,
    /// Whether it is to be so, or not.
    pub is: bool,
}

impl FlagsTest {
    /// Whether a packet with these flags passes.
    pub fn passes(self, flags: u8) -> bool {
        (flags & self.mask == self.set) == self.is
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_by_beginning_by_ending_and_whole() {
        let fit = |pattern: &str, name: &str| Names::one_of([pattern]).matches(name);

        assert!(fit("eth+", "eth0") && fit("eth*", "eth0") && fit("eth0", "eth0") && !fit("eth0", "eth01"));
        assert!(
            fit("*.workos.com", "api.workos.com")
                && !fit("*.workos.com", "workos.com")
                && !fit("*.workos.com", "notworkos.com")
        );
        assert!(
            fit(".workos.com", "api.workos.com")
                && fit(".workos.com", "workos.com")
                && !fit(".workos.com", "notworkos.com")
        );
        assert!(
            fit("+.workos.com", "api.workos.com")
                && !fit("+.workos.com", "a.api.workos.com")
                && !fit("+.workos.com", "workos.com")
        );
        assert!(fit("API.workos.com.", "api.workos.com") && fit("+", "eth0"));
        assert!(!Names::none_of(["lo", "docker+"]).matches("docker0") && Names::none_of(["lo"]).matches("eth0"));
        let both = Names::one_of(["eth+"]).and(&Names::none_of(["eth1"]));
        assert!(both.matches("eth0") && !both.matches("eth1") && !both.matches("wg0"));
    }

    #[test]
    fn matches_meet_where_all_their_parts_do() {
        let web = Match { port: Ranges::between(80_u8, 443_u16), ..Match::any() };
        let tls = Match { port: Ranges::one(443_u16), protocol: Ranges::one(6_u8), ..Match::any() };

        assert_eq!(web.and(&tls), Some(tls.clone()));
        assert_eq!(web.and(&Match { port: Ranges::one(22_u8), ..Match::any() }), None);
        let rate = Condition::holds("the rate is kept");
        let (kept, broken) = (tls.clone().on(rate.clone()), tls.clone().on(Condition::fails("the rate is kept")));
        assert_eq!(kept.and(&broken), None);
        assert_eq!(kept.and(&kept).unwrap().conditions, [rate]);
        assert_eq!(tls.and(&Match { states: States::NEW, ..Match::any() }).unwrap().states, States::NEW);
    }

    #[test]
    fn flags_are_tested_under_their_mask() {
        let syn = FlagsTest { mask: 0x17, set: 0x02, is: true };

        assert!(syn.passes(0x02) && syn.passes(0x0a) && !syn.passes(0x12));
        assert!(FlagsTest { is: false, ..syn }.passes(0x12));
    }
}

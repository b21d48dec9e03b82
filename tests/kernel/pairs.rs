//! Pairs of sets of rules by chance: one, and what a few changes make of it, as people make them. Written for iptables and for nft.
//!
//! What belongs to a connection passes in all of them, so that it hangs on its first packet alone whether it comes about.

use std::fmt::Write;

use workos_preflight::firewall::addresses::{Family, address, as_networks, number};
use workos_preflight::firewall::ranges::Ranges;

use crate::agree::is_tried;
use crate::chance::Chance;
use crate::sets::Generated;

/// A set of rules, and what becomes of it.
pub(crate) struct Pair {
    pub(crate) before: Made,
    pub(crate) after: Made,
    /// What was changed, in words.
    pub(crate) changes: Vec<String>,
}

/// A set of rules.
#[derive(Clone)]
pub(crate) struct Made {
    families: &'static [Family],
    chains: Vec<Chain>,
    /// Whether some rules ask for what their files do not say: a mark, which no packet here bears, before or after.
    marks: bool,
}

#[derive(Clone)]
struct Chain {
    table: &'static str,
    /// As iptables calls it: a hook, or a name.
    name: &'static str,
    drops: bool,
    rules: Vec<Rule>,
}

/// The chains that others lead to.
const OWN: [&str; 2] = ["own0", "own1"];

#[derive(Clone)]
struct Rule {
    family: Family,
    peers_are_sources: bool,
    /// All, where it does not ask.
    peers: Ranges,
    not: bool,
    protocol: Option<&'static str>,
    ports: (u16, u16),
    /// Whether it is the one by which packets come in, and its name.
    interface: Option<(bool, &'static str)>,
    marked: bool,
    then: Then,
}

#[derive(Clone, Copy, PartialEq)]
enum Then {
    Accept,
    Drop,
    Reject,
    Return,
    To(&'static str),
}

/// Every one of them begins or ends among the ports that are tried.
const PORTS: [(u16, u16); 8] =
    [(443, 443), (443, 443), (442, 446), (445, 448), (1, 443), (444, 65535), (447, 447), (441, 450)];

/// Makes a pair, for a firewall of these families.
pub(crate) fn pair(chance: &mut Chance, families: &'static [Family]) -> Pair {
    let mut before = Made { families, chains: Vec::new(), marks: chance.percent(12) };
    let behind = chance.percent(40);
    for (table, name) in [("mangle", "INPUT"), ("mangle", "FORWARD"), ("mangle", "OUTPUT")]
        .into_iter()
        .filter(|_| behind)
        .chain(["INPUT", "FORWARD", "OUTPUT", OWN[0], OWN[1]].map(|name| ("filter", name)))
    {
        let drops = chance.percent(if table == "mangle" { 10 } else { 60 }) && !name.starts_with("own");
        let mut chain = Chain { table, name, drops, rules: Vec::new() };
        for _ in 0..chance.below(if table == "mangle" { 3 } else { 6 }) {
            let rule = before.rule(chance, &chain);
            chain.rules.push(rule);
        }
        before.chains.push(chain);
    }
    let (mut after, mut changes) = (before.clone(), Vec::new());
    let wanted = 1 + chance.below(4);
    while changes.len() < wanted {
        changes.extend(after.change(chance));
    }
    Pair { before, after, changes }
}

/// Addresses from one to another, among few, so that they lie within one another more often than not.
fn between(chance: &mut Chance, family: Family) -> (u128, u128) {
    let (width, base, lengths, places): (u32, &str, [u32; 8], [u32; 3]) = match family {
        Family::V4 => (32, "20.0.0.0", [8, 12, 16, 20, 24, 31, 32, 32], [18, 9, 1]),
        Family::V6 => (128, "2a00:1000::", [20, 32, 48, 64, 112, 127, 128, 128], [90, 66, 1]),
    };
    let free = width - *chance.one_of(&lengths);
    let varied = places.iter().fold(0_u128, |sum, place| sum | (chance.below(3) as u128) << place);
    let first = (number(base.parse().unwrap()) | varied) >> free << free;
    let last = first | ((1_u128 << free) - 1);
    if first + 3 < last && chance.percent(30) { (first + 1, last - 1) } else { (first, last) }
}

impl Made {
    fn rule(&self, chance: &mut Chance, chain: &Chain) -> Rule {
        let family = *chance.one_of(self.families);
        let peers_are_sources = match chain.name {
            "INPUT" => true,
            "OUTPUT" => false,
            _ => chance.percent(60),
        };
        let peers = match chance.below(100) {
            0..50 => Ranges::of([between(chance, family)]),
            50..75 => Ranges::of((0..2 + chance.below(2)).map(|_| between(chance, family))),
            _ => Ranges::all(),
        };
        let protocol = match chance.below(100) {
            0..60 => Some("tcp"),
            60..75 if chain.name != "OUTPUT" => Some("udp"),
            _ => None,
        };
        let ports = if chance.percent(80) { *chance.one_of(&PORTS) } else { (0, 65535) };
        let interface = match chain.name {
            "INPUT" => Some((true, "eth0")),
            "OUTPUT" => Some((false, "eth0")),
            "FORWARD" => Some(*chance.one_of(&[(true, "eth0"), (false, "eth0"), (true, "eth1"), (false, "eth1")])),
            _ => None,
        };
        let interface = interface.filter(|_| chance.percent(20));
        let then = match chance.below(100) {
            0..50 if chain.table == "mangle" => Then::Drop,
            45..68 => Then::Drop,
            68..76 if chain.table == "filter" => Then::Reject,
            76..93 if chain.table == "filter" && chain.name != OWN[1] => {
                Then::To(if chain.name == OWN[0] { OWN[1] } else { OWN[chance.below(2)] })
            }
            93..100 => Then::Return,
            _ => Then::Accept,
        };
        let not = !peers.is_all() && chance.percent(20);
        let marked = self.marks && chance.percent(25);
        Rule { family, peers_are_sources, peers, not, protocol, ports, interface, marked, then }
    }

    /// Changes something, and says what; nothing, where there is nothing of the kind.
    fn change(&mut self, chance: &mut Chance) -> Option<String> {
        let at = chance.below(self.chains.len());
        // What is done to these seldom shows.
        if (self.chains[at].table == "mangle" || self.chains[at].name.starts_with("own")) && chance.percent(50) {
            return None;
        }
        let new = self.rule(chance, &self.chains[at]);
        let chain = &mut self.chains[at];
        let place = chance.below(chain.rules.len() + 1);
        let what = match chance.below(100) {
            0..18 => {
                chain.rules.insert(place, new);
                format!("a rule more at {place}")
            }
            92..100 if !chain.name.starts_with("own") => {
                chain.drops = !chain.drops;
                "another policy".to_owned()
            }
            _ if place == chain.rules.len() => return None,
            18..30 => {
                chain.rules.remove(place);
                format!("no rule at {place}")
            }
            30..42 => {
                let moved = chain.rules.remove(place);
                let to = chance.below(chain.rules.len() + 1);
                chain.rules.insert(to, moved);
                format!("the rule at {place} goes to {to}")
            }
            kind => format!("at {place}: {}", chain.rules[place].change(chance, kind)?),
        };
        Some(format!("{} {}: {what}", chain.table, chain.name))
    }

    /// For `iptables-restore` and `ipset restore`.
    pub(crate) fn for_iptables(&self) -> Generated {
        let (mut rules, mut sets, mut named) = (String::new(), String::new(), 0);
        for table in ["mangle", "filter"] {
            let chains = || self.chains.iter().filter(|chain| chain.table == table);
            writeln!(rules, "*{table}").unwrap();
            for chain in chains() {
                let own = chain.name.starts_with("own");
                let policy = if own { "-" } else { ["ACCEPT", "DROP"][usize::from(chain.drops)] };
                writeln!(rules, ":{} {policy} [0:0]", chain.name).unwrap();
            }
            for chain in chains() {
                if !chain.name.starts_with("own") {
                    writeln!(rules, "-A {} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT", chain.name).unwrap();
                }
                for rule in &chain.rules {
                    writeln!(rules, "-A {} {}", chain.name, rule.for_iptables(&mut sets, &mut named)).unwrap();
                }
            }
            rules.push_str("COMMIT\n");
        }
        Generated { rules, sets, networks: Ranges::none(), conditions: self.marks }
    }

    /// For `nft -f`.
    pub(crate) fn for_nft(&self) -> String {
        let mut text = "table inet t {\n".to_owned();
        for chain in self.chains.iter().rev() {
            writeln!(text, "chain {}_{} {{", chain.table, chain.name).unwrap();
            if !chain.name.starts_with("own") {
                let priority = if chain.table == "mangle" { "-150" } else { "0" };
                let policy = if chain.drops { "drop" } else { "accept" };
                let hook = chain.name.to_lowercase();
                writeln!(text, "  type filter hook {hook} priority {priority}; policy {policy};").unwrap();
                text.push_str("  ct state established,related accept\n");
            }
            for rule in &chain.rules {
                writeln!(text, "  {}", rule.for_nft()).unwrap();
            }
            text.push_str("}\n");
        }
        text + "}\n"
    }
}

impl Rule {
    /// Changes a field.
    fn change(&mut self, chance: &mut Chance, kind: usize) -> Option<&'static str> {
        match kind {
            42..65 if !self.peers.is_all() => {
                let mut all = self.peers.intervals().to_vec();
                let (first, last) = &mut all[chance.below(self.peers.intervals().len())];
                let step = *chance.one_of(&[1, 1, 2, 256, 1 << 20]);
                let end = if chance.percent(50) { &mut *first } else { &mut *last };
                *end = if chance.percent(50) { end.checked_add(step)? } else { end.checked_sub(step)? };
                let within = first <= last && [&*first, &*last].iter().all(|end| is_tried(address(**end)));
                self.peers = within.then(|| Ranges::of(all))?;
                Some("other peers")
            }
            65..80 if self.protocol.is_some() => {
                let end = if chance.percent(50) { &mut self.ports.0 } else { &mut self.ports.1 };
                *end = end.checked_add_signed(*chance.one_of(&[-1, 1]))?;
                // Whoever asks for no port twice asks for one.
                if self.ports.0 > self.ports.1 {
                    self.ports = (self.ports.1, self.ports.0);
                }
                Some("other ports")
            }
            80..85 => {
                self.protocol = *chance.one_of(&[None, Some("tcp"), Some("udp")]);
                Some("another protocol")
            }
            85..88 if !self.peers.is_all() => {
                self.not = !self.not;
                Some("the others")
            }
            88..92 if matches!(self.then, Then::Accept | Then::Drop) => {
                self.then = if self.then == Then::Drop { Then::Accept } else { Then::Drop };
                Some("another answer")
            }
            _ => None,
        }
    }

    fn for_iptables(&self, sets: &mut String, named: &mut usize) -> String {
        let (side, not) = (if self.peers_are_sources { "src" } else { "dst" }, if self.not { "! " } else { "" });
        let mut words = Vec::new();
        words.extend(self.interface.map(|(comes_in, name)| format!("-{} {name}", if comes_in { 'i' } else { 'o' })));
        let networks = as_networks(&self.peers);
        match (self.peers.intervals(), &networks[..]) {
            _ if self.peers.is_all() => {}
            (_, [one]) => words.push(format!("{not}-{} {one}", &side[..1])),
            ([(first, last)], _) => {
                words.push(format!("-m iprange {not}--{side}-range {}-{}", address(*first), address(*last)));
            }
            _ => {
                let family = if self.family == Family::V4 { "inet" } else { "inet6" };
                writeln!(sets, "create peers{named} hash:net family {family}").unwrap();
                for network in networks {
                    writeln!(sets, "add peers{named} {network}").unwrap();
                }
                words.push(format!("-m set {not}--match-set peers{named} {side}"));
                *named += 1;
            }
        }
        if let Some(protocol) = self.protocol {
            words.push(format!("-p {protocol}"));
            if self.ports != (0, 65535) {
                words.push(format!("-m {protocol} --dport {}:{}", self.ports.0, self.ports.1));
            }
        }
        if self.marked {
            words.push("-m mark --mark 0x7".to_owned());
        }
        words.push(match self.then {
            Then::Accept => "-j ACCEPT".to_owned(),
            Then::Drop => "-j DROP".to_owned(),
            Then::Reject => "-j REJECT".to_owned(),
            Then::Return => "-j RETURN".to_owned(),
            Then::To(chain) => format!("-j {chain}"),
        });
        words.join(" ")
    }

    fn for_nft(&self) -> String {
        let mut words = Vec::new();
        words.extend(
            self.interface
                .map(|(comes_in, name)| format!("{} \"{name}\"", if comes_in { "iifname" } else { "oifname" })),
        );
        if !self.peers.is_all() {
            let ip = if self.family == Family::V4 { "ip" } else { "ip6" };
            let side = if self.peers_are_sources { "saddr" } else { "daddr" };
            let each = self.peers.intervals().iter().map(|(first, last)| {
                let (first, last) = (address(*first), address(*last));
                if first == last { first.to_string() } else { format!("{first}-{last}") }
            });
            let each: Vec<String> = each.collect();
            let all = if each.len() == 1 { each[0].clone() } else { format!("{{ {} }}", each.join(", ")) };
            words.push(format!("{ip} {side} {}{all}", if self.not { "!= " } else { "" }));
        }
        words.extend(self.protocol.map(|protocol| match self.ports {
            (0, 65535) => format!("meta l4proto {protocol}"),
            (first, last) if first == last => format!("{protocol} dport {first}"),
            (first, last) => format!("{protocol} dport {first}-{last}"),
        }));
        if self.marked {
            words.push("meta mark 7".to_owned());
        }
        words.push(match self.then {
            Then::Accept => "accept".to_owned(),
            Then::Drop => "drop".to_owned(),
            Then::Reject => "reject".to_owned(),
            Then::Return => "return".to_owned(),
            Then::To(chain) => format!("jump filter_{chain}"),
        });
        words.join(" ")
    }
}

//! Rulesets of nft by chance: chains on every hook at several priorities, sets, combinations and maps of verdicts, in both families.

use std::fmt::Write;

use workos_preflight::firewall::addresses::{Family, address, number};
use workos_preflight::firewall::ranges::Ranges;

use crate::chance::Chance;

/// A ruleset.
pub(crate) struct Ruleset {
    /// For `nft -f`.
    pub(crate) text: String,
    /// The networks that it was made of.
    pub(crate) networks: Ranges,
    /// Whether something in it cannot be known.
    pub(crate) conditions: bool,
}

/// A network, or what lies between two addresses: the first, the last, and how it is written.
type Net = (u128, u128, String);

struct Making<'c> {
    chance: &'c mut Chance,
    nets: [Vec<Net>; 2],
    /// The sets and maps of the table that is being written.
    sets: String,
    named: usize,
    conditions: bool,
}

/// Where a rule stands.
#[derive(Clone, Copy)]
struct Place<'p> {
    table: &'p str,
    hook: &'p str,
    /// The chains that it may lead to.
    own: &'p [String],
}

/// What rules ask for besides addresses: no connection comes from any of these ports.
const PORTS: [&str; 10] = ["443", "80", "843", "53", "80-443", "1-1023", "50-60", "443-500", "440-443", "22"];

/// Makes one.
pub(crate) fn generate(chance: &mut Chance) -> Ruleset {
    let mut making =
        Making { chance, nets: [Vec::new(), Vec::new()], sets: String::new(), named: 0, conditions: false };
    for family in [Family::V4, Family::V6] {
        for _ in 0..4 + making.chance.below(4) {
            let net = making.net(family);
            making.nets[of(family)].push(net);
        }
    }
    let tables = 1 + usize::from(making.chance.percent(35));
    let text = (0..tables).map(|nth| making.table(nth)).collect();
    let networks = Ranges::of(making.nets.iter().flatten().map(|(first, last, _)| (*first, *last)));
    Ruleset { text, networks, conditions: making.conditions }
}

fn of(family: Family) -> usize {
    usize::from(family == Family::V6)
}

impl Making<'_> {
    fn one_of<'a>(&mut self, all: &[&'a str]) -> &'a str {
        self.chance.one_of::<&str>(all)
    }

    /// A network among few, so that they lie within one another more often than not; or what lies between two of its addresses.
    fn net(&mut self, family: Family) -> Net {
        let (width, base): (u32, &str) = if family == Family::V4 { (32, "20.0.0.0") } else { (128, "2a00:1000::") };
        let lengths: &[u32] = if family == Family::V4 {
            &[8, 12, 16, 16, 20, 24, 25, 31, 32, 32]
        } else {
            &[20, 32, 32, 48, 64, 65, 112, 127, 128, 128]
        };
        let length = *self.chance.one_of(lengths);
        let places: [u32; 3] = if family == Family::V4 { [18, 9, 1] } else { [90, 66, 1] };
        let varied = places.iter().fold(0_u128, |sum, place| sum | (self.chance.below(3) as u128) << place);
        let free = width - length;
        let first = (number(base.parse().unwrap()) | varied) >> free << free;
        let last = first | ((1_u128 << free) - 1);
        if first + 3 < last && self.chance.percent(25) {
            let (first, last) = (first + 1, last - 1);
            return (first, last, format!("{}-{}", address(first), address(last)));
        }
        let written = if free == 0 { address(first).to_string() } else { format!("{}/{length}", address(first)) };
        (first, last, written)
    }

    /// Some networks of which none lies within another.
    fn apart(&mut self, family: Family) -> Vec<String> {
        let mut chosen: Vec<Net> = Vec::new();
        for _ in 0..=self.chance.below(5) {
            let net = self.chance.one_of(&self.nets[of(family)]).clone();
            if chosen.iter().all(|(first, last, _)| net.1 < *first || *last < net.0) {
                chosen.push(net);
            }
        }
        chosen.into_iter().map(|(.., written)| written).collect()
    }

    fn table(&mut self, nth: usize) -> String {
        let table = self.one_of(&["inet", "inet", "inet", "ip", "ip6"]);
        self.sets.clear();
        let own: Vec<String> = (0..self.chance.below(4)).map(|nth| format!("own{nth}")).collect();
        let mut chains = String::new();
        for (nth, name) in own.iter().enumerate().rev() {
            let place = Place { table, hook: "own", own: &own[nth + 1..] };
            let rules: String = (0..=self.chance.below(3)).map(|_| self.rule(place)).collect();
            writeln!(chains, "chain {name} {{\n{rules}}}").unwrap();
        }
        for (hook, often) in [("prerouting", 25), ("input", 80), ("forward", 60), ("output", 70), ("postrouting", 15)] {
            let chains_here = if self.chance.percent(often) { 1 + usize::from(self.chance.percent(25)) } else { 0 };
            for nth in 0..chains_here {
                chains.push_str(&self.base(table, hook, nth, &own));
            }
        }
        format!("table {table} t{nth} {{\n{}{chains}}}\n", self.sets)
    }

    fn base(&mut self, table: &str, hook: &str, nth: usize, own: &[String]) -> String {
        let enters = matches!(hook, "prerouting" | "output");
        let priority =
            self.one_of(if enters { &["-300", "-150", "-10", "0", "10"] } else { &["-150", "-10", "0", "5", "50"] });
        let aside = matches!(hook, "prerouting" | "postrouting");
        let policy = if self.chance.percent(if aside { 10 } else { 40 }) { "drop" } else { "accept" };
        let mut rules = String::new();
        if self.chance.percent(if policy == "drop" { 90 } else { 40 }) {
            rules.push_str("  ct state established,related accept\n");
        }
        // What rejects has no place before or behind routing, and so has no chain that may.
        let place = Place { table, hook, own: if aside { &[] } else { own } };
        for _ in 0..=self.chance.below(if aside { 2 } else { 6 }) {
            rules.push_str(&self.rule(place));
        }
        format!("chain {hook}{nth} {{\n  type filter hook {hook} priority {priority}; policy {policy};\n{rules}}}\n")
    }

    fn bang(&mut self) -> &'static str {
        if self.chance.percent(25) { "!= " } else { "" }
    }

    fn rule(&mut self, place: Place) -> String {
        let family = match place.table {
            "ip" => Some(Family::V4),
            "ip6" => Some(Family::V6),
            _ => self.chance.percent(65).then_some(if self.chance.percent(50) { Family::V4 } else { Family::V6 }),
        };
        let protocol = match self.chance.below(100) {
            0..55 => Some("tcp"),
            55..63 => Some("udp"),
            _ => None,
        };
        let mut words = Vec::new();
        self.addresses(place, family, protocol, &mut words);
        self.protocol(family, protocol, &mut words);
        self.others(place, family, protocol, &mut words);
        let verdict = if self.chance.percent(12) {
            self.map(place, family, protocol)
        } else {
            self.verdict(place, protocol == Some("tcp"))
        };
        words.push(verdict);
        format!("  {}\n", words.join(" "))
    }

    /// Which end of its packets the peer is.
    fn side(&mut self, place: Place) -> &'static str {
        match place.hook {
            "output" | "postrouting" => "daddr",
            "own" | "forward" | "prerouting" if self.chance.percent(25) => "daddr",
            _ => "saddr",
        }
    }

    fn addresses(&mut self, place: Place, family: Option<Family>, protocol: Option<&str>, words: &mut Vec<String>) {
        let Some(family) = family else { return };
        let (ip, side, bang) = (if family == Family::V4 { "ip" } else { "ip6" }, self.side(place), self.bang());
        let one = self.chance.one_of(&self.nets[of(family)]).clone();
        words.push(match self.chance.below(100) {
            0..28 => format!("{ip} {side} {bang}{}", one.2),
            28..44 => format!("{ip} {side} {bang}{{ {} }}", self.apart(family).join(", ")),
            44..62 => {
                let elements = self.apart(family).join(", ");
                let name = self.set(family, "", &elements);
                format!("{ip} {side} {bang}@{name}")
            }
            62..68 => format!("{ip} {side} {} {}", self.one_of(&["<", "<=", ">", ">="]), address(one.0)),
            68..82 if protocol.is_some() => {
                let nets = self.apart(family);
                let pairs: Vec<String> =
                    nets.iter().map(|net| format!("{net} . {}", self.one_of(&["443", "80", "400-500"]))).collect();
                let (of, pairs) = (protocol.unwrap_or("tcp"), pairs.join(", "));
                if self.chance.percent(50) {
                    format!("{ip} {side} . {of} dport {bang}{{ {pairs} }}")
                } else {
                    let name = self.set(family, " . inet_service", &pairs);
                    format!("{ip} {side} . {of} dport {bang}@{name}")
                }
            }
            _ => return,
        });
    }

    /// Declares a set, and gives its name.
    fn set(&mut self, family: Family, and: &str, elements: &str) -> String {
        let name = format!("set{}", self.named);
        self.named += 1;
        let kind = if family == Family::V4 { "ipv4_addr" } else { "ipv6_addr" };
        let counter = if self.chance.percent(20) { " counter;" } else { "" };
        writeln!(self.sets, "set {name} {{ type {kind}{and}; flags interval;{counter} elements = {{ {elements} }}\n}}")
            .unwrap();
        name
    }

    fn protocol(&mut self, family: Option<Family>, protocol: Option<&str>, words: &mut Vec<String>) {
        let Some(of) = protocol else {
            if self.chance.percent(12) {
                let named = match family {
                    Some(Family::V4) => ["ip protocol tcp", "ip protocol != tcp", "ip protocol { tcp, icmp }"],
                    Some(Family::V6) => ["ip6 nexthdr tcp", "ip6 nexthdr != tcp", "ip6 nexthdr { tcp, udp }"],
                    None => ["meta l4proto tcp", "meta l4proto != tcp", "meta l4proto { tcp, udp } th dport 443"],
                };
                words.push(self.one_of(&named).to_owned());
            }
            return;
        };
        let (port, bang) = (self.one_of(&PORTS), self.bang());
        words.push(match self.chance.below(100) {
            0..30 => format!("{of} dport {bang}{port}"),
            30..50 => format!(
                "{of} dport {bang}{{ {} }}",
                self.one_of(&["443", "80, 443", "22, 50-60, 843", "1-79, 443", "440-442, 444-500"])
            ),
            50..58 => format!(
                "{of} dport {} {}",
                self.one_of(&["<", "<=", ">", ">="]),
                self.one_of(&["443", "80", "444", "1023"])
            ),
            // Every port that connections come from lies within it, or none.
            58..66 => format!("{of} sport {bang}{}", self.one_of(&["1024-65535", "1-1023", "443"])),
            66..74 if of == "tcp" => format!("{of} dport vmap {{ {port} : continue }}"),
            _ => format!("meta l4proto {of}"),
        });
        if of == "tcp" && self.chance.percent(16) {
            let flags = self.one_of(&[
                "tcp flags syn",
                "tcp flags & (fin|syn|rst|ack) == syn",
                "tcp flags & (syn|ack) != syn",
                "tcp flags ! syn",
                "tcp flags != syn",
                "tcp flags ack",
                "tcp flags { syn, syn|ack }",
                "tcp flags & (syn|ack) == (syn|ack)",
                "tcp flags == syn",
                "tcp flags & (fin|syn|rst|ack) < syn",
                "tcp flags & (syn|ack) == ack",
            ]);
            words.push(flags.to_owned());
        }
    }

    fn others(&mut self, place: Place, family: Option<Family>, protocol: Option<&str>, words: &mut Vec<String>) {
        if self.chance.percent(16) {
            let states = self.one_of(&[
                "new",
                "established,related",
                "{ new, established }",
                "!= new",
                "!= { established, related }",
                "invalid",
                "! new",
                "! established,related",
                "== established",
                "untracked",
            ]);
            words.push(format!("ct state {states}"));
            // Some of the packets that come by a shared chain may not be tracked yet.
            self.conditions |= place.hook == "own";
        }
        if self.chance.percent(12) {
            let comes_in =
                matches!(place.hook, "input" | "prerouting") || place.hook == "forward" && self.chance.percent(50);
            let name = if comes_in || place.hook == "own" && self.chance.percent(50) { "iifname" } else { "oifname" };
            let which = self.one_of(&["\"eth0\"", "\"eth1\"", "\"eth*\"", "\"lo\"", "{ \"eth0\", \"lo\" }", "\"wg*\""]);
            words.push(format!("{name} {}{which}", self.bang()));
            // What a shared chain asks of an interface is known for some of its packets only.
            self.conditions |= place.hook == "own";
        }
        if place.table == "inet" && family.is_none() && self.chance.percent(14) {
            let which =
                self.one_of(&["meta nfproto ipv4", "meta nfproto ipv6", "meta nfproto != ipv4", "meta protocol ip6"]);
            words.push(which.to_owned());
        }
        if self.chance.percent(3) && place.hook == "input" {
            words.push(self.one_of(&["fib daddr type local", "fib daddr type != local"]).to_owned());
        }
        if self.chance.percent(3) && protocol == Some("tcp") {
            words.push(
                self.one_of(&["meta pkttype host", "meta pkttype != host", "meta pkttype { broadcast, multicast }"])
                    .to_owned(),
            );
        }
        if self.chance.percent(3) {
            self.conditions = true;
            words.push(
                self.one_of(&["limit rate 2/second", "meta mark 7", "meta mark != 7", "ct direction reply"]).to_owned(),
            );
        }
        if self.chance.percent(20) {
            words.push(
                self.one_of(&["counter", "log prefix \"a b: \"", "counter log", "meta priority set 1:2"]).to_owned(),
            );
        }
    }

    fn verdict(&mut self, place: Place, tcp: bool) -> String {
        match self.chance.below(100) {
            0..38 => "accept".to_owned(),
            38..58 => "drop".to_owned(),
            58..66 if place.hook.ends_with("routing") => "drop".to_owned(),
            58..62 if tcp => "reject with tcp reset".to_owned(),
            58..66 => "reject".to_owned(),
            66..82 if !place.own.is_empty() => format!("jump {}", self.chance.one_of(place.own)),
            82..90 if !place.own.is_empty() => format!("goto {}", self.chance.one_of(place.own)),
            90..96 => "return".to_owned(),
            _ => "continue".to_owned(),
        }
    }

    fn entry(&mut self, place: Place) -> String {
        let leads = !place.own.is_empty() && self.chance.percent(35);
        let how = self.one_of(&["jump", "goto"]);
        if leads {
            format!("{how} {}", self.chance.one_of(place.own))
        } else {
            self.one_of(&["accept", "accept", "drop", "return", "continue"]).to_owned()
        }
    }

    /// A map of verdicts.
    fn map(&mut self, place: Place, family: Option<Family>, protocol: Option<&str>) -> String {
        let mut entries: Vec<String> = Vec::new();
        let star = self.chance.percent(60);
        let (key, kind) = match (family, protocol) {
            (Some(family), of) if self.chance.percent(60) => {
                let ip = if family == Family::V4 { "ip" } else { "ip6" };
                let side = self.side(place);
                let paired = of.is_some() && self.chance.percent(40);
                for net in self.apart(family) {
                    let port = if paired { format!(" . {}", self.one_of(&["443", "80"])) } else { String::new() };
                    let verdict = self.entry(place);
                    entries.push(format!("{net}{port} : {verdict}"));
                }
                let kind = if family == Family::V4 { "ipv4_addr" } else { "ipv6_addr" };
                match of.filter(|_| paired) {
                    Some(of) => (format!("{ip} {side} . {of} dport"), None),
                    None => (format!("{ip} {side}"), Some(kind)),
                }
            }
            (_, Some(of)) => {
                for ports in ["1-79", "80", "443", "500-900"] {
                    if self.chance.percent(50) || entries.is_empty() {
                        let verdict = self.entry(place);
                        entries.push(format!("{ports} : {verdict}"));
                    }
                }
                (format!("{of} dport"), Some("inet_service"))
            }
            _ => {
                self.conditions |= place.hook == "own";
                let (new, established) = (self.entry(place), self.entry(place));
                return format!("ct state vmap {{ new : {new}, established : {established} }}");
            }
        };
        if star && kind.is_some() {
            let verdict = self.entry(place);
            entries.push(format!("* : {verdict}"));
        }
        let entries = entries.join(", ");
        match kind.filter(|_| self.chance.percent(50)) {
            Some(kind) => {
                let name = format!("map{}", self.named);
                self.named += 1;
                writeln!(
                    self.sets,
                    "map {name} {{ type {kind} : verdict; flags interval; elements = {{ {entries} }}\n}}"
                )
                .unwrap();
                format!("{key} vmap @{name}")
            }
            None => format!("{key} vmap {{ {entries} }}"),
        }
    }
}

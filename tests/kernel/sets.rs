//! Sets of rules by chance: everything that the reader claims to understand, in ways in which people hardly ever put it together.

use std::fmt::Write;

use workos_preflight::firewall::addresses::{Family, address, in_words, number};
use workos_preflight::firewall::ranges::Ranges;

use crate::chance::Chance;

/// Rules and the sets that they ask for.
pub(crate) struct Generated {
    /// For `iptables-restore`.
    pub(crate) rules: String,
    /// For `ipset restore`.
    pub(crate) sets: String,
    /// The networks that they were made of.
    pub(crate) networks: Ranges,
    /// Whether something in them cannot be known.
    pub(crate) conditions: bool,
}

struct Making<'c> {
    chance: &'c mut Chance,
    family: Family,
    nets: Vec<(u128, u128, String)>,
    sets: Vec<(String, &'static str)>,
    conditions: bool,
}

/// All of them are ports that no connection comes from: what a rule says of some of those and not of others is no yes and no no.
const PORTS: [&str; 5] = ["443", "80", "843", "22", "53"];

/// Makes some.
pub(crate) fn generate(chance: &mut Chance, family: Family) -> Generated {
    let mut making = Making { chance, family, nets: Vec::new(), sets: Vec::new(), conditions: false };
    let nets = 3 + making.chance.below(4);
    while making.nets.len() < nets {
        let net = making.net();
        making.nets.push(net);
    }
    let sets = making.ipsets();
    let rules = making.tables();
    let networks = Ranges::of(making.nets.iter().map(|(first, last, _)| (*first, *last)));
    Generated { rules, sets, networks, conditions: making.conditions }
}

impl Making<'_> {
    /// A network among few, so that they lie within one another more often than not.
    fn net(&mut self) -> (u128, u128, String) {
        let (width, base): (u32, u128) = match self.family {
            Family::V4 => (32, number("20.0.0.0".parse().unwrap())),
            Family::V6 => (128, number("2a00:1000::".parse().unwrap())),
        };
        let length = if self.family == Family::V4 {
            *self.chance.one_of(&[8_u32, 10, 12, 16, 16, 20, 24, 24, 30, 31, 32, 32])
        } else {
            *self.chance.one_of(&[16_u32, 20, 28, 32, 32, 48, 48, 64, 64, 112, 127, 128, 128])
        };
        let free = width - length;
        // Few of the bits vary, in three places.
        let places: [u32; 3] = if self.family == Family::V4 { [18, 9, 1] } else { [90, 66, 1] };
        let varied = places.iter().fold(0_u128, |sum, place| sum | (self.chance.below(3) as u128) << place);
        let first = (base | varied) >> free << free;
        let last = first | ((1_u128 << free) - 1);
        (first, last, format!("{}/{length}", address(first)))
    }

    fn some_net(&mut self) -> (u128, u128, String) {
        let at = self.chance.below(self.nets.len());
        self.nets[at].clone()
    }

    /// Some sets, and the lines that make them.
    fn ipsets(&mut self) -> String {
        let family = if self.family == Family::V4 { "inet" } else { "inet6" };
        let mut lines = String::new();
        for nth in 0..self.chance.below(4) {
            let kind = *self.chance.one_of(&[
                "hash:net",
                "hash:net",
                "hash:ip",
                "hash:ip,port",
                "hash:net,port",
                "bitmap:port",
                "list:set",
            ]);
            let name = format!("set{nth}");
            match kind {
                "bitmap:port" => {
                    writeln!(lines, "create {name} bitmap:port range 0-65535\nadd {name} {}", self.port()).unwrap();
                }
                "list:set" if !self.sets.iter().any(|(_, kind)| *kind == "hash:net") => continue,
                "list:set" => {
                    let (first, _) = self.sets.iter().find(|(_, kind)| *kind == "hash:net").cloned().unwrap();
                    writeln!(lines, "create {name} list:set size 8\nadd {name} {first}").unwrap();
                }
                _ => {
                    let runs_out = self.chance.percent(10);
                    let timeout = if runs_out { " timeout 0" } else { "" };
                    writeln!(lines, "create {name} {kind} family {family}{timeout}").unwrap();
                    for _ in 0..=self.chance.below(4) {
                        let entry = self.entry(kind);
                        let nomatch = if kind.contains("net") && self.chance.percent(40) { " nomatch" } else { "" };
                        let until = if runs_out && self.chance.percent(50) { " timeout 3000" } else { "" };
                        self.conditions |= !until.is_empty();
                        writeln!(lines, "add {name} {entry}{until}{nomatch} -exist").unwrap();
                    }
                }
            }
            self.sets.push((name, kind));
        }
        lines
    }

    fn entry(&mut self, kind: &str) -> String {
        let (first, _, net) = self.some_net();
        let address = address(first);
        let place = if kind.contains("net") { net } else { address.to_string() };
        let protocol = if self.chance.percent(80) { "tcp" } else { "udp" };
        if kind.contains("port") { format!("{place},{protocol}:{}", self.port()) } else { place }
    }

    fn port(&mut self) -> &'static str {
        if self.chance.percent(60) { "443" } else { self.chance.one_of::<&str>(&PORTS) }
    }

    fn tables(&mut self) -> String {
        let mut text = String::new();
        let others: [(&str, &[&str], usize); 3] = [
            ("raw", &["PREROUTING", "OUTPUT"], 15),
            ("mangle", &["PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"], 15),
            ("security", &["INPUT", "FORWARD", "OUTPUT"], 10),
        ];
        for (table, bases, often) in others {
            writeln!(text, "*{table}").unwrap();
            let used = self.chance.percent(often * 2);
            for base in bases {
                let policy = if used && self.chance.percent(8) { "DROP" } else { "ACCEPT" };
                writeln!(text, ":{base} {policy} [0:0]").unwrap();
            }
            if used {
                for base in bases {
                    for _ in 0..self.chance.below(2) {
                        let rule = self.rule(base, &[], false, table);
                        writeln!(text, "-A {base} {rule}").unwrap();
                    }
                }
            }
            text.push_str("COMMIT\n");
        }
        self.filter(&mut text);
        text
    }

    fn filter(&mut self, text: &mut String) {
        text.push_str("*filter\n");
        for base in ["INPUT", "FORWARD", "OUTPUT"] {
            let often = if base == "OUTPUT" { 25 } else { 60 };
            let policy = if self.chance.percent(often) { "DROP" } else { "ACCEPT" };
            writeln!(text, ":{base} {policy} [0:0]").unwrap();
        }
        let own: Vec<String> = (0..self.chance.below(4)).map(|nth| format!("own{nth}")).collect();
        for name in &own {
            writeln!(text, ":{name} - [0:0]").unwrap();
        }
        for base in ["INPUT", "FORWARD", "OUTPUT"] {
            if self.chance.percent(65) {
                writeln!(text, "-A {base} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT").unwrap();
            }
            for _ in 0..=self.chance.below(6) {
                let rule = self.rule(base, &own, true, "filter");
                writeln!(text, "-A {base} {rule}").unwrap();
            }
        }
        for (nth, name) in own.iter().enumerate() {
            for _ in 0..=self.chance.below(4) {
                let rule = self.rule(name, &own[nth + 1..], true, "filter");
                writeln!(text, "-A {name} {rule}").unwrap();
            }
        }
        text.push_str("COMMIT\n");
    }

    fn bang(&mut self) -> &'static str {
        if self.chance.percent(25) { "! " } else { "" }
    }

    /// A rule of a chain that may jump to these.
    fn rule(&mut self, chain: &str, jumps: &[String], rejects: bool, table: &str) -> String {
        let mut words: Vec<String> = Vec::new();
        self.interfaces(chain, &mut words);
        self.addresses(chain, &mut words);
        let tcp = self.protocol(&mut words);
        self.modules(tcp, &mut words);
        let target = match self.chance.below(100) {
            0..36 => "-j ACCEPT".to_owned(),
            36..56 => "-j DROP".to_owned(),
            56..66 if rejects && tcp && self.chance.percent(60) => "-j REJECT --reject-with tcp-reset".to_owned(),
            56..66 if rejects => "-j REJECT".to_owned(),
            66..82 if !jumps.is_empty() => format!("-j {}", self.chance.one_of(jumps)),
            82..90 if !jumps.is_empty() => format!("-g {}", self.chance.one_of(jumps)),
            90..97 => "-j RETURN".to_owned(),
            97 if table == "mangle" => "-j MARK --set-mark 0x7".to_owned(),
            98 => "-j LOG --log-prefix \"a \\\"b\\\" -j \"".to_owned(),
            _ => String::new(),
        };
        words.push(target);
        words.join(" ")
    }

    fn interfaces(&mut self, chain: &str, words: &mut Vec<String>) {
        let own = chain.starts_with("own");
        let names = ["eth0", "eth1", "eth+", "lo", "eth0"];
        if self.chance.percent(12) && (own || ["INPUT", "FORWARD", "PREROUTING"].contains(&chain)) {
            words.push(format!("{}-i {}", self.bang(), self.chance.one_of(&names)));
        }
        if self.chance.percent(10) && (own || ["OUTPUT", "FORWARD", "POSTROUTING"].contains(&chain)) {
            words.push(format!("{}-o {}", self.bang(), self.chance.one_of(&names)));
        }
    }

    fn addresses(&mut self, chain: &str, words: &mut Vec<String>) {
        let out = matches!(chain, "OUTPUT" | "POSTROUTING");
        let source = if chain.starts_with("own") { self.chance.percent(60) } else { !out };
        match self.chance.below(100) {
            0..50 => {
                let (.., net) = self.some_net();
                words.push(format!("{}{} {net}", self.bang(), if source { "-s" } else { "-d" }));
            }
            50..62 => {
                let (one, other) = (self.some_net(), self.some_net());
                let (first, last) = (one.0.min(other.0), one.1.max(other.1));
                let (first, last) = if self.chance.percent(50) { (first, last) } else { (first + 1, last) };
                let (first, last) = (address(first), address(last.max(first)));
                let end = if source { "--src-range" } else { "--dst-range" };
                words.push(format!("-m iprange {}{end} {first}-{last}", self.bang()));
            }
            62..80 if !self.sets.is_empty() => {
                let (name, kind) = self.chance.one_of(&self.sets).clone();
                let end = if source { "src" } else { "dst" };
                let ends = match kind {
                    "hash:ip,port" | "hash:net,port" => {
                        format!("{end},{}", if self.chance.percent(80) { "dst" } else { "src" })
                    }
                    "bitmap:port" => if self.chance.percent(80) { "dst" } else { "src" }.to_owned(),
                    _ => end.to_owned(),
                };
                words.push(format!("-m set {}--match-set {name} {ends}", self.bang()));
            }
            _ => {}
        }
        if self.chance.percent(4) {
            let whose = if self.chance.percent(70) { "--dst-type" } else { "--src-type" };
            words.push(format!(
                "-m addrtype {}{whose} {}",
                self.bang(),
                self.chance.one_of(&["LOCAL", "UNICAST", "MULTICAST,LOCAL"])
            ));
        }
    }

    /// The protocol, and its ports; whether it is TCP.
    fn protocol(&mut self, words: &mut Vec<String>) -> bool {
        match self.chance.below(100) {
            0..60 => {
                words.push("-p tcp".to_owned());
                self.ports("tcp", words);
                if self.chance.percent(14) {
                    let flags = self.chance.one_of(&[
                        "--tcp-flags FIN,SYN,RST,ACK SYN",
                        "--tcp-flags SYN,RST SYN",
                        "--tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE",
                        "--tcp-flags FIN,SYN FIN,SYN",
                        "--tcp-flags SYN,ACK SYN,ACK",
                        "--tcp-flags ACK ACK",
                    ]);
                    words.push(format!("-m tcp {}{flags}", self.bang()));
                }
                true
            }
            60..68 => {
                words.push("-p udp".to_owned());
                self.ports("udp", words);
                false
            }
            68..72 => {
                words.push(format!("! -p {}", self.chance.one_of(&["tcp", "udp", "icmp"])));
                false
            }
            _ => false,
        }
    }

    fn ports(&mut self, protocol: &str, words: &mut Vec<String>) {
        let port = self.port();
        let ports = match self.chance.below(100) {
            0..35 => format!("-m {protocol} {}--dport {port}", self.bang()),
            35..50 => {
                let range =
                    *self.chance.one_of(&["400:500", "443:843", "1:442", "444:65535", "80:443", ":443", "443:"]);
                format!("-m {protocol} {}--dport {range}", self.bang())
            }
            50..70 => {
                let list = *self.chance.one_of(&["80,443", "22,53,843", "22,400:450", "80:90,843", "443"]);
                let which = *self.chance.one_of(&["--dports", "--dports", "--ports"]);
                format!("-m multiport {}{which} {list}", self.bang())
            }
            70..78 => {
                // Every port that connections come from lies within it, or none.
                let range = *self.chance.one_of(&["1024:65535", "1:1023", "443"]);
                format!("-m {protocol} {}--sport {range}", self.bang())
            }
            _ => return,
        };
        words.push(ports);
    }

    fn modules(&mut self, tcp: bool, words: &mut Vec<String>) {
        if self.chance.percent(16) {
            let states = *self.chance.one_of(&[
                "NEW",
                "ESTABLISHED",
                "RELATED,ESTABLISHED",
                "NEW,ESTABLISHED",
                "INVALID",
                "NEW,RELATED,INVALID",
                "UNTRACKED",
            ]);
            let module = if self.chance.percent(30) && !states.contains("UNTRACKED") { "state" } else { "conntrack" };
            let option = if module == "state" { "--state" } else { "--ctstate" };
            words.push(format!("-m {module} {}{option} {states}", self.bang()));
        }
        if self.chance.percent(8) {
            words.push("-m comment --comment \"it's ! -s \\\"any\\\" -j DROP\"".to_owned());
        }
        if self.chance.percent(3) {
            self.conditions = true;
            words.push("-m limit --limit 2/sec --limit-burst 3".to_owned());
        }
        if tcp && self.chance.percent(2) {
            self.conditions = true;
            words.push(format!("-m mark {}--mark 0x7", self.bang()));
        }
    }
}

impl Generated {
    /// What they are about, for whoever reads a failure.
    pub(crate) fn in_words(&self) -> String {
        format!("networks: {}\n{}\n{}", in_words(&self.networks), self.sets, self.rules)
    }
}

//! The options of one rule, as sets and conditions: what it matches, and what becomes of that.

use std::borrow::Cow;

use super::address;
use super::sets::{End, Sets, none_of};
use super::words_for;
use crate::firewall::addresses::Family;
use crate::firewall::dialects::entry;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Condition, FlagsTest, Match, Names, NoteKind, Place, Rules, States};

/// A rule, understood as far as it can be without knowing on which way packets meet it.
#[derive(Clone, Debug)]
pub(super) struct Parsed {
    /// It matches what any of these matches.
    pub when: Vec<Match>,
    /// Tests of what kind of address the source or the destination is for this host.
    pub kinds: Vec<KindTest>,
    /// Where it goes.
    pub target: Option<String>,
    /// Whether it does not come back from there.
    pub goto: bool,
    /// The target's own options.
    pub options: Vec<String>,
    /// Whether it asks for the state of a connection.
    pub asks_state: bool,
}

/// Of which kind an address has to be, as the host's own routes say.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct KindTest {
    /// Whether the source is asked about, or the destination.
    pub source: bool,
    /// Whether it has to be one of these, or none.
    pub is: bool,
    /// The kinds, in capitals: `LOCAL`.
    pub kinds: Vec<String>,
}

/// What a rule is read with.
pub(super) struct Reading<'r, 'a> {
    /// The family of the dump.
    pub family: Family,
    /// Every set of the files.
    pub sets: &'r Sets<'a>,
    /// Where the rule is written.
    pub place: &'r Place,
    /// Where what is noticed goes.
    pub rules: &'r mut Rules,
}

/// Alternatives beyond that are not told apart, in one rule and in all together.
const MOST_ALTERNATIVES: usize = 1_024;
const MOST_MATCHES: usize = 200_000;

/// Reads a rule's words, which begin behind the chain. Nothing, where the rule is not for this family.
pub(super) fn parse(words: &[Cow<'_, str>], reading: Reading<'_, '_>) -> Option<Parsed> {
    let mut options = Options {
        words,
        at: 0,
        reading,
        parsed: Parsed {
            when: vec![Match::any()],
            kinds: Vec::new(),
            target: None,
            goto: false,
            options: Vec::new(),
            asks_state: false,
        },
        module: None,
        open: Vec::new(),
    };
    while options.at < words.len() {
        if !options.next() {
            return None;
        }
    }
    options.close();
    Some(options.parsed)
}

struct Options<'w, 'r, 'a> {
    words: &'w [Cow<'w, str>],
    at: usize,
    reading: Reading<'r, 'a>,
    parsed: Parsed,
    /// The last module that was asked for.
    module: Option<&'w str>,
    /// Options of a module that nothing here understands: each with whether it is negated.
    open: Vec<(bool, String)>,
}

impl<'w> Options<'w, '_, '_> {
    /// One option. False, where the rule is for the other family.
    fn next(&mut self) -> bool {
        let mut negated = false;
        while self.words.get(self.at).is_some_and(|word| word == "!") {
            negated = !negated;
            self.at += 1;
        }
        let Some(option) = self.word() else { return true };
        match option {
            "-4" | "--ipv4" => return self.reading.family == Family::V4,
            "-6" | "--ipv6" => return self.reading.family == Family::V6,
            "-c" | "--set-counters" => self.at += 2,
            "-w" | "--wait" | "-n" | "--numeric" => {}
            "-j" | "--jump" | "-g" | "--goto" => {
                self.close();
                self.parsed.target = self.word().map(str::to_owned);
                self.parsed.goto = matches!(option, "-g" | "--goto");
            }
            "-m" | "--match" => {
                self.close();
                self.module = self.word();
                match self.module {
                    Some("tcp") => self.narrow(protocol(6)),
                    Some("udp") => self.narrow(protocol(17)),
                    _ => {}
                }
            }
            "-p" | "--protocol" | "--proto" => self.protocol(negated),
            "-s" | "--source" | "--src" => self.addresses(negated, |it, set| it.source = set),
            "-d" | "--destination" | "--dst" => self.addresses(negated, |it, set| it.destination = set),
            "-i" | "--in-interface" => self.interface(negated, |it, names| it.from = names),
            "-o" | "--out-interface" => self.interface(negated, |it, names| it.to = names),
            // Connections are put together before any rule sees them, and no packet of theirs is such a fragment.
            "-f" | "--fragment" | "--fragments" => {
                if !negated {
                    self.parsed.when.clear();
                }
            }
            _ if !option.starts_with('-') => self.stray(option),
            _ => self.of_module(option, negated),
        }
        true
    }

    fn of_module(&mut self, option: &str, negated: bool) {
        match option {
            "--sport" | "--source-port" | "--sports" | "--source-ports" => self.port(negated, &[End::Source]),
            "--dport" | "--destination-port" | "--dports" | "--destination-ports" => {
                self.port(negated, &[End::Destination]);
            }
            "--ports" | "--port" if self.module == Some("multiport") => {
                self.port(negated, &[End::Source, End::Destination]);
            }
            "--syn" => self.flags(FlagsTest { mask: 0x17, set: 0x02, is: !negated }),
            "--tcp-flags" => self.tcp_flags(negated),
            "--src-range" => self.range(negated, |it, set| it.source = set),
            "--dst-range" => self.range(negated, |it, set| it.destination = set),
            "--match-set" | "--set" if self.module == Some("set") => self.set(negated),
            "--state" | "--ctstate" => self.states(negated),
            "--ctproto" => self.protocol(negated),
            "--ctdir" => self.direction(negated),
            "--ctorigsrc" | "--ctorigdst" | "--ctorigsrcport" | "--ctorigdstport" => self.original(option, negated),
            "--src-type" => self.kind(negated, true),
            "--dst-type" => self.kind(negated, false),
            "--pkt-type" => self.packet_type(negated),
            "--icmp-type" => self.icmp(1, negated),
            "--icmpv6-type" => self.icmp(58, negated),
            "--comment" => self.at += 1,
            _ if self.parsed.target.is_some() && self.module.is_none() => {
                let mut words = vec![option.to_owned()];
                words.extend(self.values());
                self.parsed.options.extend(words);
            }
            _ => {
                let mut words = vec![option.to_owned()];
                words.extend(self.values());
                self.open.push((negated, words.join(" ")));
            }
        }
    }

    fn word(&mut self) -> Option<&'w str> {
        let word = self.words.get(self.at)?;
        self.at += 1;
        Some(word)
    }

    /// A value, before which old rules put their `!`.
    fn value(&mut self, negated: bool) -> (bool, &'w str) {
        match self.word() {
            Some("!") => (!negated, self.word().unwrap_or_default()),
            // Older still: `!lo`, `!10.0.0.0/8`.
            Some(word) if word.len() > 1 && word.starts_with('!') => (!negated, &word[1..]),
            word => (negated, word.unwrap_or_default()),
        }
    }

    /// What follows an option up to the next one.
    fn values(&mut self) -> Vec<String> {
        let mut values = Vec::new();
        while let Some(word) = self.words.get(self.at).filter(|word| word.as_ref() != "!" && !word.starts_with('-')) {
            let quoted = word.is_empty() || word.contains(' ');
            values.push(if quoted { format!("\"{word}\"") } else { word.to_string() });
            self.at += 1;
        }
        values
    }

    /// What a module asked that nothing here knows becomes one condition, under the words that it was asked in.
    fn close(&mut self) {
        let module = self.module.take();
        let open = std::mem::take(&mut self.open);
        let Some(module) = module else {
            for (negated, words) in open {
                self.condition(negated, format!("`{words}` fits the packet"));
            }
            return;
        };
        if UNDERSTOOD.contains(&module) && open.is_empty() {
            return;
        }
        match words_for::module(module, &open, &self.reading.place.quoted) {
            words_for::Asks::Nothing => {}
            words_for::Asks::Never => self.parsed.when.clear(),
            words_for::Asks::Condition { negated, what } => self.condition(negated, what),
        }
    }

    fn condition(&mut self, negated: bool, what: String) {
        let condition = if negated { Condition::fails(what) } else { Condition::holds(what) };
        self.narrow(Match::any().on(condition));
    }

    fn narrow(&mut self, by: Match) {
        self.narrow_to_any(&[by]);
    }

    fn narrow_to_any(&mut self, alternatives: &[Match]) {
        // Most options have one alternative: nothing is laid out anew for it.
        if let [by] = alternatives {
            self.parsed.when.retain_mut(|when| when.and(by).map(|both| *when = both).is_some());
            return;
        }
        let pairs = self.parsed.when.len().saturating_mul(alternatives.len());
        let spent = self.reading.sets.matches.get().saturating_add(pairs);
        self.reading.sets.matches.set(spent);
        if pairs > MOST_ALTERNATIVES || spent > MOST_MATCHES {
            let what = format!("all options of `{}` fit", self.reading.place.quoted);
            for when in &mut self.parsed.when {
                when.conditions.push(Condition::holds(what.as_str()));
            }
            return;
        }
        let pairs = self.parsed.when.iter().flat_map(|when| alternatives.iter().map(move |other| when.and(other)));
        self.parsed.when = pairs.flatten().collect();
    }

    fn note(&mut self, kind: NoteKind, what: String) {
        self.reading.rules.note(kind, self.reading.place, what);
    }

    fn stray(&mut self, word: &str) {
        self.note(NoteKind::NotUnderstood, format!("`{word}` is no option"));
        self.condition(false, format!("`{word}` fits the packet"));
    }

    fn protocol(&mut self, negated: bool) {
        let (negated, word) = self.value(negated);
        if matches!(word, "all" | "0") {
            if negated {
                self.parsed.when.clear();
            }
            return;
        }
        let Some(number) = entry::protocol(word) else {
            self.note(NoteKind::NotUnderstood, format!("`{word}` is no protocol that is known here"));
            return self.condition(negated, format!("the packet's protocol is `{word}`"));
        };
        let set = Ranges::one(number);
        self.narrow(Match { protocol: if negated { set.not() } else { set }, ..Match::any() });
    }

    fn addresses(&mut self, negated: bool, put: fn(&mut Match, Ranges)) {
        let (negated, word) = self.value(negated);
        let family = self.reading.family;
        let mut known = Ranges::none();
        let mut names = Vec::new();
        for part in word.split(',') {
            match address::read(part, family) {
                Ok((set, oddity)) => {
                    if let Some(oddity) = oddity {
                        oddity.note(self.reading.rules, self.reading.place);
                    }
                    known = known.or(&set);
                }
                Err(why) => {
                    self.note(NoteKind::NotUnderstood, why);
                    names.push(format!("`{part}` is where the packet's other end is"));
                }
            }
        }
        let with = |set: Ranges| {
            let mut matched = Match::any();
            put(&mut matched, set);
            matched
        };
        // All of a family is no test at all, so that the rule stays short.
        let known_or_all = |set: Ranges| if set == family.all() { Ranges::all() } else { set };
        if negated {
            let mut others = with(family.all().minus(&known));
            others.conditions.extend(names.into_iter().map(Condition::fails));
            return self.narrow(others);
        }
        let mut alternatives = vec![with(known_or_all(known))];
        alternatives.extend(names.into_iter().map(|name| Match::any().on(Condition::holds(name))));
        self.narrow_to_any(&alternatives);
    }

    fn range(&mut self, negated: bool, put: fn(&mut Match, Ranges)) {
        let (negated, word) = self.value(negated);
        let read = word.split_once('-').map_or_else(|| entry::address(word), |(first, last)| entry::range(first, last));
        match read {
            Ok(read) => {
                let mut matched = Match::any();
                put(&mut matched, if negated { self.reading.family.all().minus(&read.ranges) } else { read.ranges });
                self.narrow(matched);
            }
            Err(odd) => {
                self.note(NoteKind::NotUnderstood, odd.what);
                self.condition(negated, format!("an address lies in `{word}`"));
            }
        }
    }

    fn interface(&mut self, negated: bool, put: fn(&mut Match, Names)) {
        let (negated, word) = self.value(negated);
        if word == "+" && !negated {
            return;
        }
        let mut matched = Match::any();
        put(&mut matched, if negated { Names::none_of([word]) } else { Names::one_of([word]) });
        self.narrow(matched);
    }

    fn port(&mut self, negated: bool, ends: &[End]) {
        let (negated, word) = self.value(negated);
        let mut ports = Ranges::none();
        for part in word.split(',') {
            let Some(set) = address::ports(part) else {
                self.note(NoteKind::NotUnderstood, format!("`{part}` is no port that is known here"));
                return self.condition(negated, format!("the packet's port is `{word}`"));
            };
            ports = ports.or(&set);
        }
        if negated {
            ports = Ranges::between(0_u8, u16::MAX).minus(&ports);
        }
        let at = |end: &End| match end {
            End::Source => Match { source_port: ports.clone(), ..Match::any() },
            End::Destination => Match { port: ports.clone(), ..Match::any() },
        };
        if negated {
            for end in ends {
                self.narrow(at(end));
            }
        } else {
            self.narrow_to_any(&ends.iter().map(at).collect::<Vec<_>>());
        }
    }

    fn flags(&mut self, test: FlagsTest) {
        self.narrow(Match { protocol: Ranges::one(6_u8), flags: vec![test], ..Match::any() });
    }

    fn tcp_flags(&mut self, negated: bool) {
        let (negated, mask) = self.value(negated);
        let set = self.word().unwrap_or_default();
        match (tcp_flags(mask), tcp_flags(set)) {
            (Some(mask), Some(set)) => self.flags(FlagsTest { mask, set, is: !negated }),
            _ => self.condition(negated, format!("of the TCP flags {mask} exactly {set} are set")),
        }
    }

    fn set(&mut self, negated: bool) {
        let (negated, name) = self.value(negated);
        let ends = self.word().unwrap_or_default();
        let (mut known_ends, mut odd) = (Vec::new(), false);
        for end in ends.split(',') {
            match end {
                "src" => known_ends.push(End::Source),
                "dst" => known_ends.push(End::Destination),
                _ => odd = true,
            }
        }
        let extra = self.counting();
        if !self.reading.sets.has(name) && !self.reading.sets.filled.iter().any(|filled| filled == name) {
            let how = if self.reading.sets.is_empty() { ": hand over what `ipset save` prints, too" } else { "" };
            self.note(NoteKind::Undefined, format!("the set `{name}` is not in these files{how}"));
        }
        if odd || extra.is_some() {
            let words = extra.map(|extra| format!(" {extra}")).unwrap_or_default();
            return self.condition(negated, format!("the set `{name}` holds the packet's {ends}{words}"));
        }
        let members = self.reading.sets.members(name, &known_ends, self.reading.family);
        if !negated {
            let all: Vec<Match> = members.known.into_iter().chain(members.perhaps).collect();
            return self.narrow_to_any(&all);
        }
        let family = self.reading.family;
        let unconditional = |it: &Match| Match { conditions: Vec::new(), ..it.clone() };
        let everything: Vec<Match> =
            members.known.iter().cloned().chain(members.perhaps.iter().map(unconditional)).collect();
        let (Some(mut outside), Some(unknown)) = (none_of(&everything, family), none_of(&members.known, family)) else {
            return self.condition(true, format!("the set `{name}` holds the packet's {ends}"));
        };
        for perhaps in &members.perhaps {
            let fails = |condition: &Condition| Condition { holds: !condition.holds, ..condition.clone() };
            for condition in &perhaps.conditions {
                let without = unconditional(perhaps).on(fails(condition));
                outside.extend(unknown.iter().filter_map(|piece| piece.and(&without)));
            }
        }
        self.narrow_to_any(&outside);
    }

    /// Options of a match by set that look at its counters.
    fn counting(&mut self) -> Option<String> {
        let mut extra = Vec::new();
        loop {
            let (bang, at) = match self.words.get(self.at).map(AsRef::as_ref) {
                Some("!") => (true, self.at + 1),
                _ => (false, self.at),
            };
            let word = self.words.get(at).map(AsRef::as_ref).unwrap_or_default();
            let harmless = matches!(word, "--update-counters" | "--update-subcounters");
            let counts = word.starts_with("--packets-") || word.starts_with("--bytes-") || word == "--return-nomatch";
            if !harmless && !counts {
                break;
            }
            self.at = at + 1;
            let values = self.values();
            if counts {
                extra.push(format!("{}{word} {}", if bang { "! " } else { "" }, values.join(" ")).trim().to_owned());
            }
        }
        (!extra.is_empty()).then(|| extra.join(" "))
    }

    fn states(&mut self, negated: bool) {
        let (negated, word) = self.value(negated);
        self.parsed.asks_state = true;
        let (mut states, mut rewritten) = (States::NONE, Vec::new());
        for one in word.split(',') {
            match one.to_ascii_uppercase().as_str() {
                "NEW" => states = states.or(States::NEW),
                "ESTABLISHED" => states = states.or(States::ESTABLISHED),
                "RELATED" => states = states.or(States::RELATED),
                "INVALID" => states = states.or(States::INVALID),
                "UNTRACKED" => states = states.or(States::UNTRACKED),
                "DNAT" => rewritten.push("the destination of its connection was rewritten".to_owned()),
                "SNAT" => rewritten.push("the source of its connection was rewritten".to_owned()),
                _ => {
                    self.note(NoteKind::NotUnderstood, format!("`{one}` is no state of a connection"));
                    rewritten.push(format!("its connection is in the state `{one}`"));
                }
            }
        }
        let in_states = |states: States| Match { states, ..Match::any() };
        if negated {
            let mut others = in_states(!states);
            others.conditions.extend(rewritten.into_iter().map(Condition::fails));
            return self.narrow(others);
        }
        let mut alternatives = vec![in_states(states)];
        alternatives.extend(rewritten.into_iter().map(|what| Match::any().on(Condition::holds(what))));
        self.narrow_to_any(&alternatives);
    }

    /// The first packet goes the way that its connection is opened; of later ones the rule alone does not say.
    fn direction(&mut self, negated: bool) {
        let (negated, word) = self.value(negated);
        let original = word.eq_ignore_ascii_case("ORIGINAL") != negated;
        let what = "the packet goes the way that its connection was opened";
        let condition = if original { Condition::holds(what) } else { Condition::fails(what) };
        let mut alternatives = vec![Match { states: !States::NEW, ..Match::any() }.on(condition)];
        if original {
            alternatives.push(Match { states: States::NEW, ..Match::any() });
        }
        self.narrow_to_any(&alternatives);
    }

    /// What a connection was opened from and to: of the first packet its own ends, before anything rewrites them.
    fn original(&mut self, option: &str, negated: bool) {
        let (negated, word) = self.value(negated);
        let family = self.reading.family;
        let mut first = Match { states: States::NEW, ..Match::any() };
        let (read, all) = if option.ends_with("port") {
            (address::ports(word), Ranges::between(0_u8, u16::MAX))
        } else {
            (address::read(word, family).ok().map(|(set, _)| set), family.all())
        };
        let what = format!("`{option} {word}` fits the connection");
        let Some(read) = read else { return self.condition(negated, what) };
        let set = if negated { all.minus(&read) } else { read };
        match option {
            "--ctorigsrc" => first.source = set,
            "--ctorigdst" => first.destination = set,
            "--ctorigsrcport" => first.source_port = set,
            _ => first.port = set,
        }
        let condition = if negated { Condition::fails(what) } else { Condition::holds(what) };
        self.narrow_to_any(&[first, Match { states: !States::NEW, ..Match::any() }.on(condition)]);
    }

    fn kind(&mut self, negated: bool, source: bool) {
        let (negated, word) = self.value(negated);
        let kinds = word.split(',').map(str::to_ascii_uppercase).collect();
        self.parsed.kinds.push(KindTest { source, is: !negated, kinds });
    }

    /// Connections have one sender and one receiver.
    fn packet_type(&mut self, negated: bool) {
        let (negated, word) = self.value(negated);
        let unicast = matches!(word, "unicast" | "host");
        let known = unicast || matches!(word, "broadcast" | "multicast");
        if !known {
            self.condition(negated, format!("the packet's type is `{word}`"));
        } else if unicast == negated {
            self.parsed.when.clear();
        }
    }

    fn icmp(&mut self, number: u8, negated: bool) {
        let (negated, word) = self.value(negated);
        self.narrow(protocol(number));
        self.condition(negated, format!("its ICMP type is {word}"));
    }
}

fn protocol(number: u8) -> Match {
    Match { protocol: Ranges::one(number), ..Match::any() }
}

/// Modules of which every option is understood.
const UNDERSTOOD: &[&str] = &[
    "tcp",
    "udp",
    "udplite",
    "sctp",
    "dccp",
    "multiport",
    "iprange",
    "set",
    "conntrack",
    "state",
    "comment",
    "addrtype",
    "pkttype",
    "icmp",
    "icmp6",
    "icmpv6",
    "standard",
];

fn tcp_flags(list: &str) -> Option<u8> {
    list.split(',').try_fold(0, |flags, one| {
        let bit = match one.to_ascii_uppercase().as_str() {
            "FIN" => 0x01,
            "SYN" => 0x02,
            "RST" => 0x04,
            "PSH" => 0x08,
            "ACK" => 0x10,
            "URG" => 0x20,
            "ALL" => 0x3f,
            "NONE" => 0,
            _ => return None,
        };
        Some(flags | bit)
    })
}

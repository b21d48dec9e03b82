//! What a rule does: its statements one after the other, until one of them decides.

use serde_json::Value;

use super::boxes::{MOST, product};
use super::fields::of_family;
use super::matching::Reading;
use super::render;
use super::ruleset::text;
use crate::firewall::addresses::Family;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Answer, ChainId, Condition, Match, NoteKind, Rule, Then};

/// A rule while it is read.
struct Reader<'r, 'a, 'v> {
    reading: &'a mut Reading<'r, 'v>,
    /// The chain that it stands in.
    chain: ChainId,
    /// The chains of its table, by name.
    target: &'a dyn Fn(&str) -> Option<ChainId>,
    /// What reaches the next statement.
    when: Vec<Match>,
    logs: bool,
}

/// Whether there is a next statement.
#[derive(PartialEq, Eq)]
enum Next {
    Goes,
    Ends,
}

/// Reads a rule into a chain.
pub(super) fn rule<'v>(
    reading: &mut Reading<'_, 'v>,
    chain: ChainId,
    target: &dyn Fn(&str) -> Option<ChainId>,
    rule: &'v Value,
) {
    let mut reader = Reader { reading, chain, target, when: vec![Match::any()], logs: false };
    let Some(statements) = rule["expr"].as_array() else {
        return reader.not_understood("it has no statements");
    };
    for (nth, statement) in statements.iter().enumerate() {
        if reader.statement(statement, statements.get(nth + 1..).unwrap_or_default()) == Next::Ends {
            return;
        }
    }
    if reader.logs {
        reader.push(Then::Next);
    }
}

/// What a rule may match at most, before anything of its chain is looked at.
pub(super) fn reach<'v>(reading: &mut Reading<'_, 'v>, rule: &'v Value) -> Vec<Match> {
    let mut all = vec![Match::any()];
    for what in rule["expr"].as_array().into_iter().flatten().filter_map(|statement| statement.get("match")) {
        let matched = reading.matched(what);
        all = product(&all, &matched).unwrap_or(all);
    }
    all
}

impl<'v> Reader<'_, '_, 'v> {
    fn statement(&mut self, statement: &'v Value, behind: &[Value]) -> Next {
        // A verdict without anything is written as a word in some versions.
        let (word, what) = match statement.as_object().and_then(|object| object.iter().next()) {
            Some((word, what)) => (word.as_str(), what),
            None => (statement.as_str().unwrap_or_default(), &Value::Null),
        };
        match word {
            "match" => {
                let matched = self.reading.matched(what);
                self.narrow(&matched, statement);
            }
            "vmap" => return self.verdict_map(what, statement),
            "log" => self.logs = true,
            "limit" | "quota" | "ct count" | "connlimit" => self.doubt(statement),
            "set" | "map" | "meter" => {
                let keeps = |inner: &&Value| ["limit", "quota", "ct count"].iter().any(|it| inner.get(*it).is_some());
                if render::statements(&what["stmt"]).iter().any(keeps) {
                    self.doubt(statement);
                }
            }
            "mangle" if changes_where_it_goes(&what["key"]) => {
                self.not_understood("it changes the addresses or ports of packets");
                return Next::Ends;
            }
            "continue" | "counter" | "last" | "mangle" | "reset" | "dup" | "flow" | "secmark" | "ct helper"
            | "ct timeout" | "ct expectation" => {}
            "notrack" => {
                self.not_understood("it keeps the connection from being tracked, so that its state is not known");
                return Next::Ends;
            }
            "xt" => return self.extension(what, statement, behind),
            "accept" | "masquerade" | "snat" => return self.decides(Then::Answer(Answer::Accept)),
            "drop" => return self.decides(Then::Answer(Answer::Drop)),
            "reject" => {
                self.narrow(&rejected(what), statement);
                return self.decides(Then::Answer(Answer::Reject));
            }
            "return" => return self.decides(Then::Return),
            "jump" | "goto" => return self.leads_to(word, what),
            "dnat" | "redirect" | "tproxy" => {
                return self.either(statement, "what follows lets it pass once this has changed where it goes:");
            }
            "queue" | "synproxy" | "fwd" => return self.either(statement, "it goes on behind"),
            _ => {
                self.not_understood(&format!("`{}` is not known", render::statement(statement)));
                return Next::Ends;
            }
        }
        Next::Goes
    }

    fn narrow(&mut self, matched: &[Match], statement: &Value) {
        let more = self.when.len().saturating_mul(matched.len().saturating_sub(1));
        match product(&self.when, matched).filter(|_| self.reading.affords(more)) {
            Some(both) => self.when = both,
            None => self.doubt(statement),
        }
    }

    /// What reaches further only under a condition that is this rule's own: a rate is kept for each rule by itself.
    fn doubt(&mut self, statement: &Value) {
        let words = self.reading.own(&render::statement(statement));
        self.on(&Condition::holds(words));
    }

    fn on(&mut self, condition: &Condition) {
        for when in &mut self.when {
            when.conditions.push(condition.clone());
        }
    }

    fn push(&mut self, then: Then) {
        let rule = Rule { logs: self.logs, ..Rule::new(self.reading.place.clone(), self.when.clone(), then) };
        let at = self.chain.0 as usize;
        if let Some(chain) = self.reading.rules.chains.get_mut(at) {
            chain.rules.push(rule);
        }
    }

    fn decides(&mut self, then: Then) -> Next {
        self.push(then);
        Next::Ends
    }

    fn leads_to(&mut self, word: &str, what: &Value) -> Next {
        let name = text(what, "target").or(what.as_str()).unwrap_or_default();
        match (self.target)(name) {
            Some(chain) if word == "jump" => self.decides(Then::Jump(chain)),
            Some(chain) => self.decides(Then::Goto(chain)),
            None => {
                let place = self.reading.place.clone();
                self.reading.rules.note(NoteKind::Undefined, &place, format!("the chain `{name}` is not in this file"));
                self.not_understood(&format!("the chain `{name}` is not in this file"));
                Next::Ends
            }
        }
    }

    /// Something outside the rules decides.
    fn either(&mut self, statement: &Value, whether: &str) -> Next {
        let words = format!("{whether} `{}` ({})", render::statement(statement), self.reading.place.name);
        let when = self.when.clone();
        self.on(&Condition::holds(words.clone()));
        self.push(Then::Answer(Answer::Accept));
        self.when = when;
        self.on(&Condition::fails(words));
        self.push(Then::Answer(Answer::Drop));
        Next::Ends
    }

    /// Something of iptables, of which no more than its kind and name is shown here, and not even that by old versions: before a
    /// verdict it is a match; otherwise it may be one itself.
    fn extension(&mut self, what: &Value, statement: &Value, behind: &[Value]) -> Next {
        let decided = ["accept", "drop", "reject", "jump", "goto", "return"];
        let leads_on = || behind.iter().any(|statement| decided.iter().any(|word| statement.get(*word).is_some()));
        match (text(what, "type"), text(what, "name").unwrap_or_default()) {
            (Some("match"), "comment") => Next::Goes,
            (Some("match"), name) => {
                let words = self.reading.own(&format!("-m {name}, an extension of iptables"));
                self.on(&Condition::holds(words));
                Next::Goes
            }
            (Some("target"), "LOG" | "NFLOG" | "ULOG") => {
                self.logs = true;
                Next::Goes
            }
            (Some("target"), name) if GOES_ON.contains(&name) => Next::Goes,
            (Some("target"), "REJECT") => self.decides(Then::Answer(Answer::Reject)),
            (Some("target"), "MASQUERADE" | "SNAT") => self.decides(Then::Answer(Answer::Accept)),
            (Some("target"), "DNAT" | "REDIRECT") => {
                self.either(statement, "what follows lets it pass once this has changed where it goes:")
            }
            (None, _) if leads_on() => {
                let words = self.reading.own("an extension of iptables");
                self.on(&Condition::holds(words));
                Next::Goes
            }
            _ => {
                self.not_understood("it holds an extension of iptables that nft does not show; iptables-save shows it");
                Next::Ends
            }
        }
    }

    fn verdict_map(&mut self, what: &'v Value, statement: &Value) -> Next {
        let before = self.when.clone();
        let Some(entries) = self.reading.mapped(what) else {
            self.not_understood(&format!("what `{}` decides is not known", render::statement(statement)));
            return Next::Ends;
        };
        let (mut goes_on, mut known) = (Vec::new(), 0_usize);
        for (tests, verdict) in entries {
            let both = product(&before, &tests).filter(|both| known.saturating_add(both.len()) <= MOST);
            let Some(both) = both else {
                self.when = before;
                self.not_understood("it has more combinations than are told apart");
                return Next::Ends;
            };
            known += both.len();
            let verdict_word = verdict.as_object().and_then(|it| it.keys().next()).map(String::as_str);
            if verdict_word.or(verdict.as_str()) == Some("continue") {
                goes_on.extend(both);
            } else if !both.is_empty() {
                self.when = both;
                self.statement(verdict, &[]);
            }
        }
        self.when = goes_on;
        if self.when.is_empty() { Next::Ends } else { Next::Goes }
    }

    /// All that reaches this statement may pass or not.
    fn not_understood(&mut self, why: &str) {
        let place = self.reading.place.clone();
        let why = format!("{why} ({})", place.name);
        let before = self.reading.rules.notes.len();
        for when in std::mem::take(&mut self.when) {
            self.reading.rules.not_understood(self.chain, &place, &when, &why);
            // However many alternatives, it is one rule.
            self.reading.rules.notes.truncate(before + 1);
        }
    }
}

/// Targets of iptables behind which a chain goes on.
const GOES_ON: [&str; 21] = [
    "AUDIT",
    "CHECKSUM",
    "CLASSIFY",
    "CONNMARK",
    "CONNSECMARK",
    "DSCP",
    "ECN",
    "HL",
    "HMARK",
    "IDLETIMER",
    "LED",
    "MARK",
    "RATEEST",
    "SECMARK",
    "SET",
    "TCPMSS",
    "TCPOPTSTRIP",
    "TEE",
    "TOS",
    "TRACE",
    "TTL",
];

/// What can be rejected in a certain way: nft leaves out of a rule what follows from that.
fn rejected(what: &Value) -> Vec<Match> {
    vec![match text(what, "type") {
        Some("tcp reset") => Match { protocol: Ranges::one(6_u8), ..Match::any() },
        Some("icmp") => of_family(Family::V4),
        Some("icmpv6") => of_family(Family::V6),
        _ => Match::any(),
    }]
}

/// Whether a field is one that rules look at to know where a packet comes from and goes to.
fn changes_where_it_goes(key: &Value) -> bool {
    key.get("payload").is_some_and(|payload| {
        matches!(text(payload, "field"), Some("saddr" | "daddr" | "sport" | "dport" | "protocol" | "nexthdr") | None)
            && text(payload, "protocol") != Some("ether")
    })
}

//! Rules as every firewall means them, whichever language they were read from: lists of matches with an answer each, walked in
//! order, and the layers of them that a packet has to pass.

mod matches;

use std::sync::Arc;

pub use matches::{Condition, FlagsTest, Match, NameTest, Names, States};

use super::ranges::Ranges;

/// What was read: every layer that a packet passes, and the chains of rules that they walk.
#[derive(Clone, Default, Debug)]
pub struct Rules {
    /// The layers, in the order in which a packet meets them. It passes where every layer of its way lets it pass.
    pub layers: Vec<Layer>,
    /// The chains that layers begin with and rules jump to.
    pub chains: Vec<Chain>,
    /// What was noticed while reading.
    pub notes: Vec<Note>,
    /// The files, as [`Place::file`] counts them.
    pub files: Vec<File>,
    /// Which way the internet is, where the files say so.
    pub edge: Edge,
}

/// What the files themselves say of the interfaces or zones that a flow crosses.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Edge {
    /// The one by which the internet is reached, where it is only one.
    pub outside: Option<String>,
    /// The only other one there is.
    pub inside: Option<String>,
}

/// A file that rules were read from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// As it was named on the command line.
    pub name: String,
    /// The language it is written in: `Dialect::name`.
    pub dialect: &'static str,
}

/// Which chain: its place in [`Rules::chains`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ChainId(pub u32);

/// A list of rules that every packet of a way has to pass.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What it is called where it was read: `filter INPUT`, `security group sg-0a1b (ingress)`.
    pub name: String,
    /// Which packets meet it.
    pub way: Way,
    /// The addresses of the families that it judges; of others it knows nothing.
    pub families: Ranges,
    /// Where it begins.
    pub chain: ChainId,
    /// Whose business replies are.
    pub replies: Replies,
}

/// On which way packets meet a layer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Way {
    /// Into the installation: its own host, or what stands around it.
    In,
    /// Out of it.
    Out,
    /// Through a machine that is neither end.
    Through,
}

/// Whose business the replies to a connection are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Replies {
    /// The firewall remembers connections: whatever belongs to one that was let through passes.
    Remembered,
    /// The rules of this layer say, knowing the state of a connection ([`Match::states`]).
    ByState,
    /// The rules of the opposite way say, knowing nothing of connections.
    Forgotten,
}

/// A list of rules.
#[derive(Clone, Debug)]
pub struct Chain {
    /// Its name.
    pub name: String,
    /// Its rules, in the order in which they are asked.
    pub rules: Vec<Rule>,
    /// The answer to what no rule answered; a chain that is only jumped to has none, and returns.
    pub policy: Option<Policy>,
}

/// The answer to what no rule answered.
#[derive(Clone, Debug)]
pub struct Policy {
    /// The answer.
    pub answer: Answer,
    /// Where that is written, or follows from.
    pub place: Place,
}

/// A yes or a no.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Answer {
    /// It passes.
    Accept,
    /// It does not; nobody is told.
    Drop,
    /// It does not, and its sender is told.
    Reject,
}

impl Answer {
    /// Whether it passes.
    pub fn passes(self) -> bool {
        self == Answer::Accept
    }
}

/// What becomes of a packet that a rule matches.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Then {
    /// It is decided.
    Answer(Answer),
    /// Another chain is asked, and what that does not decide comes back behind this rule.
    Jump(ChainId),
    /// Another chain is asked, and what that does not decide goes back to where this chain was jumped to.
    Goto(ChainId),
    /// What jumped here goes on; in the first chain of a layer, its policy decides.
    Return,
    /// The next rule is asked: it was only counted, marked or logged.
    Next,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Where it is written.
    pub place: Place,
    /// It matches what any of these matches; nothing, where there is none.
    pub when: Vec<Match>,
    /// What becomes of that.
    pub then: Then,
    /// Whether what it matches is written to a log.
    pub logs: bool,
    /// Why it has no effect, where it has none. Such a rule is never asked; it is told where it would have been the answer.
    pub idle: Option<String>,
}

impl Rule {
    /// A rule that has effect and writes no log.
    pub fn new(place: Place, when: Vec<Match>, then: Then) -> Self {
        Rule { place, when, then, logs: false, idle: None }
    }
}

/// Where something is written, so that a person finds it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Place {
    /// Which file: its place in [`Rules::files`].
    pub file: u16,
    /// Its line, from 1; 0 where lines mean nothing, as in JSON.
    pub line: u32,
    /// What its language calls it: `rule 3 of INPUT`, `handle 12 of inet filter input`, `policy 4 (WorkOS in)`.
    pub name: Arc<str>,
    /// What is written there, on one line, cut where it is very long.
    pub quoted: Arc<str>,
}

/// Something about a file that a reviewer has to know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Note {
    /// Of which kind.
    pub kind: NoteKind,
    /// Where.
    pub place: Place,
    /// What, in words that finish a sentence: "host bits are set: 10.0.0.1/8 is read as 10.0.0.0/8".
    pub what: String,
}

/// Kinds of notes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum NoteKind {
    /// Something was not understood that can bear on what passes. Where its reach is known, the rules hold it as a condition; the
    /// whole is not clean in any case.
    NotUnderstood,
    /// An entry that is no address, port or name as its language wants it, and has no effect, or another than was meant.
    Malformed,
    /// A network is written with host bits.
    HostBits,
    /// A name that stands for nothing in these files.
    Undefined,
    /// An entry stands there twice.
    Duplicate,
    /// Something is switched off, or bound to nothing, and has no effect.
    Idle,
    /// What the reader took for given.
    Assumed,
}

impl Rules {
    /// Adds a chain, and says which it is.
    pub fn add_chain(&mut self, chain: Chain) -> ChainId {
        // Readers are bounded far below that many.
        let id = u32::try_from(self.chains.len()).unwrap_or(u32::MAX);
        self.chains.push(chain);
        ChainId(id)
    }

    /// The chain of this id.
    pub fn chain(&self, id: ChainId) -> Option<&Chain> {
        self.chains.get(id.0 as usize)
    }

    /// Notes something.
    pub fn note(&mut self, kind: NoteKind, place: &Place, what: impl Into<String>) {
        self.notes.push(Note { kind, place: place.clone(), what: what.into() });
    }

    /// Whether every part of the files was understood.
    pub fn understood(&self) -> bool {
        self.notes.iter().all(|note| note.kind != NoteKind::NotUnderstood)
    }

    /// Keeps which way the internet is, where it is one: by which the routes there lead, and which other ways there are.
    pub fn faces(&mut self, outward: &[String], others: &[String]) {
        let [outside] = outward else { return };
        let inside = match others {
            [inside] if inside != outside => Some(inside.clone()),
            _ => None,
        };
        let what = match &inside {
            None => format!("peers on the internet are behind `{outside}`, where the default route leads"),
            Some(inside) => format!(
                "peers on the internet are behind `{outside}`, where the default route leads, and the installation is behind `{inside}`, the only other way"
            ),
        };
        self.note(NoteKind::Assumed, &Place::default(), what);
        self.edge = Edge { outside: Some(outside.clone()), inside };
    }

    /// Takes in what was read from other files: what passes has to pass both.
    pub fn join(&mut self, other: Rules) {
        let chains = u32::try_from(self.chains.len()).unwrap_or(u32::MAX);
        let files = u16::try_from(self.files.len()).unwrap_or(u16::MAX);
        // Names of one firewall mean nothing to another.
        if self.layers.is_empty() {
            self.edge = other.edge;
        } else if !other.layers.is_empty() && self.edge != other.edge {
            self.edge = Edge::default();
        }
        let moved = |id: ChainId| ChainId(id.0.saturating_add(chains));
        let placed = |mut place: Place| {
            place.file = place.file.saturating_add(files);
            place
        };
        self.files.extend(other.files);
        self.layers.extend(other.layers.into_iter().map(|layer| Layer { chain: moved(layer.chain), ..layer }));
        self.notes.extend(other.notes.into_iter().map(|note| Note { place: placed(note.place), ..note }));
        self.chains.extend(other.chains.into_iter().map(|mut chain| {
            chain.policy = chain.policy.map(|policy| Policy { place: placed(policy.place), ..policy });
            for rule in &mut chain.rules {
                rule.place.file = rule.place.file.saturating_add(files);
                rule.then = match rule.then {
                    Then::Jump(id) => Then::Jump(moved(id)),
                    Then::Goto(id) => Then::Goto(moved(id)),
                    other => other,
                };
            }
            chain
        }));
    }

    /// A rule that nobody understood can do anything to what it may match: let it pass, or not. It stands for it in the chain, so
    /// that what comes behind it is as unsure as it is.
    pub fn not_understood(&mut self, chain: ChainId, place: &Place, when: &Match, why: &str) {
        self.note(NoteKind::NotUnderstood, place, why);
        let Some(chain) = self.chains.get_mut(chain.0 as usize) else { return };
        for (answer, does) in [(Answer::Accept, "lets it pass"), (Answer::Drop, "stops it")] {
            let unsure = when.clone().on(Condition::holds(format!("it {does}: {why}")));
            chain.rules.push(Rule::new(place.clone(), vec![unsure], Then::Answer(answer)));
        }
    }
}

impl Place {
    /// How much of what is written somewhere is quoted, in characters.
    const QUOTED: usize = 300;

    /// A place, with what is written there.
    pub fn new(file: u16, line: usize, name: impl Into<Arc<str>>, quoted: &str) -> Self {
        let mut written = String::with_capacity(quoted.len().min(4 * Self::QUOTED));
        for word in quoted.split_whitespace() {
            written.extend((!written.is_empty()).then_some(' '));
            written.push_str(word);
            if written.len() > 4 * Self::QUOTED {
                break;
            }
        }
        let mut quoted = written;
        if let Some((cut, _)) = quoted.char_indices().nth(Self::QUOTED) {
            quoted.truncate(cut);
            quoted.push('…');
        }
        Place { file, line: u32::try_from(line).unwrap_or(u32::MAX), name: name.into(), quoted: quoted.into() }
    }
}

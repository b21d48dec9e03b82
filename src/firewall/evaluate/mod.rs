//! Whether a connection passes, for every address that it can come from or go to: each layer is asked for each kind of packet that
//! a connection consists of, and what cannot be known from the files is kept apart from a yes and a no.

mod behind;
#[cfg(test)]
mod packet_by_packet;
mod paint;
mod shape;
#[cfg(test)]
mod tests;
mod weigh;

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::addresses::Family;
use super::program::{Packet, Program, TooLong};
use super::ranges::{Interval, Ranges};
use super::rules::{Layer, Replies, Rules, States, Way};
use paint::paint;
use shape::Shape;

pub use super::program::By;

/// A connection that somebody wants to pass.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Question<'a> {
    /// Which way its first packet takes.
    pub way: Way,
    /// Where the peers are: the addresses that are asked about, each by itself.
    pub peers: Ranges,
    /// Whether they open the connection, or it is opened to them.
    pub peer: Peer,
    /// The addresses of the other end, the installation's; nothing, where they are not known. It has to pass for all of them.
    pub here: Option<Ranges>,
    /// Its protocol, by number.
    pub protocol: u8,
    /// The port it is opened to.
    pub port: u16,
    /// By which interface or zone its first packet comes in, where that is known.
    pub from: Option<&'a str>,
    /// By which it goes out.
    pub to: Option<&'a str>,
    /// The host that it is opened to, for firewalls that go by name.
    pub host: Option<&'a str>,
}

/// Which end the peers are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Peer {
    /// They open it.
    Source,
    /// It is opened to them.
    Destination,
}

/// What becomes of some of the peers.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// Which.
    pub peers: Ranges,
    /// Whether they pass.
    pub verdict: Verdict,
    /// Who decides: what lets them pass, or what stops them first; for what is unsure, what may stop them.
    pub by: By<'a>,
    /// What may let them pass, for what is unsure.
    pub perhaps: Option<By<'a>>,
    /// The layer in which that is decided; nothing, where there is none.
    pub layer: Option<&'a Layer>,
    /// Of which packets that holds.
    pub leg: Leg,
    /// What would have to be known, for what is unsure; each finishes "unsure whether …".
    pub why: Vec<String>,
}

/// Whether a connection passes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Verdict {
    /// It does.
    Allowed,
    /// It does not.
    Denied,
    /// The files do not say.
    Unsure,
}

/// The packets of a connection, as firewalls tell them apart.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Leg {
    /// The first one.
    First,
    /// Those that follow it the same way.
    Later,
    /// Those that come back.
    Back,
}

/// Ports that connections are opened from.
pub const EPHEMERAL: (u16, u16) = (1024, 65535);

/// TCP's number.
pub const TCP: u8 = 6;
/// UDP's number.
pub const UDP: u8 = 17;

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;
const PSH: u8 = 0x08;

/// Asks the rules one question.
pub fn ask<'a>(rules: &'a Rules, question: &Question) -> Vec<Part<'a>> {
    Asking::of(rules).ask(question)
}

/// Rules that are asked several questions: how their layers are laid out is kept from one to the next.
pub struct Asking<'a> {
    rules: &'a Rules,
    /// Whether any rule looks at the flags of TCP.
    looks_at_flags: bool,
    /// What was laid out, by layer and kind of packet.
    laid_out: RefCell<HashMap<(usize, Packet), LaidOut<'a>>>,
}

type LaidOut<'a> = Rc<Result<Program<'a>, TooLong>>;

impl<'a> Asking<'a> {
    /// Nothing is asked yet.
    pub fn of(rules: &'a Rules) -> Self {
        let matches = rules.chains.iter().flat_map(|chain| &chain.rules).flat_map(|rule| &rule.when);
        let looks_at_flags = matches.into_iter().any(|when| !when.flags.is_empty());
        Asking { rules, looks_at_flags, laid_out: RefCell::default() }
    }

    /// Asks them. The parts do not overlap, and together they are the peers that were asked about.
    pub fn ask(&self, question: &Question) -> Vec<Part<'a>> {
        let mut judged: Vec<(Interval, Judged<'a>)> = Vec::new();
        for family in Family::BOTH {
            let peers = question.peers.and(&family.all());
            if !peers.is_empty() {
                judged.extend(self.of_family(question, family, &peers));
            }
        }
        parts(judged)
    }

    fn laid_out(&self, number: usize, layer: &Layer, packet: Packet) -> LaidOut<'a> {
        let mut laid_out = self.laid_out.borrow_mut();
        let of = || Rc::new(Program::of(self.rules, layer, packet));
        Rc::clone(laid_out.entry((number, packet)).or_insert_with(of))
    }

    fn of_family(&self, question: &Question, family: Family, peers: &Ranges) -> Vec<(Interval, Judged<'a>)> {
        let mut all: Option<Vec<(Interval, Judged<'a>)>> = None;
        let concerned = |(_, layer): &(usize, &'a Layer)| layer.families.overlaps(&family.all());
        for leg in [Leg::First, Leg::Later, Leg::Back] {
            let way = if leg == Leg::Back { back(question.way) } else { question.way };
            let layers = self.rules.layers.iter().enumerate();
            for (number, layer) in layers.filter(|(_, layer)| layer.way == way).filter(concerned) {
                let of_leg = packets(question.protocol, layer.replies).into_iter().filter(|(of, _)| *of == leg);
                // Where rules do not tell packets apart, one stands for all.
                let most = if self.looks_at_flags { usize::MAX } else { 1 };
                for (_, packet) in of_leg.take(most) {
                    let shape = Shape::of(question, family, leg, layer.replies);
                    let program = self.laid_out(number, layer, packet);
                    let here = asked(&program, layer, &shape, peers, leg);
                    all = Some(match all {
                        None => here,
                        Some(all) => both(all, here),
                    });
                }
            }
            // Without a layer for what begins a connection, nothing is known of it, whatever is said of the rest.
            if leg == Leg::First && all.is_none() {
                let why = format!("{} passes: no rules for it are in these files", family.as_str());
                let judged = Judged {
                    verdict: Verdict::Unsure,
                    by: By::Nobody,
                    perhaps: None,
                    layer: None,
                    leg,
                    why: vec![why],
                };
                return peers.intervals().iter().map(|interval| (*interval, judged.clone())).collect();
            }
        }
        all.unwrap_or_default()
    }
}

/// What is concluded for some peers, before parts are made of it.
#[derive(Clone, Debug)]
struct Judged<'a> {
    verdict: Verdict,
    by: By<'a>,
    perhaps: Option<By<'a>>,
    layer: Option<&'a Layer>,
    leg: Leg,
    why: Vec<String>,
}

impl<'a> Judged<'a> {
    fn of(self, peers: Ranges) -> Part<'a> {
        let Judged { verdict, by, perhaps, layer, leg, why } = self;
        Part { peers, verdict, by, perhaps, layer, leg, why }
    }

    /// What is concluded of two layers or packets that both have to pass. What stops it is said before what may stop it, and a
    /// rule that lets it pass before a policy that does.
    fn and(self, other: Judged<'a>) -> Judged<'a> {
        match (self.verdict, other.verdict) {
            (Verdict::Denied, _) | (Verdict::Unsure, Verdict::Allowed) => self,
            (_, Verdict::Denied) | (Verdict::Allowed, Verdict::Unsure) => other,
            (Verdict::Unsure, Verdict::Unsure) => {
                let mut both = self;
                for why in other.why {
                    if both.why.len() < MOST_REASONS && !both.why.contains(&why) {
                        both.why.push(why);
                    }
                }
                both
            }
            (Verdict::Allowed, Verdict::Allowed) => {
                let telling = other.leg == Leg::First
                    && matches!((self.by, other.by), (By::Policy(..) | By::Nobody, By::Rule(..)));
                if telling { other } else { self }
            }
        }
    }
}

/// More reasons than that are read by nobody.
const MOST_REASONS: usize = 6;

/// A connection's packets, of which each has to pass the layers of its way.
fn packets(protocol: u8, replies: Replies) -> Vec<(Leg, Packet)> {
    let tcp = protocol == TCP;
    let flags = |flags: u8| tcp.then_some(flags);
    let (new, known) = match replies {
        Replies::Remembered | Replies::ByState => (Some(States::NEW), Some(States::ESTABLISHED)),
        Replies::Forgotten => (None, None),
    };
    let mut packets = vec![(Leg::First, Packet { state: new, flags: flags(SYN) })];
    if replies == Replies::Remembered {
        return packets;
    }
    if tcp {
        packets.extend([ACK, PSH | ACK].map(|it| (Leg::Later, Packet { state: known, flags: Some(it) })));
        packets.extend([SYN | ACK, ACK, PSH | ACK].map(|it| (Leg::Back, Packet { state: known, flags: Some(it) })));
    } else {
        packets.push((Leg::Back, Packet { state: known, flags: None }));
    }
    packets
}

fn back(way: Way) -> Way {
    match way {
        Way::In => Way::Out,
        Way::Out => Way::In,
        Way::Through => Way::Through,
    }
}

/// What a layer says to packets of one kind.
fn asked<'a>(
    program: &Result<Program<'a>, TooLong>,
    layer: &'a Layer,
    shape: &Shape,
    peers: &Ranges,
    leg: Leg,
) -> Vec<(Interval, Judged<'a>)> {
    let program = match program {
        Ok(program) => program,
        Err(why) => {
            let why = match why {
                TooLong::Steps(most) => {
                    format!("{} lets it pass: its chains come to more than {most} steps", layer.name)
                }
                TooLong::Circle => format!("{} lets it pass: a chain leads back to itself", layer.name),
            };
            let judged = Judged {
                verdict: Verdict::Unsure,
                by: By::Nobody,
                perhaps: None,
                layer: Some(layer),
                leg,
                why: vec![why],
            };
            return peers.intervals().iter().map(|interval| (*interval, judged.clone())).collect();
        }
    };
    let mut all: Option<Vec<(Interval, Judged<'a>)>> = None;
    for shape in shape.split(program) {
        let here = paint(program, &shape, peers, layer, leg);
        all = Some(match all {
            None => here,
            Some(all) => both(all, here),
        });
    }
    all.unwrap_or_default()
}

/// Two conclusions about the same peers that both have to hold.
fn both<'a>(one: Vec<(Interval, Judged<'a>)>, other: Vec<(Interval, Judged<'a>)>) -> Vec<(Interval, Judged<'a>)> {
    let mut all = Vec::with_capacity(one.len().max(other.len()));
    let (mut one, mut other) = (one.into_iter().peekable(), other.into_iter().peekable());
    while let (Some(((a, b), mine)), Some(((c, d), theirs))) = (one.peek(), other.peek()) {
        let (first, last) = ((*a).max(*c), (*b).min(*d));
        if first <= last {
            all.push(((first, last), mine.clone().and(theirs.clone())));
        }
        if b <= d {
            one.next();
        } else {
            other.next();
        }
    }
    all
}

/// Peers of which the same is concluded, together.
fn parts(judged: Vec<(Interval, Judged<'_>)>) -> Vec<Part<'_>> {
    let mut parts: Vec<(Vec<Interval>, Judged<'_>)> = Vec::new();
    let mut known: HashMap<Key, usize> = HashMap::new();
    for (interval, judged) in judged {
        let at = *known.entry(Key::of(&judged)).or_insert_with(|| {
            parts.push((Vec::new(), judged));
            parts.len() - 1
        });
        parts[at].0.push(interval);
    }
    parts.into_iter().map(|(intervals, judged)| judged.of(Ranges::of(intervals))).collect()
}

/// What conclusions are told apart by.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    verdict: Verdict,
    by: (usize, usize),
    perhaps: Option<(usize, usize)>,
    leg: Leg,
    why: Vec<String>,
}

impl Key {
    fn of(judged: &Judged<'_>) -> Self {
        Key {
            verdict: judged.verdict,
            by: identity(judged.by),
            perhaps: judged.perhaps.map(identity),
            leg: judged.leg,
            why: judged.why.clone(),
        }
    }
}

/// Two rules of the same words are two rules.
fn identity(by: By<'_>) -> (usize, usize) {
    match by {
        By::Rule(chain, rule) => (std::ptr::from_ref(chain).addr(), std::ptr::from_ref(rule).addr()),
        By::Policy(chain, _) => (std::ptr::from_ref(chain).addr(), 0),
        By::Nobody => (0, 0),
    }
}

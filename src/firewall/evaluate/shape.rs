//! A connection's packets as steps of a program see them: everything but the peer, which stays free.

use std::borrow::Cow;

use super::{EPHEMERAL, Leg, Peer, Question};
use crate::firewall::addresses::{Family, in_words};
use crate::firewall::program::{Program, Step};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{Condition, Match, Names, Replies};

/// What is known of the packets besides the peer.
#[derive(Clone)]
pub(super) struct Shape<'a> {
    /// Whether the peer is the packet's source.
    peer_is_source: bool,
    /// What its other end's address can be: of the same family, unless a proxy stands between, which goes by names.
    own: Ranges,
    /// The addresses of the other end, where they are known.
    here: Option<Ranges>,
    protocol: u8,
    source_port: Ranges,
    port: Ranges,
    from: Option<&'a str>,
    to: Option<&'a str>,
    host: Option<&'a str>,
    /// Whether the host is the destination of these packets: answers come from it.
    names_its_destination: bool,
}

/// How far a step matches packets of a shape.
pub(super) struct Fit<'s> {
    /// The peers that it matches.
    pub(super) peers: &'s Ranges,
    /// What would have to be known besides.
    pub(super) unless: Vec<Doubt<'s>>,
}

/// What is not known about a match.
pub(super) enum Doubt<'s> {
    /// A condition of the rule.
    Condition(&'s Condition),
    /// Whether the installation's address is one of these.
    Here(&'s Ranges),
    /// Whether it comes in there.
    From(&'s Names),
    /// Whether it goes out there.
    To(&'s Names),
    /// Whether it goes to that host.
    Host(&'s Names),
    /// Whether it comes from one of these ports.
    SourcePort(&'s Ranges),
    /// Whether it goes to one of these ports.
    Port(&'s Ranges),
}

/// More pieces than that are not told apart: a rule that matches some of them is then in doubt.
const MOST_PIECES: usize = 64;

impl<'a> Shape<'a> {
    /// The shape of a question's packets.
    pub(super) fn of(question: &Question<'a>, family: Family, leg: Leg, replies: Replies) -> Self {
        let own = if question.host.is_some() { Ranges::all() } else { family.all() };
        let here = question.here.as_ref().map(|here| here.and(&own)).filter(|here| !here.is_empty());
        let (ephemeral, asked) = (Ranges::between(EPHEMERAL.0, EPHEMERAL.1), Ranges::one(question.port));
        let comes_back = leg == Leg::Back;
        let (source_port, port) = if comes_back { (asked, ephemeral) } else { (ephemeral, asked) };
        let (from, to) = if comes_back { (question.to, question.from) } else { (question.from, question.to) };
        Shape {
            peer_is_source: (question.peer == Peer::Source) != comes_back,
            own,
            here,
            protocol: question.protocol,
            source_port,
            port,
            from,
            to,
            host: question.host,
            names_its_destination: !comes_back || replies == Replies::Remembered,
        }
    }

    /// The same, in pieces such that every step matches all of a piece or nothing of it, as far as ports and the installation's
    /// own addresses are concerned.
    pub(super) fn split(&self, program: &Program) -> Vec<Shape<'a>> {
        let mut pieces = vec![self.clone()];
        let concerned: Vec<&Step> =
            program.steps.iter().filter(|step| step.when.protocol.contains(self.protocol)).collect();
        let cut = |whole: &Ranges, set: fn(&Match) -> &Ranges| cut(whole, concerned.iter().map(|step| set(&step.when)));
        let with = |pieces: &[Shape<'a>], into: Vec<Ranges>, put: fn(&mut Shape<'a>, Ranges)| -> Vec<Shape<'a>> {
            let one_by_one = pieces.iter().flat_map(|piece| {
                into.iter().map(move |part| {
                    let mut piece = piece.clone();
                    put(&mut piece, part.clone());
                    piece
                })
            });
            one_by_one.collect()
        };
        pieces =
            with(&pieces, cut(&self.source_port, |when| &when.source_port), |piece, part| piece.source_port = part);
        pieces = with(&pieces, cut(&self.port, |when| &when.port), |piece, part| piece.port = part);
        if let Some(here) = &self.here {
            let side: fn(&Match) -> &Ranges =
                if self.peer_is_source { |when| &when.destination } else { |when| &when.source };
            pieces = with(&pieces, cut(here, side), |piece, part| piece.here = Some(part));
        }
        pieces
    }

    /// How far a step matches.
    pub(super) fn fits<'s>(&self, when: &'s Match) -> Option<Fit<'s>> {
        let (peers, here) =
            if self.peer_is_source { (&when.source, &when.destination) } else { (&when.destination, &when.source) };
        if peers.is_empty() || !when.protocol.contains(self.protocol) {
            return None;
        }
        let mut unless = Vec::new();
        let mut within = |known: &Ranges, set: &'s Ranges, doubt: fn(&'s Ranges) -> Doubt<'s>| -> bool {
            if set.covers(known) {
                return true;
            }
            unless.push(doubt(set));
            set.overlaps(known)
        };
        if !within(&self.source_port, &when.source_port, Doubt::SourcePort)
            || !within(&self.port, &when.port, Doubt::Port)
        {
            return None;
        }
        let fits_here = match &self.here {
            Some(known) => within(known, here, Doubt::Here),
            None => within(&self.own, here, Doubt::Here),
        };
        if !fits_here {
            return None;
        }
        // What is asked about crosses from one zone to another, whichever they are.
        if (self.from.is_none() || self.to.is_none()) && within_one(&when.from, &when.to) {
            return None;
        }
        let host = if self.names_its_destination { self.host } else { None };
        let named = [
            (&when.from, self.from, Doubt::From(&when.from)),
            (&when.to, self.to, Doubt::To(&when.to)),
            (&when.host, host, Doubt::Host(&when.host)),
        ];
        for (names, known, doubt) in named {
            match known.map_or_else(|| from_outside(names), |known| Some(names.matches(known))) {
                Some(true) => {}
                Some(false) => return None,
                None => unless.push(doubt),
            }
        }
        unless.extend(when.conditions.iter().map(Doubt::Condition));
        Some(Fit { peers, unless })
    }
}

/// Whether it comes in by the only zone that it goes out by.
fn within_one(from: &Names, to: &Names) -> bool {
    let one = |names: &Names| matches!(names.tests(), [test] if test.is && test.any_of.len() == 1);
    one(from) && from == to
}

/// Whether an interface that nobody named fits: what comes from outside never comes in by the loopback.
fn from_outside(names: &Names) -> Option<bool> {
    let mut certain = true;
    for test in names.tests() {
        let only_loopback = test.any_of.iter().all(|name| name.as_ref() == "lo");
        match (only_loopback, test.is) {
            (true, true) => return Some(false),
            (true, false) => {}
            (false, _) => certain = false,
        }
    }
    certain.then_some(true)
}

/// A set in pieces, each of which lies within or without each of these.
fn cut<'r>(whole: &Ranges, by: impl Iterator<Item = &'r Ranges>) -> Vec<Ranges> {
    let mut cuts = std::collections::BTreeSet::new();
    for set in by.filter(|set| !set.is_all()) {
        for (first, last) in set.intervals() {
            cuts.extend([Some(*first), last.checked_add(1)].into_iter().flatten().filter(|at| whole.contains(*at)));
        }
        if cuts.len() > MOST_PIECES {
            return vec![whole.clone()];
        }
    }
    let mut pieces = Vec::new();
    for (first, last) in whole.intervals() {
        let mut from = *first;
        for at in cuts.range(first + 1..).take_while(|at| *at <= last) {
            pieces.push(Ranges::between(from, at - 1));
            from = *at;
        }
        pieces.push(Ranges::between(from, *last));
    }
    if pieces.len() > MOST_PIECES { vec![whole.clone()] } else { pieces }
}

impl Doubt<'_> {
    /// Whether both are settled by the same knowledge.
    pub(super) fn is_about(&self, other: &Doubt) -> bool {
        match (self, other) {
            (Doubt::Condition(one), Doubt::Condition(other)) => one.what == other.what,
            (Doubt::Here(one), Doubt::Here(other))
            | (Doubt::SourcePort(one), Doubt::SourcePort(other))
            | (Doubt::Port(one), Doubt::Port(other)) => one == other,
            (Doubt::From(one), Doubt::From(other))
            | (Doubt::To(one), Doubt::To(other))
            | (Doubt::Host(one), Doubt::Host(other)) => one == other,
            _ => false,
        }
    }

    /// Whether it has to hold, for the rule to match, or must not.
    pub(super) fn wants(&self) -> bool {
        match self {
            Doubt::Condition(condition) => condition.holds,
            _ => true,
        }
    }

    /// In words that finish "unsure whether …".
    pub(super) fn in_words(&self) -> String {
        let names = |names: &Names| {
            let one = |test: &crate::firewall::rules::NameTest| {
                let names = test.any_of.iter().take(4).map(AsRef::as_ref).collect::<Vec<_>>().join(" or ");
                if test.is { names } else { format!("something else than {names}") }
            };
            names.tests().iter().map(one).collect::<Vec<_>>().join(" and ")
        };
        match self {
            Doubt::Condition(condition) => condition.what.to_string(),
            Doubt::Here(set) => format!("the installation's address is {}", shortened(&in_words(set))),
            Doubt::From(from) => format!("it comes in by {}", names(from)),
            Doubt::To(to) => format!("it goes out by {}", names(to)),
            Doubt::Host(host) => format!("it goes to {}", names(host)),
            Doubt::SourcePort(ports) => format!("it comes from port {}", ports_in_words(ports)),
            Doubt::Port(ports) => format!("it goes to port {}", ports_in_words(ports)),
        }
    }
}

/// Ports as they are written: `443, 8000-9000`.
pub(super) fn ports_in_words(ports: &Ranges) -> Cow<'static, str> {
    if ports.is_all() {
        return "any".into();
    }
    let one = |(first, last): &(u128, u128)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    shortened(&ports.intervals().iter().map(one).collect::<Vec<_>>().join(", ")).into_owned().into()
}

fn shortened(words: &str) -> Cow<'_, str> {
    const LONGEST: usize = 120;
    match words.char_indices().nth(LONGEST) {
        Some((cut, _)) => format!("{}…", &words[..cut]).into(),
        None => words.into(),
    }
}

//! Plain lists of addresses, as people paste them: who may come in and may be gone to, and nothing of ports or directions.

mod ipset;
mod line;
mod write;

use std::collections::HashMap;

use super::{Dialect, Input, Reads, Scope, Unread};
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{
    Answer, Chain, Condition, File, Layer, Match, Names, NoteKind, Place, Policy, Replies, Rule, Rules, Then, Way,
};
use line::Line;

pub(super) static DIALECT: Dialect = Dialect {
    name: NAME,
    title: "a plain list: addresses, networks and ranges; `ipset save` too",
    reads: Some(Reads { export: "copy the object's addresses, one per line; or: ipset save", recognises, read }),
    writes: Some(write::write),
};

/// By this name the files and layers of lists are known: what a list says is no rule yet.
const NAME: &str = "list";

/// What a list speaks of.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Peer {
    Addresses(Ranges),
    Host(String),
}

/// What a list says of some peers.
struct Said {
    place: Place,
    peer: Peer,
    /// What would have to be known for it to be so, and whether the list may say the opposite.
    unless: Option<Doubt>,
}

enum Doubt {
    /// They are allowed if this holds.
    If(String),
    /// They may be allowed or not: nobody understands it.
    Unclear(String),
}

/// What was read so far.
#[derive(Default)]
struct Draft {
    rules: Rules,
    said: Vec<Said>,
    known: HashMap<Peer, Place>,
}

impl Draft {
    fn allow(&mut self, place: &Place, peer: Peer) {
        if let Some(before) = self.known.get(&peer) {
            let what = format!("it stands there twice: {} has it too", before.name);
            self.rules.note(NoteKind::Duplicate, place, what);
        } else {
            self.known.insert(peer.clone(), place.clone());
        }
        self.said.push(Said { place: place.clone(), peer, unless: None });
    }

    fn unclear(&mut self, place: &Place, reach: Ranges, why: &str) {
        self.rules.note(NoteKind::NotUnderstood, place, why);
        let unless = Some(Doubt::Unclear(why.to_owned()));
        self.said.push(Said { place: place.clone(), peer: Peer::Addresses(reach), unless });
    }

    /// A list has no order. What may take peers out of it comes first where it is known which; where it is not, it can hardly be
    /// those that stand there by themselves.
    fn finish(mut self) -> Rules {
        let rank = |said: &Said| match (&said.unless, &said.peer) {
            (Some(Doubt::Unclear(_)), Peer::Addresses(reach)) if !reach.is_all() => 0,
            (None, _) => 1,
            (Some(Doubt::If(_)), _) => 2,
            (Some(Doubt::Unclear(_)), _) => 3,
        };
        self.said.sort_by_key(rank);
        let names: Vec<&str> = self.rules.files.iter().map(|file| file.name.as_str()).collect();
        let names = names.join(", ");
        for (way, words) in [(Way::In, "who may come in"), (Way::Out, "where one may go to")] {
            let mut chain = Chain { name: format!("{NAME} {names}"), rules: Vec::new(), policy: None };
            for said in &self.said {
                let Some(when) = matched(&said.peer, way) else { continue };
                let place = said.place.clone();
                match &said.unless {
                    None => chain.rules.push(Rule::new(place, vec![when], Then::Answer(Answer::Accept))),
                    Some(Doubt::If(what)) => {
                        let when = when.on(Condition::holds(what.as_str()));
                        chain.rules.push(Rule::new(place, vec![when], Then::Answer(Answer::Accept)));
                    }
                    Some(Doubt::Unclear(why)) => {
                        for (answer, does) in [(Answer::Accept, "lets it pass"), (Answer::Drop, "stops it")] {
                            let when = when.clone().on(Condition::holds(format!("it {does}: {why}")));
                            chain.rules.push(Rule::new(place.clone(), vec![when], Then::Answer(answer)));
                        }
                    }
                }
            }
            let end = Place { name: "the end of the list".into(), ..Place::default() };
            chain.policy = Some(Policy { answer: Answer::Drop, place: end });
            let chain = self.rules.add_chain(chain);
            self.rules.layers.push(Layer {
                name: format!("{NAME} {names} ({words})"),
                way,
                families: Ranges::all(),
                chain,
                replies: Replies::Remembered,
            });
        }
        self.rules.note(
            NoteKind::Assumed,
            &Place { name: "the whole list".into(), ..Place::default() },
            "a list says nothing of ports and directions: what stands in it is taken as allowed both ways and at every port, \
             and nothing else as allowed",
        );
        self.rules
    }
}

/// Peers are where packets come from on the way in, and where they go to on the way out. Hosts are only gone to.
fn matched(peer: &Peer, way: Way) -> Option<Match> {
    match (peer, way) {
        (Peer::Addresses(peers), Way::In) => Some(Match { source: peers.clone(), ..Match::any() }),
        (Peer::Addresses(peers), _) => Some(Match { destination: peers.clone(), ..Match::any() }),
        (Peer::Host(_), Way::In) => None,
        (Peer::Host(host), _) => Some(Match { host: Names::one_of([host.as_str()]), ..Match::any() }),
    }
}

/// A list is what is left: most of its lines have to be nothing but entries.
fn recognises(text: &str) -> bool {
    if ipset::is_saved(text) {
        return true;
    }
    let (mut entries, mut others) = (0_usize, 0_usize);
    for (nth, line) in text.lines().enumerate() {
        match line::read(line, nth == 0) {
            Line::Entries { peers, malformed, .. } if !peers.is_empty() || !malformed.is_empty() => entries += 1,
            Line::Unclear { .. } => others += 1,
            Line::Entries { .. } | Line::Nothing | Line::Heading => {}
        }
    }
    entries > others
}

fn read(inputs: &[Input], scope: &Scope) -> Result<Rules, Unread> {
    let mut draft = Draft::default();
    for (file, input) in inputs.iter().enumerate() {
        let file = u16::try_from(file).unwrap_or(u16::MAX);
        draft.rules.files.push(File { name: input.name.clone(), dialect: NAME });
        if ipset::is_saved(&input.text) {
            ipset::read(input, file, scope, &mut draft);
        } else {
            plain(input, file, &mut draft)?;
        }
    }
    Ok(draft.finish())
}

fn plain(input: &Input, file: u16, draft: &mut Draft) -> Result<(), Unread> {
    let (mut entries, mut described, mut first_other, mut begun) = (0_usize, None, None, false);
    for (nth, text) in input.text.lines().enumerate() {
        let place = || Place::new(file, nth + 1, format!("line {}", nth + 1), text);
        match line::read(text, !begun) {
            Line::Nothing => continue,
            Line::Heading => {}
            Line::Entries { peers, malformed, odd, words } => {
                let place = place();
                for oddity in malformed.iter().chain(&odd) {
                    oddity.note(&mut draft.rules, &place);
                }
                entries += peers.len() + malformed.len();
                if words && described.is_none() {
                    described = Some(place.clone());
                }
                for peer in peers {
                    draft.allow(&place, peer);
                }
            }
            Line::Unclear { reach, why } => {
                first_other = first_other.or(Some(nth + 1));
                draft.unclear(&place(), reach.unwrap_or_else(Ranges::all), &why);
            }
        }
        begun = true;
    }
    if let Some(place) = described {
        draft.rules.note(NoteKind::Assumed, &place, "words beside the entries are taken for descriptions");
    }
    if entries == 0 {
        let why = "holds no address, network or range; a list has one per line: `104.16.0.0/13`".to_owned();
        return Err(Unread { file: input.name.clone(), line: first_other, why });
    }
    Ok(())
}

#[cfg(test)]
mod tests;

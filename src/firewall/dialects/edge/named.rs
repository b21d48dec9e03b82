//! Names that stand for sets, some through other names: objects and groups. A group that holds itself, or something that nobody
//! defines, keeps what is known of it, and says what is not.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::shown;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{NoteKind, Place, Rules};

/// What names stand for.
pub(crate) trait Set: Clone {
    /// Nothing.
    fn none() -> Self;
    /// Everything.
    fn all() -> Self;
    /// What is in any of them.
    fn any_of(sets: &[&Self]) -> Self;
    /// What is in this one and not in the other; nothing, where that cannot be said.
    fn minus(&self, other: &Self) -> Option<Self>;
    /// How much work it is to look through it.
    fn weight(&self) -> usize;
}

impl Set for Ranges {
    fn none() -> Self {
        Ranges::none()
    }

    fn all() -> Self {
        Ranges::all()
    }

    fn any_of(sets: &[&Self]) -> Self {
        match sets {
            [one] => (*one).clone(),
            several => Ranges::any_of(several.iter().copied()),
        }
    }

    fn minus(&self, other: &Self) -> Option<Self> {
        Some(Ranges::minus(self, other))
    }

    fn weight(&self) -> usize {
        self.intervals().len()
    }
}

/// What a name stands for: what is certain, and what else may belong to it.
#[derive(Clone, Debug)]
pub(crate) struct Meaning<S> {
    /// What is certain.
    pub known: S,
    /// What may belong to it, each by the words that finish "its source is …", with all that it can be.
    pub unsure: BTreeMap<Arc<str>, S>,
}

impl<S: Set> Meaning<S> {
    /// Certain.
    pub(crate) fn certain(known: S) -> Self {
        Meaning { known, unsure: BTreeMap::new() }
    }

    /// All in doubt.
    pub(crate) fn perhaps(words: impl Into<Arc<str>>) -> Self {
        Meaning { known: S::none(), unsure: [(words.into(), S::all())].into() }
    }

    /// All that is in any of these.
    pub(crate) fn any_of(several: &[Arc<Meaning<S>>]) -> Arc<Self> {
        if let [one] = several {
            return one.clone();
        }
        let known = S::any_of(&several.iter().map(|one| &one.known).collect::<Vec<_>>());
        let mut unsure: BTreeMap<Arc<str>, S> = BTreeMap::new();
        for (words, reach) in several.iter().flat_map(|one| &one.unsure) {
            match unsure.get_mut(words) {
                Some(known) => *known = S::any_of(&[known, reach]),
                None => {
                    unsure.insert(words.clone(), reach.clone());
                }
            }
        }
        Arc::new(Meaning { known, unsure })
    }

    fn weight(&self) -> usize {
        1 + self.known.weight() + self.unsure.values().map(|reach| 1 + reach.weight()).sum::<usize>()
    }
}

/// A part of what a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Part<S> {
    /// This.
    Is(S),
    /// That, where the words hold.
    Perhaps(Arc<str>, S),
    /// What another name stands for.
    Of(Arc<str>),
    /// None of what another name stands for, whatever else holds it.
    Not(Arc<str>),
}

/// The names of one kind, by where they are defined: those of the first scope are known in every other.
pub(crate) struct Book<S> {
    /// What a thing of this kind is called: "address".
    kind: &'static str,
    scopes: Vec<HashMap<Arc<str>, Entry<S>>>,
    /// For each scope, the one whose names are known in it.
    above: Vec<usize>,
    /// What a name stands for that nobody defines, where the language has such names.
    literal: fn(&str, &Place, &mut Rules) -> Option<Part<S>>,
    told: HashSet<Arc<str>>,
    work: usize,
}

struct Entry<S> {
    place: Place,
    parts: Vec<Part<S>>,
    meaning: Option<Arc<Meaning<S>>>,
    open: bool,
}

/// Groups in groups: no firewall lets them lie as deep.
const DEEPEST: usize = 64;

/// Beyond that much looking through sets, nobody waits for the answer.
const MOST_WORK: usize = 60_000_000;

impl<S: Set> Book<S> {
    /// An empty one.
    pub(crate) fn new(kind: &'static str, literal: fn(&str, &Place, &mut Rules) -> Option<Part<S>>) -> Self {
        Book { kind, scopes: vec![HashMap::new()], above: Vec::new(), literal, told: HashSet::new(), work: 0 }
    }

    /// Defines a name, in the place of what it stood for.
    pub(crate) fn define(&mut self, scope: usize, name: &str, place: Place, parts: Vec<Part<S>>) {
        while self.scopes.len() <= scope {
            self.scopes.push(HashMap::new());
        }
        self.scopes[scope].insert(name.into(), Entry { place, parts, meaning: None, open: false });
    }

    /// Says in which scope those names are defined that are known in this one without being its own.
    pub(crate) fn put_below(&mut self, scope: usize, above: usize) {
        if self.above.len() <= scope {
            self.above.resize(scope + 1, 0);
        }
        self.above[scope] = above;
    }

    /// What the name stands for; `place` is where it is used.
    pub(crate) fn meaning(&mut self, scope: usize, name: &str, place: &Place, rules: &mut Rules) -> Arc<Meaning<S>> {
        self.at_depth(scope, name, place, rules, 0)
    }

    /// What several names stand for together.
    pub(crate) fn meanings<'n>(
        &mut self,
        scope: usize,
        names: impl IntoIterator<Item = &'n str>,
        place: &Place,
        rules: &mut Rules,
    ) -> Arc<Meaning<S>> {
        let each: Vec<Arc<Meaning<S>>> =
            names.into_iter().map(|name| self.meaning(scope, name, place, rules)).collect();
        if each.len() > 1 {
            self.work += each.iter().map(|one| one.weight()).sum::<usize>();
        }
        if self.work > MOST_WORK { self.too_much(place, rules) } else { Meaning::any_of(&each) }
    }

    fn home(&self, scope: usize, name: &str) -> Option<usize> {
        let mut scope = scope;
        for _ in 0..DEEPEST {
            if self.scopes.get(scope).is_some_and(|names| names.contains_key(name)) {
                return Some(scope);
            }
            if scope == 0 {
                return None;
            }
            scope = self.above.get(scope).copied().unwrap_or_default();
        }
        None
    }

    fn at_depth(
        &mut self,
        scope: usize,
        name: &str,
        place: &Place,
        rules: &mut Rules,
        depth: usize,
    ) -> Arc<Meaning<S>> {
        let Some(home) = self.home(scope, name) else { return self.not_defined(name, place, rules) };
        let Some(entry) = self.scopes[home].get_mut(name) else { return self.not_defined(name, place, rules) };
        if let Some(meaning) = &entry.meaning {
            return meaning.clone();
        }
        if entry.open || depth > DEEPEST {
            let why = if entry.open { "holds itself" } else { "lies in too many groups" };
            let here = entry.place.clone();
            let what = format!("the {} group `{}` {why}", self.kind, shown(name));
            if self.told.insert(what.as_str().into()) {
                rules.note(NoteKind::NotUnderstood, &here, what);
            }
            return Arc::new(Meaning::perhaps(format!("of the {} group `{}`, which {why}", self.kind, shown(name))));
        }
        entry.open = true;
        let (here, parts) = (entry.place.clone(), std::mem::take(&mut entry.parts));
        let mut several = Vec::with_capacity(parts.len());
        let mut without = Vec::new();
        for part in parts {
            match part {
                Part::Is(set) => several.push(Arc::new(Meaning::certain(set))),
                Part::Perhaps(words, reach) => {
                    several.push(Arc::new(Meaning { known: S::none(), unsure: [(words, reach)].into() }));
                }
                Part::Of(name) => several.push(self.at_depth(home, &name, &here, rules, depth + 1)),
                Part::Not(name) => without.push(self.at_depth(home, &name, &here, rules, depth + 1)),
            }
        }
        if several.len() + without.len() > 1 {
            self.work += several.iter().chain(&without).map(|one| one.weight()).sum::<usize>();
        }
        let mut meaning = if self.work > MOST_WORK { self.too_much(&here, rules) } else { Meaning::any_of(&several) };
        if !without.is_empty() {
            meaning = Arc::new(self.less(name, &meaning, &Meaning::any_of(&without)));
        }
        if let Some(entry) = self.scopes[home].get_mut(name) {
            entry.open = false;
            entry.meaning = Some(meaning.clone());
        }
        meaning
    }

    /// What a group holds when something is left out of it: in doubt, where what is left out is.
    fn less(&self, name: &str, held: &Meaning<S>, without: &Meaning<S>) -> Meaning<S> {
        let less = |set: &S| set.minus(&without.known).ok_or_else(|| set.clone());
        let in_doubt = !without.unsure.is_empty();
        let mut unsure: BTreeMap<Arc<str>, S> = BTreeMap::new();
        let mut doubt = |set: S| {
            let words = format!("of the {} group `{}`, less what it leaves out", self.kind, shown(name));
            unsure.insert(words.into(), set);
        };
        let known = match less(&held.known) {
            Ok(known) if !in_doubt => known,
            Ok(set) | Err(set) => {
                doubt(set);
                S::none()
            }
        };
        for (words, reach) in &held.unsure {
            unsure.insert(words.clone(), less(reach).unwrap_or_else(|reach| reach));
        }
        Meaning { known, unsure }
    }

    fn too_much(&mut self, place: &Place, rules: &mut Rules) -> Arc<Meaning<S>> {
        if self.told.insert("too much".into()) {
            let what = format!("the {} groups hold too much to be looked through", self.kind);
            rules.note(NoteKind::NotUnderstood, place, what);
        }
        Arc::new(Meaning::perhaps(format!(
            "of one of the {} groups, which hold too much to be looked through",
            self.kind
        )))
    }

    fn not_defined(&mut self, name: &str, place: &Place, rules: &mut Rules) -> Arc<Meaning<S>> {
        match (self.literal)(name, place, rules) {
            Some(Part::Is(set)) => Arc::new(Meaning::certain(set)),
            Some(Part::Perhaps(words, reach)) => {
                Arc::new(Meaning { known: S::none(), unsure: [(words, reach)].into() })
            }
            _ => {
                if self.told.insert(format!("undefined {name}").into()) {
                    let what = format!("`{}` is no {} that these files define", shown(name), self.kind);
                    rules.note(NoteKind::Undefined, place, what);
                }
                Arc::new(Meaning::perhaps(format!(
                    "of the {} `{}`, which these files do not define",
                    self.kind,
                    shown(name)
                )))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book() -> Book<Ranges> {
        Book::new("address", |_, _, _| None)
    }

    fn of(name: &str) -> Part<Ranges> {
        Part::Of(name.into())
    }

    fn one(number: u8) -> Part<Ranges> {
        Part::Is(Ranges::one(number))
    }

    #[test]
    fn groups_hold_what_their_groups_hold_and_what_is_not_defined_is_in_doubt() {
        let (mut book, mut rules) = (book(), Rules::default());
        book.define(0, "outer", Place::default(), vec![of("inner"), one(1), of("nowhere")]);
        book.define(0, "inner", Place::default(), vec![one(2)]);

        let meaning = book.meaning(0, "outer", &Place::default(), &mut rules);

        assert_eq!(meaning.known, Ranges::between(1_u8, 2_u8));
        let words: Vec<&str> = meaning.unsure.keys().map(AsRef::as_ref).collect();
        assert_eq!(words, ["of the address `nowhere`, which these files do not define"]);
        assert_eq!(rules.notes.len(), 1);
        assert_eq!(rules.notes[0].kind, NoteKind::Undefined);
    }

    #[test]
    fn a_group_that_holds_itself_keeps_what_is_known_and_is_in_doubt_from_wherever_it_is_entered() {
        for entered in ["a", "b", "c"] {
            let (mut book, mut rules) = (book(), Rules::default());
            book.define(0, "a", Place::default(), vec![one(1), of("b")]);
            book.define(0, "b", Place::default(), vec![one(3), of("c")]);
            book.define(0, "c", Place::default(), vec![one(5), of("a")]);

            for name in [entered, "a", "b", "c"] {
                let meaning = book.meaning(0, name, &Place::default(), &mut rules);
                assert!(!meaning.unsure.is_empty(), "{name} from {entered}");
                assert!(!meaning.known.is_empty());
            }
            assert!(!rules.understood());
        }
    }

    #[test]
    fn a_chain_of_groups_deeper_than_any_is_in_doubt_and_overflows_no_stack() {
        let (mut book, mut rules) = (book(), Rules::default());
        for nth in 0..100_000 {
            book.define(0, &format!("g{nth}"), Place::default(), vec![of(&format!("g{}", nth + 1))]);
        }
        assert!(!book.meaning(0, "g0", &Place::default(), &mut rules).unsure.is_empty());
    }

    #[test]
    fn a_name_is_looked_for_at_home_and_then_among_what_all_share() {
        let (mut book, mut rules) = (book(), Rules::default());
        book.define(0, "x", Place::default(), vec![one(1)]);
        book.define(0, "shared", Place::default(), vec![of("x")]);
        book.define(2, "x", Place::default(), vec![one(2)]);

        let mut known = |scope, name| book.meaning(scope, name, &Place::default(), &mut rules).known.clone();

        assert_eq!((known(2, "x"), known(1, "x")), (Ranges::one(2_u8), Ranges::one(1_u8)));
        assert_eq!(known(2, "shared"), Ranges::one(1_u8));
    }
}

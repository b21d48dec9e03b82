//! Names as numbers: every name and pattern that either side speaks of divides all names into finitely many kinds, and a test of a
//! name is a set of kinds.

use std::collections::{BTreeSet, HashMap};

use crate::firewall::ranges::Ranges;
use crate::firewall::rules::Names;

/// The kinds of names of one dimension, numbered so that those which a pattern holds mostly lie together.
pub(super) struct Kinds {
    each: Vec<Kind>,
    /// Which kind a name is that is spoken of itself.
    exact: HashMap<String, u32>,
    /// The kinds by their samples, and by their samples read backwards.
    forward: Vec<(String, u32)>,
    backward: Vec<(String, u32)>,
}

/// Names that no test tells apart: one that is spoken of itself, or all others of a beginning and an ending.
struct Kind {
    sample: String,
    label: String,
}

/// How the names are called that no pattern holds but those that hold all.
const OTHERS: &str = "any other";

/// How a pattern holds names; as [`Names::matches`] has it.
enum Pattern {
    Exact(String),
    Beginning(String),
    Below(String),
    OneBelow(String),
    AtOrBelow(String),
}

/// More kinds than that are not told apart.
const MOST: usize = 200_000;

impl Pattern {
    fn of(text: &str) -> Self {
        let text = text.to_ascii_lowercase();
        let text = text.trim_end_matches('.');
        if let Some(domain) = text.strip_prefix("*.") {
            return Pattern::Below(domain.to_owned());
        }
        if let Some(domain) = text.strip_prefix("+.") {
            return Pattern::OneBelow(domain.to_owned());
        }
        if let Some(domain) = text.strip_prefix('.') {
            return Pattern::AtOrBelow(domain.to_owned());
        }
        match text.strip_suffix(['+', '*']) {
            Some(beginning) => Pattern::Beginning(beginning.to_owned()),
            None => Pattern::Exact(text.to_owned()),
        }
    }
}

impl Kinds {
    /// The kinds into which these patterns divide all names; nothing, where they are too many.
    pub(super) fn of<'p>(patterns: impl IntoIterator<Item = &'p str>) -> Option<Self> {
        let (mut exact, mut beginnings, mut endings) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        let mut by_depth = BTreeSet::new();
        for pattern in patterns.into_iter().collect::<BTreeSet<&str>>() {
            let pattern = Pattern::of(pattern);
            if let Pattern::OneBelow(domain) = &pattern {
                by_depth.insert(domain.clone());
            }
            match pattern {
                Pattern::Exact(name) => exact.insert(name),
                Pattern::Beginning(beginning) => beginnings.insert(beginning),
                Pattern::Below(domain) | Pattern::OneBelow(domain) | Pattern::AtOrBelow(domain) => {
                    exact.insert(domain.clone());
                    endings.insert(domain)
                }
            };
        }
        if (beginnings.len() + 1).saturating_mul(endings.len() + by_depth.len() + 1).saturating_add(exact.len()) > MOST
        {
            return None;
        }
        // A character that stands in no pattern makes a sample of its kind and of no narrower one.
        let written = |c: char| [&exact, &beginnings, &endings].iter().any(|all| all.iter().any(|it| it.contains(c)));
        let filler = ('\u{e000}'..='\u{f8ff}').find(|c| !written(*c))?;
        let mut kinds: Vec<Kind> =
            exact.iter().map(|name| Kind { sample: name.clone(), label: name.clone() }).collect();
        beginnings.insert(String::new());
        for beginning in &beginnings {
            let others = endings.iter().map(|ending| (format!(".{ending}"), format!("*.{ending}")));
            // Where it counts how many parts stand before an ending, more than one are a kind of their own.
            let deeper = by_depth.iter().map(|ending| (format!(".{filler}.{ending}"), format!("*.*.{ending}")));
            for (ending, shown) in others.chain(deeper).chain([(String::new(), String::new())]) {
                let label = match (beginning.is_empty(), ending.is_empty()) {
                    (true, true) => OTHERS.to_owned(),
                    (true, false) => format!("any other {shown}"),
                    (false, true) => format!("any other {beginning}*"),
                    (false, false) => format!("any other {beginning}{shown}"),
                };
                kinds.push(Kind { sample: format!("{beginning}{filler}{ending}"), label });
            }
        }
        let reversed = |name: &str| name.chars().rev().collect::<String>();
        if endings.is_empty() {
            kinds.sort_by(|a, b| a.sample.cmp(&b.sample));
        } else {
            kinds.sort_by_cached_key(|kind| reversed(&kind.sample));
        }
        let numbered = || (0_u32..).zip(&kinds);
        let mut forward: Vec<(String, u32)> = numbered().map(|(nth, kind)| (kind.sample.clone(), nth)).collect();
        let mut backward: Vec<(String, u32)> = numbered().map(|(nth, kind)| (reversed(&kind.sample), nth)).collect();
        forward.sort();
        backward.sort();
        let exact = numbered().filter(|(_, kind)| exact.contains(&kind.sample));
        let exact = exact.map(|(nth, kind)| (kind.sample.clone(), nth)).collect();
        Some(Kinds { each: kinds, exact, forward, backward })
    }

    /// All of them.
    pub(super) fn all(&self) -> Ranges {
        Ranges::between(0_u8, self.each.len().saturating_sub(1) as u128)
    }

    /// Those that pass the tests.
    pub(super) fn matching(&self, names: &Names) -> Ranges {
        let mut all = Ranges::all();
        for test in names.tests() {
            let any: Vec<Ranges> = test.any_of.iter().map(|pattern| self.held(&Pattern::of(pattern))).collect();
            let any = Ranges::any_of(&any);
            all = if test.is { all.and(&any) } else { all.and(&any.not()) };
        }
        all
    }

    fn held(&self, pattern: &Pattern) -> Ranges {
        let exact = |name: &str| self.exact.get(name).map_or_else(Ranges::none, |kind| Ranges::one(*kind));
        match pattern {
            Pattern::Exact(name) => exact(name),
            Pattern::Beginning(beginning) => beginning_with(&self.forward, beginning),
            Pattern::Below(domain) => beginning_with(&self.backward, &backwards(domain)),
            Pattern::OneBelow(domain) => {
                let one = |kind: u128| {
                    let kind = usize::try_from(kind).ok().and_then(|kind| self.each.get(kind));
                    kind.and_then(|kind| kind.sample.split_once('.'))
                        .is_some_and(|(first, rest)| !first.is_empty() && rest == domain)
                };
                let below = beginning_with(&self.backward, &backwards(domain));
                let kinds = below.intervals().iter().flat_map(|(first, last)| *first..=*last);
                Ranges::of(kinds.filter(|kind| one(*kind)).map(|kind| (kind, kind)))
            }
            Pattern::AtOrBelow(domain) => exact(domain).or(&beginning_with(&self.backward, &backwards(domain))),
        }
    }

    /// A set of kinds in words: its names, or those that are missing.
    pub(super) fn named(&self, set: &Ranges) -> Named {
        let all = self.all();
        let (within, without) = (set.and(&all), all.minus(set));
        let labels = |set: &Ranges| -> Vec<String> {
            let kinds = set.intervals().iter().flat_map(|(first, last)| *first..=*last);
            let kinds = kinds.filter_map(|kind| self.each.get(usize::try_from(kind).ok()?));
            let mut labels: Vec<String> = kinds.map(|kind| kind.label.clone()).collect();
            // What is left over is said last.
            labels.sort_by(|a, b| (a.starts_with("any other"), a).cmp(&(b.starts_with("any other"), b)));
            labels
        };
        let others = self.each.iter().position(|kind| kind.label == OTHERS).unwrap_or_default();
        if set.contains(others as u128) {
            Named { names: labels(&without), but: true }
        } else {
            Named { names: labels(&within), but: false }
        }
    }
}

fn backwards(domain: &str) -> String {
    domain.chars().rev().chain(['.']).collect()
}

fn beginning_with(sorted: &[(String, u32)], beginning: &str) -> Ranges {
    let from = sorted.partition_point(|(name, _)| name.as_str() < beginning);
    let held = sorted[from..].iter().take_while(|(name, _)| name.starts_with(beginning));
    Ranges::of(held.map(|(_, kind)| (u128::from(*kind), u128::from(*kind))))
}

/// Names, as a row says them.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Named {
    /// The names, sorted; `any other eth*` stands for those of a beginning that no rule speaks of by themselves.
    pub names: Vec<String>,
    /// Whether it is all names but these.
    pub but: bool,
}

impl Named {
    /// Whether it is every name.
    pub fn is_any(&self) -> bool {
        self.but && self.names.is_empty()
    }

    /// In words: `any`, `eth0, eth1`, `any but lo`.
    pub fn in_words(&self) -> String {
        match (self.but, self.names.join(", ")) {
            (true, names) if names.is_empty() => "any".to_owned(),
            (true, names) => format!("any but {names}"),
            (false, names) => names,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATTERNS: [&str; 16] = [
        "+.workos.com",
        "+.com",
        "a.b.workos.com",
        "eth+",
        "eth0",
        "eth1*",
        "lo",
        "*.workos.com",
        ".workos.com",
        "api.workos.com",
        "api*",
        "*.com",
        "+",
        "API.",
        "eth",
        ".com",
    ];

    #[test]
    fn a_kind_is_in_a_test_exactly_when_every_name_of_it_passes() {
        let kinds = Kinds::of(PATTERNS).unwrap();
        let tests = PATTERNS.iter().flat_map(|pattern| [Names::one_of([*pattern]), Names::none_of([*pattern])]);
        let mut tests: Vec<Names> = tests.collect();
        let pairs: Vec<Names> = tests.iter().flat_map(|a| tests.iter().map(|b| a.and(b))).collect();
        tests.extend(pairs);

        for names in tests {
            let set = kinds.matching(&names);
            for (nth, kind) in (0_u32..).zip(&kinds.each) {
                assert_eq!(set.contains(nth), names.matches(&kind.sample), "{names:?} and {}", kind.sample);
            }
        }
    }

    #[test]
    fn every_name_is_of_a_kind_that_all_tests_judge_alike() {
        let kinds = Kinds::of(PATTERNS).unwrap();
        let judged = |name: &str| PATTERNS.map(|pattern| Names::one_of([pattern]).matches(name));
        let known: BTreeSet<[bool; 16]> = kinds.each.iter().map(|kind| judged(&kind.sample)).collect();

        for name in [
            "",
            "e",
            "eth",
            "eth2",
            "eth10",
            "lo0",
            "workos.com",
            "x.workos.com",
            "x.y.workos.com",
            "eth.x.workos.com",
            "eth.workos.com",
            "api.workos.com",
            "apix.com",
            "x.y.com",
            "com",
        ] {
            assert!(known.contains(&judged(name)), "{name}");
        }
    }

    #[test]
    fn a_set_is_said_by_its_names_or_by_those_that_are_missing() {
        let kinds = Kinds::of(["lo", "eth+", "eth0"]).unwrap();
        let said = |names: &Names| kinds.named(&kinds.matching(names)).in_words();

        assert_eq!(said(&Names::any()), "any");
        assert_eq!(said(&Names::none_of(["lo"])), "any but lo");
        assert_eq!(said(&Names::one_of(["lo"])), "lo");
        assert_eq!(kinds.named(&kinds.matching(&Names::one_of(["eth+"]))).in_words(), "eth0, any other eth*");
    }
}

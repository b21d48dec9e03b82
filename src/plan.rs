//! Which checks will run and what they will contact, decided before anything is sent.

use crate::check::{Check, CheckId, Contact, Group, Planned, Spec, Touch};
use crate::elsewhere::{Elsewhere, Standing};
use crate::ending::Why;
use crate::facts::Facts;
use crate::outcome::Vantage;
use crate::settings::{Probing, Settings, Taker};

/// The checks of a run, in registry order.
pub struct Plan {
    /// What was read to make it, and is read before the run.
    pub loaded: Vec<Contact>,
    /// What becomes of each check, and of each of its subjects.
    pub entries: Vec<Entry>,
    /// What other runs saw, which decides what this one cannot see.
    pub elsewhere: Elsewhere,
}

/// One thing that a run will touch, for whatever reasons.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Touched {
    /// What is touched.
    pub what: Touch,
    /// The reasons, each once, in the order in which they come up.
    pub why: Vec<String>,
}

/// What will become one row of the report: a check that will run, or the reason why there is none.
pub struct Entry {
    /// The kind of check.
    pub spec: &'static Spec,
    /// Whether a failure decides the verdict.
    pub required: bool,
    /// Whether one that is seen from outside does.
    pub required_outside: bool,
    /// What becomes of it.
    pub fate: Fate,
}

/// What becomes of an entry.
pub enum Fate {
    /// It runs when these have passed.
    Runs {
        /// The check.
        check: Box<dyn Check>,
        /// Indices of entries that come before it.
        needs: Vec<usize>,
        /// Indices of entries whose results it is shown, however they end; they come before it, too.
        looks: Vec<usize>,
        /// What it may touch, which it is held to.
        contacts: Vec<Contact>,
    },
    /// It does not run: no setting calls for it, or the user left it out.
    Skipped(Why),
}

/// What the user chose among the checks.
#[derive(Clone, Default, Debug)]
pub struct Choice {
    /// Ids and groups to run, with what they need; empty means all.
    pub only: Vec<String>,
    /// Ids and groups to leave out, each with the reason given.
    pub skip: Vec<(String, Option<String>)>,
}

impl Entry {
    /// What an answer from here is worth. A check that decides the verdict only from outside says so of itself.
    pub fn standing(&self) -> Standing {
        if self.required_outside && !self.required { Standing::OutsideOnly } else { Standing::Here }
    }
}

impl Plan {
    /// Plans the checks of `groups` that the settings call for, for a run that was told nothing besides.
    pub fn new(
        groups: &'static [Group],
        facts: &Facts,
        settings: &Settings,
        vantage: Vantage,
        choice: &Choice,
    ) -> Self {
        Plan::told(groups, facts, settings, vantage, choice, &Probing::default())
    }

    /// The same for a look from outside, which was told what it is for.
    pub fn from_outside(
        groups: &'static [Group],
        facts: &Facts,
        settings: &Settings,
        choice: &Choice,
        probing: &Probing,
    ) -> Self {
        Plan::told(groups, facts, settings, Vantage::Outside, choice, probing)
    }

    fn told(
        groups: &'static [Group],
        facts: &Facts,
        settings: &Settings,
        vantage: Vantage,
        choice: &Choice,
        probing: &Probing,
    ) -> Self {
        let chosen = chosen(groups, choice);
        let mut entries: Vec<Entry> = Vec::new();
        for group in groups {
            for &spec in group.specs.iter().filter(|spec| spec.vantages.contains(&vantage)) {
                if !chosen.contains(&spec.id) {
                    continue;
                }
                let (planned, untold) = match (spec.plan)(facts, settings) {
                    Planned::Checks(checks) => (Ok(checks), false),
                    Planned::Wants(wanted) => (Err((wanted.enable(taker(vantage)), Some(wanted))), false),
                    Planned::WantsAs(wanted, enable) => (Err((enable, Some(wanted))), false),
                    Planned::NotApplicable(enable) => (Err((enable, None)), false),
                    Planned::AsTold { checks, otherwise } => {
                        let told = checks(probing).ok_or((otherwise, None));
                        let untold = told.is_err();
                        (told, untold)
                    }
                };
                let required = !untold && (spec.required)(settings, vantage);
                let required_outside = (spec.required)(settings, Vantage::Outside);
                let mut push = |fate| entries.push(Entry { spec, required, required_outside, fate });
                if let Some((_, reason)) = choice.skip.iter().find(|(word, _)| names(word, spec.id)) {
                    push(Fate::Skipped(Why::LeftOut(reason.clone())));
                    continue;
                }
                match planned {
                    Err((enable, wants)) => push(Fate::Skipped(Why::NotApplicable { enable, wants })),
                    Ok(checks) => {
                        for check in checks {
                            let contacts = check.contacts(facts, settings);
                            push(Fate::Runs { check, needs: Vec::new(), looks: Vec::new(), contacts });
                        }
                    }
                }
            }
        }
        bind(&mut entries);
        Plan { loaded: loaded(settings), entries, elsewhere: Elsewhere::default() }
    }

    /// Everything that will be touched, each thing once, with all reasons.
    pub fn contacts(&self) -> Vec<Touched> {
        let of_checks = self.entries.iter().filter_map(|entry| match &entry.fate {
            Fate::Runs { contacts, .. } => Some(contacts),
            Fate::Skipped(_) => None,
        });
        let mut all: Vec<Touched> = Vec::new();
        for Contact { what, why } in self.loaded.iter().chain(of_checks.flatten()) {
            match all.iter_mut().find(|known| known.what == *what) {
                Some(known) if known.why.contains(why) => {}
                Some(known) => known.why.push(why.clone()),
                None => all.push(Touched { what: what.clone(), why: vec![why.clone()] }),
            }
        }
        all
    }
}

fn loaded(settings: &Settings) -> Vec<Contact> {
    let loaded = settings.loaded.iter().map(|(path, what)| {
        let input = Touch::Local("standard input");
        let touch = if path.as_os_str() == "-" { input } else { Touch::File(path.clone()) };
        Contact::new(touch, format!("{what}, read before the run"))
    });
    loaded.collect()
}

/// The command that looks from there.
fn taker(vantage: Vantage) -> Taker {
    match vantage {
        Vantage::Inside => Taker::Check,
        Vantage::Outside => Taker::Probe,
    }
}

/// The chosen ids, and what they need.
fn chosen(groups: &'static [Group], choice: &Choice) -> Vec<CheckId> {
    let specs: Vec<&'static Spec> = groups.iter().flat_map(|group| group.specs.iter().copied()).collect();
    if choice.only.is_empty() {
        return specs.iter().map(|spec| spec.id).collect();
    }
    let mut chosen: Vec<CheckId> =
        specs.iter().map(|spec| spec.id).filter(|id| choice.only.iter().any(|word| names(word, *id))).collect();
    // Needs stand earlier in the registry, so one pass from the end brings all of them.
    for spec in specs.iter().rev() {
        if chosen.contains(&spec.id) {
            chosen.extend(spec.needs.iter().copied().filter(|need| !chosen.contains(need)).collect::<Vec<_>>());
        }
    }
    chosen
}

fn names(word: &str, id: CheckId) -> bool {
    word == id.as_str() || word == id.group()
}

/// Binds each check to the entries it needs, and to those it looks at. Those that do not run are looked through to what they would have needed.
fn bind(entries: &mut [Entry]) {
    for index in 0..entries.len() {
        let Some((entry, earlier)) = entries.get_mut(..=index).and_then(<[Entry]>::split_last_mut) else { continue };
        let Fate::Runs { check, needs, looks, .. } = &mut entry.fate else { continue };
        if let Some(other) = check.looks_at() {
            looks.extend(earlier.iter().enumerate().filter(|(_, it)| it.spec.id.as_str() == other).map(|(at, _)| at));
        }
        let mut wanted: Vec<CheckId> = entry.spec.needs.to_vec();
        let mut seen = Vec::new();
        while let Some(id) = wanted.pop() {
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            for (position, need) in earlier.iter().enumerate().filter(|(_, need)| need.spec.id == id) {
                match &need.fate {
                    Fate::Runs { check: needed, .. } if check.about().concerns(&needed.about()) => needs.push(position),
                    Fate::Runs { .. } => {}
                    Fate::Skipped(_) => wanted.extend(need.spec.needs),
                }
            }
        }
        needs.sort_unstable();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{About, Endpoint, Running};
    use crate::outcome::{Grade, Outcome};
    use crate::settings::GivenSecrets;

    struct Of(&'static str);

    impl Check for Of {
        fn about(&self) -> About {
            if self.0.is_empty() { About::Run } else { About::Endpoint(Endpoint::new(self.0, 443)) }
        }

        fn contacts(&self, _: &Facts, _: &Settings) -> Vec<Contact> {
            Vec::new()
        }

        fn run<'a>(&'a self, _cx: &'a crate::context::Context) -> Running<'a> {
            Box::pin(async { Outcome::graded(Grade::Declared) })
        }
    }

    const fn spec(id: &'static str, needs: &'static [CheckId], plan: fn(&Facts, &Settings) -> Planned) -> Spec {
        Spec {
            id: CheckId::new(id),
            title: "",
            explain: "",
            vantages: &[Vantage::Inside],
            required: |_, _| true,
            codes: &[],
            needs,
            plan,
        }
    }

    const FIRST: CheckId = CheckId::new("a.first");
    const SECOND: CheckId = CheckId::new("a.second");
    static A_FIRST: Spec = spec("a.first", &[], |_, _| Planned::each([Of("x"), Of("y")], String::new()));
    static A_SECOND: Spec = spec("a.second", &[FIRST], |_, _| Planned::NotApplicable("give --x".to_owned()));
    static B_THIRD: Spec = spec("b.third", &[SECOND], |_, _| Planned::one(Of("y")));
    static GROUPS: &[Group] = &[
        Group { id: "a", title: "", noun: "", specs: &[&A_FIRST, &A_SECOND] },
        Group { id: "b", title: "", noun: "", specs: &[&B_THIRD] },
    ];

    fn plan(choice: &Choice) -> Plan {
        let settings = Settings::merge(&[], GivenSecrets::default(), Vec::new()).unwrap();
        Plan::new(GROUPS, &Facts::embedded(), &settings, Vantage::Inside, choice)
    }

    #[test]
    fn what_is_touched_for_several_reasons_has_each_of_them_once_and_whole() {
        let mut plan = plan(&Choice::default());
        let to = |path: &str, why: &str| Contact::new(Touch::File(path.into()), why);
        plan.loaded =
            vec![to("a", "the one; and more"), to("b", "more"), to("a", "more"), to("a", "the one; and more")];
        let of_first = plan.contacts().swap_remove(0);

        assert_eq!(
            of_first,
            Touched { what: Touch::File("a".into()), why: ["the one; and more", "more"].map(str::to_owned).to_vec() }
        );
        assert_eq!(plan.contacts().len(), 2);
    }

    fn needs(plan: &Plan) -> Vec<usize> {
        match &plan.entries.last().unwrap().fate {
            Fate::Runs { needs, .. } => needs.clone(),
            Fate::Skipped(_) => panic!("the last check runs"),
        }
    }

    #[test]
    fn a_need_that_does_not_apply_is_looked_through_to_its_own_needs_about_the_same_endpoint() {
        assert_eq!(needs(&plan(&Choice::default())), [1]);
    }

    #[test]
    fn only_brings_what_the_chosen_need() {
        let plan = plan(&Choice { only: vec!["b.third".to_owned()], skip: Vec::new() });

        assert_eq!(plan.entries.len(), 4);
    }

    #[test]
    fn a_check_left_out_says_why_and_is_looked_through() {
        let plan = plan(&Choice { only: Vec::new(), skip: vec![("a.second".to_owned(), Some("ticket 7".to_owned()))] });

        assert!(matches!(&plan.entries[2].fate, Fate::Skipped(Why::LeftOut(Some(reason))) if reason == "ticket 7"));
        assert_eq!(needs(&plan), [1]);
    }

    static AS_TOLD: Spec = Spec {
        vantages: &[Vantage::Outside],
        ..spec("c.told", &[], |_, _| Planned::AsTold {
            checks: Box::new(|probing| probing.expect_closed.then(|| vec![Box::new(Of("z")) as Box<dyn Check>])),
            otherwise: "give --expect-closed".to_owned(),
        })
    };
    static OUTSIDE: &[Group] = &[Group { id: "c", title: "", noun: "", specs: &[&AS_TOLD] }];

    #[test]
    fn what_a_look_from_outside_was_told_decides_what_it_asks_and_what_it_was_not_told_it_does_not_require() {
        let settings = Settings::merge(&[], GivenSecrets::default(), Vec::new()).unwrap();
        let told = |expect_closed, choice: &Choice| {
            let probing = Probing { expect_closed, ..Probing::default() };
            let plan = Plan::from_outside(OUTSIDE, &Facts::embedded(), &settings, choice, &probing);
            let [entry] = &plan.entries[..] else { panic!("one check has one row") };
            (matches!(entry.fate, Fate::Runs { .. }), entry.required)
        };
        let left_out = Choice { only: Vec::new(), skip: vec![("c".to_owned(), None)] };

        assert_eq!(told(true, &Choice::default()), (true, true));
        assert_eq!(told(false, &Choice::default()), (false, false));
        assert_eq!((told(true, &left_out), told(false, &left_out)), ((false, true), (false, false)));
    }
}

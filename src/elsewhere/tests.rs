use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use super::*;
use crate::check::{Check, Contact, Evidence, Group, Outcome, Planned, Remediation, Running, Vantage};
use crate::context::Context;
use crate::ending::{Ending, Stop, Why};
use crate::facts::Facts;
use crate::host::fake::FakeHost;
use crate::net::Layered;
use crate::net::fake::Fake;
use crate::outcome::{Grade, Steady};
use crate::plan::{Choice, Plan};
use crate::report::{Head, Report, Row};
use crate::runner::{self, Observer, Wait};
use crate::settings::{GivenSecrets, Settings};

static BROKEN: Code = Code::error("broken", "it is broken");
static OPEN: Code = Code::undecided("open", "it is open");
static DROPPED: Code = Code::error("dropped", "it is dropped").like_an_allowlist();
static NO_ROUTE: Code = Code::error("no-route", "there is no route").of_the_looker();
static CODES: &[&Code] = &[&BROKEN, &OPEN, &DROPPED, &NO_ROUTE, &SEEN_LONG_AGO, &OTHERWISE_OUTSIDE];

/// What a check of these tests comes to, seen from here.
#[derive(Clone, Copy)]
enum Does {
    Pass,
    Fail,
    Leave,
}

impl Check for Does {
    fn subject(&self) -> Option<String> {
        Some("app".to_owned())
    }

    fn contacts(&self, _: &Facts, _: &Settings) -> Vec<Contact> {
        Vec::new()
    }

    fn run<'a>(&'a self, _: &'a Context) -> Running<'a> {
        Box::pin(async {
            match self {
                Does::Pass => outcome(None),
                Does::Fail => outcome(Some(&BROKEN)),
                Does::Leave => outcome(Some(&OPEN)),
            }
        })
    }
}

/// What is concluded with this finding, if there is one.
fn outcome(code: Option<&'static Code>) -> Outcome {
    let outcome = Outcome::graded(Grade::Reached).with("looked at", "it");
    match code {
        Some(code) => outcome.because(code.found(format!("has {}", code.name), Remediation::network("Mend it."))),
        None => outcome,
    }
}

const fn spec(id: &'static str, needs: &'static [CheckId], plan: fn(&Facts, &Settings) -> Planned) -> Spec {
    Spec {
        id: CheckId::new(id),
        title: "it works",
        explain: "",
        vantages: &[Vantage::Inside, Vantage::Outside],
        required: |_, _| true,
        codes: CODES,
        needs,
        plan,
    }
}

static LEAVES: Spec = spec("a.leaves", &[], |_, _| Planned::one(Does::Leave));
static AFTER: Spec = spec("a.after", &[LEAVES_ID], |_, _| Planned::one(Does::Fail));
static LAST: Spec = spec("a.last", &[AFTER_ID], |_, _| Planned::one(Does::Pass));
static FAILS: Spec = spec("a.fails", &[], |_, _| Planned::one(Does::Fail));
static BEHIND: Spec = spec("a.behind", &[FAILS_ID], |_, _| Planned::one(Does::Pass));
static HAIRPIN: Spec = Spec { required: outside, ..spec("a.hairpin", &[], |_, _| Planned::one(Does::Pass)) };
static OPEN_HAIRPIN: Spec = Spec { required: outside, ..spec("a.open-hairpin", &[], |_, _| Planned::one(Does::Leave)) };
const LEAVES_ID: CheckId = CheckId::new("a.leaves");
const AFTER_ID: CheckId = CheckId::new("a.after");
const FAILS_ID: CheckId = CheckId::new("a.fails");
static GROUPS: &[Group] = &[Group {
    id: "a",
    title: "",
    noun: "",
    specs: &[&LEAVES, &AFTER, &LAST, &FAILS, &BEHIND, &HAIRPIN, &OPEN_HAIRPIN],
}];

fn outside(_: &Settings, vantage: Vantage) -> bool {
    vantage == Vantage::Outside
}

const HOUR: Duration = Duration::from_hours(1);
const A_MONTH: Duration = Duration::from_hours(31 * 24);
const NOW: Duration = Duration::from_hours(500_000);
const ELSEWHERE: Place = Place::Outside { published: false };

/// What was seen of a check about the installation, so long ago.
fn seen(spec: &Spec, place: Place, age: Duration, code: Option<&'static Code>) -> Sighting {
    Sighting {
        check: spec.id,
        subject: Some("app".to_owned()),
        witness: Witness { taken_at: UNIX_EPOCH + NOW.saturating_sub(age), age, host: "laptop".to_owned(), place },
        outcome: Outcome { grade: Grade::Proved, ..outcome(code) },
        evidence: vec![("connection".to_owned(), "made".to_owned(), Steady::Whole)],
    }
}

fn settled(standing: Standing, ending: Ending, seen: Vec<Sighting>) -> Settled {
    Elsewhere::of(seen).settle(&LEAVES, Some("app"), standing, ending)
}

/// How a question ends that is left with this finding, or passes without one.
fn asked(code: Option<&'static Code>) -> Ending {
    Ending::Asked(outcome(code))
}

fn codes(ending: &Ending) -> Vec<&'static str> {
    ending.findings().iter().map(|finding| finding.code.name).collect()
}

fn says(ending: &Ending, what: &str, part: &str) -> bool {
    ending.evidence().iter().any(|seen| seen.what == what && seen.value.contains(part))
}

#[test]
fn what_is_open_here_takes_what_was_seen_elsewhere_with_its_age_and_keeps_what_was_seen_here() {
    let open: [Ending; 4] = [
        asked(Some(&OPEN)),
        Ending::Skipped(Why::Needs(FAILS_ID)),
        Ending::Asked(outcome(None).not_available("there is none")),
        Ending::CutShort { by: Stop::Interruption, waits_for: None, evidence: Vec::new() },
    ];
    for ending in open {
        for (code, status) in [(None, Status::Pass), (Some(&BROKEN), Status::Fail)] {
            let settled = settled(Standing::Here, ending.clone(), vec![seen(&LEAVES, ELSEWHERE, 3 * HOUR, code)]);

            assert!(settled.elsewhere);
            assert_eq!((settled.ending.status(), settled.ending.grade()), (status, Some(Grade::Proved)));
            assert!(says(&settled.ending, "seen from outside", "laptop, 3 hours ago"), "{settled:?}");
            assert!(says(&settled.ending, "as it saw", "connection: made"), "{settled:?}");
        }
    }
    let ending = settled(Standing::Here, asked(Some(&OPEN)), vec![seen(&LEAVES, ELSEWHERE, HOUR, None)]).ending;
    assert!(says(&ending, "from here", "has open") && says(&ending, "looked at", "it"), "{ending:?}");
}

#[test]
fn what_is_not_to_be_asked_or_broke_takes_nothing() {
    for ending in [
        Ending::Skipped(Why::LeftOut(None)),
        Ending::Skipped(Why::NotApplicable { enable: "give it".to_owned(), wants: None }),
        Ending::Broke("it panicked".to_owned()),
    ] {
        let before = ending.status();
        let settled = settled(Standing::OutsideOnly, ending, vec![seen(&LEAVES, ELSEWHERE, HOUR, Some(&BROKEN))]);

        assert_eq!((settled.elsewhere, settled.ending.status()), (false, before));
    }
}

#[test]
fn only_the_same_check_of_the_same_subject_is_taken() {
    let other = Sighting { subject: Some("other".to_owned()), ..seen(&LEAVES, ELSEWHERE, HOUR, None) };
    let elsewhere = Elsewhere::of(vec![other.clone(), seen(&AFTER, ELSEWHERE, HOUR, None)]);
    let open = || asked(Some(&OPEN));

    assert!(!elsewhere.settle(&LEAVES, Some("app"), Standing::Here, open()).elsewhere);
    assert!(elsewhere.settle(&LEAVES, Some("other"), Standing::Here, open()).elsewhere);
    assert!(elsewhere.settle(&LEAVES, None, Standing::Here, open()).elsewhere);
}

#[test]
fn the_newest_that_decides_wins() {
    let (old, new) = (seen(&LEAVES, ELSEWHERE, 9 * HOUR, Some(&BROKEN)), seen(&LEAVES, ELSEWHERE, HOUR, None));
    let newest_is_open = seen(&LEAVES, ELSEWHERE, HOUR / 2, Some(&OPEN));
    let newest_is_kept_out = seen(&LEAVES, ELSEWHERE, HOUR / 2, Some(&DROPPED));

    for newest in [newest_is_open, newest_is_kept_out] {
        let ending = settled(Standing::Here, asked(Some(&OPEN)), vec![old.clone(), newest, new.clone()]).ending;
        assert_eq!(ending.status(), Status::Pass);
    }
    let ending = settled(
        Standing::Here,
        asked(Some(&OPEN)),
        vec![Sighting { outcome: outcome(None), ..old }, Sighting { outcome: outcome(Some(&BROKEN)), ..new }],
    );
    assert_eq!(ending.ending.status(), Status::Fail);
}

#[test]
fn whoever_an_allowlist_leaves_out_decides_nothing_unless_it_has_an_address_of_workos() {
    let from = |place, code| settled(Standing::OutsideOnly, asked(Some(&OPEN)), vec![seen(&LEAVES, place, HOUR, code)]);
    let (kept_out, let_in) =
        (from(ELSEWHERE, Some(&DROPPED)), from(Place::Outside { published: true }, Some(&DROPPED)));

    assert_eq!((kept_out.elsewhere, codes(&kept_out.ending)), (false, vec!["open"]));
    assert!(says(&kept_out.ending, "seen from outside", "laptop, 60 minutes ago: has dropped"), "{kept_out:?}");
    assert!(says(&kept_out.ending, "seen from outside", "allowlist that works"), "{kept_out:?}");
    assert_eq!((let_in.elsewhere, codes(&let_in.ending)), (true, vec!["dropped"]));
    for place in [ELSEWHERE, Place::Outside { published: true }] {
        assert!(!from(place, Some(&NO_ROUTE)).elsewhere, "what is about the looker decides nothing");
    }
}

#[test]
fn where_nobody_could_tell_what_was_not_asked_here_has_the_reason_of_whoever_asked() {
    let sighting = || vec![seen(&LEAVES, Place::Listener, HOUR, Some(&OPEN))];
    let nothing = Ending::Asked(outcome(None).not_available("there is none"));
    let (unasked, open) =
        (settled(Standing::Here, nothing, sighting()), settled(Standing::Here, asked(Some(&OPEN)), sighting()));

    assert_eq!((unasked.ending.status(), codes(&unasked.ending)), (Status::Unknown, vec!["open"]));
    assert!(says(&unasked.ending, "seen by listen", "laptop, 60 minutes ago"), "{unasked:?}");
    assert!(!unasked.elsewhere && !open.elsewhere);
    assert!(says(&open.ending, "seen by listen", "has open"), "{open:?}");
}

#[test]
fn what_was_seen_long_ago_warns_and_a_failure_stays_one() {
    let of = |age, code| settled(Standing::Here, asked(Some(&OPEN)), vec![seen(&LEAVES, ELSEWHERE, age, code)]).ending;

    assert_eq!((codes(&of(A_MONTH, None)), of(A_MONTH, None).status()), (vec!["seen-long-ago"], Status::Warn));
    assert_eq!(codes(&of(A_MONTH, Some(&BROKEN))), ["broken"]);
    assert!(codes(&of(HOUR, None)).is_empty());
}

#[test]
fn what_holds_here_and_not_outside_warns_unless_only_the_outside_can_tell() {
    let of = |standing, code| settled(standing, asked(code), vec![seen(&LEAVES, ELSEWHERE, HOUR, Some(&BROKEN))]);
    let (stands, proves_nothing) = (of(Standing::Here, None), of(Standing::OutsideOnly, None));

    assert_eq!((stands.elsewhere, stands.ending.status()), (false, Status::Warn));
    assert_eq!(codes(&stands.ending), ["otherwise-outside"]);
    assert!(stands.ending.findings()[0].problem.contains("has broken"), "{stands:?}");
    assert_eq!((proves_nothing.elsewhere, proves_nothing.ending.status()), (true, Status::Fail));
    let failed = settled(Standing::Here, asked(Some(&BROKEN)), vec![seen(&LEAVES, ELSEWHERE, HOUR, None)]);
    assert_eq!((codes(&failed.ending), failed.elsewhere), (vec!["broken"], false));
    assert!(says(&failed.ending, "seen from outside", "laptop, 60 minutes ago: it held"), "{failed:?}");
}

struct Deaf;

impl Observer for Deaf {
    fn area_is_through(&mut self) {}

    fn row(&mut self, _: &Row) {}

    fn waiting(&mut self, _: &Wait) {}
}

async fn run(sightings: Vec<Sighting>) -> Report {
    let settings = Settings::merge(&[], GivenSecrets::default(), Vec::new()).unwrap();
    let facts = Facts::embedded();
    let plan = Plan::new(GROUPS, &facts, &settings, Vantage::Inside, &Choice::default());
    let plan = Plan { elsewhere: Elsewhere::of(sightings), ..plan };
    let head = Head { host: String::new(), ..crate::reporters::fixture::healthy().head };
    let cx =
        Context::new(Layered::bare(Arc::new(Fake::default())), FakeHost::default(), settings, facts, Vantage::Inside);
    runner::run(plan, Arc::new(cx), head, pending(), &mut Deaf).await
}

fn row<'r>(report: &'r Report, spec: &Spec) -> &'r Row {
    report.rows.iter().find(|row| row.spec.id == spec.id).unwrap()
}

#[tokio::test]
async fn needs_hold_by_what_was_seen_elsewhere_and_what_rests_on_it_is_not_asked_from_here_where_it_was_seen_too() {
    let report = run(vec![seen(&LEAVES, ELSEWHERE, HOUR, None), seen(&AFTER, ELSEWHERE, HOUR, None)]).await;

    let (leaves, after) = (row(&report, &LEAVES), row(&report, &AFTER));
    assert_eq!((leaves.status(), after.status()), (Status::Pass, Status::Pass));
    assert!(says(after.ending(), "from here", "not asked: a.leaves is not seen to hold"), "{:?}", after.evidence());
    // Nobody saw it elsewhere, so it is asked.
    let last = row(&report, &LAST);
    assert_eq!((last.status(), last.evidence()), (Status::Pass, &[Evidence::new("looked at", "it")][..]));
}

#[tokio::test]
async fn behind_an_open_need_what_was_seen_elsewhere_is_taken_and_behind_a_failure_it_is_not() {
    let report = run(vec![seen(&AFTER, ELSEWHERE, HOUR, None), seen(&BEHIND, ELSEWHERE, HOUR, None)]).await;

    assert_eq!(row(&report, &LEAVES).status(), Status::Unknown);
    assert_eq!(row(&report, &AFTER).status(), Status::Pass);
    assert_eq!((row(&report, &BEHIND).status(), row(&report, &BEHIND).cause()), (Status::Skip, Some(FAILS_ID)));
}

#[tokio::test]
async fn without_reports_nothing_is_settled_and_the_root_of_a_chain_is_named() {
    let report = run(Vec::new()).await;

    assert_eq!(row(&report, &LAST).cause(), Some(LEAVES_ID));
    assert!(!row(&report, &HAIRPIN).required && !row(&report, &OPEN_HAIRPIN).required);
}

#[tokio::test]
async fn what_was_seen_from_outside_decides_as_much_as_it_did_there_and_what_decides_nothing_does_not() {
    let report =
        run(vec![seen(&HAIRPIN, ELSEWHERE, HOUR, Some(&BROKEN)), seen(&OPEN_HAIRPIN, ELSEWHERE, HOUR, None)]).await;
    let kept_out = [&HAIRPIN, &OPEN_HAIRPIN].map(|spec| seen(spec, ELSEWHERE, HOUR, Some(&DROPPED)));
    let as_it_was = run(kept_out.to_vec()).await;

    let [fails, passes] = [&HAIRPIN, &OPEN_HAIRPIN].map(|spec| row(&report, spec));
    assert_eq!((fails.status(), fails.required), (Status::Fail, true));
    assert_eq!((passes.status(), passes.required), (Status::Pass, true));
    let [passes, open] = [&HAIRPIN, &OPEN_HAIRPIN].map(|spec| row(&as_it_was, spec));
    assert_eq!((passes.status(), passes.required), (Status::Pass, false));
    assert_eq!((open.status(), open.required), (Status::Unknown, false));
}

//! The reports of `probe` and `listen` that the settings name, as far as checks from here take them in.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::{Failure, saved};
use crate::check::{Code, Spec};
use crate::checks::{self, actions_delivered, delivered};
use crate::elsewhere::{Elsewhere, OTHERWISE_OUTSIDE, Place, Sighting, Witness};
use crate::facts::{Facts, Origin};
use crate::outcome::{Command, Grade, Outcome, Remediation, Remediations};
use crate::report::v1;
use crate::said::distance;
use crate::settings::values::{shown_url, url_endpoint, web_url};
use crate::settings::{DOMAIN, Setting, Settings, Taker, WEBHOOK_URL};

/// What the runs saw whose reports the settings name.
pub(super) fn seen(settings: &Settings, facts: &Facts) -> Result<Elsewhere, Failure> {
    let now = SystemTime::now();
    let mut sightings = Vec::new();
    for named in &settings.inbound_reports {
        let Setting { value: path, source } = named;
        let report = saved::read(&format!("the inbound report (named by {source})"), path)?;
        let taken = Report { saved: &report, settings, facts, now }.sightings();
        sightings.extend(taken.map_err(|why| refused(path, &why))?);
    }
    Ok(Elsewhere::of(sightings))
}

fn refused(path: &Path, why: &str) -> Failure {
    Failure::Usage(format!("the inbound report ({}) {why}", path.display()))
}

/// Clocks that are further apart are wrong.
const A_DAY: Duration = Duration::from_hours(24);

/// No check sees more than this; a file may say so.
const MOST_SEEN: usize = 200;

/// What `listen` alone answers.
static HEARD: [&Spec; 2] = [&delivered::SPEC, &actions_delivered::SPEC];

/// What the settings of every run of `listen`, and of no other, say of it.
const OF_LISTEN: &str = "listen.";

/// A report, and what it is held to.
struct Report<'a> {
    saved: &'a v1::Report,
    settings: &'a Settings,
    facts: &'a Facts,
    now: SystemTime,
}

impl Report<'_> {
    /// What it saw of this installation, or why it is not taken, as a clause.
    fn sightings(&self) -> Result<Vec<Sighting>, String> {
        if self.saved.demonstration.is_some() {
            return Err("is of a demonstration, which says nothing of any installation".to_owned());
        }
        let witness = self.witness()?;
        let mut sightings = Vec::new();
        for check in &self.saved.checks {
            let Some(spec) = checks::spec(&check.id).filter(|spec| is_answered_at(witness.place, spec)) else {
                continue;
            };
            for result in &check.results {
                let outcome = concluded(spec, result)?;
                sightings.extend(outcome.map(|outcome| {
                    Sighting {
                        check: spec.id,
                        subject: result.subject.clone(),
                        witness: witness.clone(),
                        outcome,
                        evidence: result
                            .evidence
                            .iter()
                            .take(MOST_SEEN)
                            .map(|seen| (seen.what.clone(), seen.value.clone(), seen.into()))
                            .collect(),
                    }
                }));
            }
        }
        self.is_of_this_installation(witness.place)?;
        Ok(sightings)
    }

    fn witness(&self) -> Result<Witness, String> {
        let is_of_listen = self.saved.settings.iter().any(|setting| setting.name.starts_with(OF_LISTEN));
        let place = match self.saved.vantage {
            v1::Vantage::Outside => Place::Outside { published: self.looked_from_published_address() },
            v1::Vantage::Inside if is_of_listen => Place::Listener,
            v1::Vantage::Inside => {
                return Err(
                    "is of a run from inside; expected the report of a `probe` from outside, or of `listen`".to_owned()
                );
            }
        };
        let taken_at = moment(&self.saved.started_at);
        if taken_at > self.now + A_DAY {
            return Err(format!(
                "is dated {} ahead of this host's clock, so its age is not known; set both clocks by NTP, and make it anew",
                distance(self.now, taken_at)
            ));
        }
        let age = self.now.duration_since(taken_at).unwrap_or_default();
        Ok(Witness { taken_at, age, host: self.saved.host.name.clone(), place })
    }

    /// What the machine says of itself may be translated on the way, and then it is none of these.
    fn looked_from_published_address(&self) -> bool {
        let mut addresses = self.saved.host.addresses.iter().filter_map(|address| address.parse().ok());
        addresses.any(|address| self.facts.origin(address) == Origin::Published)
    }

    /// A look from outside is at an installation, by its name; a listener stands at one URL.
    fn is_of_this_installation(&self, place: Place) -> Result<(), String> {
        let settings = self.settings;
        let rows = self
            .saved
            .checks
            .iter()
            .filter(|check| checks::spec(&check.id).is_some_and(|it| is_answered_at(place, it)));
        let subjects: Vec<&str> =
            rows.flat_map(|check| &check.results).filter_map(|result| result.subject.as_deref()).collect();
        let Some(first) = subjects.first() else {
            return Err("tells of no installation: nothing in it was asked about one".to_owned());
        };
        let own = own_hosts(settings);
        if own.is_empty() {
            return Err(format!(
                "is about {first}, and no setting says which installation this is; give {}, or {}",
                DOMAIN.places(Taker::Check),
                WEBHOOK_URL.places(Taker::Check)
            ));
        }
        let urls = [&settings.webhook_url, &settings.actions_url].into_iter().flatten();
        let urls: Vec<String> = urls.map(|url| shown_url(&url.value)).collect();
        let is_own = |subject: &&str| match place {
            Place::Listener if !urls.is_empty() => urls.iter().any(|url| url == subject),
            Place::Listener | Place::Outside { .. } => host_of(subject).is_some_and(|host| own.contains(&host)),
        };
        if subjects.iter().any(is_own) {
            return Ok(());
        }
        let here = if place == Place::Listener && !urls.is_empty() { urls.join(" and ") } else { own.join(" and ") };
        Err(format!("is about another installation than this one: {first}, and not {here}"))
    }
}

/// Whether whoever stood there can have answered it.
fn is_answered_at(place: Place, spec: &Spec) -> bool {
    match place {
        // A check that is asked from both sides about the same thing says so by what it may find.
        Place::Outside { .. } => spec.declares(&OTHERWISE_OUTSIDE),
        Place::Listener => HEARD.iter().any(|heard| heard.id == spec.id),
    }
}

/// The names under which browsers and WorkOS know the installation.
fn own_hosts(settings: &Settings) -> Vec<String> {
    let mut hosts = settings.inbound_hosts();
    for uri in &settings.redirect_uris {
        hosts.extend(host_of(&uri.value).filter(|host| !hosts.contains(host)));
    }
    hosts
}

/// The host of a URL, of an endpoint, or of a name.
fn host_of(subject: &str) -> Option<String> {
    match web_url(subject) {
        Some(url) => url_endpoint(&url).map(|endpoint| endpoint.host),
        None => Some(subject.rsplit_once(':').map_or(subject, |(host, _)| host).to_owned()),
    }
}

/// What a result came to, where it came to something. What this version does not know it cannot judge by.
fn concluded(spec: &'static Spec, result: &v1::CheckResult) -> Result<Option<Outcome>, String> {
    let asked = result.skipped.is_none() && result.ended.is_none();
    let Some(grade) = result.grade.filter(|_| asked) else { return Ok(None) };
    let mut outcome = Outcome::graded(Grade::from(grade));
    for found in &result.findings {
        let Some(code) = known(spec, &found.code) else {
            return Err(format!(
                "was written by another version of workos-preflight, and finds what this one does not know ({}/{}); make it anew with this version",
                spec.id, found.code
            ));
        };
        outcome.found(code.found(found.problem.clone(), remediations(found)?));
    }
    Ok(Some(outcome))
}

fn known(spec: &Spec, name: &str) -> Option<&'static Code> {
    spec.codes.iter().find(|code| code.name == name).copied()
}

/// A finding without a way to mend it is none that this tool wrote.
fn remediations(found: &v1::Finding) -> Result<Remediations, String> {
    let mut ways = found.remediations.iter().map(|v1::Remediation { who, action, verify, .. }| Remediation {
        who: (*who).into(),
        action: action.clone(),
        brief: None,
        verify: verify.clone().map(Command::repeated),
    });
    let likeliest =
        ways.next().ok_or_else(|| format!("is not as this tool writes it: {} has no remediation", found.code))?;
    Ok(ways.fold(Remediations::from(likeliest), Remediations::or))
}

/// RFC 3339; what is none counts as long ago, so that nothing recent is claimed.
fn moment(text: &str) -> SystemTime {
    let seconds = text.parse::<jiff::Timestamp>().map_or(0, jiff::Timestamp::as_second);
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::elsewhere::Standing;
    use crate::ending::{Ending, Why};
    use crate::outcome::{Status, Steady};
    use crate::settings::{GivenSecrets, Layer, Source, declared};
    use serde_json::{Value, json};

    const NOW: &str = "2026-11-27T15:00:00Z";
    const HOOK: &str = "https://app.customer.example/webhooks/workos";

    fn settings(given: &[(&str, &str)]) -> Settings {
        let mut layer = Layer::default();
        for (name, value) in given {
            layer.give(declared(name).unwrap(), [(*value).to_owned()], Source::Flag("--test"));
        }
        Settings::merge(&[layer], GivenSecrets::default(), Vec::new()).unwrap()
    }

    fn here() -> Settings {
        settings(&[("installation.webhook_url", HOOK)])
    }

    /// A saved report with these results, as JSON says them: check, subject, status, and the code of a finding.
    fn saved(place: &str, results: &[(&str, Option<&str>, &str, Option<&str>)]) -> Value {
        let mut report = serde_json::to_value(v1::Report::from(&crate::reporters::fixture::healthy())).unwrap();
        report["started_at"] = "2026-11-27T12:00:00Z".into();
        report["host"] = json!({ "name": "laptop", "os": "linux", "addresses": [] });
        report["vantage"] = if place == "outside" { "outside" } else { "inside" }.into();
        let bind = json!({ "name": "listen.bind", "value": "0.0.0.0:443", "from": "default" });
        report["settings"] = if place == "listen" { json!([bind]) } else { json!([]) };
        let finding = |code: &str| {
            let ways =
                json!([{ "who": "network", "action": "Open it.", "in_short": null, "verify": "curl -v https://x/" }]);
            json!({ "code": code, "severity": "error", "problem": "is as it is", "remediations": ways })
        };
        let checks = results.iter().map(|(id, subject, status, code)| {
            let findings: Vec<Value> = code.iter().map(|code| finding(code)).collect();
            let result = json!({
                "subject": subject, "status": status, "grade": "answered", "via": "direct", "duration_ms": 3,
                "attempts": 1, "ended": null, "skipped": null, "waived": null, "findings": findings,
                "evidence": [{ "what": "status", "value": "401" }],
            });
            json!({ "id": id, "group": "x", "title": "x", "required": true, "results": [result] })
        });
        report["checks"] = checks.collect();
        report
    }

    fn taken(report: &Value, settings: &Settings) -> Result<Vec<Sighting>, String> {
        let saved: v1::Report = serde_json::from_value(report.clone()).unwrap();
        Report { saved: &saved, settings, facts: &Facts::embedded(), now: moment(NOW) }.sightings()
    }

    const REFUSES: (&str, Option<&str>, &str, Option<&str>) = ("webhook.refuses-unsigned", Some(HOOK), "pass", None);

    #[test]
    fn a_look_from_outside_gives_its_results_with_its_machine_and_age() {
        let connects = ("ingress.connects", Some("app.customer.example:443"), "fail", Some("timed-out"));
        let sightings = taken(&saved("outside", &[connects, REFUSES]), &here()).unwrap();

        let [kept_out, passed] = &sightings[..] else { panic!("two results") };
        assert_eq!((kept_out.check.as_str(), kept_out.outcome.status()), ("ingress.connects", Status::Fail));
        assert_eq!(kept_out.outcome.findings[0].remediations.likeliest().action, "Open it.");
        assert_eq!((passed.subject.as_deref(), passed.outcome.status()), (Some(HOOK), Status::Pass));
        assert_eq!(passed.evidence, [("status".to_owned(), "401".to_owned(), Steady::Whole)]);
        assert_eq!((passed.witness.host.as_str(), passed.witness.age), ("laptop", Duration::from_hours(3)));
        // The finding has the bearing that its code has here.
        let spec = checks::spec("ingress.connects").unwrap();
        let open = || Ending::Skipped(Why::Needs(spec.id));
        let settled =
            Elsewhere::of(sightings).settle(spec, Some("app.customer.example:443"), Standing::OutsideOnly, open());
        assert!(!settled.elsewhere, "{settled:?}");
    }

    #[test]
    fn an_address_that_workos_publishes_is_known_by_what_the_machine_says_of_itself() {
        let published = |address: &str| {
            let mut report = saved("outside", &[REFUSES]);
            report["host"]["addresses"] = json!([address]);
            taken(&report, &here()).unwrap()[0].witness.place == Place::Outside { published: true }
        };

        assert!(published("3.217.146.166"));
        assert!(!published("35.82.80.13") && !published("10.20.0.10") && !published("nonsense"));
    }

    #[test]
    fn of_a_listener_only_what_it_alone_answers_is_taken_and_for_its_own_url() {
        let delivered = ("webhook.delivered", Some(HOOK), "pass", None);
        let report = saved("listen", &[("settings.consistent", None, "pass", None), delivered]);
        let of = |given: &[(&str, &str)]| taken(&report, &settings(given));

        assert_eq!(of(&[("installation.webhook_url", HOOK)]).unwrap().len(), 1);
        assert_eq!(of(&[("installation.domain", "app.customer.example")]).unwrap().len(), 1);
        for given in [
            [("installation.webhook_url", "https://app.customer.example/other")],
            [("installation.webhook_url", "https://other.example/webhooks/workos")],
            [("installation.domain", "other.example")],
        ] {
            assert!(of(&given).unwrap_err().contains("another installation"), "{given:?}");
        }
    }

    #[test]
    fn what_is_no_look_from_elsewhere_at_this_installation_is_refused_with_its_reason() {
        let played = || {
            let mut report = saved("outside", &[REFUSES]);
            report["demonstration"] = "the embedded WorkOS".into();
            report
        };
        let ahead = || {
            let mut report = saved("outside", &[REFUSES]);
            report["started_at"] = "2026-11-29T15:00:00Z".into();
            report
        };
        let later = ("ingress.trusted", Some("app.customer.example:443"), "fail", Some("of-a-later-version"));
        let other = settings(&[("installation.domain", "other.example")]);
        for (report, settings, words) in [
            (played(), here(), "of a demonstration"),
            (saved("inside", &[REFUSES]), here(), "a run from inside"),
            (saved("outside", &[REFUSES]), other, "another installation than this one: https://app.customer.example"),
            (saved("outside", &[REFUSES]), settings(&[]), "no setting says which installation"),
            (saved("outside", &[]), here(), "tells of no installation"),
            (saved("outside", &[later]), here(), "ingress.trusted/of-a-later-version"),
            (ahead(), here(), "2 days ahead of this host's clock"),
        ] {
            let why = taken(&report, &settings).unwrap_err();

            assert!(why.contains(words), "{why}");
        }
    }

    #[test]
    fn what_came_to_nothing_there_is_nothing_here() {
        let mut report = saved("outside", &[REFUSES, ("ingress.callback", None, "skip", None)]);
        report["checks"][0]["results"][0]["ended"] = json!({ "kind": "broke", "why": "it panicked" });
        report["checks"][1]["results"][0]["skipped"] = json!({ "kind": "needs", "check": "ingress.trusted" });

        assert!(taken(&report, &here()).unwrap().is_empty());
    }
}

//! Is this host's clock right?

use std::time::{Duration, SystemTime};

use super::answers;
use super::causes::LOST_BY_CHANCE;
use crate::check::{
    Check, CheckId, Code, Command, Contact, Endpoint, Finding, Grade, Method, Outcome, Planned, Remediation, Running,
    Spec, Touch, Vantage, command,
};
use crate::checks::ingress::trusted::codes::NOT_YET_VALID;
use crate::context::{Context, requesting};
use crate::facts::Facts;
use crate::net::Response;
use crate::outcome::Cause;
use crate::said::spoken;
use crate::settings::Settings;
use crate::workos;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "this host's clock is right",
    explain: "\
Compares this host's clock with the Date header of the API's answer. Half of the round trip, and the second to which the \
header is cut, are allowed for.

WorkOS signs webhooks and Actions with the time. The SDKs refuse a webhook whose time is more than 180 seconds from the \
host's clock, and an Action beyond 30 seconds, which denies the sign-in. Certificates, too, hold by the clock.

Usually broken by NTP that is blocked (UDP 123) and a virtual machine that was paused, or by a host whose time zone was \
set by moving the clock.",
    vantages: &[Vantage::Inside],
    required: super::required,
    codes: &[&SKEWED, &OFF_FOR_ACTIONS, &NO_DATE, &OLD_ANSWER],
    needs: &[answers::ID],
    plan: |_, settings| Planned::one(Clock(settings.api.value.clone())),
};

pub(super) const ID: CheckId = CheckId::new("egress.clock");

pub(in crate::checks) static SKEWED: Code =
    Code::error("skewed", "the clock is off by more than 180 seconds: signatures of webhooks are refused")
        .explains(&[&NOT_YET_VALID])
        .caused_by(OFF);
pub(in crate::checks) static OFF_FOR_ACTIONS: Code =
    Code::warning("off-for-actions", "the clock is off by more than 30 seconds: signatures of Actions are refused")
        .caused_by(OFF);

/// Why a clock is off.
const OFF: &[Cause] = &[
    Cause::installer(
        "No time service runs on this host.",
        "`timedatectl` says that the NTP service is inactive.",
        "Start chrony or systemd-timesyncd.",
    )
    .shown_by("timedatectl"),
    Cause::network(
        "NTP is blocked, so that the time service reaches no server.",
        "The time service runs, and no server of its list has answered.",
        "Allow UDP 123 from this host to the customer's time servers.",
    )
    .shown_by("chronyc sources; timedatectl timesync-status"),
    Cause::installer(
        "A virtual machine was paused or restored, and its clock catches up slowly or not at all.",
        "The difference began with a pause or a restore.",
        "Have the time service step the clock (`chronyc makestep`, or restart systemd-timesyncd).",
    )
    .shown_by("chronyc tracking"),
    Cause::installer(
        "The clock was moved to show the local time, in the place of the time zone.",
        "The difference is a matter of whole hours.",
        "Set the time zone with `timedatectl set-timezone`, and the clock by NTP.",
    )
    .shown_by("timedatectl; date -u"),
];
pub(in crate::checks) static NO_DATE: Code =
    Code::undecided("no-date", "the API's answer carries no Date, so the clock cannot be compared").caused_by(&[
        Cause::network(
            "A proxy on the way removes the Date header, or writes one that cannot be read.",
            "The command prints nothing here, and a line from another network.",
            "Stop the proxy from removing or changing the Date header of api.workos.com.",
        )
        .shown_by("curl -sI https://api.workos.com/ | grep -i ^date"),
        LOST_BY_CHANCE,
    ]);

pub(in crate::checks) static OLD_ANSWER: Code = Code::undecided(
    "old-answer",
    "the answer was kept by a cache on the way, and its Date says nothing certain of the time",
)
.caused_by(&[Cause::network(
    "A caching proxy on the way keeps the API's answers.",
    "The answer carries Age or a HIT in X-Cache, and names the proxy in Via.",
    "Exempt api.workos.com from caching on the proxy.",
)
.shown_by("curl -sI https://api.workos.com/ | grep -iE '^(date|age|x-cache|via)'")]);

/// The tolerances of the SDKs (facts §4.1), and what is worth a note.
const WEBHOOKS: Duration = Duration::from_mins(3);
const ACTIONS: Duration = Duration::from_secs(30);

struct Clock(Endpoint);

impl Check for Clock {
    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        let list = Touch::request(Method::Get, &self.0, workos::LIST_ORGANIZATIONS);
        requesting(&self.0, settings, [Contact::new(list, "what time the API's answer gives, from the same answer")])
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let Some(way) = cx.way(&self.0).await else {
                return Outcome::graded(Grade::Declared).because(no_date(&self.0));
            };
            let via = way.via();
            let sent = cx.network.fetch(&workos::list_organizations(way, None)).await;
            match &sent.result {
                Ok(response) => judge(&self.0, response, sent.took).via(via),
                Err(_) => Outcome::graded(Grade::Declared).because(no_date(&self.0)),
            }
        })
    }
}

/// By how much this host's clock differs, and whether it is ahead. What the round trip explains is no difference.
fn skew(date: SystemTime, at: SystemTime, took: Duration) -> (Duration, bool) {
    // The header was written between the request and the answer, and is cut to the second.
    let latest = at;
    let earliest = at.checked_sub(took).unwrap_or(at);
    let cut = Duration::from_secs(1);
    match (date.duration_since(latest), earliest.duration_since(date + cut)) {
        (Ok(behind), _) if !behind.is_zero() => (behind, false),
        (_, Ok(ahead)) if !ahead.is_zero() => (ahead, true),
        _ => (Duration::ZERO, false),
    }
}

fn judge(api: &Endpoint, response: &Response, took: Duration) -> Outcome {
    let Some(date) = response.header("date").and_then(|date| httpdate::parse_http_date(date).ok()) else {
        return Outcome::graded(Grade::Answered).because(no_date(api));
    };
    let age = response.header("age").and_then(|age| age.trim().parse().ok()).map(Duration::from_secs);
    if let Some(age) = age.filter(|age| !age.is_zero()) {
        return by_age(api, response, date, age, took);
    }
    if let Some(hit) = cache_hit(response) {
        return Outcome::graded(Grade::Answered)
            .with("cache", hit)
            .because(old_answer(api, "without saying for how long"));
    }
    let (difference, ahead) = skew(date, response.at, took);
    let seconds = difference.as_secs();
    let direction = if ahead { "ahead of" } else { "behind" };
    // By how much it is off is another in every run; which way it is off is not.
    let (shown, steady) = match seconds {
        0..=5 => (format!("within {} of the API's", spoken(Duration::from_secs(seconds.max(1)) + took / 2)), "right"),
        _ => (format!("{seconds} s {direction} the API's"), direction),
    };
    let mut outcome = Outcome::graded(Grade::Answered).in_short(format!("clock {shown}"));
    outcome.saw_of_which("clock", shown, steady);
    if difference > WEBHOOKS {
        outcome.because(skewed(api, seconds, direction))
    } else if difference > ACTIONS {
        outcome.because(off_for_actions(api, seconds, direction))
    } else {
        outcome
    }
}

/// An answer that was kept says when it was made, and how long ago that was by the clock of whoever kept it.
fn by_age(api: &Endpoint, response: &Response, date: SystemTime, age: Duration, took: Duration) -> Outcome {
    let now = date.checked_add(age).unwrap_or(date);
    let (difference, _) = skew(now, response.at, took);
    let outcome = Outcome::graded(Grade::Answered)
        .with_passing("age of the answer", format!("{} s: a cache on the way kept it", age.as_secs()));
    if difference > ACTIONS {
        return outcome.because(old_answer(api, &format!("for {} s, as it says", age.as_secs())));
    }
    let within = difference.as_secs().max(1);
    let shown = format!("within {within} s of the API's, by the Date and the Age of the answer");
    let mut outcome = outcome;
    outcome.saw_of_which("clock", shown, "right by its age");
    outcome
}

/// What an answer says of having been kept by a cache, if anything.
pub(in crate::checks) fn kept(response: &Response) -> Option<String> {
    let age = response.header("age").and_then(|age| age.trim().parse::<u64>().ok()).filter(|age| *age > 0);
    age.map(|age| format!("age: {age}")).or_else(|| cache_hit(response))
}

/// What a cache says that gives an answer it kept: `X-Cache: HIT from gw`, `CF-Cache-Status: HIT`.
fn cache_hit(response: &Response) -> Option<String> {
    ["x-cache", "cf-cache-status", "x-cache-lookup"].into_iter().find_map(|name| {
        let value = response.header(name)?;
        let hit = value.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word.eq_ignore_ascii_case("hit"));
        hit.then(|| format!("{name}: {}", value.chars().take(80).collect::<String>()))
    })
}

const SET_THE_CLOCK: &str = "Set this host's clock by NTP: start chrony or systemd-timesyncd, and allow UDP 123 to the customer's time servers.";

const BY_NTP: &str = "set this host's clock by NTP";

/// What shows this host's clock beside the API's.
fn compared_with(api: &Endpoint) -> Command {
    command!("date -u; curl -sI {} | grep -i ^date", api.https("/"))
}

fn skewed(api: &Endpoint, seconds: u64, direction: &str) -> Finding {
    SKEWED.found(
        format!("this host's clock is {seconds} s {direction} the API's: webhooks are refused beyond 180 s, Actions beyond 30 s"),
        Remediation::installer(SET_THE_CLOCK).in_short(BY_NTP).verify(compared_with(api)),
    )
}

fn off_for_actions(api: &Endpoint, seconds: u64, direction: &str) -> Finding {
    OFF_FOR_ACTIONS.found(
        format!("this host's clock is {seconds} s {direction} the API's: Actions are refused beyond 30 s, which denies sign-ins"),
        Remediation::installer(SET_THE_CLOCK).in_short(BY_NTP).verify(compared_with(api)),
    )
}

fn old_answer(api: &Endpoint, how_long: &str) -> Finding {
    OLD_ANSWER.found(
        format!("the answer was kept by a cache on the way {how_long}, so its Date does not tell whether this host's clock is right"),
        Remediation::network("Exempt the WorkOS API from caching on the proxy: its answers are for one request each.")
            .in_short("exempt WorkOS from the proxy's cache")
            .verify(command!("timedatectl; curl -sI {} | grep -iE '^(date|age|x-cache|via)'", api.https("/")))
            .or(Remediation::installer("Compare this host's clock with the customer's time servers: timedatectl, or chronyc tracking.").in_short("compare the clock with the time servers")),
    )
}

fn no_date(api: &Endpoint) -> Finding {
    NO_DATE.found(
        "the API's answer carries no readable Date header, so the clock cannot be compared",
        Remediation::network("Stop the proxy from removing the Date header, or compare the clock by hand.")
            .in_short("stop the proxy from removing Date")
            .verify(compared_with(api)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Held, codes, held};
    use crate::net::fake::response;

    fn judge(api: &Endpoint, response: &Response, took: Duration) -> Held {
        held(&SPEC, super::judge(api, response, took))
    }

    fn api() -> Endpoint {
        Endpoint::new("api.workos.com", 443)
    }

    fn judged(offset: i64, took: Duration) -> Held {
        let at = response(401, &[], "").at;
        let server = if offset >= 0 {
            at + Duration::from_secs(offset.unsigned_abs())
        } else {
            at - Duration::from_secs(offset.unsigned_abs())
        };
        judge(&api(), &response(401, &[("date", &httpdate::fmt_http_date(server))], ""), took)
    }

    #[test]
    fn the_tolerances_of_the_sdks_decide() {
        let quick = Duration::from_millis(50);

        assert_eq!(judged(0, quick).status(), Status::Pass);
        assert_eq!(judged(-20, quick).status(), Status::Pass);
        assert_eq!(codes(&judged(40, quick)), ["off-for-actions"]);
        assert_eq!(codes(&judged(-40, quick)), ["off-for-actions"]);
        assert_eq!(codes(&judged(600, quick)), ["skewed"]);
        assert_eq!(codes(&judged(-600, quick)), ["skewed"]);
    }

    /// An answer that was made so many seconds ago, with these headers besides.
    fn kept(ago: u64, headers: &[(&str, &str)]) -> Held {
        let date = httpdate::fmt_http_date(response(401, &[], "").at - Duration::from_secs(ago));
        let headers = [&[("date", date.as_str())], headers].concat();
        judge(&api(), &response(401, &headers, ""), Duration::from_millis(50))
    }

    #[test]
    fn an_old_answer_is_no_skewed_clock() {
        assert_eq!(kept(900, &[("age", "900")]).status(), Status::Pass);
        assert_eq!(codes(&kept(900, &[("age", "100")])), ["old-answer"]);
        assert_eq!(codes(&kept(900, &[("x-cache", "HIT from gw.customer.example")])), ["old-answer"]);
        assert_eq!(codes(&kept(900, &[("x-cache", "MISS from gw.customer.example")])), ["skewed"]);
        assert_eq!(codes(&kept(900, &[("age", "0"), ("cf-cache-status", "DYNAMIC")])), ["skewed"]);
        assert_eq!(codes(&kept(900, &[("age", "99999999999999999999")])), ["skewed"]);
    }

    #[test]
    fn a_custom_api_domain_is_what_every_command_asks() {
        let custom = Endpoint::new("auth.customer.example", 443);

        for finding in [
            skewed(&custom, 600, "behind"),
            off_for_actions(&custom, 40, "behind"),
            old_answer(&custom, ""),
            no_date(&custom),
        ] {
            let command = finding.remediations.likeliest().verify.as_ref().unwrap().as_str().to_owned();
            assert!(command.contains("https://auth.customer.example/") && !command.contains("workos.com"), "{command}");
        }
    }

    #[test]
    fn a_slow_answer_is_no_skew() {
        assert_eq!(judged(-35, Duration::from_secs(40)).status(), Status::Pass);
    }

    #[test]
    fn an_answer_without_a_date_leaves_it_open() {
        assert_eq!(codes(&judge(&api(), &response(401, &[("date", "yesterday")], ""), Duration::ZERO)), ["no-date"]);
    }

    proptest::proptest! {
        #[test]
        fn whatever_date_an_answer_carries_it_is_judged_without_a_panic(date in ".*", year in 0..99_999_u32, milliseconds: u32) {
            let took = Duration::from_millis(milliseconds.into());
            for date in [date, format!("Sun, 06 Nov {year} 08:49:37 GMT")] {
                let _ = judge(&api(), &response(401, &[("date", &date)], ""), took);
            }
        }
    }
}

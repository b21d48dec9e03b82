//! Is the way steady?

use std::time::Duration;

use futures_util::future::join_all;

use super::causes::LOST_BY_CHANCE;
use super::{answers, carries, http2};
use crate::check::{
    About, Check, CheckId, Code, Contact, Endpoint, Finding, Grade, Method, Outcome, Planned, Remediation, Running,
    Spec, Touch, Vantage, command,
};
use crate::context::{Context, requesting};
use crate::facts::Facts;
use crate::net::{Attempted, Response};
use crate::outcome::Cause;
use crate::said::spoken;
use crate::settings::Settings;
use crate::workos;

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the API answers steadily",
    explain: "\
Repeats the request without a key --samples times (five unless said otherwise), each over a connection of its own and \
without a second attempt, and looks at how many were answered and how long they took.

Everything else is tried again after a transient failure, so that one lost packet is no verdict. This check is where lost \
packets show: an application that makes thousands of requests meets each of them.

Usually broken by a lossy link, by one of several firewalls or proxies that lacks the rule, or by a state table or rate \
limit that is full.",
    vantages: &[Vantage::Inside],
    required: |_, _| false,
    codes: &[&UNSTABLE, &SLOW],
    needs: &[answers::ID],
    plan: |_, settings| Planned::one(Stable { endpoint: settings.api.value.clone(), samples: settings.samples.value }),
};

pub(super) const ID: CheckId = CheckId::new("egress.stable");

pub(in crate::checks) static UNSTABLE: Code = Code::warning("unstable", "some of the requests were not answered")
    .explains(&[&http2::NOT_ESTABLISHED, &carries::NOT_ESTABLISHED])
    .caused_by(&[
        LOST_BY_CHANCE,
        Cause::network(
            "One of several firewalls or proxies on the way lacks the rule.",
            "The same share of requests fails each time, such as a half or a third.",
            "Give every firewall and proxy on the way the rule that the others have.",
        )
        .shown_by(TWENTY),
        Cause::installer(
            "Other programs behind the same outbound address ask the API too much.",
            "The other answers are 429.",
            "Find out which programs behind this outbound address ask the API so much, and have them ask less.",
        )
        .shown_by(TWENTY),
        Cause::workos(
            "WorkOS or Cloudflare has an incident.",
            "The other answers are 500 or above and carry a cf-ray.",
            "Look at https://status.workos.com, and run the check again.",
        )
        .shown_by(TWENTY),
    ]);

const TWENTY: &str = "for i in $(seq 20); do curl -so /dev/null -m 5 -w '%{http_code} %{time_total}\\n' 'https://api.workos.com/organizations?limit=1'; done";
pub(in crate::checks) static SLOW: Code =
    Code::warning("slow", "requests are answered, and take longer than two seconds").caused_by(&[
        Cause::network(
            "A proxy's content scanning holds answers back.",
            "Of the times that the command prints, the one between tls and answer is the longest.",
            "Exempt api.workos.com from content scanning.",
        )
        .shown_by(TIMES),
        Cause::network(
            "The way is long or its line is full: requests leave at a distant exit, or beside a large transfer.",
            "The time between name and tcp is long already, or differs much from one run to the next.",
            "Have requests to api.workos.com leave the network near by, or give the line room.",
        )
        .shown_by(TIMES),
        Cause::network(
            "TLS inspection, or the proxy that opens the way, is overloaded.",
            "Of the times that the command prints, the one between tcp and tls is the longest.",
            "Exempt api.workos.com from TLS inspection, or give the proxy room.",
        )
        .shown_by(TIMES),
    ]);

const TIMES: &str = "curl -so /dev/null -w 'name %{time_namelookup} tcp %{time_connect} tls %{time_appconnect} answer %{time_total}\\n' 'https://api.workos.com/organizations?limit=1'";

/// From here on people notice, and time-outs of applications begin.
const PATIENCE: Duration = Duration::from_secs(2);

struct Stable {
    endpoint: Endpoint,
    samples: u32,
}

impl Check for Stable {
    fn about(&self) -> About {
        About::Endpoint(self.endpoint.clone())
    }

    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        let list = Touch::request(Method::Get, &self.endpoint, workos::LIST_ORGANIZATIONS);
        let why =
            format!("whether the way is steady: {} times without a key, each on its own connection", self.samples);
        requesting(&self.endpoint, settings, [Contact::new(list, why)])
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let Some(way) = cx.way(&self.endpoint).await else {
                return Outcome::graded(Grade::Declared).because(unstable(&self.endpoint, 0, self.samples as usize));
            };
            let via = way.via();
            let mut request = workos::list_organizations(way, None);
            request.fresh = true;
            let samples = join_all((0..self.samples).map(|_| cx.unrepeated.fetch(&request))).await;
            judge(&self.endpoint, &samples).via(via).tried(1)
        })
    }
}

fn judge(endpoint: &Endpoint, samples: &[Attempted<Response>]) -> Outcome {
    // A page that answers in the API's place now and then is no answer.
    let by_the_api =
        |sample: &&Attempted<Response>| sample.result.as_ref().is_ok_and(|response| response.status == 401);
    let mut times: Vec<Duration> = samples.iter().filter(by_the_api).map(|sample| sample.took).collect();
    times.sort_unstable();
    let mut outcome =
        Outcome::graded(Grade::Answered).with("answered", format!("{} of {}", times.len(), samples.len()));
    if let (Some(least), Some(middle), Some(most)) = (times.first(), times.get(times.len() / 2), p95(&times)) {
        outcome
            .saw_passing("time", format!("min {}, median {}, p95 {}", spoken(*least), spoken(*middle), spoken(most)));
        outcome = outcome.in_short(format!("{} of {} requests, {}", times.len(), samples.len(), spoken(*middle)));
    }
    if let Some(error) = samples.iter().find_map(|sample| sample.result.as_ref().err()) {
        outcome.saw("failure", error.detail.clone());
    }
    let strange =
        samples.iter().filter_map(|sample| sample.result.as_ref().ok()).find(|response| response.status != 401);
    if let Some(response) = strange {
        outcome.saw("other answer", response.status.to_string());
    }
    let lost = samples.iter().any(|sample| sample.result.is_err());
    match strange {
        _ if times.len() == samples.len() => {}
        // Nothing is lost where everything is answered, and the other answer has a cause of its own.
        Some(response) if !lost => outcome.found(answered_otherwise(endpoint, times.len(), samples.len(), response)),
        _ => outcome.found(unstable(endpoint, times.len(), samples.len())),
    }
    if let Some(most) = p95(&times).filter(|most| *most > PATIENCE) {
        outcome.found(slow(endpoint, most));
    }
    outcome
}

/// The time that 95 of 100 requests stay below; of a few samples, the largest.
fn p95(sorted: &[Duration]) -> Option<Duration> {
    let place = (sorted.len() * 95).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied()
}

fn unstable(endpoint: &Endpoint, answered: usize, of: usize) -> Finding {
    UNSTABLE.found(
        format!("{endpoint} answered {answered} of {of} requests: some connections or packets are lost on the way"),
        Remediation::network(format!(
            "Look for loss, a full state table, a rate limit, or one of several firewalls or proxies without the rule, between this host and {endpoint}."
        ))
        .in_short("find where connections are lost")
        .verify(command!("for i in $(seq 20); do curl -so /dev/null -m 5 -w '%{{http_code}} %{{time_total}}\\n' '{}'; done", endpoint.https(workos::LIST_ORGANIZATIONS))),
    )
}

fn answered_otherwise(endpoint: &Endpoint, as_usual: usize, of: usize, other: &Response) -> Finding {
    let status = other.status;
    let again = command!(
        "for i in $(seq 20); do curl -so /dev/null -m 5 -w '%{{http_code}} %{{time_total}}\\n' '{}'; done",
        endpoint.https(workos::LIST_ORGANIZATIONS)
    );
    let problem = format!("{endpoint} answered {as_usual} of {of} requests as the API does, and others with {status}");
    let remedy = match (status, other.header("cf-ray")) {
        (429, _) => Remediation::installer(
            "Run the check again in a minute; if it lasts, find out which other programs behind this outbound address ask the API so much.",
        )
        .in_short("run the check again in a minute"),
        (_, Some(_)) => Remediation::workos(
            "Look at https://status.workos.com and run the check again: these answers came from WorkOS or Cloudflare.",
        )
        .in_short("see status.workos.com, and try again"),
        (_, None) => Remediation::network(format!(
            "Find which of several proxies or gateways between this host and {endpoint} answers with {status}, and give it the rule that the others have."
        ))
        .in_short("give each proxy or gateway the same rule"),
    };
    UNSTABLE.found(problem, remedy.verify(again))
}

fn slow(endpoint: &Endpoint, most: Duration) -> Finding {
    SLOW.found(
        format!("requests to {endpoint} take up to {}: sign-ins wait for several of them", spoken(most)),
        Remediation::network(format!("Find where the time goes between this host and {endpoint}: the proxy's content scanning, a distant exit, or a saturated line."))
            .verify(command!("curl -so /dev/null -w 'name %{{time_namelookup}} tcp %{{time_connect}} tls %{{time_appconnect}} answer %{{time_total}}\\n' '{}'", endpoint.https(workos::LIST_ORGANIZATIONS))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{Status, Who};
    use crate::checks::fixture::{Held, codes, held};
    use crate::net::fake::{error, response};
    use crate::net::{ErrorKind, Phase};

    fn judge(endpoint: &Endpoint, samples: &[Attempted<Response>]) -> Held {
        held(&SPEC, super::judge(endpoint, samples))
    }

    fn sample(answered: bool, took: Duration) -> Attempted<Response> {
        let result = if answered { Ok(response(401, &[], "")) } else { Err(error(ErrorKind::TimedOut(Phase::Answer))) };
        Attempted { result, attempts: 1, took }
    }

    #[test]
    fn losses_and_long_times_warn() {
        let endpoint = Endpoint::new("api.workos.com", 443);
        let quick = Duration::from_millis(50);
        let judged = |samples: &[Attempted<Response>]| judge(&endpoint, samples);

        assert_eq!(judged(&[sample(true, quick), sample(true, quick)]).status(), Status::Pass);
        assert_eq!(codes(&judged(&[sample(true, quick), sample(false, quick)])), ["unstable"]);
        assert_eq!(codes(&judged(&[sample(true, quick), sample(true, PATIENCE * 2)])), ["slow"]);
    }

    #[test]
    fn another_answer_is_no_loss() {
        let endpoint = Endpoint::new("api.workos.com", 443);
        let other = |status, headers: &[(&str, &str)]| Attempted {
            result: Ok(response(status, headers, "")),
            attempts: 1,
            took: Duration::from_millis(50),
        };
        for (sample, who) in [
            (other(429, &[("cf-ray", "1")]), Who::Installer),
            (other(503, &[("cf-ray", "1")]), Who::Workos),
            (other(403, &[]), Who::Network),
        ] {
            let outcome = judge(&endpoint, &[sample]);
            let finding = &outcome.findings[0];
            assert!(!finding.problem.contains("lost"), "{}", finding.problem);
            assert_eq!(finding.remediations.likeliest().who, who);
        }
    }

    #[test]
    fn of_few_samples_the_largest_is_the_95th_percentile() {
        let times: Vec<Duration> = (1..=5).map(Duration::from_secs).collect();

        assert_eq!(p95(&times), Some(Duration::from_secs(5)));
        assert_eq!(p95(&[]), None);
    }
}

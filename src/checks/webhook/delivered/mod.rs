//! Does a genuine delivery of WorkOS arrive, from a published address, with its signature intact?

pub(in crate::checks) mod codes;
mod heard;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use self::codes::{
    BAD_SIGNATURE, FEWER_THAN_ASKED, FROM_ELSEWHERE, FROM_REPORTED_SOURCE, LEFT_BEHIND, NOT_CAUSED, NOT_DELIVERED,
    NOT_FROM_ALL, NOT_LISTED, NOT_VERIFIED, NOTHING_ARRIVED, OTHER_PATH, SOME_REFUSED, SOME_TURNED_AWAY, TURNED_AWAY,
};
pub(in crate::checks) use self::heard::Heard;
pub use super::unheld::{HeldTo, in_words as refusal_in_words};
use super::{elsewhere, turned, unheld};
use crate::check::{
    CheckId, Code, Finding, Grade, Outcome, Planned, Remediation, Remediations, Spec, Vantage, command,
};
use crate::elsewhere::SEEN_LONG_AGO;
use crate::facts::{Facts, Origin};
use crate::net::special::special;
use crate::said::spoken;
use crate::settings::values::{shown_url, web_url};
use crate::settings::{INBOUND_REPORTS, Taker};
use crate::workos::delivery::{Delivery, Signature, Turned, TurnedAway};
use crate::workos::signature::Refusal;

/// The check, which `listen` answers and `check` takes from its saved report.
pub static SPEC: Spec = Spec {
    id: ID,
    title: "a genuine delivery arrives",
    explain: "\
Looks at what arrived while `workos-preflight listen` stood at the webhook URL: from which address, through which \
proxies, and whether the signature holds. `check` takes the saved report of such a run with --inbound-report, and says \
how old it is.

This is the one proof that WorkOS reaches the installation: a delivery that WorkOS itself sent, with a signature that \
only it and this installation can make, from an address that it publishes. What looks from inside, or from a machine that is not \
WorkOS's, can only show that other packets get through.

Usually broken by an allowlist that holds six of nine addresses, so that deliveries fail now and then; by a router that \
puts its own address in the place of the sender's; by a secret that belongs to another endpoint, or has a byte order mark, quotes or \
a variable's name around it; and by a proxy that writes bodies anew.",
    vantages: &[Vantage::Inside],
    required: |settings, _| !settings.inbound_reports.is_empty(),
    codes: &[
        &NOT_DELIVERED, &FROM_ELSEWHERE, &BAD_SIGNATURE, &TURNED_AWAY, &NOTHING_ARRIVED, &FEWER_THAN_ASKED, &NOT_VERIFIED, &NOT_CAUSED, &NOT_LISTED, &OTHER_PATH,
        &FROM_REPORTED_SOURCE, &NOT_FROM_ALL, &SOME_REFUSED, &SOME_TURNED_AWAY, &LEFT_BEHIND, &SEEN_LONG_AGO,
    ],
    needs: &[],
    plan: |_, settings| {
        if settings.inbound_reports.is_empty() {
            return Planned::WantsAs(
                INBOUND_REPORTS.wanted(),
                format!(
                    "no proof given: `workos-preflight listen` makes one, and {} takes it in",
                    INBOUND_REPORTS.places(Taker::Check)
                ),
            );
        }
        Planned::one(settings.webhook_url.as_ref().map_or_else(Heard::anywhere, Heard::at))
    },
};

pub(super) const ID: CheckId = CheckId::new("webhook.delivered");

/// What stood at the webhook URL for a while, and what came.
pub struct Arrivals<'a> {
    /// The webhook URL.
    pub url: &'a str,
    /// What came, in order.
    pub deliveries: &'a [Delivery],
    /// How long somebody listened.
    pub lasted: Duration,
    /// What WorkOS was made to send, in words, where it was made to.
    pub caused: Option<&'a str>,
    /// The list of events was read, and what WorkOS was made to send is not in it.
    pub unlisted: bool,
    /// A delivery from every published address is wanted.
    pub from_all: bool,
    /// How many genuine deliveries are wanted.
    pub wanted: usize,
    /// What is signed with the secret of this endpoint, and came to another path.
    pub astray: &'a [Delivery],
    /// What was turned away before its signature could be looked at, and from where.
    pub turned: &'a [TurnedAway],
    /// What signatures were held to.
    pub secret: &'a HeldTo,
}

/// Judges what came.
pub fn judge(arrivals: &Arrivals<'_>, facts: &Facts) -> Outcome {
    let all = arrivals.deliveries;
    let genuine: Vec<&Delivery> = all.iter().filter(|delivery| delivery.is_genuine()).collect();
    let mut outcome = Outcome::graded(grade(&genuine, all));
    seen(&mut outcome, arrivals, &genuine);
    let mut outcome = concluded(outcome, &genuine, arrivals, facts);
    // Whatever else came, what was kept from coming is told.
    let away = arrivals.away(facts);
    let told = |code: &&'static Code| outcome.findings.iter().any(|finding| finding.code.name == code.name);
    if let Some(away) = away.filter(|_| ![&TURNED_AWAY, &OTHER_PATH].iter().any(told)) {
        let proved = genuine.iter().any(|delivery| delivery.origin.is_workos());
        match (proved, away.why.is_health_check()) {
            (true, true) => {}
            (true, false) => outcome.found(some_turned_away(away, arrivals)),
            (false, _) => outcome.found(turned_away(away, arrivals)),
        }
    }
    outcome
}

fn concluded(mut outcome: Outcome, genuine: &[&Delivery], arrivals: &Arrivals<'_>, facts: &Facts) -> Outcome {
    let all = arrivals.deliveries;
    let refused: Vec<(&Delivery, &Refusal)> = all.iter().filter_map(refusal).collect();
    let from = |wanted: Origin| genuine.iter().copied().find(|delivery| delivery.origin == wanted);
    if from(Origin::Published).is_some() {
        outcome = sources(outcome, genuine, arrivals, facts);
    } else if let Some(reported) = from(Origin::Reported) {
        outcome = sources(outcome.because(from_reported_source(reported, facts)), genuine, arrivals, facts);
    } else if let Some(stray) = genuine.first() {
        return outcome.because(from_elsewhere(stray));
    } else if let Some(stray) = arrivals.astray.first() {
        return outcome.because(astray(stray, arrivals));
    } else if let Some((delivery, why)) = worst(&refused) {
        return outcome.because(bad_signature(delivery, why, arrivals));
    } else if all.iter().any(|it| it.signature == Signature::Unchecked && it.may_be_workos()) {
        return outcome.because(not_verified(arrivals));
    } else if let Some(away) = arrivals.away(facts) {
        return outcome.because(turned_away(away, arrivals));
    } else if let Some(caused) = arrivals.caused.filter(|_| arrivals.unlisted) {
        return outcome.because(not_listed(caused));
    } else if let Some(caused) = arrivals.caused {
        return outcome.because(not_delivered(caused, arrivals, facts));
    } else {
        return outcome.because(nothing_arrived(arrivals, all.len()));
    }
    let listed: Vec<&Delivery> = genuine.iter().copied().filter(|delivery| delivery.origin.is_workos()).collect();
    let counted = distinct(&listed);
    if counted < arrivals.wanted && !arrivals.from_all {
        outcome.found(fewer_than_asked(counted, arrivals));
    }
    match refused.iter().find(|(delivery, _)| delivery.origin.is_workos()) {
        Some((delivery, why)) => outcome.because(some_refused(delivery, why, arrivals)),
        None => outcome,
    }
}

/// How many events were delivered; one that is delivered again counts once.
fn distinct(genuine: &[&Delivery]) -> usize {
    let id = |delivery: &&&Delivery| delivery.event.as_ref().and_then(|event| event.id.clone());
    let named: BTreeSet<String> = genuine.iter().filter_map(|delivery| id(&delivery)).collect();
    named.len() + genuine.iter().filter(|delivery| id(delivery).is_none()).count()
}

pub(in crate::checks) fn refusal(delivery: &Delivery) -> Option<(&Delivery, &Refusal)> {
    match &delivery.signature {
        Signature::Refused(why) => Some((delivery, why)),
        Signature::Holds(_) | Signature::Unchecked => None,
    }
}

/// What comes from WorkOS's addresses says most; else what may be WorkOS's all the same. From anywhere else anybody can send
/// anything, and no verdict hangs on it.
pub(in crate::checks) fn worst<'a>(refused: &[(&'a Delivery, &'a Refusal)]) -> Option<(&'a Delivery, &'a Refusal)> {
    let workos = refused.iter().find(|(it, _)| it.origin.is_workos() || it.resembles_own);
    workos.or_else(|| refused.iter().find(|(it, why)| it.may_be_workos() && **why != Refusal::Missing)).copied()
}

/// How strong what came is: only what is genuine proves.
pub(in crate::checks) fn grade(genuine: &[&Delivery], all: &[Delivery]) -> Grade {
    match (genuine, all) {
        ([], []) => Grade::Declared,
        ([], _) => Grade::Reached,
        _ => Grade::Proved,
    }
}

/// Sources and events beyond these are counted only.
const MOST_SHOWN: usize = 24;

fn seen(outcome: &mut Outcome, arrivals: &Arrivals<'_>, genuine: &[&Delivery]) {
    let others = arrivals.deliveries.len() - genuine.len();
    outcome.saw_passing("listened for", spoken(arrivals.lasted));
    // How many came in that time says nothing; whether any did does.
    let deliveries = format!("{} with a signature that holds, {others} without", genuine.len());
    let steady = format!("{} with a signature that holds, {} without", genuine.len().min(1), others.min(1));
    outcome.saw_of_which("deliveries", deliveries, steady);
    let mut by_source: BTreeMap<IpAddr, (&Delivery, usize)> = BTreeMap::new();
    for delivery in arrivals.deliveries {
        by_source.entry(delivery.source).or_insert((delivery, 0)).1 += 1;
    }
    for (source, (delivery, count)) in by_source.iter().take(MOST_SHOWN) {
        let steady = format!("{source} ({})", origin_in_words(delivery.origin));
        outcome.saw_of_which("source", format!("{steady}: {count}"), steady);
    }
    let mut chains: Vec<&str> = arrivals.deliveries.iter().map(|delivery| delivery.chain.as_str()).collect();
    chains.sort_unstable();
    chains.dedup();
    for chain in chains.iter().filter(|chain| !chain.is_empty()).take(MOST_SHOWN) {
        outcome.saw("chain", *chain);
    }
    for stray in arrivals.astray.iter().take(MOST_SHOWN) {
        let path = stray.astray.as_deref().unwrap_or_default();
        let origin = origin_in_words(stray.origin);
        outcome.saw("at another path", format!("{path} from {} ({origin}), with a signature that holds", stray.source));
    }
    for event in genuine.iter().filter_map(|delivery| delivery.event.as_ref()).take(MOST_SHOWN) {
        let value = format!("{} {}", event.name, event.id.as_deref().unwrap_or_default());
        outcome.saw_of_which("event", value.trim_end(), event.name.clone());
    }
    if let Some(slowest) = arrivals.deliveries.iter().map(|delivery| delivery.took).max() {
        outcome.saw_passing("slowest answer", spoken(slowest));
    }
    let ages = genuine.iter().filter_map(|delivery| match delivery.signature {
        Signature::Holds(verified) => Some(verified.age),
        _ => None,
    });
    if let Some(age) = ages.max_by_key(|age| age.unsigned_abs()) {
        outcome.saw_passing("signed", format!("{age} ms before it arrived, by this host's clock"));
    }
}

/// Whose an address is: "published".
pub fn origin_in_words(origin: Origin) -> &'static str {
    match origin {
        Origin::Published => "published",
        Origin::Reported => "reported by others",
        Origin::Cloudflare(_) => "Cloudflare",
        Origin::Unlisted => "not listed",
    }
}

/// Which of the published addresses were seen. Chance decides from which WorkOS sends, so one that was not seen is a finding only
/// where all were wanted.
fn sources(mut outcome: Outcome, genuine: &[&Delivery], arrivals: &Arrivals<'_>, facts: &Facts) -> Outcome {
    let published = &facts.workos_sources.published.addresses;
    let (seen, missing): (Vec<IpAddr>, Vec<IpAddr>) =
        published.iter().partition(|address| genuine.iter().any(|delivery| delivery.source == **address));
    let listed = |addresses: &[IpAddr]| addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    outcome.saw("published sources seen", format!("{} of {}: {}", seen.len(), published.len(), listed(&seen)));
    if !missing.is_empty() {
        outcome.saw("published sources not seen", listed(&missing));
    }
    if arrivals.from_all && !missing.is_empty() && !seen.is_empty() {
        outcome.found(not_from_all(&listed(&missing), seen.len(), published.len()));
    }
    outcome
}

fn from_reported_source(delivery: &Delivery, facts: &Facts) -> Finding {
    FROM_REPORTED_SOURCE.found(
        format!(
            "a genuine delivery arrived from {}, which WorkOS's guide does not list; {}",
            delivery.source, facts.workos_sources.reported.source
        ),
        Remediation::network(format!(
            "Keep {} allowed, and allow the other reported addresses too: {}.",
            delivery.source,
            facts.workos_sources.reported.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
        ))
        .in_short("keep the reported addresses allowed"),
    )
}

fn not_from_all(missing: &str, seen: usize, of: usize) -> Finding {
    NOT_FROM_ALL.found(
        format!("genuine deliveries arrived from {seen} of {of} published addresses, and from these not: {missing}"),
        Remediation::network(format!("Compare the allowlist for inbound TCP 443 with these addresses, and add those that it lacks: {missing}. Where it has them all, WorkOS has only not used them while somebody listened."))
            .in_short("add the addresses that the allowlist lacks"),
    )
}

fn from_elsewhere(delivery: &Delivery) -> Finding {
    let (problem, remediations) = elsewhere::told(delivery, "a genuine delivery");
    FROM_ELSEWHERE.found(problem, remediations)
}

fn bad_signature(delivery: &Delivery, why: &Refusal, arrivals: &Arrivals<'_>) -> Finding {
    BAD_SIGNATURE.found(
        format!(
            "what arrived from {} ({}) is not proved to be WorkOS's: the signature {}{}",
            delivery.source,
            origin_in_words(delivery.origin),
            unheld::in_words(why),
            arrivals.secret.oddity(why)
        ),
        unheld::remedy(why, "the webhook endpoint", arrivals.secret),
    )
}

fn some_refused(delivery: &Delivery, why: &Refusal, arrivals: &Arrivals<'_>) -> Finding {
    SOME_REFUSED.found(
        format!("besides, a delivery arrived from {} whose signature {}", delivery.source, unheld::in_words(why)),
        unheld::remedy(why, "the webhook endpoint", arrivals.secret),
    )
}

fn not_verified(arrivals: &Arrivals<'_>) -> Finding {
    NOT_VERIFIED.found(
        format!("deliveries arrived at {}, and there was no secret to hold their signatures to", shown_url(arrivals.url)),
        Remediation::installer("Give the webhook secret, with WORKOS_WEBHOOK_SECRET or --webhook-secret-file, and listen again; or listen with --deliver, which uses an endpoint of its own.")
            .in_short("give the webhook secret, and listen again"),
    )
}

fn not_delivered(caused: &str, arrivals: &Arrivals<'_>, facts: &Facts) -> Finding {
    let sources: Vec<String> = facts.workos_sources.published.addresses.iter().map(ToString::to_string).collect();
    let host = web_url(arrivals.url).and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    if let Some((also, remediation)) = arrivals.hidden() {
        return NOT_DELIVERED.found(
            format!(
                "{caused}, and nothing of it could be read at {} within {}{also}",
                shown_url(arrivals.url),
                spoken(arrivals.lasted)
            ),
            remediation,
        );
    }
    NOT_DELIVERED.found(
        format!(
            "{caused}, and nothing of it arrived at {} within {}",
            shown_url(arrivals.url),
            spoken(arrivals.lasted)
        ),
        Remediation::network(format!(
            "Let inbound TCP 443 to {host} through to this host from WorkOS's addresses: {}.",
            sources.join(" ")
        ))
        .in_short("open inbound TCP 443 to WorkOS's addresses")
        .verify(command!("tcpdump -ni any 'tcp and ({})'", hosts(&sources))),
    )
}

fn hosts(addresses: &[String]) -> String {
    addresses.iter().map(|address| format!("host {address}")).collect::<Vec<_>>().join(" or ")
}

/// WorkOS could not be made to send anything, for this reason.
pub fn not_caused(why: &str) -> Finding {
    NOT_CAUSED.found(
        format!("WorkOS could not be made to send an event: {why}"),
        Remediation::vendor("Give a key that may create organizations and webhook endpoints; or listen without --deliver, and send a test event from the WorkOS dashboard meanwhile.")
            .in_short("give a key that may create endpoints"),
    )
}

fn not_listed(caused: &str) -> Finding {
    NOT_LISTED.found(
        format!("{caused}, and does not list the event, so it is not known whether it sent anything"),
        Remediation::vendor("Look at the deliveries of the endpoint in the WorkOS dashboard, and listen with --deliver again: events can be listed with a delay.")
            .in_short("listen with --deliver again"),
    )
}

/// What was made for the test and is still there.
pub fn left_behind(what: &str) -> Finding {
    LEFT_BEHIND.found(
        format!("{what} could not be deleted again at WorkOS"),
        Remediation::installer("Run the clean-up below with the same key, or delete it in the WorkOS dashboard: its name or URL says workos-preflight.")
            .in_short("run listen --clean-up")
            .verify("workos-preflight listen --clean-up"),
    )
}

fn nothing_arrived(arrivals: &Arrivals<'_>, unsigned: usize) -> Finding {
    let instead = match unsigned {
        0 => "nothing arrived".to_owned(),
        1 => "one request arrived without a signature that holds, as anybody can send it,".to_owned(),
        some => format!("{some} requests arrived without a signature that holds, as anybody can send them,"),
    };
    let usual = Remediation::vendor(
        "While somebody listens, send a test event from the WorkOS dashboard (Webhooks, this endpoint, “Send test event”), or listen with --deliver, which makes WorkOS send one.",
    )
    .in_short("send a test event while this listens");
    let (also, remediation) = arrivals.hidden().unwrap_or((String::new(), usual.into()));
    NOTHING_ARRIVED.found(
        format!(
            "{instead} at {} within {}; whether WorkOS sent anything in that time is not known{also}",
            shown_url(arrivals.url),
            spoken(arrivals.lasted)
        ),
        remediation,
    )
}

fn turned_away(away: &TurnedAway, arrivals: &Arrivals<'_>) -> Finding {
    let code = if away.why == Turned::OtherPath { &OTHER_PATH } else { &TURNED_AWAY };
    let path = away.path.as_ref().map_or_else(String::new, |path| format!(", {path}"));
    code.found(
        format!(
            "a connection from {}, an address of WorkOS's, {}{path}, so nothing of it could be read",
            away.source,
            away.why.in_words()
        ),
        turned::remedy(away, arrivals.path()),
    )
}

fn some_turned_away(away: &TurnedAway, arrivals: &Arrivals<'_>) -> Finding {
    let path = away.path.as_ref().map_or_else(String::new, |path| format!(", {path}"));
    SOME_TURNED_AWAY.found(
        format!(
            "besides, {} from {}, an address of WorkOS's, {}{path}",
            if away.count == 1 { "a connection".to_owned() } else { format!("{} connections", away.count) },
            away.source,
            away.why.in_words()
        ),
        turned::remedy(away, arrivals.path()),
    )
}

fn astray(stray: &Delivery, arrivals: &Arrivals<'_>) -> Finding {
    let asked = stray.astray.as_deref().unwrap_or_default();
    OTHER_PATH.found(
        format!(
            "a delivery arrived from {} ({}) whose signature holds, and it asked for {asked}, where --webhook-url says {}",
            stray.source,
            origin_in_words(stray.origin),
            arrivals.path()
        ),
        turned::other_path(asked, arrivals.path(), arrivals.url),
    )
}

fn fewer_than_asked(counted: usize, arrivals: &Arrivals<'_>) -> Finding {
    FEWER_THAN_ASKED.found(
        format!("{counted} of {} wanted deliveries arrived from WorkOS's addresses within {}", arrivals.wanted, spoken(arrivals.lasted)),
        Remediation::vendor("Have WorkOS send as many events while somebody listens, or ask for fewer with --count; one that is delivered again counts once.")
            .in_short("send more events while this listens"),
    )
}

impl Arrivals<'_> {
    /// What was turned away of an address of WorkOS's, and may have been a delivery. What says most comes first.
    fn away(&self, facts: &Facts) -> Option<&TurnedAway> {
        let workos = self.turned.iter().filter(|it| facts.origin(it.source).is_workos() && it.why.may_be_a_delivery());
        workos.min_by_key(|it| it.why.is_health_check())
    }

    /// What was turned away from where WorkOS may be hidden behind a proxy: in words, and what to do about it.
    fn hidden(&self) -> Option<(String, Remediations)> {
        let unread = [
            Turned::NotThroughTheProxy,
            Turned::NotAnnounced,
            Turned::NoHandshake,
            Turned::SpeaksHttp,
            Turned::SpeaksTls,
            Turned::Announced,
            Turned::NoRequest,
        ];
        let hidden = |it: &&TurnedAway| unread.contains(&it.why) && special(it.source).is_some();
        let away = self.turned.iter().find(hidden)?;
        let also = format!("; a connection from {} {}, and may have been one of its", away.source, away.why.in_words());
        Some((also, turned::remedy(away, self.path())))
    }

    fn path(&self) -> &str {
        let after_host = self.url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
        after_host.map_or("/", |path| path.split(['?', '#']).next().unwrap_or(path))
    }
}

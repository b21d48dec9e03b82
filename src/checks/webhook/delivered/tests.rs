use std::sync::LazyLock;

use super::*;
use crate::check::Status;
use crate::checks::fixture::{Held, Site, ask, codes, held};
use crate::net::fake::Fake;
use crate::workos::signature::{Looks, Rewriting, SecretSlip, Slip, Verified};

const HOOK: &str = "https://app.customer.example/webhooks/workos";
const PUBLISHED: &str = "3.217.146.166";
const REPORTED: &str = "35.82.80.13";

fn genuine(source: &str) -> Delivery {
    Delivery::straight_from(source, Signature::Holds(Verified { age: 120 }))
}

fn refused(source: &str, why: Refusal) -> Delivery {
    Delivery::straight_from(source, Signature::Refused(why))
}

fn judge(arrivals: &Arrivals<'_>, facts: &Facts) -> Held {
    held(&SPEC, super::judge(arrivals, facts))
}

fn judged(deliveries: &[Delivery], caused: Option<&str>, from_all: bool) -> Held {
    judge(&Arrivals { caused, from_all, ..arrivals(deliveries) }, &Facts::embedded())
}

fn arrivals(deliveries: &[Delivery]) -> Arrivals<'_> {
    Arrivals {
        url: HOOK,
        deliveries,
        lasted: Duration::from_mins(1),
        caused: None,
        unlisted: false,
        from_all: false,
        wanted: 1,
        astray: &[],
        turned: &[],
        secret: &SECRET,
    }
}

static SECRET: LazyLock<HeldTo> = LazyLock::new(|| held_to("whsec_0FWAiVGkEfGBqqsJH4aNAGBJ4"));

fn held_to(secret: &str) -> HeldTo {
    HeldTo::webhook_secret(&Site::of(Fake::default()).webhook_secret(secret).settings())
}

fn away(why: Turned, source: &str) -> TurnedAway {
    TurnedAway { why, source: source.parse().unwrap(), count: 1, path: None }
}

#[test]
fn what_was_turned_away_of_a_listed_address_fails_with_its_own_remedy() {
    let with =
        |why, source: &str| judge(&Arrivals { turned: &[away(why, source)], ..arrivals(&[]) }, &Facts::embedded());
    let (path, handshake) = (with(Turned::OtherPath, PUBLISHED), with(Turned::NoHandshake, PUBLISHED));
    let (hidden, stranger) = (with(Turned::NotThroughTheProxy, "10.20.0.5"), with(Turned::NoHandshake, "8.8.4.4"));
    let (health, mute) = (with(Turned::OtherPath, "10.20.0.5"), with(Turned::Mute, PUBLISHED));

    assert_eq!((codes(&path), codes(&handshake)), (vec!["other-path"], vec!["turned-away"]));
    assert!(path.findings[0].remediations.likeliest().action.contains("/webhooks/workos"));
    assert!(handshake.findings[0].remediations.likeliest().action.contains("--tls-cert"));
    assert_eq!((codes(&hidden), codes(&stranger)), (vec!["nothing-arrived"], vec!["nothing-arrived"]));
    assert!(hidden.findings[0].remediations.likeliest().action.contains("--trusted-proxy 10.20.0.5"));
    assert!(stranger.findings[0].remediations.likeliest().action.contains("test event"));
    assert!(health.findings[0].remediations.likeliest().action.contains("test event"));
    assert!(mute.findings[0].remediations.likeliest().action.contains("holds back what follows"));
}

#[test]
fn health_checks_of_a_balancer_are_no_deliveries_that_went_wrong() {
    for why in [Turned::Mute, Turned::HandshakeOnly] {
        let outcome = judge(&Arrivals { turned: &[away(why, "10.20.0.5")], ..arrivals(&[]) }, &Facts::embedded());

        assert_eq!(codes(&outcome), ["nothing-arrived"]);
        assert!(!outcome.findings[0].problem.contains("10.20.0.5"), "{}", outcome.findings[0].problem);
        assert!(outcome.findings[0].remediations.likeliest().action.contains("test event"));
    }
}

#[test]
fn whatever_else_comes_what_was_turned_away_of_a_listed_address_is_told() {
    let turned = [away(Turned::NoHandshake, "10.20.0.5"), away(Turned::Crowded, PUBLISHED)];
    let with = |deliveries: &[Delivery]| {
        let outcome = judge(&Arrivals { turned: &turned, ..arrivals(deliveries) }, &Facts::embedded());
        codes(&outcome)
    };
    let noise = refused("10.20.0.1", Refusal::NoMatch { body: Looks::AsWritten });

    assert_eq!(with(&[]), ["turned-away"]);
    assert_eq!(with(&[noise]), ["bad-signature", "turned-away"]);
    assert_eq!(with(&[genuine("8.8.4.4")]), ["from-elsewhere", "turned-away"]);
    assert_eq!(with(&[genuine(PUBLISHED)]), ["some-turned-away"]);
    let checks = [away(Turned::Mute, PUBLISHED), away(Turned::OwnCheck, PUBLISHED)];
    let proved = judge(&Arrivals { turned: &checks, ..arrivals(&[genuine(PUBLISHED)]) }, &Facts::embedded());
    assert_eq!(codes(&proved), Vec::<&str>::new());
}

#[test]
fn a_signed_delivery_at_another_path_is_told_with_the_path_that_it_asked_for() {
    let stray = |source: &str, path: &str| Delivery { astray: Some(path.to_owned()), ..genuine(source) };
    let judged = |stray: &[Delivery], deliveries: &[Delivery], caused| {
        judge(&Arrivals { astray: stray, caused, ..arrivals(deliveries) }, &Facts::embedded())
    };
    let cut = judged(&[stray("10.20.0.5", "/workos")], &[], None);
    let other = judged(
        &[stray(PUBLISHED, "/hooks")],
        &[refused("10.0.0.1", Refusal::Missing)],
        Some("WorkOS was made to send"),
    );

    assert_eq!((codes(&cut), cut.status()), (vec!["other-path"], Status::Unknown));
    let problem = &cut.findings[0].problem;
    assert!(problem.contains("for /workos, where --webhook-url says /webhooks/workos"), "{problem}");
    let actions: Vec<&str> = cut.findings[0].remediations.iter().map(|it| it.action.as_str()).collect();
    assert!(
        actions[0].contains("proxy_pass") && actions[1].contains("https://app.customer.example/workos"),
        "{actions:?}"
    );
    assert_eq!(codes(&other), ["other-path"]);
    assert!(other.findings[0].remediations.likeliest().action.contains("asks for /hooks"));
    assert_eq!(codes(&judged(&[stray(PUBLISHED, "/hooks")], &[genuine(PUBLISHED)], None)), Vec::<&str>::new());
}

#[test]
fn fewer_than_were_wanted_is_left_open_and_the_same_event_counts_once() {
    let twice = [genuine(PUBLISHED), genuine(PUBLISHED)];

    let outcome = judge(&Arrivals { wanted: 2, ..arrivals(&twice) }, &Facts::embedded());

    assert_eq!((codes(&outcome), outcome.status()), (vec!["fewer-than-asked"], Status::Unknown));
}

#[test]
fn what_this_run_had_sent_is_recognised_also_where_its_signature_is_gone() {
    let own = Delivery { resembles_own: true, ..refused("8.8.4.4", Refusal::Missing) };

    let outcome = judged(&[own], Some("WorkOS was made to send"), false);

    assert_eq!(codes(&outcome), ["bad-signature"]);
    assert!(outcome.findings[0].remediations.likeliest().action.contains("WorkOS-Signature"));
}

#[test]
fn what_is_not_listed_is_left_open_and_what_was_seen_comes_first() {
    let caused = Some("WorkOS was made to send organization.created");
    let bad = [refused(PUBLISHED, Refusal::NoMatch { body: Looks::AsWritten })];
    let with = |deliveries| judge(&Arrivals { caused, unlisted: true, ..arrivals(deliveries) }, &Facts::embedded());

    assert_eq!((codes(&with(&[])), with(&[]).status()), (vec!["not-listed"], Status::Unknown));
    assert_eq!(codes(&with(&bad)), ["bad-signature"]);
}

#[test]
fn a_stranger_without_a_secret_to_hold_it_to_decides_nothing() {
    let stranger = [Delivery::straight_from("8.8.4.4", Signature::Unchecked)];

    assert_eq!(codes(&judged(&stranger, Some("WorkOS was made to send"), false)), ["not-delivered"]);
}

#[test]
fn a_trusted_proxy_that_names_nobody_is_asked_to_and_why_it_is_not_believed_is_said() {
    use crate::check::Who;
    use crate::workos::delivery::{Header, Unnamed};

    let (usual, standard) = (Header::XForwardedFor, Header::Forwarded);
    for (why, problem, action) in [
        (Unnamed::Silent, "does not say", "Have 10.20.0.5 send X-Forwarded-For"),
        (Unnamed::NotAnnounced, "UNKNOWN", "put the client's address into its PROXY header"),
        (Unnamed::Contradiction, "different senders", "take the other away"),
        (Unnamed::Unknown(usual), "“unknown” in X-Forwarded-For", "forwarded_for on"),
        (Unnamed::Obfuscated(standard), "obfuscated name in Forwarded", "instead of a name of its own making"),
        (Unnamed::Empty(usual), "X-Forwarded-For empty", "$proxy_add_x_forwarded_for"),
        (Unnamed::Empty(standard), "without a `for`", "add for="),
        (Unnamed::Unreadable(usual), "is no address", "X-Forwarded-For $remote_addr"),
        (Unnamed::Unreadable(standard), "cannot be read", "replace Forwarded"),
        (Unnamed::OnlyProxies(usual), "only trusted proxies", "the first proxy"),
    ] {
        let outcome = judged(&[Delivery { unnamed: Some(why), ..genuine("10.20.0.5") }], None, false);

        assert_eq!(codes(&outcome), ["from-elsewhere"]);
        let finding = &outcome.findings[0];
        assert!(finding.problem.contains(problem) && finding.problem.contains("10.20.0.5"), "{}", finding.problem);
        let likeliest = finding.remediations.likeliest();
        assert!(likeliest.who == Who::Network && likeliest.action.contains(action), "{}", likeliest.action);
        assert!(finding.remediations.iter().all(|it| !it.action.contains("--trusted-proxy 10.20.0.5")), "{why:?}");
    }
}

#[test]
fn a_signed_delivery_from_a_published_address_is_the_proof() {
    let outcome = judged(&[genuine(PUBLISHED)], None, false);

    assert_eq!((outcome.status(), outcome.grade), (Status::Pass, Grade::Proved));
    assert!(outcome.evidence.iter().any(|seen| seen.value == format!("{PUBLISHED} (published): 1")));
    assert!(
        outcome
            .evidence
            .iter()
            .any(|seen| seen.what == "published sources not seen" && !seen.value.contains(PUBLISHED))
    );
}

#[test]
fn the_source_decides_between_proof_warning_and_failure() {
    assert_eq!(codes(&judged(&[genuine(REPORTED)], None, false)), ["from-reported-source"]);
    assert_eq!(codes(&judged(&[genuine("8.8.4.4")], None, false)), ["from-elsewhere"]);
    assert_eq!(codes(&judged(&[genuine("8.8.4.4"), genuine(PUBLISHED)], None, false)), Vec::<&str>::new());
}

#[test]
fn a_hidden_sender_is_told_by_what_hides_it() {
    let words = |source: &str| judged(&[genuine(source)], None, false).findings[0].clone();

    assert!(words("10.20.0.1").remediations.likeliest().action.contains("--trusted-proxy 10.20.0.1"));
    assert!(words("104.16.5.5").remediations.likeliest().action.contains("104.16.0.0/13 among them"));
    assert!(words("8.8.4.4").problem.contains("on no list"));
}

#[test]
fn where_all_addresses_are_wanted_those_that_were_not_seen_are_named() {
    let all: Vec<Delivery> = Facts::embedded()
        .workos_sources
        .published
        .addresses
        .iter()
        .map(|address| genuine(&address.to_string()))
        .collect();

    assert_eq!(codes(&judged(&all, None, true)), Vec::<&str>::new());
    let without_one = judged(&all[1..], None, true);
    assert_eq!(codes(&without_one), ["not-from-all"]);
    assert!(without_one.findings[0].problem.ends_with(&format!("not: {PUBLISHED}")));
}

#[test]
fn a_signature_that_does_not_hold_is_laid_to_its_cause_and_to_who_mends_it() {
    use crate::check::Who;

    for (why, who, words) in [
        (Refusal::Missing, Who::Network, "no WorkOS-Signature header"),
        (Refusal::TooOld(Duration::from_secs(400)), Who::Installer, "old by this host's clock"),
        (Refusal::FromTheFuture(Duration::from_secs(400)), Who::Installer, "ahead of this host's clock"),
        (
            Refusal::OtherSecret(SecretSlip::Spoilt(vec![Slip::ByteOrderMark, Slip::Quoted])),
            Who::Installer,
            "a byte order mark before it and has quotes",
        ),
        (Refusal::Rewritten(Rewriting::Spaced), Who::Network, "other white space"),
        (Refusal::NoMatch { body: Looks::AsWritten }, Who::Installer, "or the body was rewritten on the way"),
        (Refusal::NoMatch { body: Looks::WithoutEvent }, Who::Network, "as an envelope"),
        (Refusal::NoMatch { body: Looks::Empty }, Who::Network, "is empty"),
        (Refusal::NoMatch { body: Looks::SpelledOtherwise }, Who::Network, "changed on the way"),
    ] {
        let outcome = judged(&[refused(PUBLISHED, why.clone())], None, false);
        assert_eq!((codes(&outcome), outcome.grade), (vec!["bad-signature"], Grade::Reached), "{why:?}");
        assert_eq!(outcome.findings[0].remediations.likeliest().who, who, "{why:?}");
        assert!(outcome.findings[0].problem.contains(words), "{}", outcome.findings[0].problem);
    }
}

#[test]
fn what_is_wrong_with_the_secret_is_said_where_nothing_holds() {
    let with = |secret: &str, body| {
        let secret = held_to(secret);
        let deliveries = [refused(PUBLISHED, Refusal::NoMatch { body })];
        judge(&Arrivals { secret: &secret, ..arrivals(&deliveries) }, &Facts::embedded()).findings[0].clone()
    };

    let blank = with("  ", Looks::AsWritten);
    assert!(
        blank.problem.contains("environment WORKOS_WEBHOOK_SECRET") && blank.problem.contains("is blank"),
        "{}",
        blank.problem
    );
    let look = blank.remediations.likeliest().verify.clone().unwrap();
    assert!(look.as_str().contains("$WORKOS_WEBHOOK_SECRET"), "{look}");
    assert!(with("whsec_…wxyz", Looks::Sorted).problem.contains("is masked"));
    assert!(with("whsec_abc", Looks::AsWritten).problem.contains("3 characters behind its prefix"));
    let both = with("whsec_0FWAiVGkEfGBqqsJH4aNAGBJ4", Looks::AsWritten);
    assert_eq!(both.remediations.iter().count(), 2);
}

#[test]
fn a_stranger_decides_no_verdict_whatever_it_signs() {
    let stranger = || refused("8.8.4.4", Refusal::NoMatch { body: Looks::AsWritten });
    let hidden = refused("10.20.0.1", Refusal::NoMatch { body: Looks::AsWritten });

    assert_eq!(codes(&judged(&[stranger()], None, false)), ["nothing-arrived"]);
    assert_eq!(codes(&judged(&[stranger()], Some("WorkOS was made to send"), false)), ["not-delivered"]);
    assert_eq!(codes(&judged(&[stranger(), hidden], None, false)), ["bad-signature"]);
}

#[test]
fn what_a_scanner_sends_is_no_delivery_and_does_not_hide_a_real_one() {
    let scanner = || refused("198.51.100.9", Refusal::Missing);

    assert_eq!(codes(&judged(&[scanner()], None, false)), ["nothing-arrived"]);
    assert_eq!(codes(&judged(&[scanner(), genuine(PUBLISHED)], None, false)), Vec::<&str>::new());
    let mixed =
        judged(&[genuine(PUBLISHED), refused(PUBLISHED, Refusal::NoMatch { body: Looks::AsWritten })], None, false);
    assert_eq!(codes(&mixed), ["some-refused"]);
}

#[test]
fn silence_is_a_failure_only_where_something_was_sent_for_certain() {
    let waiting = judged(&[], None, false);
    let caused = judged(&[], Some("WorkOS was made to send organization.created"), false);

    assert_eq!((codes(&waiting), waiting.status()), (vec!["nothing-arrived"], Status::Unknown));
    assert_eq!((codes(&caused), caused.status()), (vec!["not-delivered"], Status::Fail));
    assert!(caused.findings[0].remediations.likeliest().action.contains("3.217.146.166"));
    assert_eq!(
        codes(&judged(&[Delivery::straight_from(PUBLISHED, Signature::Unchecked)], None, false)),
        ["not-verified"]
    );
}

#[tokio::test]
async fn without_a_report_of_a_listener_nothing_is_concluded() {
    let site = Site::of(Fake::default()).with("installation.inbound_reports", "probe.json");
    let outcome = ask(&SPEC, &Heard::anywhere(), &site.context()).await;

    assert_eq!(outcome.status(), Status::Skip);
    assert!(outcome.findings.not_available().is_some_and(|why| why.contains("`listen`")), "{outcome:?}");
}

#[test]
fn what_could_not_be_caused_is_unknown_and_what_is_left_of_it_warns_with_the_way_to_be_rid_of_it() {
    let of = |finding| held(&SPEC, Outcome::graded(Grade::Declared).because(finding));
    let (caused, left) =
        (of(not_caused("the key may not create organizations")), of(left_behind("organization org_1")));

    assert_eq!((codes(&caused), caused.status()), (vec!["not-caused"], Status::Unknown));
    assert!(caused.findings[0].problem.contains("may not create organizations"), "{caused:?}");
    assert!(caused.findings[0].remediations.likeliest().action.contains("without --deliver"), "{caused:?}");
    assert_eq!((codes(&left), left.status()), (vec!["left-behind"], Status::Warn));
    assert!(left.findings[0].problem.contains("org_1"), "{left:?}");
    let command = left.findings[0].remediations.likeliest().verify.as_ref().map(ToString::to_string);
    assert_eq!(command.as_deref(), Some("workos-preflight listen --clean-up"));
}

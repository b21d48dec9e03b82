use super::*;
use crate::check::Status;
use crate::checks::fixture::{Held, Site, ask, codes};
use crate::net::fake::Fake;

async fn run(connection: Result<(), ErrorKind>) -> Held {
    let network = Fake::default().connects("10.20.0.31:3128", connection);
    let site = Site::of(network).with("network.proxy", "http://user:secret@10.20.0.31:3128");
    let proxy = Proxy::parse("http://user:secret@10.20.0.31:3128").unwrap();
    ask(&SPEC, &ThroughProxy { endpoint: Endpoint::new("api.workos.com", 443), proxy }, &site.context()).await
}

#[tokio::test]
async fn a_tunnel_that_opens_passes() {
    let outcome = run(Ok(())).await;

    assert_eq!((outcome.status(), outcome.via.as_deref()), (Status::Pass, Some("http://***@10.20.0.31:3128")));
}

#[tokio::test]
async fn each_refusal_has_its_own_code() {
    for (kind, code) in [
        (ErrorKind::Proxy(ProxyRefusal::SignIn(vec!["Negotiate".to_owned()])), "proxy-auth-required"),
        (ErrorKind::Proxy(ProxyRefusal::SignInPage("https://gw.example/x".to_owned())), "proxy-sign-in-page"),
        (ErrorKind::Proxy(ProxyRefusal::SpeaksTls("a TLS record".to_owned())), "not-a-proxy"),
        (ErrorKind::Closed, "not-a-proxy"),
        (ErrorKind::Proxy(ProxyRefusal::Denied("403".to_owned())), "proxy-denied"),
        (ErrorKind::Proxy(ProxyRefusal::Upstream("502".to_owned())), "proxy-upstream-failed"),
        (ErrorKind::Proxy(ProxyRefusal::NotAProxy("answers CONNECT with 404".to_owned())), "not-a-proxy"),
        (ErrorKind::Proxy(ProxyRefusal::Tls(Box::new(ErrorKind::NotTls(String::new())))), "proxy-tls-failed"),
        (ErrorKind::ClientCertificateRequired, "proxy-tls-failed"),
        (ErrorKind::Alert("access_denied".to_owned()), "proxy-tls-failed"),
        (
            ErrorKind::Proxy(ProxyRefusal::Tls(Box::new(ErrorKind::Certificate(Box::new(
                CertificateProblem::UnknownIssuer,
            ))))),
            "proxy-untrusted",
        ),
        (ErrorKind::Refused, "proxy-refused"),
        (ErrorKind::TimedOut(Phase::Tunnel), "proxy-timed-out"),
        (ErrorKind::Unreachable, "proxy-unreachable"),
    ] {
        let outcome = run(Err(kind)).await;
        assert_eq!(codes(&outcome), [code]);
        assert!(!format!("{outcome:?}").contains("secret"));
    }
}

async fn remedies(kind: ErrorKind) -> Vec<(&'static str, String)> {
    let outcome = run(Err(kind)).await;
    outcome.findings[0].remediations.iter().map(|remedy| (remedy.who.as_str(), remedy.action.clone())).collect()
}

#[tokio::test]
async fn schemes_that_servers_cannot_use_are_for_the_proxys_owner_or_for_a_relay() {
    for schemes in [&["Negotiate", "NTLM"][..], &["Digest"], &["Bearer", "Kerberos"]] {
        let schemes = schemes.iter().map(|scheme| (*scheme).to_owned()).collect();
        let remedies = remedies(ErrorKind::Proxy(ProxyRefusal::SignIn(schemes))).await;

        assert!(remedies[0].0 == "network" && remedies[0].1.contains("Exempt"), "{remedies:?}");
        assert!(remedies[1].0 == "installer" && remedies[1].1.contains("relay"), "{remedies:?}");
    }
}

#[tokio::test]
async fn credentials_that_are_refused_are_the_installers_to_correct() {
    let schemes = vec!["Negotiate".to_owned(), "Basic".to_owned()];
    let remedies = remedies(ErrorKind::Proxy(ProxyRefusal::SignIn(schemes))).await;

    assert!(remedies[0].0 == "installer" && remedies[0].1.contains("user and password"), "{remedies:?}");
}

#[tokio::test]
async fn a_proxy_that_ends_the_connection_may_be_none_or_may_drop_by_rule() {
    for kind in [ErrorKind::Closed, ErrorKind::Reset] {
        let remedies = remedies(kind).await;

        assert_eq!(remedies.iter().map(|(who, _)| *who).collect::<Vec<_>>(), ["installer", "network"]);
    }
}

//! Do the given settings make sense, each for itself and together?

pub(in crate::checks) mod codes;
mod words;

use std::net::IpAddr;

use self::codes::{
    API_KEY_AS_SECRET, BOTH_API_DOMAINS, CLIENT_ID_AS_KEY, DOMAIN_MISMATCH, FACTS_ARE_OLD, IDN_NOT_PUNYCODE,
    INVISIBLE_IN_KEY, KEY_CUT_SHORT, KEY_IN_QUOTES, KEY_WITH_WHITE_SPACE, LOCALHOST, MALFORMED_CLIENT_ID,
    MALFORMED_KEY, MALFORMED_SECRET, MALFORMED_URL, MASKED_KEY, NOT_HTTPS, NOT_PORT_443, ONE_SECRET_FOR_BOTH,
    PRIVATE_ADDRESS, PRIVATE_REDIRECT, SECRET_FILE_READABLE_BY_ALL, WEBHOOK_SECRET_AS_KEY,
};
use self::words::{
    both_api_domains, domain_mismatch, facts_are_old, idn, localhost, malformed_client_id, malformed_key,
    malformed_signing_secret, malformed_url, not_https, not_port_443, one_secret_for_both, private_address,
    private_redirect, readable_by_all,
};
use crate::check::{Check, CheckId, Contact, Finding, Grade, Outcome, Planned, Running, Spec, Touch, Vantage};
use crate::checks::whence::Whence;
use crate::context::Context;
use crate::facts::Facts;
use crate::net::special::special;
use crate::settings::values::{url_endpoint, web_url};
use crate::settings::{Environment, Setting, Settings, Source};
use crate::workos;
use crate::workos::delivery::Purpose;
use crate::workos::key::{malformed, malformed_secret};

/// The check, of which `listen` asks what is about the secrets it holds signatures to.
pub static SPEC: Spec = Spec {
    id: ID,
    title: "the settings are consistent",
    explain: "\
Looks at every setting that was given, without sending anything: the shape of the API key, the client ID and the URLs, \
and whether they fit together.

A key with a line break, a webhook secret in the place of a key, or a redirect URI with http:// makes later checks fail \
for reasons that look like the network's. Here they are named for what they are.

Usually broken by copying: quotes and line breaks around a key, a value of the neighbouring line, a URL of a developer's \
machine (localhost), or a host name with letters that DNS writes in punycode.",
    vantages: &[Vantage::Inside, Vantage::Outside],
    required: |_, _| true,
    codes: &[
        &KEY_WITH_WHITE_SPACE, &INVISIBLE_IN_KEY, &KEY_IN_QUOTES, &CLIENT_ID_AS_KEY, &WEBHOOK_SECRET_AS_KEY, &MASKED_KEY, &KEY_CUT_SHORT,
        &MALFORMED_KEY, &MALFORMED_SECRET, &API_KEY_AS_SECRET, &ONE_SECRET_FOR_BOTH, &MALFORMED_CLIENT_ID, &MALFORMED_URL, &NOT_HTTPS, &LOCALHOST, &PRIVATE_ADDRESS, &PRIVATE_REDIRECT, &NOT_PORT_443, &IDN_NOT_PUNYCODE,
        &DOMAIN_MISMATCH, &BOTH_API_DOMAINS, &SECRET_FILE_READABLE_BY_ALL, &FACTS_ARE_OLD,
    ],
    needs: &[],
    plan: |_, _| Planned::one(Consistent),
};

pub(super) const ID: CheckId = CheckId::new("settings.consistent");

struct Consistent;

impl Check for Consistent {
    fn contacts(&self, _: &Facts, settings: &Settings) -> Vec<Contact> {
        let files = settings.secrets_on_disk();
        let modes = files.map(|path| Contact::new(Touch::File(path.to_owned()), "who may read a secret"));
        let own = [
            Contact::new(Touch::Local("the settings"), "whether they make sense"),
            Contact::new(Touch::CLOCK, "how old the facts are"),
        ];
        modes.chain(own).collect()
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let mut outcome = Outcome::graded(Grade::Declared);
            for finding in findings(&cx.settings) {
                outcome.found(finding);
            }
            for path in cx.settings.secrets_on_disk() {
                if let Some(mode) = cx.host.open_to_all(path) {
                    outcome.found(readable_by_all(path, mode));
                }
            }
            // A demonstration is of the day of its facts.
            let played = cx.settings.shown.iter().any(|(.., source)| *source == Source::Demonstration);
            if let Some(days) = cx.facts.too_old(cx.host.now()).filter(|_| !played) {
                outcome.found(facts_are_old(&cx.facts.as_of, days, cx.settings.facts.is_some()));
            }
            outcome
        })
    }
}

fn findings(settings: &Settings) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(key) = &settings.api_key {
        findings.extend(malformed(&key.value).map(|kind| malformed_key(kind, &Whence::of_key(settings))));
    }
    findings.extend(of_secret(Purpose::Webhook, settings));
    findings.extend(of_secret(Purpose::Action, settings));
    if let (Some(webhook), Some(actions)) = (&settings.webhook_secret, &settings.actions_secret)
        && webhook.value == actions.value
    {
        findings.push(one_secret_for_both(&webhook.source.to_string(), &actions.source.to_string()));
    }
    if let Some(id) = &settings.client_id {
        let shape = id.value.strip_prefix("client_").or_else(|| id.value.strip_prefix("project_"));
        if !shape.is_some_and(|rest| rest.len() >= 8 && rest.chars().all(|c| c.is_ascii_alphanumeric())) {
            findings.push(malformed_client_id(id));
        }
    }
    let usual = |host: &str| host == workos::USUAL_HOST;
    if !usual(&settings.api.value.host) && settings.endpoints.iter().any(|named| usual(&named.value.host)) {
        findings.push(both_api_domains(&settings.api.value.host));
    }
    let production = settings.environment.value == Environment::Production;
    for uri in &settings.redirect_uris {
        findings.extend(redirect_uri(&uri.value, production));
    }
    for (name, given) in [("webhook URL", &settings.webhook_url), ("Actions URL", &settings.actions_url)] {
        let Some(given) = given else { continue };
        findings.extend(called_by_workos(name, &given.value, settings.domain.as_ref()));
    }
    findings
}

/// What keeps the secret of a purpose from being one, which whoever holds signatures to it says as well.
pub fn of_secret(purpose: Purpose, settings: &Settings) -> Option<Finding> {
    let (of, secret, place) = match purpose {
        Purpose::Webhook => ("webhook", &settings.webhook_secret, Whence::of_webhook_secret(settings)),
        Purpose::Action => ("Actions", &settings.actions_secret, Whence::of_actions_secret(settings)),
    };
    let kind = malformed_secret(&secret.as_ref()?.value)?;
    Some(malformed_signing_secret(of, kind, &place))
}

/// The rules for redirect URIs: https, but for loopback and staging (facts of 2026-11-23, §6.1).
fn redirect_uri(text: &str, production: bool) -> Vec<Finding> {
    let Some(url) = web_url(text) else { return vec![malformed_url("redirect URI", text)] };
    let host = url.host_str().unwrap_or_default();
    let mut findings = Vec::new();
    if production && host == "localhost" {
        findings.push(localhost("redirect URI", text));
    } else if production && url.scheme() != "https" && host != "127.0.0.1" {
        findings.push(not_https("redirect URI", text));
    }
    if production && let Some(address) = not_public(host) {
        findings.push(private_redirect(text, address));
    }
    if !text.split(['?', '#']).next().unwrap_or(text).is_ascii() {
        findings.push(idn(text, &url));
    }
    findings
}

fn called_by_workos(name: &str, text: &str, domain: Option<&Setting<String>>) -> Vec<Finding> {
    let Some((url, endpoint)) = web_url(text).and_then(|url| url_endpoint(&url).map(|endpoint| (url, endpoint))) else {
        return vec![malformed_url(name, text)];
    };
    let mut findings = Vec::new();
    let loopback = endpoint.host.parse().is_ok_and(|address: IpAddr| address.to_canonical().is_loopback());
    if endpoint.host == "localhost" || endpoint.host.ends_with(".localhost") || loopback {
        findings.push(localhost(name, text));
    } else if let Some(address) = not_public(&endpoint.host) {
        findings.push(private_address(name, text, address));
    } else if let Some(domain) = domain.filter(|domain| domain.value != endpoint.host) {
        findings.push(domain_mismatch(name, &endpoint.host, &domain.value));
    }
    if url.scheme() != "https" {
        findings.push(not_https(name, text));
    } else if endpoint.port != 443 {
        findings.push(not_port_443(name, text, endpoint.port));
    }
    findings
}

/// The address that a URL names in place of a host, when it is not a public one, and not this machine either.
fn not_public(host: &str) -> Option<IpAddr> {
    let address: IpAddr = host.trim_matches(['[', ']']).parse().ok()?;
    special(address).filter(|_| !address.to_canonical().is_loopback()).map(|_| address)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::check::Status;
    use crate::checks::fixture::{Site, ask, codes};
    use crate::host::ModeOf;
    use crate::net::fake::Fake;

    async fn run(site: Site) -> Vec<&'static str> {
        codes(&ask(&SPEC, &Consistent, &site.context()).await)
    }

    fn site() -> Site {
        Site::of(Fake::default())
    }

    #[tokio::test]
    async fn both_api_domains_at_once_warn() {
        let custom = || site().with("workos.api_url", "https://api.vendor.example");

        assert!(run(custom()).await.is_empty());
        assert_eq!(run(custom().with("network.endpoints", "api.workos.com")).await, ["both-api-domains"]);
    }

    #[test]
    fn a_file_that_all_can_read_is_closed_where_its_mode_is_set() {
        for (mode, word, another) in [
            (ModeOf::File, "chmod o-rwx '/run/my key'", "defaultMode"),
            (ModeOf::KubernetesVolume, "`defaultMode: 0400`", "chmod o-rwx"),
            (ModeOf::Mount, "`mode: 0400`", "chmod o-rwx"),
        ] {
            let said = readable_by_all(Path::new("/run/my key"), mode).remediations.likeliest().action.clone();

            assert!(said.contains(word) && !said.contains(another), "{said}");
        }
    }

    #[tokio::test]
    async fn nothing_given_is_consistent() {
        assert!(run(site()).await.is_empty());
    }

    #[tokio::test]
    async fn facts_that_are_older_than_half_a_year_warn_by_this_hosts_clock() {
        let after = |days: u64| {
            let mut site = site();
            // The 23rd of November 2026.
            site.host.now =
                std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs((20_780 + days) * 86_400);
            run(site)
        };

        assert!(after(180).await.is_empty());
        assert_eq!(after(181).await, ["facts-are-old"]);
    }

    #[tokio::test]
    async fn keys_that_are_none_are_told_for_what_they_are_and_never_shown() {
        for (key, code) in [
            ("sk_live_planted0000\n", "key-with-white-space"),
            ("sk_live_planted 0000", "key-with-white-space"),
            ("\"sk_live_planted0000\"", "key-in-quotes"),
            ("client_01HZBC6N1EB1ZY7KG32X", "client-id-as-key"),
            ("whsec_planted0000000", "webhook-secret-as-key"),
            ("sk_live_…wxyz", "masked-key"),
            ("sk_live_", "key-cut-short"),
            ("planted00000000", "malformed-key"),
            ("\u{feff}sk_live_planted0000", "invisible-in-key"),
            ("sk_live_planted\u{200b}0000", "invisible-in-key"),
            ("“sk_live_planted0000”", "key-in-quotes"),
            ("WORKOS_API_KEY=sk_live_planted0000", "malformed-key"),
            ("c2tfbGl2ZV9wbGFudGVk", "malformed-key"),
        ] {
            let outcome = ask(&SPEC, &Consistent, &site().key(key).context()).await;
            assert_eq!(codes(&outcome), [code], "{key}");
            assert!(!format!("{outcome:?}").contains("planted"));
        }
        assert!(run(site().key("sk_live_abcdefghijklmnop")).await.is_empty());
        for undocumented in ["sk_example_123456789", "sk_test_default", "sk_1"] {
            assert!(run(site().key(undocumented)).await.is_empty(), "{undocumented}");
        }
    }

    #[tokio::test]
    async fn signing_secrets_are_held_to_their_shape_and_to_each_other() {
        let with = |webhook: &str, actions: &str| site().webhook_secret(webhook).actions_secret(actions);
        let (good, other) = ("whsec_0FWAiVGkEfGBqqsJH4aN", "whsec_Qm3vT8yK2nLx5RwZ7cPd");

        assert!(run(with(good, other)).await.is_empty());
        assert_eq!(run(with("sk_live_planted000000", other)).await, ["api-key-as-secret"]);
        for odd in [
            "'whsec_planted0000000'",
            "\u{feff}whsec_planted0000",
            " ",
            "SECRET=whsec_planted0000",
            "d2hzZWNfcGxhbnRlZA==",
        ] {
            assert_eq!(run(with(odd, other)).await, ["malformed-secret"], "{odd}");
            assert_eq!(run(with(good, odd)).await, ["malformed-secret"], "{odd}");
        }
        assert_eq!(run(with(good, good)).await, ["one-secret-for-both"]);
    }

    #[tokio::test]
    async fn a_client_id_has_its_own_shape_and_a_key_in_its_place_is_not_repeated() {
        assert!(run(site().with("workos.client_id", "client_01HZBC6N1EB1ZY7KG32X")).await.is_empty());
        let outcome = ask(&SPEC, &Consistent, &site().with("workos.client_id", "sk_live_planted").context()).await;

        assert_eq!(codes(&outcome), ["malformed-client-id"]);
        assert!(!format!("{outcome:?}").contains("planted"));
    }

    #[tokio::test]
    async fn redirect_uris_follow_the_rules_of_their_environment() {
        for (uri, wanted) in [
            ("https://app.customer.example/callback", &[][..]),
            ("http://127.0.0.1/callback", &[]),
            ("http://app.customer.example/callback", &["not-https"]),
            ("http://localhost:3000/callback", &["localhost"]),
            ("ftp://app.customer.example/callback", &["malformed-url"]),
            ("com.customer.app:/callback", &["malformed-url"]),
            ("https://bücher.example/callback", &["idn-not-punycode"]),
            ("https://10.1.2.3/callback", &["private-redirect"]),
            ("http://[fd00::7]/callback", &["not-https", "private-redirect"]),
            ("https://104.18.2.1/callback", &[]),
        ] {
            assert_eq!(run(site().with("installation.redirect_uris", uri)).await, wanted, "{uri}");
        }
        let staging =
            site().with("workos.environment", "staging").with("installation.redirect_uris", "http://localhost:3000/cb");
        assert!(run(staging).await.is_empty());
    }

    #[tokio::test]
    async fn what_workos_calls_is_https_on_443_at_the_external_domain() {
        for (url, wanted) in [
            ("https://app.customer.example/hook", &[][..]),
            ("http://app.customer.example/hook", &["not-https"]),
            ("https://app.customer.example:8443/hook", &["not-port-443"]),
            ("https://localhost/hook", &["localhost"]),
            ("https://app.localhost/hook", &["localhost"]),
            ("https://[::ffff:127.0.0.1]/hook", &["localhost"]),
            ("https://10.1.2.3/hook", &["private-address"]),
            ("https://192.168.0.1:8443/hook", &["private-address", "not-port-443"]),
            ("http://172.20.1.1/hook", &["private-address", "not-https"]),
            ("https://169.254.169.254/hook", &["private-address"]),
            ("https://100.64.1.1/hook", &["private-address"]),
            ("https://0.0.0.0/hook", &["private-address"]),
            ("https://167838211/hook", &["private-address"]),
            ("https://[fd00::7]/hook", &["private-address"]),
            ("https://[::ffff:10.1.2.3]/hook", &["private-address"]),
            ("https://other.example/hook", &["domain-mismatch"]),
            ("ftp://app.customer.example/hook", &["malformed-url"]),
        ] {
            let site = site().with("installation.domain", "app.customer.example").with("installation.webhook_url", url);
            assert_eq!(run(site).await, wanted, "{url}");
        }
    }

    #[tokio::test]
    async fn a_secrets_file_that_all_can_read_warns_for_each_file_and_a_closed_one_does_not() {
        for (mode, wanted) in [(None, vec![]), (Some(ModeOf::File), vec!["secret-file-readable-by-all"; 2])] {
            let mut site = site();
            site.host.open_files = mode;
            let mut cx = site.context();
            std::sync::Arc::make_mut(&mut cx.settings).secret_files = ["/run/key", "/run/hook"]
                .map(|path| Setting { value: path.into(), source: Source::Flag("--api-key-file") })
                .to_vec();
            let outcome = ask(&SPEC, &Consistent, &cx).await;

            assert_eq!(codes(&outcome), wanted);
            let named = |path: &str| outcome.findings.iter().any(|it| it.problem.contains(path));
            assert_eq!((named("/run/key"), named("/run/hook")), (mode.is_some(), mode.is_some()));
            assert!(outcome.status() != Status::Fail);
        }
    }
}

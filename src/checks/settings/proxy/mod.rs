//! Which proxy applies to the API, from which source, and who else would use it?

pub(in crate::checks) mod codes;

use self::codes::{DISAGREEMENT, HTTP_ONLY, MALFORMED, NO_PROXY_COVERS_API, SYSTEM_ONLY};
use crate::check::{
    Check, CheckId, Contact, Endpoint, Finding, Grade, Outcome, Planned, Remediation, Running, Spec, Touch, Vantage,
    command,
};
use crate::context::Context;
use crate::facts::Facts;
use crate::host::PROXY_FILES;
use crate::said::all_of;
use crate::settings::{Misread, NoProxy, Proxy, Setting, Settings, Source};

pub(super) static SPEC: Spec = Spec {
    id: ID,
    title: "the proxy settings agree",
    explain: "\
Says which proxy, if any, stands between this host and each endpoint, and which setting decided it; compares the spellings \
of the environment variables; and looks for proxies that are set in files of the system and not for this process.

The commonest wrong verdict in this field is of a probe that took another path than the application. curl reads \
https_proxy before HTTPS_PROXY, other programs the reverse; the WorkOS SDK for Node uses no proxy of the environment at \
all before Node 24.

Usually broken by a variable that is set in one spelling only, by HTTP_PROXY without HTTPS_PROXY, by a NO_PROXY that \
covers the API, by a proxy in /etc/environment that services and containers do not see, or by a value that is no proxy's \
URL: a carriage return or quotes of an env file, a port that is no number, `socks://` as desktops write it. Where it is beyond \
doubt what such a value means, the other checks go that way all the same; else they go direct.",
    vantages: &[Vantage::Inside],
    // Which way applications go cannot be known while the variable that decides it is no proxy.
    required: |settings, vantage| {
        vantage == Vantage::Inside && settings.misread_proxy.as_ref().is_some_and(|misread| !misread.value.tolerated)
    },
    codes: &[&MALFORMED, &DISAGREEMENT, &HTTP_ONLY, &NO_PROXY_COVERS_API, &SYSTEM_ONLY],
    needs: &[],
    plan: |_, _| Planned::one(ProxySettings),
};

pub(crate) const ID: CheckId = CheckId::new("settings.proxy");

struct ProxySettings;

/// What is read to know why requests go past a proxy.
pub(in crate::checks) fn contacts() -> impl Iterator<Item = Contact> {
    let files = PROXY_FILES.iter().map(|path| Touch::File(path.into()));
    let read = files.chain([Touch::PROXY_VARIABLES]);
    read.map(|what| Contact::new(what, "which way requests leave, and who else would take it"))
}

/// Why requests to an endpoint go direct where a proxy seems to be meant, as what the installer mends before any port is
/// opened; nothing where no proxy is in sight.
pub(in crate::checks) fn past_the_proxy(endpoint: &Endpoint, cx: &Context) -> Option<Remediation> {
    let settings = &cx.settings;
    if settings.proxy_for(endpoint).is_some() {
        return None;
    }
    let host = &endpoint.host;
    if let Some(proxy) = &settings.proxy {
        return Some(Remediation::installer(format!(
            "Take {host}, or what covers it, out of NO_PROXY: requests to it go past the proxy {}, and direct they do not arrive.",
            proxy.value
        )).in_short("take the API out of NO_PROXY"));
    }
    if let Some(Setting { value, source }) = &settings.misread_proxy {
        return Some(
            Remediation::installer(format!(
                "Mend the proxy of {source} first: it is `{}` ({}), so that requests go direct; expected {}.",
                value.shown, value.why, value.write
            ))
            .in_short("mend the proxy variable"),
        );
    }
    let named = |names: &[&str]| {
        let mut set = cx.proxy_variables().0.iter().filter(|(name, _)| names.contains(name));
        set.find_map(|variable| Some((variable.0, meant(variable)?)))
    };
    if let Some((name, proxy)) = named(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]) {
        // Only --direct leaves it aside.
        return Some(
            Remediation::installer(format!(
                "Leave out --direct: {name} names the proxy {proxy}, and without it requests to {host} do not arrive."
            ))
            .in_short("leave out --direct"),
        );
    }
    if let Some((name, proxy)) = named(&["http_proxy", "HTTP_PROXY"]) {
        return Some(Remediation::installer(format!(
            "Set HTTPS_PROXY to {proxy} as well where the application is started: {name} alone is not used for https, so that requests to {host} go direct."
        )).in_short("set HTTPS_PROXY"));
    }
    let (file, line) = cx.host.system_proxies().into_iter().next()?;
    Some(Remediation::installer(format!(
        "Set HTTPS_PROXY where the application is started as {file} sets it ({line}): this process does not have it, and direct requests to {host} do not arrive."
    )).in_short("set HTTPS_PROXY"))
}

impl Check for ProxySettings {
    fn contacts(&self, _: &Facts, _: &Settings) -> Vec<Contact> {
        contacts().collect()
    }

    fn run<'a>(&'a self, cx: &'a Context) -> Running<'a> {
        Box::pin(async move {
            let settings = &cx.settings;
            let mut outcome = Outcome::graded(Grade::Declared);
            for endpoint in settings.server_endpoints() {
                outcome.saw("route", format!("{endpoint}: {}", route(settings, settings.proxy_for(endpoint))));
            }
            for (variable, proxy) in cx.proxy_variables().0 {
                let shown = proxy.as_ref().map_or_else(|misread| misread.shown.clone(), ToString::to_string);
                outcome.saw("variable", format!("{variable}={shown}"));
            }
            if settings.proxy_for(&settings.api.value).is_some() {
                outcome.saw("who else takes this way", SDKS);
            }
            for finding in findings(cx) {
                outcome.found(finding);
            }
            outcome
        })
    }
}

/// Tried with the SDKs of November 2026 (facts §6.5).
const SDKS: &str = "curl, and the WorkOS SDKs for Python and Go; the one for Node only from Node 24 on with NODE_USE_ENV_PROXY=1; the one for Rust, which trusts its own list of roots";

fn route(settings: &Settings, proxy: Option<&Proxy>) -> String {
    match (proxy, &settings.proxy) {
        (Some(proxy), Some(setting)) => format!("through {proxy} (from {})", setting.source),
        (None, Some(_)) => "direct, as NO_PROXY or --no-proxy says".to_owned(),
        _ if settings.misread_proxy.is_some() => "direct, for want of a proxy that can be read".to_owned(),
        _ => "direct, no proxy is set".to_owned(),
    }
}

fn findings(cx: &Context) -> Vec<Finding> {
    let settings = &cx.settings;
    let mut findings = Vec::new();
    let by_name = |name: &str| cx.proxy_variables().0.iter().find(|(variable, _)| *variable == name);
    let from_environment = !matches!(settings.proxy.as_ref().map(|proxy| &proxy.source), Some(Source::Flag(_)));
    findings.extend(misread(cx));
    for (lower, upper) in [("https_proxy", "HTTPS_PROXY"), ("all_proxy", "ALL_PROXY")] {
        if let (Some(a), Some(b)) = (by_name(lower).and_then(meant), by_name(upper).and_then(meant))
            && a != b
        {
            findings.push(differ(lower, a, upper, b));
        }
    }
    findings.extend(exempted_by_one(cx).filter(|_| from_environment));
    let set = |names: &[&str]| names.iter().any(|name| by_name(name).is_some());
    if let Some(plain) = by_name("http_proxy").or_else(|| by_name("HTTP_PROXY"))
        && !set(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"])
        && from_environment
    {
        findings.push(http_only(plain));
    }
    let api = &settings.api.value;
    if let (Some(proxy), None) = (&settings.proxy, settings.proxy_for(api)) {
        findings.push(exempt(&proxy.value, &api.host));
    }
    if let (None, [(file, line), ..]) = (&settings.proxy, &cx.host.system_proxies()[..]) {
        findings.push(system_only(file, line));
    }
    findings
}

/// The proxy that a variable names, or means.
fn meant<'a>((_, proxy): &'a (&'static str, Result<Proxy, Misread>)) -> Option<&'a Proxy> {
    proxy.as_ref().map_or_else(|misread| misread.meant.as_deref(), Some)
}

/// What is wrong with values, once for each kind of wrong: both spellings of a variable often hold the same.
fn misread(cx: &Context) -> Vec<Finding> {
    let mut wrong: Vec<(Vec<String>, &Misread)> = Vec::new();
    let in_effect = cx.settings.misread_proxy.iter().filter_map(|misread| match &misread.source {
        Source::Environment(_) => None,
        source => Some((source.to_string(), &misread.value)),
    });
    let variables = cx.proxy_variables().0.iter();
    let variables = variables.filter_map(|(name, proxy)| Some(((*name).to_owned(), proxy.as_ref().err()?)));
    for (name, misread) in in_effect.chain(variables) {
        match wrong.iter_mut().find(|(_, known)| *known == misread) {
            Some((names, _)) => names.push(name),
            None => wrong.push((vec![name], misread)),
        }
    }
    wrong.iter().map(|(names, misread)| malformed(names, misread)).collect()
}

fn malformed(names: &[String], misread: &Misread) -> Finding {
    let code = if misread.tolerated { &DISAGREEMENT } else { &MALFORMED };
    let (all, is) = (all_of(names), if names.len() == 1 { "is" } else { "are" });
    let Misread { shown, why, write, .. } = misread;
    code.found(
        format!("{all} {is} `{shown}`: {why}; programs fail, go direct or go on, each in its own way"),
        Remediation::installer(format!(
            "Set {all} to {write} where the application is started, or unset it if no proxy is meant."
        ))
        .in_short("mend the proxy variable")
        // Shows blanks and line ends too.
        .verify("env | grep -i _proxy | cat -A"),
    )
}

fn differ(lower: &str, a: &Proxy, upper: &str, b: &Proxy) -> Finding {
    // Where only the passwords differ, the shown forms are equal.
    let how = if a.to_string() == b.to_string() { "in their credentials".to_owned() } else { format!("{a} and {b}") };
    DISAGREEMENT.found(
        format!("{lower} and {upper} differ ({how}): some programs read the one, some the other"),
        Remediation::installer(format!("Set {lower} and {upper} to the same proxy where the application is started."))
            .in_short("set both spellings of the proxy alike")
            .verify("env | grep -i _proxy"),
    )
}

/// Where one spelling of `NO_PROXY` exempts the API, and the other one does not.
fn exempted_by_one(cx: &Context) -> Option<Finding> {
    let [(lower, a), (upper, b)] = cx.proxy_variables().1 else { return None };
    let api = &cx.settings.api.value;
    let (by_lower, by_upper) = (NoProxy::parse(a).covers(api), NoProxy::parse(b).covers(api));
    let proxy = cx.settings.proxy.as_ref().filter(|_| by_lower != by_upper)?;
    let (exempts, does_not) = if by_lower { (lower, upper) } else { (upper, lower) };
    Some(DISAGREEMENT.found(
        format!(
            "{exempts} exempts {} from the proxy {}, and {does_not} does not: curl and Python read no_proxy first, Go and Rust NO_PROXY, so that some go direct and some do not",
            api.host, proxy.value
        ),
        Remediation::installer(format!(
            "Set {lower} and {upper} to the same list where the application is started: with {} in it if direct is meant, and without if not.",
            api.host
        ))
        .in_short("set no_proxy and NO_PROXY alike")
        .verify("printenv no_proxy NO_PROXY"),
    ))
}

fn http_only(plain: &(&'static str, Result<Proxy, Misread>)) -> Finding {
    let name = plain.0;
    let to = meant(plain).map(|proxy| format!(" to {proxy}")).unwrap_or_default();
    HTTP_ONLY.found(
        format!("{name} is set and HTTPS_PROXY is not: requests to WorkOS, which are https, go direct"),
        Remediation::installer(format!(
            "Set HTTPS_PROXY{to} as well where the application is started, or unset {name} if direct is meant."
        ))
        .in_short("set HTTPS_PROXY")
        .verify("env | grep -i _proxy"),
    )
}

fn exempt(proxy: &Proxy, host: &str) -> Finding {
    NO_PROXY_COVERS_API.found(
        format!("the proxy {proxy} is set, and NO_PROXY exempts {host}: requests to it go direct"),
        Remediation::installer(format!(
            "Take {host}, or the suffix or `*` that covers it, out of NO_PROXY, unless direct is meant."
        ))
        .in_short("take the API out of NO_PROXY")
        .verify("printenv NO_PROXY no_proxy"),
    )
}

fn system_only(file: &str, line: &str) -> Finding {
    SYSTEM_ONLY.found(
        format!("{file} sets {line}, and this process does not have it: services and containers do not either"),
        Remediation::installer("Set HTTPS_PROXY in the application's own unit, compose file or manifest as well, or give --proxy here if the application has it.")
            .in_short("set HTTPS_PROXY for the application")
            .verify(command!("grep -i proxy {}; env | grep -i _proxy", file)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::fixture::{Site, ask, codes};
    use crate::net::fake::Fake;

    async fn run(variables: &[(&'static str, &str)], site: Site) -> Vec<&'static str> {
        let mut cx = site.context();
        cx.variables.proxies = variables.iter().map(|(name, value)| (*name, Proxy::parse(value))).collect();
        codes(&ask(&SPEC, &ProxySettings, &cx).await)
    }

    fn site() -> Site {
        Site::of(Fake::default())
    }

    #[tokio::test]
    async fn no_proxy_at_all_is_in_agreement() {
        assert!(run(&[], site()).await.is_empty());
    }

    #[tokio::test]
    async fn spellings_that_differ_disagree_and_http_alone_is_said() {
        let differing = [("https_proxy", "http://a:1"), ("HTTPS_PROXY", "http://b:1")];
        let equal = [("https_proxy", "http://a:1"), ("HTTPS_PROXY", "http://a:1")];

        assert_eq!(run(&differing, site()).await, ["disagreement"]);
        assert!(run(&equal, site()).await.is_empty());
        assert_eq!(run(&[("HTTP_PROXY", "http://a:1")], site()).await, ["http-only"]);
        assert_eq!(run(&[("ALL_PROXY", "ftp://a:1")], site()).await, ["malformed"]);
    }

    #[tokio::test]
    async fn the_proxy_that_https_lacks_is_named_as_the_one_that_http_has() {
        let mut cx = site().context();
        cx.variables.proxies = vec![("http_proxy", Proxy::parse("http://installer:demo@10.20.0.30:3128"))];
        let outcome = ask(&SPEC, &ProxySettings, &cx).await;
        let action = &outcome.findings[0].remediations.likeliest().action;

        assert!(action.starts_with("Set HTTPS_PROXY to http://***@10.20.0.30:3128 as well"), "{action}");
        assert!(action.contains("unset http_proxy"), "{action}");
    }

    #[tokio::test]
    async fn exemptions_that_differ_about_the_api_disagree() {
        for (lower, upper, expected) in [
            ("localhost", "localhost,.workos.com", vec!["disagreement"]),
            ("*", "10.0.0.0/8", vec!["no-proxy-covers-api", "disagreement"]),
            ("localhost", "localhost,.corp.example", vec![]),
            ("api.workos.com", "workos.com", vec!["no-proxy-covers-api"]),
        ] {
            let site = site().with("network.proxy", "http://10.20.0.30:3128").with("network.no_proxy", lower);
            let mut cx = site.context();
            std::sync::Arc::make_mut(&mut cx.settings).proxy.as_mut().unwrap().source =
                Source::Environment("HTTPS_PROXY");
            cx.variables.no_proxy = vec![("no_proxy", lower.to_owned()), ("NO_PROXY", upper.to_owned())];
            let mut found = codes(&ask(&SPEC, &ProxySettings, &cx).await);
            found.sort_by_key(|code| *code != "no-proxy-covers-api");

            assert_eq!(found, expected, "{lower} and {upper}");
        }
    }

    #[tokio::test]
    async fn what_is_no_proxy_is_named_once_with_what_to_write_and_decides_where_it_is_in_effect() {
        let mut cx = site().context();
        let wrong = || Proxy::parse("socks://10.0.0.1:1080/");
        cx.variables.proxies = vec![("all_proxy", wrong()), ("ALL_PROXY", wrong())];
        let before = (SPEC.required)(&cx.settings, Vantage::Inside);
        std::sync::Arc::make_mut(&mut cx.settings).misread_proxy =
            wrong().err().map(|value| Setting { value, source: Source::Environment("all_proxy") });
        let outcome = ask(&SPEC, &ProxySettings, &cx).await;

        assert_eq!(codes(&outcome), ["malformed"]);
        assert!(outcome.findings[0].problem.starts_with("all_proxy and ALL_PROXY are `socks://10.0.0.1:1080/`"));
        assert!(outcome.findings[0].remediations.likeliest().action.contains("socks5h://10.0.0.1:1080"));
        assert!(!before && (SPEC.required)(&cx.settings, Vantage::Inside));
    }

    #[tokio::test]
    async fn what_programs_read_differently_is_a_warning_that_decides_nothing() {
        let cx = site().with("network.proxy", "http://u:p@w@10.0.0.1:3128").context();
        let outcome = ask(&SPEC, &ProxySettings, &cx).await;

        assert_eq!(codes(&outcome), ["disagreement"]);
        assert!(outcome.findings[0].problem.contains("flag --test"), "{}", outcome.findings[0].problem);
        assert!(outcome.findings[0].remediations.likeliest().action.contains("%40 in the place of `@`"));
        assert!(!(SPEC.required)(&cx.settings, Vantage::Inside));
    }

    #[tokio::test]
    async fn an_exempted_api_and_a_proxy_of_the_system_alone_are_said() {
        let exempted = site().with("network.proxy", "http://a:1").with("network.no_proxy", ".workos.com");
        let mut system = site();
        system.host.system_proxies = vec![("/etc/environment".to_owned(), "https_proxy=http://a:1".to_owned())];

        assert_eq!(run(&[], exempted).await, ["no-proxy-covers-api"]);
        assert_eq!(run(&[], system).await, ["system-only"]);
    }
}

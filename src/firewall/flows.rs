//! From the facts and the settings to the flows that a deployment needs: who opens a connection to whom, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::flow::{Direction, Flow, Need, Party, Protocol, TCP};
use crate::endpoint::Endpoint;
use crate::facts::Facts;
use crate::settings::{Settings, Strategy};

/// The flows that these settings call for. `hosted_login` is the host of the hosted login where it has been learnt.
pub fn flows(facts: &Facts, settings: &Settings, hosted_login: &[String]) -> Vec<Flow> {
    let mut flows = server(facts, settings);
    flows.extend(ingress(facts, settings));
    flows.extend(browsers(facts, settings, hosted_login));
    flows.extend(others(facts, settings));
    tell_apart(&mut flows);
    flows
}

/// Two names can come to the same letters; the later flow or object then bears a number.
fn tell_apart(flows: &mut [Flow]) {
    let mut ids = BTreeSet::new();
    let mut objects: BTreeMap<String, (Vec<String>, Vec<IpNet>)> = BTreeMap::new();
    for flow in flows {
        flow.id = numbered(&flow.id).find(|id| ids.insert(id.clone())).unwrap_or_default();
        for party in [&mut flow.source, &mut flow.destination] {
            let meaning = (party.hosts.clone(), party.ranges.clone());
            let means_it = |name: &String| *objects.entry(name.clone()).or_insert_with(|| meaning.clone()) == meaning;
            party.object = numbered(&party.object).find(means_it).unwrap_or_default();
        }
    }
}

/// `name`, `name-2`, `name-3` and so on.
fn numbered(name: &str) -> impl Iterator<Item = String> + use<> {
    let name = name.to_owned();
    (1..=u16::MAX).map(move |count| if count == 1 { name.clone() } else { format!("{name}-{count}") })
}

/// A name as ids and objects bear it: `*.authkit.app` is `any-authkit-app`.
fn slug(name: &str) -> String {
    let name = name.replace('*', "any").to_ascii_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join("-")
}

/// An endpoint as ids bear it; the usual port is not said.
fn slug_of(endpoint: &Endpoint) -> String {
    match endpoint.port {
        443 => slug(&endpoint.host),
        port => format!("{}-{port}", slug(&endpoint.host)),
    }
}

const GUIDE: &str = "the on-prem guide";

/// What the application's server opens.
fn server(facts: &Facts, settings: &Settings) -> Vec<Flow> {
    let mut flows = vec![Flow {
        id: "egress-dns".to_owned(),
        direction: Direction::Egress,
        source: server_itself(),
        destination: resolvers(settings),
        protocols: &[Protocol::Udp, Protocol::Tcp],
        port: 53,
        need: Need::Required,
        reason: "looking up names, over UDP and TCP; not needed where a proxy resolves".to_owned(),
        since: "any network".to_owned(),
    }];
    for endpoint in settings.server_endpoints() {
        let is_api = *endpoint == settings.api.value;
        let proxy = settings.proxy_for(endpoint);
        if let Some(proxy) = proxy {
            let known = flows.iter().any(|flow| flow.id == "egress-proxy");
            let to_proxy = Flow {
                id: "egress-proxy".to_owned(),
                destination: place(forward_proxy(), &proxy.endpoint),
                port: proxy.endpoint.port,
                reason: format!("every request to {endpoint} goes through it"),
                since: "the settings of this installation".to_owned(),
                ..flow_to(endpoint)
            };
            flows.extend((!known).then_some(to_proxy));
        }
        let source = if proxy.is_some() { forward_proxy() } else { server_itself() };
        flows.push(if is_api { api(facts, endpoint, source) } else { Flow { source, ..flow_to(endpoint) } });
    }
    flows.extend(public_view(facts, settings));
    flows
}

fn server_itself() -> Party {
    Party::called("server", "the installation's server")
}

fn forward_proxy() -> Party {
    Party::called("forward-proxy", "the forward proxy")
}

fn flow_to(endpoint: &Endpoint) -> Flow {
    Flow {
        id: format!("egress-endpoint-{}", slug_of(endpoint)),
        direction: Direction::Egress,
        source: server_itself(),
        destination: place(Party::called(slug(&endpoint.host), "a host that the settings name"), endpoint),
        protocols: TCP,
        port: endpoint.port,
        need: Need::Required,
        reason: "named with --endpoint: the application's server needs it".to_owned(),
        since: "the settings of this installation".to_owned(),
    }
}

fn api(facts: &Facts, endpoint: &Endpoint, source: Party) -> Flow {
    Flow {
        id: "egress-api".to_owned(),
        source,
        destination: place(Party::called("workos-api", "the WorkOS API, at Cloudflare"), endpoint).at(cloudflare(facts)),
        reason: "every API call, token exchange and key set (JWKS); the Events API too. Its addresses change within these ranges"
            .to_owned(),
        since: format!("{GUIDE}; ranges: {}", facts.cloudflare.source),
        ..flow_to(endpoint)
    }
}

/// Where this tool asks what the internet is told of the external name.
fn public_view(facts: &Facts, settings: &Settings) -> Option<Flow> {
    let asked = !settings.inbound_hosts().is_empty() && settings.public_resolver.is_none();
    let known = facts.hosts.public_dns.first().filter(|_| asked)?;
    let endpoint = Endpoint::new(known.host.clone(), known.port);
    Some(Flow {
        id: "egress-public-view".to_owned(),
        source: if settings.proxy_for(&endpoint).is_some() { forward_proxy() } else { server_itself() },
        destination: place(Party::called("public-dns", "DNS over HTTPS"), &endpoint).at(known.addresses.iter().copied().map(IpNet::from)),
        need: Need::WhereUsed,
        reason: "only for `workos-preflight check`: the public view of the external name. The addresses lie in the ranges of the API"
            .to_owned(),
        since: format!("facts of {}", facts.as_of),
        ..flow_to(&endpoint)
    })
}

fn resolvers(settings: &Settings) -> Party {
    match &settings.resolver {
        Some(named) => Party::called("resolvers", "its resolver").at([IpNet::from(named.value.ip())]),
        None => Party::called("resolvers", "the resolvers that it uses"),
    }
}

/// What comes in from outside.
fn ingress(facts: &Facts, settings: &Settings) -> Vec<Flow> {
    ports(settings).into_iter().flat_map(|port| ingress_at(port, facts, settings)).collect()
}

/// The ports at which the installation is called; 443 where nothing else is given.
fn ports(settings: &Settings) -> Vec<u16> {
    let mut ports: Vec<u16> = settings.inbound_endpoints().iter().map(|endpoint| endpoint.port).collect();
    ports.sort_unstable();
    ports.dedup();
    if ports.is_empty() { vec![443] } else { ports }
}

fn ingress_at(port: u16, facts: &Facts, settings: &Settings) -> Vec<Flow> {
    let sources = &facts.workos_sources;
    let hosts = |addresses: &[IpAddr]| addresses.iter().copied().map(IpNet::from).collect::<Vec<_>>();
    let delivered = delivered(settings);
    let at = |id: &str| if port == 443 { id.to_owned() } else { format!("{id}-{port}") };
    let to_installation = |id: &str, need, (object, who): (&str, &str), reason: String, since: String| Flow {
        id: at(id),
        direction: Direction::Ingress,
        source: Party::called(object, who),
        destination: installation(settings, port, at("installation")),
        protocols: TCP,
        port,
        need,
        reason,
        since,
    };
    let mut flows = Vec::new();
    if let Some(delivered) = delivered {
        let mut published = to_installation(
            "ingress-workos",
            Need::Required,
            ("workos-published", "WorkOS, published addresses"),
            format!("{delivered}; a missing address shows as deliveries that fail now and then"),
            sources.published.source.clone(),
        );
        published.source.ranges = hosts(&sources.published.addresses);
        let mut reported = to_installation(
            "ingress-workos-reported",
            Need::Recommended,
            ("workos-reported", "WorkOS, addresses that others reported"),
            format!("{delivered} from newer addresses, which the guide does not list yet"),
            sources.reported.source.clone(),
        );
        reported.source.ranges = hosts(&sources.reported.addresses);
        flows.extend([published, reported].into_iter().filter(|flow| !flow.source.ranges.is_empty()));
    }
    flows.push(to_installation(
        "ingress-users",
        Need::Required,
        ("anywhere", "the browsers of users, wherever they are"),
        "the application itself and the callbacks of sign-ins: a redirect is carried out by the user's browser, so its source is \
         the user's address"
            .to_owned(),
        "how OAuth redirects work".to_owned(),
    ));
    let mut edge = to_installation(
        "ingress-cloudflare",
        Need::WhereUsed,
        ("cloudflare", "Cloudflare"),
        "the guide says that authentication requests come from here. It holds where the external name is proxied by Cloudflare; \
         otherwise they come from browsers, and an allowlist of these ranges alone would lock users out"
            .to_owned(),
        format!("{GUIDE}; ranges: {}", facts.cloudflare.source),
    );
    edge.source.ranges = cloudflare(facts).collect();
    flows.push(edge);
    flows
}

/// What WorkOS delivers to the installation, if anything.
fn delivered(settings: &Settings) -> Option<&'static str> {
    match (settings.strategy.value, settings.actions_url.is_some()) {
        (Strategy::Firewall, _) => Some("webhooks, Actions, event and log streams"),
        (Strategy::Events, true) => Some("Actions"),
        (Strategy::Events, false) => None,
    }
}

fn installation(settings: &Settings, port: u16, object: String) -> Party {
    let mut party = Party::called(object, "the installation");
    for endpoint in settings.inbound_endpoints().into_iter().filter(|endpoint| endpoint.port == port) {
        party = party.named(endpoint.host);
    }
    party.at(settings.addresses.iter().map(|address| IpNet::from(address.value)))
}

/// What browsers of users and administrators open.
fn browsers(facts: &Facts, settings: &Settings, hosted_login: &[String]) -> Vec<Flow> {
    let named = settings.authkit_domains.iter().map(|named| &named.value).chain(hosted_login);
    let mut logins: Vec<&String> = Vec::new();
    for login in named {
        if !logins.contains(&login) {
            logins.push(login);
        }
    }
    let flow = |host: &str, reason: String, since: String| Flow {
        id: format!("egress-browser-{}", slug(host)),
        direction: Direction::Egress,
        source: Party::called("browsers", "the browsers of users and administrators"),
        destination: Party::called(slug(host), "a hosted page").named(host),
        protocols: TCP,
        port: 443,
        need: Need::Required,
        reason,
        since,
    };
    let mut flows = Vec::new();
    let api = &settings.api.value.host;
    if facts.hosts.browser.iter().all(|known| known.host != *api) {
        let reason = "sign-ins begin and end at the custom Authentication API domain, in the browser".to_owned();
        flows.push(flow(api, reason, "the settings of this installation".to_owned()));
    }
    for known in &facts.hosts.browser {
        if known.host.starts_with("*.") && !logins.is_empty() {
            // The exact hosts stand in for the pattern.
            let learnt =
                |login: &&String| flow(login, "the hosted login of this environment".to_owned(), LEARNT.to_owned());
            flows.extend(logins.iter().copied().map(|login| learnt(&login)));
        } else {
            flows.push(flow(&known.host, known.why.clone(), format!("facts of {}", facts.as_of)));
        }
    }
    flows
}

const LEARNT: &str = "--authkit-domain, or the sign-in that a saved report followed";

/// What other machines of the customer open.
fn others(facts: &Facts, settings: &Settings) -> Vec<Flow> {
    let api = &settings.api.value;
    let provisioning = Flow {
        id: "egress-scim".to_owned(),
        source: Party::called(
            "identity-provider",
            "the customer's identity provider, where it is on-prem and provisions users by SCIM",
        ),
        need: Need::WhereUsed,
        reason: "user provisioning to /scim/v2.0/ on the API's host".to_owned(),
        since: "WorkOS's documentation of directory sync".to_owned(),
        ..api_flow(facts, api)
    };
    let named = facts.hosts.other.iter().map(|other| Flow {
        id: format!("egress-other-{}", slug(&other.host)),
        source: Party::called("hr-system", "the customer's HR system, where it uploads files"),
        destination: Party::called(slug(&other.host), "WorkOS").named(other.host.clone()),
        port: other.port,
        need: Need::WhereUsed,
        reason: other.why.clone(),
        since: format!("facts of {}", facts.as_of),
        ..flow_to(api)
    });
    std::iter::once(provisioning).chain(named).collect()
}

fn api_flow(facts: &Facts, endpoint: &Endpoint) -> Flow {
    api(facts, endpoint, Party::default())
}

fn place(party: Party, endpoint: &Endpoint) -> Party {
    match endpoint.host.parse::<IpAddr>() {
        Ok(address) => party.at([IpNet::from(address)]),
        Err(_) => party.named(endpoint.host.clone()),
    }
}

fn cloudflare(facts: &Facts) -> impl Iterator<Item = IpNet> {
    facts.cloudflare.ipv4.iter().chain(&facts.cloudflare.ipv6).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{GivenSecrets, Layer, Source, declared};

    fn sheet(given: &[(&'static str, &str)], hosted_login: &[&str]) -> Vec<Flow> {
        let mut layer = Layer::default();
        for (name, value) in given {
            layer.give(declared(name).unwrap(), value.split(',').map(str::to_owned), Source::Flag("--test"));
        }
        let settings = Settings::merge(&[layer], GivenSecrets::default(), Vec::new()).unwrap();
        let learnt: Vec<String> = hosted_login.iter().map(|host| (*host).to_owned()).collect();
        flows(&Facts::embedded(), &settings, &learnt)
    }

    fn of<'a>(sheet: &'a [Flow], id: &str) -> Vec<&'a Flow> {
        sheet.iter().filter(|flow| flow.id == id).collect()
    }

    #[test]
    fn the_api_is_needed_at_all_published_ranges_and_the_nine_sources_come_in() {
        let sheet =
            sheet(&[("installation.domain", "app.customer.example"), ("installation.addresses", "93.184.215.14")], &[]);

        assert_eq!(of(&sheet, "egress-api")[0].destination.ranges.len(), 22);
        let workos = of(&sheet, "ingress-workos")[0];
        assert_eq!((workos.need, workos.source.ranges.len(), workos.port), (Need::Required, 9, 443));
        assert_eq!(workos.destination.hosts, ["app.customer.example"]);
        assert_eq!(of(&sheet, "ingress-workos-reported")[0].need, Need::Recommended);
    }

    #[test]
    fn with_events_nothing_of_workos_comes_in_unless_actions_are_used() {
        let events = sheet(&[("strategy", "events")], &[]);
        let actions =
            sheet(&[("strategy", "events"), ("installation.actions_url", "https://app.customer.example/actions")], &[]);

        assert!(of(&events, "ingress-workos").is_empty());
        assert!(of(&actions, "ingress-workos")[0].reason.starts_with("Actions;"));
    }

    #[test]
    fn a_custom_api_domain_is_needed_by_browsers_too_and_another_port_is_told() {
        let sheet = sheet(
            &[
                ("workos.api_url", "https://auth.customer.example"),
                ("installation.domain", "app.customer.example"),
                ("installation.webhook_url", "https://hooks.customer.example:8443/w"),
            ],
            &[],
        );

        assert_eq!(of(&sheet, "egress-browser-auth-customer-example")[0].destination.hosts, ["auth.customer.example"]);
        let ports: Vec<_> = [of(&sheet, "ingress-workos"), of(&sheet, "ingress-workos-8443")]
            .concat()
            .iter()
            .map(|it| (it.port, it.destination.hosts.clone()))
            .collect();
        assert_eq!(
            ports,
            [(443, vec!["app.customer.example".to_owned()]), (8443, vec!["hooks.customer.example".to_owned()])]
        );
    }

    #[test]
    fn with_a_proxy_the_server_needs_the_proxy_and_the_proxy_needs_the_api() {
        let sheet = sheet(&[("network.proxy", "http://proxy.customer.example:3128")], &[]);

        assert_eq!(of(&sheet, "egress-proxy")[0].port, 3128);
        assert_eq!(of(&sheet, "egress-api")[0].source.who, "the forward proxy");
    }

    #[test]
    fn a_learnt_login_stands_in_for_the_pattern() {
        let hosts = |sheet: &[Flow]| -> Vec<String> {
            let browsers = sheet.iter().filter(|flow| flow.id.starts_with("egress-browser-"));
            browsers.flat_map(|flow| flow.destination.hosts.clone()).collect()
        };
        let (plain, learnt) = (hosts(&sheet(&[], &[])), hosts(&sheet(&[], &["quiet-harbor-21.authkit.app"])));

        assert!(plain.contains(&"*.authkit.app".to_owned()));
        assert!(
            learnt.contains(&"quiet-harbor-21.authkit.app".to_owned()) && !learnt.contains(&"*.authkit.app".to_owned())
        );
    }

    #[test]
    fn every_flow_has_an_id_of_its_own_that_stays_and_every_object_one_meaning() {
        let given = [
            ("network.endpoints", "a-b.example,a.b.example,a.b.example:8443"),
            ("installation.domain", "app.customer.example"),
            ("installation.webhook_url", "https://hooks.customer.example:8443/w"),
        ];
        let sheet = sheet(&given, &["quiet-harbor-21.authkit.app"]);
        let ids: BTreeSet<&str> = sheet.iter().map(|flow| flow.id.as_str()).collect();

        assert_eq!(ids.len(), sheet.len());
        for id in [
            "egress-endpoint-a-b-example",
            "egress-endpoint-a-b-example-2",
            "egress-endpoint-a-b-example-8443",
            "egress-browser-quiet-harbor-21-authkit-app",
            "ingress-workos",
            "ingress-workos-8443",
        ] {
            assert!(ids.contains(id), "{id}: {ids:?}");
        }
        let mut objects: Vec<(&str, &Party)> = Vec::new();
        for party in sheet.iter().flat_map(|flow| [&flow.source, &flow.destination]) {
            let name = party.object.as_str();
            assert!(!name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{name}");
            match objects.iter().find(|(known, _)| *known == name) {
                Some((_, known)) => assert_eq!((&known.hosts, &known.ranges), (&party.hosts, &party.ranges), "{name}"),
                None => objects.push((name, party)),
            }
        }
    }

    #[test]
    fn names_are_asked_for_over_udp_and_tcp_and_everything_else_is_tcp() {
        for flow in sheet(&[], &[]) {
            let both = flow.protocols == [Protocol::Udp, Protocol::Tcp];
            assert_eq!((both, flow.protocols.contains(&Protocol::Tcp)), (flow.id == "egress-dns", true), "{}", flow.id);
        }
    }
}

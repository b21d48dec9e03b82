//! From the facts and the settings to the flows that a deployment needs: who opens a connection to whom, and why.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::addresses::{Family, any};
use super::flow::{BROWSERS, Direction, Flow, Need, Owner, Party, Protocol, SERVER, TCP};
use crate::endpoint::Endpoint;
use crate::facts::{BrowserHost, Facts};
use crate::settings::{Exposure, Settings, Strategy};

/// The flows that these settings call for, in the order in which every sheet has them: what is opened inside first, and what is
/// needed most. `hosted_login` is the host of the hosted login where it has been learnt.
pub fn flows(facts: &Facts, settings: &Settings, hosted_login: &[String]) -> Vec<Flow> {
    let mut flows = server(facts, settings);
    flows.extend(ingress(facts, settings));
    flows.extend(browsers(facts, settings, hosted_login));
    flows.extend(others(facts, settings));
    flows.sort_by_key(|flow| (flow.direction, flow.need));
    tell_apart(&mut flows);
    flows
}

/// Two names can come to the same letters; the later flow or object then bears a number.
fn tell_apart(flows: &mut [Flow]) {
    let mut ids = BTreeSet::new();
    let mut objects: BTreeMap<String, (Vec<String>, Vec<IpNet>)> = BTreeMap::new();
    for party in flows.iter().flat_map(|flow| [&flow.source, &flow.destination]) {
        objects.extend(party.within.map(|owner| (owner.object.to_owned(), (Vec::new(), party.ranges.clone()))));
    }
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

/// What several hosts are for, as ids and objects bear it.
fn slug_of_purpose(why: &str) -> String {
    slug(why).split('-').take(4).collect::<Vec<_>>().join("-")
}

/// A name with the port, which is not said where it is the usual one.
fn with_port(name: &str, port: u16) -> String {
    if port == 443 { name.to_owned() } else { format!("{name}-{port}") }
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
        let flow = if is_api { api(facts, endpoint, source) } else { Flow { source, ..flow_to(endpoint) } };
        match flows.iter_mut().find(|known| differs_by_host(known, &flow)) {
            Some(known) => known.destination = place(known.destination.clone(), endpoint),
            None => flows.push(flow),
        }
    }
    flows.extend(public_view(facts, settings));
    flows
}

/// Whether one row can say both: they have everything in common but the hosts.
fn differs_by_host(one: &Flow, other: &Flow) -> bool {
    (&one.id, &one.source, one.port, &one.destination.object)
        == (&other.id, &other.source, other.port, &other.destination.object)
}

fn server_itself() -> Party {
    Party::called(SERVER, "the installation's server")
}

fn forward_proxy() -> Party {
    Party::called("forward-proxy", "the forward proxy")
}

fn flow_to(endpoint: &Endpoint) -> Flow {
    Flow {
        id: with_port("egress-endpoints", endpoint.port),
        direction: Direction::Egress,
        source: server_itself(),
        destination: place(
            Party::called(with_port("endpoints", endpoint.port), "hosts that the settings name"),
            endpoint,
        ),
        protocols: TCP,
        port: endpoint.port,
        need: Need::Required,
        reason: "named with --endpoint: the application's server needs them".to_owned(),
        since: "the settings of this installation".to_owned(),
    }
}

fn api(facts: &Facts, endpoint: &Endpoint, source: Party) -> Flow {
    Flow {
        id: "egress-api".to_owned(),
        source,
        destination: workos_api(facts, endpoint),
        reason: "every API call, token exchange and key set (JWKS); the Events API too. Its addresses change within Cloudflare's ranges"
            .to_owned(),
        since: format!("{GUIDE}; ranges: {}", facts.cloudflare.source),
        ..flow_to(endpoint)
    }
}

fn workos_api(facts: &Facts, endpoint: &Endpoint) -> Party {
    let party = place(Party::called("workos-api", "the WorkOS API, at Cloudflare"), endpoint).at(cloudflare(facts));
    Party { within: Some(CLOUDFLARE), ..party }
}

const CLOUDFLARE: Owner = Owner { object: "cloudflare", who: "Cloudflare, published ranges" };

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
    let at = |id: &str| with_port(id, port);
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
    let exposure = settings.exposure.as_ref().map(|exposure| exposure.value);
    let mut users = to_installation(
        "ingress-users",
        Need::Required,
        match exposure {
            Some(Exposure::Private) => ("users", "the browsers of users, on the customer's network"),
            Some(Exposure::Public) | None => ("anywhere", "the browsers of users, wherever they are"),
        },
        "the application itself and the callbacks of sign-ins: a redirect is carried out by the user's browser, so its source is \
         the user's address"
            .to_owned(),
        "how OAuth redirects work".to_owned(),
    );
    if exposure == Some(Exposure::Public) {
        users.source.ranges = Family::BOTH.map(any).to_vec();
    }
    flows.push(users);
    let mut edge = to_installation(
        "ingress-cloudflare",
        Need::WhereUsed,
        (CLOUDFLARE.object, CLOUDFLARE.who),
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
    let mut logins: Vec<&str> = Vec::new();
    for login in named {
        if !logins.contains(&login.as_str()) {
            logins.push(login);
        }
    }
    let flow = |name: &str, hosts: &[&str], need, reason: String, since: String| {
        let page = if hosts.len() == 1 { "a hosted page" } else { "hosted pages" };
        let destination = hosts.iter().fold(Party::called(name, page), |party, host| party.named(*host));
        Flow {
            id: format!("egress-browser-{name}"),
            direction: Direction::Egress,
            source: Party::called(BROWSERS, "the browsers of users and administrators"),
            destination,
            protocols: TCP,
            port: 443,
            need,
            reason,
            since,
        }
    };
    let mut flows = Vec::new();
    let api = &settings.api.value;
    if facts.hosts.browser.iter().all(|known| known.host != api.host) {
        let reason = "sign-ins begin and end at the custom Authentication API domain, in the browser".to_owned();
        let since = "the settings of this installation".to_owned();
        flows.push(flow(&slug(&api.host), &[&api.host], Need::Required, reason, since));
    }
    for same in alike(&facts.hosts.browser) {
        let Some(first) = same.first() else { continue };
        let hosts: Vec<&str> = same.iter().map(|known| known.host.as_str()).collect();
        let need = if first.required { Need::Required } else { Need::Recommended };
        if is_pattern(first) && !logins.is_empty() {
            // The exact hosts stand in for the pattern.
            let reason = "the hosted login of this environment".to_owned();
            flows.push(flow("hosted-login", &logins, need, reason, LEARNT.to_owned()));
            continue;
        }
        let name = if hosts.len() == 1 { slug(&first.host) } else { slug_of_purpose(&first.why) };
        flows.push(flow(&name, &hosts, need, first.why.clone(), said_by(first.source.as_deref(), facts)));
    }
    for flow in flows.iter_mut().filter(|flow| flow.destination.hosts == [api.host.as_str()]) {
        flow.destination = workos_api(facts, api);
    }
    flows
}

/// Hosts that are there for the same, so that one row says it.
fn alike(hosts: &[BrowserHost]) -> Vec<Vec<&BrowserHost>> {
    let purpose = |host: &BrowserHost| (host.why.clone(), host.required, host.source.clone(), is_pattern(host));
    let mut alike: Vec<Vec<&BrowserHost>> = Vec::new();
    for host in hosts {
        match alike.iter_mut().find(|known| known.first().is_some_and(|first| purpose(first) == purpose(host))) {
            Some(known) => known.push(host),
            None => alike.push(vec![host]),
        }
    }
    alike
}

fn said_by(source: Option<&str>, facts: &Facts) -> String {
    let gathered = format!("facts of {}", facts.as_of);
    source.map_or_else(|| gathered.clone(), |source| format!("{source}; {gathered}"))
}

fn is_pattern(host: &BrowserHost) -> bool {
    host.host.starts_with("*.")
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
        since: said_by(other.source.as_deref(), facts),
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
    fn where_the_users_are_decides_from_where_the_application_is_open() {
        let users = |given: &[(&'static str, &str)]| of(&sheet(given, &[]), "ingress-users")[0].source.clone();

        assert_eq!((users(&[]).object.as_str(), users(&[]).ranges.len()), ("anywhere", 0));
        let public = users(&[("installation.exposure", "public")]);
        assert_eq!(public.ranges, ["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()]);
        let private = users(&[("installation.exposure", "private")]);
        assert_eq!((private.object.as_str(), private.ranges.len()), ("users", 0));
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
    fn what_is_opened_inside_comes_first_and_what_is_needed_most_before_the_rest() {
        let sheet = sheet(&[("installation.domain", "app.customer.example")], &[]);
        let order: Vec<_> = sheet.iter().map(|flow| (flow.direction, flow.need)).collect();

        assert!(order.is_sorted() && order.first() == Some(&(Direction::Egress, Need::Required)), "{order:?}");
        assert_eq!(order.last(), Some(&(Direction::Ingress, Need::WhereUsed)));
    }

    #[test]
    fn hosts_that_are_there_for_the_same_share_a_row_and_pages_do_without_telemetry_and_puzzles() {
        let sheet = sheet(
            &[("network.endpoints", "b.example,a.example,192.0.2.7,a.example:8443")],
            &["q.authkit.app", "r.example"],
        );
        let row = |id| of(&sheet, id)[0].destination.clone();

        assert_eq!(
            row("egress-browser-assets-of-hosted-pages").hosts,
            ["cdn.workos.com", "images.workoscdn.com", "workos.imgix.net"]
        );
        let since = &of(&sheet, "egress-browser-assets-of-hosted-pages")[0].since;
        assert!(since.contains("help.openai.com") && since.ends_with("; facts of 2026-11-23"), "{since}");
        assert_eq!(row("egress-browser-hosted-login").hosts, ["q.authkit.app", "r.example"]);
        let named = row("egress-endpoints");
        assert_eq!(
            (named.hosts, named.ranges),
            (vec!["b.example".to_owned(), "a.example".to_owned()], vec!["192.0.2.7/32".parse().unwrap()])
        );
        assert_eq!(row("egress-endpoints-8443").hosts, ["a.example"]);
        let recommended: Vec<&str> = sheet
            .iter()
            .filter(|flow| flow.direction == Direction::Egress && flow.need == Need::Recommended)
            .map(|flow| flow.id.as_str())
            .collect();
        assert_eq!(recommended, ["egress-browser-forwarder-workos-com", "egress-browser-challenges-cloudflare-com"]);
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
            ("network.endpoints", "a.b.example,a.b.example:8443"),
            ("installation.domain", "app.customer.example"),
            ("installation.webhook_url", "https://hooks.customer.example:8443/w"),
        ];
        let sheet = sheet(&given, &["quiet-harbor-21.authkit.app"]);
        let ids: BTreeSet<&str> = sheet.iter().map(|flow| flow.id.as_str()).collect();

        assert_eq!(ids.len(), sheet.len());
        for id in [
            "egress-endpoints",
            "egress-endpoints-8443",
            "egress-browser-hosted-login",
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
    fn names_that_come_to_the_same_letters_are_told_apart_by_a_number() {
        let flow = |host: &str| Flow {
            id: "egress-browser-a-b-example".to_owned(),
            destination: Party::called("cloudflare", "a hosted page").named(host),
            ..flow_to(&Endpoint::new(host, 443))
        };
        let mut flows = vec![
            flow("a-b.example"),
            flow("a.b.example"),
            api_flow(&Facts::embedded(), &Endpoint::new("c.example", 443)),
        ];

        tell_apart(&mut flows);

        let ids: Vec<_> = flows.iter().map(|flow| (flow.id.as_str(), flow.destination.object.as_str())).collect();
        assert_eq!(
            ids,
            [
                ("egress-browser-a-b-example", "cloudflare-2"),
                ("egress-browser-a-b-example-2", "cloudflare-3"),
                ("egress-api", "workos-api")
            ]
        );
    }

    #[test]
    fn names_are_asked_for_over_udp_and_tcp_and_everything_else_is_tcp() {
        for flow in sheet(&[], &[]) {
            let both = flow.protocols == [Protocol::Udp, Protocol::Tcp];
            assert_eq!((both, flow.protocols.contains(&Protocol::Tcp)), (flow.id == "egress-dns", true), "{}", flow.id);
        }
    }
}

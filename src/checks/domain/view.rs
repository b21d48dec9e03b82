//! The public view of a name: what the internet is told, whatever the resolvers here say.

use std::net::IpAddr;

use url::Url;

use crate::check::{By, Contact, Endpoint, Method, Server, Touch, Vantage};
use crate::context::{Context, looking_up, reaching, routes};
use crate::facts::Facts;
use crate::net::special::special;
use crate::net::{Attempted, ErrorKind, NetError, Question, RecordKind, Records, Way, doh};
use crate::settings::values::url_endpoint;
use crate::settings::{PublicResolver, Settings};

/// What was said of each record type.
type Answers = Vec<(RecordKind, Attempted<Records>)>;

/// What is known of a name's public addresses.
pub(in crate::checks) struct PublicView {
    /// Who was asked, for people: "cloudflare-dns.com over HTTPS". `None` where nobody was to be.
    pub(in crate::checks) witness: Option<String>,
    /// How it was asked: `direct`, or the proxy.
    pub(in crate::checks) via: String,
    /// What the witness said of A and AAAA, or why there is no witness.
    pub(in crate::checks) answers: Result<Answers, NetError>,
    /// What the resolvers here say, when there is no witness.
    pub(in crate::checks) inside: Vec<IpAddr>,
}

impl PublicView {
    /// The addresses that the internet is told, or, without a witness, the ones that are told here.
    pub(in crate::checks) fn addresses(&self) -> Vec<IpAddr> {
        match &self.answers {
            Ok(answers) => {
                let positive = answers.iter().filter_map(|(_, answer)| answer.result.as_ref().ok());
                positive.flat_map(|records| records.addresses.iter().copied()).collect()
            }
            Err(_) => self.inside.clone(),
        }
    }

    /// Whether these are the addresses that the internet is told. Without a witness only public ones are taken for that.
    pub(in crate::checks) fn is_seen(&self) -> bool {
        let addresses = self.addresses();
        let public = || addresses.iter().all(|address| special(*address).is_none());
        !addresses.is_empty() && (self.answers.is_ok() || public())
    }

    /// The names that the question was led along, first to last.
    pub(in crate::checks) fn aliases(&self) -> Vec<String> {
        let mut aliases: Vec<String> = Vec::new();
        for (_, answer) in self.answers.iter().flatten() {
            for alias in led_along(answer) {
                if !aliases.contains(alias) {
                    aliases.push(alias.clone());
                }
            }
        }
        aliases
    }

    /// Who was asked, in words.
    pub(in crate::checks) fn asked(&self) -> &str {
        self.witness.as_deref().unwrap_or("nobody")
    }

    /// Why the internet's view is not known, as a sentence begins.
    pub(in crate::checks) fn unheard(&self) -> String {
        match &self.witness {
            Some(witness) => format!("{witness} could not be asked"),
            None => "no public resolver was to be asked (--public-resolver none)".to_owned(),
        }
    }

    /// The code that the witness answered with and that is no answer, if it did.
    pub(in crate::checks) fn unanswered(&self) -> Option<&NetError> {
        let a = self.answers.as_ref().ok()?.iter().find(|(kind, _)| *kind == RecordKind::A)?;
        a.1.result.as_ref().err().filter(|error| matches!(error.kind.over_either(), ErrorKind::DnsCode(_)))
    }

    /// The smallest time to live among the answers, in seconds.
    pub(in crate::checks) fn ttl(&self) -> Option<u32> {
        let answers = self.answers.as_ref().ok()?;
        answers.iter().filter_map(|(_, answer)| answer.result.as_ref().ok()?.ttl).min()
    }

    /// How many attempts the slowest question took.
    pub(in crate::checks) fn attempts(&self) -> u32 {
        self.answers.iter().flatten().map(|(_, answer)| answer.attempts).max().unwrap_or(1)
    }
}

/// The aliases that an answer went along, be it one without addresses.
pub(super) fn led_along(answer: &Attempted<Records>) -> &[String] {
    match &answer.result {
        Ok(records) => &records.aliases,
        Err(error) => &error.aliases,
    }
}

/// What asking for the public view touches.
pub(in crate::checks) fn contacts(host: &str, facts: &Facts, settings: &Settings) -> Vec<Contact> {
    let why = format!("the public view of {host}");
    let lookup = |server| Contact::new(Touch::Lookup { name: host.to_owned(), server }, why.clone());
    let mut contacts = vec![routes()];
    match chosen(facts, settings) {
        Witness::Https { endpoint, path, addresses } => {
            let to = "for DNS over HTTPS";
            if known(&endpoint, &addresses, settings).is_empty() {
                contacts.extend(reaching(&endpoint, true, settings, to));
            } else {
                let by = By::Addresses(addresses);
                contacts.push(Contact::new(Touch::Connect { endpoint: endpoint.clone(), by, tls: true }, to));
            }
            contacts.push(Contact::new(Touch::request(Method::Post, &endpoint, &path), why.clone()));
            contacts.push(lookup(Server::Public));
        }
        Witness::Plain(server) => contacts.push(lookup(Server::Named(server))),
        Witness::None => {}
    }
    contacts.extend(looking_up(host, settings, format!("{why}, and the view from here")));
    contacts
}

enum Witness {
    Https { endpoint: Endpoint, path: String, addresses: Vec<IpAddr> },
    Plain(std::net::SocketAddr),
    None,
}

/// DNS over HTTPS at an address inside Cloudflare's ranges, which the egress rule for `WorkOS` allows already, unless the
/// user named another witness.
fn chosen(facts: &Facts, settings: &Settings) -> Witness {
    let https = |url: &Url| match url_endpoint(url) {
        Some(endpoint) => Witness::Https { endpoint, path: url.path().to_owned(), addresses: Vec::new() },
        None => Witness::None,
    };
    match settings.public_resolver.as_ref().map(|named| &named.value) {
        Some(PublicResolver::Https(url)) => https(url),
        Some(PublicResolver::Plain(server)) => Witness::Plain(*server),
        Some(PublicResolver::None) => Witness::None,
        None => facts.hosts.public_dns.first().map_or(Witness::None, |known| Witness::Https {
            endpoint: Endpoint::new(known.host.clone(), known.port),
            path: "/dns-query".to_owned(),
            addresses: known.addresses.clone(),
        }),
    }
}

/// Asks the witness for a name, and the resolvers here beside it, so that waiting for both takes no longer than for one. From
/// outside, those here stand in where there is no witness, and are left alone otherwise.
pub(in crate::checks) async fn public_view(host: &str, cx: &Context) -> PublicView {
    if cx.vantage == Vantage::Outside {
        let view = ask(host, cx).await;
        return match view.answers {
            Ok(_) => view,
            Err(_) => PublicView { inside: cx.lookup(host).await.addresses(), ..view },
        };
    }
    let (view, inside) = tokio::join!(ask(host, cx), cx.lookup(host));
    PublicView { inside: inside.addresses(), ..view }
}

async fn ask(host: &str, cx: &Context) -> PublicView {
    let no_inside = Vec::new();
    match chosen(&cx.facts, &cx.settings) {
        Witness::None => PublicView {
            witness: None,
            via: "direct".to_owned(),
            answers: Err(NetError::new(ErrorKind::Other, "no public resolver is to be asked (--public-resolver none)")),
            inside: no_inside,
        },
        Witness::Plain(server) => {
            let question = |kind| Question { server, name: host.to_owned(), kind };
            let (a, aaaa) = (question(RecordKind::A), question(RecordKind::Aaaa));
            let (a, aaaa) = tokio::join!(cx.network.ask(&a), cx.network.ask(&aaaa));
            let unheard = |error: &NetError| !error.kind.is_dns_answer();
            let answers = match a.result.as_ref().err().filter(|error| unheard(error)) {
                Some(error) => Err(error.clone()),
                None => Ok(vec![(RecordKind::A, a), (RecordKind::Aaaa, aaaa)]),
            };
            PublicView { witness: Some(server.to_string()), via: "direct".to_owned(), answers, inside: no_inside }
        }
        Witness::Https { endpoint, path, addresses } => {
            let witness = Some(format!("{} over HTTPS", endpoint.host));
            let via = cx.via(&endpoint);
            let answers = over_https(host, &endpoint, &path, &addresses, cx).await;
            PublicView { witness, via, answers, inside: no_inside }
        }
    }
}

async fn over_https(
    host: &str,
    endpoint: &Endpoint,
    path: &str,
    addresses: &[IpAddr],
    cx: &Context,
) -> Result<Answers, NetError> {
    let way = way(endpoint, addresses, cx).await?;
    let (a, aaaa) = tokio::join!(
        question(host, RecordKind::A, &way, path, false, cx),
        question(host, RecordKind::Aaaa, &way, path, false, cx)
    );
    Ok(vec![(RecordKind::A, a?), (RecordKind::Aaaa, aaaa?)])
}

/// The addresses at which the witness is reached without asking a resolver here.
fn known<'a>(endpoint: &Endpoint, addresses: &'a [IpAddr], settings: &Settings) -> &'a [IpAddr] {
    if settings.proxy_for(endpoint).is_none() { addresses } else { &[] }
}

/// The way to the witness: straight to the addresses that the facts give, so that no resolver here is needed.
async fn way(endpoint: &Endpoint, addresses: &[IpAddr], cx: &Context) -> Result<Way, NetError> {
    let known = known(endpoint, addresses, &cx.settings).iter();
    let mut ways: Vec<Way> = known.map(|address| Way::direct(endpoint, *address)).collect();
    if ways.is_empty() {
        ways = cx.ways(endpoint).await;
    }
    let tried = cx.try_ways(ways).await;
    let mut why = NetError::new(ErrorKind::NotResolved, format!("{} does not resolve here", endpoint.host));
    for one in tried {
        match one.connection.result {
            Ok(_) => return Ok(one.way),
            Err(error) => why = error,
        }
    }
    Err(why)
}

/// One question to the witness. An error is that nothing, or no DNS, was heard; what DNS says is in the answer.
async fn question(
    host: &str,
    kind: RecordKind,
    way: &Way,
    path: &str,
    unchecked: bool,
    cx: &Context,
) -> Result<Attempted<Records>, NetError> {
    let request = doh::request(way.clone(), path, host, kind, unchecked)?;
    let sent = cx.network.fetch(&request).await;
    let response = sent.result?;
    let result = doh::answer(&response);
    if let Some(error) = result.as_ref().err().filter(|error| !error.kind.is_dns_answer()) {
        return Err(error.clone());
    }
    Ok(Attempted { result, attempts: sent.attempts, took: sent.took })
}

/// Whether the witness answers when it is told not to check DNSSEC.
pub(super) async fn answers_unchecked(host: &str, cx: &Context) -> bool {
    let Witness::Https { endpoint, path, addresses } = chosen(&cx.facts, &cx.settings) else { return false };
    let Ok(way) = way(&endpoint, &addresses, cx).await else { return false };
    let unchecked = question(host, RecordKind::A, &way, &path, true, cx).await;
    unchecked.is_ok_and(|answer| answer.result.is_ok())
}

/// Where the witness is, for a remedy that must name it.
pub(super) fn witness_endpoint(cx: &Context) -> Option<Endpoint> {
    match chosen(&cx.facts, &cx.settings) {
        Witness::Https { endpoint, .. } => Some(endpoint),
        Witness::Plain(server) => Some(Endpoint::new(server.ip().to_string(), server.port())),
        Witness::None => None,
    }
}

/// An address of the witness, where one is known without asking for it.
pub(super) fn witness_address(cx: &Context) -> Option<IpAddr> {
    match chosen(&cx.facts, &cx.settings) {
        Witness::Https { addresses, .. } => addresses.first().copied(),
        Witness::Plain(server) => Some(server.ip()),
        Witness::None => None,
    }
}

/// Whether the witness is asked by plain DNS.
pub(super) fn is_plain(cx: &Context) -> bool {
    matches!(chosen(&cx.facts, &cx.settings), Witness::Plain(_))
}

//! The network in the bounds of a check.

use std::net::IpAddr;
use std::sync::Arc;

use url::{Position, Url};

use super::{Bounds, rules};
use crate::contact::{By, Contact, Learnt, Method, Server, Touch};
use crate::context::reaching::{reaching, requesting};
use crate::endpoint::{Endpoint, is_under};
use crate::net::{Asking, Connected, Handshake, Network, Question, Records, Request, Response, Through, Way, doh};
use crate::secret::Secret;
use crate::settings::Scheme;
use crate::settings::values::url_endpoint;
use crate::workos::key::malformed;

/// A network that passes on what lies in the bounds.
pub(super) struct Bounded {
    inner: Arc<dyn Network>,
    bounds: Arc<Bounds>,
}

impl Bounded {
    pub(super) fn new(inner: Arc<dyn Network>, bounds: Arc<Bounds>) -> Self {
        Bounded { inner, bounds }
    }
}

impl Network for Bounded {
    fn resolve<'a>(&'a self, name: &'a str) -> Asking<'a, Vec<IpAddr>> {
        Box::pin(async move {
            self.bounds.pass(Touch::Lookup { name: name.to_owned(), server: Server::System }).await;
            let resolved = self.inner.resolve(name).await;
            self.bounds.gave(name, resolved.result.iter().flatten().copied());
            resolved
        })
    }

    fn ask<'a>(&'a self, question: &'a Question) -> Asking<'a, Records> {
        Box::pin(async move {
            let Question { name, server, .. } = question;
            self.bounds.pass(Touch::Lookup { name: name.clone(), server: Server::Named(*server) }).await;
            let answer = self.inner.ask(question).await;
            self.bounds.gave(name, answer.result.iter().flat_map(|records| records.addresses.iter().copied()));
            answer
        })
    }

    fn connect<'a>(&'a self, way: &'a Way) -> Asking<'a, Connected> {
        Box::pin(async move {
            self.bounds.pass_way(way, false).await;
            self.inner.connect(way).await
        })
    }

    fn handshake<'a>(&'a self, way: &'a Way) -> Asking<'a, Handshake> {
        Box::pin(async move {
            self.bounds.pass_way(way, true).await;
            self.inner.handshake(way).await
        })
    }

    fn fetch<'a>(&'a self, request: &'a Request) -> Asking<'a, Response> {
        Box::pin(async move {
            let bounds = &self.bounds;
            let question = bounds.pass_request(request).await;
            let answer = self.inner.fetch(request).await;
            if let Ok(response) = &answer.result {
                if let Some(name) = question {
                    let records = doh::answer(response);
                    bounds.gave(&name, records.iter().flat_map(|records| records.addresses.iter().copied()));
                }
                bounds.learn(request, response);
            }
            answer
        })
    }
}

/// Whether what was given as a key is looked for in every part of a request. A word in its place, such as `test`, stands in
/// paths and headers too, where it gives nothing away.
fn could_be_one(key: &Secret) -> bool {
    const LONG: usize = 16;

    !key.expose().is_empty() && (malformed(key).is_none() || key.expose().len() >= LONG)
}

impl Bounds {
    /// A way has an end, and perhaps a proxy before it, which is told the end by its name or by an address.
    async fn pass_way(&self, way: &Way, tls: bool) {
        let to = |endpoint: &Endpoint, by, tls| Touch::Connect { endpoint: endpoint.clone(), by, tls };
        match &way.through {
            Through::Address(address) => self.pass(to(&way.endpoint, By::Addresses(vec![*address]), tls)).await,
            Through::Proxy { proxy, address, target } => {
                let tls_to_proxy = proxy.scheme == Scheme::Https;
                self.pass(to(&proxy.endpoint, By::Addresses(vec![*address]), tls_to_proxy)).await;
                self.pass(to(&way.endpoint, By::Proxy(proxy.endpoint.clone()), tls)).await;
                let known = |target: &IpAddr| rules::leads_to(*target, &way.endpoint.host, &self.state().addresses);
                if let Some(unknown) = target.filter(|target| !known(target)) {
                    self.pass(to(&way.endpoint, By::Addresses(vec![unknown]), tls)).await;
                }
            }
        }
    }

    /// A request goes a way, and one by DNS over HTTPS asks for a name, which is given back.
    async fn pass_request(&self, request: &Request) -> Option<String> {
        let endpoint = &request.way.endpoint;
        let touch = Touch::request(request.method, endpoint, &request.path);
        self.pass(if self.carries_the_key(request) { touch.with_the_key() } else { touch }).await;
        self.pass_way(&request.way, true).await;
        let asked = doh::question(request)?;
        let name = self.public_name(&asked).unwrap_or(asked);
        self.pass(Touch::Lookup { name: name.clone(), server: Server::Public }).await;
        Some(name)
    }

    /// The name that was declared to be asked in public and is spelled like this in a question.
    fn public_name(&self, spelled: &str) -> Option<String> {
        self.state().touches.iter().find_map(|touch| match touch {
            Touch::Lookup { name, server: Server::Public } if doh::spelled(name).as_deref() == Some(spelled) => {
                Some(name.clone())
            }
            _ => None,
        })
    }

    /// Whether a request carries the API key, as [`Touch::with_the_key`] says it is compared.
    fn carries_the_key(&self, request: &Request) -> bool {
        let sought = self.settings.api_key.as_ref().map(|key| &key.value).filter(|key| could_be_one(key));
        let holds = |text: &[u8]| {
            sought.is_some_and(|key| text.windows(key.expose().len()).any(|part| part == key.expose().as_bytes()))
        };
        request.bearer.is_some()
            || holds(request.path.as_bytes())
            || holds(&request.body)
            || request.headers.iter().any(|(_, value)| holds(value.as_bytes()))
    }

    /// What follows from an answer, where a rule was declared for it. Nobody but this says what was learnt.
    fn learn(&self, request: &Request, response: &Response) {
        let rule = self.state().touches.iter().find_map(|touch| match touch {
            Touch::Learnt(Learnt::Redirects { followed }) => Some(*followed),
            _ => None,
        });
        let Some(followed) = rule else { return };
        let location = response.header("location").filter(|_| (300..400).contains(&response.status));
        let at = Url::parse(&request.way.endpoint.https(&request.path));
        let Some(url) = location.and_then(|location| at.ok()?.join(location).ok()) else { return };
        // Who is redirected to a host by its name may look at the port that browsers take.
        let browsers = url.host_str().map(|host| Endpoint::new(host, 443));
        let endpoints = url_endpoint(&url).filter(|_| url.scheme() == "https").into_iter().chain(browsers);
        let follows = endpoints.flat_map(|endpoint| {
            if endpoint.host != request.way.endpoint.host && !is_under(&endpoint.host, followed) {
                return reaching(&endpoint, true, &self.settings, "");
            }
            let get = Touch::request(Method::Get, &endpoint, &url[Position::BeforePath..Position::AfterQuery]);
            requesting(&endpoint, &self.settings, [Contact::new(get, "")])
        });
        let follows: Vec<Touch> = follows.map(|contact| contact.what).collect();
        let mut state = self.state();
        if state.learnt < Learnt::MOST && follows.iter().any(|touch| !state.touches.contains(touch)) {
            state.learnt += 1;
            state.touches.extend(follows);
        }
    }
}

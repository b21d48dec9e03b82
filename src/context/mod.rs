//! Everything a running check may look at.

mod bounds;
mod lookup;
mod reaching;

use std::net::IpAddr;
use std::sync::Arc;

use futures_util::future::join_all;

pub use bounds::{GoesOn, Guard, Journal, Undeclared};
pub use lookup::{Asked, GivenBy, IPV4_ONLY, Lookup, Lookups};
pub use reaching::{looking_up, reaching, requesting, routes, translating};

use crate::endpoint::Endpoint;
use crate::facts::Facts;
use crate::firewall::review::Review;
use crate::host::Host;
use crate::net::{Attempted, Connected, Layered, Network, Through, TrustSummary, Underway, Way};
use crate::outcome::{Status, Vantage};
use crate::settings::{Family, Misread, Probing, Proxy, Settings, Variables};

/// What the user asked for, what is known, and the two boundaries to the world.
#[derive(Clone)]
pub struct Context {
    /// What the user asked for.
    pub settings: Arc<Settings>,
    /// What a look from outside was told besides.
    pub probing: Probing,
    /// What the environment says to programs at large. A check sees nothing here: it asks [`Context::proxy_variables`] and
    /// [`Context::trust_variables`], which are held to what it declares.
    pub variables: Variables,
    /// What is known of `WorkOS`.
    pub facts: Arc<Facts>,
    /// Which side of the edge we look from.
    pub vantage: Vantage,
    /// The network; each question is asked once.
    pub network: Arc<dyn Network>,
    /// What was looked up already.
    pub lookups: Lookups,
    /// The same network without memory and without repetition, for sampling.
    pub unrepeated: Arc<dyn Network>,
    /// How far what is asked of the network has come.
    pub underway: Underway,
    /// What is known of the roots that this host trusts.
    pub trust: TrustSummary,
    /// This machine.
    pub host: Arc<dyn Host>,
    /// What exported rules come to, where some were given.
    pub review: Option<Arc<Review>>,
    /// How those checks ended that the one which runs looks at.
    pub ended: Arc<[Ended]>,
}

/// How another check ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Ended {
    /// Its id.
    pub check: &'static str,
    /// What it was about.
    pub subject: Option<String>,
    /// What was concluded.
    pub status: Status,
    /// What was found.
    pub codes: Vec<&'static str>,
}

impl Ended {
    /// `egress.connects (api.workos.com:443)`
    pub fn named(&self) -> String {
        match &self.subject {
            Some(subject) => format!("{} ({subject})", self.check),
            None => self.check.to_owned(),
        }
    }
}

/// A connection that was tried.
#[derive(Clone, Debug)]
pub struct Tried {
    /// The way it took.
    pub way: Way,
    /// How it ended.
    pub connection: Attempted<Connected>,
}

/// The proxies that variables name, in every spelling, and what the spellings of `NO_PROXY` hold.
pub type ProxyVariables<'a> = (&'a [(&'static str, Result<Proxy, Misread>)], &'a [(&'static str, String)]);

impl Context {
    /// What a run looks at that was told nothing besides.
    pub fn new(
        Layered { network, unrepeated, underway }: Layered,
        host: impl Host + 'static,
        settings: Settings,
        facts: Facts,
        vantage: Vantage,
    ) -> Self {
        Context {
            settings: Arc::new(settings),
            probing: Probing::default(),
            variables: Variables::default(),
            facts: Arc::new(facts),
            vantage,
            network,
            lookups: Lookups::default(),
            unrepeated,
            underway,
            trust: TrustSummary::default(),
            host: Arc::new(host),
            review: None,
            ended: Arc::default(),
        }
    }

    /// What the environment says of proxies.
    pub fn proxy_variables(&self) -> ProxyVariables<'_> {
        match self.lookups.bounds() {
            Some(bounds) => bounds.proxy_variables(),
            None => (&self.variables.proxies, &self.variables.no_proxy),
        }
    }

    /// The files of certificate authorities that some programs alone read.
    pub fn trust_variables(&self) -> &[(&'static str, String)] {
        match self.lookups.bounds() {
            Some(bounds) => bounds.trust_variables(),
            None => &self.variables.trust,
        }
    }

    /// The ways to an endpoint: straight to each of its addresses, or through each address of the proxy.
    pub async fn ways(&self, endpoint: &Endpoint) -> Vec<Way> {
        let Some(proxy) = self.settings.proxy_for(endpoint) else {
            let addresses = self.lookup(&endpoint.host).await.addresses().into_iter().take(MOST_ADDRESSES);
            return addresses.map(|address| Way::direct(endpoint, address)).collect();
        };
        let target = async {
            if proxy.resolves() { None } else { self.lookup(&endpoint.host).await.addresses().first().copied() }
        };
        let (lookup, target) = tokio::join!(self.lookup(&proxy.endpoint.host), target);
        let through = |address| Through::Proxy { proxy: proxy.clone(), address, target };
        let addresses = lookup.addresses().into_iter().take(MOST_ADDRESSES);
        addresses.map(|address| Way { endpoint: endpoint.clone(), through: through(address) }).collect()
    }

    /// The proxy that resolves an endpoint's name in this host's place, if one does.
    pub fn resolving_proxy(&self, endpoint: &Endpoint) -> Option<&Proxy> {
        self.settings.proxy_for(endpoint).filter(|proxy| proxy.resolves())
    }

    /// Tries all ways at once.
    pub async fn try_ways(&self, ways: Vec<Way>) -> Vec<Tried> {
        let connections = join_all(ways.iter().map(|way| self.network.connect(way))).await;
        ways.into_iter().zip(connections).map(|(way, connection)| Tried { way, connection }).collect()
    }

    /// The way that everything after the connection takes: the first that connects, in the resolver's order.
    pub async fn way(&self, endpoint: &Endpoint) -> Option<Way> {
        let tried = self.try_ways(self.ways(endpoint).await).await;
        tried.into_iter().find(|tried| tried.connection.result.is_ok()).map(|tried| tried.way)
    }

    /// How the endpoint is reached, as the report says it, before anything is known of it.
    pub fn via(&self, endpoint: &Endpoint) -> String {
        self.settings.proxy_for(endpoint).map_or_else(|| "direct".to_owned(), ToString::to_string)
    }

    /// "from this host (10.20.0.10)", for a firewall request about packets to `to`.
    pub fn source_in_words(&self, to: Option<IpAddr>) -> String {
        match to.and_then(|to| self.host.source_for(to).ok()).filter(|source| !source.is_loopback()) {
            Some(source) => format!("from this host ({source})"),
            None => format!("from this host ({})", self.host.name()),
        }
    }

    fn family(&self) -> Option<Family> {
        self.settings.family.as_ref().map(|family| family.value)
    }

    fn families(&self) -> impl Iterator<Item = Family> + use<> {
        let only = self.family();
        [Family::V4, Family::V6].into_iter().filter(move |family| only.is_none_or(|only| only == *family))
    }
}

/// What is said where there is no [`Context::way`] any more to what was connected to before.
pub const NOT_AGAIN: &str = "could not connect again";

/// An answer with more addresses than this is not tried to the end.
const MOST_ADDRESSES: usize = 16;

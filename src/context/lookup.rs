//! What a name resolves to here: for an application, and for each DNS server that is asked directly.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use ipnet::IpNet;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use super::Context;
use super::bounds::Bounds;
use crate::host::{Host, HostsLine};
use crate::net::special::{Nat64, nat64_prefixes};
use crate::net::{Attempted, ErrorKind, LONGEST_LOOKUP, NetError, Phase, Question, RecordKind, Records};
use crate::settings::{Family, Settings};

/// What the resolvers in effect say of a name.
#[derive(Clone, Debug)]
pub struct Lookup {
    /// The system's own resolution, which applications use; absent where `--resolver` stands in for it.
    pub system: Option<Attempted<Vec<IpAddr>>>,
    /// What each DNS server says when it is asked directly.
    pub servers: Vec<Asked>,
}

/// One question to one server, and its answer.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The server.
    pub server: SocketAddr,
    /// The record type.
    pub kind: RecordKind,
    /// The answer.
    pub answer: Attempted<Records>,
}

impl Asked {
    /// Whether UDP, which applications ask over, brought nothing.
    pub fn is_silent(&self) -> bool {
        match &self.answer.result {
            Ok(records) => records.over_tcp_only,
            Err(error) => matches!(error.kind, ErrorKind::TimedOut(_) | ErrorKind::OverTcpOnly(_)),
        }
    }
}

/// Who gave an application an address, where that is not a DNS server's answer about the name itself.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GivenBy {
    /// A line of the hosts file.
    Hosts(HostsLine),
    /// A server's answer about the name that the search list made of it.
    SearchList {
        /// The name that was asked.
        name: String,
        /// Who answered.
        server: SocketAddr,
        /// It is asked before the name itself.
        first: bool,
    },
    /// A server's answer about the name itself.
    Server(SocketAddr),
    /// Something else that the name service switch asks.
    Unknown,
}

/// A lookup that fails after less was told that there is nothing.
const WAITED: Duration = Duration::from_secs(1);

impl Lookup {
    /// The addresses an application gets, in its order.
    pub fn addresses(&self) -> Vec<IpAddr> {
        match &self.system {
            Some(Attempted { result: Ok(addresses), .. }) if !addresses.is_empty() => addresses.clone(),
            // The C library can wait for longer than we do, and goes on to the next server. To TCP it does not go on, so
            // what came over TCP alone is nothing that an application gets.
            Some(Attempted { result: Err(NetError { kind: ErrorKind::TimedOut(_), .. }), .. }) | None => {
                self.given(|records| !records.over_tcp_only)
            }
            // A failure that is not told at once is questions that got no answer: the next lookup may fare better.
            Some(Attempted { result: Err(_), took, .. }) if *took >= WAITED => {
                self.given(|records| !records.over_tcp_only)
            }
            Some(_) => Vec::new(),
        }
    }

    /// The addresses that the DNS servers give when they are asked directly.
    pub fn from_servers(&self) -> Vec<IpAddr> {
        self.given(|_| true)
    }

    fn given(&self, counts: impl Fn(&Records) -> bool) -> Vec<IpAddr> {
        let mut addresses = Vec::new();
        let positive = self.servers.iter().filter_map(|asked| asked.answer.result.as_ref().ok());
        for records in positive.filter(|records| counts(records)) {
            for address in &records.addresses {
                if !addresses.contains(address) {
                    addresses.push(*address);
                }
            }
        }
        addresses
    }

    /// How many attempts the slowest of its questions took.
    pub fn attempts(&self) -> u32 {
        let system = self.system.as_ref().map(|system| system.attempts);
        self.servers.iter().map(|asked| asked.answer.attempts).chain(system).max().unwrap_or(0)
    }
}

/// What was looked up already. It is kept beside what the network remembers, because what is waited for depends on both
/// halves of a lookup. A check sees of it what it declared.
#[derive(Clone, Default)]
pub struct Lookups {
    memory: Arc<Memory>,
    bounds: Option<Arc<Bounds>>,
}

#[derive(Default)]
struct Memory {
    names: Mutex<HashMap<String, Arc<OnceCell<Lookup>>>>,
    prefixes: OnceCell<Vec<Nat64>>,
}

impl Lookups {
    /// The same memory as it is seen in bounds.
    pub(super) fn within(&self, bounds: Arc<Bounds>) -> Self {
        Lookups { memory: Arc::clone(&self.memory), bounds: Some(bounds) }
    }

    /// The bounds in which they are seen.
    pub(super) fn bounds(&self) -> Option<&Bounds> {
        self.bounds.as_deref()
    }
}

/// The DNS servers in effect: those of a machine, unless the settings name one.
pub(super) fn servers_in_effect(settings: &Settings, host: &dyn Host) -> Vec<SocketAddr> {
    match &settings.resolver {
        Some(named) => vec![named.value],
        None => host.resolvers().servers,
    }
}

impl Context {
    /// Asks the system's resolution and every DNS server in effect for a name, all at once, and once in a run.
    pub async fn lookup(&self, name: &str) -> Lookup {
        if let Ok(address) = name.parse::<IpAddr>() {
            let result = Ok(vec![address]);
            return Lookup {
                system: Some(Attempted { result, attempts: 0, took: Duration::ZERO }),
                servers: Vec::new(),
            };
        }
        let pending = match &self.lookups.bounds {
            Some(bounds) => Some(bounds.pass_lookup(name).await),
            None => None,
        };
        let cell = {
            let mut lookups = self.lookups.memory.names.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(lookups.entry(name.to_owned()).or_default())
        };
        let lookup = cell.get_or_init(|| self.look_up(name)).await.clone();
        if let Some(bounds) = &self.lookups.bounds {
            bounds.gave(name, lookup.addresses().into_iter().chain(lookup.from_servers()));
        }
        if let Some(pending) = pending {
            pending.gave(&lookup);
        }
        lookup
    }

    async fn look_up(&self, name: &str) -> Lookup {
        let began = Instant::now();
        let asking = self.ask_servers(name);
        let resolving = self.network.resolve(name);
        tokio::pin!(asking, resolving);
        if self.settings.resolver.is_some() {
            return Lookup { system: None, servers: asking.await };
        }
        let (servers, mut system) = tokio::select! {
            biased;
            system = &mut resolving => (asking.await, system),
            servers = &mut asking => {
                let patience = self.patience(&servers);
                let system = match timeout_at(began + patience, resolving).await {
                    Ok(system) => system,
                    Err(_) => Attempted {
                        result: Err(NetError::timed_out(Phase::Lookup, patience)),
                        attempts: 1,
                        took: began.elapsed(),
                    },
                };
                (servers, system)
            }
        };
        if let (Some(family), Ok(addresses)) = (self.family(), &mut system.result) {
            addresses.retain(|address| Family::of(*address) == family);
        }
        Lookup { system: Some(system), servers }
    }

    /// How long the system's resolution is waited for. Where a server knows the name, an application gets it in the end,
    /// and how long that takes is what counts; where none does, there is nothing to wait for.
    fn patience(&self, servers: &[Asked]) -> Duration {
        if servers.iter().any(|asked| asked.answer.result.is_ok()) {
            LONGEST_LOOKUP.min(self.settings.deadline.value / 2)
        } else {
            self.settings.timeout.value * (self.settings.retries.value + 1)
        }
    }

    async fn ask_servers(&self, name: &str) -> Vec<Asked> {
        let servers = self.resolvers();
        let questions: Vec<Question> = servers
            .iter()
            .flat_map(|server| self.families().map(|family| (*server, RecordKind::of(family))))
            .map(|(server, kind)| Question { server, name: name.to_owned(), kind })
            .collect();
        let answers = join_all(questions.iter().map(|question| self.network.ask(question))).await;
        let asked = questions.into_iter().zip(answers);
        asked.map(|(question, answer)| Asked { server: question.server, kind: question.kind, answer }).collect()
    }

    /// The DNS servers in effect.
    pub fn resolvers(&self) -> Vec<SocketAddr> {
        servers_in_effect(&self.settings, self.host.as_ref())
    }

    /// Who gave an application this address of a name. Only where it is not a server's answer about the name itself are the
    /// files looked into, and the names asked that the search list makes.
    pub async fn given_by(&self, name: &str, lookup: &Lookup, address: IpAddr) -> GivenBy {
        let gives =
            |asked: &Asked| asked.answer.result.as_ref().is_ok_and(|records| records.addresses.contains(&address));
        let server = lookup.servers.iter().find(|asked| gives(asked)).map(|asked| asked.server);
        if let (Some(server), true) = (server, self.settings.resolver.is_some()) {
            return GivenBy::Server(server);
        }
        // The hosts file is asked first nearly everywhere, and so it is the cause also where a server says the same.
        if let Some(line) = self.host.hosts_lines(name).into_iter().find(|line| line.address == address) {
            return GivenBy::Hosts(line);
        }
        // Nothing is made of an address, and a server that stands in for the system's is asked for the name alone.
        if name.parse::<IpAddr>().is_ok() || self.settings.resolver.is_some() {
            return GivenBy::Unknown;
        }
        let file = self.host.resolvers();
        let first = file.comes_first(name);
        if server.is_none() || first {
            for expansion in file.expansions(name).into_iter().take(MOST_EXPANSIONS) {
                let asked = self.ask_servers(&expansion).await;
                if let Some(asked) = asked.iter().find(|asked| gives(asked)) {
                    return GivenBy::SearchList { name: expansion, server: asked.server, first };
                }
            }
        }
        server.map_or(GivenBy::Unknown, GivenBy::Server)
    }

    /// The published Cloudflare range in which an address lies, or the one that a translator reaches by it. Prefixes of the
    /// site's own count once [`Context::nat64`] has asked for them; nothing is asked here.
    pub fn cloudflare_range(&self, address: IpAddr) -> Option<IpNet> {
        self.facts.cloudflare_range(self.undone(address).map_or(address, |(v4, _)| v4.into()))
    }

    /// The address that a translator reaches by this one, and the prefix, as far as prefixes are known: to a check that does
    /// not declare to ask for them ([`translating`](super::translating)), the well-known one alone is.
    pub fn undone(&self, address: IpAddr) -> Option<(Ipv4Addr, Nat64)> {
        let seen = self.lookups.bounds.as_ref().is_none_or(|bounds| bounds.cover_answers_about(IPV4_ONLY));
        let known = self.lookups.memory.prefixes.get().filter(|_| seen);
        Nat64::undone(address, known.map_or(&[], Vec::as_slice))
    }

    /// Finds the prefixes under which a translator here maps `IPv4` addresses into `IPv6` (RFC 7050), once in a run.
    pub async fn nat64(&self) {
        self.lookups.memory.prefixes.get_or_init(|| self.ask_for_prefixes()).await;
    }

    async fn ask_for_prefixes(&self) -> Vec<Nat64> {
        let questions: Vec<Question> = self
            .resolvers()
            .into_iter()
            .map(|server| Question { server, name: IPV4_ONLY.to_owned(), kind: RecordKind::Aaaa })
            .collect();
        let answers = join_all(questions.iter().map(|question| self.network.ask(question))).await;
        let mapped = answers.into_iter().filter_map(|answer| answer.result.ok()).flat_map(|records| records.addresses);
        nat64_prefixes(mapped)
    }
}

/// The name that has `IPv4` addresses alone, so that `IPv6` addresses for it show a translator's prefix.
pub const IPV4_ONLY: &str = "ipv4only.arpa";

/// The C library has room for six domains.
const MOST_EXPANSIONS: usize = 6;

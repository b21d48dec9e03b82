//! The bounds of a check: it sees of the network and of this machine what it declared, and nothing else.
//!
//! Whatever it reaches for besides is not touched. The check does not go on from there, and its row says so: a plan that does
//! not list everything is a defect of this tool, and no finding about anybody's network.

mod host;
mod journal;
mod learnt;
mod network;
mod rules;
#[cfg(test)]
mod tests;

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use self::host::BoundedHost;
pub use self::journal::{GoesOn, Journal};
use self::journal::{Journaled, Pending};
use self::network::Bounded;
use super::lookup::servers_in_effect;
use super::reaching::lookup;
use super::{Context, ProxyVariables};
use crate::contact::{Contact, Server, Touch};
use crate::host::Host;
use crate::net::Network;
use crate::settings::{Settings, Variables};

/// What a check reached for without having declared it. Nothing of it was touched.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Undeclared(Touch);

impl fmt::Display for Undeclared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // What stands in a query may be a secret.
        let shown = self.0.clone().with_query_as_given();
        write!(f, "it reached for what it does not declare, and was kept from it ({shown})")
    }
}

impl Context {
    /// The same in the bounds of what was declared, and the guard that watches over them.
    pub fn bounded(&self, contacts: &[Contact]) -> (Context, Guard) {
        let (overstepped, heard) = mpsc::unbounded_channel();
        let journal = Arc::new(Journal::new(self.underway.clone()));
        let bounds = Arc::new(Bounds {
            settings: Arc::clone(&self.settings),
            variables: self.variables.clone(),
            host: Arc::clone(&self.host),
            state: Mutex::new(State {
                touches: contacts.iter().map(|contact| contact.what.clone()).collect(),
                addresses: HashMap::new(),
                learnt: 0,
            }),
            overstepped,
            journal: Arc::clone(&journal),
        });
        let bounded = |network: &Arc<dyn Network>| {
            let journaled = Journaled::new(Arc::clone(network), Arc::clone(&journal));
            Arc::new(Bounded::new(Arc::new(journaled), Arc::clone(&bounds)))
        };
        let cx = Context {
            network: bounded(&self.network),
            unrepeated: bounded(&self.unrepeated),
            host: Arc::new(BoundedHost::new(Arc::clone(&self.host), Arc::clone(&bounds))),
            lookups: self.lookups.within(Arc::clone(&bounds)),
            variables: Variables::default(),
            ..self.clone()
        };
        (cx, Guard { heard, journal })
    }
}

/// Watches over the bounds of one check.
pub struct Guard {
    heard: UnboundedReceiver<Touch>,
    journal: Arc<Journal>,
}

impl Guard {
    /// What is asked in the bounds, for whoever wants to know before it ends.
    pub fn journal(&self) -> Arc<Journal> {
        Arc::clone(&self.journal)
    }

    /// Waits for what is asked in the bounds. Reaching out of them ends it at once.
    pub async fn over<T>(mut self, asked: impl Future<Output = T>) -> Result<T, Undeclared> {
        tokio::select! {
            biased;
            Some(touch) = self.heard.recv() => Err(Undeclared(touch)),
            // Where its last step reached out of them, the answer counts for nothing, either.
            answer = asked => self.heard.try_recv().map_or(Ok(answer), |touch| Err(Undeclared(touch))),
        }
    }
}

/// What one check declared, and what it has learnt.
pub(super) struct Bounds {
    settings: Arc<Settings>,
    variables: Variables,
    /// This machine, as it is.
    host: Arc<dyn Host>,
    state: Mutex<State>,
    overstepped: UnboundedSender<Touch>,
    journal: Arc<Journal>,
}

struct State {
    /// What was declared, and what followed by the rules among it.
    touches: Vec<Touch>,
    /// The addresses that lookups in bounds gave for names.
    addresses: HashMap<String, HashSet<IpAddr>>,
    /// In how many places learning has ended.
    learnt: usize,
}

impl Bounds {
    /// Whether this lies in the bounds. What does not ends the check.
    fn holds(&self, touch: Touch) -> bool {
        let held = self.covers(&touch);
        if !held {
            // Nobody hears of it once the check has ended, and then nothing goes on either.
            let _ = self.overstepped.send(touch);
        }
        held
    }

    /// Whether this lies in the bounds, for who goes on without it where it does not.
    fn covers(&self, touch: &Touch) -> bool {
        let state = self.state();
        state.touches.iter().any(|declared| rules::covers(declared, touch, &state.addresses, self))
    }

    /// Goes on in the bounds, and never outside of them.
    async fn pass(&self, touch: Touch) {
        if !self.holds(touch) {
            std::future::pending::<()>().await;
        }
    }

    /// Looking a name up as an application does, whether it is asked now or was asked before by another check: it goes on until
    /// what it gave is told.
    pub(super) async fn pass_lookup(&self, name: &str) -> Pending<'_> {
        self.pass(lookup(name, &self.settings)).await;
        self.journal.looks_up(name)
    }

    /// Whether what the DNS servers in effect answer about a name may be looked at, whoever asked them. Nothing is asked for
    /// that, so a check to which it is not open goes on as if nobody had asked: how it ends is never another check's doing.
    pub(super) fn cover_answers_about(&self, name: &str) -> bool {
        let mut servers = self.servers().into_iter().map(Server::Named);
        servers.any(|server| self.covers(&Touch::Lookup { name: name.to_owned(), server }))
    }

    /// What the environment says of proxies.
    pub(super) fn proxy_variables(&self) -> ProxyVariables<'_> {
        if self.holds(Touch::PROXY_VARIABLES) {
            (&self.variables.proxies, &self.variables.no_proxy)
        } else {
            (&[], &[])
        }
    }

    /// Which certificate authorities it names to some programs.
    pub(super) fn trust_variables(&self) -> &[(&'static str, String)] {
        if self.holds(Touch::TRUST_VARIABLES) { &self.variables.trust } else { &[] }
    }

    /// Keeps what a lookup in bounds gave: that is where connections may be made to.
    pub(super) fn gave(&self, name: &str, addresses: impl IntoIterator<Item = IpAddr>) {
        self.state().addresses.entry(rules::plain(name)).or_default().extend(addresses);
    }

    /// The DNS servers in effect.
    fn servers(&self) -> Vec<SocketAddr> {
        servers_in_effect(&self.settings, self.host.as_ref())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

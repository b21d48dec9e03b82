//! How long an application waits for the name, and why.

use std::net::SocketAddr;
use std::time::Duration;

use super::words::{self, How};
use crate::check::Finding;
use crate::context::{Asked, Context, Lookup};
use crate::net::{ErrorKind, RecordKind};

/// Longer than this is felt at every new connection.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);

/// Node's fetch gives up a connection after this, the lookup included: measured with Node 20, where 9 s still pass.
const NODES_PATIENCE: Duration = Duration::from_secs(10);

/// The shortest time-out among `WorkOS`'s SDKs (Python 5), within which the name and the answer have to be there.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(25);

/// Why a lookup takes long.
pub(super) enum Cause {
    /// Servers that stay silent stand before the first that answers.
    DeadFirst(Vec<SocketAddr>),
    /// This server answers for the one family and never for the other, and the C library waits for both.
    Half { server: SocketAddr, missing: RecordKind },
    /// The first server that knows takes this long for one of the two questions.
    Slow { server: SocketAddr, kind: RecordKind, took: Duration },
    /// So many names of the search list are asked before the name itself.
    SearchList(usize),
    /// The servers answer at once.
    Unclear,
    /// The servers answer, and the quickest of several lookups after it took only this long.
    Unsteady(Duration),
}

/// Whether a lookup took long though every server answers, so that asking again shows whether every lookup does.
pub(super) fn is_unexplained(host: &str, lookup: &Lookup, cx: &Context) -> bool {
    let known = lookup.servers.iter().any(|asked| asked.answer.result.is_ok());
    let slow = lookup.system.as_ref().is_some_and(|system| system.took > PATIENCE);
    slow && known && may_be_chance(&cause(host, lookup, cx))
}

/// Whether a packet that was lost looks the same.
fn may_be_chance(cause: &Cause) -> bool {
    matches!(cause, Cause::Unclear | Cause::Slow { .. })
}

/// A question that is lost is asked again by the C library after this, unless the resolver file says otherwise.
const ASKED_AGAIN: Duration = Duration::from_secs(5);

/// What is to be said of the wait for a name that a server knows, if anything.
/// `again` is how long the quickest of some lookups took that were made where the first was not explained.
pub(super) fn late(host: &str, lookup: &Lookup, again: Option<Duration>, cx: &Context) -> Option<Finding> {
    let answered = lookup.servers.iter().filter(|asked| asked.answer.result.is_ok() && !asked.is_silent());
    let fastest = answered.min_by_key(|asked| asked.answer.took);
    let (waited, ended) = match &lookup.system {
        Some(system) => match &system.result {
            Ok(_) => (system.took, true),
            Err(error) => (system.took, !matches!(error.kind, ErrorKind::TimedOut(_))),
        },
        None => (fastest?.answer.took, true),
    };
    let given = lookup.system.as_ref().is_none_or(|system| system.result.is_ok());
    let cause = cause(host, lookup, cx);
    // A lookup that fails is late only where a server would have known, and the wait is what it fails of.
    let failed_of_waiting = !ended || matches!(cause, Cause::Half { .. }) || again.is_some();
    if waited <= PATIENCE || !given && (fastest.is_none() || !failed_of_waiting) {
        return None;
    }
    // What is slow by itself is as slow again; what varies by seconds is packets that are lost, or a cache.
    if let Some(again) = again.filter(|again| *again <= waited / 2 && may_be_chance(&cause)) {
        // Below that, it was this machine that was busy, and no packet that was lost.
        return (waited >= ASKED_AGAIN)
            .then(|| words::late(host, waited, How::Given, &Cause::Unsteady(again), false, cx));
    }
    let patience = if node_waits(&cause, cx) { NODES_PATIENCE } else { SHORTEST_TIMEOUT };
    let too_late = !given || waited >= patience;
    let how = match (given, ended) {
        (true, _) => How::Given,
        (false, true) => How::Failed,
        (false, false) => How::Unended,
    };
    Some(words::late(host, waited, how, &cause, too_late, cx))
}

/// Whether Node waits as well: it asks for IPv6 addresses only where this host has one of its own.
fn node_waits(cause: &Cause, cx: &Context) -> bool {
    match cause {
        Cause::Half { missing: RecordKind::Aaaa, .. } => cx.host.has_ipv6(),
        _ => true,
    }
}

fn cause(host: &str, lookup: &Lookup, cx: &Context) -> Cause {
    if let Some(dead) = dead(lookup).filter(|dead| dead.is_first) {
        return Cause::DeadFirst(dead.servers);
    }
    for asked in &lookup.servers {
        let same = |other: &&Asked| other.server == asked.server && other.kind != asked.kind;
        if asked.answer.result.is_ok()
            && !asked.is_silent()
            && let Some(missing) = lookup.servers.iter().filter(same).find(|other| other.is_silent())
        {
            return Cause::Half { server: asked.server, missing: missing.kind };
        }
    }
    let knows = lookup.servers.iter().find(|asked| asked.answer.result.is_ok()).map(|asked| asked.server);
    let of_it = lookup.servers.iter().filter(|asked| Some(asked.server) == knows);
    if let Some(slowest) = of_it.max_by_key(|asked| asked.answer.took).filter(|asked| asked.answer.took > PATIENCE) {
        return Cause::Slow { server: slowest.server, kind: slowest.kind, took: slowest.answer.took };
    }
    match cx.host.resolvers().asked_first(host).len() {
        0 => Cause::Unclear,
        _ if lookup.system.is_none() => Cause::Unclear,
        first => Cause::SearchList(first),
    }
}

/// Servers that do not answer while another one does.
pub(super) struct Dead {
    pub(super) servers: Vec<SocketAddr>,
    /// They are asked before the first that answers, and stay silent, so that lookups wait for them.
    pub(super) is_first: bool,
    /// They stand before the first that answers, and are heard to be closed.
    pub(super) is_before: bool,
}

pub(super) fn dead(lookup: &Lookup) -> Option<Dead> {
    let is_dead = |asked: &&Asked| {
        let error = asked.answer.result.as_ref().err();
        asked.is_silent()
            || error.is_some_and(|error| {
                matches!(
                    error.kind,
                    ErrorKind::Refused | ErrorKind::Unreachable | ErrorKind::NoRoute | ErrorKind::CutShort(_)
                )
            })
    };
    let answers = |server: SocketAddr| lookup.servers.iter().any(|asked| asked.server == server && !is_dead(&asked));
    let mut servers: Vec<SocketAddr> = lookup.servers.iter().map(|asked| asked.server).collect();
    servers.dedup();
    let knows = lookup.servers.iter().find(|asked| asked.answer.result.is_ok() && !asked.is_silent())?.server;
    let before: Vec<SocketAddr> = servers.iter().copied().take_while(|server| *server != knows).collect();
    let silent = |server: SocketAddr| {
        lookup.servers.iter().any(|asked| asked.server == server && asked.is_silent()) && !answers(server)
    };
    let waited_for: Vec<SocketAddr> = before.into_iter().filter(|server| silent(*server)).collect();
    if !waited_for.is_empty() {
        return Some(Dead { servers: waited_for, is_first: true, is_before: true });
    }
    let dead: Vec<SocketAddr> = servers.iter().copied().filter(|server| !answers(*server)).collect();
    let place = |server: &SocketAddr| servers.iter().position(|other| other == server);
    let is_before = dead.first().is_some_and(|first| place(first) < place(&knows));
    (!dead.is_empty()).then_some(Dead { servers: dead, is_first: false, is_before })
}

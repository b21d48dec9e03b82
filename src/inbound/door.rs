//! Lets connections in, for as long as it stands: so many at once as there is room and descriptors for.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::guests::{House, MOST_GUESTS, Rank, Visit, received_by};
use super::identity::Security;
use crate::files;

/// How connections are let in.
pub struct Entry {
    /// How the door speaks.
    pub security: Security,
    /// Proxies before this host whose word about the sender is taken.
    pub trusted_proxies: Vec<IpNet>,
    /// Whether those begin with a PROXY header.
    pub proxy_protocol: bool,
    /// How long each step of a request may take: the PROXY header, the handshake, the head, the body.
    pub patience: Duration,
}

impl Entry {
    /// Whether an address is that of a trusted proxy.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|range| range.contains(&address.to_canonical()))
    }
}

/// Lets connections in until it is dropped, which ends them too.
pub(super) async fn admit<F>(
    listener: TcpListener,
    house: Arc<Mutex<House>>,
    rank: impl Fn(IpAddr) -> Rank,
    receive: impl Fn(TcpStream, SocketAddr, Visit) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut visits: JoinSet<()> = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let visit = House::enter(&house, peer.ip(), rank(peer.ip()));
                    let id = visit.id();
                    received_by(&house, id, visits.spawn(receive(stream, peer, visit)));
                }
                // One that broke before it was accepted is none of ours.
                Err(error) if is_of_the_connection(&error) => {}
                // Descriptors have run out, of this process or of the machine. Whoever has to go gives up its own when it is
                // polled again, which is before the next one is accepted.
                Err(_) if House::shrink(&house) => tokio::task::yield_now().await,
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            },
            Some(_) = visits.join_next() => {}
        }
    }
}

fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};

    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// How many descriptors are left to everything but connections.
const OTHER_DESCRIPTORS: usize = 20;

/// How many connections there is room for, by the descriptors that this process may have.
pub(super) fn room() -> usize {
    let limits = files::read(Path::new("/proc/self/limits"), 1 << 16).unwrap_or_default();
    let limits = String::from_utf8_lossy(&limits);
    let files = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    let soft = files.and_then(|values| values.split_whitespace().next()?.parse::<usize>().ok());
    soft.map_or(MOST_GUESTS, |files| files.saturating_sub(OTHER_DESCRIPTORS))
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::inbound::guests::FEWEST_GUESTS;

    #[tokio::test]
    async fn who_has_to_go_is_closed_on_and_the_others_stand() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stays = |stream: TcpStream, _, visit: Visit| async move {
            let _both = (stream, visit);
            std::future::pending::<()>().await;
        };
        let house = House::new(0, |_| {});
        let door = tokio::spawn(admit(listener, house, |_| Rank::Stranger, stays));

        let mut guests = Vec::new();
        for _ in 0..=FEWEST_GUESTS {
            guests.push(TcpStream::connect(address).await.unwrap());
        }
        let mut oldest = guests.swap_remove(0);
        let closed = tokio::time::timeout(Duration::from_secs(10), oldest.read(&mut [0])).await.unwrap();
        let second_stands = guests[1].try_read(&mut [0]).unwrap_err();

        assert!(closed.is_ok_and(|read| read == 0));
        assert_eq!(second_stands.kind(), io::ErrorKind::WouldBlock);
        door.abort();
    }
}

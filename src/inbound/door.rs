//! Lets connections in: at most so many at once, those that say nothing only for a while, and a listed sender always.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ipnet::IpNet;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, Id, JoinSet};

use super::identity::Security;

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

/// How many connections stand at once. With the bounds of a request this bounds memory.
const MOST_CONNECTIONS: usize = 128;

/// A connection that was let in.
struct Guest {
    id: Id,
    task: AbortHandle,
    from: IpAddr,
    /// Its address is one that deliveries come from.
    expected: bool,
    /// A whole request has come, so that it is being answered. One whose body is still on its way is not there yet.
    heard: Arc<AtomicBool>,
}

/// Lets connections in until it is dropped, which ends them too. Where the house is full, one that has said nothing yet has to
/// go: first among those whose address is not expected, and first the oldest.
pub(super) async fn admit<F>(
    listener: TcpListener,
    is_expected: impl Fn(IpAddr) -> bool,
    crowded: impl Fn(IpAddr),
    receive: impl Fn(TcpStream, SocketAddr, Arc<AtomicBool>) -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let mut visits: JoinSet<()> = JoinSet::new();
    let mut guests: Vec<Guest> = Vec::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => {
                let (stream, peer) = match accepted {
                    Ok(accepted) => accepted,
                    Err(error) => {
                        wait_out(&error).await;
                        continue;
                    }
                };
                if guests.len() >= MOST_CONNECTIONS {
                    let gone = make_room(&mut guests);
                    crowded(gone.unwrap_or(peer.ip()));
                    if gone.is_none() {
                        continue;
                    }
                }
                let heard = Arc::new(AtomicBool::new(false));
                let task = visits.spawn(receive(stream, peer, Arc::clone(&heard)));
                guests.push(Guest { id: task.id(), task, from: peer.ip(), expected: is_expected(peer.ip()), heard });
            }
            Some(ended) = visits.join_next_with_id() => {
                let id = match ended {
                    Ok((id, ())) => id,
                    Err(aborted) => aborted.id(),
                };
                guests.retain(|guest| guest.id != id);
            }
        }
    }
}

/// Sends away the one that can best be spared; who it was, if there was one.
fn make_room(guests: &mut Vec<Guest>) -> Option<IpAddr> {
    let silent = |guest: &Guest| !guest.heard.load(Ordering::Relaxed);
    let spared =
        guests.iter().position(|guest| silent(guest) && !guest.expected).or_else(|| guests.iter().position(silent));
    let gone = guests.remove(spared?);
    gone.task.abort();
    Some(gone.from)
}

/// A connection that broke before it was accepted is none of ours; where descriptors run out, some must be closed first.
async fn wait_out(error: &io::Error) {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};

    if !matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    #[tokio::test]
    async fn a_full_house_lets_the_oldest_silent_guest_go_and_keeps_those_that_are_heard() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let first = Arc::new(AtomicBool::new(true));
        let keeps_the_first = move |stream: TcpStream, _, heard: Arc<AtomicBool>| {
            heard.store(first.swap(false, Ordering::Relaxed), Ordering::Relaxed);
            async move {
                let _stream = stream;
                std::future::pending::<()>().await;
            }
        };
        let door = tokio::spawn(admit(listener, |_| false, |_| {}, keeps_the_first));

        let mut guests = Vec::new();
        for _ in 0..=MOST_CONNECTIONS {
            guests.push(TcpStream::connect(address).await.unwrap());
        }
        let mut second = guests.swap_remove(1);
        let closed = tokio::time::timeout(Duration::from_secs(10), second.read(&mut [0])).await.unwrap();
        let first_stands = guests[0].try_read(&mut [0]).unwrap_err();

        assert!(closed.is_ok_and(|read| read == 0));
        assert_eq!(first_stands.kind(), io::ErrorKind::WouldBlock);
        door.abort();
    }
}

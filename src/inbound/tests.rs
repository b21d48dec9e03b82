//! The whole door, over sockets of this machine: whoever is expected is found among strangers, however it is named.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;

use super::{Answering, Entry, Heard, Keys, Listener, Route, Security, Tally};
use crate::facts::Facts;
use crate::workos::delivery::{Purpose, Turned};

/// One of the addresses that deliveries come from.
const WORKOS: &str = "3.217.146.166";

/// More than may stand on one step.
const FLOOD: u8 = 170;

const BALANCER: Ipv4Addr = Ipv4Addr::LOCALHOST;
#[cfg(target_os = "linux")]
const ANOTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// A door that trusts [`BALANCER`].
struct Door {
    address: SocketAddr,
    heard: mpsc::Receiver<Heard>,
    serving: tokio::task::JoinHandle<()>,
}

impl Door {
    async fn open(proxy_protocol: bool) -> Self {
        let socket = TcpListener::bind((BALANCER, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let (told, heard) = mpsc::channel(1000);
        let entry = Entry {
            security: Security::Plain,
            trusted_proxies: vec![IpAddr::from(BALANCER).into()],
            proxy_protocol,
            patience: Duration::from_mins(1),
        };
        let route = Route {
            path: "/hook".to_owned(),
            purpose: Purpose::Webhook,
            keys: Keys::of(None),
            answering: Answering::Accept,
        };
        let listener = Listener {
            entry,
            routes: vec![route],
            nonce: None,
            marker: None,
            facts: Facts::embedded(),
            heard: told,
            tally: Arc::new(Tally::default()),
        };
        Door { address, heard, serving: tokio::spawn(Arc::new(listener).serve(socket)) }
    }

    /// Somebody who begins to say something, and goes on when there is time for it.
    async fn calls(&self, from: Ipv4Addr, beginning: &str) -> TcpStream {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind((from, 0).into()).unwrap();
        let mut stream = socket.connect(self.address).await.unwrap();
        stream.write_all(beginning.as_bytes()).await.unwrap();
        stream
    }

    /// Whether the expected one still stands after strangers have crowded out the first of their own.
    async fn keeps(&self, expected: (Ipv4Addr, &str), stranger: impl Fn(u8) -> (Ipv4Addr, String)) -> bool {
        let awaited = self.calls(expected.0, expected.1).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        let mut strangers = Vec::new();
        for number in 0..FLOOD {
            let (from, beginning) = stranger(number);
            strangers.push(self.calls(from, &beginning).await);
        }
        let closed = tokio::time::timeout(Duration::from_secs(20), strangers[0].read(&mut [0])).await.unwrap();
        assert!(!closed.is_ok_and(|read| read > 0));
        awaited.try_read(&mut [0]).is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn announced(sender: &str) -> String {
    format!("PROXY TCP4 {sender} 93.184.215.14 50000 443\r\nPOST /hook HTTP/1.1\r\n")
}

fn forwarded(sender: &str) -> String {
    format!("POST /hook HTTP/1.1\r\nhost: a.example\r\nx-forwarded-for: {sender}\r\ncontent-length: 9\r\n\r\n")
}

#[tokio::test]
async fn whom_the_balancer_announces_as_workos_is_not_crowded_out_by_strangers_behind_it() {
    let door = Door::open(true).await;
    let stranger = |number| (BALANCER, announced(&format!("198.51.100.{number}")));

    assert!(door.keeps((BALANCER, &announced(WORKOS)), stranger).await);
}

#[tokio::test]
async fn whom_a_trusted_proxys_header_names_as_workos_is_not_crowded_out_by_strangers_behind_it() {
    let door = Door::open(false).await;
    let stranger = |number| (BALANCER, forwarded(&format!("198.51.100.{number}")));

    assert!(door.keeps((BALANCER, &forwarded(WORKOS)), stranger).await);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_trusted_proxy_that_has_not_named_anybody_yet_is_not_crowded_out_by_strangers() {
    let door = Door::open(false).await;
    let begun = "POST /hook HTTP/1.1\r\n";

    assert!(door.keeps((BALANCER, begun), |_| (ANOTHER, begun.to_owned())).await);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_stranger_that_announces_workos_itself_is_shown_the_door() {
    let mut door = Door::open(true).await;
    let mut spoofing = door.calls(ANOTHER, &announced(WORKOS)).await;

    let closed = tokio::time::timeout(Duration::from_secs(20), spoofing.read(&mut [0])).await.unwrap();
    let Some(Heard::Turned(away)) = door.heard.recv().await else { panic!("it is turned away") };
    assert!(!closed.is_ok_and(|read| read > 0));
    assert_eq!((away.why, away.source), (Turned::NotThroughTheProxy, IpAddr::from(ANOTHER)));
}

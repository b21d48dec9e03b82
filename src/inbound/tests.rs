//! The whole door, over sockets of this machine: whoever is expected is found among strangers, however it is named.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;

use super::{Answering, Entry, Heard, Keys, Listener, Route, Security, Tally};
use crate::facts::Facts;
use crate::secret::Secret;
use crate::workos::delivery::{Purpose, Turned};
use crate::workos::signature;

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
        Door::with(proxy_protocol, Keys::of(None)).await
    }

    async fn with(proxy_protocol: bool, keys: Arc<Keys>) -> Self {
        let socket = TcpListener::bind((BALANCER, 0)).await.unwrap();
        let address = socket.local_addr().unwrap();
        let (told, heard) = mpsc::channel(1000);
        let entry = Entry {
            security: Security::Plain,
            trusted_proxies: vec![IpAddr::from(BALANCER).into()],
            proxy_protocol,
            patience: Duration::from_mins(1),
        };
        let route = Route { path: "/hook".to_owned(), purpose: Purpose::Webhook, keys, answering: Answering::Accept };
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

    /// What the door tells of next.
    async fn hears(&mut self) -> Heard {
        tokio::time::timeout(Duration::from_secs(20), self.heard.recv()).await.expect("nothing is told").unwrap()
    }

    /// What a whole request is answered, and what is told of it.
    async fn asked(&mut self, method: &str, path: &str, body: &str, signed_with: Option<&str>) -> (String, Heard) {
        let now = signature::milliseconds(SystemTime::now());
        let sign = |secret| signature::sign(&Secret::new(secret), now, body.as_bytes());
        let signed =
            signed_with.map(|secret| format!("{}: {}\r\n", signature::HEADER, sign(secret))).unwrap_or_default();
        let length = body.len();
        let request =
            format!("{method} {path} HTTP/1.1\r\nhost: a.example\r\n{signed}content-length: {length}\r\n\r\n{body}");
        let mut stream = self.calls(BALANCER, &request).await;
        let mut answer = String::new();
        tokio::time::timeout(Duration::from_secs(20), stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        (answer.split(' ').nth(1).unwrap().to_owned(), self.hears().await)
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
    let Heard::Turned(away) = door.hears().await else { panic!("it is turned away") };
    assert!(!closed.is_ok_and(|read| read > 0));
    assert_eq!((away.why, away.source), (Turned::NotThroughTheProxy, IpAddr::from(ANOTHER)));
}

/// How something was turned away, and where it was meant to go.
fn turned(heard: &Heard) -> (Turned, Option<&str>) {
    let Heard::Turned(away) = heard else { panic!("{heard:?} is not turned away") };
    (away.why, away.path.as_deref())
}

/// Whether a delivery is genuine, and at which other path it came.
fn delivered(heard: &Heard) -> (bool, Option<&str>) {
    let Heard::Delivery(delivery) = heard else { panic!("{heard:?} is no delivery") };
    (delivery.is_genuine(), delivery.astray.as_deref())
}

const SECRET: &str = "whsec_0FWAiVGkEfGBqqsJH4aN";
const EVENT: &str = r#"{"id":"event_1","event":"organization.created","data":{}}"#;

#[tokio::test]
async fn what_is_signed_is_taken_at_its_path_alone_and_what_is_not_is_refused() {
    let mut door = Door::with(false, Keys::of(Some(Secret::new(SECRET)))).await;

    let (status, heard) = door.asked("POST", "/hook?a=1", EVENT, Some(SECRET)).await;
    assert_eq!((status.as_str(), delivered(&heard)), ("200", (true, None)));
    let (status, heard) = door.asked("POST", "/hook", EVENT, Some("whsec_another0000000")).await;
    assert_eq!((status.as_str(), delivered(&heard)), ("401", (false, None)));
    let (status, heard) = door.asked("POST", "/hook", EVENT, None).await;
    assert_eq!((status.as_str(), delivered(&heard)), ("401", (false, None)));
    let (status, heard) = door.asked("POST", "/elsewhere", EVENT, Some(SECRET)).await;
    assert_eq!((status.as_str(), delivered(&heard)), ("404", (true, Some("/elsewhere"))));
}

#[tokio::test]
async fn what_is_no_delivery_is_turned_away_with_the_reason_and_the_path() {
    let mut door = Door::with(false, Keys::of(Some(Secret::new(SECRET)))).await;

    let (status, heard) = door.asked("GET", "/hook", "", None).await;
    assert_eq!((status.as_str(), turned(&heard)), ("405", (Turned::OtherMethod, None)));
    let (status, heard) = door.asked("GET", "/favicon.ico?a=1", "", None).await;
    assert_eq!((status.as_str(), turned(&heard)), ("404", (Turned::OtherPath, Some("/favicon.ico"))));
    let (status, heard) = door.asked("POST", "/elsewhere", EVENT, Some("whsec_another0000000")).await;
    assert_eq!((status.as_str(), turned(&heard)), ("404", (Turned::OtherPath, Some("/elsewhere"))));
    let (status, heard) =
        door.asked("POST", "/hook", &EVENT.replace("organization", "workos_preflight"), Some(SECRET)).await;
    assert_eq!((status.as_str(), turned(&heard)), ("200", (Turned::OwnCheck, None)));
}

#[tokio::test]
async fn an_endpoint_that_a_mark_tells_apart_has_a_secret_of_its_own_also_where_its_query_is_lost() {
    const OWN: &str = "whsec_Qm3vT8yK2nLx5RwZ7cPd";
    let keys = Keys::of(Some(Secret::new(SECRET)));
    keys.add("mark=1", Secret::new(OWN));
    let mut door = Door::with(false, keys).await;

    for (path, secret, status) in [
        ("/hook?mark=1", OWN, "200"),
        ("/hook", OWN, "200"),
        ("/hook", SECRET, "200"),
        ("/hook?mark=1", "whsec_another0000000", "401"),
        ("/hook?mark=1", SECRET, "401"),
    ] {
        assert_eq!(door.asked("POST", path, EVENT, Some(secret)).await.0, status, "{path}, {secret}");
    }
}

#[tokio::test]
async fn a_balancers_word_where_none_is_wanted_and_tls_where_none_is_spoken_are_told_for_what_they_are() {
    for (beginning, why) in
        [(announced(WORKOS), Turned::Announced), ("\u{16}\u{3}\u{1}\r\n\r\n".to_owned(), Turned::SpeaksTls)]
    {
        let mut door = Door::open(false).await;
        let _caller = door.calls(BALANCER, &beginning).await;

        assert_eq!(turned(&door.hears().await).0, why);
    }
}

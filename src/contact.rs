//! What running may touch, as data: a plan shows it, and every check is held to its own.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use crate::endpoint::Endpoint;

/// One thing that a run may touch, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Contact {
    /// What is touched.
    pub what: Touch,
    /// The reason, as a fragment: "to see whether the name resolves here".
    pub why: String,
}

impl Contact {
    /// `what` is touched `why`.
    pub fn new(what: Touch, why: impl Into<String>) -> Self {
        Contact { what, why: why.into() }
    }
}

/// The ways in which a run touches the world.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Touch {
    /// A name is looked up.
    Lookup {
        /// The name.
        name: String,
        /// Whom it is asked of.
        server: Server,
    },
    /// A TCP connection is made.
    Connect {
        /// The host and port it is to lead to.
        endpoint: Endpoint,
        /// What it is made to.
        by: By,
        /// Whether TLS is spoken on it.
        tls: bool,
    },
    /// An HTTP request is sent, on a connection that is declared beside it.
    Request {
        /// The method.
        method: Method,
        /// The host and port it is for.
        endpoint: Endpoint,
        /// The path.
        path: String,
        /// What stands behind the path.
        query: Query,
        /// Whether the API key may go along. A request carries it where it has a bearer token, whichever that is, and where the
        /// bytes of the key stand in its path, its query, its body or the value of a header. Looked for like this is a key that
        /// could be one: it has the shape of a key, or at least 16 bytes. It is not looked for in another encoding.
        with_key: bool,
    },
    /// A file is read, or a folder with the files in it.
    File(PathBuf),
    /// Something else of this machine is read.
    Local(&'static str),
    /// Something follows from what is learnt while running, by this rule.
    Learnt(Learnt),
}

/// Whom a name is asked of.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Server {
    /// The system's own resolution, with its search list, and each DNS server that it asks.
    System,
    /// This DNS server.
    Named(SocketAddr),
    /// A public resolver by DNS over HTTPS, in requests that are declared beside it.
    Public,
}

/// What a TCP connection is made to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum By {
    /// The host itself: the address it is, or those that a declared lookup of its name gives.
    Name,
    /// These addresses of the host, which are known beforehand.
    Addresses(Vec<IpAddr>),
    /// This proxy, to which the connection is declared beside it.
    Proxy(Endpoint),
}

/// The methods that requests use.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Method {
    /// Reads.
    Get,
    /// Delivers, as a webhook does, or creates.
    Post,
    /// Deletes.
    Delete,
}

/// The query of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Query {
    /// There is none.
    None,
    /// It begins like this. What follows asks for a later page of the same.
    From(String),
    /// It was given, or follows from what was given. It is not shown, because it may hold a secret.
    Given,
}

impl Method {
    /// As it stands in a request.
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
        }
    }
}

/// What may follow from answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Learnt {
    /// Where answers to declared requests redirect to (Location) is looked up and connected to. Where that is the host that
    /// was asked, one of those that are `followed`, or under one of them, it is asked too: with GET and without the key. What
    /// these answers redirect to follows by the same rule.
    Redirects {
        /// The hosts that may be asked, with every host under them.
        followed: &'static [&'static str],
    },
}

impl Learnt {
    /// In how many places of one check it may end.
    pub const MOST: usize = 16;
}

impl Touch {
    /// What this machine takes for the time.
    pub const CLOCK: Touch = Touch::Local("the clock");
    /// Which addresses this machine has.
    pub const INTERFACES: Touch = Touch::Local("the addresses of the network interfaces");
    /// What the environment says of proxies to programs at large.
    pub const PROXY_VARIABLES: Touch = Touch::Local("the proxy variables");
    /// Which certificate authorities the environment names to some programs.
    pub const TRUST_VARIABLES: Touch = Touch::Local("the variables that name certificate authorities");
    /// From which address packets leave, and how the machine is called that sends them.
    pub const ROUTES: Touch = Touch::Local("the routing table and the host name");

    /// A request without the key, for a path and perhaps its query.
    pub fn request(method: Method, endpoint: &Endpoint, path: &str) -> Self {
        let (path, query) = match path.split_once('?') {
            Some((path, query)) => (path, Query::From(query.to_owned())),
            None => (path, Query::None),
        };
        Touch::Request { method, endpoint: endpoint.clone(), path: path.to_owned(), query, with_key: false }
    }

    /// The same request, with a query that is not shown if it has one.
    #[must_use]
    pub fn with_query_as_given(mut self) -> Self {
        if let Touch::Request { query, .. } = &mut self
            && *query != Query::None
        {
            *query = Query::Given;
        }
        self
    }

    /// The same request with the key.
    #[must_use]
    pub fn with_the_key(mut self) -> Self {
        if let Touch::Request { with_key, .. } = &mut self {
            *with_key = true;
        }
        self
    }
}

/// What a touch is, in words, piece by piece: with a blank between them they are a sentence.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Piece {
    /// Words of ours.
    Words(String),
    /// What is looked for or copied as it stands: a name, an address, a path, a request.
    Literal(String),
}

impl Piece {
    /// What it says.
    pub fn text(&self) -> &str {
        match self {
            Piece::Words(text) | Piece::Literal(text) => text,
        }
    }
}

/// Pieces as a sentence.
pub fn sentence(pieces: &[Piece]) -> String {
    pieces.iter().map(Piece::text).collect::<Vec<_>>().join(" ")
}

impl Touch {
    /// What is touched, in words.
    pub fn pieces(&self) -> Vec<Piece> {
        let words = |text: &str| Piece::Words(text.to_owned());
        let literal = |thing: &dyn fmt::Display| Piece::Literal(thing.to_string());
        match self {
            Touch::Lookup { name, server } => {
                let mut pieces = vec![words("look up"), literal(name)];
                match server {
                    Server::System => {}
                    Server::Named(server) => pieces.extend([words("at"), literal(server)]),
                    Server::Public => pieces.push(words("by DNS over HTTPS")),
                }
                pieces
            }
            Touch::Connect { endpoint, by, tls } => {
                let mut pieces = vec![words(if *tls { "TLS to" } else { "TCP to" }), literal(endpoint)];
                match by {
                    By::Name => {}
                    By::Addresses(addresses) => {
                        let addresses: Vec<String> = addresses.iter().map(ToString::to_string).collect();
                        pieces.extend([words("at"), literal(&addresses.join(", "))]);
                    }
                    By::Proxy(proxy) => pieces.extend([words("through the proxy"), literal(proxy)]),
                }
                pieces
            }
            Touch::Request { method, endpoint, path, query, with_key } => {
                let query = match query {
                    Query::None => String::new(),
                    Query::From(query) => format!("?{query}"),
                    Query::Given => "?…".to_owned(),
                };
                let request = format!("{} {}{query}", method.as_str(), endpoint.https(path));
                let key = with_key.then(|| words("with the API key"));
                [literal(&request)].into_iter().chain(key).collect()
            }
            Touch::File(path) => vec![words("read"), literal(&path.display())],
            Touch::Local(what) => vec![words("read"), words(what)],
            Touch::Learnt(Learnt::Redirects { .. }) => vec![Piece::Words(format!(
                "GET where answers redirect to, at most {} places, without the API key",
                Learnt::MOST
            ))],
        }
    }
}

impl fmt::Display for Touch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&sentence(&self.pieces()))
    }
}

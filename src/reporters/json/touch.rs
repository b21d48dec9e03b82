//! What a plan touches as a stable format, version 1: each thing in its parts.

use schemars::JsonSchema;
use serde::Serialize;

use crate::contact::{self, By, Learnt, Query, Server};
use crate::said::hidden;

/// What is touched, in its parts.
#[derive(Clone, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub(super) enum Touch {
    /// A name is looked up.
    Name {
        /// The name.
        name: String,
        /// Whom it is asked of.
        asked: Asked,
        /// The address and port of the DNS server, where one was named.
        #[serde(skip_serializing_if = "Option::is_none")]
        server: Option<String>,
    },
    /// A TCP connection is made.
    Connection {
        /// The host that it leads to.
        host: String,
        /// The port there.
        port: u16,
        /// Whether TLS is spoken on it.
        tls: bool,
        /// The addresses it is made to, where they do not come from a lookup.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        addresses: Vec<String>,
        /// The host and port of the proxy it goes through, where it goes through one.
        #[serde(skip_serializing_if = "Option::is_none")]
        proxy: Option<String>,
    },
    /// An HTTP request is sent.
    Request {
        /// The method.
        method: String,
        /// The host it is for.
        host: String,
        /// The port there.
        port: u16,
        /// The path, without a query.
        path: String,
        /// How the query begins; `…` where it is not shown, because it may hold a secret.
        #[serde(skip_serializing_if = "Option::is_none")]
        query: Option<String>,
        /// Whether the API key goes along.
        with_key: bool,
    },
    /// A file is read, or a folder with the files in it.
    File {
        /// Its path.
        path: String,
    },
    /// Something else of this machine is read.
    Local {
        /// What is read.
        local: String,
    },
    /// Something follows from what is learnt while running.
    Learnt {
        /// From what it follows.
        rule: Rule,
        /// In how many places of one check it may end.
        most: usize,
    },
}

/// Whom a name is asked of.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Asked {
    /// The system's own resolution, and each DNS server that it asks.
    System,
    /// The DNS server that is named.
    Named,
    /// A public resolver by DNS over HTTPS.
    Public,
}

/// From what it follows what may be touched.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(super) enum Rule {
    /// Where answers redirect to is asked with GET, without the API key.
    Redirects,
}

impl From<&contact::Touch> for Touch {
    fn from(touch: &contact::Touch) -> Self {
        match touch {
            contact::Touch::Lookup { name, server } => {
                let (asked, server) = match server {
                    Server::System => (Asked::System, None),
                    Server::Named(server) => (Asked::Named, Some(server.to_string())),
                    Server::Public => (Asked::Public, None),
                };
                Touch::Name { name: hidden(name), asked, server }
            }
            contact::Touch::Connect { endpoint, by, tls } => {
                let (addresses, proxy) = match by {
                    By::Name => (Vec::new(), None),
                    By::Addresses(addresses) => (addresses.iter().map(ToString::to_string).collect(), None),
                    By::Proxy(proxy) => (Vec::new(), Some(hidden(&proxy.to_string()))),
                };
                Touch::Connection { host: hidden(&endpoint.host), port: endpoint.port, tls: *tls, addresses, proxy }
            }
            contact::Touch::Request { method, endpoint, path, query, with_key } => Touch::Request {
                method: method.as_str().to_owned(),
                host: hidden(&endpoint.host),
                port: endpoint.port,
                path: hidden(path),
                query: match query {
                    Query::None => None,
                    Query::From(query) => Some(hidden(query)),
                    Query::Given => Some("…".to_owned()),
                },
                with_key: *with_key,
            },
            contact::Touch::File(path) => Touch::File { path: hidden(&path.display().to_string()) },
            contact::Touch::Local(what) => Touch::Local { local: (*what).to_owned() },
            contact::Touch::Learnt(Learnt::Redirects { .. }) => {
                Touch::Learnt { rule: Rule::Redirects, most: Learnt::MOST }
            }
        }
    }
}

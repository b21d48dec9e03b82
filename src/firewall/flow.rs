//! A connection that somebody has to let through, and its two ends.

use ipnet::IpNet;

/// A connection that somebody has to let through.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Flow {
    /// Its name, stable from run to run, and no other flow's: `egress-api`, `egress-browser-setup-workos-com`. Lower-case letters,
    /// digits and hyphens, so that rules and comments can bear it.
    pub id: String,
    /// Which way it crosses the edge, as the installation sees it.
    pub direction: Direction,
    /// Who opens the connection.
    pub source: Party,
    /// To whom.
    pub destination: Party,
    /// What is spoken to the port.
    pub protocols: &'static [Protocol],
    /// The port at the destination.
    pub port: u16,
    /// How much depends on it.
    pub need: Need,
    /// What it is for.
    pub reason: String,
    /// Who says so, and since when.
    pub since: String,
}

impl Flow {
    /// Whether the installation's own server opens it.
    pub fn is_opened_by_the_server(&self) -> bool {
        self.direction == Direction::Egress && self.source.object.as_str() == SERVER
    }

    /// Whether the browsers of users and administrators open it, on machines of their own.
    pub fn is_opened_by_browsers(&self) -> bool {
        self.direction == Direction::Egress && self.source.object.as_str() == BROWSERS
    }
}

/// The object that the installation's own server is.
pub(super) const SERVER: &str = "server";

/// The object that browsers are.
pub(super) const BROWSERS: &str = "browsers";

/// Which way a connection crosses the edge.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Direction {
    /// Opened inside.
    Egress,
    /// Opened outside.
    Ingress,
}

impl Direction {
    /// As the sheet says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Direction::Egress => "egress",
            Direction::Ingress => "ingress",
        }
    }
}

/// What a flow is carried by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Protocol {
    /// A connection.
    Tcp,
    /// Datagrams.
    Udp,
}

impl Protocol {
    /// As rules say it.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
        }
    }
}

pub(super) const TCP: &[Protocol] = &[Protocol::Tcp];

/// How much depends on a flow.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Need {
    /// Without it the deployment does not work.
    Required,
    /// Without it something may fail now and then, or soon.
    Recommended,
    /// Only where what it is for is used.
    WhereUsed,
}

impl Need {
    /// As the sheet says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Need::Required => "required",
            Need::Recommended => "recommended",
            Need::WhereUsed => "where used",
        }
    }
}

/// One end of a flow.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Party {
    /// The name of it as an object of a firewall: `cloudflare`, `workos-published`. One name always stands for the same hosts and
    /// addresses within a sheet.
    pub object: String,
    /// Who it is, in words.
    pub who: String,
    /// Its host names, for firewalls that go by name; one may begin with `*.`.
    pub hosts: Vec<String>,
    /// Its addresses, for those that do not. Empty where nobody publishes any.
    pub ranges: Vec<IpNet>,
    /// Whose the ranges are, where they are not its own alone.
    pub within: Option<Owner>,
}

/// Whoever has ranges in which others have their addresses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Owner {
    /// The name of the ranges as an object of a firewall.
    pub object: &'static str,
    /// Who it is, in words.
    pub who: &'static str,
}

impl Party {
    pub(super) fn called(object: impl Into<String>, who: impl Into<String>) -> Self {
        Party { object: object.into(), who: who.into(), ..Party::default() }
    }

    pub(super) fn named(mut self, host: impl Into<String>) -> Self {
        self.hosts.push(host.into());
        self
    }

    pub(super) fn at(mut self, ranges: impl IntoIterator<Item = IpNet>) -> Self {
        self.ranges.extend(ranges);
        self
    }
}

//! The sheet for a firewall request as a stable format, version 1.

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Serialize;

use crate::documents::requirements;
use crate::firewall;
use crate::report::v1::the_strategies;

/// What [`Requirements::schema`] holds.
const SCHEMA: &str = "workos-preflight/requirements/v1";

/// What must be let through for an application that uses `WorkOS`.
#[derive(Serialize, JsonSchema)]
pub(super) struct Requirements {
    /// The name and version of this format.
    #[schemars(extend("const" = SCHEMA))]
    schema: String,
    /// How the deployment reaches `WorkOS`.
    #[schemars(description = the_strategies())]
    strategy: String,
    /// The facts about `WorkOS` that it follows from.
    facts: Facts,
    /// The connections.
    flows: Vec<Flow>,
}

/// The facts about `WorkOS`.
#[derive(Serialize, JsonSchema)]
struct Facts {
    /// The day they were gathered.
    as_of: String,
}

/// A connection that somebody has to let through.
#[derive(Serialize, JsonSchema)]
struct Flow {
    /// Its name, stable from run to run.
    id: String,
    /// Which way it crosses the edge, as the installation sees it: `egress` or `ingress`.
    direction: String,
    /// How much depends on it: `required`, `recommended` or `where used`.
    need: String,
    /// Who opens the connection.
    source: Party,
    /// To whom.
    destination: Party,
    /// `tcp`, or `udp` and `tcp`.
    protocols: Vec<String>,
    /// The port at the destination.
    port: u16,
    /// What it is for.
    reason: String,
    /// Who says so, and since when.
    since: String,
}

/// One end of a connection.
#[derive(Serialize, JsonSchema)]
struct Party {
    /// The name of it as an object of a firewall. One name always stands for the same hosts and addresses within a sheet.
    object: String,
    /// Who it is, in words.
    who: String,
    /// Its host names, for firewalls that go by name; one may begin with `*.`.
    hosts: Vec<String>,
    /// Its addresses as ranges, for those that do not. Empty where nobody publishes any.
    #[schemars(with = "Vec<String>")]
    ranges: Vec<IpNet>,
}

impl From<&requirements::Sheet> for Requirements {
    fn from(sheet: &requirements::Sheet) -> Self {
        Requirements {
            schema: SCHEMA.to_owned(),
            strategy: sheet.strategy.to_owned(),
            facts: Facts { as_of: sheet.as_of.clone() },
            flows: sheet.flows.iter().map(Flow::from).collect(),
        }
    }
}

impl From<&firewall::Flow> for Flow {
    fn from(flow: &firewall::Flow) -> Self {
        Flow {
            id: flow.id.clone(),
            direction: flow.direction.as_str().to_owned(),
            need: flow.need.as_str().to_owned(),
            source: Party::from(&flow.source),
            destination: Party::from(&flow.destination),
            protocols: flow.protocols.iter().map(|protocol| protocol.as_str().to_owned()).collect(),
            port: flow.port,
            reason: flow.reason.clone(),
            since: flow.since.clone(),
        }
    }
}

impl From<&firewall::Party> for Party {
    fn from(party: &firewall::Party) -> Self {
        Party {
            object: party.object.clone(),
            who: party.who.clone(),
            hosts: party.hosts.clone(),
            ranges: party.ranges.clone(),
        }
    }
}

//! The sheet for a firewall request as a stable format, version 1.

use ipnet::IpNet;
use schemars::JsonSchema;
use serde::Serialize;

use crate::documents::requirements;
use crate::firewall;
use crate::report::v1::{Head, the_strategies};

/// What [`Requirements::schema`] holds.
const SCHEMA: &str = "workos-preflight/requirements/v1";

/// What must be let through for an application that uses `WorkOS`.
#[derive(Serialize, JsonSchema)]
pub(super) struct Requirements {
    /// The name and version of this format.
    #[schemars(extend("const" = SCHEMA))]
    schema: String,
    /// When, where and by which way it was written, and the facts that it follows from.
    #[serde(flatten)]
    head: Head,
    /// Who asks for it.
    request: Request,
    /// How the deployment reaches `WorkOS`.
    #[schemars(description = the_strategies())]
    strategy: String,
    /// The connections: what is opened inside first, and what is needed most before the rest.
    flows: Vec<Flow>,
    /// The older facts that only the changes since are told of; null, where everything is told.
    compared: Option<Compared>,
    /// What the ends of the connections stand for, each once.
    objects: Vec<Object>,
}

/// Who asks for it, as far as that was said.
#[derive(Serialize, JsonSchema)]
struct Request {
    /// A name, or a team.
    requester: Option<String>,
    /// The number of a ticket or change.
    ticket: Option<String>,
}

/// What changed since older facts: `flows` are the new ones, with only the hosts and addresses that are new.
#[derive(Serialize, JsonSchema)]
struct Compared {
    /// The day of the older facts.
    facts_as_of: String,
    /// Flows that are not called for any more, or of which only these hosts and addresses are not.
    removed: Vec<Flow>,
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
    /// Who opens the connection: the name of an object.
    source: String,
    /// To whom: the name of an object.
    destination: String,
    /// `tcp`, or `udp` and `tcp`.
    protocols: Vec<String>,
    /// The port at the destination.
    port: u16,
    /// What it is for.
    reason: String,
    /// Who says so, and since when.
    fact_source: String,
}

/// Hosts and addresses under a name, as firewalls have them.
#[derive(Serialize, JsonSchema)]
struct Object {
    /// Its name, which no other object has.
    name: String,
    /// Who it is, in words.
    who: String,
    /// Its host names, for firewalls that go by name; one may begin with `*.`.
    hosts: Vec<String>,
    /// Its addresses as ranges, for those that do not. Empty where nobody publishes any, and where they lie within another object.
    #[schemars(with = "Vec<String>")]
    ranges: Vec<IpNet>,
    /// The name of the object in whose ranges its addresses lie and change.
    within: Option<String>,
}

impl From<&requirements::Sheet> for Requirements {
    fn from(sheet: &requirements::Sheet) -> Self {
        Requirements {
            schema: SCHEMA.to_owned(),
            head: Head::from(&sheet.head),
            request: Request { requester: sheet.request.requester.clone(), ticket: sheet.request.ticket.clone() },
            strategy: sheet.head.strategy.as_str().to_owned(),
            flows: sheet.flows.iter().map(Flow::from).collect(),
            compared: sheet.compared.as_ref().map(|compared| Compared {
                facts_as_of: compared.as_of.clone(),
                removed: compared.removed.iter().map(Flow::from).collect(),
            }),
            objects: sheet.objects.iter().map(Object::from).collect(),
        }
    }
}

impl From<&firewall::Flow> for Flow {
    fn from(flow: &firewall::Flow) -> Self {
        Flow {
            id: flow.id.clone(),
            direction: flow.direction.as_str().to_owned(),
            need: flow.need.as_str().to_owned(),
            source: flow.source.object.clone(),
            destination: flow.destination.object.clone(),
            protocols: flow.protocols.iter().map(|protocol| protocol.as_str().to_owned()).collect(),
            port: flow.port,
            reason: flow.reason.clone(),
            fact_source: flow.since.clone(),
        }
    }
}

impl From<&firewall::Object> for Object {
    fn from(object: &firewall::Object) -> Self {
        let firewall::Object { name, who, hosts, ranges, within } = object.clone();
        Object { name, who, hosts, ranges, within }
    }
}

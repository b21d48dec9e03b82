//! The sheet for a firewall request: who asks for it and when, each connection that must be let through, and the objects that the
//! connections speak of.

use ipnet::IpNet;

use crate::firewall::{Delta, Direction, Flow, Object, objects};
use crate::report::Head;
use crate::said::{all_of, counted, hidden, utc};

/// What must be let through, and for which deployment.
pub struct Sheet {
    /// When, where and by which way it was written, for which strategy, and what it follows from.
    pub head: Head,
    /// Who asks for it.
    pub request: Request,
    /// The connections. Their ends have names of [`Self::objects`].
    pub flows: Vec<Flow>,
    /// What it is told beside, where only what changed since is told.
    pub compared: Option<Compared>,
    /// How many days old the facts are, where that is too many.
    pub aged: Option<u64>,
    /// What those names stand for, each once.
    pub objects: Vec<Object>,
}

/// Facts that newer ones are held to: the sheet then has only what is new.
#[derive(Clone, Debug)]
pub struct Compared {
    /// The day of the older facts.
    pub as_of: String,
    /// What they called for, and the newer ones do not.
    pub removed: Vec<Flow>,
}

/// Who asks for it, as far as that was said. Whoever reads the sheet fills in the rest.
#[derive(Default)]
pub struct Request {
    /// A name, or a team.
    pub requester: Option<String>,
    /// The number of a ticket or change.
    pub ticket: Option<String>,
}

/// The directions, under the headings that a person reads them.
pub const DIRECTIONS: [(Direction, &str); 2] = [
    (Direction::Egress, "Egress: connections opened inside"),
    (Direction::Ingress, "Ingress: connections opened outside"),
];

/// What stands above everything.
pub const TITLE: &str = "Firewall request for an application that uses WorkOS";

/// What stands above what is not called for any more.
pub const REMOVED: &str = "No longer needed: can be closed";

/// What stands above the objects.
pub const OBJECTS: &str = "Objects: what the names above stand for";

/// What the sheet ends with.
pub const OTHERWISE: &str = "Everything else can stay closed. Answers to these connections must come back (stateful rules). An object without addresses \
     is the customer's own, or one whose addresses nobody publishes.";

impl Sheet {
    /// A sheet without secrets.
    pub fn new(request: Request, head: Head, flows: Vec<Flow>) -> Self {
        Sheet::of(request, head, flows, None)
    }

    /// The sheet of what changed since older facts.
    pub fn of_changes(request: Request, head: Head, delta: Delta, as_of: String) -> Self {
        let Delta { added, removed } = delta;
        Sheet::of(request, head, added, Some(Compared { as_of, removed }))
    }

    fn of(request: Request, head: Head, flows: Vec<Flow>, compared: Option<Compared>) -> Self {
        let Request { requester, ticket } = request;
        let shown = |given: Option<String>| given.map(|given| hidden(given.trim())).filter(|given| !given.is_empty());
        let flows: Vec<Flow> = flows.into_iter().map(without_secrets).collect();
        let compared = compared.map(|compared| Compared {
            as_of: hidden(&compared.as_of),
            removed: compared.removed.into_iter().map(without_secrets).collect(),
        });
        let removed = compared.iter().flat_map(|compared| &compared.removed);
        let all: Vec<Flow> = flows.iter().chain(removed).cloned().collect();
        Sheet {
            head: head.without_secrets(),
            request: Request { requester: shown(requester), ticket: shown(ticket) },
            objects: objects(&all),
            flows,
            compared,
            aged: None,
        }
    }

    /// The same, from facts that are this many days old, which is too many.
    #[must_use]
    pub fn aged(self, aged: Option<u64>) -> Self {
        Sheet { aged, ..self }
    }

    /// What changed, in one line, where that is what the sheet tells.
    pub fn changed(&self) -> Option<String> {
        let Compared { as_of, removed } = self.compared.as_ref()?;
        let since = format!("since the facts of {as_of}");
        Some(match (self.flows.len(), removed.len()) {
            (0, 0) => format!("nothing changed {since}"),
            (added, removed) => {
                let flows = |number, what| format!("{} with something {what}", counted(number, "flow"));
                format!("{}, {} {since}; only that is told", flows(added, "new"), flows(removed, "gone"))
            }
        })
    }

    /// Its head, a label and the words for it each.
    pub fn head(&self) -> Vec<(&'static str, String)> {
        let given = |given: &Option<String>, flag| given.clone().unwrap_or_else(|| format!("not given ({flag})"));
        let head = &self.head;
        let mut lines = vec![
            ("date", format!("{}, by workos-preflight {}", utc(head.started_at), env!("CARGO_PKG_VERSION"))),
            ("requester", given(&self.request.requester, "--requester")),
            ("ticket", given(&self.request.ticket, "--ticket")),
            ("written on", format!("{}, {}", head.machine(), head.way())),
            ("settings file", head.file()),
            ("follows from", format!("{} strategy, facts of {}", head.strategy.as_str(), head.facts_as_of)),
        ];
        lines.extend(self.changed().map(|changed| ("changes", changed)));
        lines.extend(self.aged.map(|days| ("caution", too_old(days))));
        lines
    }
}

/// What is said of facts that are too old.
pub fn too_old(days: u64) -> String {
    format!(
        "the facts are {days} days old: addresses and ranges may have changed since; --facts FILE takes newer ones in"
    )
}

fn without_secrets(mut flow: Flow) -> Flow {
    for party in [&mut flow.source, &mut flow.destination] {
        party.who = hidden(&party.who);
        party.hosts.iter_mut().for_each(|host| *host = hidden(host));
    }
    flow.reason = hidden(&flow.reason);
    flow.since = hidden(&flow.since);
    flow
}

/// `TCP 443`, `UDP and TCP 53`
pub fn port(flow: &Flow) -> String {
    format!("{} {}", all_of(flow.protocols.iter().map(|protocol| protocol.as_str().to_uppercase())), flow.port)
}

/// Where an object is: `api.workos.com; addresses within cloudflare`, `173.245.48.0/20 …`; nothing where that is not said.
pub fn place(object: &Object) -> String {
    let within = object.within.iter().map(|within| format!("addresses within {within}"));
    let places = [object.hosts.join(" "), addresses(&object.ranges)].into_iter().chain(within);
    places.filter(|place| !place.is_empty()).collect::<Vec<_>>().join("; ")
}

/// Ranges with spaces between them. A single address is written without its length.
pub fn addresses(ranges: &[IpNet]) -> String {
    let is_single = |range: &IpNet| range.prefix_len() == range.max_prefix_len();
    let shown = |range: &IpNet| if is_single(range) { range.addr().to_string() } else { range.to_string() };
    ranges.iter().map(shown).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::firewall::flows;
    use crate::reporters::fixture;
    use crate::settings::{GivenSecrets, Settings};

    #[test]
    fn whatever_was_given_for_a_fact_a_name_or_a_ticket_no_secret_is_in_a_sheet() {
        let key = "sk_live_abcdefghijklmnopqrstuvwx";
        let settings = Settings::merge(&[], GivenSecrets::default(), Vec::new()).unwrap();
        let mut flow = flows(&Facts::embedded(), &settings, &[]).remove(0);
        flow.source.who = key.to_owned();
        flow.destination.hosts = vec![key.to_owned()];
        flow.reason = key.to_owned();
        flow.since = key.to_owned();
        let request = Request { requester: Some(key.to_owned()), ticket: Some(key.to_owned()) };

        let sheet = Sheet::new(request, Head { facts_as_of: key.to_owned(), ..fixture::head() }, vec![flow]);

        let shown = format!("{:?} {:?} {:?}", sheet.head(), sheet.flows, sheet.objects);
        assert!(!shown.contains(key), "{shown}");
        assert_eq!(shown.matches("sk_live_…uvwx").count(), 9, "{shown}");
    }

    #[test]
    fn a_head_is_dated_and_leaves_what_was_not_given_to_be_filled_in() {
        let head = |requester: Option<&str>| {
            let request = Request { requester: requester.map(str::to_owned), ticket: None };
            Sheet::new(request, fixture::head(), Vec::new()).head()
        };

        assert!(head(None)[0].1.starts_with("2026-11-23T18:00:00Z, by workos-preflight "));
        assert_eq!(head(Some(" "))[1], ("requester", "not given (--requester)".to_owned()));
        assert_eq!(head(Some("Ada Example "))[1].1, "Ada Example");
    }
}

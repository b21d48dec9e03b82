//! What is written for iptables and ip6tables, loaded by their own tools: it lets exactly the flows pass, also when it is loaded twice,
//! and what takes it away leaves nothing.

use std::net::IpAddr;

use ipnet::IpNet;
use workos_preflight::facts::Facts;
use workos_preflight::firewall::addresses::{Family, networks, number};
use workos_preflight::firewall::dialects::{Generated, Request, dialect};
use workos_preflight::firewall::ranges::Ranges;
use workos_preflight::firewall::rules::Rules;
use workos_preflight::firewall::{Direction, Flow, Need, Party, Protocol};

use crate::agree::{boundaries, disagreements_that_stay, kernel};
use crate::iptables::{TOOLS, Tools, empty, exported, read};
use crate::net::{Net, ran};
use crate::trial::{End, Question};

pub(crate) fn all() -> Vec<Question> {
    let of = |tools: Tools, log: bool| Question {
        title: format!(
            "what is written for {}{} lets exactly the flows pass",
            tools.name,
            if log { " with a log" } else { "" }
        ),
        needs: tools.needs,
        ask: Box::new(move |net| written(net, tools, log).map_err(End::Wrong)),
    };
    TOOLS.into_iter().flat_map(|tools| [of(tools, false), of(tools, true)]).collect()
}

/// `WorkOS` and Cloudflare in, Cloudflare out.
fn flows() -> Vec<Flow> {
    let facts = Facts::embedded();
    let party = |object: &str, ranges: Vec<IpNet>| Party {
        object: object.to_owned(),
        who: object.to_owned(),
        ranges,
        ..Party::default()
    };
    let flow = |id: &str, direction: Direction, peer: Party| {
        let own = party("server", Vec::new());
        let (source, destination) = if direction == Direction::Egress { (own, peer) } else { (peer, own) };
        Flow {
            id: id.to_owned(),
            direction,
            source,
            destination,
            protocols: &[Protocol::Tcp],
            port: 443,
            need: Need::Required,
            reason: "a trial \"of\" `words`".to_owned(),
            since: "now".to_owned(),
        }
    };
    let cloudflare = || facts.cloudflare.ipv4.iter().chain(&facts.cloudflare.ipv6).copied().collect::<Vec<_>>();
    let workos = facts.workos_sources.published.addresses.iter().copied().map(IpNet::from).collect();
    vec![
        flow("egress-api", Direction::Egress, party("cloudflare", cloudflare())),
        flow("ingress-workos", Direction::Ingress, party("workos", workos)),
        // One network of IPv6 comes in, so that both families have something that does and something that does not.
        flow("ingress-edge", Direction::Ingress, party("edge", cloudflare().into_iter().skip(17).take(2).collect())),
    ]
}

fn written(net: &Net, tools: Tools, log: bool) -> Result<(), String> {
    let flows = flows();
    let writes = dialect(tools.name).and_then(|dialect| dialect.writes).ok_or("it is not written")?;
    let Generated { rules, default_deny, rollback, .. } =
        writes(&Request { flows: flows.clone(), as_of: "2026-11-23".to_owned(), log });
    let deny = default_deny.ok_or("nothing denies the rest")?;

    empty(tools)?;
    for part in [&rules, &deny] {
        ran(tools.restore, &["--noflush", "--test"], part)?;
        ran(tools.restore, &["--noflush"], part)?;
    }
    let once = exported(tools)?;
    holds(net, tools, &flows, &read(&once)?)?;

    for part in [&rules, &deny] {
        ran(tools.restore, &["--noflush"], part)?;
    }
    holds(net, tools, &flows, &read(&exported(tools)?)?)?;

    let undo = rollback.ok_or("nothing takes it away")?;
    let own = tools.restore.trim_end_matches("-restore");
    ran("sh", &["-s"], &undo.replace(&format!("{} -", tools.name), &format!("{own} -")))?;
    let left = exported(tools)?.concat();
    if left.contains("WORKOS") { Err(format!("this is left:\n{left}")) } else { Ok(()) }
}

/// That the flows pass and nothing beside them does, by what is read and by the kernel.
fn holds(net: &Net, tools: Tools, flows: &[Flow], rules: &Rules) -> Result<(), String> {
    let of =
        |direction: Direction| -> Ranges {
            let mine = flows.iter().filter(|flow| flow.direction == direction);
            let peers = mine.flat_map(|flow| {
                if direction == Direction::Egress { &flow.destination.ranges } else { &flow.source.ranges }
            });
            networks(peers).and(&tools.family.all())
        };
    let (into, out) = (of(Direction::Ingress), of(Direction::Egress));
    let peers: Vec<IpAddr> = boundaries(rules, tools.family, &into.or(&out));
    let answers = kernel(net, tools.family, &peers)?;
    let wrongly = disagreements_that_stay(net, rules, &answers, false);
    if !wrongly.is_empty() {
        return Err(wrongly.join("\n"));
    }
    let wrong = answers.wrong(|direction, port, peer| {
        let wanted = if direction == Direction::Egress { &out } else { &into };
        port == 443 && wanted.contains(number(peer))
    });
    let some_of = |family: Family| !into.and(&family.all()).is_empty();
    if !some_of(tools.family) {
        return Err("nothing is to come in, which is no test".to_owned());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

//! Definitions for aerleon (and its ancestors), which writes the languages of many more firewalls from them: networks and services by
//! name, as its policies refer to them.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Dialect, Generated, Request};
use crate::firewall::{Direction, Flow, Object, objects};

pub(super) static DIALECT: Dialect = Dialect {
    name: "aerleon",
    title: "definitions of networks and services for aerleon",
    reads: None,
    writes: Some(write),
};

fn write(request: &Request) -> Generated {
    let mut text = format!(
        "# What an application that uses WorkOS needs, as definitions for aerleon. Facts of {}.\n# Put it beside your own, as def/workos.yaml.\n",
        plain(&request.as_of)
    );
    let mut remarks = Vec::new();
    let (known, unknown): (Vec<Object>, Vec<Object>) = objects(&request.flows).into_iter().partition(|object| {
        !object.ranges.is_empty() || object.within.is_some() || object.hosts.iter().any(|host| !host.contains('*'))
    });
    let own_end = |object: &Object| request.flows.iter().all(|flow| is_own(flow, object) || !speaks_of(flow, object));
    if !known.is_empty() {
        text.push_str("networks:\n");
    }
    for object in &known {
        let _ = writeln!(text, "  # {}: {}", plain(&object.who), flows_of(&request.flows, object));
        let _ = writeln!(text, "  {}:\n    values:", token(&object.name));
        for value in values(object) {
            let _ = writeln!(text, "      - {value}");
        }
    }
    for object in &unknown {
        let what = if own_end(object) {
            "define it yourself, with your own addresses"
        } else {
            "nobody publishes its addresses"
        };
        let hosts = if object.hosts.is_empty() { String::new() } else { format!(" ({})", object.hosts.join(" ")) };
        let _ = writeln!(text, "  # {}: {}{}; {what}", token(&object.name), plain(&object.who), plain(&hosts));
        remarks.push(format!("{}{hosts} is not defined: {what}", token(&object.name)));
    }
    let services = services(&request.flows);
    if !services.is_empty() {
        text.push_str("services:\n");
    }
    for (name, protocols) in services {
        let _ = writeln!(text, "  {name}:");
        for (protocol, port) in protocols {
            let _ = writeln!(text, "    - {{protocol: {protocol}, port: {port}}}");
        }
    }
    text.push_str("# Terms of a policy that use them:\n");
    for flow in &request.flows {
        let _ = writeln!(
            text,
            "#   {} ({}): source-address: {}, destination-address: {}, destination-port: {}, protocol: {}",
            plain(&flow.id),
            flow.direction.as_str(),
            token(&flow.source.object),
            token(&flow.destination.object),
            service(flow),
            protocols(flow).join(" "),
        );
    }
    Generated { rules: text, comment: Some("#"), remarks, ..Generated::default() }
}

fn values(object: &Object) -> Vec<String> {
    if let Some(within) = &object.within {
        return vec![format!("name: {}", token(within))];
    }
    if object.ranges.is_empty() {
        let names = object.hosts.iter().filter(|host| !host.contains('*'));
        return names.map(|host| format!("fqdn: {}", quoted(host))).collect();
    }
    object.ranges.iter().map(|range| format!("address: \"{range}\"")).collect()
}

fn is_own(flow: &Flow, object: &Object) -> bool {
    let own = if flow.direction == Direction::Egress { &flow.source } else { &flow.destination };
    own.object == object.name
}

fn speaks_of(flow: &Flow, object: &Object) -> bool {
    let within =
        |name: &str| [&flow.source, &flow.destination].iter().any(|it| it.within.is_some_and(|it| it.object == name));
    [&flow.source.object, &flow.destination.object].contains(&&object.name) || within(&object.name)
}

fn flows_of(flows: &[Flow], object: &Object) -> String {
    let ids: Vec<String> = flows.iter().filter(|flow| speaks_of(flow, object)).map(|flow| plain(&flow.id)).collect();
    ids.join(", ")
}

/// By the flows' ports: no name that somebody already has for another thing.
fn services(flows: &[Flow]) -> BTreeMap<String, Vec<(&'static str, u16)>> {
    flows.iter().map(|flow| (service(flow), protocols(flow).into_iter().map(|it| (it, flow.port)).collect())).collect()
}

fn service(flow: &Flow) -> String {
    token(&format!("{}_{}", protocols(flow).join("_"), flow.port))
}

fn protocols(flow: &Flow) -> Vec<&'static str> {
    flow.protocols.iter().map(|protocol| protocol.as_str()).collect()
}

/// A name as aerleon has them, told apart from others' by what it begins with: two of one name are an error there.
fn token(name: &str) -> String {
    let upper: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    if upper.starts_with("WORKOS_") { upper } else { format!("WORKOS_{upper}") }
}

/// A string that YAML takes as it is.
fn quoted(text: &str) -> String {
    serde_json::Value::from(plain(text)).to_string()
}

/// On one line, whatever it is.
fn plain(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() || matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}') { ' ' } else { c })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::firewall::addresses;
    use crate::firewall::fixture;

    #[derive(Deserialize)]
    struct Definitions {
        networks: BTreeMap<String, Network>,
        services: BTreeMap<String, Vec<Service>>,
    }

    #[derive(Deserialize)]
    struct Network {
        values: Vec<BTreeMap<String, String>>,
    }

    #[derive(Deserialize, PartialEq, Debug)]
    struct Service {
        protocol: String,
        port: u16,
    }

    fn generated(flows: Vec<Flow>) -> Generated {
        write(&Request { flows, as_of: "2026-02-11".to_owned(), log: false })
    }

    #[test]
    fn definitions_hold_each_object_once_with_its_addresses() {
        let flows = fixture::flows();
        let written = generated(flows.clone());
        let read: Definitions = serde_saphyr::from_str(&written.rules).unwrap();

        for object in objects(&flows).iter().filter(|object| !object.ranges.is_empty()) {
            let values = &read.networks[&token(&object.name)].values;
            let nets: Vec<ipnet::IpNet> = values.iter().map(|value| value["address"].parse().unwrap()).collect();
            assert_eq!(addresses::networks(&nets), addresses::networks(&object.ranges), "{}", object.name);
        }
        assert_eq!(read.networks["WORKOS_API"].values[0]["name"], "WORKOS_CLOUDFLARE");
        let dns = &read.services["WORKOS_UDP_TCP_53"];
        assert_eq!((dns[0].protocol.as_str(), dns[1].protocol.as_str(), dns[1].port), ("udp", "tcp", 53));
        assert!(written.remarks.iter().any(|remark| remark.starts_with("WORKOS_SERVER is not defined")));
    }

    #[test]
    fn a_host_without_addresses_is_defined_by_its_name_and_a_pattern_is_not() {
        let mut flows = fixture::flows();
        flows.truncate(2);
        flows[1].destination.within = None;
        flows[1].destination.ranges.clear();
        flows[1].destination.hosts = vec!["api.workos.com".to_owned(), "*.authkit.app".to_owned()];
        let read: Definitions = serde_saphyr::from_str(&generated(flows).rules).unwrap();
        let values = &read.networks["WORKOS_API"].values;

        assert_eq!((values.len(), values[0]["fqdn"].as_str()), (1, "api.workos.com"));
    }
}

//! A table of flows as JSON: objects with the keys that a table's columns have, and objects that explain their names.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value};

use super::table::{self, Cell, Column, Object, Row, Table};
use super::{Dialect, Generated, Input, Reads, Request, Scope, Unread};
use crate::firewall::rules::{File, Place, Rules};
use crate::firewall::{self, objects};

pub(super) static DIALECT: Dialect = Dialect {
    name: NAME,
    title: "a table of flows, as JSON",
    reads: Some(Reads {
        export: "workos-preflight requirements --format json, or an array of objects: direction, source, destination, protocol, port, action",
        recognises: |text| parsed(text).is_ok_and(|value| flows(&value).is_some_and(are_flows)),
        read,
    }),
    writes: Some(write),
};

const NAME: &str = "json";

fn parsed(text: &str) -> Result<Value, serde_json::Error> {
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
}

/// The rows: an array, or one under a name that such an array has.
fn flows(value: &Value) -> Option<&[Value]> {
    let array = match value {
        Value::Array(array) => array,
        Value::Object(all) => ["flows", "rules"].iter().find_map(|key| all.get(*key)?.as_array())?,
        _ => return None,
    };
    Some(array)
}

/// Whether their keys are those of a table of flows. Few are looked at: they are alike.
fn are_flows(rows: &[Value]) -> bool {
    !rows.is_empty()
        && rows.iter().take(20).all(|row| {
            let Some(row) = row.as_object() else { return false };
            let kinds: Vec<Column> = cells(row).iter().map(|cell| cell.column).collect();
            let others = kinds.iter().filter(|column| **column == Column::Other).count();
            // A direction and an end have the rules of clouds too.
            let says_more = kinds.iter().any(|kind| matches!(kind, Column::Port | Column::LastPort | Column::Action));
            table::is_of_flows(&kinds) && says_more && others * 2 <= kinds.len()
        })
}

fn read(inputs: &[Input], _: &Scope) -> Result<Rules, Unread> {
    let mut rules = Rules::default();
    for (file, input) in inputs.iter().enumerate() {
        let file = u16::try_from(file).unwrap_or(u16::MAX);
        rules.files.push(File { name: input.name.clone(), dialect: NAME });
        let unread = |line, why: String| Unread { file: input.name.clone(), line, why };
        let value = parsed(&input.text).map_err(|error| unread(Some(error.line()), format!("is no JSON: {error}")))?;
        let Some(rows) = flows(&value).filter(|rows| !rows.is_empty()) else {
            let why =
                "holds no flows: an array of objects with direction, source, destination, protocol, port and action";
            return Err(unread(None, why.to_owned()));
        };
        let mut table = Table { objects: explained(&value), ..Table::default() };
        for (nth, row) in rows.iter().enumerate() {
            table.rows.push(row_of(row, file, nth + 1));
        }
        let all = table.rows.iter().flat_map(|row| &row.cells).map(|cell| cell.column);
        for column in all {
            if !table.columns.contains(&column) {
                table.columns.push(column);
            }
        }
        // Cells without a value say nothing; that they are there says that the table has such a column.
        for row in &mut table.rows {
            row.cells.retain(|cell| !cell.values.is_empty());
        }
        if !table::is_of_flows(&table.columns) {
            let why = "holds objects, but no flows: they need a source or a destination, and a direction, protocol, port or action";
            return Err(unread(None, why.to_owned()));
        }
        table::add(&table, &format!("table {}", input.name), &mut rules);
    }
    Ok(rules)
}

fn row_of(row: &Value, file: u16, nth: usize) -> Row {
    let quoted = row.to_string();
    let Some(keys) = row.as_object() else {
        let place = Place::new(file, 0, format!("flow {nth}"), &quoted);
        let cell = Cell { column: Column::Other, name: "no object".to_owned(), values: vec!["not a flow".to_owned()] };
        return Row { place, cells: vec![cell] };
    };
    let cells = cells(keys);
    let name = cells.iter().find(|cell| cell.column == Column::Name).map(|cell| cell.values.join(" "));
    let name = name
        .filter(|name| !name.is_empty())
        .map_or(format!("flow {nth}"), |name| format!("flow {nth} ({})", cut(&name)));
    Row { place: Place::new(file, 0, name, &quoted), cells }
}

/// The cells of a row: its keys, and those of objects in it (`source.addresses`).
fn cells(row: &Map<String, Value>) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (key, value) in row {
        match value {
            Value::Object(inner) => {
                cells.extend(inner.iter().map(|(inner, value)| cell(&format!("{key}_{inner}"), value)));
            }
            value => cells.push(cell(key, value)),
        }
    }
    cells
}

fn cell(name: &str, value: &Value) -> Cell {
    let column = Column::called(name);
    let mut values = Vec::new();
    take(value, &mut values);
    Cell { column, name: name.to_owned(), values }
}

fn take(value: &Value, values: &mut Vec<String>) {
    match value {
        Value::Null => {}
        Value::String(text) => values.extend(table::values(text)),
        Value::Array(array) => {
            for value in array {
                match value {
                    Value::Array(_) | Value::Object(_) => values.push(cut(&value.to_string())),
                    value => take(value, values),
                }
            }
        }
        Value::Object(_) => values.push(cut(&value.to_string())),
        other => values.push(other.to_string()),
    }
}

/// What names stand for. Those whose addresses lie within another's stand for that one's.
fn explained(value: &Value) -> HashMap<String, Object> {
    let Some(all) = value.get("objects").and_then(Value::as_array) else { return HashMap::new() };
    let name = |object: &Value, key: &str| object.get(key).and_then(Value::as_str).map(str::to_owned);
    let list = |object: &Value, keys: &[&str]| {
        let mut values = Vec::new();
        keys.iter().filter_map(|key| object.get(*key)).for_each(|value| take(value, &mut values));
        values
    };
    let ranges: HashMap<String, Vec<String>> =
        all.iter().filter_map(|object| Some((name(object, "name")?, list(object, &["ranges", "addresses"])))).collect();
    all.iter()
        .filter_map(|object| {
            let own = name(object, "name")?;
            let within = name(object, "within").and_then(|within| ranges.get(&within).cloned()).unwrap_or_default();
            let own_ranges = ranges.get(&own).cloned().unwrap_or_default();
            let hosts = list(object, &["hosts"]);
            let values = [own_ranges, within, hosts].into_iter().find(|values| !values.is_empty()).unwrap_or_default();
            Some((own, Object { values }))
        })
        .collect()
}

fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}

#[derive(Serialize)]
struct Written<'a> {
    facts_as_of: &'a str,
    flows: Vec<Flow<'a>>,
    objects: Vec<Named>,
}

#[derive(Serialize)]
struct Flow<'a> {
    id: &'a str,
    direction: &'a str,
    need: &'a str,
    source: &'a str,
    destination: &'a str,
    protocols: Vec<&'a str>,
    port: u16,
    action: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct Named {
    name: String,
    who: String,
    hosts: Vec<String>,
    ranges: Vec<String>,
    within: Option<String>,
}

fn write(request: &Request) -> Generated {
    let flow = |flow: &'_ firewall::Flow| table::remark(flow);
    let remarks = request.flows.iter().filter_map(flow).collect();
    let written = Written {
        facts_as_of: &request.as_of,
        flows: request
            .flows
            .iter()
            .map(|flow| Flow {
                id: &flow.id,
                direction: flow.direction.as_str(),
                need: flow.need.as_str(),
                source: &flow.source.object,
                destination: &flow.destination.object,
                protocols: flow.protocols.iter().map(|protocol| protocol.as_str()).collect(),
                port: flow.port,
                action: "allow",
                reason: &flow.reason,
            })
            .collect(),
        objects: objects(&request.flows)
            .into_iter()
            .map(|object| Named {
                name: object.name,
                who: object.who,
                hosts: object.hosts,
                ranges: object.ranges.iter().map(ToString::to_string).collect(),
                within: object.within,
            })
            .collect(),
    };
    let mut rules = serde_json::to_string_pretty(&written).unwrap_or_default();
    rules.push('\n');
    Generated { rules, remarks, ..Generated::default() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::round_trip::{assert_exactly, passes};
    use super::*;
    use crate::firewall::fixture;
    use crate::firewall::rules::{NoteKind, Way};

    fn input(text: &str) -> Input {
        Input { name: "flows.json".to_owned(), text: text.to_owned() }
    }

    fn rules(text: &str) -> Rules {
        read(&[input(text)], &Scope::default()).unwrap_or_else(|unread| panic!("{}: {text}", unread.why))
    }

    fn kinds(rules: &Rules) -> Vec<NoteKind> {
        rules.notes.iter().map(|note| note.kind).filter(|kind| *kind != NoteKind::Assumed).collect()
    }

    fn written() -> String {
        write(&Request { flows: fixture::flows(), as_of: "2026-02-11".to_owned(), log: false }).rules
    }

    fn recognised(text: &str) -> bool {
        DIALECT.reads.as_ref().is_some_and(|reads| (reads.recognises)(text))
    }

    #[test]
    fn what_is_written_reads_back_as_the_flows_and_nothing_else() {
        let text = written();
        let rules = rules(&text);

        assert!(recognised(&text) && kinds(&rules).is_empty(), "{:?}", rules.notes);
        assert_exactly(&rules, &fixture::flows());
    }

    #[test]
    fn flows_are_read_whatever_their_keys_are_called() {
        for text in [
            r#"[{"direction":"out","src":null,"dst":["1.2.3.4","10.0.0.0/8"],"proto":"tcp","port":443}]"#,
            r#"{"rules":[{"dir":"egress","source":{"object":"server","addresses":[]},
                "destination":{"object":"WorkOS","addresses":["1.2.3.4/32","10.0.0.0/8"]},"protocol":6,"dport":"443","action":"ALLOW"}]}"#,
        ] {
            let rules = rules(text);
            assert!(recognised(text), "{text}");
            assert_eq!(
                (passes(&rules, Way::Out, 6, 443, None).as_str(), kinds(&rules)),
                ("1.2.3.4, 10.0.0.0/8", vec![])
            );
            assert_eq!(passes(&rules, Way::In, 6, 443, None), "");
        }
    }

    #[test]
    fn a_name_that_nothing_explains_is_unsure() {
        let text = written().replace("\"name\": \"cloudflare\"", "\"name\": \"cloudfront\"");
        let rules = rules(&text);
        assert!(passes(&rules, Way::Out, 6, 443, Some("example.com")).is_empty(), "by its name alone");
        assert!(passes(&rules, Way::In, 6, 443, None).contains(" ? "));
        assert_eq!(kinds(&rules), [NoteKind::Undefined]);
    }

    #[test]
    fn other_json_is_no_table() {
        for text in [
            "[]",
            "{}",
            r#"{"rules":[]}"#,
            r#"[{"name":"x","direction":"INGRESS","sourceRanges":["0.0.0.0/0"],"allowed":[],"network":"n","targetTags":[],"priority":1,"kind":"k","selfLink":"s","logConfig":{"enable":false}}]"#,
            r#"{"SecurityGroups":[{"IpPermissions":[]}]}"#,
            r#"{"nftables":[{"chain":{}}]}"#,
            r#"["1.2.3.4"]"#,
        ] {
            assert!(!recognised(text), "{text}");
        }
        assert!(read(&[input("{")], &Scope::default()).unwrap_err().why.starts_with("is no JSON"));
    }

    proptest! {
        #[test]
        fn a_garbled_document_is_refused_noted_or_means_the_same(at in any::<prop::sample::Index>(), garble in "[q-z!?$%<>\"{}\\[\\],]{1,2}") {
            let text = written();
            let begin = text.find("\"flows\"").unwrap();
            let end = text.find("\"objects\"").unwrap();
            let at = begin + 8 + at.index(end - begin - 8);
            let garbled = format!("{}{garble}{}", &text[..at], &text[at..]);
            if let Ok(rules) = read(&[input(&garbled)], &Scope::default())
                && kinds(&rules).is_empty()
            {
                assert_exactly(&rules, &fixture::flows());
            }
        }

        #[test]
        fn whatever_stands_there_never_breaks(text in "(\"(source|port|direction|x)\"|[\\[\\]{}:,1a\"]){0,40}") {
            let _ = (recognised(&text), read(&[input(&text)], &Scope::default()).is_ok());
        }
    }
}

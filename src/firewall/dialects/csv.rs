//! A table of flows as comma-separated values, as firewall teams exchange it; semicolons and tabs separate as well.

use std::fmt::Write as _;

use ::csv::{ReaderBuilder, WriterBuilder};

use super::table::{self, Cell, Column, Row, Table};
use super::{Dialect, Generated, Input, Reads, Request, Scope, Unread};
use crate::firewall::Party;
use crate::firewall::rules::{File, NoteKind, Place, Rules};

pub(super) static DIALECT: Dialect = Dialect {
    name: NAME,
    title: "a table of flows, as CSV",
    reads: Some(Reads {
        export: "save the sheet as CSV, with a head: direction, source, destination, protocol, port, action",
        recognises: |text| head(text).is_some(),
        read,
    }),
    writes: Some(write),
};

const NAME: &str = "csv";

/// The head is looked for in so many lines: a title may stand above it.
const ABOVE: usize = 12;

/// Where the table begins: the delimiter, how many lines stand above the head, and its columns.
struct Head {
    delimiter: u8,
    above: usize,
    columns: Vec<(Column, String)>,
}

fn head(text: &str) -> Option<Head> {
    let text = text.trim_start_matches('\u{feff}');
    text.lines().take(ABOVE).enumerate().find_map(|(above, line)| {
        [b',', b';', b'\t', b'|'].into_iter().find_map(|delimiter| {
            let mut reader = ReaderBuilder::new().has_headers(false).delimiter(delimiter).from_reader(line.as_bytes());
            let record = reader.records().next()?.ok()?;
            let columns: Vec<(Column, String)> =
                record.iter().map(|name| (Column::called(name), name.trim().to_owned())).collect();
            let kinds: Vec<Column> = columns.iter().map(|(column, _)| *column).collect();
            let others = kinds.iter().filter(|column| **column == Column::Other).count();
            (table::is_of_flows(&kinds) && others * 2 <= kinds.len()).then_some(Head { delimiter, above, columns })
        })
    })
}

fn read(inputs: &[Input], _: &Scope) -> Result<Rules, Unread> {
    let mut rules = Rules::default();
    for (file, input) in inputs.iter().enumerate() {
        let file = u16::try_from(file).unwrap_or(u16::MAX);
        rules.files.push(File { name: input.name.clone(), dialect: NAME });
        let unread = |line, why: String| Unread { file: input.name.clone(), line, why };
        let Some(head) = head(&input.text) else {
            let why = "has no head that says which columns are source, destination, protocol, port and action";
            return Err(unread(None, why.to_owned()));
        };
        let table = rows(input, file, &head, &mut rules).map_err(|(line, why)| unread(line, why))?;
        table::add(&table, &format!("table {}", input.name), &mut rules);
    }
    Ok(rules)
}

/// Whether a program wrote that there is no such address or nothing more to demand. Of zones and actions it would say more.
fn is_nothing(column: Column, text: &str) -> bool {
    let says = ["null", "none", "nil", "n/a", "nan"].iter().any(|word| text.trim().eq_ignore_ascii_case(word));
    says && matches!(
        column,
        Column::Peer
            | Column::SourceAddresses
            | Column::DestinationAddresses
            | Column::SourceHosts
            | Column::DestinationHosts
            | Column::Other
    )
}

fn rows(input: &Input, file: u16, head: &Head, rules: &mut Rules) -> Result<Table, (Option<usize>, String)> {
    let mut table = Table { columns: head.columns.iter().map(|(column, _)| *column).collect(), ..Table::default() };
    let text = input.text.trim_start_matches('\u{feff}');
    let begin: usize = text.split_inclusive('\n').take(head.above).map(str::len).sum();
    let body = text.get(begin..).unwrap_or_default();
    let mut reader =
        ReaderBuilder::new().has_headers(true).flexible(true).delimiter(head.delimiter).from_reader(body.as_bytes());
    for record in reader.records() {
        let record = record.map_err(|error| {
            let line = error.position().and_then(|it| usize::try_from(it.line()).ok()).map(|line| line + head.above);
            (line, format!("is no table: {error}"))
        })?;
        let line = record.position().and_then(|it| usize::try_from(it.line()).ok()).unwrap_or_default() + head.above;
        let shown = record.iter().collect::<Vec<_>>().join(" | ");
        let mut place = Place::new(file, line, format!("row {line}"), &shown);
        let beyond = record.iter().skip(head.columns.len()).any(|cell| !cell.trim().is_empty());
        let is_comment = record.get(0).is_some_and(|first| first.trim_start().starts_with('#'))
            && record.iter().skip(1).all(|cell| cell.trim().is_empty());
        if is_comment {
            continue;
        }
        let mut cells: Vec<Cell> = Vec::new();
        for ((column, name), text) in head.columns.iter().zip(record.iter()) {
            let values = if is_nothing(*column, text) { Vec::new() } else { table::values(text) };
            if *column == Column::Name && !values.is_empty() {
                place.name = format!("{} ({})", place.name, cut(text.trim())).into();
            }
            // A delimiter within a line break is a row that a quotation mark has swallowed.
            if text.contains('\n') && text.contains(char::from(head.delimiter)) && *column != Column::Words {
                rules.note(NoteKind::NotUnderstood, &place, "a cell goes on over rows: a quotation mark is missing");
            }
            if !values.is_empty() {
                cells.push(Cell { column: *column, name: name.clone(), values });
            }
        }
        if beyond {
            let values = vec!["more cells than columns".to_owned()];
            cells.push(Cell { column: Column::Other, name: "behind the last".to_owned(), values });
        }
        table.rows.push(Row { place, cells });
    }
    if table.rows.is_empty() {
        return Err((None, "has a head and no rows".to_owned()));
    }
    Ok(table)
}

fn cut(text: &str) -> String {
    text.chars().take(60).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

const COLUMNS: [&str; 14] = [
    "flow",
    "direction",
    "need",
    "source",
    "source_hosts",
    "source_addresses",
    "destination",
    "destination_hosts",
    "destination_addresses",
    "protocols",
    "port",
    "action",
    "reason",
    "facts_as_of",
];

fn write(request: &Request) -> Generated {
    let mut table = WriterBuilder::new().from_writer(Vec::new());
    // Writing into memory ends in no error.
    let mut row = |cells: [String; COLUMNS.len()]| table.write_record(cells.map(|words| cell(&words))).is_ok();
    row(COLUMNS.map(str::to_owned));
    let mut remarks = Vec::new();
    for flow in &request.flows {
        let place = |party: &Party| {
            let addresses: Vec<String> = party.ranges.iter().map(ToString::to_string).collect();
            [party.object.clone(), party.hosts.join(" "), addresses.join(" ")]
        };
        let [source, source_hosts, source_addresses] = place(&flow.source);
        let [destination, destination_hosts, destination_addresses] = place(&flow.destination);
        let protocols: Vec<&str> = flow.protocols.iter().map(|protocol| protocol.as_str()).collect();
        remarks.extend(super::table::remark(flow));
        row([
            flow.id.clone(),
            flow.direction.as_str().to_owned(),
            flow.need.as_str().to_owned(),
            source,
            source_hosts,
            source_addresses,
            destination,
            destination_hosts,
            destination_addresses,
            protocols.join(" "),
            flow.port.to_string(),
            "allow".to_owned(),
            flow.reason.clone(),
            request.as_of.clone(),
        ]);
    }
    let rules = table.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default();
    Generated { rules, remarks, ..Generated::default() }
}

/// The words as a spreadsheet shows them, and never calculates: what begins a formula does not begin a cell, nor a part of it
/// behind a semicolon, which some spreadsheets take for the end of one.
fn cell(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    let mut begins = true;
    for c in words.chars() {
        let c = if c.is_control() { ' ' } else { c };
        if begins && matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠') {
            text.push('\'');
        }
        begins = c == ';' || (begins && c.is_whitespace());
        let _ = text.write_char(c);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::round_trip::{assert_exactly, passes};
    use super::*;
    use crate::firewall::fixture;
    use crate::firewall::rules::Way;

    fn input(text: &str) -> Input {
        Input { name: "flows.csv".to_owned(), text: text.to_owned() }
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

    #[test]
    fn what_is_written_reads_back_as_the_flows_and_nothing_else() {
        let text = written();
        let rules = rules(&text);

        assert!(head(&text).is_some() && kinds(&rules).is_empty(), "{:?}", rules.notes);
        assert!(!text.contains('\r'), "a line ends as everything else that is written does");
        assert_exactly(&rules, &fixture::flows());
    }

    #[test]
    fn a_table_is_read_whatever_its_columns_are_called_and_whatever_separates_them() {
        let out = |text: &str| {
            assert!(head(text).is_some(), "{text}");
            let rules = rules(text);
            let kinds = kinds(&rules);
            (passes(&rules, Way::Out, 6, 443, None), passes(&rules, Way::In, 6, 443, None), kinds)
        };
        for text in [
            "Direction,Source,Destination,Protocol,Port,Action\nout,any,1.2.3.0/24,tcp,443,allow\nin,9.9.9.9,any,tcp,443,permit\n",
            "dir;src ip;dst ip;service\r\nEgress;any;1.2.3.0-1.2.3.255;TCP/443\r\nIngress;9.9.9.9;any;https\r\n",
            "Requested flows\n\nSource IP\tDst Address\tDirection\tProto\tDest. Port\n\t\"1.2.3.0/25, 1.2.3.128/25\"\toutbound\ttcp/udp\t80, 443\n9.9.9.9\t\tinbound\tTCP\tHTTPS\n",
            "direction,cidr,ports\negress,1.2.3.0/255.255.255.0,400-500\ningress,9.9.9.9/32,tcp 443\n",
        ] {
            assert_eq!(out(text), ("1.2.3.0/24".to_owned(), "9.9.9.9".to_owned(), vec![]), "{text}");
        }
    }

    #[test]
    fn from_port_and_to_port_are_a_range_where_only_one_end_is_said() {
        let cloud = "direction,ip_protocol,from_port,to_port,cidr_ipv4,cidr_ipv6,description\n\
                     egress,tcp,443,443,1.2.3.0/24,null,x\negress,tcp,8000,8100,9.9.9.9/32,null,x\n\
                     egress,-1,-1,-1,7.7.7.7/32,null,x\ningress,tcp,443,443,null,2606:4700::/32,x\n";
        let rules = rules(cloud);
        assert_eq!(kinds(&rules), []);
        assert_eq!(passes(&rules, Way::Out, 6, 443, None), "1.2.3.0/24, 7.7.7.7");
        assert_eq!(passes(&rules, Way::Out, 6, 8050, None), "7.7.7.7, 9.9.9.9");
        assert_eq!(passes(&rules, Way::In, 6, 443, None), "2606:4700::/32");
        let both = |row: &str| {
            let rules = super::tests::rules(&format!("direction,from,from port,to,to port,protocol\n{row}\n"));
            (passes(&rules, Way::Out, 6, 443, None), kinds(&rules).len())
        };
        assert_eq!(both("out,any,any,1.2.3.4,443,tcp"), ("1.2.3.4".to_owned(), 0));
        assert_eq!(both("out,any,443,1.2.3.4,443,tcp"), (" ? 1.2.3.4".to_owned(), 1));
        let half = "direction,protocol,from_port,to_port,cidr\nout,tcp,443,,1.2.3.4\nout,tcp,,,5.6.7.8\nout,tcp,443,80,9.9.9.9\n";
        assert_eq!(passes(&super::tests::rules(half), Way::Out, 6, 443, None), " ? 1.2.3.4, 5.6.7.8, 9.9.9.9");
    }

    #[test]
    fn with_actions_the_first_row_that_fits_decides() {
        let text = "direction,source,destination,protocol,port,action,enabled\n\
                    out,any,1.2.3.4,any,any,deny,yes\n\
                    out,any,1.2.3.0/24,tcp,443,allow,yes\n\
                    out,any,10.0.0.0/8,tcp,443,allow,no\n";
        let rules = rules(text);

        assert_eq!(passes(&rules, Way::Out, 6, 443, None), "1.2.3.0/30, 1.2.3.5-1.2.3.255");
        assert_eq!(kinds(&rules), [NoteKind::Idle]);
    }

    #[test]
    fn what_is_not_understood_leaves_its_row_unsure() {
        let with = |row: &str| {
            let text = format!(
                "direction,source,destination,protocol,port,action,user\n{row}\nout,any,9.9.9.9,tcp,443,allow,\n"
            );
            let rules = rules(&text);
            (
                passes(&rules, Way::Out, 6, 443, None),
                kinds(&rules).into_iter().collect::<std::collections::BTreeSet<_>>(),
            )
        };
        for (row, passes, kind) in [
            ("out,any,1.2.3.4,tcp,443,perhaps,", "9.9.9.9 ? 1.2.3.4", NoteKind::NotUnderstood),
            ("out,any,1.2.3.4,tcp,443,,", "9.9.9.9 ? 1.2.3.4", NoteKind::NotUnderstood),
            ("out,any,1.2.3.4,tcp,web-stuff,allow,", "9.9.9.9 ? 1.2.3.4", NoteKind::NotUnderstood),
            ("out,any,1.2.3.4,tpc,443,allow,", "9.9.9.9 ? 1.2.3.4", NoteKind::NotUnderstood),
            ("out,any,1.2.3.4,tcp,,allow,", "9.9.9.9 ? 1.2.3.4", NoteKind::NotUnderstood),
            ("sideways,any,1.2.3.4,tcp,443,allow,", "9.9.9.9 ? 1.2.3.4", NoteKind::NotUnderstood),
            ("out,any,1.2.3.4,tcp,443,allow,dmz", "9.9.9.9 ? 1.2.3.4", NoteKind::NotUnderstood),
            ("out,any,1.2.3.4,tcp,443,allow,,surplus", "9.9.9.9 ? 1.2.3.4", NoteKind::NotUnderstood),
            ("out,any,1.2.3.4,tcp,udp/443,allow,", "9.9.9.9 ? 1.2.3.4", NoteKind::NotUnderstood),
            ("out,any,104.16.0/13,tcp,443,allow,", "9.9.9.9", NoteKind::Malformed),
        ] {
            assert_eq!(with(row), (passes.to_owned(), [kind].into()), "{row}");
        }
        let (unsure, kinds) = with("out,any,1.2.3.4 WorkOS,tcp,443,allow,");
        assert!(unsure.starts_with("1.2.3.4, 9.9.9.9 ? 0.0.0.0-"), "{unsure}");
        assert_eq!(kinds, [NoteKind::Undefined].into());
        assert!(with("out,any,!1.2.3.4,tcp,443,allow,").0.starts_with(" ? any"));
        assert!(with("out,any,104.16.0/13,tcp,443,deny,").0.starts_with(" ? 9.9.9.9"), "who knows what it denies");
    }

    #[test]
    fn a_row_of_which_nobody_says_whether_it_is_on_is_unsure() {
        let text = |state: &str| format!("direction,destination,protocol,port,status\nout,1.2.3.4,tcp,443,{state}\n");
        let passes = |state: &str| passes(&rules(&text(state)), Way::Out, 6, 443, None);
        assert_eq!(
            (passes("active"), passes(""), passes("disabled")),
            ("1.2.3.4".into(), "1.2.3.4".into(), String::new())
        );
        assert_eq!(passes("requested"), " ? 1.2.3.4");
    }

    #[test]
    fn a_flow_from_anywhere_is_read_as_that_and_remarked_all_the_same() {
        let mut flows = fixture::flows();
        flows.truncate(3);
        flows[2].source.ranges.clear();
        flows[2].source.object = "anywhere".to_owned();
        let written = write(&Request { flows, as_of: "2026-02-11".to_owned(), log: false });
        let rules = rules(&written.rules);
        assert_eq!((passes(&rules, Way::In, 6, 443, None).as_str(), kinds(&rules)), ("any address", vec![]));
        assert!(
            written.remarks[0].starts_with("ingress-workos: nothing says where anywhere is"),
            "{:?}",
            written.remarks
        );
    }

    #[test]
    fn zones_are_asked_for_as_such() {
        let text = "Rule #,Source Zone,Source IP,Dest Zone,Destination IP,Service / Port,Action\n\
                    1,DMZ,any,Internet,1.2.3.4,TCP/443,Allow\n2,any,any,any,any,any,Deny\n";
        let rules = rules(text);
        assert!(kinds(&rules).is_empty(), "{:?}", rules.notes);
        assert_eq!(passes(&rules, Way::Out, 6, 443, None), " ? 1.2.3.4", "nobody said by which zones it goes");
        let when = &rules.chains[1].rules[0].when[0];
        assert!(when.from.matches("dmz") && !when.from.matches("lan") && when.to.matches("internet"));
    }

    #[test]
    fn a_table_that_names_an_end_by_its_zone_alone_means_all_of_that_zone() {
        let text = "Rule,Source Zone,Destination Zone,Destination,Port/Protocol,Action,Implementation Notes\n\
                    1,WAN,DMZ,192.168.10.10,\"TCP 80,443\",Allow,on the outer side\n2,,DMZ,192.168.10.11,TCP 22,Allow,\n";
        let rules = rules(text);
        let inward = &rules.chains[0].rules;
        assert!(inward[0].when[0].source.is_all() && inward[0].when[0].from.matches("wan"));
        assert!(!inward[0].when[0].from.matches("lan") && inward[0].when[0].port.contains(443_u16));
        assert_eq!(kinds(&rules), [NoteKind::NotUnderstood], "the second row has no source");
    }

    #[test]
    fn hosts_are_gone_to_by_name() {
        let rules = rules("direction,destination,protocol,port\nout,api.workos.com,tcp,443\n");
        assert_eq!(passes(&rules, Way::Out, 6, 443, Some("api.workos.com")), "any address");
        assert_eq!(passes(&rules, Way::Out, 6, 443, Some("example.com")), "");
    }

    #[test]
    fn other_texts_are_no_tables() {
        for text in [
            "",
            "1.2.3.4\n",
            "name,age\nx,1\n",
            "ip,owner\n1.2.3.4,x\n",
            "*filter\n:INPUT DROP [0:0]\n",
            "{\"source\":1,\"port\":2}",
        ] {
            assert!(head(text).is_none(), "{text}");
        }
    }

    #[test]
    fn nothing_that_begins_a_formula_begins_a_cell() {
        let mut flows = fixture::flows();
        flows[0].reason = "=1+1;@x\nend".to_owned();
        let text = write(&Request { flows, as_of: "2026-02-11".to_owned(), log: false }).rules;
        assert!(text.contains(",'=1+1;'@x end,"), "{text}");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn whatever_stands_there_never_breaks(text in "(\\PC{0,12}[,;\t\n\"]){0,20}", begin in prop::bool::ANY) {
            let head = if begin { "direction,source,destination,protocol,port,action\n" } else { "" };
            let text = format!("{head}{text}");
            let _ = (super::head(&text).is_some(), read(&[input(&text)], &Scope::default()));
        }

        #[test]
        fn a_garbled_row_is_never_passed_over(at in any::<prop::sample::Index>(), garble in "[q-z!?$%<>\"]{1,3}") {
            let text = "direction,source,destination,protocol,port,action\r\nout,any,1.2.3.0/24,tcp,443,allow\r\nin,9.9.9.9,any,tcp,443,allow\r\n";
            let begin = text.find('\n').unwrap() + 1;
            let at = begin + at.index(text.len() - begin);
            let garbled = format!("{}{garble}{}", &text[..at], &text[at..]);
            let rules = rules(&garbled);
            let before = passes(&super::tests::rules(text), Way::Out, 6, 443, None);
            let same = passes(&rules, Way::Out, 6, 443, None) == before
                && passes(&rules, Way::In, 6, 443, None) == "9.9.9.9";
            prop_assert!(!kinds(&rules).is_empty() || same, "{}", garbled);
        }
    }
}

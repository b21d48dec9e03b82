//! The sheet for a firewall request as a table for spreadsheets and the tools of firewall teams: comma-separated values, as RFC
//! 4180 has them. Every row stands by itself, so that whoever sorts, filters or cuts the table keeps what belongs to it.

use std::io::{self, Write};

use ::csv::{Terminator, WriterBuilder};

use super::{Documents, Encoding, Format};
use crate::documents::requirements::{Sheet, addresses};
use crate::documents::{Document, Kind};
use crate::firewall::Party;
use crate::said::{day, harmless};

/// For spreadsheets.
pub(super) static FORMAT: Format = Format {
    name: "csv",
    ending: "csv",
    encoding: Encoding::Text,
    report: None,
    documents: Some(Documents {
        kinds: &[Kind::Requirements],
        write: |document, _, out| match document {
            Document::Requirements(sheet) => rows(sheet, out),
            other => {
                let none = format!("there is no table of {}", other.kind().as_str());
                Err(io::Error::new(io::ErrorKind::Unsupported, none))
            }
        },
    }),
};

const COLUMNS: [&str; 18] = [
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
    "reason",
    "fact_source",
    "facts_as_of",
    "date",
    "requester",
    "ticket",
    "change",
];

fn rows(sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
    let mut table = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    table.write_record(COLUMNS)?;
    let new = if sheet.compared.is_some() { "added" } else { "" };
    let gone = sheet.compared.iter().flat_map(|compared| &compared.removed).map(|flow| (flow, "removed"));
    for (flow, change) in sheet.flows.iter().map(|flow| (flow, new)).chain(gone) {
        let place = |party: &Party| [party.object.clone(), party.hosts.join(" "), addresses(&party.ranges)];
        let [source, source_hosts, source_addresses] = place(&flow.source);
        let [destination, destination_hosts, destination_addresses] = place(&flow.destination);
        let protocols: Vec<&str> = flow.protocols.iter().map(|protocol| protocol.as_str()).collect();
        let cells: [String; COLUMNS.len()] = [
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
            flow.reason.clone(),
            flow.since.clone(),
            sheet.head.facts_as_of.clone(),
            day(sheet.head.started_at),
            sheet.request.requester.clone().unwrap_or_default(),
            sheet.request.ticket.clone().unwrap_or_default(),
            change.to_owned(),
        ];
        table.write_record(cells.iter().map(|words| cell(words)))?;
    }
    table.flush()
}

/// The words as a spreadsheet shows them, and never calculates: what begins a formula does not begin a cell, also where a
/// semicolon is taken for the end of one.
fn cell(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    let mut begins = true;
    for c in harmless(words).chars() {
        if begins && BEGINS_A_FORMULA.contains(&c) {
            text.push('\'');
        }
        begins = c == ';' || (begins && c.is_whitespace());
        text.push(c);
    }
    text
}

/// In the width of East Asian scripts too, which spreadsheets take for the same.
const BEGINS_A_FORMULA: &[char] = &['=', '+', '-', '@', '＝', '＋', '－', '＠'];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_begins_a_formula_begins_a_cell() {
        for (given, shown) in [
            ("=1+1", "'=1+1"),
            ("  @SUM(A1)", "  '@SUM(A1)"),
            ("\t-1", " '-1"),
            ("＝1", "'＝1"),
            ("a;=1;b", "a;'=1;b"),
            ("a=1, b-2", "a=1, b-2"),
            ("api.workos.com", "api.workos.com"),
        ] {
            assert_eq!(cell(given), shown, "{given}");
        }
    }

    #[test]
    fn a_table_reads_back_as_it_was_meant_whatever_stands_in_its_cells() {
        let mut sheet = crate::documents::fixture::sheet();
        sheet.flows[0].reason = "a \"quoted\", and\na broken line".to_owned();
        let mut out = Vec::new();
        rows(&sheet, &mut out).unwrap();

        let text = String::from_utf8(out).unwrap();
        let read: Vec<Vec<String>> = ::csv::ReaderBuilder::new()
            .has_headers(false)
            .from_reader(text.as_bytes())
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect();

        assert_eq!((read.len(), &read[0][..]), (sheet.flows.len() + 1, &COLUMNS.map(str::to_owned)[..]));
        assert_eq!(read[1][11], "a \"quoted\", and a broken line");
        assert_eq!(read[2][8], "104.16.0.0/13 2606:4700::/32");
        assert_eq!(text.matches("\r\n").count(), text.lines().count());
    }
}

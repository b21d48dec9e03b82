//! What a renderer makes of a report in markdown: the shape that is meant, and nothing that a stranger brought in.

use std::time::Duration;

use proptest::prelude::*;
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::FORMAT;
use crate::check::{About, CheckId, Endpoint, Planned, Spec};
use crate::ending::{Ending, Stop, Why};
use crate::outcome::{Code, Evidence, Grade, Outcome, Remediation, Vantage};
use crate::report::{Report, Row};
use crate::reporters::fixture::{self, LOOKS, NORMAL};
use crate::reporters::{Detail, Look};
use crate::settings::{DOMAIN, WEBHOOK_URL};

const QUIET: Look = Look { detail: Detail::Quiet, ..NORMAL };
const VERBOSE: Look = Look { detail: Detail::Verbose, ..NORMAL };

static SILENT: Code = Code::error("silent", "no answer");
static ODD: Code = Code::warning("odd", "a setting is odd").explains(&[&SILENT]);
static SPEC: Spec = Spec {
    id: CheckId::new("egress.first"),
    title: "it holds",
    explain: "",
    vantages: &[Vantage::Inside],
    required: |_, _| true,
    codes: &[&SILENT, &ODD],
    needs: &[],
    plan: |_, _| Planned::NotApplicable(String::new()),
};

fn written(look: Look, report: &Report) -> String {
    fixture::written(&FORMAT, look, report)
}

/// With everything that trackers added to markdown, and some that they did not.
fn events(markdown: &str) -> Vec<Event<'_>> {
    let more = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_MATH
        | Options::ENABLE_GFM
        | Options::ENABLE_DEFINITION_LIST
        | Options::ENABLE_WIKILINKS
        | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    Parser::new_ext(markdown, more).collect()
}

/// What is between the beginnings and the ends of a kind of block, in words.
fn texts(markdown: &str, begins: impl Fn(&Tag) -> bool, ends: impl Fn(&TagEnd) -> bool) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut inside = false;
    for event in events(markdown) {
        match event {
            Event::Start(tag) if begins(&tag) => {
                inside = true;
                texts.push(String::new());
            }
            Event::End(tag) if ends(&tag) => inside = false,
            Event::Text(text) | Event::Code(text) if inside => texts.last_mut().unwrap().push_str(&text),
            _ => {}
        }
    }
    texts
}

fn headings(markdown: &str, level: HeadingLevel) -> Vec<String> {
    texts(
        markdown,
        |tag| matches!(tag, Tag::Heading { level: of, .. } if *of == level),
        |end| matches!(end, TagEnd::Heading(of) if *of == level),
    )
}

/// The blocks that it consists of, in their order.
fn shape(markdown: &str) -> Vec<String> {
    let blocks = events(markdown).into_iter().filter_map(|event| match event {
        Event::Start(tag) => Some(format!("{tag:?}")),
        Event::End(tag) => Some(format!("/{tag:?}")),
        Event::Text(_) | Event::Code(_) => None,
        other => Some(format!("{other:?}")),
    });
    blocks.collect()
}

fn row(outcome: Outcome) -> Row {
    Row::new(&SPEC, true, None, Ending::Asked(outcome), Duration::ZERO)
}

fn found(code: &'static Code, problem: &str, action: &str) -> Row {
    row(Outcome::graded(Grade::Reached).because(code.found(problem, Remediation::network(action))))
}

fn report(rows: Vec<Row>) -> Report {
    Report { rows, ..fixture::healthy() }
}

#[test]
fn a_report_begins_with_its_verdict_and_what_to_do_and_each_part_has_a_heading() {
    let broken = written(NORMAL, &fixture::broken());

    assert_eq!(headings(&broken, HeadingLevel::H1), ["WorkOS preflight: NOT READY"]);
    let parts = headings(&broken, HeadingLevel::H2);
    assert_eq!(parts, ["What to do", "Areas", "What is wrong", "Not asked", "Waivers"]);
    let wrong = headings(&broken, HeadingLevel::H3);
    assert_eq!(wrong.len(), 6, "{wrong:?}");
    assert_eq!(wrong[0], "FAILED: the endpoint accepts a connection, api.workos.com:443");
    assert_eq!(wrong[2], "waived: this host's clock is right, app01");
    assert!(wrong[5].ends_with("app.customer.example:443 (not required)"), "{wrong:?}");
}

#[test]
fn what_to_do_is_one_list_with_numbers_whose_commands_are_code() {
    let broken = written(NORMAL, &fixture::broken());
    let to_do = broken.split("## What to do").nth(1).unwrap().split("## Areas").next().unwrap();

    let numbered = |event: &&Event| matches!(event, Event::Start(Tag::List(Some(1))));
    assert_eq!(events(to_do).iter().filter(numbered).count(), 1, "{to_do}");
    let (mut depth, mut things) = (0, 0);
    for event in events(to_do) {
        match event {
            Event::Start(Tag::List(_)) => depth += 1,
            Event::End(TagEnd::List(_)) => depth -= 1,
            Event::Start(Tag::Item) if depth == 1 => things += 1,
            _ => {}
        }
    }
    assert_eq!(things, 3, "{to_do}");
    let code = |text: &str| events(to_do).iter().any(|event| matches!(event, Event::Code(code) if &**code == text));
    assert!(code("curl -sv --connect-timeout 5 https://api.workos.com/"), "{to_do}");
    assert!(code("egress.connects/timed-out"), "{to_do}");
    let parties = texts(to_do, |tag| matches!(tag, Tag::Strong), |end| matches!(end, TagEnd::Strong));
    assert_eq!(parties, ["network:", "installer:", "vendor:", "network:"], "{to_do}");
}

#[test]
fn each_table_is_one_whose_rows_have_its_columns() {
    for look in LOOKS {
        for report in fixture::every() {
            let written = written(look, &report);

            let tables = events(&written).iter().filter(|event| matches!(event, Event::Start(Tag::Table(_)))).count();
            let ruled = written.lines().filter(|line| line.starts_with("|---|")).count();
            assert_eq!(tables, ruled, "{written}");
            let mut columns = 0;
            for line in written.lines() {
                // Whoever cuts a table looks for bars that no backslash stands before.
                let bars = line.replace("\\|", "").matches('|').count();
                columns = match line.starts_with('|') {
                    false => 0,
                    true if columns == 0 => bars,
                    true => columns,
                };
                assert!(columns == 0 || bars == columns, "{line} in\n{written}");
            }
        }
    }
}

#[test]
fn what_strangers_say_is_text_and_makes_no_link_no_picture_and_no_html() {
    for look in LOOKS {
        let hostile = written(look, &fixture::hostile());

        for event in events(&hostile) {
            match event {
                Event::Start(
                    Tag::Heading { .. }
                    | Tag::Paragraph
                    | Tag::List(_)
                    | Tag::Item
                    | Tag::Table(_)
                    | Tag::TableHead
                    | Tag::TableRow
                    | Tag::TableCell
                    | Tag::Strong,
                )
                | Event::End(_)
                | Event::Code(_) => {}
                // What a tracker makes a link, a mention or a reference of.
                Event::Text(text) => {
                    let acts = ["://", "www.", "@everyone", "::error"].iter().any(|it| text.contains(it));
                    assert!(!acts, "{text} in\n{hostile}");
                }
                other => panic!("{other:?} in\n{hostile}"),
            }
        }
        assert!(hostile.contains("Blocked by policy") && !hostile.contains("::error"), "{hostile}");
    }
}

proptest! {
    #[test]
    fn whatever_a_stranger_says_the_report_keeps_its_shape(text in ".*", marks in "[a-z0-9 \n`*_<>|.:/@#!\\[\\]()&;\\\\-]{0,40}") {
        let plain = shape(&written(VERBOSE, &fixture::saying("stranger")));
        for said in [format!("x{text}"), format!("x{marks}"), format!("{marks}x{text}")] {
            let report = written(VERBOSE, &fixture::saying(&said));

            prop_assert_eq!(&shape(&report), &plain, "{:?}:\n{}", said, report);
        }
    }
}

#[test]
fn what_follows_from_a_cause_has_no_remedy_of_its_own_and_stands_with_it() {
    let at_the_host = found(&SILENT, "is silent", "Open the firewall.").about(About::Endpoint(Endpoint::new("a", 443)));
    let written = written(NORMAL, &report(vec![found(&ODD, "is odd", "Mend the setting."), at_the_host]));

    assert!(written.contains("1. **network:** Mend the setting.\n"), "{written}");
    assert!(written.contains("   - explains: `egress.first/silent`\n"), "{written}");
    assert!(written.contains("  - **same cause** as `egress.first/odd`: mend that first\n"), "{written}");
    assert!(!written.contains("Open the firewall"), "{written}");
}

#[test]
fn a_remedy_that_stands_above_is_not_said_again_and_one_in_other_words_is() {
    let rows = ["Open it for a.", "Open it for a.", "Open it for b."].map(|action| found(&SILENT, "is silent", action));
    let written = written(NORMAL, &report(rows.to_vec()));

    assert_eq!(written.matches("Open it for a.").count(), 1, "{written}");
    assert_eq!(written.matches("**what to do:** 1 above").count(), 2, "{written}");
    assert_eq!(written.matches("Open it for b.").count(), 1, "{written}");
    assert_eq!(written.matches("   - found: is silent (`egress.first/silent`)").count(), 3, "{written}");
}

#[test]
fn settings_that_are_wanted_are_listed_with_what_they_would_ask_and_those_that_decide_first() {
    let wanting = |required, wanted: &'static crate::settings::Declared| {
        let why = Why::NotApplicable { enable: "give it".to_owned(), wants: Some(wanted.wanted()) };
        Row::new(&SPEC, required, None, Ending::Skipped(why), Duration::ZERO)
    };
    let rows = vec![row(Outcome::graded(Grade::Reached)), wanting(false, &WEBHOOK_URL), wanting(true, &DOMAIN)];
    let written = written(NORMAL, &report(rows));

    let noun = fixture::GROUPS.iter().find(|group| group.id == "egress").unwrap().noun;
    let [first, second] = [("domain", "required"), ("webhook-url", "optional")]
        .map(|(flag, need)| format!("| `--{flag}` | {noun} | {need} |"));
    let at = |line: &str| written.find(line).unwrap_or_else(|| panic!("{line} is not in\n{written}"));
    assert!(at(&first) < at(&second), "{written}");
}

#[test]
fn quiet_leaves_what_is_wrong_and_verbose_adds_every_check_but_what_names_others_is_in_neither() {
    let mut broken = fixture::broken();
    let evidence = [("others", "hush", true), ("own", "told", false)];
    let evidence = evidence.map(|(what, value, confidential)| Evidence { confidential, ..Evidence::new(what, value) });
    let cut = Ending::CutShort { by: Stop::Interruption, waits_for: None, evidence: evidence.to_vec() };
    broken.rows.push(Row::new(&SPEC, true, None, cut, Duration::ZERO));
    let [quiet, normal, verbose] = [QUIET, NORMAL, VERBOSE].map(|look| written(look, &broken));

    assert_eq!(headings(&quiet, HeadingLevel::H2), ["What to do", "What is wrong", "Waivers"]);
    assert!(!quiet.contains("seen:") && normal.contains("seen: addresses tried:"), "{quiet}");
    for told in [&normal, &verbose] {
        assert!(told.contains("seen: own: told") && !told.contains("hush"), "{told}");
    }
    let parts = ["What to do", "Areas", "What is wrong", "Every check", "Not asked", "Waivers", "Settings in effect"];
    assert_eq!(headings(&verbose, HeadingLevel::H2), parts);
}

#[test]
fn each_detail_and_what_strangers_say_has_a_golden() {
    for (name, look) in [("quiet", QUIET), ("verbose", VERBOSE)] {
        fixture::golden(&format!("broken.{name}.markdown.md"), &written(look, &fixture::broken()));
    }
    for (name, report) in [("healthy", fixture::healthy()), ("hostile", fixture::hostile())] {
        fixture::golden(&format!("{name}.markdown.md"), &written(NORMAL, &report));
    }
}

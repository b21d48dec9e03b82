//! What a person sees, whole pages at a time.

use super::*;
use std::time::Duration;

use crate::ending::{Ending, Why};
use crate::outcome::{Status, Vantage};
use crate::reporters::fixture::{self, NORMAL};
use crate::settings::{DOMAIN, INBOUND_REPORTS};

fn written(look: Look, report: &Report) -> String {
    fixture::written(&FORMAT, look, report)
}

fn golden(name: &str, look: Look, report: &Report) {
    fixture::golden(name, &written(look, report));
}

#[test]
fn a_healthy_network() {
    golden("healthy.human.txt", NORMAL, &fixture::healthy());
}

#[test]
fn a_broken_network_in_ascii() {
    let ascii = Look { unicode: false, ..NORMAL };

    golden("broken.ascii.txt", ascii, &fixture::broken());
    assert!(written(ascii, &fixture::hostile()).is_ascii());
}

#[test]
fn a_broken_network_in_short() {
    golden("broken.quiet.txt", Look { detail: Detail::Quiet, ..NORMAL }, &fixture::broken());
}

#[test]
fn a_broken_network_at_length() {
    golden("broken.verbose.txt", Look { detail: Detail::Verbose, ..NORMAL }, &fixture::broken());
}

#[test]
fn a_broken_network_on_a_narrow_terminal() {
    golden("broken.narrow.txt", Look { width: 60, ..NORMAL }, &fixture::broken());
}

#[test]
fn a_run_that_only_checks_that_are_not_required_left_open_because_they_broke() {
    golden("broke.human.txt", NORMAL, &fixture::broke());

    let mut one = fixture::broke();
    one.rows.retain(|row| !["egress.connects", "egress.clock"].contains(&row.spec.id.as_str()));
    let written = written(NORMAL, &one);
    assert!(written.contains("The verdict is open because a check broke: egress.trusted. That is"), "{written}");
}

#[test]
fn an_undecided_run() {
    golden("undecided.human.txt", NORMAL, &fixture::undecided());
}

#[test]
fn an_interrupted_run() {
    golden("interrupted.human.txt", NORMAL, &fixture::interrupted());
}

#[test]
fn a_demonstration_says_so_first_and_last() {
    let report = fixture::demonstration();

    golden("demonstration.human.txt", NORMAL, &report);
    for look in fixture::LOOKS {
        let written = written(look, &report);
        assert!(written.starts_with("This is a demonstration"), "{written}");
        assert!(written.trim_end().ends_with("contacted."), "{written}");
    }
}

#[test]
fn a_machine_that_is_kept_out_says_so_in_its_verdict() {
    for look in fixture::LOOKS {
        let written = written(look, &fixture::kept_out());
        let words = written.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();

        assert!(words.contains("not ready: this machine is kept out"), "{written}");
    }
    assert!(!written(NORMAL, &fixture::broken()).contains("kept out"));
}

#[test]
fn a_run_from_outside_says_so() {
    let mut report = fixture::healthy();
    report.head.vantage = Vantage::Outside;
    report.head.via = "http://proxy.customer.example:3128".to_owned();

    let written = written(NORMAL, &report);

    assert!(written.contains("through http://proxy.customer.example:3128"), "{written}");
    assert!(written.contains("the installation from outside"), "{written}");
    assert!(!written.contains("firewall strategy") && !written.contains("inside only"), "{written}");
    assert!(written.contains("not what does from WorkOS"), "{written}");
}

#[test]
fn a_setting_that_several_areas_want_stands_once_and_a_report_from_elsewhere_is_not_asked_for() {
    let mut report = fixture::healthy();
    let [first, last] = [report.rows.first(), report.rows.last()].map(|row| row.unwrap().spec);
    report.rows.retain(|row| ![first, last].iter().any(|spec| spec.id.group() == row.group()));
    let idle = |spec, required, wanted| {
        let why = Why::NotApplicable { enable: "give it".to_owned(), wants: Some(wanted) };
        Row::new(spec, required, None, Ending::Skipped(why), Duration::ZERO)
    };
    report.rows.push(idle(first, true, DOMAIN.wanted()));
    report.rows.push(idle(last, false, DOMAIN.wanted()));
    report.rows.push(idle(last, false, INBOUND_REPORTS.wanted()));

    let written = written(NORMAL, &report);

    let (_, below) = written.split_once("for want of a setting").unwrap();
    let (unasked, _) = below.split_once("\n\n").unwrap();
    assert_eq!(unasked.trim().lines().count(), 1, "{written}");
    assert!(unasked.trim().starts_with("--domain") && unasked.contains(", "), "{written}");
}

#[test]
fn what_a_problem_names_is_not_named_beside_the_claim_as_well() {
    let mut report = fixture::broken();
    let row = report.rows.iter_mut().find(|row| row.status() == Status::Fail && row.subject.is_some()).unwrap();
    let subject = "subject.example:443";
    row.subject = Some(subject.to_owned());
    let problem = row.findings()[0].problem.clone();
    let apart = written(NORMAL, &report);
    let row = report.rows.iter_mut().find(|row| row.subject.as_deref() == Some(subject)).unwrap();
    row.subject = problem.split_whitespace().next().map(str::to_owned);
    let once = written(NORMAL, &report);

    let claim = |text: &str| text.lines().find(|line| line.contains("✗") && line.starts_with("  ")).unwrap().to_owned();
    assert!(claim(&apart).contains(subject), "{apart}");
    assert!(!claim(&once).contains(problem.split_whitespace().next().unwrap()), "{once}");
}

#[test]
fn what_was_left_out_for_a_reason_keeps_to_the_width_however_long_either_is() {
    let mut report = fixture::healthy();
    let why = Why::LeftOut(Some("asked last week, and nothing has changed at that firewall since".to_owned()));
    for row in &mut report.rows[1..4] {
        *row = Row::new(row.spec, true, None, Ending::Skipped(why.clone()), row.took);
    }

    let written = written(Look { width: 60, ..NORMAL }, &report);

    assert!(written.lines().all(|line| columns(line) <= 60 || line.starts_with("Next")), "{written}");
    let flat = written.split_whitespace().collect::<Vec<_>>().join(" ");
    let left_out =
        "- resolves, connects, trusted: left out by --skip: asked last week, and nothing has changed at that";
    assert!(flat.contains(left_out), "{written}");
}

#[test]
fn only_commands_and_words_that_cannot_be_split_are_wider_than_the_terminal() {
    let written = written(Look { width: 60, ..NORMAL }, &fixture::broken());

    for line in written.lines().filter(|line| columns(line) > 60) {
        let command =
            line.contains("see it") || ["Why", "Ticket", "Next", "Rows"].iter().any(|label| line.starts_with(label));
        assert!(command || line.split_whitespace().count() <= 3, "{line}");
    }
}

#[test]
fn a_terminal_that_is_too_narrow_for_anything_is_taken_for_a_wider_one() {
    let report = fixture::broken();

    assert_eq!(written(Look { width: 0, ..NORMAL }, &report), written(Look { width: NARROWEST, ..NORMAL }, &report));
}

#[test]
fn what_passes_is_told_while_the_run_goes_on() {
    let report = fixture::healthy();
    let mut reporter = FORMAT.tells().unwrap()(NORMAL, fixture::GROUPS);
    let mut out = Vec::new();

    reporter.begin(&report.head, &mut out).unwrap();
    reporter.row(&report.rows[0], &mut out).unwrap();
    reporter.area_is_through(&mut out).unwrap();

    let written = String::from_utf8(out).unwrap();
    assert!(written.ends_with("✓ This host's settings         1 check\n"), "{written}");
}

#[test]
fn colour_changes_nothing_but_colour() {
    // Only reporters that were asked for colour use it, so that this cannot reach into other tests.
    colored::control::set_override(true);
    let report = fixture::broken();

    let coloured = written(Look { colour: true, ..NORMAL }, &report);

    let mut bare = String::new();
    let mut escape = false;
    for c in coloured.chars() {
        match c {
            '\u{1b}' => escape = true,
            'm' if escape => escape = false,
            c if !escape => bare.push(c),
            _ => {}
        }
    }
    assert_ne!(coloured, bare);
    assert_eq!(bare, written(NORMAL, &report));
}

//! `demo`: the real checks over real sockets against the embedded world, healthy and with every fault it can play.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use support::{Ended, code_of, codes, run};
use workos_preflight::checks;
use workos_preflight::report::compare::{Comparison, Pair, Why};
use workos_preflight::report::v1::Report;
use workos_preflight::settings::SETTINGS;
use workos_preflight::simulator::{FAULTS, Fault};

fn playable() -> impl Iterator<Item = &'static Fault> {
    FAULTS.iter().filter(|fault| fault.anywhere)
}

#[test]
fn every_fault_expects_codes_that_some_check_declares_and_gives_settings_that_there_are() {
    let undeclared = FAULTS.iter().flat_map(|fault| {
        let strange = fault.expect.iter().filter(|address| checks::code(address).is_none());
        strange.map(move |address| format!("{} expects {address}", fault.name))
    });
    let unknown = FAULTS.iter().flat_map(|fault| {
        let settings = fault.world().settings.into_iter().map(|(name, _)| name);
        let strange = settings.filter(|name| SETTINGS.iter().all(|setting| setting.name != *name));
        strange.map(move |name| format!("{} gives {name}", fault.name))
    });

    assert_eq!(undeclared.chain(unknown).collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn the_healthy_demonstration_is_ready_and_says_what_it_is() {
    let ended = run(&["demo"]);

    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.out.starts_with("This is a demonstration"));
    assert!(
        ended
            .out
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains("nothing outside this machine was contacted")
    );
    assert!(ended.out.contains("\nREADY:"));
    assert_eq!(ended.err, "");
}

#[test]
fn a_dropped_packet_names_host_port_and_ranges() {
    let report = run(&["demo", "--fault", "egress-dropped", "--format", "json"]);

    assert_eq!(report.code, Some(1));
    let connects =
        report.json()["checks"].as_array().unwrap().iter().find(|check| check["id"] == "egress.connects").cloned();
    let remedy = connects.unwrap()["results"][0]["findings"][0]["remediations"][0].clone();
    for part in ["TCP 443", "api.workos.com", "15 IPv4, 7 IPv6"] {
        assert!(remedy["action"].as_str().unwrap().contains(part), "{part} is missing: {remedy}");
    }
    assert_eq!(remedy["who"], "network");
}

#[test]
fn every_fault_is_found_for_what_it_is() {
    assert!(playable().count() >= 15);
    let all: Vec<&Fault> = playable().collect();
    std::thread::scope(|scope| {
        for part in all.chunks(all.len().div_ceil(8)) {
            scope.spawn(move || part.iter().for_each(|fault| found(fault)));
        }
    });
}

fn found(fault: &Fault) {
    let once = || run(&["demo", "--fault", fault.name, "--format", "json"]);
    let (ended, again) = std::thread::scope(|scope| {
        let again = scope.spawn(once);
        (once(), again.join().unwrap())
    });
    let report = ended.json();
    is_the_same(fault, &ended, &again);
    let found = codes(&report);

    for address in fault.expect {
        assert!(found.iter().any(|code| code == address), "{}: {address} is not among {found:?}", fault.name);
    }
    if fault.expect.is_empty() {
        assert_eq!(report["verdict"], "ready", "{}: {found:?}", fault.name);
    }
    assert_eq!(ended.code, code_of(&report["verdict"]), "{}", fault.name);
    for check in report["checks"].as_array().unwrap() {
        for result in check["results"].as_array().unwrap() {
            // A check that reaches for what it does not declare is broken, whatever the fault.
            assert_ne!(result["ended"]["kind"], "broke", "{}: {check}", fault.name);
            for finding in result["findings"].as_array().unwrap() {
                assert!(finding["remediations"][0]["action"].as_str().unwrap().len() > 20, "{}: {finding}", fault.name);
            }
        }
    }
}

/// What is another in every run, such as times and ids, is no change.
fn is_the_same(fault: &Fault, one: &Ended, other: &Ended) {
    let read = |ended: &Ended| -> Report { serde_json::from_str(&ended.out).unwrap() };
    let (before, after) = (read(one), read(other));
    let comparison = Comparison::of(&before, &after);
    // The demonstration makes its certificates anew, and on a machine that has much else to do an answer may be late.
    let otherwise = |row: &&Pair| row.why == Why::Evidence && !row.id.ends_with(".trusted");
    let told = comparison.rows.iter().find(otherwise).map(|row| (row.id, &row.differences));
    assert!(told.is_none(), "{}: {told:?}", fault.name);
}

#[test]
fn faults_are_listed_and_a_mistyped_one_names_its_neighbour() {
    let list = run(&["demo", "--fault", "list"]);
    let mistyped = run(&["demo", "--fault", "egres-dropped"]);

    assert!(playable().all(|fault| list.out.contains(fault.name)));
    assert_eq!((mistyped.code, mistyped.out.as_str()), (Some(2), ""));
    assert!(mistyped.err.contains("did you mean `egress-dropped`?"), "{}", mistyped.err);
}

#[test]
fn real_reports_hold_to_the_schema_that_the_binary_prints() {
    let schema = run(&["schema", "report"]).json();
    let validator = jsonschema::validator_for(&schema).unwrap();

    for fault in ["egress-dropped", "intercepted", "hairpin", "key-revoked", "webhook-allowlisted"] {
        let report = run(&["demo", "--fault", fault, "--format", "json"]).json();
        let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{fault}: {errors:?}");
    }
}

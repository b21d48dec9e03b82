//! `requirements` and the malformed credentials it stands beside: what is printed for a firewall request, from settings and
//! from what an earlier run learnt.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends at what it did not expect")]

mod support;

use support::run;

fn flows(sheet: &serde_json::Value, id: &str) -> Vec<serde_json::Value> {
    sheet["flows"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|flow| flow["id"].as_str().unwrap().starts_with(id))
        .cloned()
        .collect()
}

/// The object that an end of a flow stands for.
fn object(sheet: &serde_json::Value, id: &str, end: &str) -> serde_json::Value {
    let name = flows(sheet, id)[0][end].clone();
    let named: Vec<_> = sheet["objects"].as_array().unwrap().iter().filter(|object| object["name"] == name).collect();
    assert_eq!(named.len(), 1, "{id} {end}: {name}");
    named[0].clone()
}

#[test]
fn the_sheet_names_every_published_range_and_address() {
    let ended = run(&["requirements", "--domain", "app.customer.example", "--format", "json"]);
    let sheet = ended.json();

    assert_eq!(ended.code, Some(0));
    assert_eq!(sheet["schema"], "workos-preflight/requirements/v1");
    let api = object(&sheet, "egress-api", "destination");
    assert_eq!((&api["hosts"][0], &api["within"]), (&"api.workos.com".into(), &"cloudflare".into()));
    let edge = object(&sheet, "ingress-cloudflare", "source");
    assert_eq!((&edge["name"], edge["ranges"].as_array().unwrap().len()), (&"cloudflare".into(), 22));
    assert_eq!(object(&sheet, "ingress-workos", "source")["ranges"].as_array().unwrap().len(), 9);
    assert_eq!(object(&sheet, "ingress-workos", "destination")["hosts"][0], "app.customer.example");
    assert_eq!(ended.out.matches("\"104.16.0.0/13\"").count(), 1);
}

#[test]
fn a_person_reads_who_opens_what_to_whom_and_why() {
    let ended = run(&["requirements", "--domain", "app.customer.example"]);
    let text = ended.out.split_whitespace().collect::<Vec<_>>().join(" ");

    for words in [
        "egress-api (required)",
        "104.16.0.0/13",
        "3.217.146.166",
        "TCP 443",
        "user's browser",
        "Nothing has been sent",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    assert!(ended.out.lines().all(|line| line.chars().count() <= 110), "{}", ended.out);
}

#[test]
fn names_are_looked_up_over_udp_and_tcp_and_everything_else_is_tcp_in_every_format() {
    let sheet = |format| run(&["requirements", "--domain", "app.customer.example", "--format", format]);
    let (json, markdown) = (sheet("json").json(), sheet("markdown").out);
    let human = sheet("human").out.split_whitespace().collect::<Vec<_>>().join(" ");

    for flow in json["flows"].as_array().unwrap() {
        let wanted: &[&str] = if flow["id"] == "egress-dns" { &["udp", "tcp"] } else { &["tcp"] };
        assert_eq!(flow["protocols"], serde_json::json!(wanted), "{flow}");
    }
    let dns = markdown.lines().find(|row| row.starts_with("| `egress-dns` |")).unwrap();
    assert!(dns.contains("| UDP and TCP 53 |"), "{dns}");
    let (_, dns) = human.split_once("egress-dns (required)").unwrap();
    let (dns, _) = dns.split_once("fact").unwrap();
    assert!(dns.contains("UDP and TCP 53"), "{dns}");
}

#[test]
fn markdown_is_a_head_a_table_of_flows_and_one_of_objects_whose_rows_have_the_same_cells() {
    let ended = run(&["requirements", "--format", "markdown"]);
    let lines: Vec<&str> = ended.out.lines().collect();
    let tables = lines.split(|line| !line.starts_with('|')).filter(|table| !table.is_empty());
    let cells: Vec<Vec<usize>> =
        tables.map(|table| table.iter().map(|row| row.matches('|').count()).collect()).collect();

    assert_eq!(cells.iter().map(|table| table[0]).collect::<Vec<_>>(), [3, 9, 5]);
    assert!(cells.iter().all(|table| table.len() > 5 && table.iter().all(|row| *row == table[0])), "{cells:?}");
}

#[test]
fn every_format_has_the_same_flows_in_the_same_order_under_the_same_names() {
    let sheet = |format| run(&["requirements", "--domain", "app.customer.example", "--format", format]);
    let ids: Vec<String> =
        flows(&sheet("json").json(), "").iter().map(|flow| flow["id"].as_str().unwrap().to_owned()).collect();
    let numbered = |line: &str| Some(line.trim().split_once(". ")?.1.split_once(" (")?.0.to_owned());
    let human: Vec<String> = sheet("human")
        .out
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(numbered)
        .collect();
    let markdown: Vec<String> = sheet("markdown")
        .out
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter(|row| row.starts_with("egress-") || row.starts_with("ingress-"))
        .map(|row| row.split_once('`').unwrap().0.to_owned())
        .collect();
    let csv: Vec<String> =
        sheet("csv").out.lines().skip(1).map(|row| row.split_once(',').unwrap().0.to_owned()).collect();

    assert!(ids.len() > 10 && ids.iter().collect::<std::collections::BTreeSet<_>>().len() == ids.len(), "{ids:?}");
    assert_eq!((&human, &markdown, &csv), (&ids, &ids, &ids));
}

#[test]
fn who_asks_and_for_which_ticket_stands_in_every_format_and_the_last_one_wins() {
    let given = ["--requester", "Bob", "--requester", "Ada Example", "--ticket", "=CHG-1042"];
    let sheet = |format| run(&[&["requirements", "--format", format][..], &given].concat());
    let json = sheet("json").json();

    assert_eq!(json["request"], serde_json::json!({ "requester": "Ada Example", "ticket": "=CHG-1042" }));
    assert!(json["made_at"].as_str().unwrap().ends_with('Z'), "{json}");
    for format in ["human", "markdown", "csv"] {
        let out = sheet(format).out;
        assert!(out.contains("Ada Example") && out.contains("CHG-1042") && !out.contains("Bob"), "{format}: {out}");
    }
    assert!(sheet("csv").out.lines().skip(1).all(|row| row.ends_with(",Ada Example,'=CHG-1042,")));
    let nobody = run(&["requirements"]).out;
    assert!(nobody.contains("not given (--requester)") && nobody.contains("not given (--ticket)"), "{nobody}");
}

#[test]
fn the_hosted_login_that_a_run_was_led_to_is_named_in_the_sheet() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let saved = format!("json={}", report.display());
    assert_eq!(run(&["demo", "-q", "--report", &saved]).code, Some(0));

    let sheet = run(&["requirements", "--format", "json", "--learnt", report.to_str().unwrap()]).json();

    let hosts: Vec<_> = sheet["objects"].as_array().unwrap().iter().map(|object| object["hosts"][0].clone()).collect();
    assert!(
        hosts.contains(&"quiet-harbor-21.authkit.app".into()) && !hosts.contains(&"*.authkit.app".into()),
        "{hosts:?}"
    );
}

#[test]
fn a_report_that_learnt_nothing_or_is_none_is_refused_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let unlearnt = folder.path().join("unlearnt.json");
    run(&["demo", "-q", "--only", "egress.connects", "--report", &format!("json={}", unlearnt.display())]);

    for (file, words) in [
        (unlearnt.to_str().unwrap().to_owned(), "names no hosted login"),
        (path("text.json", "planted"), "not JSON"),
        (path("other.json", r#"{"schema":"other/v9"}"#), "`schema`"),
        (path("half.json", r#"{"schema":"workos-preflight/report/v1"}"#), "is not"),
        ("/nonexistent/report.json".to_owned(), "there is no such file"),
    ] {
        let ended = run(&["requirements", "--learnt", &file]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{file}");
        assert!(ended.err.contains(words) && ended.err.lines().count() == 1, "{}", ended.err);
        assert!(!ended.err.contains("planted"));
    }
}

/// The embedded facts, changed, in a file.
fn facts_with(folder: &std::path::Path, name: &str, change: impl Fn(&mut serde_json::Value)) -> String {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/facts/networks.json")).unwrap();
    let mut facts: serde_json::Value = serde_json::from_str(&text).unwrap();
    change(&mut facts);
    let path = folder.join(name);
    std::fs::write(&path, facts.to_string()).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn against_older_facts_the_sheet_has_what_is_new_and_what_is_gone_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let older = facts_with(folder.path(), "older.json", |facts| {
        facts["as_of"] = "2021-01-04".into();
        let ranges = facts["cloudflare"]["ipv4"].as_array_mut().unwrap();
        ranges.retain(|range| range != "104.16.0.0/13" && range != "104.24.0.0/14");
        ranges.push("104.16.0.0/12".into());
        facts["workos_sources"]["published"]["addresses"].as_array_mut().unwrap().pop();
    });
    let sheet = |format| {
        run(&["requirements", "--domain", "app.customer.example", "--compare-facts", &older, "--format", format])
    };
    let json = sheet("json").json();

    assert_eq!(json["compared"]["facts_as_of"], "2021-01-04");
    let ids: Vec<&str> = json["flows"].as_array().unwrap().iter().map(|flow| flow["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["ingress-workos"]);
    let ranges = |name: &str| {
        let objects = json["objects"].as_array().unwrap();
        objects.iter().find(|object| object["name"] == name).map(|object| object["ranges"].clone()).unwrap()
    };
    assert_eq!(ranges("workos-published-added"), serde_json::json!(["174.129.36.47/32"]));
    assert_eq!(ranges("workos-api-removed"), serde_json::json!(["104.28.0.0/14"]));
    assert!(json["compared"]["removed"].as_array().unwrap().iter().any(|flow| flow["id"] == "egress-api"));
    assert!(sheet("human").out.contains("No longer needed: can be closed"));
    assert!(sheet("csv").out.lines().any(|line| line.starts_with("egress-api,") && line.ends_with(",removed")));

    let same = run(&["requirements", "--compare-facts", &facts_with(folder.path(), "same.json", |_| {})]);
    assert!(same.out.contains("nothing changed since the facts of 2026-11-23"), "{}", same.out);
}

#[test]
fn a_file_of_facts_that_is_none_is_one_sentence_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("facts.json");
    for (content, words) in [
        (&b""[..], "it is empty"),
        (b"<html>", "it is not JSON from line 1, column 1 on"),
        (b"{}", "missing field `as_of`"),
        (b"\xff\xfe{\0", "it is UTF-16"),
    ] {
        std::fs::write(&path, content).unwrap();
        for flag in ["--facts", "--compare-facts"] {
            let ended = run(&["requirements", flag, path.to_str().unwrap()]);

            assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
            assert!(ended.err.contains(words) && ended.err.contains("facts.json"), "{}", ended.err);
            assert_eq!(ended.err.lines().count(), 1, "{}", ended.err);
        }
    }
}

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

#[test]
fn the_sheet_names_every_published_range_and_address() {
    let ended = run(&["requirements", "--domain", "app.customer.example", "--format", "json"]);
    let sheet = ended.json();

    assert_eq!(ended.code, Some(0));
    assert_eq!(sheet["schema"], "workos-preflight/requirements/v1");
    assert_eq!(flows(&sheet, "egress-api")[0]["destination"]["ranges"].as_array().unwrap().len(), 22);
    assert_eq!(flows(&sheet, "ingress-workos")[0]["source"]["ranges"].as_array().unwrap().len(), 9);
    assert_eq!(flows(&sheet, "ingress-workos")[0]["destination"]["hosts"][0], "app.customer.example");
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
    let (dns, _) = dns.split_once("since").unwrap();
    assert!(dns.contains("UDP and TCP 53"), "{dns}");
}

#[test]
fn markdown_is_one_table_whose_rows_have_the_same_cells() {
    let ended = run(&["requirements", "--format", "markdown"]);
    let rows: Vec<usize> =
        ended.out.lines().filter(|line| line.starts_with('|')).map(|row| row.matches('|').count()).collect();

    assert!(rows.len() > 10 && rows.iter().all(|cells| *cells == 9), "{rows:?}");
}

#[test]
fn the_hosted_login_that_a_run_was_led_to_is_named_in_the_sheet() {
    let folder = tempfile::tempdir().unwrap();
    let report = folder.path().join("report.json");
    let saved = format!("json={}", report.display());
    assert_eq!(run(&["demo", "-q", "--report", &saved]).code, Some(0));

    let sheet = run(&["requirements", "--format", "json", "--learnt", report.to_str().unwrap()]).json();

    let hosts: Vec<_> =
        flows(&sheet, "egress-browser").iter().map(|flow| flow["destination"]["hosts"][0].clone()).collect();
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

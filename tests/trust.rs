//! The trust store as a user has it: variables, bundles and what stands in them, from files on disk to the report.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::path::Path;

use serde_json::Value;
use support::binary;

fn ca(name: &str) -> (String, Vec<u8>) {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap();
    (certificate.pem().replace("\r\n", "\n"), certificate.der().to_vec())
}

/// The exit code, the codes that were found, and what went to stderr, of a look at the trust store alone.
fn looked(file: &Path, folder: &Path, args: &[&str]) -> (Option<i32>, Vec<String>, String) {
    let mut command = binary();
    command.args(["check", "--only", "settings.trust", "--format", "json"]).args(args);
    let ended = command.env("SSL_CERT_FILE", file).env("SSL_CERT_DIR", folder).output().unwrap();
    let report: Value = serde_json::from_slice(&ended.stdout).unwrap_or_default();
    // A file that cannot be used ends the run before there is a report.
    let codes = if report.is_null() { Vec::new() } else { support::codes(&report) };
    (ended.status.code(), codes, String::from_utf8_lossy(&ended.stderr).into_owned())
}

#[test]
fn a_store_is_read_from_where_the_variables_lead_and_an_empty_one_leads_nowhere() {
    let home = tempfile::tempdir().unwrap();
    let (file, empty) = (home.path().join("store.pem"), home.path().join("empty"));
    std::fs::write(&file, ca("Corp").0).unwrap();
    std::fs::create_dir(&empty).unwrap();

    assert_eq!(looked(&file, &empty, &[]).1, Vec::<String>::new());
    assert_eq!(looked(&home.path().join("missing.pem"), &empty, &[]).1, ["settings.trust/unreadable"]);
    assert!(!looked(Path::new(""), &empty, &[]).1.contains(&"settings.trust/unreadable".to_owned()));
}

#[test]
fn a_plan_names_the_store_that_is_in_force_whichever_checks_are_chosen_and_from_either_side() {
    let home = tempfile::tempdir().unwrap();
    let path = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    for name in ["corp.pem", "bundle.pem", "roots.pem"] {
        std::fs::write(home.path().join(name), ca(name).0).unwrap();
    }
    let asked = |args: &[&str], variables: &[(&str, String)]| {
        let mut command = binary();
        let output = command.args(args).args(["--format", "json"]).envs(variables.iter().cloned()).output().unwrap();
        let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
        let contacts = plan["contacts"].as_array().unwrap().clone();
        let loaded = contacts.into_iter().filter(|it| it["why"].to_string().contains("read before the run"));
        loaded.map(|it| it["path"].as_str().unwrap_or_default().to_owned()).collect::<Vec<String>>()
    };
    let folders = std::env::join_paths(["a", "b"].map(path)).unwrap().into_string().unwrap();
    let in_force = [("SSL_CERT_FILE", path("corp.pem")), ("SSL_CERT_DIR", folders)];
    let bundles = ["--ca-bundle", &path("bundle.pem"), "--public-roots", &path("roots.pem")];
    for command in [&["plan", "--only", "egress.resolves"][..], &["probe", "app.customer.example", "--plan"]] {
        let all = asked(&[command, &bundles].concat(), &in_force);

        assert_eq!(all, ["bundle.pem", "roots.pem", "corp.pem", "a", "b"].map(path), "{command:?}");
        let own = asked(command, &[]);
        assert!(!own.is_empty() && own.iter().all(|it| !it.starts_with(home.path().to_str().unwrap())), "{own:?}");
    }
}

#[test]
fn what_openssl_stops_at_is_found_and_what_it_reads_is_read() {
    let home = tempfile::tempdir().unwrap();
    let (file, folder) = (home.path().join("store.pem"), home.path().to_owned());
    let ((a, der), (b, _)) = (ca("A"), ca("B"));
    for (content, code) in [
        (format!("{a}-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n{b}").into_bytes(), "damaged"),
        (format!("{}{b}", a.trim_end()).into_bytes(), "damaged"),
        (format!("\u{feff}{a}{b}").into_bytes(), "read-by-some"),
        (der.clone(), "not-pem"),
    ] {
        std::fs::write(&file, content).unwrap();

        assert_eq!(looked(&file, &folder, &[]).1, [format!("settings.trust/{code}")]);
    }

    std::fs::write(&file, &a).unwrap();
    let bundle = home.path().join("corp.cer");
    std::fs::write(&bundle, der).unwrap();
    let (code, _, said) = looked(&file, &folder, &["--ca-bundle", bundle.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    assert!(said.contains("openssl x509 -inform DER"), "{said}");
}

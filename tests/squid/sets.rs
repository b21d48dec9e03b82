//! Configurations made by chance: ACLs of every type whose values can be told and some whose values cannot, in files and under
//! conditions, and lists of access over them.

use std::fmt::Write;

use crate::chance::Chance;

/// A configuration: the first file and those that it names.
pub(crate) fn configuration(chance: &mut Chance) -> Vec<(String, String)> {
    let mut files = vec![("squid.conf".to_owned(), String::new())];
    let mut names = vec!["all".to_owned(), "localhost".to_owned(), "CONNECT".to_owned(), "to_localhost".to_owned()];
    let (mut text, mut included) = (String::new(), String::new());
    for nth in 0..chance.below(5) + 2 {
        let kind = *chance.one_of(&KINDS);
        for line in 0..=chance.below(2) {
            let most = if kind == "dstdomain" { 2 } else { 3 };
            let values: Vec<&str> = (0..=chance.below(most)).map(|_| *chance.one_of(values(kind))).collect();
            // Names are alike in either case.
            let name = if line == 1 { format!("ACL{nth}") } else { format!("acl{nth}") };
            let into = if chance.percent(15) { &mut included } else { &mut text };
            if chance.percent(15) {
                let file = format!("list{nth}-{line}");
                let _ = writeln!(into, "acl {name} {kind} \"{}/{file}\"", crate::proxy::PLACE);
                files.push((file, format!("# values\n{} # one\n\n", values.join("\n"))));
            } else {
                let joint = if chance.percent(20) { " \\\n   " } else { " " };
                let _ = writeln!(into, "acl {name} {kind} {}", values.join(joint));
            }
        }
        names.push(format!("acl{nth}"));
    }
    if !included.is_empty() {
        text = format!("include {}/conf.d-*.conf\n{text}", crate::proxy::PLACE);
        files.push(("conf.d-1.conf".to_owned(), included));
    }
    if chance.percent(4) {
        names.push("nowhere".to_owned());
    }
    if chance.percent(30) {
        let condition = *chance.one_of(&["1 = 1", "true", "false", "1 = 2"]);
        let _ = write!(text, "if {condition}\n{}", line(chance, "http_access", &names));
        if chance.percent(50) {
            let _ = write!(text, "else\n{}", line(chance, "http_access", &names));
        }
        text.push_str("endif\n");
    }
    for _ in 0..=chance.below(6) {
        text.push_str(&line(chance, "http_access", &names));
    }
    if chance.percent(30) {
        text.push_str(if chance.percent(50) { "http_access deny all\n" } else { "http_access allow all\n" });
    }
    for other in ["miss_access", "adapted_http_access", "http_reply_access"] {
        if chance.percent(10) {
            text.push_str(&line(chance, other, &names[..4]));
            text.push_str(&line(chance, other, &names[..4]));
        }
    }
    files[0].1 = text;
    files
}

fn line(chance: &mut Chance, list: &str, names: &[String]) -> String {
    let answer = if chance.percent(55) { "allow" } else { "deny" };
    let mut line = format!("{list} {answer}");
    for _ in 0..=chance.below(3) {
        let not = if chance.percent(30) { "!" } else { "" };
        let _ = write!(line, " {not}{}", chance.one_of(names));
    }
    line.push('\n');
    line
}

const KINDS: [&str; 10] =
    ["src", "src", "dst", "dst", "dstdomain", "dstdomain", "port", "method", "proto", "dstdom_regex"];

fn values(kind: &str) -> &'static [&'static str] {
    match kind {
        "src" => &[
            "127.0.0.1",
            "127.0.0.2/32",
            "127.0.0.0/8",
            "10.9.0.0/16",
            "10.9.1.7/24",
            "10.9.0.1-10.9.1.0",
            "10.9.0.0-10.9.1.0/24",
            "192.0.2.1",
            "10.9.0.0/255.255.255.0",
            "::1",
            "0.0.0.0/0",
            "::/0",
            "::/8",
            "all",
        ],
        "dst" => &[
            "10.1.0.1",
            "10.1.0.0/16",
            "10.1.0.1/23",
            "10.1.0.2-10.2.0.1",
            "10.2.0.0/255.255.255.0",
            "fd00:1::/32",
            "fd00:2::1",
            "192.0.2.1",
            "0.0.0.0/0",
            "::/0",
        ],
        "dstdomain" => &[
            ".a.example",
            "a.example",
            "sub.a.example",
            ".sub.a.example",
            "B.Example",
            "*.example",
            "b.example.",
            ".six.example",
            ".example",
            "other.test",
        ],
        "port" => &["443", "80", "443-444", "8000-9000", "1-65535", "22"],
        "method" => &["CONNECT", "GET", "POST"],
        "proto" => &["HTTP", "HTTPS", "FTP"],
        _ => &["^a", "sub", "example$"],
    }
}

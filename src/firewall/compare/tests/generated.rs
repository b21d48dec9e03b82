//! What is generated, put into what was there, does what was requested and nothing else.

use super::*;
use crate::firewall::dialects::{Input, Request, Scope, dialect};
use crate::firewall::fixture;

fn read(name: &str, text: String) -> Rules {
    let reads = dialect(name).unwrap().reads.as_ref().unwrap();
    (reads.read)(&[Input { name: "rules".to_owned(), text }], &Scope::default()).map_err(|unread| unread.why).unwrap()
}

/// A table as people have it, and the same with what was generated for it loaded on top, as `iptables-restore --noflush` does.
fn loaded(name: &str, changed: impl Fn(String) -> String) -> Comparison {
    let request = Request { flows: fixture::flows(), as_of: "2026-11-23".to_owned(), log: false };
    let generated = dialect(name).unwrap().writes.unwrap()(&request).rules;
    let body = generated.split_once("*filter\n").unwrap().1.split_once("COMMIT").unwrap().0;
    let own = "-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
               -A INPUT -p tcp -m tcp --dport 22 -m limit --limit 3/min -j ACCEPT\n-A INPUT -j REJECT\n\
               -A OUTPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n";
    let table = |more: &str| {
        format!("*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n{own}{more}COMMIT\n")
    };
    let (before, after) = (read(name, table("")), read(name, changed(table(body))));
    let known = Known::default();
    let of_family = if name == "iptables" { Family::V4 } else { Family::V6 };
    let mut wanted = requested(&request.flows, &known, &before, &after);
    // The other family has a table of its own.
    wanted.retain(|one| of_family.all().covers(&one.asked.peers));
    compare(&before, &after, &wanted, Budget::default())
}

#[test]
fn rules_of_iptables_open_what_was_requested_and_nothing_else_in_a_table_that_denies_the_rest() {
    for name in ["iptables", "ip6tables"] {
        assert_eq!(loaded(name, |text| text).verdict, Verdict::Exactly, "{name}");
    }
    let wider = loaded("iptables", |text| text.replace("104.16.0.0/13", "104.16.0.0/12"));
    assert!(
        matches!(wider.verdict, Verdict::Otherwise(wrong) if wrong.opens_more && !wrong.leaves_out && !wrong.shuts)
    );
    let behind = loaded("iptables", |text| text.replace("-I INPUT 1 -j WORKOS-IN\n", "-A INPUT -j WORKOS-IN\n"));
    assert!(
        matches!(behind.verdict, Verdict::Otherwise(wrong) if !wrong.opens_more && wrong.leaves_out && !wrong.shuts)
    );
    let named = behind.left_out[0].by.as_ref().unwrap().place.as_ref().unwrap();
    assert_eq!(named.quoted.as_ref(), "-A INPUT -j REJECT");
}

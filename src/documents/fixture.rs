//! Documents that every format is tested on.

use super::Document;
use super::audit::{Audit, By, Decided, Written};
use super::change::{Change, Changed, Missed};
use super::explain::{CodePage, Decides, Page, Strategies};
use super::faults::{Fault, Faults};
use super::plan::{Contact, Plan, Planned};
use super::requirements::{Request, Sheet};
use crate::check::{By as Through, CheckId, Endpoint, Group, Learnt, Method, Planned as Planning, Server, Spec, Touch};
use crate::contact::Piece;
use crate::ending::Why;
use crate::firewall::addresses::networks;
use crate::firewall::audit::Fate;
use crate::firewall::compare::{Effect, Named, Verdict as Followed, Wrong};
use crate::firewall::evaluate::Verdict;
use crate::firewall::ranges::Ranges;
use crate::firewall::review::Cited;
use crate::firewall::rules::Way;
use crate::firewall::{Direction, Flow, Need, Owner, Party, Protocol, objects};
use crate::outcome::{Cause, Code, Vantage};
use crate::plan::Touched;
use crate::report::compare::Comparison;
use crate::report::v1::Report;
use crate::reporters::fixture::{self, STRANGER};

/// Every document under the name of its golden, and each kind once at least.
pub(crate) fn each(mut seen: impl FnMut(&str, &Document)) {
    let (before, after) = (healthy(), broken());
    seen("plan", &Document::Plan(Box::new(plan())));
    seen("requirements", &Document::Requirements(Box::new(sheet())));
    seen("explain.check", &Document::Explain(Page::Check(&CONNECTS, decides())));
    seen("explain.codes", &Document::Explain(Page::Codes(vec![page(&CONNECTS, &TIMED_OUT), page(&CLOCK, &SKEWED)])));
    let several = vec![(&CONNECTS, &SKEWED), (&CLOCK, &SKEWED)];
    seen("explain.name", &Document::Explain(Page::Name("skewed", several)));
    seen("explain.list", &Document::Explain(Page::List(vec![&EGRESS])));
    seen("comparison", &Document::Comparison(&Comparison::of(&before, &after)));
    seen("repaired.comparison", &Document::Comparison(&Comparison::of(&after, &before)));
    seen("faults", &Document::Faults(faults()));
    seen("audit", &Document::Audit(Box::new(audit())));
    seen("rule-comparison", &Document::Change(Box::new(change())));
}

/// Documents into which strangers wrote wherever they can.
pub(crate) fn each_hostile(mut seen: impl FnMut(&Document)) {
    let mut plan = plan();
    let strange = |touch| Contact::from(Touched { what: touch, why: vec![STRANGER.to_owned()] });
    let place = Endpoint::new(STRANGER, 443);
    plan.contacts.push(strange(Touch::request(Method::Get, &place, STRANGER)));
    plan.contacts.push(strange(Touch::File(STRANGER.into())));
    plan.contacts.push(strange(Touch::Connect { endpoint: place.clone(), by: Through::Proxy(place), tls: true }));
    plan.contacts.push(strange(Touch::Lookup { name: STRANGER.to_owned(), server: Server::Public }));
    plan.contacts[0].pieces = vec![Piece::Words(STRANGER.to_owned()), Piece::Literal(STRANGER.to_owned())];
    plan.contacts[1].why.push(STRANGER.to_owned());
    plan.head.host = STRANGER.to_owned();
    plan.head.settings_file = Some(STRANGER.into());
    plan.checks[1].idle = Some(Why::NotApplicable { enable: STRANGER.to_owned(), wants: None });
    plan.checks[2].idle = Some(Why::LeftOut(Some(STRANGER.to_owned())));
    seen(&Document::Plan(Box::new(plan)));
    let mut sheet = sheet();
    sheet.head.facts_as_of = STRANGER.to_owned();
    sheet.head.host = STRANGER.to_owned();
    sheet.request.requester = Some(STRANGER.to_owned());
    sheet.request.ticket = Some(STRANGER.to_owned());
    sheet.flows[0].destination.hosts = vec![STRANGER.to_owned()];
    sheet.flows[2].source.who = STRANGER.to_owned();
    sheet.objects = objects(&sheet.flows);
    sheet.flows[2].reason = STRANGER.to_owned();
    sheet.flows[2].since = STRANGER.to_owned();
    seen(&Document::Requirements(Box::new(sheet)));
    let mut audit = audit();
    audit.files[0].0 = STRANGER.to_owned();
    audit.skipped.push((STRANGER.to_owned(), STRANGER.to_owned()));
    let strange = Cited { file: STRANGER.to_owned(), line: 1, name: STRANGER.into(), quoted: STRANGER.into() };
    let by = &mut audit.flows[0].by[0];
    (by.rule, by.hidden, by.idle) = (strange.clone(), Some(strange), Some(STRANGER.to_owned()));
    by.why = vec![STRANGER.to_owned()];
    if let Some(change) = &mut audit.change {
        change.rules = format!("{STRANGER}\n```\n");
        change.remarks = vec![STRANGER.to_owned()];
    }
    seen(&Document::Audit(Box::new(audit)));
    let mut change = change();
    change.files[0][0].0 = STRANGER.to_owned();
    change.skipped.push((STRANGER.to_owned(), STRANGER.to_owned()));
    change.requested = Some(vec![STRANGER.to_owned()]);
    change.unjudged.push(STRANGER.to_owned());
    let strange = Cited { file: STRANGER.to_owned(), line: 1, name: STRANGER.into(), quoted: STRANGER.into() };
    change.rows[0].before = vec![strange.clone()];
    change.rows[0].conditions = vec![STRANGER.to_owned()];
    change.rows[0].names = vec![("in by", Named { names: vec![STRANGER.to_owned()], but: true })];
    change.left_out[0].by = Some(strange);
    change.left_out[0].why = vec![STRANGER.to_owned()];
    seen(&Document::Change(Box::new(change)));
    let (before, after) = (healthy(), Report::from(&fixture::hostile()));
    seen(&Document::Comparison(&Comparison::of(&before, &after)));
    seen(&Document::Comparison(&Comparison::of(&after, &before)));
}

/// A review of two rules, one of which comes too late.
fn audit() -> Audit {
    let sheet = sheet();
    let cited = |line: u32, name: &str, quoted: &str| Cited {
        file: "iptables.rules".to_owned(),
        line,
        name: name.into(),
        quoted: quoted.into(),
    };
    let drop = cited(5, "rule 2 of INPUT", "-A INPUT -p tcp --dport 443 -j DROP");
    let accept = cited(6, "rule 3 of INPUT", "-A INPUT -s 3.217.146.166/32 -p tcp --dport 443 -j ACCEPT");
    let peers = |text: &str| networks(&[text.parse().unwrap()]);
    let by = |verdict, rule: Cited, text: &str| By {
        verdict,
        peers: peers(text),
        protocols: vec![Protocol::Tcp],
        rule,
        hidden: None,
        idle: None,
        why: Vec::new(),
    };
    let decided = |nth: usize, fate, by| Decided { flow: sheet.flows[nth].clone(), fate, by };
    Audit {
        report: fixture::broken(),
        groups: &[],
        files: vec![("iptables.rules".to_owned(), "iptables")],
        skipped: vec![("rules/README.md".to_owned(), "it is in no language that is read".to_owned())],
        flows: vec![
            decided(
                2,
                Fate::Shadowed,
                vec![
                    By { hidden: Some(accept.clone()), ..by(Verdict::Denied, drop, "3.217.146.166/32") },
                    by(Verdict::Allowed, accept.clone(), "2001:db8::/32"),
                ],
            ),
            decided(
                1,
                Fate::Unsure,
                vec![By {
                    why: vec!["the set `api` holds the address".to_owned()],
                    ..by(Verdict::Unsure, accept, "104.16.0.0/13")
                }],
            ),
        ],
        change: Some(Written {
            dialect: Some("iptables"),
            rules: "-A INPUT -s 3.217.146.166/32 -p tcp --dport 443 -j ACCEPT\n".to_owned(),
            remarks: vec!["Put it before rule 2 of INPUT.".to_owned()],
            flows: vec![sheet.flows[2].clone()],
        }),
    }
}

/// A change that opens what was requested and more, shuts something, and leaves something out.
fn change() -> Change {
    let cited = |line: u32, name: &str, quoted: &str| Cited {
        file: "after.rules".to_owned(),
        line,
        name: name.into(),
        quoted: quoted.into(),
    };
    let any = || Named { names: Vec::new(), but: true };
    let row = |effect, requested, source: &str| Changed {
        effect,
        requested,
        way: Way::In,
        names: Vec::new(),
        source: networks(&[source.parse().unwrap()]),
        destination: Ranges::all(),
        protocol: Ranges::one(6_u8),
        source_port: Ranges::all(),
        port: Ranges::one(443_u16),
        before: vec![cited(2, "policy of INPUT", ":INPUT DROP")],
        after: vec![cited(7, "rule 4 of INPUT", "-A INPUT -s 3.217.146.0/24 -p tcp --dport 443 -j ACCEPT")],
        conditions: Vec::new(),
    };
    let may = Changed {
        names: vec![("in by", any())].into_iter().filter(|(_, named)| !named.is_any()).collect(),
        port: Ranges::between(8000_u16, 8999_u16),
        conditions: vec!["the set `office` holds the address".to_owned()],
        ..row(Effect::MayOpen, false, "10.0.0.0/8")
    };
    Change {
        head: fixture::head(),
        files: [
            vec![("before.rules".to_owned(), "iptables")],
            vec![("after.rules".to_owned(), "iptables"), ("after.v6".to_owned(), "iptables")],
        ],
        skipped: Vec::new(),
        requested: Some(vec!["ingress-workos".to_owned(), "egress-api".to_owned()]),
        verdict: Followed::Otherwise(Wrong { opens_more: true, leaves_out: true, shuts: true }),
        complete: true,
        rows: vec![
            row(Effect::Opens, true, "3.217.146.166/32"),
            row(Effect::Opens, false, "3.217.146.0/25"),
            row(Effect::Closes, false, "192.0.2.0/24"),
            may,
        ],
        established: vec![row(Effect::Closes, false, "198.51.100.0/24")],
        left_out: vec![Missed {
            flow: "egress-api".to_owned(),
            peers: networks(&["104.16.0.0/13".parse().unwrap()]),
            sure: true,
            by: Some(cited(4, "policy of OUTPUT", ":OUTPUT DROP")),
            why: Vec::new(),
        }],
        unjudged: vec!["a part that was not understood is not the same on both sides: `-m recent`".to_owned()],
    }
}

fn plan() -> Plan {
    let api = Endpoint::new("api.workos.com", 443);
    let proxy = Endpoint::new("proxy.example", 3128);
    let touched =
        |what, why: &[&str]| Contact::from(Touched { what, why: why.iter().map(ToString::to_string).collect() });
    let contact = |what, why: &str| touched(what, &[why]);
    let lookup = |name: &str, server| Touch::Lookup { name: name.to_owned(), server };
    let connect = |to: &Endpoint, by, tls| Touch::Connect { endpoint: to.clone(), by, tls };
    let list = Touch::request(Method::Get, &api, "/organizations?limit=1");
    let planned = |id, subject: Option<&str>, required, idle| Planned {
        id: CheckId::new(id),
        subject: subject.map(str::to_owned),
        required,
        idle,
    };
    Plan {
        head: fixture::head(),
        command: "check",
        contacts: vec![
            touched(
                Touch::File("/etc/resolv.conf".into()),
                &["which servers are asked", "whether they are this machine's own; nothing else is read of it"],
            ),
            contact(Touch::File("/etc/hosts".into()), "whether it names the API"),
            contact(Touch::CLOCK, "whether the certificate holds now"),
            contact(lookup("proxy.example", Server::System), "where the proxy is"),
            contact(lookup("api.workos.com", Server::Named(([10, 20, 0, 53], 53).into())), "whether it resolves here"),
            contact(lookup("app.customer.example", Server::Public), "the public view of it"),
            contact(connect(&proxy, Through::Name, false), "on the way to api.workos.com:443"),
            contact(connect(&api, Through::Proxy(proxy.clone()), true), "whether the handshake completes"),
            contact(
                connect(
                    &Endpoint::new("cloudflare-dns.com", 443),
                    Through::Addresses(vec![[104, 16, 248, 249].into()]),
                    true,
                ),
                "for DNS over HTTPS",
            ),
            contact(
                list.clone(),
                "whether the API answers, and whether it is the API that answers: what stands in its place speaks otherwise, and is told by that",
            ),
            contact(list.with_the_key(), "whether the API accepts the key"),
            contact(
                Touch::request(Method::Post, &Endpoint::new("app.customer.example", 443), "/hook?token=planted")
                    .with_query_as_given(),
                "whether it refuses an unsigned event",
            ),
            contact(Touch::Learnt(Learnt::Redirects { followed: &["workos.com"] }), "where a sign-in leads"),
        ],
        checks: vec![
            planned("egress.connects", Some("api.workos.com:443"), true, None),
            planned(
                "events.readable",
                None,
                false,
                Some(Why::NotApplicable {
                    enable: "strategy `events` fetches events; this one is `firewall`, which has them delivered to the webhook URL"
                        .to_owned(),
                    wants: None,
                }),
            ),
            planned("egress.stable", None, true, Some(Why::LeftOut(Some("measured last week | see CHG-1042".to_owned())))),
        ],
    }
}

pub(crate) fn sheet() -> Sheet {
    let party = |object: &str, who: &str, hosts: &[&str], ranges: &[&str]| Party {
        object: object.to_owned(),
        who: who.to_owned(),
        hosts: hosts.iter().map(ToString::to_string).collect(),
        ranges: ranges.iter().map(|range| range.parse().unwrap()).collect(),
        within: None,
    };
    let flows = vec![
        Flow {
            id: "egress-dns".to_owned(),
            direction: Direction::Egress,
            source: party("server", "the installation's server", &[], &[]),
            destination: party("resolvers", "its resolver", &[], &["10.20.0.53/32"]),
            protocols: &[Protocol::Udp, Protocol::Tcp],
            port: 53,
            need: Need::Required,
            reason: "looking up names, over UDP and TCP; not needed where a proxy resolves".to_owned(),
            since: "any network".to_owned(),
        },
        Flow {
            id: "egress-api".to_owned(),
            direction: Direction::Egress,
            source: party("server", "the installation's server", &[], &[]),
            destination: Party {
                within: Some(Owner { object: "cloudflare", who: "Cloudflare, published ranges" }),
                ..party("workos-api", "the WorkOS API", &["api.workos.com"], &["104.16.0.0/13", "2606:4700::/32"])
            },
            protocols: &[Protocol::Tcp],
            port: 443,
            need: Need::Required,
            reason: "every API call".to_owned(),
            since: "the on-prem guide; ranges: https://www.cloudflare.com/ips-v4, 2026-02-11".to_owned(),
        },
        Flow {
            id: "ingress-workos".to_owned(),
            direction: Direction::Ingress,
            source: party(
                "workos-published",
                "WorkOS, published addresses",
                &[],
                &["3.217.146.166/32", "2001:db8::/32"],
            ),
            destination: party("installation", "the installation", &["app.customer.example"], &[]),
            protocols: &[Protocol::Tcp],
            port: 443,
            need: Need::Recommended,
            reason: "webhooks | Actions; a missing address shows as deliveries that fail now and then".to_owned(),
            since: "https://workos.example/docs/on-prem, read on 2026-11-23".to_owned(),
        },
    ];
    // 2026-11-23T18:00:00.250Z
    let request = Request { requester: Some("Ada Example".to_owned()), ticket: None };
    Sheet::new(request, fixture::head(), flows)
}

fn decides() -> Decides {
    let check = Some(Strategies { always: vec!["firewall"], when_asked: vec!["events"] });
    Decides { check, probe: Some(false) }
}

fn faults() -> Faults {
    Faults(vec![
        Fault {
            name: "egress-dropped",
            shows: "A firewall drops what goes to the API.",
            finds: &["egress.connects/timed-out", "egress.stable/unsteady"],
        },
        Fault {
            name: "proxy-tls",
            shows: "The proxy is spoken to over TLS, which is all as it should be, and which takes more than one line to say.",
            finds: &[],
        },
    ])
}

fn healthy() -> Report {
    on_linux(Report::from(&fixture::healthy()))
}

/// As [`fixture::broken`], on another day and another host.
fn broken() -> Report {
    let mut report = on_linux(Report::from(&fixture::broken()));
    report.started_at = "2026-11-24T09:30:00Z".to_owned();
    report.host.name = "app02".to_owned();
    report
}

/// Goldens are the same on every system.
fn on_linux(mut report: Report) -> Report {
    report.host.os = "linux".to_owned();
    report
}

fn page(spec: &'static Spec, code: &'static Code) -> CodePage {
    let every = [&CONNECTS, &CLOCK].into_iter().flat_map(|spec| spec.codes.iter().map(move |code| (spec, *code)));
    CodePage::of((spec, code), decides(), every)
}

static TIMED_OUT: Code =
    Code::error("timed-out", "no address answered: packets are dropped on the way, as `DROP` does").caused_by(&[
        Cause::network(
            "A firewall between this host and the internet drops what it does not allow, and says so in its log only.",
            "Every other host outside is silent as well, and `iptables -S` shows a policy of <DROP>.",
            "Allow outbound TCP 443 from this host to Cloudflare's published ranges, and answer what comes back from there.",
        )
        .shown_by("curl -sv --connect-timeout 5 --resolve api.workos.com:443:104.18.2.1 https://api.workos.com/ | head"),
        Cause::installer(
            "This site goes out through a proxy, and no setting names it.",
            "Other programs on this host reach the internet.",
            "Set `HTTPS_PROXY=http://PROXY:PORT` where the application is started.",
        )
        .shown_by("env | grep -i _proxy"),
        Cause::network(
            "The firewall of this host itself drops it.",
            "Other machines of the same network get through, and of this one `nft list ruleset | grep -B 2 drop` shows why.",
            "Let this host's firewall pass TCP 443.",
        )
        .shown_by("env | grep -i _proxy"),
    ]);
static SKEWED: Code = Code::warning("skewed", "the clock is off").explains(&[&TIMED_OUT]);

static EGRESS: Group = fixture::group_with("egress", &[&CONNECTS, &CLOCK]);

static CONNECTS: Spec = Spec {
    explain: "Connects to every address that the name resolves to,\nand keeps what each of them says.\n\nMatters because \
              everything else goes over this connection.\n\nUsually broken by a firewall that lets `*.workos.com` through by name, \
              and <not> by address.",
    codes: &[&TIMED_OUT, &SKEWED],
    needs: &[CheckId::new("egress.resolves"), CheckId::new("egress.proxy")],
    ..spec("egress.connects")
};

static CLOCK: Spec = Spec { codes: &[&SKEWED], ..spec("egress.clock") };

const fn spec(id: &'static str) -> Spec {
    Spec {
        id: CheckId::new(id),
        title: fixture::title(id),
        explain: "Compares the clocks.",
        vantages: &[Vantage::Inside],
        required: |_, _| true,
        codes: &[],
        needs: &[],
        plan: |_, _| Planning::NotApplicable(String::new()),
    }
}

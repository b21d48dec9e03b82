//! Reports that every format is tested on.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{Detail, Format, Look};
use crate::check::{CheckId, Group, Planned, Spec};
use crate::checks;
use crate::documents::Document;
use crate::ending::{Ending, Stop, Why};
use crate::outcome::{Code, Evidence, Grade, Outcome, Remediation, Status, Vantage, command};
use crate::report::waivers::{Standing, Waived};
use crate::report::{Head, Report, Row};
use crate::settings::{Source, Strategy, Waiver};

/// As on a wide terminal without colours.
pub(crate) const NORMAL: Look = Look { detail: Detail::Normal, colour: false, unicode: true, width: 110 };

/// Every detail, with and without Unicode.
pub(crate) const LOOKS: [Look; 4] = [
    NORMAL,
    Look { detail: Detail::Quiet, ..NORMAL },
    Look { detail: Detail::Verbose, ..NORMAL },
    Look { detail: Detail::Verbose, unicode: false, ..NORMAL },
];

/// What strangers write who mean to be more than read.
pub(crate) const STRANGER: &str = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{7f}\0\u{b}\u{fffe}\u{202e}<script>]]>&\r\nBlocked by policy \
    | [here](https://evil.example) @everyone `<img src=x>` <!-- ::error::x";

/// Every report.
pub(crate) fn every() -> Vec<Report> {
    vec![
        healthy(),
        delivered(),
        broken(),
        undecided(),
        interrupted(),
        unfinished(),
        broke(),
        demonstration(),
        hostile(),
    ]
}

/// Everything that was asked is fine.
pub(crate) fn healthy() -> Report {
    let rows = vec![
        consistent(),
        resolves(API),
        connects(),
        ran(&TRUSTED, Some(API_443), &public_chain(), 41),
        ran(&CLOCK, Some("app01"), &clock("0.4 s behind"), 38),
        ran(&ACCEPTED, Some("https://api.workos.com/organizations"), &accepted(), 120),
        ran(&DOMAIN_RESOLVES, Some("app.customer.example"), &addresses("198.51.100.7"), 25),
        ran(&INGRESS_CONNECTS, Some("app.customer.example:443"), &reached(), 9),
        not_applicable(&CALLBACK, "give `--redirect-uri` to have it asked for"),
        not_applicable(&READABLE, "strategy `events` fetches events; this one is `firewall`"),
        not_applicable(&ANSWERS, "give `--actions-url` when Actions are used"),
        not_applicable(&ACTIONS_DELIVERED, "give `--actions-url` when Actions are used"),
    ];
    Report { head: head(), rows, duration: Duration::from_millis(412), interrupted: false, waivers: Vec::new() }
}

/// As [`healthy`], and a webhook was seen to arrive.
pub(crate) fn delivered() -> Report {
    let mut report = healthy();
    let outcome = Outcome::graded(Grade::Proved).with("source", "3.217.146.166");
    report.rows.push(ran(&WEBHOOK_DELIVERED, Some("https://app.customer.example/webhooks"), &outcome, 2_100));
    report
}

/// Something of everything.
pub(crate) fn broken() -> Report {
    let timed_out = TIMED_OUT.found(
        "no answer from 104.18.2.1:443 or 104.18.3.1:443 within 5 s, twice",
        Remediation::network(
            "Allow outbound TCP 443 from this host (10.20.0.10) to Cloudflare's published ranges (15 IPv4, 7 IPv6); \
             the packets are dropped on the way.",
        )
        .verify("curl -sv --connect-timeout 5 https://api.workos.com/")
        .or(Remediation::installer(
            "Where this site reaches the internet through a proxy, set HTTPS_PROXY=http://PROXY:PORT and run this again.",
        )),
    );
    let intercepted = INTERCEPTED.found(
        "shows a certificate that this host trusts and the public does not: its issuer is Customer Inspection CA",
        Remediation::installer(
            "Give the CA to the application's runtime (for Node, NODE_EXTRA_CA_CERTS=/etc/ssl/customer-ca.pem), or \
             have files.vendor.example exempted from inspection.",
        )
        .verify("openssl s_client -connect files.vendor.example:443 -servername files.vendor.example </dev/null"),
    );
    let skewed = SKEWED.found(
        "is 212 s ahead of the API's",
        Remediation::installer("Set the clock from a time server that this host can reach, such as 10.20.0.2.")
            .verify("timedatectl status"),
    );
    let staging = STAGING_KEY.found(
        "the key begins with `sk_test_`, and the expected environment is production",
        Remediation::vendor("Send the customer a key of their own production environment."),
    );
    let unknown_prefix = UNKNOWN_PREFIX.found(
        "the prefix is no documented sign of the environment",
        Remediation::installer("Compare the key with the one in the WorkOS dashboard."),
    );
    let rows = vec![
        consistent(),
        resolves(API),
        ran(&RESOLVES, Some("files.vendor.example"), &addresses(MANY), 19),
        ran(
            &CONNECTS,
            Some(API_443),
            &Outcome::graded(Grade::Declared)
                .with("addresses tried", "104.18.2.1, 104.18.3.1")
                .via("direct")
                .tried(2)
                .because(timed_out),
            10_006,
        ),
        ran(&CONNECTS, Some("files.vendor.example:443"), &reached(), 12),
        skipped(&TRUSTED, Some(API_443), Why::Needs(CONNECTS.id)),
        ran(&TRUSTED, Some("files.vendor.example:443"), &private_chain().because(intercepted), 55),
        waived(
            ran(&CLOCK, Some("app01"), &clock("212 s ahead").because(skewed), 40),
            "the time server moves in spring, CHG-1042 (until 2027-03-31)",
        ),
        skipped(&STABLE, None, Why::LeftOut(Some("measured last week".to_owned()))),
        skipped(&ACCEPTED, Some("https://api.workos.com/organizations"), Why::Needs(CONNECTS.id)),
        ran(
            &ENVIRONMENT,
            None,
            &Outcome::graded(Grade::Declared).with("key", "sk_test_…wxyz").because(unknown_prefix).because(staging),
            0,
        ),
        ran(&DOMAIN_RESOLVES, Some("app.customer.example"), &no_public_view(), 5_003),
        no_way_back(),
        not_applicable(&CALLBACK, "give `--redirect-uri` to have it asked for"),
        not_applicable(&READABLE, "strategy `events` fetches events; this one is `firewall`"),
        not_applicable(&ANSWERS, "give `--actions-url` when Actions are used"),
        not_applicable(&ACTIONS_DELIVERED, "give `--actions-secret-file` when Actions are used"),
    ];
    let waiver = |id: &str, reason: &str, until, standing| Waived {
        waiver: Waiver { id: id.to_owned(), reason: reason.to_owned(), until },
        standing,
    };
    let waivers = vec![
        waiver(
            "egress.clock",
            "the time server moves in spring, CHG-1042",
            jiff::civil::date(2027, 3, 31),
            Standing::Covers,
        ),
        waiver("egress.resolves/slow", "a slow line, CHG-0981", jiff::civil::date(2026, 10, 31), Standing::Ended),
        waiver("settings.consistent", "tried", jiff::civil::date(2027, 3, 31), Standing::Unmatched),
    ];
    Report { head: head(), rows, duration: Duration::from_millis(10_112), interrupted: false, waivers }
}

/// Nothing failed, and something required is unknown.
pub(crate) fn undecided() -> Report {
    let mut report = healthy();
    report.rows[6] = ran(&DOMAIN_RESOLVES, Some("app.customer.example"), &no_public_view(), 5_003);
    report.rows[7] = no_way_back();
    report.duration = Duration::from_millis(5_100);
    report
}

/// As [`delivered`], and what arrived was refused.
pub(crate) fn delivered_and_refused() -> Report {
    let mut report = delivered();
    let found = BROKEN.found("answers 500", Remediation::vendor("Mend the receiver."));
    let outcome = Outcome::graded(Grade::Proved).because(found);
    *report.rows.last_mut().unwrap() =
        ran(&WEBHOOK_DELIVERED, Some("https://app.customer.example/webhooks"), &outcome, 2_100);
    report
}

/// Ended by the user while the credentials were being tried.
pub(crate) fn interrupted() -> Report {
    let mut report = healthy();
    for row in report.rows.iter_mut().skip(5).filter(|row| row.status() == Status::Pass) {
        *row = cut_short(row, Stop::Interruption, ("running for", "1.2 s"));
    }
    report.interrupted = true;
    report
}

/// A check broke, and the deadline passed before another was through.
pub(crate) fn unfinished() -> Report {
    let mut report = healthy();
    let broke = Ending::Broke("it panicked".to_owned());
    report.rows[3] = row(&TRUSTED, Some(API_443), broke, Duration::from_millis(3));
    let deadline = Stop::Deadline(Duration::from_mins(1));
    report.rows[6] = cut_short(&report.rows[6], deadline, ("running for", "58.2 s"));
    report.duration = Duration::from_mins(1);
    report
}

/// Everything that is required is fine, and checks that are not broke.
pub(crate) fn broke() -> Report {
    let mut report = healthy();
    for (place, spec, subject) in [(2, &CONNECTS, API_443), (3, &TRUSTED, API_443), (4, &CLOCK, "app01")] {
        report.rows[place] =
            row(spec, Some(subject), Ending::Broke("it panicked".to_owned()), Duration::from_millis(3));
        report.rows[place].required = false;
    }
    report.rows.insert(3, report.rows[2].clone());
    report
}

/// What `demo` shows.
pub(crate) fn demonstration() -> Report {
    let mut report = broken();
    report.rows.truncate(4);
    report.head.demonstration = Some("a firewall that drops what goes to the API".to_owned());
    report.duration = Duration::from_millis(10_020);
    report
}

/// Strangers wrote into it: a block page, a certificate, a host name.
pub(crate) fn hostile() -> Report {
    let stranger = STRANGER;
    let found = TIMED_OUT
        .found(stranger, Remediation::network(format!("Ask about {stranger}.")).verify(command!("curl {}", stranger)));
    let outcome = Outcome::graded(Grade::Reached).with("title", stranger).via(stranger).because(found);
    let mut report = healthy();
    report.rows[2] = ran(&CONNECTS, Some(stranger), &outcome, 1);
    report.rows[4] = waived(report.rows[2].clone(), stranger);
    report.rows[8] = not_applicable(&CALLBACK, stranger);
    report.head.host = stranger.to_owned();
    report.head.via = stranger.to_owned();
    report.head.demonstration = Some(stranger.to_owned());
    report.head.settings.push(("installation.domain", stranger.to_owned(), Source::Flag("--domain")));
    report
}

/// What a run that ends in this report writes.
pub(crate) fn written(format: &Format, look: Look, report: &Report) -> String {
    let mut reporter = format.tells().unwrap()(look, GROUPS);
    let mut out = Vec::new();
    reporter.begin(&report.head, &mut out).unwrap();
    for row in &report.rows {
        reporter.row(row, &mut out).unwrap();
    }
    reporter.end(report, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A document as a format has it.
pub(crate) fn document(format: &Format, look: Look, document: &Document) -> String {
    let mut out = Vec::new();
    format.writes().unwrap()(document, look, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Compares with the golden file of something in a format.
#[track_caller]
pub(crate) fn golden_in(format: &Format, what: &str, written: &str) {
    let name = if format.name == format.ending { what.to_owned() } else { format!("{what}.{}", format.name) };
    golden(&format!("{name}.{}", format.ending), written);
}

/// Compares with a golden file; with `UPDATE_GOLDENS=1` in the environment, writes it.
#[track_caller]
pub(crate) fn golden(name: &str, written: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/reporters").join(name);
    if std::env::var_os("UPDATE_GOLDENS").is_some_and(|value| value == "1") {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, written).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(golden == written, "{name} differs; UPDATE_GOLDENS=1 accepts this:\n{written}");
}

const API: &str = "api.workos.com";
const API_443: &str = "api.workos.com:443";
const MANY: &str = "203.0.113.10, 203.0.113.11, 203.0.113.12, 203.0.113.13, 203.0.113.14, 2001:db8::10, 2001:db8::11";

fn head() -> Head {
    Head {
        // 2026-11-23T18:00:00.250Z
        started_at: SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_456_800_250),
        host: "app01".to_owned(),
        address: Some("10.20.0.10".to_owned()),
        vantage: Vantage::Inside,
        strategy: Strategy::Firewall,
        via: "direct".to_owned(),
        facts_as_of: "2026-11-23".to_owned(),
        settings: vec![
            ("strategy", "firewall".to_owned(), Source::Default),
            ("workos.api_key_file", "sk_test_…wxyz".to_owned(), Source::Environment("WORKOS_API_KEY")),
            ("installation.domain", "app.customer.example".to_owned(), Source::Flag("--domain")),
            ("network.timeout", "5s".to_owned(), Source::File("preflight.toml".into())),
        ],
        demonstration: None,
    }
}

fn consistent() -> Row {
    ran(&CONSISTENT, None, &Outcome::graded(Grade::Declared), 0)
}

fn resolves(host: &str) -> Row {
    ran(&RESOLVES, Some(host), &addresses("104.18.2.1, 104.18.3.1").with("resolver", "10.20.0.2:53"), 17)
}

fn connects() -> Row {
    ran(&CONNECTS, Some(API_443), &reached(), 12)
}

fn addresses(list: &str) -> Outcome {
    Outcome::graded(Grade::Reached).with("addresses", list).tried(1)
}

fn reached() -> Outcome {
    Outcome::graded(Grade::Reached).with("answered", "all of 2 addresses").via("direct").tried(1)
}

fn public_chain() -> Outcome {
    Outcome::graded(Grade::Identified).with("issuer", "Google Trust Services WE1").via("direct").tried(1)
}

fn private_chain() -> Outcome {
    Outcome::graded(Grade::Identified)
        .with("issuer", "CN=Customer Inspection CA, O=Customer")
        .with("leaf", "CN=files.vendor.example")
        .with("not after", "2027-01-09T12:00:00Z")
        .with("public root", "none")
        .with("SHA-256", "5f3b1c2e9a7d44108c6e0b1f2a3d4c5b6e7f8091a2b3c4d5e6f708192a3b4c5d")
        .via("direct")
        .tried(1)
}

fn clock(offset: &str) -> Outcome {
    Outcome::graded(Grade::Answered).with("offset", offset).via("direct").tried(1)
}

fn accepted() -> Outcome {
    Outcome::graded(Grade::Authorized).with("status", "200").via("direct").tried(1)
}

fn no_public_view() -> Outcome {
    let found = NO_PUBLIC_VIEW.found(
        "has the answer 10.20.0.10 here, and the public view could not be asked",
        Remediation::network(
            "Let this host ask cloudflare-dns.com on TCP 443, or name another with --public-resolver.",
        )
        .verify("dig @1.1.1.1 app.customer.example"),
    );
    addresses("10.20.0.10").because(found)
}

fn hairpin() -> Outcome {
    let found = HAIRPIN.found(
        "no answer from 198.51.100.7:443 within 5 s, from inside",
        Remediation::installer("Look from outside as well; many firewalls do not send a host back to itself."),
    );
    Outcome::graded(Grade::Declared).tried(2).via("direct").because(found)
}

fn no_way_back() -> Row {
    let mut row = ran(&INGRESS_CONNECTS, Some("app.customer.example:443"), &hairpin(), 5_001);
    row.required = false;
    row
}

fn waived(mut row: Row, why: &str) -> Row {
    row.waived = Some(why.to_owned());
    row
}

fn ran(spec: &'static Spec, subject: Option<&str>, outcome: &Outcome, milliseconds: u64) -> Row {
    row(spec, subject, Ending::Asked(outcome.clone()), Duration::from_millis(milliseconds))
}

fn skipped(spec: &'static Spec, subject: Option<&str>, why: Why) -> Row {
    row(spec, subject, Ending::Skipped(why), Duration::ZERO)
}

fn not_applicable(spec: &'static Spec, enable: &str) -> Row {
    skipped(spec, None, Why::NotApplicable { enable: enable.to_owned() })
}

fn cut_short(of: &Row, by: Stop, (what, value): (&'static str, &str)) -> Row {
    let evidence = vec![Evidence { what, value: value.to_owned(), confidential: false }];
    row(of.spec, of.subject.as_deref(), Ending::CutShort { by, evidence }, Duration::ZERO)
}

fn row(spec: &'static Spec, subject: Option<&str>, ending: Ending, took: Duration) -> Row {
    Row::new(spec, true, subject.map(str::to_owned), ending, took)
}

/// What may be found in any of them.
static CODES: &[&Code] =
    &[&BROKEN, &TIMED_OUT, &INTERCEPTED, &SKEWED, &STAGING_KEY, &UNKNOWN_PREFIX, &NO_PUBLIC_VIEW, &HAIRPIN];
pub(crate) static BROKEN: Code = Code::error("broken", "it does not work");
static TIMED_OUT: Code = Code::error("timed-out", "no address answered");
static INTERCEPTED: Code = Code::warning("intercepted", "the chain is trusted here and not publicly");
static SKEWED: Code = Code::error("skewed", "the clock is off");
static STAGING_KEY: Code = Code::error("staging-key-in-production", "the key is of a staging environment");
static UNKNOWN_PREFIX: Code = Code::warning("unknown-prefix", "the prefix says nothing");
static NO_PUBLIC_VIEW: Code = Code::undecided("no-public-view", "the public view could not be asked");
static HAIRPIN: Code = Code::undecided("hairpin", "a host cannot be reached from behind its own edge");

pub(crate) static GROUPS: &[Group] = &[
    group("settings"),
    group("egress"),
    group("credentials"),
    group("domain"),
    group("ingress"),
    group("events"),
    group("actions"),
];

static CONSISTENT: Spec = spec("settings.consistent");
static RESOLVES: Spec = spec("egress.resolves");
static CONNECTS: Spec = spec("egress.connects");
static TRUSTED: Spec = spec("egress.trusted");
static CLOCK: Spec = spec("egress.clock");
static STABLE: Spec = spec("egress.stable");
static ACCEPTED: Spec = spec("credentials.accepted");
static ENVIRONMENT: Spec = spec("credentials.environment");
static DOMAIN_RESOLVES: Spec = spec("domain.resolves");
static INGRESS_CONNECTS: Spec = spec("ingress.connects");
static CALLBACK: Spec = spec("ingress.callback");
static WEBHOOK_DELIVERED: Spec = spec("webhook.delivered");
static READABLE: Spec = spec("events.readable");
static ANSWERS: Spec = spec("actions.answers");
static ACTIONS_DELIVERED: Spec = spec("actions.delivered");

const fn spec(id: &'static str) -> Spec {
    Spec {
        id: CheckId::new(id),
        title: title(id),
        explain: "",
        vantages: &[Vantage::Inside],
        required: |_, _| true,
        codes: CODES,
        needs: &[],
        plan: |_, _| Planned::NotApplicable(String::new()),
    }
}

/// The title that the check itself has. One that there is not does not compile.
pub(crate) const fn title(id: &str) -> &'static str {
    let mut group = 0;
    while group < checks::GROUPS.len() {
        let specs = checks::GROUPS[group].specs;
        let mut at = 0;
        while at < specs.len() {
            if same(specs[at].id.as_str(), id) {
                return specs[at].title;
            }
            at += 1;
        }
        group += 1;
    }
    panic!("there is no such check")
}

/// A group without its checks, under the heading that it has.
const fn group(id: &'static str) -> Group {
    Group { id, title: heading(id), specs: &[] }
}

/// The heading that the group itself has.
pub(crate) const fn heading(id: &str) -> &'static str {
    let mut at = 0;
    while at < checks::GROUPS.len() {
        if same(checks::GROUPS[at].id, id) {
            return checks::GROUPS[at].title;
        }
        at += 1;
    }
    panic!("there is no such group")
}

/// `==`, which the compiler cannot call yet.
const fn same(one: &str, other: &str) -> bool {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut at = 0;
    while at < one.len() && at < other.len() && one[at] == other[at] {
        at += 1;
    }
    at == one.len() && at == other.len()
}

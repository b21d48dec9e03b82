//! How long rules take that are far more than anybody has: reading and judging them, which has to grow as they do, and comparing
//! them after a few edits, and after all of them were rewritten.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and ends at what it did not expect")]

use std::fmt::Write;
use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use workos_preflight::facts::Facts;
use workos_preflight::firewall::audit::{Known, judge};
use workos_preflight::firewall::compare::{Budget, Comparison, compare};
use workos_preflight::firewall::dialects::{Input, Scope, dialect};
use workos_preflight::firewall::rules::Rules;
use workos_preflight::firewall::{Direction, Flow, Need, Party, Protocol};

const RUNS: usize = 5;

fn main() {
    // `cargo test --benches` runs it once and small, to see that it still can.
    let (runs, many) =
        if std::env::args().any(|argument| argument == "--bench") { (RUNS, 100_000) } else { (1, 2_000) };
    let mut chance = Chance(88_172_645_463_325_252);
    let lines: Vec<String> = (0..many).map(|_| chance.line()).collect();
    let flows = flows();

    let few = quickest(runs, || audited(&lines[..many / 10], &flows));
    let before_many = peak();
    let all = quickest(runs, || audited(&lines, &flows));
    println!(
        "{many} rules read and held against {} flows: {} ms, {:.1} times as long as a tenth of them; {} MB at most, {} before",
        flows.len(),
        all.as_millis(),
        all.as_secs_f64() / few.as_secs_f64(),
        peak(),
        before_many,
    );

    let edited = chance.edited(&lines);
    let (before, after) = (read(&lines), read(&edited));
    let once = quickest(runs, || drop(read(&lines)));
    let ten = quickest(runs, || held(&compare(&before, &after, &[], Budget::default())));
    println!(
        "ten edits in {many} rules compared: {} ms, {:.1} times as long as reading them once; {} MB at most",
        ten.as_millis(),
        ten.as_secs_f64() / once.as_secs_f64(),
        peak(),
    );
    drop((before, after));

    let tenth = many / 10;
    let rewritten: Vec<String> = (0..tenth).map(|_| chance.line()).collect();
    let (before, after) = (read(&lines[..tenth]), read(&rewritten));
    let (half_before, half_after) = (read(&lines[..tenth / 2]), read(&rewritten[..tenth / 2]));
    let half = quickest(runs, || held(&compare(&half_before, &half_after, &[], Budget::default())));
    let whole = quickest(runs, || held(&compare(&before, &after, &[], Budget::default())));
    println!(
        "{tenth} rules, each rewritten, compared: {} ms, {:.1} times as long as half of them",
        whole.as_millis(),
        whole.as_secs_f64() / half.as_secs_f64(),
    );
}

fn audited(lines: &[String], flows: &[Flow]) {
    let rules = read(lines);
    let judged = judge(&rules, flows, &Known::default());
    assert!(judged.iter().all(|one| !one.asked.is_empty()));
}

fn held(comparison: &Comparison) {
    assert!(comparison.complete && comparison.unjudged.is_empty() && !comparison.rows.is_empty());
}

fn quickest(runs: usize, run: impl Fn()) -> Duration {
    let once = || {
        let start = Instant::now();
        run();
        start.elapsed()
    };
    (0..runs).map(|_| once()).min().unwrap()
}

fn read(lines: &[String]) -> Rules {
    let mut text = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n\
                    -A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
        .to_owned();
    for line in lines {
        text.push_str(line);
        text.push('\n');
    }
    text.push_str("COMMIT\n");
    let input = Input { name: "rules".to_owned(), text };
    let reads = dialect("iptables").unwrap().reads.as_ref().unwrap();
    (reads.read)(&[input], &Scope::default()).map_err(|unread| unread.why).unwrap()
}

/// Megabytes that the process has held at most.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok()).unwrap_or_default() / 1024
}

/// The API out, and both lists of sources in.
fn flows() -> Vec<Flow> {
    let facts = Facts::embedded();
    let cloudflare: Vec<_> = facts.cloudflare.ipv4.iter().chain(&facts.cloudflare.ipv6).copied().collect();
    let workos = facts.workos_sources.published.addresses.iter().map(|address| (*address).into()).collect();
    let party = |object: &str, ranges| Party { object: object.to_owned(), ranges, ..Party::default() };
    let flow = |id: &str, direction, source, destination| Flow {
        id: id.to_owned(),
        direction,
        source,
        destination,
        protocols: &[Protocol::Tcp],
        port: 443,
        need: Need::Required,
        reason: String::new(),
        since: String::new(),
    };
    let here = || party("installation", Vec::new());
    vec![
        flow("egress-api", Direction::Egress, here(), party("cloudflare", cloudflare.clone())),
        flow("ingress-workos", Direction::Ingress, party("workos", workos), here()),
        flow("ingress-cloudflare", Direction::Ingress, party("cloudflare", cloudflare), here()),
    ]
}

/// Numbers that look like chance and are the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    /// A rule as people have them: a network or a host, now and then a destination, a port or some, and mostly an accept.
    fn line(&mut self) -> String {
        let mut line = "-A INPUT".to_owned();
        let length = [8, 16, 20, 24, 24, 24, 28, 32, 32, 32][self.below(10)];
        let address = u32::try_from(self.below(1 << 32)).unwrap() & (u32::MAX << (32 - length));
        write!(line, " -s {}/{length}", Ipv4Addr::from(address)).unwrap();
        if self.below(3) == 0 {
            write!(line, " -d 10.{}.{}.0/24", self.below(256), self.below(256)).unwrap();
        }
        let protocol = ["tcp", "tcp", "tcp", "udp"][self.below(4)];
        let port = [443, 80, 22, 53, 8080, 5432][self.below(6)];
        let ports = if self.below(4) == 0 { format!("{port}:{}", port + self.below(5000)) } else { port.to_string() };
        let target = ["ACCEPT", "ACCEPT", "ACCEPT", "DROP"][self.below(4)];
        write!(line, " -p {protocol} -m {protocol} --dport {ports} -j {target}").unwrap();
        line
    }

    /// The same rules after ten edits: some taken out, some put in, some rewritten, some moved.
    fn edited(&mut self, lines: &[String]) -> Vec<String> {
        let mut edited = lines.to_vec();
        for edit in 0..10 {
            let at = self.below(edited.len());
            match edit % 4 {
                0 => drop(edited.remove(at)),
                1 => edited.insert(at, self.line()),
                2 => edited[at] = self.line(),
                _ => {
                    let moved = edited.remove(at);
                    edited.insert(self.below(edited.len()), moved);
                }
            }
        }
        // Below more than nothing, whatever the rules before them say.
        edited.insert(0, "-A INPUT -s 192.0.2.1/32 -p tcp -m tcp --dport 4433 -j ACCEPT".to_owned());
        edited
    }
}

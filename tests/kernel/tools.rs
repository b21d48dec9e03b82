//! The tools that keep a host's firewall. What is written for them is applied by them, exported, read, and lets exactly the flows
//! through; and what they make of rules of their own does what is said of it.

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use workos_preflight::facts::Facts;
use workos_preflight::firewall::addresses::{Family, in_words, networks};
use workos_preflight::firewall::dialects::{Generated, Input, Request, Scope, dialect};
use workos_preflight::firewall::evaluate::{Peer, Question as Asked, TCP, UDP, Verdict, ask};
use workos_preflight::firewall::ranges::Ranges;
use workos_preflight::firewall::rules::{Rules, Way};
use workos_preflight::firewall::{Direction, Flow, Need, Owner, Party, Protocol};

use crate::agree::{Tally, boundaries, disagreements_that_stay, kernel};
use crate::chance::{Chance, seed, sets};
use crate::namespace;
use crate::net::{Net, ran};
use crate::nftables;
use crate::trial::{End, Question};

const UFW: &[&str] = &["ip", "nft", "ufw", "iptables-save", "ip6tables-save"];
const FIREWALLD: &[&str] = &["ip", "nft", "firewalld", "firewall-cmd", "dbus-daemon"];

pub(crate) fn all() -> Vec<Question> {
    let question = |title: &str, needs: &'static [&'static str], ask: fn(&Net) -> Result<(), String>| Question {
        title: title.to_owned(),
        needs,
        ask: Box::new(move |net| ask(net).map_err(End::Wrong)),
    };
    vec![
        question("what is written for nft lets exactly the flows through", &["ip", "nft"], nft_written),
        question("what is written for ufw lets exactly the flows through", UFW, ufw_written),
        question("what is written for firewalld lets exactly the flows through", FIREWALLD, firewalld_written),
        question("rules that ufw made do what is said of them", UFW, ufw_made),
        question("rules that firewalld made do what is said of them", FIREWALLD, firewalld_made),
    ]
}

/// The machine's own files, which are out of sight in a trial.
static ETC: OnceLock<File> = OnceLock::new();

/// Keeps them in reach. To be called before they are covered.
pub(crate) fn remember_etc() {
    if let Ok(etc) = File::open("/etc") {
        let _ = ETC.set(etc);
    }
}

/// Copies some of them to where they belong, for this trial alone.
fn bring(names: &[&str]) -> Result<(), String> {
    let etc = ETC.get().ok_or("the machine's /etc is out of reach")?;
    for name in names {
        let from = format!("/proc/self/fd/{}/{name}", etc.as_raw_fd());
        copied(Path::new(&from), &Path::new("/etc").join(name)).map_err(|error| format!("/etc/{name}: {error}"))?;
    }
    namespace::cover("/run")
}

fn copied(from: &Path, to: &Path) -> std::io::Result<()> {
    let kind = fs::symlink_metadata(from)?;
    if kind.is_symlink() {
        return std::os::unix::fs::symlink(fs::read_link(from)?, to);
    }
    if !kind.is_dir() {
        return fs::copy(from, to).map(|_| ());
    }
    fs::create_dir_all(to)?;
    fs::read_dir(from)?.try_for_each(|entry| entry.and_then(|it| copied(&it.path(), &to.join(it.file_name()))))
}

/// DNS, the API, WorkOS in and Cloudflare in.
fn flows() -> Vec<Flow> {
    let facts = Facts::embedded();
    let cloudflare: Vec<_> = facts.cloudflare.ipv4.iter().chain(&facts.cloudflare.ipv6).copied().collect();
    let published = facts.workos_sources.published.addresses.iter().map(|one| (*one).into()).collect();
    let party = |object: &str, ranges| Party { object: object.to_owned(), ranges, ..Party::default() };
    let flow = |id: &str, direction, peer: Party, protocols, port| {
        let host = party("server", Vec::new());
        let (source, destination) = if direction == Direction::Egress { (host, peer) } else { (peer, host) };
        Flow {
            id: id.to_owned(),
            direction,
            source,
            destination,
            protocols,
            port,
            need: Need::Required,
            reason: "it's \"needed\"".to_owned(),
            since: "today".to_owned(),
        }
    };
    let within = Some(Owner { object: "cloudflare", who: "Cloudflare" });
    let api = Party { within, ..party("workos-api", cloudflare.clone()) };
    let tcp: &[Protocol] = &[Protocol::Tcp];
    vec![
        flow(
            "egress-dns",
            Direction::Egress,
            party("resolvers", vec!["10.20.0.2/32".parse().unwrap()]),
            &[Protocol::Udp, Protocol::Tcp],
            53,
        ),
        flow("egress-api", Direction::Egress, api, tcp, 443),
        flow("ingress-workos", Direction::Ingress, party("workos-published", published), tcp, 443),
        flow("ingress-cloudflare", Direction::Ingress, party("cloudflare", cloudflare), tcp, 443),
    ]
}

fn written(name: &str, log: bool) -> Result<Generated, String> {
    let writes = dialect(name).and_then(|dialect| dialect.writes).ok_or("is not written")?;
    Ok(writes(&Request { flows: flows(), as_of: "2026-11-23".to_owned(), log }))
}

/// That these rules let these flows through, and nothing else at their ports and beside them.
fn exactly(rules: &Rules) -> Result<(), String> {
    if !rules.understood() {
        return Err(format!("not all of it is understood: {:?}", rules.notes));
    }
    for (way, protocol, number) in
        [Way::In, Way::Out].into_iter().flat_map(|way| [(way, Protocol::Tcp, TCP), (way, Protocol::Udp, UDP)])
    {
        let direction = if way == Way::In { Direction::Ingress } else { Direction::Egress };
        for port in [52, 53, 54, 442, 443, 444] {
            let of = flows()
                .into_iter()
                .filter(|it| it.direction == direction && it.port == port && it.protocols.contains(&protocol));
            let nets: Vec<_> = of.flat_map(|it| [it.source.ranges, it.destination.ranges]).flatten().collect();
            let (peer, from, to) = if way == Way::In {
                (Peer::Source, Some("eth0"), None)
            } else {
                (Peer::Destination, None, Some("eth0"))
            };
            let question =
                Asked { way, peers: Ranges::all(), peer, here: None, protocol: number, port, from, to, host: None };
            let parts = ask(rules, &question);
            let that = |verdict: Verdict| {
                Ranges::any_of(parts.iter().filter(|it| it.verdict == verdict).map(|it| &it.peers).collect::<Vec<_>>())
            };
            let (wanted, passes, unsure) = (networks(&nets), that(Verdict::Allowed), that(Verdict::Unsure));
            if !unsure.is_empty() || passes != wanted {
                return Err(format!(
                    "{way:?} {protocol:?} {port}: {} pass, {} may, and {} should",
                    in_words(&passes),
                    in_words(&unsure),
                    in_words(&wanted)
                ));
            }
        }
    }
    Ok(())
}

/// What the kernel says to all of it, on both sides of every boundary.
fn agree(net: &Net, rules: &Rules, may_be_unsure: bool, tally: &mut Tally) -> Result<(), String> {
    for family in Family::BOTH {
        let peers = boundaries(rules, family, &Ranges::none());
        let answers = kernel(net, family, &peers)?;
        let wrongly = disagreements_that_stay(net, rules, &answers, may_be_unsure);
        if !wrongly.is_empty() {
            return Err(wrongly.join("\n"));
        }
        tally.add(rules, &answers);
    }
    Ok(())
}

/// What many hosts have.
const USUAL: &str = "table inet filter {
  chain input { type filter hook input priority filter; policy drop;
    ct state established,related accept
    iif lo accept
    tcp dport 22 accept
    meta l4proto ipv6-icmp accept
  }
  chain forward { type filter hook forward priority filter; policy drop; }
  chain output { type filter hook output priority filter; policy drop;
    ct state established,related accept
    meta l4proto ipv6-icmp accept
  }
}
";

fn nft_written(net: &Net) -> Result<(), String> {
    for (before, log) in [(USUAL, false), (USUAL, true), ("", false), ("", true)] {
        let generated = written("nftables", log)?;
        nftables::load(before)?;
        let there = ran("nft", &["list", "ruleset"], "")?;
        let mut texts = vec![generated.rules];
        // Where nothing is denied, what denies the rest has to be applied, too.
        texts.extend(generated.default_deny.filter(|_| before.is_empty()));
        for text in &texts {
            ran("nft", &["-c", "-f", "-"], text)?;
            ran("nft", &["-f", "-"], text)?;
        }
        let rules = nftables::read(&ran("nft", &["-j", "list", "ruleset"], "")?)?;
        exactly(&rules)?;
        agree(net, &rules, false, &mut Tally::default())?;
        ran("sh", &["-s"], &generated.rollback.unwrap_or_default())?;
        let left = ran("nft", &["list", "ruleset"], "")?;
        if !before.is_empty() && left != there {
            return Err(format!("the rollback leaves\n{left}"));
        }
    }
    Ok(())
}

fn ufw() -> Result<(), String> {
    bring(&["ufw", "default", "alternatives", "protocols", "services"])?;
    // What the kernel does besides its rules is the machine's.
    let settings = fs::read_to_string("/etc/default/ufw").map_err(|error| error.to_string())?;
    let kept: Vec<&str> = settings.lines().filter(|line| !line.starts_with("IPT_")).collect();
    fs::write("/etc/default/ufw", kept.join("\n") + "\n").map_err(|error| error.to_string())?;
    ran("ufw", &["--force", "enable"], "").map(|_| ())
}

fn made_by_ufw() -> Result<Rules, String> {
    let saved = ["iptables-save", "ip6tables-save"]
        .map(|save| ran(save, &[], "").map(|text| Input { name: save.to_owned(), text }));
    let inputs = saved.into_iter().collect::<Result<Vec<_>, _>>()?;
    let reads = dialect("iptables").and_then(|dialect| dialect.reads.as_ref()).ok_or("iptables is not read")?;
    (reads.read)(&inputs, &Scope::default()).map_err(|why| format!("{why:?}"))
}

fn ufw_written(net: &Net) -> Result<(), String> {
    ufw()?;
    let before = ran("ufw", &["status"], "")?;
    let generated = written("ufw", true)?;
    ran("sh", &["-s"], &generated.rules)?;
    ran("sh", &["-s"], &generated.default_deny.unwrap_or_default())?;
    let rules = made_by_ufw()?;
    exactly(&rules)?;
    agree(net, &rules, false, &mut Tally::default())?;
    ran("sh", &["-s"], &generated.rollback.unwrap_or_default())?;
    let after = ran("ufw", &["status"], "")?;
    if after == before { Ok(()) } else { Err(format!("the rollback leaves\n{after}")) }
}

/// Something that people ask ufw for.
fn ufw_command(chance: &mut Chance) -> String {
    let what = chance.one_of(&["allow", "allow", "deny", "reject", "limit"]);
    let place = if chance.percent(40) { "prepend " } else { "" };
    let net = chance.one_of(&["20.0.0.0/8", "20.4.0.0/16", "20.4.0.2", "2a00:1000::/32", "2a00:1000::5", "any"]);
    let port = chance.one_of(&["443", "80", "80,443", "400:500"]);
    match chance.below(5) {
        0 => format!("{place}{what} {}/tcp", chance.one_of(&["443", "80", "843"])),
        1 => format!("{place}{what} out proto tcp to {net} port {port}"),
        2 => format!("route {place}{what} proto tcp from {net} to any port {port}"),
        3 => format!("{place}{what} in on eth1 proto tcp from {net} to any port {port}"),
        _ => format!("{place}{what} in proto {} from {net} to any port {port}", chance.one_of(&["tcp", "udp"])),
    }
}

fn ufw_made(net: &Net) -> Result<(), String> {
    ufw()?;
    let mut tally = Tally::default();
    for nth in 0..sets().div_ceil(16) {
        ran("ufw", &["--force", "reset"], "")?;
        ran("ufw", &["--force", "enable"], "")?;
        let mut chance = Chance::of(seed(), &format!("ufw {nth}"));
        let mut asked = Vec::new();
        for way in ["incoming", "outgoing", "routed"] {
            asked.push(format!("default {} {way}", chance.one_of(&["deny", "allow", "reject"])));
        }
        asked.extend((0..5).map(|_| ufw_command(&mut chance)));
        for command in &asked {
            ran("ufw", &command.split(' ').collect::<Vec<_>>(), "")?;
        }
        // `limit` counts, and nobody knows how far it has.
        let limited = asked.iter().any(|command| command.contains("limit"));
        let rules = made_by_ufw()?;
        agree(net, &rules, limited, &mut tally).map_err(|why| format!("{why}\n{}", asked.join("\n")))?;
    }
    if tally.is_a_test() || sets() < 200 { Ok(()) } else { Err(format!("that was no test: {tally:?}")) }
}

/// A daemon, and the bus on which it is spoken to. They end with it.
struct Firewalld([Child; 2]);

const BUS: &str =
    "<busconfig><type>session</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
    <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>
    <allow own=\"*\"/></policy></busconfig>";

impl Firewalld {
    fn start() -> Result<Self, String> {
        bring(&["firewalld", "alternatives", "protocols", "services"])?;
        let made = ["/run/dbus", "/run/firewalld"].into_iter().try_for_each(fs::create_dir_all);
        made.and_then(|()| fs::write("/run/bus.conf", BUS)).map_err(|error| error.to_string())?;
        let users = [("passwd", "root:x:0:0:root:/:/bin/sh\n"), ("group", "root:x:0:\n")];
        users
            .into_iter()
            .try_for_each(|(name, text)| fs::write(format!("/etc/{name}"), text))
            .map_err(|error| error.to_string())?;
        let begin = |program: &str, arguments: &[&str]| {
            let mut command = Command::new(program);
            command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            command.spawn().map_err(|error| format!("{program}: {error}"))
        };
        let bus = begin("dbus-daemon", &["--config-file=/run/bus.conf", "--nofork"])?;
        for _ in 0..100 {
            if Path::new("/run/dbus/system_bus_socket").exists() {
                break;
            }
            thread::sleep(Duration::from_millis(50));
        }
        let log = ["--log-target", "file", "--log-file", "/run/firewalld.log"];
        let daemon = begin("firewalld", &[&["--nofork", "--nopid"][..], &log].concat())?;
        let started = Firewalld([daemon, bus]);
        for _ in 0..60 {
            if ran("firewall-cmd", &["--state"], "").is_ok() {
                return Ok(started);
            }
            thread::sleep(Duration::from_millis(250));
        }
        Err(format!("firewalld does not start: {}", fs::read_to_string("/run/firewalld.log").unwrap_or_default()))
    }
}

impl Drop for Firewalld {
    fn drop(&mut self) {
        for child in &mut self.0 {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn made_by_firewalld() -> Result<Rules, String> {
    nftables::read(&ran("nft", &["-j", "list", "ruleset"], "")?)
}

fn firewalld_written(net: &Net) -> Result<(), String> {
    let _firewalld = Firewalld::start()?;
    let before = ran("nft", &["list", "ruleset"], "")?;
    let generated = written("firewalld", true)?;
    ran("sh", &["-s"], &generated.rules)?;
    ran("sh", &["-s"], &generated.default_deny.unwrap_or_default())?;
    let rules = made_by_firewalld()?;
    exactly(&rules)?;
    agree(net, &rules, false, &mut Tally::default())?;
    ran("sh", &["-s"], &generated.rollback.unwrap_or_default())?;
    ran("firewall-cmd", &["--set-log-denied=off"], "")?;
    let after = ran("nft", &["list", "ruleset"], "")?;
    if after != before {
        return Err(format!("the rollback leaves\n{after}"));
    }
    // What is in force alone is not forgotten.
    ran("firewall-cmd", &["--add-port=843/tcp"], "")?;
    ran("sh", &["-s"], &generated.rules)?;
    let kept = ran("firewall-cmd", &["--list-ports"], "")?;
    if kept.contains("843/tcp") { Ok(()) } else { Err("a reload forgot what was in force".to_owned()) }
}

/// Something that people ask firewalld for.
fn firewalld_command(chance: &mut Chance) -> String {
    let (family, net) = *chance.one_of(&[
        ("ipv4", "20.0.0.0/8"),
        ("ipv4", "20.4.0.0/16"),
        ("ipv4", "20.4.0.2"),
        ("ipv6", "2a00:1000::/32"),
        ("ipv6", "2a00:1000::5"),
    ]);
    let (port, answer) =
        (chance.one_of(&["443", "80", "400-500"]), chance.one_of(&["accept", "accept", "drop", "reject"]));
    let zone = chance.one_of(&["public", "public", "internal", "dmz"]);
    let not = if chance.percent(20) { "NOT " } else { "" };
    let priority = chance.one_of(&["-10", "0", "10"]);
    match chance.below(6) {
        0 => format!("--zone={zone} --add-port={port}/tcp"),
        1 => format!("--zone={} --add-source={net}", chance.one_of(&["internal", "dmz", "trusted", "drop"])),
        2 => format!("--zone={zone} --add-service=https"),
        _ => format!(
            "--zone={zone} --add-rich-rule=rule priority=\"{priority}\" family=\"{family}\" source {not}address=\"{net}\" port \
             port=\"{port}\" protocol=\"tcp\" {answer}"
        ),
    }
}

fn firewalld_made(net: &Net) -> Result<(), String> {
    let _firewalld = Firewalld::start()?;
    let mut tally = Tally::default();
    for nth in 0..sets().div_ceil(16) {
        ran("firewall-cmd", &["--reload"], "")?;
        let mut chance = Chance::of(seed(), &format!("firewalld {nth}"));
        let mut asked = Vec::new();
        for _ in 0..6 {
            let command = firewalld_command(&mut chance);
            let (zone, what) = command.split_once(' ').unwrap();
            // A source belongs to one zone.
            if ran("firewall-cmd", &[zone, what], "").is_ok() {
                asked.push(command);
            }
        }
        let rules = made_by_firewalld()?;
        agree(net, &rules, false, &mut tally).map_err(|why| format!("{why}\n{}", asked.join("\n")))?;
    }
    Ok(())
}

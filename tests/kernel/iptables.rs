//! iptables and ip6tables: loaded by their own tools, exported by them, read, and held against the kernel.

use std::fmt::Write;
use std::thread;
use std::time::Duration;

use workos_preflight::firewall::addresses::Family;
use workos_preflight::firewall::dialects::{Input, Scope, dialect};
use workos_preflight::firewall::ranges::Ranges;
use workos_preflight::firewall::rules::{Answer, Names, Replies, Rules, States, Then};

use crate::agree::{Tally, boundaries, disagreements, disagreements_that_stay, kernel};
use crate::chance::{Chance, seed, sets};
use crate::net::{Net, ran};
use crate::sets::{Generated, generate};
use crate::trial::{End, Question};

/// The tools of a family: those that Debian and Red Hat ship, over the kernel's newer interface.
#[derive(Clone, Copy)]
pub(crate) struct Tools {
    pub(crate) family: Family,
    pub(crate) name: &'static str,
    pub(crate) restore: &'static str,
    pub(crate) save: &'static str,
    pub(crate) needs: &'static [&'static str],
}

pub(crate) const TOOLS: [Tools; 2] = [
    Tools {
        family: Family::V4,
        name: "iptables",
        restore: "iptables-nft-restore",
        save: "iptables-nft-save",
        needs: &["ip", "ipset", "iptables-nft-restore"],
    },
    Tools {
        family: Family::V6,
        name: "ip6tables",
        restore: "ip6tables-nft-restore",
        save: "ip6tables-nft-save",
        needs: &["ip", "ipset", "ip6tables-nft-restore"],
    },
];

/// In how many trials the sets of a family are asked about, each in a network of its own.
const SHARES: usize = 6;

/// Sets of rules on which mutants are tried.
const FOR_MUTANTS: usize = 80;

pub(crate) fn all() -> Vec<Question> {
    let mut all = Vec::new();
    for tools in TOOLS {
        for share in 0..SHARES {
            all.push(Question {
                title: format!("{} rules do what is said of them ({} of {SHARES})", tools.name, share + 1),
                needs: tools.needs,
                ask: Box::new(move |net| agree(net, tools, share, sets().div_ceil(SHARES))),
            });
        }
        all.push(Question {
            title: format!("{} rules that are read wrongly are caught, whatever the mistake", tools.name),
            needs: tools.needs,
            ask: Box::new(move |net| mutants(net, tools)),
        });
    }
    all
}

/// Takes away what was there.
pub(crate) fn empty(tools: Tools) -> Result<(), String> {
    let empty: String = ["raw", "mangle", "security", "filter"].map(|table| format!("*{table}\nCOMMIT\n")).concat();
    ran(tools.restore, &[], &empty)?;
    ran("ipset", &["flush"], "")?;
    // The kernel lets go of sets a little after the rules that asked for them are gone.
    let mut gone = ran("ipset", &["destroy"], "");
    for _ in 0..100 {
        if gone.is_ok() {
            break;
        }
        thread::sleep(Duration::from_millis(20));
        gone = ran("ipset", &["destroy"], "");
    }
    gone.map(|_| ())
}

/// What is exported: rules, and sets.
pub(crate) fn exported(tools: Tools) -> Result<[String; 2], String> {
    Ok([ran(tools.save, &[], "")?, ran("ipset", &["save"], "")?])
}

/// Loads rules in the place of what was there, and gives what is exported then.
pub(crate) fn load(tools: Tools, generated: &Generated) -> Result<[String; 2], String> {
    // What is asked for by rules cannot be taken away.
    empty(tools)?;
    ran("ipset", &["restore"], &generated.sets)?;
    ran(tools.restore, &[], &generated.rules)?;
    exported(tools)
}

pub(crate) fn read(exported: &[String; 2]) -> Result<Rules, String> {
    let inputs = exported.iter().zip(["iptables-save", "ipset save"]);
    let inputs: Vec<Input> = inputs.map(|(text, name)| Input { name: name.to_owned(), text: text.clone() }).collect();
    let reads = dialect("iptables").and_then(|dialect| dialect.reads.as_ref()).ok_or("iptables is not read")?;
    (reads.read)(&inputs, &Scope::default()).map_err(|why| format!("{why:?}"))
}

fn agree(net: &Net, tools: Tools, share: usize, count: usize) -> Result<(), End> {
    let (mut tally, mut refused) = (Tally::default(), 0);
    for nth in 0..count {
        let mut chance = Chance::of(seed(), &format!("{} {share} {nth}", tools.name));
        let generated = generate(&mut chance, tools.family);
        let wrong = |what: &str| End::Wrong(format!("set {nth} of share {share}: {what}\n{}", generated.in_words()));
        let exported = match load(tools, &generated) {
            Ok(exported) => exported,
            // The first one shows whether rules can be loaded here at all.
            Err(why) if nth == 0 && ran(tools.save, &[], "").is_err() => return Err(End::Refused(why)),
            Err(why) => {
                refused += 1;
                if refused * 20 > count {
                    return Err(wrong(&why));
                }
                continue;
            }
        };
        let rules = read(&exported).map_err(|why| wrong(&why))?;
        if !rules.understood() {
            return Err(wrong(&format!("not all of it is understood: {:?}", rules.notes)));
        }
        let peers = boundaries(&rules, tools.family, &generated.networks);
        let answers = kernel(net, tools.family, &peers).map_err(|why| wrong(&why))?;
        let wrongly = disagreements_that_stay(net, &rules, &answers, generated.conditions);
        if !wrongly.is_empty() {
            return Err(wrong(&format!("{}\nexported:\n{}", wrongly.join("\n"), exported.concat())));
        }
        tally.add(&rules, &answers);
    }
    // Of a few sets all may be of one kind.
    if count < 20 || tally.is_a_test() { Ok(()) } else { Err(End::Wrong(format!("that was no test: {tally:?}"))) }
}

/// A mistake: its name, what it does to what was read, and to what is read.
pub(crate) type Change = (&'static str, fn(&mut Rules), fn(&str) -> String);

/// Mistakes that a reader or the evaluation could make.
const MISTAKES: [Change; 12] = [
    ("the order of rules is ignored", |rules| rules.chains.iter_mut().for_each(|chain| chain.rules.reverse()), same),
    ("RETURN does nothing", |rules| every(rules, |then| if then == Then::Return { Then::Next } else { then }), same),
    (
        "goto is taken for a jump",
        |rules| every(rules, |then| if let Then::Goto(to) = then { Then::Jump(to) } else { then }),
        same,
    ),
    ("negation is ignored", nothing, |text| text.replace(" ! ", " ")),
    ("of a range of ports only the first counts", first_port, same),
    (
        "the policy is ignored",
        |rules| {
            for policy in rules.chains.iter_mut().filter_map(|chain| chain.policy.as_mut()) {
                policy.answer = Answer::Accept;
            }
        },
        same,
    ),
    (
        "only the first packet is asked about",
        |rules| rules.layers.iter_mut().for_each(|layer| layer.replies = Replies::Remembered),
        same,
    ),
    ("states are ignored", |rules| matches(rules, |when| when.states = States::ANY), same),
    (
        "interfaces are ignored",
        |rules| {
            matches(rules, |when| {
                when.from = Names::any();
                when.to = Names::any();
            });
        },
        same,
    ),
    ("TCP flags are ignored", |rules| matches(rules, |when| when.flags.clear()), same),
    ("tables besides filter are ignored", |rules| rules.layers.retain(|layer| layer.name.starts_with("filter")), same),
    ("exceptions in sets are ignored", nothing, |text| text.replace(" nomatch", "")),
];

/// What is read stays as it is.
pub(crate) fn same(text: &str) -> String {
    text.to_owned()
}

/// What was read stays as it is.
pub(crate) fn nothing(_: &mut Rules) {}

/// Changes what becomes of what every rule matches.
pub(crate) fn every(rules: &mut Rules, change: fn(Then) -> Then) {
    for rule in rules.chains.iter_mut().flat_map(|chain| &mut chain.rules) {
        rule.then = change(rule.then);
    }
}

/// Changes every match.
pub(crate) fn matches(rules: &mut Rules, change: fn(&mut workos_preflight::firewall::rules::Match)) {
    rules.chains.iter_mut().flat_map(|chain| &mut chain.rules).flat_map(|rule| &mut rule.when).for_each(change);
}

/// Of every set of ports, leaves the first.
pub(crate) fn first_port(rules: &mut Rules) {
    matches(rules, |when| {
        if !when.port.is_all() {
            when.port = when.port.first().map_or_else(Ranges::none, Ranges::one);
        }
    });
}

fn mutants(net: &Net, tools: Tools) -> Result<(), End> {
    let mut caught = [0_usize; MISTAKES.len()];
    for nth in 0..FOR_MUTANTS {
        let mut chance = Chance::of(seed(), &format!("{} mutants {nth}", tools.name));
        let generated = generate(&mut chance, tools.family);
        let Ok(exported) = load(tools, &generated) else { continue };
        let rules = read(&exported).map_err(End::Wrong)?;
        let peers = boundaries(&rules, tools.family, &generated.networks);
        let answers = kernel(net, tools.family, &peers).map_err(End::Wrong)?;
        for ((_, change, rewrite), caught) in MISTAKES.iter().zip(&mut caught) {
            let mut mutant = read(&[rewrite(&exported[0]), rewrite(&exported[1])]).map_err(End::Wrong)?;
            change(&mut mutant);
            *caught += usize::from(!disagreements(&mutant, &answers, true).is_empty());
        }
    }
    let mut alive = String::new();
    for ((name, ..), _) in MISTAKES.iter().zip(caught).filter(|(_, caught)| *caught == 0) {
        writeln!(alive, "not caught: {name}").unwrap();
    }
    if alive.is_empty() { Ok(()) } else { Err(End::Wrong(alive)) }
}

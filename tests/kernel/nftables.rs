//! nft: loaded by `nft -f`, exported as JSON, read, and held against the kernel.

use workos_preflight::firewall::addresses::Family;
use workos_preflight::firewall::dialects::{Input, Scope, dialect};
use workos_preflight::firewall::ranges::Ranges;
use workos_preflight::firewall::rules::{Answer, Names, Replies, Rules, States, Then};

use crate::agree::{Tally, boundaries, disagreements, disagreements_that_stay, kernel};
use crate::chance::{Chance, seed, sets};
use crate::iptables::{Change, every, first_port, matches, nothing, same};
use crate::net::{Net, ran};
use crate::nft_sets::{Ruleset, generate};
use crate::trial::{End, Question};

/// In how many trials rulesets are asked about, each in a network of its own.
const SHARES: usize = 6;

/// Rulesets on which mutants are tried.
const FOR_MUTANTS: usize = 80;

const NEEDS: &[&str] = &["ip", "nft"];

pub(crate) fn all() -> Vec<Question> {
    let agreeing = (0..SHARES).map(|share| Question {
        title: format!("nft rules do what is said of them ({} of {SHARES})", share + 1),
        needs: NEEDS,
        ask: Box::new(move |net| agree(net, share, sets().div_ceil(SHARES))),
    });
    let caught = Question {
        title: "nft rules that are read wrongly are caught, whatever the mistake".to_owned(),
        needs: NEEDS,
        ask: Box::new(mutants),
    };
    agreeing.chain([caught]).collect()
}

/// Loads a ruleset in the place of what was there, and gives what is exported then.
pub(crate) fn load(text: &str) -> Result<String, String> {
    ran("nft", &["flush", "ruleset"], "")?;
    ran("nft", &["-f", "-"], text)?;
    ran("nft", &["-j", "list", "ruleset"], "")
}

pub(crate) fn read(exported: &str) -> Result<Rules, String> {
    let input = Input { name: "ruleset".to_owned(), text: exported.to_owned() };
    let reads = dialect("nftables").and_then(|dialect| dialect.reads.as_ref()).ok_or("nft is not read")?;
    (reads.read)(&[input], &Scope::default()).map_err(|why| format!("{why:?}"))
}

fn agree(net: &Net, share: usize, count: usize) -> Result<(), End> {
    let (mut tally, mut refused) = (Tally::default(), 0);
    for nth in 0..count {
        let ruleset = generate(&mut Chance::of(seed(), &format!("nft {share} {nth}")));
        let wrong = |what: &str| End::Wrong(format!("set {nth} of share {share}: {what}\n{}", ruleset.text));
        let exported = match load(&ruleset.text) {
            Ok(exported) => exported,
            Err(why) if nth == 0 && ran("nft", &["list", "ruleset"], "").is_err() => return Err(End::Refused(why)),
            Err(why) => {
                refused += 1;
                if refused * 10 > count + 10 {
                    return Err(wrong(&why));
                }
                continue;
            }
        };
        let rules = read(&exported).map_err(|why| wrong(&why))?;
        if !rules.understood() {
            return Err(wrong(&format!("not all of it is understood: {:?}", rules.notes)));
        }
        for family in Family::BOTH {
            let peers = boundaries(&rules, family, &ruleset.networks);
            let answers = kernel(net, family, &peers).map_err(|why| wrong(&why))?;
            let wrongly = disagreements_that_stay(net, &rules, &answers, ruleset.conditions);
            if !wrongly.is_empty() {
                return Err(wrong(&format!("{}\nexported:\n{exported}", wrongly.join("\n"))));
            }
            tally.add(&rules, &answers);
        }
    }
    // Of a few sets all may be of one kind.
    if count < 20 || tally.is_a_test() { Ok(()) } else { Err(End::Wrong(format!("that was no test: {tally:?}"))) }
}

/// Mistakes that a reader of nft or the evaluation could make.
const MISTAKES: [Change; 14] = [
    ("the order of rules is ignored", |rules| rules.chains.iter_mut().for_each(|chain| chain.rules.reverse()), same),
    ("return does nothing", |rules| every(rules, |then| if then == Then::Return { Then::Next } else { then }), same),
    (
        "goto is taken for a jump",
        |rules| every(rules, |then| if let Then::Goto(to) = then { Then::Jump(to) } else { then }),
        same,
    ),
    ("negation is ignored", nothing, |text| text.replace("\"op\": \"!=\"", "\"op\": \"==\"")),
    ("bits are compared where any of them is looked for", nothing, |text| {
        text.replace("\"op\": \"in\"", "\"op\": \"==\"")
    }),
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
        "an accept in one chain ends all others",
        |rules| {
            let mut seen = Vec::new();
            rules.layers.retain(|layer| {
                let first = !seen.contains(&layer.way);
                seen.push(layer.way);
                first
            });
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
    (
        "the table's family is ignored",
        |rules| rules.layers.iter_mut().for_each(|layer| layer.families = Ranges::all()),
        same,
    ),
    ("what a map says of the rest is left out", nothing, |text| {
        ["accept", "drop"].iter().fold(text.to_owned(), |text, verdict| {
            text.replace(&format!("[\"*\", {{\"{verdict}\": null}}]"), "[\"*\", {\"continue\": null}]")
        })
    }),
];

fn mutants(net: &Net) -> Result<(), End> {
    let mut caught = [0_usize; MISTAKES.len()];
    for nth in 0..FOR_MUTANTS {
        let Ruleset { text, networks, .. } = generate(&mut Chance::of(seed(), &format!("nft mutants {nth}")));
        let Ok(exported) = load(&text) else { continue };
        let rules = read(&exported).map_err(End::Wrong)?;
        for family in Family::BOTH {
            let peers = boundaries(&rules, family, &networks);
            let answers = kernel(net, family, &peers).map_err(End::Wrong)?;
            for ((_, change, rewrite), caught) in MISTAKES.iter().zip(&mut caught) {
                let mut mutant = read(&rewrite(&exported)).map_err(End::Wrong)?;
                change(&mut mutant);
                *caught += usize::from(!disagreements(&mutant, &answers, true).is_empty());
            }
        }
    }
    let alive: Vec<&str> =
        MISTAKES.iter().zip(caught).filter(|(_, caught)| *caught == 0).map(|((name, ..), _)| *name).collect();
    if alive.is_empty() { Ok(()) } else { Err(End::Wrong(format!("not caught: {}", alive.join("; ")))) }
}

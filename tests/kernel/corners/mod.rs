//! What is said of a change, against the kernel: connections are made under the rules before and under those after, at the corners of
//! every row of the comparison and beside them. What opens passes afterwards and did not before, what closes the other way round,
//! and to all else both give the same answer.

mod faults;
mod points;

use std::time::Duration;

use workos_preflight::firewall::addresses::Family;
use workos_preflight::firewall::compare::{Budget, Comparison, Effect, Row, compare};
use workos_preflight::firewall::rules::Rules;

use crate::chance::{Chance, seed, sets};
use crate::net::{Net, PATIENCE, ran};
use crate::pairs::{Made, Pair, pair};
use crate::trial::{End, Question};
use crate::{iptables, nftables};
use faults::faults;
use points::{MORE_PORTS, Point, kernel, points};

/// In how many trials the pairs of a language are asked about, each in a network of its own.
const SHARES: usize = 2;

/// Whose rules they are.
#[derive(Clone, Copy)]
enum Language {
    Iptables(iptables::Tools),
    Nft,
}

pub(crate) fn all() -> Vec<Question> {
    let languages = iptables::TOOLS.map(Language::Iptables).into_iter().chain([Language::Nft]);
    languages.flat_map(Language::questions).collect()
}

impl Language {
    fn name(self) -> &'static str {
        match self {
            Language::Iptables(tools) => tools.name,
            Language::Nft => "nft",
        }
    }

    fn questions(self) -> Vec<Question> {
        let needs = match self {
            Language::Iptables(tools) => tools.needs,
            Language::Nft => &["ip", "nft"],
        };
        let count = sets().div_ceil(4).div_ceil(SHARES);
        let agreeing = (0..SHARES).map(|share| Question {
            title: format!("{} rules change as it is said ({} of {SHARES})", self.name(), share + 1),
            needs,
            ask: Box::new(move |net| agree(net, self, share, count)),
        });
        let caught = Question {
            title: format!("what is said wrongly of a change of {} rules is caught", self.name()),
            needs,
            ask: Box::new(move |net| faults(net, self)),
        };
        agreeing.chain([caught]).collect()
    }

    fn families(self) -> &'static [Family] {
        match self {
            Language::Iptables(tools) if tools.family == Family::V4 => &[Family::V4],
            Language::Iptables(_) => &[Family::V6],
            Language::Nft => &Family::BOTH,
        }
    }

    /// Loads rules in the place of what was there, and reads what is exported then.
    fn load(self, made: &Made) -> Result<Rules, String> {
        let rules = match self {
            Language::Iptables(tools) => iptables::read(&iptables::load(tools, &made.for_iptables())?)?,
            Language::Nft => nftables::read(&nftables::load(&made.for_nft())?)?,
        };
        if rules.understood() { Ok(rules) } else { Err(format!("not all of it is understood: {:?}", rules.notes)) }
    }

    fn in_words(self, pair: &Pair) -> String {
        let [before, after] = [&pair.before, &pair.after].map(|made| match self {
            Language::Iptables(_) => made.for_iptables().in_words(),
            Language::Nft => made.for_nft(),
        });
        format!("changes: {}\nbefore:\n{before}\nafter:\n{after}", pair.changes.join("; "))
    }
}

/// A pair, what is said of it, and what came of every connection before and after.
struct Asked {
    comparison: Comparison,
    rules: [Rules; 2],
    answers: Vec<(Point, [bool; 2])>,
}

impl Asked {
    fn of(net: &Net, language: Language, pair: &Pair) -> Result<Self, String> {
        let before = language.load(&pair.before)?;
        let after = language.load(&pair.after)?;
        let comparison = compare(&before, &after, &[], Budget::default());
        if !comparison.complete || !comparison.unjudged.is_empty() {
            return Err(format!("not all of it was compared: {:?}", comparison.unjudged));
        }
        let points = points(&comparison.rows, [&before, &after], language.families());
        let afterwards = kernel(net, &points, PATIENCE)?;
        language.load(&pair.before)?;
        let at_first = kernel(net, &points, PATIENCE)?;
        let answers = at_first.into_iter().zip(afterwards).map(|(before, after)| [before, after]);
        let answers = points.iter().copied().zip(answers).collect();
        Ok(Asked { comparison, rules: [before, after], answers })
    }

    fn wrong(&self, rows: &[Row]) -> Vec<Point> {
        let wrong = self.answers.iter().filter(|(point, answers)| !point.is_right(rows, *answers));
        wrong.map(|(point, _)| *point).collect()
    }

    /// What is wrong, after it was tried once more with patience: what did not come back may have been slow.
    fn wrong_that_stays(&self, net: &Net, language: Language, pair: &Pair) -> Result<Vec<String>, String> {
        let wrong = self.wrong(&self.comparison.rows);
        if wrong.is_empty() {
            return Ok(Vec::new());
        }
        let again: Vec<Point> = wrong.into_iter().take(60).collect();
        let mut answers = Vec::new();
        for made in [&pair.before, &pair.after] {
            language.load(made)?;
            answers.push(kernel(net, &again, Duration::from_secs(3))?);
        }
        let rows = &self.comparison.rows;
        let held = |(nth, point): (usize, &Point)| {
            let came = [answers[0][nth], answers[1][nth]];
            let said = point.row(rows).map(|row| format!("{:?}", (row.effect, &row.source, &row.port)));
            (!point.is_right(rows, came)).then(|| format!("{point:?}: said: {said:?}, came back: {came:?}"))
        };
        Ok(again.iter().enumerate().filter_map(held).collect())
    }
}

/// How many connections were said to change, and how many not.
#[derive(Default, Debug)]
struct Tally {
    opened: usize,
    closed: usize,
    in_doubt: usize,
    still_pass: usize,
    still_do_not: usize,
    /// Pairs with rows that were reached.
    reached: usize,
}

impl Tally {
    fn add(&mut self, asked: &Asked) {
        let so_far = self.opened + self.closed;
        for (point, [before, _]) in &asked.answers {
            match (point.row(&asked.comparison.rows).map(|row| row.effect), before) {
                (Some(Effect::Opens), _) => self.opened += 1,
                (Some(Effect::Closes), _) => self.closed += 1,
                (Some(_), _) => self.in_doubt += 1,
                (None, true) => self.still_pass += 1,
                (None, false) => self.still_do_not += 1,
            }
        }
        self.reached += usize::from(self.opened + self.closed > so_far);
    }

    /// Who says nothing of a change is right where nothing changes.
    fn is_a_test(&self, pairs: usize) -> bool {
        let each = [self.opened, self.closed, self.still_pass, self.still_do_not];
        each.iter().all(|points| *points > pairs * 2) && self.reached * 4 > pairs
    }
}

fn agree(net: &Net, language: Language, share: usize, count: usize) -> Result<(), End> {
    net.serve(&MORE_PORTS).map_err(End::Refused)?;
    let mut tally = Tally::default();
    for nth in 0..count {
        let mut chance = Chance::of(seed(), &format!("{} pairs {share} {nth}", language.name()));
        let pair = pair(&mut chance, language.families());
        let wrong =
            |what: &str| End::Wrong(format!("pair {nth} of share {share}: {what}\n{}", language.in_words(&pair)));
        let asked = Asked::of(net, language, &pair);
        let cannot = || nth == 0 && language.cannot_be_loaded();
        let asked = asked.map_err(|why| if cannot() { End::Refused(why) } else { wrong(&why) })?;
        let stays = asked.wrong_that_stays(net, language, &pair).map_err(|why| wrong(&why))?;
        if !stays.is_empty() {
            return Err(wrong(&stays.join("\n")));
        }
        tally.add(&asked);
    }
    // Of a few pairs all may be of one kind.
    if count < 20 || tally.is_a_test(count) { Ok(()) } else { Err(End::Wrong(format!("that was no test: {tally:?}"))) }
}

impl Language {
    /// Whether this machine lacks what rules are loaded by.
    fn cannot_be_loaded(self) -> bool {
        match self {
            Language::Iptables(tools) => ran(tools.save, &[], "").is_err(),
            Language::Nft => ran("nft", &["list", "ruleset"], "").is_err(),
        }
    }
}

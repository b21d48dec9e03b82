//! Faults that a comparison could have, planted in what it says.

use std::collections::BTreeSet;

use workos_preflight::firewall::addresses::address;
use workos_preflight::firewall::compare::{Effect, Row};
use workos_preflight::firewall::ranges::Ranges;

use super::points::{MORE_PORTS, Point, corners_of, points};
use super::{Asked, Language};
use crate::agree::is_tried;
use crate::chance::{Chance, seed};
use crate::net::Net;
use crate::pairs::pair;
use crate::trial::End;

/// Pairs on which they are tried.
const FOR_FAULTS: usize = 30;

/// A fault that a comparison could have: its name, and what it does to the row of that number.
type Fault = (&'static str, fn(&mut Vec<Row>, usize));

const FAULTS: [Fault; 7] = [
    ("a row is left out", |rows, nth| {
        rows.remove(nth);
    }),
    ("a row has one address less", |rows, nth| peers(&mut rows[nth], |(first, last)| (first + 1, last))),
    ("a row has one address more", |rows, nth| peers(&mut rows[nth], |(first, last)| (first, last.saturating_add(1)))),
    ("a row has one port less", |rows, nth| ports(&mut rows[nth], |(first, last)| (first, last.saturating_sub(1)))),
    ("a row has one port more", |rows, nth| ports(&mut rows[nth], |(first, last)| (first.saturating_sub(1), last))),
    ("what opens is said to close", |rows, nth| {
        let row = &mut rows[nth];
        row.effect = if row.effect == Effect::Opens { Effect::Closes } else { Effect::Opens };
    }),
    ("the protocol is forgotten", |rows, nth| rows[nth].protocol = Ranges::all()),
];

/// Changes the intervals of whichever end is divided.
fn peers(row: &mut Row, change: fn((u128, u128)) -> (u128, u128)) {
    let divided = |set: &Ranges| set.intervals().iter().any(|(first, _)| is_tried(address(*first)));
    let end = if divided(&row.source) { &mut row.source } else { &mut row.destination };
    *end = changed(end, change);
}

fn ports(row: &mut Row, change: fn((u128, u128)) -> (u128, u128)) {
    row.port = changed(&row.port, change);
}

fn changed(set: &Ranges, change: fn((u128, u128)) -> (u128, u128)) -> Ranges {
    let changed = Ranges::of(set.intervals().iter().copied().map(change).filter(|(first, last)| first <= last));
    // A row without any is one that is left out.
    if changed.is_empty() { set.clone() } else { changed }
}

/// Every row of these comparisons is said wrongly in every way: that has to be seen where whoever believes it would look.
pub(super) fn faults(net: &Net, language: Language) -> Result<(), End> {
    net.serve(&MORE_PORTS).map_err(End::Refused)?;
    let (mut planted, mut caught) = ([0_usize; FAULTS.len()], [0_usize; FAULTS.len()]);
    for nth in 0..FOR_FAULTS {
        let mut chance = Chance::of(seed(), &format!("{} faults {nth}", language.name()));
        let pair = pair(&mut chance, language.families());
        let asked = Asked::of(net, language, &pair).map_err(End::Wrong)?;
        let stays = asked.wrong_that_stays(net, language, &pair).map_err(End::Wrong)?;
        if !stays.is_empty() {
            return Err(End::Wrong(format!("{}\n{}", stays.join("\n"), language.in_words(&pair))));
        }
        // What was slow is no fault.
        let slow: BTreeSet<Point> = asked.wrong(&asked.comparison.rows).into_iter().collect();
        let (rows, [before, after]) = (&asked.comparison.rows, &asked.rules);
        let in_reach = corners_of(rows, language.families());
        for nth in 0..rows.len() {
            for (fault, (_, plant)) in FAULTS.iter().enumerate() {
                let mut faulty = rows.clone();
                plant(&mut faulty, nth);
                // What is changed beyond the addresses and ports that are tried is out of reach.
                let said = |rows: &[Row], point: &Point| point.row(rows).map(|row| row.effect);
                if in_reach.iter().all(|point| said(rows, point) == said(&faulty, point)) {
                    continue;
                }
                planted[fault] += 1;
                // Whoever believes it looks at the corners of what it says.
                let looked_at: BTreeSet<Point> =
                    points(&faulty, [before, after], language.families()).into_iter().collect();
                let seen = |point: &Point| looked_at.contains(point) && !slow.contains(point);
                caught[fault] += usize::from(asked.wrong(&faulty).iter().any(seen));
            }
        }
    }
    let alive = FAULTS.iter().zip(planted.into_iter().zip(caught));
    // A row that is left out is looked at where rules draw boundaries, and of those not all are tried.
    let alive = alive.filter(|(_, (planted, caught))| *planted < 5 || *caught * 4 < *planted * 3);
    let alive: Vec<String> =
        alive.map(|((name, _), (planted, caught))| format!("{name}: {caught} of {planted} are caught")).collect();
    if alive.is_empty() { Ok(()) } else { Err(End::Wrong(alive.join("\n"))) }
}

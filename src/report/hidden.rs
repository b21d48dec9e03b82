//! A report without secrets, before any format is given it. Every field is named here, so that a new one is not forgotten.

use std::path::PathBuf;

use super::waivers::Waived;
use super::{Head, Report, Row};
use crate::ending::Ending;
use crate::outcome::{Evidence, Finding, Findings, Outcome, Steady};
use crate::said::hidden;
use crate::settings::{Source, Waiver};

impl Head {
    /// The same without any secret.
    #[must_use]
    pub fn without_secrets(self) -> Self {
        let Head {
            started_at,
            host,
            addresses,
            vantage,
            strategy,
            via,
            via_from,
            settings_file,
            typed,
            facts_as_of,
            settings,
            demonstration,
        } = self;
        Head {
            started_at,
            host: hidden(&host),
            addresses: addresses.iter().map(|address| hidden(address)).collect(),
            vantage,
            strategy,
            via: hidden(&via),
            via_from: via_from.map(source),
            settings_file: settings_file.map(|path| PathBuf::from(hidden(&path.to_string_lossy()))),
            typed: hidden(&typed),
            facts_as_of: hidden(&facts_as_of),
            settings: settings.into_iter().map(|(name, value, from)| (name, hidden(&value), source(from))).collect(),
            demonstration: demonstration.as_deref().map(hidden),
        }
    }
}

fn source(source: Source) -> Source {
    match source {
        Source::File(path) => Source::File(PathBuf::from(hidden(&path.to_string_lossy()))),
        Source::Flag(_) | Source::Argument(_) | Source::Environment(_) | Source::Default | Source::Demonstration => {
            source
        }
    }
}

impl Row {
    /// The same without any secret.
    #[must_use]
    pub fn without_secrets(self) -> Self {
        let Row { spec, required, subject, about, ending, took, waived } = self;
        Row {
            spec,
            required,
            subject: subject.as_deref().map(hidden),
            // It is compared, and written nowhere.
            about,
            ending: ended(ending),
            took,
            waived: waived.as_deref().map(hidden),
        }
    }
}

fn ended(ending: Ending) -> Ending {
    match ending {
        Ending::Asked(outcome) => Ending::Asked(concluded(outcome)),
        Ending::Skipped(why) => Ending::Skipped(why.reworded(hidden)),
        Ending::CutShort { by, waits_for, evidence } => {
            Ending::CutShort { by, waits_for, evidence: evidence.into_iter().map(seen).collect() }
        }
        Ending::Broke(what) => Ending::Broke(hidden(&what)),
    }
}

fn concluded(Outcome { findings, evidence, grade, gist, via, attempts }: Outcome) -> Outcome {
    Outcome {
        findings: match findings {
            Findings::Made(findings) => Findings::Made(findings.into_iter().map(finding).collect()),
            Findings::NotAvailable(why) => Findings::NotAvailable(hidden(&why)),
        },
        evidence: evidence.into_iter().map(seen).collect(),
        grade,
        gist: gist.as_deref().map(hidden),
        via: via.as_deref().map(hidden),
        attempts,
    }
}

fn finding(Finding { code, problem, remediations }: Finding) -> Finding {
    Finding { code, problem: hidden(&problem), remediations: remediations.reworded(hidden) }
}

fn seen(Evidence { what, value, steady, confidential }: Evidence) -> Evidence {
    let steady = match steady {
        Steady::Part(part) => Steady::Part(hidden(&part)),
        Steady::Whole | Steady::Nothing => steady,
    };
    Evidence { what, value: hidden(&value), steady, confidential }
}

fn waived(Waived { waiver: Waiver { id, reason, until }, standing }: Waived) -> Waived {
    Waived { waiver: Waiver { id: hidden(&id), reason: hidden(&reason), until }, standing }
}

impl Report {
    /// The same without any secret.
    #[must_use]
    pub fn without_secrets(self) -> Self {
        let Report { head, rows, duration, interrupted, waivers } = self;
        Report {
            head: head.without_secrets(),
            rows: rows.into_iter().map(Row::without_secrets).collect(),
            duration,
            interrupted,
            waivers: waivers.into_iter().map(waived).collect(),
        }
    }
}

//! `rules audit`: exported rules held to the required flows. Nothing is sent.

use std::path::Path;
use std::sync::Arc;

use super::reading::{self, Exported};
use crate::checks::{GROUPS, OF_THE_RULES, known_of_the_firewall};
use crate::cli::{AuditArgs, OutputArgs};
use crate::commands::compare::Baseline;
use crate::commands::outputs::Outputs;
use crate::commands::{Failure, exit, gather, print_document, session, terminal};
use crate::documents::audit::Audit;
use crate::documents::{Document, Kind};
use crate::facts::Facts;
use crate::files::Place;
use crate::firewall::flows;
use crate::firewall::review::Review;
use crate::outcome::Vantage;
use crate::plan::{Choice, Plan};
use crate::reporters::{Format, HUMAN, Look};
use crate::settings::{RULES, Settings, Source};

pub(in crate::commands) fn run(args: &AuditArgs) -> Result<u8, Failure> {
    let mut layer = args.settings.typed.layer().clone();
    layer.give(&RULES, args.files.iter().map(|file| file.to_string_lossy().into_owned()), Source::Argument("FILE"));
    let (settings, facts) = gather::settings_of(args.settings.config.as_ref(), layer)?;
    if settings.rules.is_empty() {
        let wanted = "FILE is missing: exported rules, a folder of them, or `-` for standard input";
        return Err(Failure::Usage(wanted.to_owned()));
    }
    let (outputs, document) = (Outputs::of(&reports(&args.output))?, Written::of(&args.output)?);
    let baseline = args.output.baseline.as_deref().map(Baseline::read).transpose()?;
    let review = Arc::new(read(&settings, &facts)?);

    let only = OF_THE_RULES.iter().map(|id| id.as_str().to_owned()).collect();
    let plan = Plan::new(GROUPS, &facts, &settings, Vantage::Inside, &Choice { only, skip: Vec::new() });
    let change = review.change(&facts);
    let report = session::block_on(session::unconnected(plan, settings, facts, Arc::clone(&review)))?;
    let audit = Audit::new(&report, GROUPS, &review, change);

    outputs.write(&audit.report, &args.output)?;
    let told = document.write(&Document::Audit(Box::new(audit)), &args.output);
    match told {
        // Whoever has read enough of it may still ask for the exit code.
        Ok(()) | Err(Failure::Closed) => {}
        Err(failure) => return Err(failure),
    }
    let report = report.without_secrets();
    let against = match &baseline {
        Some(baseline) => Some(baseline.hold(&report, &args.output, document.on_stdout == HUMAN)?),
        None => None,
    };
    Ok(against.filter(|_| !args.output.exit_zero).unwrap_or_else(|| session::code(&report, &args.output)))
}

/// The rules that the settings name, held to the flows that they call for.
pub(in crate::commands) fn read(settings: &Settings, facts: &Facts) -> Result<Review, Failure> {
    let Exported { rules, skipped } = exported(settings)?;
    let known = known_of_the_firewall(settings);
    Ok(Review::of(&rules, flows(facts, settings, &[]), facts, &known, skipped))
}

fn exported(settings: &Settings) -> Result<Exported, Failure> {
    let paths: Vec<_> = settings.rules.iter().map(|file| file.value.clone()).collect();
    let scope: Vec<String> = settings.scope.iter().map(|scope| scope.value.clone()).collect();
    reading::read(&paths, super::given(settings), &scope)
}

/// The reports that are written besides.
fn reports(output: &OutputArgs) -> OutputArgs {
    OutputArgs { output: None, format: HUMAN, report: output.report.clone(), baseline: None, ..output.settled() }
}

/// Where the review itself goes.
struct Written {
    on_stdout: &'static Format,
    file: Option<(&'static Format, Place)>,
}

impl Written {
    fn of(output: &OutputArgs) -> Result<Self, Failure> {
        let format = output.format;
        format.writes(Kind::Audit).map_err(|why| {
            Failure::Usage(format!(
                "no review is in {}: {why}; --report {}=FILE writes the report alone",
                format.name, format.name
            ))
        })?;
        match &output.output {
            None => Ok(Written { on_stdout: format, file: None }),
            Some(path) if path == Path::new("-") => Ok(Written { on_stdout: format, file: None }),
            Some(path) => {
                let place =
                    Place::of(path).map_err(|why| Failure::machine(format!("cannot write {}", path.display()), why))?;
                Ok(Written { on_stdout: HUMAN, file: Some((format, place)) })
            }
        }
    }

    fn write(&self, document: &Document, output: &OutputArgs) -> Result<(), Failure> {
        let detail = terminal::detail(output.quiet, output.verbose);
        if let Some((format, place)) = &self.file {
            let text = text(document, format, terminal::plain(detail))?;
            let written = place.write(text.as_bytes());
            written.map_err(|why| Failure::machine(format!("cannot write {}", place.named().display()), why))?;
        }
        print_document(document, self.on_stdout, terminal::look(detail, output.color))?;
        exit::finish(exit::Stream::Out)?;
        Ok(())
    }
}

fn text(document: &Document, format: &Format, look: Look) -> Result<String, Failure> {
    let write = format.writes(document.kind()).map_err(Failure::Usage)?;
    let mut text = Vec::new();
    write(document, look, &mut text)?;
    Ok(crate::said::caught(&String::from_utf8_lossy(&text)))
}

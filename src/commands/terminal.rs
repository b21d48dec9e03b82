//! What the terminal can show, and the line on it that says what is being waited for.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::exit;
use crate::cli::When;
use crate::reporters::{Detail, Look};

/// How much of it is wanted.
pub(super) fn detail(quiet: bool, verbose: bool) -> Detail {
    match (quiet, verbose) {
        (true, _) => Detail::Quiet,
        (_, true) => Detail::Verbose,
        _ => Detail::Normal,
    }
}

/// How what goes to stdout should look.
pub(super) fn look(detail: Detail, color: When) -> Look {
    look_on(std::io::stdout().is_terminal(), detail, color)
}

/// How what goes to stderr should look.
pub(super) fn look_of_stderr(detail: Detail, color: When) -> Look {
    look_on(std::io::stderr().is_terminal(), detail, color)
}

fn look_on(is_terminal: bool, detail: Detail, when: When) -> Look {
    let colour = colour(when, is_terminal);
    colored::control::set_override(colour);
    Look { detail, colour, unicode: unicode(), width: width() }
}

/// How a human report in a file looks: as on a terminal of a usual width, without colour.
pub(super) fn plain(detail: Detail) -> Look {
    Look { detail, colour: false, unicode: true, width: USUAL_WIDTH }
}

fn width() -> usize {
    let given = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let real = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    real.or(given).filter(|width| *width > 0).unwrap_or(USUAL_WIDTH)
}

const USUAL_WIDTH: usize = 100;

fn set(variable: &str) -> Option<String> {
    std::env::var(variable).ok().filter(|value| !value.is_empty())
}

/// <https://no-color.org> and <https://bixense.com/clicolors>.
pub(super) fn colour(when: When, is_terminal: bool) -> bool {
    match when {
        When::Always => true,
        When::Never => false,
        When::Auto if set("NO_COLOR").is_some() => false,
        When::Auto if set("CLICOLOR_FORCE").is_some_and(|value| value != "0") => true,
        When::Auto => is_terminal && set("TERM").is_none_or(|term| term != "dumb"),
    }
}

/// Whether the locale can show more than ASCII. The Linux console's fonts often lack the symbols.
pub(super) fn unicode() -> bool {
    if cfg!(windows) {
        return true;
    }
    let locale =
        set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or_default().to_ascii_lowercase();
    (locale.contains("utf-8") || locale.contains("utf8")) && set("TERM").is_none_or(|term| term != "linux")
}

/// The line that says what is being waited for. On a terminal only; elsewhere nothing is drawn.
pub(super) struct Waiting(Option<ProgressBar>);

/// A wait shorter than this is not worth a word.
const WORTH_SAYING: Duration = Duration::from_millis(600);

impl Waiting {
    /// Where nothing waits for the terminal, nothing is drawn on it either.
    pub(super) fn new() -> Self {
        if exit::begun().is_some() || !(std::io::stderr().is_terminal() && std::io::stdout().is_terminal()) {
            return Waiting(None);
        }
        let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
            line.set_style(if unicode() { style } else { style.tick_strings(&["|", "/", "-", "\\", " "]) });
        }
        Waiting(Some(line))
    }

    pub(super) fn tell(&self, check: &str, since: Duration) {
        let Some(line) = &self.0 else { return };
        if since >= WORTH_SAYING {
            if line.is_finished() {
                line.reset();
            }
            line.set_message(format!("waiting for {check} ({} s)", since.as_secs()));
            line.tick();
        }
    }

    /// Takes the line away, because something is printed or the run is over.
    pub(super) fn clear(&self) {
        if let Some(line) = &self.0 {
            line.finish_and_clear();
        }
    }
}

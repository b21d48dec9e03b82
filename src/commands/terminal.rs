//! What the terminal can show, and the line on it that says what is being waited for.

use std::io::IsTerminal;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::exit;
use crate::cli::When;
use crate::reporters::{Detail, Look};
use crate::runner::Wait;
use crate::said;

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

/// The line that says what is being waited for. On a terminal that can take it away again; elsewhere nothing is drawn.
pub(super) struct Waiting {
    draws: bool,
    line: Option<ProgressBar>,
    drawn: Option<Instant>,
}

/// A wait shorter than this is not worth a word.
const WORTH_SAYING: Duration = Duration::from_millis(600);

/// How often it is drawn anew.
const REDRAWN: Duration = Duration::from_secs(1);

impl Waiting {
    /// Where nothing waits for the terminal, nothing is drawn on it either.
    pub(super) fn new() -> Self {
        let terminal = std::io::stderr().is_terminal() && std::io::stdout().is_terminal();
        let draws = terminal && exit::begun().is_none() && set("TERM").is_none_or(|term| term != "dumb");
        Waiting { draws, line: None, drawn: None }
    }

    pub(super) fn tell(&mut self, wait: &Wait) {
        let is_due = self.drawn.is_none_or(|drawn| drawn.elapsed() >= REDRAWN);
        if self.draws && is_due && wait.silent >= WORTH_SAYING {
            self.drawn = Some(Instant::now());
            self.line.get_or_insert_with(line).set_message(said::line(&in_words(wait)));
        }
    }

    /// Takes the line away, because something is printed or the run is over.
    pub(super) fn clear(&mut self) {
        if let Some(line) = self.line.take() {
            line.finish_and_clear();
        }
    }
}

fn line() -> ProgressBar {
    let line = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{wide_msg}") {
        line.set_style(style);
    }
    line
}

/// "waiting for egress.connects api.workos.com:443: try 1 of 2, 3 s of at most 10 s"
fn in_words(wait: &Wait) -> String {
    let attempt = match wait.attempt {
        Some((attempt, all)) if all > 1 => format!("try {attempt} of {all}, "),
        _ => String::new(),
    };
    // Rounded up, since that is what it can last.
    let (lasted, at_most) = (wait.lasted.as_secs(), wait.at_most.as_millis().div_ceil(1_000));
    format!("waiting for {}: {attempt}{lasted} s of at most {at_most} s", wait.check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_says_what_is_waited_for_the_try_and_at_most_how_long() {
        let wait = Wait {
            check: "egress.connects api.workos.com:443".to_owned(),
            silent: Duration::from_secs(4),
            lasted: Duration::from_millis(3_900),
            attempt: Some((1, 2)),
            at_most: Duration::from_millis(9_100),
        };
        let line = "waiting for egress.connects api.workos.com:443: try 1 of 2, 3 s of at most 10 s";

        assert_eq!(in_words(&wait), line);
        for attempt in [None, Some((1, 1))] {
            assert_eq!(in_words(&Wait { attempt, ..wait.clone() }), line.replace("try 1 of 2, ", ""));
        }
    }
}

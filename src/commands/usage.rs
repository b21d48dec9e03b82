//! A command line that cannot be carried out, in one sentence. The parser's own message would repeat what was typed.

use std::error::Error as _;
use std::io::IsTerminal;

use clap::Error;
use clap::builder::StyledStr;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::exit;
use super::{Failure, terminal};
use crate::cli::{When, asked_for};
use crate::reporters::Encoding;
use crate::said::{hidden, may_be_secret};
use crate::settings::values::shown_url;

/// What is wrong with what was typed, or the help that was asked for. The exit code.
pub(super) fn answer(error: &Error) -> Result<u8, Failure> {
    if let Some(help) = asked_for(error) {
        return show(help);
    }
    if error.use_stderr() {
        return Err(Failure::Usage(sentence(error)));
    }
    // Help and version go to stdout and are no failure.
    show(&error.render())
}

/// Prints what the parser says of itself.
pub(super) fn show(text: &StyledStr) -> Result<u8, Failure> {
    let coloured = terminal::colour(When::Auto, std::io::stdout().is_terminal());
    let text = if coloured { text.ansi().to_string() } else { text.to_string() };
    exit::to_stdout(Encoding::Text, text.as_bytes())?;
    Ok(0)
}

fn sentence(error: &Error) -> String {
    let context = |kind| error.get(kind).map(words).unwrap_or_default();
    let one = |kind| context(kind).first().cloned().unwrap_or_default();
    let flag = flag(&one(ContextKind::InvalidArg));
    let value = typed(&one(ContextKind::InvalidValue));
    let near = |kind: ContextKind| {
        context(kind).last().map(|near| format!("; did you mean `{}`?", hidden(near))).unwrap_or_default()
    };
    match error.kind() {
        ErrorKind::UnknownArgument if flag.starts_with('-') => {
            format!("{} is not an option here{}", typed(&flag), near(ContextKind::SuggestedArg))
        }
        ErrorKind::UnknownArgument => {
            format!("{} is one argument too many; the values of options stand behind their options", typed(&flag))
        }
        ErrorKind::InvalidSubcommand => {
            let word = typed(&one(ContextKind::InvalidSubcommand));
            format!("{word} is not a command{}", near(ContextKind::SuggestedSubcommand))
        }
        ErrorKind::InvalidValue if one(ContextKind::InvalidValue).is_empty() => format!("{flag} needs a value"),
        ErrorKind::InvalidValue => {
            let right = context(ContextKind::ValidValue);
            format!("{flag} is {value}; expected one of {}{}", right.join(", "), near(ContextKind::SuggestedValue))
        }
        ErrorKind::ValueValidation => match error.source() {
            Some(why) => format!("{flag} is {value}: {}", hidden(&why.to_string())),
            None => format!("{flag} is {value}, which it cannot be"),
        },
        ErrorKind::TooManyValues => format!("{flag} takes no value, and is given {value}"),
        ErrorKind::TooFewValues | ErrorKind::WrongNumberOfValues | ErrorKind::NoEquals => {
            format!("{flag} needs a value")
        }
        ErrorKind::ArgumentConflict => {
            let command = one(ContextKind::InvalidSubcommand);
            let one = if command.is_empty() { flag } else { format!("the command {}", typed(&command)) };
            let others = context(ContextKind::PriorArg).iter().map(|other| self::flag(other)).collect::<Vec<_>>();
            format!("{one} cannot be used together with {}", others.join(" and "))
        }
        ErrorKind::MissingRequiredArgument => {
            let missing = context(ContextKind::InvalidArg).iter().map(|missing| hidden(missing)).collect::<Vec<_>>();
            format!("{} is missing", missing.join(" and "))
        }
        ErrorKind::InvalidUtf8 => "an argument is not UTF-8".to_owned(),
        kind => kind.as_str().unwrap_or("the command line cannot be read").to_owned(),
    }
}

fn words(value: &ContextValue) -> Vec<String> {
    match value {
        ContextValue::String(word) => vec![word.clone()],
        ContextValue::Strings(words) => words.clone(),
        ContextValue::StyledStr(text) => vec![text.to_string()],
        ContextValue::StyledStrs(texts) => texts.iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

/// `--format` of `--format <FORMAT>`.
fn flag(argument: &str) -> String {
    argument.split(' ').next().unwrap_or_default().to_owned()
}

/// What was typed, as far as it may be shown.
pub(super) fn typed(word: &str) -> String {
    if may_be_secret(word) {
        return "a value that may be a secret".to_owned();
    }
    format!("`{}`", hidden(&shown_url(word)).chars().take(200).collect::<String>())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::Cli;

    fn said(arguments: &[&str]) -> String {
        let typed = [&["workos-preflight"], arguments].concat();
        sentence(&Cli::try_parse_from(typed).unwrap_err())
    }

    #[test]
    fn what_cannot_be_carried_out_is_said_in_one_sentence() {
        for (arguments, sentence) in [
            (&["--domian", "x"][..], "`--domian` is not an option here; did you mean `--domain`?"),
            (&["chekc"], "`chekc` is not a command; did you mean `check`?"),
            (&["check", "stray"], "`stray` is one argument too many; the values of options stand behind their options"),
            (&["check", "--domain"], "--domain needs a value"),
            (&["check", "--color", "blue"], "--color is `blue`; expected one of auto, always, never"),
            (&["check", "--format", "xml"], "--format is `xml`: the formats are `human`, `json`, `markdown`, `junit`"),
            (&["check", "--deep=yes"], "--deep takes no value, and is given `yes`"),
            (&["check", "--direct", "--proxy", "x"], "--direct cannot be used together with --proxy"),
            (&["compare", "a"], "<AFTER> is missing"),
            (&["--domain", "a.example", "check"], "the command `check` cannot be used together with --domain"),
        ] {
            assert_eq!(said(arguments), sentence, "{arguments:?}");
        }
    }

    #[test]
    fn what_was_typed_in_the_wrong_place_is_not_repeated_where_it_may_be_a_secret() {
        let key = "sk_live_PLANTEDabcdefghijkl";
        for word in [
            key,
            "0FWAiVGkPLANTEDEfGBqqsJH4aN",
            "http://user:PLANTED@proxy.example",
            "WORKOS_API_KEY=PLANTEDabc",
            "https://a.example/?token=PLANTED",
        ] {
            for arguments in [
                &[word][..],
                &["check", word],
                &["check", "--color", word],
                &["check", "--format", word],
                &["--deep", word],
                &["listen", "--bind", word],
                &["schema", word],
                &["check", "--report", word],
            ] {
                let said = crate::said::line(&said(arguments));
                assert!(!said.contains("PLANTED"), "{arguments:?}: {said}");
            }
            let flag = format!("--{word}");
            assert!(!crate::said::line(&said(&["check", &flag])).contains("PLANTED"), "{flag}");
            let flag = format!("--deep={word}");
            assert!(!crate::said::line(&said(&["check", &flag])).contains("PLANTED"), "{flag}");
        }
    }
}

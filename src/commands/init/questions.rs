//! The few settings that matter, asked of whoever sits at the terminal.

use std::io;

use super::super::{Failure, exit};
use super::usable;
use crate::said::line;
use crate::settings::{
    API_KEY_FILE, CLIENT_ID, DOMAIN, Declared, Layer, REDIRECT_URIS, STRATEGY, SettingsError, Shape, Source, Strategy,
    WEBHOOK_URL,
};

/// In this order.
static ASKED: &[&Declared] = &[&STRATEGY, &DOMAIN, &CLIENT_ID, &REDIRECT_URIS, &WEBHOOK_URL, &API_KEY_FILE];

/// Asks for what was not typed as a flag. An empty answer leaves the setting out.
pub(super) fn ask(layer: &mut Layer) -> Result<(), Failure> {
    exit::to_stderr(b"What is left empty is left out; every other setting stands in the file, to be filled in.\n");
    for &setting in ASKED {
        if layer.of(setting).is_none() && is_called_for(setting, layer) {
            while !answered(setting, layer)? {}
        }
    }
    Ok(())
}

/// Without webhooks there is no URL of them.
fn is_called_for(setting: &Declared, layer: &Layer) -> bool {
    let events = layer.of(&STRATEGY).is_some_and(|(values, _)| values.concat() == Strategy::Events.as_str());
    *setting != WEBHOOK_URL || !events
}

/// Asks once; whether that was enough.
fn answered(setting: &'static Declared, layer: &mut Layer) -> Result<bool, Failure> {
    exit::to_stderr(prompt(setting).as_bytes());
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer).map_err(|why| Failure::machine("cannot read the answer", why))?;
    if read == 0 {
        exit::to_stderr(b"\n");
        return Err(Failure::Usage("the answers ended before the questions, and nothing is written".to_owned()));
    }
    let answer = answer.trim();
    if answer.is_empty() {
        return Ok(true);
    }
    let values: Vec<String> = match setting.shape {
        Shape::List => {
            answer.split(',').map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
        }
        _ => vec![answer.to_owned()],
    };
    let mut given = layer.clone();
    given.give(setting, values, Source::Argument("at the prompt"));
    match usable(&given) {
        Ok(()) => {
            *layer = given;
            Ok(true)
        }
        Err(SettingsError::BadValue { shown, wanted, .. }) => {
            exit::to_stderr(format!("  that is {}; expected {}\n", line(&shown), line(&wanted)).as_bytes());
            Ok(false)
        }
        Err(other) => Err(other.into()),
    }
}

/// The question, with what would be right.
fn prompt(setting: &Declared) -> String {
    let (meaning, list) =
        (setting.meaning_in_words(), if setting.shape == Shape::List { ", or several with commas" } else { "" });
    match (setting.default.in_words(), setting.example) {
        (Some(default), _) => format!("{meaning} [{default}]: "),
        (None, Some(example)) => format!("{meaning} (such as {example}{list}): "),
        (None, None) => format!("{meaning}: "),
    }
}

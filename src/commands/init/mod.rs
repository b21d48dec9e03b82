//! `init`: writes a settings file in which every setting stands, with what it means. Nothing is sent, and no secret is written:
//! a key stands in a file of its own, which the settings name.

mod questions;
mod template;

use std::io::{self, IsTerminal};
use std::path::Path;

use super::{Failure, print, say};
use crate::cli::InitArgs;
use crate::files::{self, Place};
use crate::outcome::command;
use crate::said::{hidden, may_be_secret};
use crate::settings::{Declared, GivenSecrets, Layer, SETTINGS, Settings, SettingsError};

/// Where `check` looks for it.
const USUAL: &str = "preflight.toml";

pub(super) fn run(args: &InitArgs) -> Result<u8, Failure> {
    let path = args.output.as_deref().unwrap_or(Path::new(USUAL));
    let cannot = |why: &dyn std::fmt::Display| Failure::machine(format!("cannot write {}", path.display()), why);
    let place = Place::of(path).map_err(|why| cannot(&why))?;
    let is_there = !place.is_standard_output() && files::is_there(path).map_err(|why| cannot(&why))?;
    if is_there && !args.force {
        return Err(Failure::Usage(format!(
            "{} is there already, and is left as it is; --force writes over it, --output FILE elsewhere",
            path.display()
        )));
    }
    let mut layer = args.settings.layer().clone();
    usable(&layer)?;
    if io::stdin().is_terminal() && io::stderr().is_terminal() {
        questions::ask(&mut layer)?;
    }
    let text = template::filled(&layer);
    if place.is_standard_output() {
        return print(&text);
    }
    let written = if is_there { place.write(text.as_bytes()) } else { place.create(text.as_bytes()) };
    written.map_err(|why| cannot(&why))?;
    let next = match path.to_str() {
        Some(USUAL) => "workos-preflight plan".to_owned(),
        _ => command!("workos-preflight plan --config {}", path.display()).to_string(),
    };
    say(&format!("{} is written; `{next}` says what a run with it would touch", path.display()));
    Ok(0)
}

/// Refuses what is no value of its setting, and whatever is or holds a secret, without repeating it. Files are not looked into:
/// they lie where the run will be.
fn usable(layer: &Layer) -> Result<(), SettingsError> {
    let mut others = Layer::default();
    for &setting in SETTINGS {
        let Some((values, source)) = layer.of(setting) else { continue };
        if values.iter().any(|value| holds_secret(setting, value)) {
            let wanted = match setting.held {
                Some(_) => "the name of the file that holds it",
                None => "a value without one, since nothing secret is written into the settings file",
            };
            return Err(SettingsError::BadValue {
                name: setting.name,
                from: source.clone(),
                shown: "what looks like a key, a secret or a password".to_owned(),
                wanted: wanted.to_owned(),
            });
        }
        if !setting.shape.names_files() {
            others.give(setting, values.to_vec(), source.clone());
        }
    }
    Settings::merge(&[others], GivenSecrets::default(), Vec::new()).map(drop)
}

fn holds_secret(setting: &Declared, value: &str) -> bool {
    // A key that looks like no key is told from the name of a file by there being none.
    let in_place_of_a_file =
        setting.held.is_some() && may_be_secret(value) && !files::is_there(Path::new(value)).unwrap_or(false);
    in_place_of_a_file || hidden(value) != value
}

//! Gathers what the user asked for: flags, environment and settings file into settings; words into a choice of checks.

use std::path::{Path, PathBuf};

use super::Failure;
use crate::check::Contact;
use crate::checks;
use crate::cli::{ChoiceArgs, SettingsArgs, Takes};
use crate::facts::Facts;
use crate::files;
use crate::net::{self, TrustError, TrustStores};
use crate::outcome::{Command, command};
use crate::plan::Choice;
use crate::said;
use crate::settings::{
    self, DEADLINE, GivenSecrets, Layer, PROXY, PROXY_VARIABLES, Setting, Settings, Source, Taker, Variables, Waiver,
};

/// Keeps what the environment gives as a key, a secret or a proxy's password from being written, whichever command runs and
/// however early it ends.
pub(super) fn keep_secrets_of_the_environment() {
    for variable in settings::secret_variables() {
        if let Some(value) = std::env::var_os(variable) {
            said::keep(&value.to_string_lossy());
        }
    }
    for variable in PROXY_VARIABLES {
        if let Some(value) = std::env::var_os(variable) {
            said::keep_proxy(&value.to_string_lossy());
        }
    }
}

/// The same of what flags and the settings file give. What only a file holds is kept when it is read.
fn keep_secrets_of(layers: &[Layer]) {
    for (values, _) in layers.iter().filter_map(|layer| layer.of(&PROXY)) {
        for value in values {
            said::keep_proxy(value);
        }
    }
}

/// The command line, as it can be typed again. Where a word is one that is not shown as it was given, a person fills it in.
pub(super) fn typed() -> String {
    let name = Command::from(env!("CARGO_PKG_NAME"));
    let words: Vec<String> = std::env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned()).collect();
    if !words.iter().all(|word| is_shown_as_given(word)) {
        return format!("{name} …");
    }
    words.iter().fold(name, |command, word| command.with(&command!("{}", word))).to_string()
}

/// Whether there is nothing in a word that might be nobody's business: neither a secret, nor what stands in front of a host or
/// behind a path.
fn is_shown_as_given(word: &str) -> bool {
    said::hidden(word) == word && !word.contains(['?', '#', '@'])
}

/// Flags, environment and file, merged.
pub(super) fn settings<By: Takes>(typed: &SettingsArgs<By>) -> Result<(Settings, Facts), Failure> {
    settings_of(typed.config.as_ref(), typed.typed.layer().clone())
}

/// The same, where more was typed than flags.
pub(super) fn settings_of(config: Option<&PathBuf>, flags: Layer) -> Result<(Settings, Facts), Failure> {
    let read = |variable: &str| std::env::var_os(variable);
    let environment = settings::environment(Taker::Check, &read)?;
    bind_files_to_the_run(&[&flags, &environment]);
    let path = file(config)?;
    let file = match &path {
        Some(path) => Some(settings::file(path)?),
        None => None,
    };
    let (in_file, waivers) = file.map(|file| (file.layer, file.waivers)).unwrap_or_default();
    for waiver in &waivers {
        known_waiver(waiver)?;
    }
    let layers = [flags, environment, in_file];
    let (mut settings, facts) = merged(&layers, GivenSecrets::from_environment(&read), waivers)?;
    settings.loaded.splice(..0, path.clone().map(|path| (path, "the settings")));
    settings.file = path;
    Ok((settings, facts))
}

/// Flags, and of the environment the proxy variables: a look from outside reads no settings file, no key and no secret.
pub(super) fn settings_from_outside(typed: Layer) -> Result<(Settings, Facts), Failure> {
    let layers = [typed, settings::environment(Taker::Probe, &|variable| std::env::var_os(variable))?];
    bind_files_to_the_run(&[&layers[0], &layers[1]]);
    let (mut settings, facts) = merged(&layers, GivenSecrets::default(), Vec::new())?;
    // No row of a look from outside is about this machine's settings: a proxy that is none ends it.
    if let Some(Setting { value, source }) = settings.misread_proxy.take_if(|misread| !misread.value.tolerated) {
        return Err(value.refused(source).into());
    }
    settings.shown.retain(|(name, ..)| name.starts_with("installation.") || name.starts_with("network."));
    Ok((settings, facts))
}

/// What the environment says to programs at large.
pub(super) fn variables() -> Variables {
    Variables::of(&|variable| std::env::var_os(variable))
}

/// What the layers come to, once no secret in them stands where it would be sent.
fn merged(layers: &[Layer], secrets: GivenSecrets, waivers: Vec<Waiver>) -> Result<(Settings, Facts), Failure> {
    keep_secrets_of(layers);
    settings::refuse_misplaced_secrets(layers)?;
    let settings = Settings::merge(layers, secrets, waivers)?;
    let facts = facts(&settings)?;
    // Secrets that files hold are known by now.
    settings::refuse_misplaced_secrets(layers)?;
    Ok((settings, facts))
}

/// No file may take longer than the run, as far as that is known before the settings file is read.
fn bind_files_to_the_run(layers: &[&Layer]) {
    let given = layers.iter().find_map(|layer| layer.of(&DEADLINE));
    let deadline = given.and_then(|(values, _)| settings::values::duration(&values.concat()).ok());
    if let Some(deadline) = deadline {
        files::give_up_after(deadline);
    }
}

/// The file that was named, else the first of the usual ones that is there, whatever it is: a directory in its place, or a
/// link that leads nowhere, is what is left of settings that somebody gave.
fn file(named: Option<&PathBuf>) -> Result<Option<PathBuf>, Failure> {
    if let Some(path) = named {
        return Ok(Some(path.clone()));
    }
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty()).map(|home| PathBuf::from(home).join(".config"));
    let config = std::env::var_os("XDG_CONFIG_HOME").map(PathBuf::from).filter(|path| path.is_absolute()).or(home);
    let usual =
        [Some(PathBuf::from("preflight.toml")), config.map(|config| config.join("workos-preflight/preflight.toml"))];
    for path in usual.into_iter().flatten() {
        match files::is_there(&path) {
            Ok(true) => return Ok(Some(path)),
            Ok(false) => {}
            Err(why) => {
                let usual = Setting { value: path, source: Source::Default };
                return Failure::file("the settings file", &usual, why.to_string());
            }
        }
    }
    Ok(None)
}

/// A file larger than this holds no facts.
const LARGEST_FACTS: u64 = 4 << 20;

fn facts(settings: &Settings) -> Result<Facts, Failure> {
    let Some(named) = &settings.facts else { return Ok(Facts::embedded()) };
    facts_in(&named.value).or_else(|why| Failure::file("the facts", named, why))
}

/// The facts that newer ones are held to.
pub(super) fn older_facts(path: &Path) -> Result<Facts, Failure> {
    let named = Setting { value: path.to_owned(), source: Source::Flag("--compare-facts") };
    facts_in(path).or_else(|why| Failure::file("the older facts", &named, why))
}

fn facts_in(path: &Path) -> Result<Facts, String> {
    let bytes = files::read(path, LARGEST_FACTS).map_err(|error| error.to_string())?;
    Facts::parse(files::text(&bytes).map_err(|error| error.to_string())?)
}

/// What [`trust`] reads besides the files that the settings name.
pub(super) fn trust_store() -> impl Iterator<Item = Contact> {
    let why = "the certificate authorities that this machine trusts, read before the run";
    net::system_store().into_iter().map(move |touch| Contact::new(touch, why))
}

/// The system's roots and the files that the settings name.
pub(super) fn trust(settings: &Settings) -> Result<TrustStores, Failure> {
    let path = |file: &Option<Setting<PathBuf>>| file.as_ref().map(|file| file.value.clone());
    let (bundle, roots) = (path(&settings.ca_bundle), path(&settings.public_roots));
    TrustStores::load(bundle.as_deref(), roots.as_deref()).or_else(|(name, error)| {
        let (what, file) = match name {
            "network.ca_bundle" => ("the CA bundle", &settings.ca_bundle),
            _ => ("the file of public roots", &settings.public_roots),
        };
        let unnamed = Setting { value: PathBuf::new(), source: Source::Default };
        let file = file.as_ref().unwrap_or(&unnamed);
        let conversion = match error {
            TrustError::Foreign(kind) => checks::to_pem(&file.value.display().to_string(), kind),
            TrustError::Unreadable(_) => None,
        };
        let conversion = conversion.map(|command| format!("; `{command}` makes PEM of it")).unwrap_or_default();
        Failure::file(what, file, format!("{error}{conversion}"))
    })
}

/// Words into a choice; a word that names no check is an error that names the nearest.
pub(super) fn choice(typed: &ChoiceArgs) -> Result<Choice, Failure> {
    // Lists are also written with blanks and commas behind their items.
    let words = typed.only.iter().map(|word| word.trim());
    let only: Vec<String> = words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
    if only.is_empty() && !typed.only.is_empty() {
        known_check("--only", "")?;
    }
    for word in &only {
        known_check("--only", word)?;
    }
    let mut skip = Vec::new();
    for text in &typed.skip {
        let (word, reason) = match text.split_once('=') {
            Some((word, reason)) => (word, Some(reason.to_owned())),
            None => (text.as_str(), None),
        };
        known_check("--skip", word)?;
        skip.push((word.to_owned(), reason));
    }
    Ok(Choice { only, skip })
}

/// The choice with the check that decides for all others: where the proxy setting cannot be taken as it stands, no answer of the
/// network counts before that is said, whatever was chosen.
pub(super) fn with_what_decides(mut choice: Choice, settings: &Settings) -> Choice {
    let misread = settings.misread_proxy.as_ref().is_some_and(|misread| !misread.value.tolerated);
    if misread && !choice.only.is_empty() {
        choice.only.push(checks::PROXY_SETTINGS.as_str().to_owned());
    }
    choice
}

fn names() -> Vec<&'static str> {
    let ids = checks::specs().map(|(_, spec)| spec.id.as_str());
    checks::GROUPS.iter().map(|group| group.id).chain(ids).collect()
}

fn known_check(flag: &str, word: &str) -> Result<(), Failure> {
    if names().contains(&word) {
        return Ok(());
    }
    Err(Failure::Usage(format!("{flag} {word} names no check or group{}", did_you_mean(word, &names()))))
}

fn known_waiver(waiver: &Waiver) -> Result<(), Failure> {
    if checks::spec(&waiver.id).is_some() || checks::code(&waiver.id).is_some() {
        return Ok(());
    }
    let ids: Vec<String> = checks::specs()
        .flat_map(|(_, spec)| {
            let codes = spec.codes.iter().map(|code| spec.address(code));
            codes.chain([spec.id.to_string()])
        })
        .collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    Err(Failure::Usage(format!(
        "the waiver for {} names no check or check-id/code{}",
        waiver.id,
        did_you_mean(&waiver.id, &ids)
    )))
}

/// "; did you mean …?" for a word that is near a known one, and where all of them are listed for one that is not.
pub(super) fn did_you_mean(word: &str, known: &[&str]) -> String {
    match settings::nearest(word, known.iter().copied()) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => "; `workos-preflight explain` lists them".to_owned(),
    }
}

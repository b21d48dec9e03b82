//! What is declared holds everywhere.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use super::super::declared::{Fallback, Flag, Taker};
use super::super::{GivenSecrets, Layer, Settings, SettingsError, Source, layers};
use super::*;

#[test]
fn every_declaration_is_in_the_table() {
    let declared = include_str!("mod.rs").lines().filter(|line| line.starts_with("pub static ")).count();

    // The table itself is one of them.
    assert_eq!(declared, SETTINGS.len() + 1, "a declaration is missing in SETTINGS");
}

#[test]
fn no_name_no_flag_and_no_variable_is_declared_twice() {
    let mut seen = BTreeMap::new();
    for setting in SETTINGS {
        let flags = match setting.flag {
            Flag::Long(flag) => vec![flag],
            Flag::Each(aliases) => aliases.iter().map(|alias| alias.flag).collect(),
        };
        let held = setting.held.map(|held| held.variable);
        for word in [setting.name].iter().chain(&flags).chain(setting.environment).chain(&held) {
            assert_eq!(seen.insert(*word, setting.name), None, "{word}");
        }
    }
}

#[test]
fn a_setting_that_names_a_file_says_what_the_file_holds_and_no_other_does() {
    for setting in SETTINGS {
        assert_eq!(setting.holds.is_some(), setting.shape.names_files(), "{}", setting.name);
    }
}

/// Whether a value that is given has an effect: it is in effect, or it is refused.
fn is_read(setting: &'static Declared) -> bool {
    let value = if setting.shape.names_files() { "/no/such/file" } else { "what nobody wants" };
    let mut layer = Layer::default();
    layer.give(setting, [value.to_owned()], Source::Flag("--given"));
    match Settings::merge(&[layer], GivenSecrets::default(), Vec::new()) {
        Ok(settings) => {
            settings.shown.iter().any(|(name, _, source)| *name == setting.name && *source == Source::Flag("--given"))
        }
        Err(SettingsError::BadValue { name, .. }) => name == setting.name,
        Err(SettingsError::Unreadable { path, .. }) => path == Path::new(value) && setting.held.is_some(),
        Err(_) => false,
    }
}

#[test]
fn every_setting_has_its_line_in_the_merge() {
    for setting in SETTINGS {
        assert!(is_read(setting), "no line of the merge reads {}", setting.name);
    }
}

#[test]
fn every_key_is_taken_from_the_file() {
    for setting in SETTINGS {
        let (value, read) = match setting.shape {
            Shape::Text | Shape::File | Shape::Duration | Shape::Choice(_) => ("'x'", "x"),
            Shape::List | Shape::Files => ("['x']", "x"),
            Shape::Count => ("7", "7"),
            Shape::Switch => ("true", "true"),
        };
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("preflight.toml");
        std::fs::write(&file, format!("{} = {value}\n", setting.name)).unwrap();
        let layer = layers::file(&file).unwrap_or_else(|error| panic!("{error}")).layer;

        assert_eq!(layer.of(setting), Some((&[read.to_owned()][..], &Source::File(file))), "{}", setting.name);
    }
}

#[test]
fn every_variable_is_read_by_the_commands_that_are_declared_to_read_it() {
    for (setting, variable) in
        SETTINGS.iter().flat_map(|setting| setting.environment.iter().map(move |variable| (*setting, *variable)))
    {
        let set = |name: &str| (name == variable).then(|| OsString::from("http://a.example"));
        let given = |taker| {
            let layer = layers::environment(taker, &set).unwrap();
            layer.of(setting).map(|(_, source)| source.clone())
        };
        let from_outside = setting.heading == Heading::Network;

        assert_eq!(given(Taker::Check), Some(Source::Environment(variable)), "{variable}");
        assert_eq!(given(Taker::Probe).is_some(), from_outside, "{variable}");
        assert_eq!(given(Taker::Demo), None, "{variable}");
    }
    for setting in SETTINGS.iter().filter(|setting| setting.held.is_some()) {
        let variable = setting.held.unwrap().variable;
        let set = |name: &str| (name == variable).then(|| OsString::from("a secret"));
        let settings = Settings::merge(&[], GivenSecrets::from_environment(&set), Vec::new()).unwrap();

        let shown = settings.shown.iter().find(|(name, ..)| *name == setting.name);
        assert_eq!(shown.map(|(.., source)| source), Some(&Source::Environment(variable)), "{variable}");
    }
}

#[test]
fn what_is_declared_to_apply_is_what_applies_where_nobody_says_anything() {
    let settings = Settings::merge(&[], GivenSecrets::default(), Vec::new()).unwrap();
    let declared = SETTINGS.iter().filter_map(|setting| match setting.default {
        Fallback::Value(value) => Some((setting.name, value.to_owned(), Source::Default)),
        Fallback::Nothing | Fallback::Elsewhere(_) => None,
    });

    assert_eq!(settings.shown, declared.collect::<Vec<_>>());
}

#[test]
fn the_resolver_that_is_told_of_is_the_one_of_the_facts() {
    let hosts = crate::facts::Facts::embedded().hosts.public_dns;

    assert_eq!(hosts.first().map(|asked| asked.host.as_str()), PUBLIC_RESOLVER.default.in_words());
}

#[test]
fn what_a_setting_means_is_a_fragment() {
    for setting in SETTINGS {
        let helps =
            [Some(setting.help), setting.by_probe.map(|taken| taken.help), setting.by_demo.map(|taken| taken.help)];
        for help in helps.into_iter().flatten() {
            assert!(help.starts_with(char::is_lowercase) && !help.ends_with('.'), "{}: {help}", setting.name);
        }
    }
}

//! Where values come from before they mean anything: flags, environment, settings file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Declared, PROXY, SETTINGS, SettingsError, Shape, Taker, Waiver, declared, nearest, proxy_url};
use crate::files;

/// Where a value came from.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// This flag.
    Flag(&'static str),
    /// This argument without a flag.
    Argument(&'static str),
    /// This environment variable.
    Environment(&'static str),
    /// This settings file.
    File(PathBuf),
    /// Nobody gave one.
    Default,
    /// The embedded demonstration.
    Demonstration,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Flag(flag) => write!(f, "flag {flag}"),
            Source::Argument(name) => write!(f, "argument {name}"),
            Source::Environment(variable) => write!(f, "environment {variable}"),
            Source::File(path) => write!(f, "file {}", path.display()),
            Source::Default => f.write_str("default"),
            Source::Demonstration => f.write_str("demonstration"),
        }
    }
}

/// The values that one source gives, by setting name.
#[derive(Clone, Default, Debug)]
pub struct Layer {
    values: BTreeMap<&'static str, (Vec<String>, Source)>,
}

impl Layer {
    /// Gives a setting these values, unless there are none.
    pub fn give(&mut self, setting: &'static Declared, values: impl IntoIterator<Item = String>, source: Source) {
        let values: Vec<String> = values.into_iter().collect();
        if !values.is_empty() {
            self.values.insert(setting.name, (values, source));
        }
    }

    /// What this layer says of a setting.
    pub fn of(&self, setting: &Declared) -> Option<(&[String], &Source)> {
        self.values.get(setting.name).map(|(values, source)| (values.as_slice(), source))
    }
}

/// The settings that environment variables give to a command. `read` answers like `std::env::var_os`.
pub fn environment(taker: Taker, read: &dyn Fn(&str) -> Option<std::ffi::OsString>) -> Result<Layer, SettingsError> {
    let mut layer = Layer::default();
    for &setting in SETTINGS {
        for &variable in setting.read_by(taker) {
            let Some(value) = read(variable).filter(|value| !value.is_empty()) else { continue };
            if *setting == PROXY {
                layer.give(setting, [proxy_url::as_text(&value)], Source::Environment(variable));
                break;
            }
            let value = value.into_string().map_err(|_| SettingsError::BadValue {
                name: setting.name,
                from: Source::Environment(variable),
                shown: "bytes that are not UTF-8".to_owned(),
                wanted: "text".to_owned(),
            })?;
            layer.give(setting, [value], Source::Environment(variable));
            break;
        }
    }
    Ok(layer)
}

/// The settings file: what it sets, and the failures it waives.
pub struct SettingsFile {
    /// What it sets.
    pub layer: Layer,
    /// The failures it waives.
    pub waivers: Vec<Waiver>,
}

/// A settings file larger than this is no settings file.
const LARGEST_FILE: u64 = 1 << 20;

/// Reads a settings file. Unknown keys and values of the wrong shape are errors that say what would be right.
pub fn file(path: &Path) -> Result<SettingsFile, SettingsError> {
    let unreadable =
        |why: String| SettingsError::Unreadable { what: "the settings file", path: path.to_owned(), from: None, why };
    let bytes = files::read(path, LARGEST_FILE).map_err(|error| unreadable(error.to_string()))?;
    parse(files::text(&bytes).map_err(|error| unreadable(error.to_string()))?, path)
}

fn parse(text: &str, path: &Path) -> Result<SettingsFile, SettingsError> {
    let mut table: toml::Table = text.parse().map_err(|error: toml::de::Error| SettingsError::Malformed {
        path: path.to_owned(),
        why: place(text, &error),
    })?;
    let waivers = waivers(table.remove("waive"), path)?;
    let mut layer = Layer::default();
    for (key, value) in flattened(&table) {
        let setting = declared(&key).ok_or_else(|| unknown_key(&key, path))?;
        let values = shaped(setting.shape, &value).ok_or_else(|| SettingsError::BadValue {
            name: setting.name,
            from: Source::File(path.to_owned()),
            shown: kind_of(&value),
            wanted: wanted(setting.shape),
        })?;
        layer.give(setting, values, Source::File(path.to_owned()));
    }
    Ok(SettingsFile { layer, waivers })
}

/// Line and column, and the parser's word for what is wrong; never the line itself, which may hold a secret.
fn place(text: &str, error: &toml::de::Error) -> String {
    let at = error.span().map(|span| {
        let before = &text[..span.start.min(text.len())];
        let line = before.matches('\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        format!("line {line}, column {column}: ")
    });
    format!("{}{}", at.unwrap_or_default(), error.message().replace('\n', ", "))
}

fn flattened(table: &toml::Table) -> Vec<(String, toml::Value)> {
    let mut keys = Vec::new();
    for (key, value) in table {
        match value {
            toml::Value::Table(inner) => {
                keys.extend(flattened(inner).into_iter().map(|(rest, value)| (format!("{key}.{rest}"), value)));
            }
            other => keys.push((key.clone(), other.clone())),
        }
    }
    keys
}

fn unknown_key(key: &str, path: &Path) -> SettingsError {
    // A secret itself is never a setting; the file that holds it is.
    let holds = |setting: &&&Declared| {
        setting.held.is_some() && setting.name.strip_suffix("_file").is_some_and(|secret| secret == key)
    };
    let names = || SETTINGS.iter().map(|setting| setting.name);
    let near = SETTINGS.iter().find(holds).map(|setting| setting.name);
    let near = near.or_else(|| nearest(key, names().chain(["waive"])));
    SettingsError::UnknownKey { key: key.to_owned(), path: path.to_owned(), near }
}

fn shaped(shape: Shape, value: &toml::Value) -> Option<Vec<String>> {
    match (shape, value) {
        (Shape::List | Shape::Files, toml::Value::Array(items)) => {
            items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
        }
        (
            Shape::Text | Shape::File | Shape::Files | Shape::List | Shape::Duration | Shape::Choice(_),
            toml::Value::String(text),
        ) => Some(vec![text.clone()]),
        (Shape::Duration | Shape::Count | Shape::Choice(_), toml::Value::Integer(number)) => {
            Some(vec![number.to_string()])
        }
        (Shape::Switch, toml::Value::Boolean(on)) => Some(if *on { vec!["true".to_owned()] } else { Vec::new() }),
        _ => None,
    }
}

fn kind_of(value: &toml::Value) -> String {
    let kind = value.type_str();
    let article = if kind.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {kind}")
}

fn wanted(shape: Shape) -> String {
    match shape {
        Shape::Text | Shape::File => "a string".to_owned(),
        Shape::List | Shape::Files => "a list of strings".to_owned(),
        Shape::Duration => "a duration such as \"5s\" or a number of seconds".to_owned(),
        Shape::Count => "a whole number".to_owned(),
        Shape::Switch => "true or false".to_owned(),
        Shape::Choice(words) => format!("one of {}", words.join(", ")),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WaiverInFile {
    id: String,
    reason: String,
    until: String,
}

fn waivers(value: Option<toml::Value>, path: &Path) -> Result<Vec<Waiver>, SettingsError> {
    let malformed = |why: String| SettingsError::Malformed { path: path.to_owned(), why };
    let Some(value) = value else { return Ok(Vec::new()) };
    let entries: Vec<WaiverInFile> = value.try_into().map_err(|error: toml::de::Error| {
        malformed(format!("[[waive]] takes `id`, `reason` and `until`: {}", error.message().replace('\n', ", ")))
    })?;
    entries
        .into_iter()
        .map(|entry| {
            let until = entry.until.parse().map_err(|_| {
                malformed(format!(
                    "`until` of the waiver for {} is `{}`; expected a date such as 2027-01-31",
                    entry.id, entry.until
                ))
            })?;
            Ok(Waiver { id: entry.id, reason: entry.reason, until })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{ENDPOINTS, NO_PROXY, TIMEOUT};

    fn error(text: &str) -> String {
        parse(text, Path::new("preflight.toml")).err().map(|error| error.to_string()).unwrap_or_default()
    }

    #[test]
    fn a_file_sets_values_and_remembers_that_it_did() {
        let file = parse("[network]\ntimeout = 3\nendpoints = ['a.example']", Path::new("preflight.toml")).unwrap();

        assert_eq!(file.layer.of(&TIMEOUT).unwrap().0, ["3"]);
        assert_eq!(file.layer.of(&ENDPOINTS).unwrap().1.to_string(), "file preflight.toml");
    }

    #[test]
    fn an_unknown_key_names_the_nearest_known_one() {
        assert_eq!(
            error("[instalation]\ndomain = 'a.example'"),
            "`instalation.domain` in preflight.toml is not a setting; did you mean `installation.domain`?"
        );
    }

    #[test]
    fn a_misspelt_waiver_names_the_right_word() {
        for key in ["waivers", "waiver", "wave"] {
            let said = error(&format!("[[{key}]]\nid = 'a.b'"));
            assert!(said.contains("did you mean `waive`?"), "{said}");
        }
    }

    #[test]
    fn a_key_written_into_the_file_is_refused_without_repeating_it() {
        let said = error("[workos]\napi_key = 'sk_live_planted'");

        assert!(said.contains("`workos.api_key_file`") && !said.contains("planted"), "{said}");
    }

    #[test]
    fn malformed_toml_names_the_place_and_not_the_line() {
        let said = error("strategy = 'firewall'\napi = 'sk_live_planted");

        assert!(said.contains("line 2") && !said.contains("planted"), "{said}");
    }

    #[test]
    fn a_value_of_the_wrong_shape_is_told_for_what_it_is_and_what_is_expected() {
        for (given, is, expected) in [
            ("[network]\ntimeout = true", "a boolean", "a duration such as \"5s\""),
            ("[network]\nretries = 'one'", "a string", "a whole number"),
            ("[network]\nendpoints = 3", "an integer", "a list of strings"),
            ("[network]\nproxy = ['a']", "an array", "a string"),
            ("[checks]\ndeep = 'yes'", "a string", "true or false"),
            ("strategy = 1.5", "a float", "one of firewall, events"),
        ] {
            let said = error(given);
            assert!(said.contains(&format!("is {is}")) && said.contains(expected), "{given}: {said}");
        }
    }

    #[test]
    fn waivers_need_a_reason_and_a_date() {
        assert!(error("[[waive]]\nid = 'egress.answers'").contains("`reason`"));
        assert!(error("[[waive]]\nid = 'a.b'\nreason = 'x'\nuntil = 'soon'").contains("2027-01-31"));
    }

    #[test]
    fn of_two_spellings_of_a_variable_the_lower_case_one_counts_and_the_one_for_https_before_that_for_all() {
        let given = |set: &[&str], setting: &Declared| {
            let read = |variable: &str| set.contains(&variable).then(|| variable.into());
            environment(Taker::Check, &read)
                .unwrap()
                .of(setting)
                .map(|(values, source)| (values.to_vec(), source.clone()))
        };
        let from = |variable: &'static str| Some((vec![variable.to_owned()], Source::Environment(variable)));
        let proxies = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

        for (first, variable) in proxies.iter().enumerate() {
            assert_eq!(given(&proxies[first..], &PROXY), from(variable));
        }
        assert_eq!(given(&["NO_PROXY", "no_proxy"], &NO_PROXY), from("no_proxy"));
        assert_eq!(given(&["NO_PROXY"], &NO_PROXY), from("NO_PROXY"));
        assert_eq!(given(&["http_proxy", "HTTP_PROXY"], &PROXY), None);
    }

    proptest::proptest! {
        #[test]
        fn whatever_a_settings_file_holds_it_is_read_without_a_panic(text in ".*", key in "[a-z._]{1,20}", value in "[ -~]{0,20}") {
            let _ = parse(&text, Path::new("preflight.toml"));
            let _ = parse(&format!("{key} = {value}"), Path::new("preflight.toml"));
            let _ = parse(&format!("[{key}]\n{key} = '{value}'"), Path::new("preflight.toml"));
        }
    }
}

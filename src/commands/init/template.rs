//! The settings file as it is written: every setting with what it means, and those that are given with their values.

use std::fmt::Write as _;

use crate::settings::{Declared, Fallback, Layer, SETTINGS, Shape};

const HEAD: &str = "\
# The settings of workos-preflight. A line that begins with `#` and a space explains; one that
# begins with `#` alone is a setting that is not in effect: take the `#` away, and give it a value.
# Flags and environment variables win over this file. No key, secret or password belongs here, only
# the names of files that hold them.
";

const TAIL: &str = r#"
# A failure that is known and accepted for a while, once for each; after its date it counts again.
#[[waive]]
#id = "egress.clock"
#reason = "change 4711 sets the clock"
#until = "2027-01-31"
"#;

/// The widest line of what is explained.
const WIDTH: usize = 96;

/// Every setting, table by table, in the order of `--help`; those of no table have to stand first.
pub(super) fn filled(layer: &Layer) -> String {
    let mut tables: Vec<&str> = vec![""];
    for setting in SETTINGS {
        let (table, _) = place(setting);
        if !tables.contains(&table) {
            tables.push(table);
        }
    }
    let mut text = HEAD.to_owned();
    for table in tables {
        if !table.is_empty() {
            let _ = write!(text, "\n[{table}]\n");
        }
        for setting in SETTINGS.iter().filter(|setting| place(setting).0 == table) {
            let _ = write!(text, "\n{}{}\n", explained(setting), line(setting, layer));
        }
    }
    text + TAIL
}

/// Table and key.
fn place(setting: &Declared) -> (&'static str, &'static str) {
    setting.name.split_once('.').unwrap_or(("", setting.name))
}

fn explained(setting: &Declared) -> String {
    let mut text = String::new();
    let mut width = 0;
    for word in setting.line_in_file().split(' ') {
        if width == 0 || width + word.chars().count() + 1 > WIDTH {
            let _ = write!(text, "{}# {word}", if width == 0 { "" } else { "\n" });
            width = 2 + word.chars().count();
        } else {
            let _ = write!(text, " {word}");
            width += 1 + word.chars().count();
        }
    }
    text + "\n"
}

fn line(setting: &Declared, layer: &Layer) -> String {
    let (_, key) = place(setting);
    if let Some((values, _)) = layer.of(setting) {
        return format!("{key} = {}", written(setting, values));
    }
    let usual = match (setting.default, setting.shape) {
        (Fallback::Value(value), _) => value,
        (_, Shape::Switch) => "true",
        _ => setting.example.unwrap_or(setting.value_name),
    };
    format!("#{key} = {}", written(setting, &[usual.to_owned()]))
}

/// A value as TOML has it.
fn written(setting: &Declared, values: &[String]) -> String {
    match setting.shape {
        Shape::List | Shape::Files => {
            format!("[{}]", values.iter().map(|value| quoted(value)).collect::<Vec<_>>().join(", "))
        }
        Shape::Switch | Shape::Count => values.concat(),
        Shape::Text | Shape::File | Shape::Duration | Shape::Choice(_) => quoted(&values.concat()),
    }
}

/// A string of TOML, which escapes as JSON does, and one character besides.
fn quoted(value: &str) -> String {
    serde_json::Value::from(value).to_string().replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{self, GivenSecrets, Settings, Source};

    fn read(text: &str) -> Layer {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("preflight.toml");
        std::fs::write(&file, text).unwrap();
        settings::file(&file).unwrap_or_else(|error| panic!("{error}\n{text}")).layer
    }

    #[test]
    fn every_setting_stands_in_the_template_and_none_is_in_effect() {
        let text = filled(&Layer::default());
        let layer = read(&text);

        for setting in SETTINGS {
            assert_eq!(layer.of(setting), None, "{}", setting.name);
            assert!(text.contains(&format!("\n#{} = ", place(setting).1)), "{}", setting.name);
        }
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{text}");
        assert!(text.find("#strategy").unwrap() < text.find("\n[").unwrap());
    }

    #[test]
    fn what_stands_commented_out_is_what_a_file_may_hold() {
        let text = filled(&Layer::default());
        let taken: Vec<&str> = text
            .lines()
            .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with(' ')).unwrap_or(line))
            .collect();
        let layer = read(&taken.join("\n"));

        let mut others = Layer::default();
        for setting in SETTINGS {
            let (values, source) = layer.of(setting).unwrap_or_else(|| panic!("{} is not read", setting.name));
            if !setting.shape.names_files() {
                others.give(setting, values.to_vec(), source.clone());
            }
        }
        Settings::merge(&[others], GivenSecrets::default(), Vec::new()).unwrap();
    }

    #[test]
    fn what_is_given_stands_there_as_it_was_given_whatever_it_is() {
        let mut given = Layer::default();
        for setting in SETTINGS {
            let values = match setting.shape {
                Shape::Switch => vec!["true".to_owned()],
                Shape::Count => vec!["7".to_owned()],
                Shape::List | Shape::Files => vec!["a \"b\"\\".to_owned(), "c\u{7f}\u{1b}\té".to_owned()],
                _ => vec!["a 'b' \"c\"\\\n#\u{7f}\u{0}".to_owned()],
            };
            given.give(setting, values, Source::Flag("--given"));
        }
        let layer = read(&filled(&given));

        for setting in SETTINGS {
            assert_eq!(
                layer.of(setting).map(|(values, _)| values),
                given.of(setting).map(|(values, _)| values),
                "{}",
                setting.name
            );
        }
    }
}

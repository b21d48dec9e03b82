//! The rules of an export as rows of words, whichever way they were written down: CSV of either separator, or JSON with its
//! enumerations as numbers.

use std::collections::HashMap;

use serde_json::Value;

use super::super::Input;

/// A rule or a profile: its fields by their names in small letters.
#[derive(Default, Debug)]
pub(super) struct Row {
    /// At which line it begins; 0 in JSON.
    pub(super) line: usize,
    fields: HashMap<String, String>,
}

impl Row {
    /// What a field says; nothing, where it is not there or empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.fields.get(name).map(|value| value.trim()).filter(|value| !value.is_empty())
    }

    /// The words of a list.
    pub(super) fn words(&self, name: &str) -> Vec<&str> {
        let list = self.get(name).unwrap_or_default();
        list.split([',', ';']).map(str::trim).filter(|word| !word.is_empty()).collect()
    }

    /// What it says about itself, in this order.
    pub(super) fn quoted(&self, names: &[&str]) -> String {
        let said = names.iter().filter_map(|name| self.get(name).map(|value| format!("{name}: {value}")));
        said.collect::<Vec<String>>().join("; ")
    }
}

/// What an export holds.
#[derive(Default)]
pub(super) struct Export {
    pub(super) rules: Vec<Row>,
    /// Empty, where the export says nothing of them.
    pub(super) profiles: Vec<Row>,
}

/// Reads an export; says what is wrong with it, and at which line, where it cannot be read.
pub(super) fn export(input: &Input) -> Result<Export, (Option<usize>, String)> {
    let text = input.text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with(['{', '[']) { of_json(text) } else { of_csv(text) }
}

fn of_json(text: &str) -> Result<Export, (Option<usize>, String)> {
    let value: Value =
        serde_json::from_str(text).map_err(|error| (Some(error.line()), format!("is no JSON: {error}")))?;
    let list = |value: Option<&Value>| -> Vec<Row> {
        match value {
            Some(Value::Array(items)) => items.iter().map(row).collect(),
            Some(Value::Object(wrapped)) if wrapped.contains_key("value") => wrapped
                .get("value")
                .and_then(Value::as_array)
                .map(|items| items.iter().map(row).collect())
                .unwrap_or_default(),
            Some(one @ Value::Object(_)) => vec![row(one)],
            _ => Vec::new(),
        }
    };
    let field = |name: &str| {
        let object = value.as_object()?;
        object.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    };
    if field("rules").is_some() {
        return Ok(Export { rules: list(field("rules")), profiles: list(field("profiles")) });
    }
    Ok(Export { rules: list(Some(&value)), profiles: Vec::new() })
}

fn row(value: &Value) -> Row {
    let fields = value.as_object().into_iter().flatten();
    Row { line: 0, fields: fields.map(|(key, value)| (key.to_ascii_lowercase(), word(value, 0))).collect() }
}

/// A value as CSV would have it.
fn word(value: &Value, depth: usize) -> String {
    match value {
        Value::String(word) => word.clone(),
        Value::Bool(holds) => if *holds { "True" } else { "False" }.to_owned(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) if depth < 3 => {
            items.iter().map(|item| word(item, depth + 1)).collect::<Vec<String>>().join(",")
        }
        // So PowerShell wraps some lists.
        Value::Object(wrapped) if depth < 3 => {
            wrapped.get("value").map(|value| word(value, depth + 1)).unwrap_or_default()
        }
        _ => String::new(),
    }
}

fn of_csv(text: &str) -> Result<Export, (Option<usize>, String)> {
    // PowerShell begins with the type of its objects unless it is told not to.
    let (skipped, text) = match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("#TYPE") => (1, rest),
        _ => (0, text),
    };
    let heading = text.lines().next().unwrap_or_default();
    let separator = if heading.matches(';').count() > heading.matches(',').count() { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(text.as_bytes());
    let unread = |error: &csv::Error| {
        let line = error.position().and_then(|position| usize::try_from(position.line()).ok());
        (line.map(|line| line + skipped), format!("is no CSV: {error}"))
    };
    let headings: Vec<String> =
        reader.headers().map_err(|error| unread(&error))?.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    let mut rules = Vec::new();
    // The library counts a line late where lines end as Windows ends them.
    let (mut counted, mut line) = (0, 1);
    for record in reader.records() {
        let record = record.map_err(|error| unread(&error))?;
        let at = record.position().and_then(|position| usize::try_from(position.byte()).ok()).unwrap_or_default();
        let at = at
            + text
                .as_bytes()
                .get(at..)
                .unwrap_or_default()
                .iter()
                .take_while(|byte| matches!(byte, b'\r' | b'\n'))
                .count();
        line += text.get(counted..at).unwrap_or_default().matches('\n').count();
        counted = counted.max(at);
        let fields = headings.iter().cloned().zip(record.iter().map(str::to_owned)).collect();
        rules.push(Row { line: line + skipped, fields });
    }
    Ok(Export { rules, profiles: Vec::new() })
}

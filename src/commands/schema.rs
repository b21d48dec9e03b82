//! `schema`: the JSON Schema of every document, and of the settings file.

use serde_json::{Map, Value, json};

use super::{Failure, print_json};
use crate::cli::{SchemaArgs, SchemaOf};
use crate::reporters;
use crate::settings::{Fallback, SETTINGS, Shape};

pub(super) fn run(args: &SchemaArgs) -> Result<u8, Failure> {
    let schema = match args.of {
        SchemaOf::Document(kind) => reporters::schema(kind),
        SchemaOf::Config => config(),
    };
    print_json(&schema)
}

/// The settings file as the table of settings declares it.
fn config() -> Value {
    let mut tables: Map<String, Value> = Map::new();
    for setting in SETTINGS {
        let shape = match setting.shape {
            Shape::Text | Shape::File => json!({ "type": "string" }),
            Shape::List | Shape::Files => json!({ "type": ["array", "string"], "items": { "type": "string" } }),
            Shape::Duration => json!({ "type": ["string", "integer"], "pattern": "^[0-9]+(ms|s|m)?$" }),
            Shape::Count => json!({ "type": "integer", "minimum": 0 }),
            Shape::Switch => json!({ "type": "boolean" }),
            Shape::Choice(words) => json!({ "enum": words }),
        };
        let mut shape = shape;
        shape["description"] = Value::from(setting.help);
        if let Fallback::Value(text) = setting.default {
            let number = text.parse::<u64>().ok().filter(|_| setting.shape == Shape::Count);
            shape["default"] = number.map_or_else(|| Value::from(text), Value::from);
        }
        match setting.name.split_once('.') {
            Some((table, key)) => {
                let entry = tables
                    .entry(table)
                    .or_insert_with(|| json!({ "type": "object", "additionalProperties": false, "properties": {} }));
                entry["properties"][key] = shape;
            }
            None => {
                tables.insert(setting.name.to_owned(), shape);
            }
        }
    }
    tables.insert(
        "waive".to_owned(),
        json!({
            "type": "array",
            "description": "failures that are known and accepted for a while",
            "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["id", "reason", "until"],
                "properties": {
                    "id": { "type": "string", "description": "a check, or check-id/code" },
                    "reason": { "type": "string" },
                    "until": { "type": "string", "format": "date", "description": "the last day on which it counts" },
                },
            },
        }),
    );
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "preflight.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": tables,
    })
}

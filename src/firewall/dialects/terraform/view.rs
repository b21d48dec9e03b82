//! Values as a plan holds them, with what is not known before it is applied kept apart from what is not set.

use serde_json::Value;

/// A value, and which parts of it are not known.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    value: &'a Value,
    /// `true` where all of it is unknown; otherwise an object or a list of the same shape, as far as something is.
    unknown: &'a Value,
}

/// What stands under a key.
pub(super) enum Field<'a> {
    Known(View<'a>),
    /// It is not set.
    Nothing,
    /// It is known after it is applied.
    Unknown,
}

/// The words of a list, and whether there are more that are not known.
#[derive(Default)]
pub(super) struct Words<'a> {
    pub(super) known: Vec<&'a str>,
    pub(super) more: bool,
}

static NULL: Value = Value::Null;
static UNKNOWN: Value = Value::Bool(true);

impl<'a> View<'a> {
    /// A value of which everything is known, as in a state.
    pub(super) fn known(value: &'a Value) -> Self {
        View { value, unknown: &NULL }
    }

    /// A value with what is said to be unknown of it; where nothing is said of that, whatever is not there is unknown.
    pub(super) fn planned(value: &'a Value, unknown: Option<&'a Value>) -> Self {
        View { value, unknown: unknown.unwrap_or(&UNKNOWN) }
    }

    pub(super) fn value(self) -> &'a Value {
        self.value
    }

    pub(super) fn get(self, key: &str) -> Field<'a> {
        let unknown = match self.unknown {
            Value::Object(object) => object.get(key).unwrap_or(&NULL),
            // What is there is known.
            Value::Bool(true) if self.value.get(key).is_none() => &UNKNOWN,
            _ => &NULL,
        };
        match self.value.get(key) {
            _ if unknown == &Value::Bool(true) => Field::Unknown,
            Some(value) if !value.is_null() => Field::Known(View { value, unknown }),
            _ => Field::Nothing,
        }
    }

    /// A text, and nothing where it is unknown, empty, or something else.
    pub(super) fn text(self, key: &str) -> Option<&'a str> {
        match self.get(key) {
            Field::Known(view) => view.value.as_str().filter(|text| !text.is_empty()),
            _ => None,
        }
    }

    pub(super) fn is_unknown(self, key: &str) -> bool {
        matches!(self.get(key), Field::Unknown)
    }

    pub(super) fn is_true(self, key: &str) -> bool {
        matches!(self.get(key), Field::Known(view) if view.value == &Value::Bool(true))
    }

    /// The keys that say something, besides these.
    pub(super) fn strangers(self, known: &[&str]) -> Vec<&'a str> {
        let says = |value: &Value| match value {
            Value::Null | Value::Bool(false) => false,
            Value::Array(items) => !items.is_empty(),
            Value::Object(object) => !object.is_empty(),
            Value::String(text) => !text.is_empty(),
            Value::Bool(true) | Value::Number(_) => true,
        };
        let object = self.value.as_object().into_iter().flatten();
        object
            .filter(|(key, value)| says(value) && !known.contains(&key.as_str()))
            .map(|(key, _)| key.as_str())
            .collect()
    }

    /// A number, which some providers keep as a text.
    pub(super) fn number(self, key: &str) -> Result<Option<i64>, String> {
        match self.get(key) {
            Field::Unknown => Err(format!("`{key}` is known after it is applied")),
            Field::Nothing => Ok(None),
            Field::Known(view) => {
                let number = view.value.as_i64().or_else(|| view.value.as_str()?.parse().ok());
                number.map(Some).ok_or_else(|| format!("`{key}` is no number"))
            }
        }
    }

    /// The items of a list of blocks; nothing, where it is no list or not known.
    pub(super) fn items(self, key: &str) -> Option<Vec<View<'a>>> {
        match self.get(key) {
            Field::Known(view) => view.elements(),
            Field::Nothing => Some(Vec::new()),
            Field::Unknown => None,
        }
    }

    fn elements(self) -> Option<Vec<View<'a>>> {
        let items = self.value.as_array()?;
        let unknown = |nth: usize| match self.unknown {
            Value::Array(unknown) => unknown.get(nth).unwrap_or(&NULL),
            _ => &NULL,
        };
        Some(items.iter().enumerate().map(|(nth, value)| View { value, unknown: unknown(nth) }).collect())
    }

    /// The words under a key, which is a list of them or one alone.
    pub(super) fn words(self, key: &str) -> Words<'a> {
        match self.get(key) {
            Field::Unknown => Words { known: Vec::new(), more: true },
            Field::Nothing => Words::default(),
            Field::Known(View { value: Value::String(word), .. }) => {
                Words { known: Some(word.as_str()).into_iter().filter(|word| !word.is_empty()).collect(), more: false }
            }
            Field::Known(view) => {
                let items = view.elements();
                let known: Vec<&str> = items.iter().flatten().filter_map(|item| item.value.as_str()).collect();
                // An item that is not known yet stands there as null.
                let more = items.is_none_or(|items| items.len() > known.len());
                Words { known, more }
            }
        }
    }
}

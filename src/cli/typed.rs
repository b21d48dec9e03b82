//! What was typed, as settings take it: the values that a flag gives, none where it was not given.

use crate::settings::{Layer, Source};

/// The layer of what each flag gives: the setting, the flag, its values.
pub(super) fn layer<const FLAGS: usize>(flags: [(&'static str, &'static str, Vec<String>); FLAGS]) -> Layer {
    let mut layer = Layer::default();
    for (setting, flag, values) in flags {
        layer.give(setting, values, Source::Flag(flag));
    }
    layer
}

/// Of a flag that takes a value, once or repeatedly.
pub(super) fn given<'v>(values: impl IntoIterator<Item = &'v String>) -> Vec<String> {
    // Lists are also written with blanks and commas behind their items.
    let all: Vec<String> = values.into_iter().cloned().collect();
    let several = all.len() > 1;
    if several {
        return all.iter().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect();
    }
    all
}

/// Of a flag that takes none.
pub(super) fn on(typed: bool) -> Vec<String> {
    if typed { vec!["true".to_owned()] } else { Vec::new() }
}

/// Of `-4` and `-6`, and which of them it was.
pub(super) fn family(four: bool, six: bool) -> (&'static str, &'static str, Vec<String>) {
    let (flag, values) = match (four, six) {
        (true, _) => ("-4", vec!["4".to_owned()]),
        (false, true) => ("-6", vec!["6".to_owned()]),
        (false, false) => ("-4", Vec::new()),
    };
    ("network.family", flag, values)
}

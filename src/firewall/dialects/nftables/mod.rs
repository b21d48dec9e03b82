//! nftables: the JSON of `nft -j list ruleset` is read, and text for `nft -f` is written.

mod boxes;
mod fields;
mod matching;
mod passing;
mod read;
mod render;
mod ruleset;
mod statements;
#[cfg(test)]
mod tests;
mod write;

use super::{Dialect, Reads};

/// What prints a ruleset as it is read here.
const EXPORT: &str = "nft -j list ruleset";

/// The language.
pub(super) static DIALECT: Dialect = Dialect {
    name: "nftables",
    title: "nft's ruleset as JSON; text for nft -f",
    reads: Some(Reads { export: EXPORT, recognises: read::recognises, read: read::read }),
    writes: Some(write::write),
};

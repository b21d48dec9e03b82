//! Ingress: whether the installation takes what arrives from outside. Seen from inside this is hairpin, and can prove little.

mod arrival;
pub mod arrives;
pub(super) mod callback;
pub(super) mod closed_to_others;
pub(super) mod connects;
pub(super) mod trusted;
mod wall;

use crate::check::{Group, Vantage};
use crate::settings::Settings;

pub(super) use arrival::{arrival, contacts as contacts_of_arrival};
pub(super) use wall::{Front, MADE_UP_PATH, Wall, alike, shown_location, wants_sign_in};

pub(super) const GROUP: Group = Group {
    id: "ingress",
    title: "Ingress to the installation",
    noun: "ingress",
    specs: &[&connects::SPEC, &trusted::SPEC, &arrives::SPEC, &callback::SPEC, &closed_to_others::SPEC],
};

/// Hairpin proves nothing, so from inside it is never required.
fn required(_: &Settings, vantage: Vantage) -> bool {
    vantage == Vantage::Outside
}

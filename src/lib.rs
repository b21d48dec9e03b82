//! Tells, before and during an on-prem deployment of an application that uses `WorkOS`, whether this network,
//! this configuration and this firewall will let it work, and if not, what to change and who has to change it.
//!
//! ```text
//!   cli ──▶ Settings ─┐
//!                     ├──▶ Plan ──▶ runner ──▶ Report ──▶ Reporter ──▶ stdout / file
//!   facts/ ──▶ Facts ─┘               │
//!                                  Context ──▶ checks ──▶ Network ──▶ the world
//! ```
//!
//! Data flows one way. A check's id is its path: `egress.trusted` lives in `src/checks/egress/trusted.rs`.

pub mod check;
pub mod checks;
pub mod cli;
pub mod commands;
pub mod context;
pub mod ending;
pub mod endpoint;
pub mod facts;
pub mod files;
pub mod firewall;
pub mod host;
pub mod inbound;
pub mod listening;
pub mod middlebox;
pub mod net;
pub mod outcome;
pub mod plan;
pub mod report;
pub mod reporters;
pub mod runner;
pub mod said;
pub mod secret;
pub mod settings;
pub mod simulator;
pub mod workos;

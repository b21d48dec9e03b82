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
//!
//! # The tour
//!
//! Read in this order, each room in a few minutes:
//!
//! 1. [`outcome`]: what may be concluded. A [`Finding`](outcome::Finding) cannot be built without a
//!    [`Remediation`](outcome::Remediation), and a status is never set: it follows.
//! 2. [`check`]: what a check is, as a [`Spec`](check::Spec) that is known before anything is sent, and as a value that holds its
//!    one subject, most often an [`endpoint`]. Then one of the [`checks`] from top to bottom, say `src/checks/egress/http2.rs`.
//! 3. [`context`]: everything that a running check may look at, in the bounds of what it declared, each time as a [`contact`];
//!    behind it the two boundaries to the world, [`net`] (a handful of verbs) and [`host`] (this machine).
//! 4. [`plan`] and [`runner`]: which checks there will be, and how they run; [`ending`]: how each question of a run ended;
//!    [`elsewhere`]: what other runs saw of what cannot be seen from here. None of them knows a check or a format.
//! 5. [`report`]: what a run found, as plain values; [`documents`]: what is printed besides; [`reporters`]: each of them in each
//!    format.
//! 6. [`settings`] and [`cli`]: each setting declared once, resolved from flag, environment, file and default.
//! 7. [`inbound`] and [`listening`]: the door at which `listen` stands, and what it concludes there.
//! 8. [`simulator`]: the embedded `WorkOS` and customer site behind `demo`, which the tests play, too.
//! 9. [`said`] and [`files`]: the one exit for words, the one reader and the one writer of files; [`secret`]: what neither lets
//!    through.
//!
//! [`facts`] is what `WorkOS` needs from a network, dated; [`workos`] is its API as the checks need it; [`firewall`] is what has to
//! pass; [`middlebox`] is what products in between are known by. [`commands`] is the only place where all parts meet.
//!
//! How to add a check, a code, a setting, a fault or a format, and how the tests are run, is told in [`contributing`].

pub mod check;
pub mod checks;
pub mod cli;
pub mod commands;
pub mod contact;
pub mod context;
#[doc = include_str!("../CONTRIBUTING.md")]
pub mod contributing {}
pub mod documents;
pub mod elsewhere;
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

//! A page of the manual as a stable format, version 1.

use schemars::JsonSchema;
use serde::Serialize;

use crate::check::Spec;
use crate::documents::explain::{self, Address, Decides};
use crate::outcome;
use crate::report::v1::{Severity, Who};

/// What [`Page::schema`] holds.
const SCHEMA: &str = "workos-preflight/explain/v1";

/// A page of the manual of `workos-preflight`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Manual")]
pub(super) struct Page {
    /// The name and version of this format.
    #[schemars(extend("const" = SCHEMA))]
    schema: String,
    /// What the page is about.
    #[serde(flatten)]
    about: Content,
}

/// What stands on a page; `about` says which.
#[derive(Serialize, JsonSchema)]
#[serde(tag = "about", rename_all = "kebab-case")]
enum Content {
    /// The checks there are.
    List {
        /// The groups that were asked for, in run order.
        groups: Vec<Group>,
    },
    /// One check.
    Check {
        /// The check.
        check: Box<Check>,
    },
    /// Findings. Without its check, a code may be of two.
    Codes {
        /// The page of each.
        codes: Vec<CodePage>,
    },
    /// A code that more checks have, so that one has to be asked for as `check/name`.
    Name {
        /// The code.
        name: String,
        /// What it means with each of the checks.
        codes: Vec<Code>,
    },
}

/// The page of a finding.
#[derive(Serialize, JsonSchema)]
struct CodePage {
    /// The finding.
    #[serde(flatten)]
    code: Code,
    /// What the check that finds it claims when it passes.
    title: String,
    /// What a failure of that check decides. A warning decides nothing.
    decides: Deciding,
    /// What it may follow from, as `check/name`: while one of these is found about the same thing, nothing is mended by acting on this one.
    follows_from: Vec<String>,
    /// What usually lies behind it, likeliest first.
    causes: Vec<Cause>,
    /// What follows from it, as `check/name`.
    explains: Vec<String>,
}

/// What usually lies behind a finding.
#[derive(Serialize, JsonSchema)]
struct Cause {
    /// What is the case.
    what: String,
    /// How to tell it from the other causes.
    told_by: String,
    /// Who mends it.
    who: Who,
    /// What they do.
    mend: String,
    /// A command that shows it. Names in capitals stand for what only the reader knows.
    command: Option<String>,
}

/// Checks about one thing.
#[derive(Serialize, JsonSchema)]
struct Group {
    /// The first half of its checks' ids.
    id: String,
    /// The heading a person sees.
    title: String,
    /// Its checks, in run order.
    checks: Vec<Named>,
}

/// A check by its name.
#[derive(Serialize, JsonSchema)]
struct Named {
    /// `group.check`, stable.
    id: String,
    /// A claim that holds when it passes.
    title: String,
}

/// A check.
#[derive(Serialize, JsonSchema)]
struct Check {
    /// `group.check`, stable.
    id: String,
    /// A claim that holds when it passes.
    title: String,
    /// What is looked at, why it matters, and what usually breaks it, in paragraphs.
    explain: Vec<String>,
    /// The checks that must have passed first.
    needs: Vec<String>,
    /// What a failure decides.
    decides: Deciding,
    /// What it can find.
    codes: Vec<Code>,
}

/// What a failure decides.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Decides")]
struct Deciding {
    /// Under which strategies it decides the verdict of `check`. Null where `check` does not ask it.
    check: Option<Strategies>,
    /// Whether it decides the verdict of `probe`. Null where `probe` does not ask it.
    probe: Option<bool>,
}

/// Strategies under which a failure decides.
#[derive(Serialize, JsonSchema)]
struct Strategies {
    /// Whatever else is set.
    always: Vec<String>,
    /// Where the settings call for it.
    when_asked: Vec<String>,
}

/// What can be found.
#[derive(Serialize, JsonSchema)]
struct Code {
    /// The check that finds it.
    check: String,
    /// Its name within the check: it is addressed as `check/name`.
    name: String,
    /// How much it weighs.
    severity: Severity,
    /// What it means.
    means: String,
}

impl From<&explain::Page> for Page {
    fn from(page: &explain::Page) -> Self {
        let about = match page {
            explain::Page::List(groups) => {
                Content::List { groups: groups.iter().map(|group| Group::from(*group)).collect() }
            }
            explain::Page::Check(spec, decides) => Content::Check { check: Box::new(check(spec, decides)) },
            explain::Page::Codes(codes) => Content::Codes { codes: codes.iter().map(CodePage::from).collect() },
            explain::Page::Name(name, codes) => Content::Name {
                name: (*name).to_owned(),
                codes: codes.iter().map(|(spec, found)| code(spec, found)).collect(),
            },
        };
        Page { schema: SCHEMA.to_owned(), about }
    }
}

impl From<&crate::check::Group> for Group {
    fn from(group: &crate::check::Group) -> Self {
        let named = |spec: &&Spec| Named { id: spec.id.to_string(), title: spec.title.to_owned() };
        Group {
            id: group.id.to_owned(),
            title: group.title.to_owned(),
            checks: group.specs.iter().map(named).collect(),
        }
    }
}

impl From<&explain::CodePage> for CodePage {
    fn from(page: &explain::CodePage) -> Self {
        let all = |addresses: &[Address]| addresses.iter().map(|it| explain::address(*it)).collect();
        CodePage {
            code: code(page.spec, page.code),
            title: page.spec.title.to_owned(),
            decides: Deciding::from(&page.decides),
            follows_from: all(&page.follows_from),
            causes: page.code.causes.iter().map(Cause::from).collect(),
            explains: all(&page.explains),
        }
    }
}

impl From<&outcome::Cause> for Cause {
    fn from(cause: &outcome::Cause) -> Self {
        Cause {
            what: cause.what.to_owned(),
            told_by: cause.told_by.to_owned(),
            who: cause.who.into(),
            mend: cause.mend.to_owned(),
            command: cause.command.map(str::to_owned),
        }
    }
}

impl From<&Decides> for Deciding {
    fn from(decides: &Decides) -> Self {
        let all = |strategies: &[&str]| strategies.iter().map(ToString::to_string).collect();
        Deciding {
            check: decides.check.as_ref().map(|strategies| Strategies {
                always: all(&strategies.always),
                when_asked: all(&strategies.when_asked),
            }),
            probe: decides.probe,
        }
    }
}

fn check(spec: &Spec, decides: &Decides) -> Check {
    // Where its lines are broken is of no meaning.
    let paragraph = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    Check {
        id: spec.id.to_string(),
        title: spec.title.to_owned(),
        explain: spec.explain.split("\n\n").map(paragraph).collect(),
        needs: spec.needs.iter().map(ToString::to_string).collect(),
        decides: Deciding::from(decides),
        codes: spec.codes.iter().map(|found| code(spec, found)).collect(),
    }
}

fn code(spec: &Spec, code: &outcome::Code) -> Code {
    Code {
        check: spec.id.to_string(),
        name: code.name.to_owned(),
        severity: code.severity.into(),
        means: code.means.to_owned(),
    }
}

//! The manual: a check's page, what codes mean, or the list of what has a page.

use crate::check::{Group, Spec};
use crate::outcome::{Code, Severity};
use crate::said::{all_of, counted};

/// What was asked for.
pub enum Page {
    /// The checks of these groups.
    List(Vec<&'static Group>),
    /// A check.
    Check(&'static Spec, Decides),
    /// Findings, each of its check.
    Codes(Vec<CodePage>),
    /// A name that so many checks have for a finding that one has to be chosen.
    Name(&'static str, Vec<Address>),
}

/// A finding, and the check that makes it: `check-id/code`.
pub type Address = (&'static Spec, &'static Code);

/// The page of a finding.
pub struct CodePage {
    /// The check that makes it.
    pub spec: &'static Spec,
    /// The finding.
    pub code: &'static Code,
    /// When a failure of the check decides a verdict.
    pub decides: Decides,
    /// The findings that it may follow from. While one of them stands, nothing is mended by acting on this one.
    pub follows_from: Vec<Address>,
    /// The findings that follow from it.
    pub explains: Vec<Address>,
}

impl CodePage {
    /// The page of a finding, among those that these checks can make.
    pub fn of((spec, code): Address, decides: Decides, every: impl Iterator<Item = Address>) -> Self {
        let mut page = CodePage { spec, code, decides, follows_from: Vec::new(), explains: Vec::new() };
        let among = |codes: &[&'static Code], code| codes.iter().any(|it| std::ptr::eq(*it, code));
        for (its, other) in every {
            if among(other.explains, code) {
                page.follows_from.push((its, other));
            }
            if among(code.explains, other) {
                page.explains.push((its, other));
            }
        }
        page
    }

    /// By which name it is explained and waived.
    pub fn address(&self) -> String {
        address((self.spec, self.code))
    }

    /// What it does in a run, and what the check is about.
    pub fn in_the_run(&self) -> String {
        format!("{} The check asks whether {}.", self.consequence(), self.spec.title)
    }

    /// The command that prints the page of its check.
    pub fn check(&self) -> String {
        format!("{EXPLAIN} {}", self.spec.id)
    }

    /// What it does to its check and to a verdict, in sentences.
    fn consequence(&self) -> String {
        let decided = self.decides.whose();
        match (self.code.severity, decided) {
            (Severity::Error, Some(whose)) => {
                format!("It fails the check, and decides the verdict {whose}: not ready, exit code 1.")
            }
            (Severity::Error, None) => "It fails the check, and decides no verdict.".to_owned(),
            (Severity::Undecided, Some(whose)) => {
                format!("It leaves the check unknown, and with it the verdict {whose}: undecided, exit code 3.")
            }
            (Severity::Undecided, None) => "It leaves the check unknown, and decides no verdict.".to_owned(),
            (Severity::Warning, _) => {
                "It warns: the check passes, and the verdict stands. Where nothing else is wrong, \
                                       `--fail-on warn` makes exit code 4 of it."
                    .to_owned()
            }
        }
    }

    /// What a settings file says so that it does not count until a day.
    pub fn waiver(&self) -> [String; 4] {
        [
            "[[waive]]".to_owned(),
            format!("id = \"{}\"", self.address()),
            "reason = \"WHY\"".to_owned(),
            "until = \"YYYY-MM-DD\"".to_owned(),
        ]
    }
}

/// What stands above the findings that one may follow from.
pub const FOLLOWS_FROM: &str = "If one of these was found as well, mend that first: this follows from it";
/// What stands above the findings that follow from one.
pub const EXPLAINS: &str = "Findings that can follow from it, and then go away with it";
/// What stands above what a settings file says so that a finding does not count for a while.
pub const WAIVER: &str = "To live with it until a day, in preflight.toml";

/// What stands above the command that prints the page of the check.
pub const CHECK: &str = "The page of the check";

/// What stands above the causes of a finding.
pub fn causes(code: &Code) -> &'static str {
    if code.causes.len() > 1 { "What usually causes it, likeliest first" } else { "What causes it" }
}

/// What stands above the checks that have one name for a finding: "timed-out: 3 checks find it".
pub fn several(name: &str, checks: usize) -> String {
    format!("{name}: {} find it", counted(checks, "check"))
}

/// What stands above the command that prints a page of one of a check's findings.
pub const EACH_HAS_A_PAGE: &str =
    "Each has a page: what usually causes it, how to tell, and who mends it. The first one's:";
/// What stands above the command that prints one of several pages.
pub const ONE_OF_THEM: &str = "Each has a page of its own: name the check as well. The first one's:";

/// The command that prints the page of the first of these.
pub fn first_page(codes: impl IntoIterator<Item = Address>) -> String {
    format!("{EXPLAIN} {}", codes.into_iter().next().map(address).unwrap_or_default())
}

/// What the pages of the manual are printed with.
const EXPLAIN: &str = concat!(env!("CARGO_PKG_NAME"), " explain");

/// Findings in lines of one check each: the check, and the names of what it finds.
pub fn by_check(found: &[Address]) -> Vec<(&'static Spec, Vec<&'static str>)> {
    let mut checks: Vec<(&'static Spec, Vec<&'static str>)> = Vec::new();
    for (spec, code) in found {
        match checks.iter_mut().find(|(known, _)| known.id == spec.id) {
            Some((_, names)) => names.push(code.name),
            None => checks.push((spec, vec![code.name])),
        }
    }
    checks
}

/// `egress.connects/timed-out`
pub fn address((spec, code): Address) -> String {
    spec.address(code)
}

/// When a failure decides a verdict.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decides {
    /// Whether `check` asks it, and then under which strategies.
    pub check: Option<Strategies>,
    /// Whether `probe` asks it, and then whether it decides there.
    pub probe: Option<bool>,
}

/// Strategies under which a failure decides the verdict of `check`.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Strategies {
    /// Whatever else is set.
    pub always: Vec<&'static str>,
    /// Where the settings call for it.
    pub when_asked: Vec<&'static str>,
}

impl Decides {
    /// As sentences.
    pub fn in_words(&self) -> String {
        let inside = match &self.check {
            None => "Is no part of `check`.".to_owned(),
            Some(strategies) => strategies.in_words(),
        };
        let outside = match self.probe {
            Some(true) => " Decides the verdict of `probe`.",
            Some(false) => " Never decides the verdict of `probe`.",
            None => "",
        };
        inside + outside
    }

    /// Whose verdict is decided: "of `check` with strategy firewall and events, and of `probe`". Nothing where none is.
    fn whose(&self) -> Option<String> {
        let check = self.check.as_ref().and_then(Strategies::that_decide).map(|with| format!("of `check` {with}"));
        let probe = self.probe.filter(|decides| *decides).map(|_| "of `probe`".to_owned());
        let verdicts: Vec<String> = check.into_iter().chain(probe).collect();
        (!verdicts.is_empty()).then(|| verdicts.join(", and "))
    }
}

impl Strategies {
    fn in_words(&self) -> String {
        match self.that_decide() {
            None => "Never decides the verdict of `check`.".to_owned(),
            Some(with) => format!("Decides the verdict {with}."),
        }
    }

    /// "with strategy firewall, and with strategy events where the settings call for it". Nothing where there is none.
    fn that_decide(&self) -> Option<String> {
        let with = |strategies: &[&str]| format!("with strategy {}", all_of(strategies));
        match (&self.always[..], &self.when_asked[..]) {
            ([], []) => None,
            (always, []) => Some(with(always)),
            ([], asked) => Some(format!("{} where the settings call for it", with(asked))),
            (always, asked) => Some(format!("{}, and {} where the settings call for it", with(always), with(asked))),
        }
    }
}

/// What a finding of this severity does to its row: "fails".
pub fn effect(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "fails",
        Severity::Undecided => "leaves it unknown",
        Severity::Warning => "warns",
    }
}

/// What a code means, in a line of a list: "fails: no address answered".
pub fn meaning(code: &Code) -> String {
    format!("{}: {}", effect(code.severity), code.means)
}

//! A look from outside that came to nothing but what an allowlist leaves a stranger to see.

use super::{Report, Row};
use crate::outcome::{Bearing, Finding, Severity, Status, Vantage};

impl Report {
    /// Whether everything that stands against the verdict is what an allowlist that works looks like to a machine that it leaves
    /// out. Then it may be right that this machine is kept out, and nothing else is known to be wrong.
    pub fn is_kept_out(&self) -> bool {
        let mut against = self.rows.iter().filter(|row| stands_against(row)).peekable();
        self.head.vantage == Vantage::Outside && against.peek().is_some() && against.all(looks_like_an_allowlist)
    }
}

fn stands_against(row: &Row) -> bool {
    row.decides() && matches!(row.status(), Status::Fail | Status::Unknown)
}

/// What has no finding was cut short, or broke.
fn looks_like_an_allowlist(row: &Row) -> bool {
    let weighs = |finding: &&Finding| finding.code.severity != Severity::Warning;
    let mut weighty = row.findings().iter().filter(weighs).peekable();
    weighty.peek().is_some() && weighty.all(|finding| finding.code.bearing == Bearing::Allowlist)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::{CheckId, Planned, Spec};
    use crate::ending::{Ending, Stop};
    use crate::outcome::{Code, Grade, Outcome, Remediation};
    use crate::reporters::fixture;
    use std::time::Duration;

    static DROPPED: Code = Code::error("dropped", "it is dropped").like_an_allowlist();
    static SILENT: Code = Code::undecided("silent", "it is silent").like_an_allowlist();
    static WRONG: Code = Code::error("wrong", "it is wrong");
    static ODD: Code = Code::warning("odd", "it is odd");
    static SPEC: Spec = Spec {
        id: CheckId::new("ingress.connects"),
        title: "it takes connections",
        explain: "",
        vantages: &[Vantage::Outside],
        required: |_, _| true,
        codes: &[&DROPPED, &SILENT, &WRONG, &ODD],
        needs: &[],
        plan: |_, _| Planned::NotApplicable(String::new()),
    };

    fn row(codes: &[&'static Code]) -> Row {
        let found = |code: &&'static Code| code.found("is so", Remediation::network("Mend it."));
        let outcome = codes.iter().map(found).fold(Outcome::graded(Grade::Reached), Outcome::because);
        Row::new(&SPEC, true, None, Ending::Asked(outcome), Duration::ZERO)
    }

    fn is_kept_out(rows: Vec<Row>) -> bool {
        let mut report = fixture::healthy();
        report.head.vantage = Vantage::Outside;
        report.rows = rows;
        report.is_kept_out()
    }

    #[test]
    fn a_machine_is_kept_out_where_nothing_else_stands_against_it() {
        assert!(is_kept_out(vec![row(&[]), row(&[&DROPPED]), row(&[&ODD])]));
        assert!(is_kept_out(vec![row(&[&SILENT, &ODD])]));
        let optional = Row { required: false, ..row(&[&DROPPED]) };
        assert!(!is_kept_out(vec![row(&[]), optional]));
        for others in [row(&[&WRONG]), row(&[&DROPPED, &WRONG])] {
            assert!(!is_kept_out(vec![row(&[&DROPPED]), others]));
        }
        let cut = Ending::CutShort { by: Stop::Interruption, waits_for: None, evidence: Vec::new() };
        assert!(!is_kept_out(vec![row(&[&DROPPED]), Row::new(&SPEC, true, None, cut, Duration::ZERO)]));
    }

    #[test]
    fn from_inside_nobody_is_kept_out() {
        let mut report = fixture::healthy();
        report.rows = vec![row(&[&DROPPED])];

        assert!(!report.is_kept_out());
    }
}

//! The sign that a line begins with: what became of what it tells. Its twin in ASCII stands out without colour.

use super::{Human, Paint};
use crate::outcome::Status;
use crate::report::Row;
use crate::reporters::wording;

/// A sign, its twin in ASCII, and how it stands out.
#[derive(Clone, Copy)]
pub(super) struct Mark(&'static str, &'static str, Paint);

pub(super) const GOOD: Mark = Mark("✓", "ok", Paint::Good);
pub(super) const BAD: Mark = Mark("✗", "FAIL", Paint::Bad);
pub(super) const ODD: Mark = Mark("!", "warn", Paint::Odd);
pub(super) const OPEN: Mark = Mark("?", "??", Paint::Odd);
pub(super) const WAIVED: Mark = Mark("~", "~~", Paint::Odd);
pub(super) const NOT_ASKED: Mark = Mark("-", "--", Paint::Faint);

/// The mark of something that ended so.
pub(super) fn mark(status: Status, waived: bool) -> Mark {
    match status {
        _ if waived => WAIVED,
        Status::Pass => GOOD,
        Status::Fail => BAD,
        Status::Warn => ODD,
        Status::Unknown => OPEN,
        Status::Skip => NOT_ASKED,
    }
}

/// The mark of several together: the one that calls loudest.
pub(super) fn loudest<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Mark {
    wording::loudest(rows).map_or(NOT_ASKED, |row| mark(row.status(), row.waived.is_some()))
}

impl Human {
    /// How many columns marks have.
    pub(super) fn marks(&self) -> usize {
        if self.look.unicode { 1 } else { 4 }
    }

    /// A mark, and the blank columns that make it as wide as every other.
    pub(super) fn marked(&self, Mark(sign, ascii, paint): Mark) -> String {
        let sign = if self.look.unicode { sign } else { ascii };
        let blank = self.marks().saturating_sub(super::columns(sign));
        format!("{}{:blank$}", self.paint(paint, sign), "")
    }
}

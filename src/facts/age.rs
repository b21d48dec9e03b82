//! How old facts are: lists of addresses change, and nobody tells an installation.

use std::time::{Duration, SystemTime};

use super::Facts;

/// Facts that are older than this many days are not relied on without a word.
pub const OLD: u64 = 180;

const DAY: u64 = 24 * 60 * 60;

impl Facts {
    /// The day they were gathered, as its number since 1970-01-01; nothing, where `as_of` is no day.
    pub(super) fn gathered(&self) -> Option<u64> {
        let mut parts = self.as_of.splitn(3, '-');
        let mut number = |digits: usize| {
            let part = parts.next()?;
            let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
            part.parse::<u64>().ok().filter(|_| plain)
        };
        let (year, month, day) = (number(4)?, number(2)?, number(2)?);
        ((1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=31).contains(&day))
            .then(|| days_before(year, month) + day - 1)
    }

    /// How many days ago they were gathered, as this clock has it; nothing, where they are of a later day.
    pub fn age(&self, now: SystemTime) -> Option<u64> {
        let today = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs() / DAY;
        today.checked_sub(self.gathered()?)
    }

    /// Their age in days, where that is more than [`OLD`].
    pub fn too_old(&self, now: SystemTime) -> Option<u64> {
        self.age(now).filter(|days| *days > OLD)
    }
}

/// How many days lie between 1970-01-01 and the first of a month.
fn days_before(year: u64, month: u64) -> u64 {
    const BEFORE_MONTH: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];

    let past = year - 1;
    let leap_days = past / 4 - past / 100 + past / 400 - (1969 / 4 - 1969 / 100 + 1969 / 400);
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let of_this_year = BEFORE_MONTH.get(usize::try_from(month - 1).unwrap_or_default()).copied().unwrap_or_default();
    (year - 1970) * 365 + leap_days + of_this_year + u64::from(is_leap && month > 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(as_of: &str) -> Facts {
        Facts { as_of: as_of.to_owned(), ..Facts::embedded() }
    }

    #[test]
    fn a_day_is_counted_as_calendars_count_it() {
        for (day, number) in [
            ("1970-01-01", 0),
            ("1972-02-29", 789),
            ("1972-03-01", 790),
            ("2000-03-01", 11_017),
            ("2026-11-23", 20_780),
            ("2100-03-01", 47_541),
        ] {
            assert_eq!(of(day).gathered(), Some(number), "{day}");
        }
        for day in ["", "2026", "2026-13-01", "2026-00-10", "26-11-23", "2026-11-23T00:00:00Z", "+026-11-23"] {
            assert_eq!(of(day).gathered(), None, "{day}");
        }
    }

    #[test]
    fn facts_are_old_after_half_a_year_and_not_on_its_last_day() {
        let gathered = SystemTime::UNIX_EPOCH + Duration::from_secs(20_780 * DAY);
        let after = |days: u64| of("2026-11-23").too_old(gathered + Duration::from_secs(days * DAY));

        assert_eq!((after(0), after(180), after(181)), (None, None, Some(181)));
        assert_eq!(of("2026-11-23").age(gathered - Duration::from_secs(1)), None);
    }
}

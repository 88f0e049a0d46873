//! Calendar days: `2027-06-30`.

use std::{fmt, str::FromStr};

use crate::Invalid;

/// A day of the Gregorian calendar that exists.
///
/// ```
/// # use delivery_grammar::Date;
/// let until: Date = "2027-06-30".parse().unwrap();
/// assert!(until < "2027-07-01".parse().unwrap());
/// assert!("2027-06-31".parse::<Date>().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// This day, if there is such a one.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let exists = (1..=9999).contains(&year) && (1..=12).contains(&month);
        (exists && (1..=days_of(year, month)).contains(&day)).then_some(Self { year, month, day })
    }

    /// The day, in UTC, that is so many seconds after the beginning of 1970: compare with it to know what has expired.
    pub fn from_unix_seconds(seconds: u64) -> Self {
        let mut days = seconds / 86_400;
        let mut date = Self {
            year: 1970,
            month: 1,
            day: 1,
        };
        while days >= days_of_year(date.year) && date.year < 9999 {
            days -= days_of_year(date.year);
            date.year += 1;
        }
        while days >= u64::from(days_of(date.year, date.month)) && date.month < 12 {
            days -= u64::from(days_of(date.year, date.month));
            date.month += 1;
        }
        date.day += u8::try_from(days).unwrap_or(30).min(30);
        date
    }

    /// The year, 1 to 9999.
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub const fn month(self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub const fn day(self) -> u8 {
        self.day
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl FromStr for Date {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (year, month, day) = fields(text).ok_or_else(|| {
            Invalid::new(format!(
                "`{text}` is no date; write year, month and day as in `2027-06-30`"
            ))
        })?;
        Self::new(year, month, day).ok_or_else(|| Invalid::new(format!("there is no day `{text}` in the calendar")))
    }
}

fn fields(text: &str) -> Option<(u16, u8, u8)> {
    let mut fields = text.split('-');
    let year = number(fields.next()?, 4)?;
    let month = number(fields.next()?, 2)?;
    let day = number(fields.next()?, 2)?;
    let complete = fields.next().is_none();
    complete.then_some((year, u8::try_from(month).ok()?, u8::try_from(day).ok()?))
}

fn number(digits: &str, length: usize) -> Option<u16> {
    let plain = digits.len() == length && digits.bytes().all(|b| b.is_ascii_digit());
    if plain { digits.parse().ok() } else { None }
}

fn days_of(year: u16, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

fn days_of_year(year: u16) -> u64 {
    if is_leap(year) { 366 } else { 365 }
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_written_as_in_the_standard() {
        let date: Date = "2027-06-30".parse().unwrap();
        assert_eq!((date.year(), date.month(), date.day()), (2027, 6, 30));
        assert_eq!(date.to_string(), "2027-06-30");
    }

    #[test]
    fn knows_the_calendar() {
        assert!("2028-02-29".parse::<Date>().is_ok());
        for day in [
            "2027-02-29",
            "2100-02-29",
            "2027-13-01",
            "2027-00-10",
            "2027-04-31",
            "0000-01-01",
        ] {
            let error = day.parse::<Date>().unwrap_err();
            assert!(error.message().starts_with("there is no day"), "{error}");
        }
    }

    #[test]
    fn refuses_other_notations() {
        for text in [
            "",
            "tomorrow",
            "30.06.2027",
            "2027-6-30",
            "2027-06-30T00:00",
            "27-06-30",
            "2027-06",
            "+027-06-30",
        ] {
            let error = text.parse::<Date>().unwrap_err();
            assert!(error.message().contains("is no date"), "{error}");
        }
    }

    #[test]
    fn comes_from_the_clock() {
        assert_eq!(Date::from_unix_seconds(0).to_string(), "1970-01-01");
        assert_eq!(Date::from_unix_seconds(951_782_400).to_string(), "2000-02-29");
        assert_eq!(Date::from_unix_seconds(1_798_761_599).to_string(), "2026-12-31");
        assert_eq!(Date::from_unix_seconds(1_798_761_600).to_string(), "2027-01-01");
    }
}

//! Spans of time as people write them: `30s`, `1h30m`, `7d`.

use std::{fmt, str::FromStr};

use crate::Invalid;

/// A span of time, longer than nothing, in whole milliseconds.
///
/// ```
/// # use delivery_grammar::Duration;
/// let window: Duration = "1h30m".parse().unwrap();
/// assert_eq!(window.as_millis(), 5_400_000);
/// assert_eq!("2w".parse::<Duration>().unwrap().to_string(), "14d");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    millis: u64,
}

/// The units, from the largest: the order in which they must be written.
const UNITS: &[(&str, u64)] = &[
    ("w", 7 * 86_400_000),
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// How else people write the units.
const LONG_UNITS: &[(&str, &[&str])] = &[
    ("w", &["week", "weeks"]),
    ("d", &["day", "days"]),
    ("h", &["hr", "hrs", "hour", "hours"]),
    ("m", &["min", "mins", "minute", "minutes"]),
    ("s", &["sec", "secs", "second", "seconds"]),
    (
        "ms",
        &["msec", "msecs", "milli", "millis", "millisecond", "milliseconds"],
    ),
];

impl Duration {
    /// So many milliseconds.
    pub const fn from_millis(millis: u64) -> Self {
        Self { millis }
    }

    /// So many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self {
            millis: seconds.saturating_mul(1_000),
        }
    }

    /// The whole span in milliseconds.
    pub const fn as_millis(self) -> u64 {
        self.millis
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        Self::from_millis(duration.millis)
    }
}

/// The shortest way to write it, in days and smaller units: `14d`, `1h30m`.
impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.millis;
        for (unit, millis) in UNITS.iter().skip(1) {
            let count = rest / millis;
            rest %= millis;
            if count > 0 {
                write!(f, "{count}{unit}")?;
            }
        }
        if self.millis == 0 { f.write_str("0s") } else { Ok(()) }
    }
}

impl FromStr for Duration {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let mut rest = text;
        let mut millis = 0_u64;
        let mut units = UNITS;
        while !rest.is_empty() {
            let (part, after) = next_part(text, rest)?;
            let position = units
                .iter()
                .position(|(unit, _)| *unit == part.unit)
                .ok_or_else(|| out_of_order(text))?;
            millis = part
                .times(units[position].1)
                .and_then(|more| millis.checked_add(more))
                .ok_or_else(|| too_long(text))?;
            units = &units[position + 1..];
            rest = after;
        }
        if millis == 0 {
            Err(malformed(text))
        } else {
            Ok(Self { millis })
        }
    }
}

/// A number and its unit.
struct Part {
    number: u64,
    unit: &'static str,
}

impl Part {
    fn times(&self, millis: u64) -> Option<u64> {
        self.number.checked_mul(millis)
    }
}

fn next_part<'a>(text: &str, rest: &'a str) -> Result<(Part, &'a str), Invalid> {
    let (digits, rest) = split_where(rest, |c| !c.is_ascii_digit());
    let (unit, rest) = split_where(rest, |c| !c.is_ascii_alphabetic());
    if digits.is_empty() {
        return Err(malformed(text));
    }
    let number = digits.parse().map_err(|_| too_long(text))?;
    let unit = UNITS
        .iter()
        .find(|(known, _)| *known == unit)
        .ok_or_else(|| unknown_unit(text, digits, unit))?
        .0;
    Ok((Part { number, unit }, rest))
}

fn split_where(text: &str, ends: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

fn malformed(text: &str) -> Invalid {
    Invalid::new(format!(
        "`{text}` is no duration; write whole numbers with units, such as `500ms`, `30s`, `1h30m`, `7d`"
    ))
}

fn too_long(text: &str) -> Invalid {
    Invalid::new(format!("`{text}` is too long for a duration"))
}

fn out_of_order(text: &str) -> Invalid {
    Invalid::new(format!(
        "`{text}` is no duration; write each unit once, the largest first, as in `1d12h30m`"
    ))
}

fn unknown_unit(text: &str, digits: &str, unit: &str) -> Invalid {
    if digits == text {
        return Invalid::new(format!("`{text}` has no unit; did you mean `{digits}s`?"));
    }
    if unit.is_empty() {
        return malformed(text);
    }
    let lower = unit.to_ascii_lowercase();
    let meant = LONG_UNITS
        .iter()
        .find(|(short, long)| *short == lower || long.contains(&lower.as_str()));
    match meant {
        Some((short, _)) => Invalid::new(format!(
            "unknown unit `{unit}` in `{text}`; did you mean `{digits}{short}`?"
        )),
        None => Invalid::new(format!(
            "unknown unit `{unit}` in `{text}`; the units are `w`, `d`, `h`, `m`, `s`, `ms`"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(text: &str) -> u64 {
        text.parse::<Duration>().unwrap().as_millis()
    }

    fn error(text: &str) -> String {
        text.parse::<Duration>().unwrap_err().to_string()
    }

    #[test]
    fn reads_every_unit() {
        assert_eq!(millis("500ms"), 500);
        assert_eq!(millis("30s"), 30_000);
        assert_eq!(millis("5m"), 300_000);
        assert_eq!(millis("48h"), 48 * 3_600_000);
        assert_eq!(millis("7d"), millis("1w"));
        assert_eq!(millis("1h30m"), 5_400_000);
        assert_eq!(millis("1d2h3m4s5ms"), 93_784_005);
    }

    #[test]
    fn prints_the_shortest_form() {
        for (written, printed) in [
            ("2w", "14d"),
            ("90m", "1h30m"),
            ("48h", "2d"),
            ("1500ms", "1s500ms"),
            ("7d", "7d"),
        ] {
            assert_eq!(written.parse::<Duration>().unwrap().to_string(), printed);
        }
        assert_eq!(Duration::from_millis(0).to_string(), "0s");
    }

    #[test]
    fn compares_and_converts() {
        assert!(millis("7d") > millis("48h"));
        assert!(Duration::from_secs(60) > Duration::from_millis(60));
        assert_eq!(
            std::time::Duration::from(Duration::from_secs(30)),
            std::time::Duration::from_secs(30)
        );
    }

    #[test]
    fn helps_with_units() {
        assert_eq!(error("30"), "`30` has no unit; did you mean `30s`?");
        assert_eq!(error("30sec"), "unknown unit `sec` in `30sec`; did you mean `30s`?");
        assert_eq!(error("7D"), "unknown unit `D` in `7D`; did you mean `7d`?");
        assert_eq!(
            error("3y"),
            "unknown unit `y` in `3y`; the units are `w`, `d`, `h`, `m`, `s`, `ms`"
        );
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in ["", "0s", "d", "-5s", "1.5h", "5 s", "1h 30m", "1h30", "soon"] {
            assert!(error(text).contains("is no duration"), "{text}: {}", error(text));
        }
        assert!(error("30m1h").contains("the largest first"));
        assert!(error("1h1h").contains("each unit once"));
        assert!(error("99999999999999999999d").contains("too long"));
        assert!(error("99999999999999999d").contains("too long"));
    }
}

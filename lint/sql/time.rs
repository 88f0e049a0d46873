//! Lengths of time in SQL, and how old `WHERE` wants a row to be.

use sqlparser::ast::{BinaryOperator, Expr, Function, FunctionArg, FunctionArguments};

use super::Age;
use super::expr::{Column, Facts, argument, arguments, bare, bind_of, column_of, table_name, text_of};

/// The units of an interval, by their beginnings, in milliseconds.
const UNITS: &[(&str, f64)] = &[
    ("microsecond", 0.001),
    ("millisecond", 1.0),
    ("ms", 1.0),
    ("second", 1_000.0),
    ("sec", 1_000.0),
    ("minute", 60_000.0),
    ("min", 60_000.0),
    ("hour", 3_600_000.0),
    ("hr", 3_600_000.0),
    ("day", 86_400_000.0),
    ("week", 604_800_000.0),
    ("month", 2_592_000_000.0),
    ("mon", 2_592_000_000.0),
    ("quarter", 7_776_000_000.0),
    ("year", 31_536_000_000.0),
    ("s", 1_000.0),
    ("m", 60_000.0),
    ("h", 3_600_000.0),
    ("d", 86_400_000.0),
    ("w", 604_800_000.0),
    ("y", 31_536_000_000.0),
];

/// Milliseconds in a unit.
fn unit(word: &str) -> Option<f64> {
    let word = word.to_ascii_lowercase();
    let whole = word.strip_suffix('s').filter(|rest| rest.len() > 2).unwrap_or(&word);
    UNITS.iter().find(|(name, _)| *name == whole).map(|(_, millis)| *millis)
}

/// A length of time, signed, from `7 days`, `1 hour 30 minutes`, `24:00:00`, `PT5M` (not), `-1 day`.
fn length(text: &str) -> Option<f64> {
    let mut total = None;
    let mut number: Option<f64> = None;
    for word in words(text) {
        match (word.parse::<f64>(), number) {
            (Ok(value), None) => number = Some(value),
            (Err(_), Some(value)) => {
                total = Some(total.unwrap_or(0.0) + value * unit(word)?);
                number = None;
            }
            (Err(_), None) => total = Some(total.unwrap_or(0.0) + clock(word)?),
            (Ok(_), Some(_)) => return None,
        }
    }
    // Postgres takes a number without a unit for seconds.
    total.or_else(|| number.map(|seconds| seconds * 1_000.0))
}

/// `24:00:00`
fn clock(word: &str) -> Option<f64> {
    let parts: Vec<f64> = word.split(':').map(str::parse).collect::<Result<_, _>>().ok()?;
    match parts.as_slice() {
        [hours, minutes] => Some((hours * 60.0 + minutes) * 60_000.0),
        [hours, minutes, seconds] => Some(((hours * 60.0 + minutes) * 60.0 + seconds) * 1_000.0),
        _ => None,
    }
}

/// Numbers and what stands between them (`7days` is two words).
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split_whitespace().flat_map(|word| {
        let number = |character: char| character.is_ascii_digit() || "+-.".contains(character);
        let at = word.find(|character: char| !number(character)).unwrap_or(word.len());
        let (number, unit) = if word.contains(':') {
            ("", word)
        } else {
            word.split_at(at)
        };
        [number, unit].into_iter().filter(|part| !part.is_empty())
    })
}

/// An amount of time in an expression.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Span {
    Millis(f64),
    Bind(usize),
    Unknown,
}

impl Span {
    fn of(expr: &Expr) -> Self {
        match expr {
            Expr::Nested(inner) => Self::of(inner),
            Expr::Interval(interval) => match (&interval.leading_field, text_of(&interval.value)) {
                (Some(field), Some(text)) => Self::counted(&text, &field.to_string()),
                (None, Some(text)) => Self::from_length(length(&text)),
                _ => Self::of_bind(&interval.value),
            },
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Multiply,
                right,
            } => Self::product(left, right),
            Expr::Function(function) => Self::of_function(function),
            other => match text_of(other) {
                Some(text) => Self::from_length(length(&text)),
                None => Self::of_bind(other),
            },
        }
    }

    fn from_length(length: Option<f64>) -> Self {
        length.map_or(Self::Unknown, Self::Millis)
    }

    fn counted(count: &str, field: &str) -> Self {
        Self::from_length(
            count
                .trim()
                .parse::<f64>()
                .ok()
                .zip(unit(field))
                .map(|(count, unit)| count * unit),
        )
    }

    fn of_bind(expr: &Expr) -> Self {
        match Facts::of(expr).binds.as_slice() {
            [bind] => Self::Bind(*bind),
            _ => Self::Unknown,
        }
    }

    fn product(left: &Expr, right: &Expr) -> Self {
        let number = |expr: &Expr| text_of(expr).and_then(|text| text.parse::<f64>().ok());
        match (number(left), number(right), Self::of(left), Self::of(right)) {
            (Some(count), None, _, Self::Millis(millis)) | (None, Some(count), Self::Millis(millis), _) => {
                Self::Millis(count * millis)
            }
            (_, _, Self::Bind(bind), _) | (_, _, _, Self::Bind(bind)) => Self::Bind(bind),
            _ => Self::Unknown,
        }
    }

    /// `make_interval(days => 7)`
    fn of_function(function: &Function) -> Self {
        let FunctionArguments::List(list) = &function.args else {
            return Self::Unknown;
        };
        let mut total = Self::Millis(0.0);
        for given in &list.args {
            let Some((unit, expr)) = labelled(given) else {
                return Self::Unknown;
            };
            let part = match text_of(expr) {
                Some(text) => Self::counted(&text, &unit),
                None => Self::of_bind(expr),
            };
            total = match (total, part) {
                (Self::Millis(total), Self::Millis(part)) => Self::Millis(total + part),
                (_, part) => part,
            };
        }
        total
    }
}

/// `days => 7`
fn labelled(given: &FunctionArg) -> Option<(String, &Expr)> {
    let label = match given {
        FunctionArg::Named { name, .. } => name.value.clone(),
        FunctionArg::ExprNamed { name, .. } => name.to_string(),
        FunctionArg::Unnamed(_) => return None,
    };
    Some((label, argument(given)?))
}

/// A moment before now (or after it, if negative) that an expression gives: `now() - interval '7 days'`.
fn before_now(expr: &Expr) -> Option<Span> {
    match bare(expr) {
        Expr::BinaryOp {
            left,
            op: op @ (BinaryOperator::Minus | BinaryOperator::Plus),
            right,
        } => {
            let (base, span) = if is_now(left) { (left, right) } else { (right, left) };
            let shifts = is_now(base) && !Facts::of(span).now && Facts::of(span).columns.is_empty();
            shifts.then(|| signed(Span::of(span), *op == BinaryOperator::Minus, seconds(base)))
        }
        Expr::Function(function) => shifted(function).or_else(|| is_now(expr).then_some(Span::Millis(0.0))),
        other => is_now(other).then_some(Span::Millis(0.0)),
    }
}

/// Whether a moment is counted in seconds (`unixepoch()`, `extract(epoch from now())`) or in its thousandths.
fn seconds(expr: &Expr) -> f64 {
    match bare(expr) {
        Expr::BinaryOp {
            op: BinaryOperator::Multiply,
            ..
        } => 0.001,
        _ => 1.0,
    }
}

fn signed(span: Span, before: bool, scale: f64) -> Span {
    match span {
        Span::Millis(millis) => Span::Millis(millis * scale * if before { 1.0 } else { -1.0 }),
        other => other,
    }
}

/// `DATE_SUB(NOW(), INTERVAL 7 DAY)`, `datetime('now', '-7 days')`, `DATEADD(day, -7, GETDATE())`
fn shifted(function: &Function) -> Option<Span> {
    let name = table_name(&function.name).to_ascii_lowercase();
    let given = arguments(function);
    match (name.as_str(), given.as_slice()) {
        ("date_sub" | "subdate", [base, span]) if is_now(base) => Some(signed(Span::of(span), true, 1.0)),
        ("date_add" | "adddate", [base, span]) if is_now(base) => Some(signed(Span::of(span), false, 1.0)),
        ("dateadd", [field, count, base]) if is_now(base) => {
            let span = text_of(count).map_or_else(
                || Span::of_bind(count),
                |count| Span::counted(&count, &field.to_string()),
            );
            Some(signed(span, false, 1.0))
        }
        ("datetime" | "date" | "unixepoch" | "julianday", [now, span]) if is_text(now, "now") => {
            Some(signed(Span::of(span), false, 1.0))
        }
        ("strftime", [_, now, span]) if is_text(now, "now") => Some(signed(Span::of(span), false, 1.0)),
        _ => None,
    }
}

fn is_text(expr: &Expr, text: &str) -> bool {
    text_of(expr).is_some_and(|found| found.eq_ignore_ascii_case(text))
}

/// Whether an expression is the clock, and nothing is added to it.
fn is_now(expr: &Expr) -> bool {
    let facts = Facts::of(expr);
    let plain = |expr: &Expr| {
        !matches!(
            bare(expr),
            Expr::BinaryOp {
                op: BinaryOperator::Plus | BinaryOperator::Minus,
                ..
            }
        )
    };
    let untouched = !matches!(bare(expr), Expr::Function(function) if shifted(function).is_some());
    facts.now && facts.columns.is_empty() && facts.binds.is_empty() && plain(expr) && untouched
}

/// How long after now an expression is, if it is `now() + …`.
pub(super) fn after_now(expr: &Expr) -> Option<u64> {
    match before_now(expr)? {
        Span::Millis(millis) if millis < 0.0 => millis_of(-millis),
        _ => None,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked, and `as` saturates"
)]
fn millis_of(millis: f64) -> Option<u64> {
    (millis.is_finite() && millis >= 0.0).then(|| millis.round() as u64)
}

/// How old a comparison wants the row to be, and the column that tells (`at < now() - interval '7 days'`).
pub(super) fn age(left: &Expr, op: &BinaryOperator, right: &Expr) -> Option<(Column, Age)> {
    let (earlier, later) = match op {
        BinaryOperator::Lt | BinaryOperator::LtEq => (left, right),
        BinaryOperator::Gt | BinaryOperator::GtEq => (right, left),
        _ => return None,
    };
    plain_age(earlier, later)
        .or_else(|| shifted_age(earlier, later))
        .or_else(|| difference(earlier, later))
}

/// `at < now() - …`, `at < $1`
fn plain_age(earlier: &Expr, later: &Expr) -> Option<(Column, Age)> {
    let column = column_of(earlier).or_else(|| only_column(earlier))?;
    if let Some(bind) = bind_of(later) {
        return is_moment(&column.name).then_some((column, Age::Bind(bind)));
    }
    Some((column, age_of(before_now(later)?)))
}

/// The one column that a function of it reads (`date(at)`).
fn only_column(expr: &Expr) -> Option<Column> {
    let (Expr::Function(_) | Expr::Extract { .. }) = bare(expr) else {
        return None;
    };
    let mut columns = Facts::of(expr).columns;
    (columns.len() == 1).then(|| columns.remove(0))
}

/// Whether a column that is compared with a bind holds a moment, by its name.
fn is_moment(name: &str) -> bool {
    let ends = ["_at", "_on", "_time", "_ts", "_date", "_until", "_ms"];
    let is = [
        "at",
        "ts",
        "timestamp",
        "created",
        "updated",
        "inserted",
        "processed",
        "time",
        "date",
        "expires",
        "expiry",
        "seen",
    ];
    ends.iter().any(|end| name.ends_with(end)) || is.contains(&name)
}

/// `at + interval '7 days' < now()`
fn shifted_age(earlier: &Expr, later: &Expr) -> Option<(Column, Age)> {
    let Expr::BinaryOp {
        left,
        op: BinaryOperator::Plus,
        right,
    } = bare(earlier)
    else {
        return None;
    };
    is_now(later).then_some(())?;
    Some((column_of(left)?, age_of(Span::of(right))))
}

/// `now() - at > interval '7 days'`, `age(at) > …`
fn difference(earlier: &Expr, later: &Expr) -> Option<(Column, Age)> {
    let column = match bare(later) {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Minus,
            right,
        } if is_now(left) => column_of(right)?,
        Expr::Function(function) if table_name(&function.name) == "age" => column_of(arguments(function).last()?)?,
        _ => return None,
    };
    Some((column, age_of(Span::of(earlier))))
}

fn age_of(span: Span) -> Age {
    match span {
        Span::Millis(millis) if millis > 0.0 => millis_of(millis).map_or(Age::Unknown, Age::Millis),
        Span::Bind(bind) => Age::Bind(bind),
        _ => Age::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn lengths_are_read() {
        for (text, millis) in [
            ("7 days", Some(604_800_000.0)),
            ("1 hour 30 minutes", Some(5_400_000.0)),
            ("30min", Some(1_800_000.0)),
            ("24:00:00", Some(86_400_000.0)),
            ("1 day 12:00", Some(129_600_000.0)),
            ("-7 days", Some(-604_800_000.0)),
            ("90", Some(90_000.0)),
            ("{} days", None),
            ("a b", None),
            ("", None),
        ] {
            assert_eq!(length(text), millis, "{text}");
        }
    }
}

//! Lengths of time, folded: what `Duration::from_*`, arithmetic and the like make of constants.
//!
//! A duration is a number of milliseconds whose type says so. A moment that is so far from now (`Utc::now() - Duration::hours(1)`) is
//! a number of milliseconds, too, of the clock's type.

use super::value::{Kind, Origin, Value};
use crate::catalog::Unit;
use crate::resolve::Ty;

const SECOND: i128 = 1_000;
const MINUTE: i128 = 60 * SECOND;
const HOUR: i128 = 60 * MINUTE;
const DAY: i128 = 24 * HOUR;

/// Types of the standard library, chrono and time.
const DURATIONS: [&str; 2] = ["Duration", "TimeDelta"];
const MOMENTS: [&str; 5] = [
    "DateTime",
    "NaiveDateTime",
    "SystemTime",
    "OffsetDateTime",
    "PrimitiveDateTime",
];

/// What `Duration::from_secs` and its kin in `owner` give.
pub(super) fn function(owner: &str, name: &str, args: &[Value]) -> Option<Value> {
    if !DURATIONS.contains(&owner) {
        return None;
    }
    let unit = name
        .strip_prefix("from_")
        .or_else(|| name.strip_prefix("try_"))
        .unwrap_or(name);
    let given = args.first()?;
    let made = match unit {
        "millis" | "milliseconds" => span(given, 1, 1),
        "micros" | "microseconds" => span(given, 1, 1_000),
        "nanos" | "nanoseconds" => span(given, 1, 1_000_000),
        "secs" | "seconds" => span(given, SECOND, 1),
        "mins" | "minutes" => span(given, MINUTE, 1),
        "hours" => span(given, HOUR, 1),
        "days" => span(given, DAY, 1),
        "weeks" => span(given, 7 * DAY, 1),
        "new" => span(given, SECOND, 1),
        _ => return None,
    };
    Some(if name.starts_with("try_") {
        Value::some(made)
    } else {
        made
    })
}

fn span(count: &Value, factor: i128, divisor: i128) -> Value {
    match count.kind {
        Kind::Int(count) => of_millis(count.saturating_mul(factor) / divisor),
        _ => Value::opaque(duration_ty(), count.origin),
    }
}

fn of_millis(millis: i128) -> Value {
    Value::new(Kind::Int(millis), duration_ty(), Origin::NONE)
}

fn duration_ty() -> Ty {
    Ty::external("std::time::Duration", Vec::new())
}

fn is_one_of(value: &Value, names: &[&str]) -> bool {
    matches!(&value.ty, Ty::External { path, .. } if path.rsplit("::").next().is_some_and(|name| names.contains(&name)))
}

fn is_duration(value: &Value) -> bool {
    is_one_of(value, &DURATIONS)
}

/// What a method of a known duration gives.
pub(super) fn method(recv: &Value, name: &str, args: &[Value]) -> Option<Value> {
    let Kind::Int(millis) = recv.kind else {
        return shift(recv, name, args.first()?);
    };
    if !is_duration(recv) {
        return None;
    }
    let other = args.first().and_then(|arg| match arg.kind {
        Kind::Int(known) => Some(known),
        _ => None,
    });
    let number = match (name, other) {
        ("as_secs" | "num_seconds" | "whole_seconds", _) => Value::int(millis / SECOND),
        ("as_millis" | "num_milliseconds" | "whole_milliseconds", _) => Value::int(millis),
        ("num_minutes" | "whole_minutes", _) => Value::int(millis / MINUTE),
        ("num_hours" | "whole_hours", _) => Value::int(millis / HOUR),
        ("num_days" | "whole_days", _) => Value::int(millis / DAY),
        ("mul" | "saturating_mul", Some(factor)) => of_millis(millis.saturating_mul(factor)),
        ("add" | "saturating_add", Some(more)) => of_millis(millis.saturating_add(more)),
        ("to_std" | "try_into", None) => Value::ok(recv.clone()),
        _ => return None,
    };
    Some(number)
}

/// `now.checked_sub_signed(age)`
fn shift(moment: &Value, name: &str, by: &Value) -> Option<Value> {
    match name {
        "checked_sub" | "checked_sub_signed" | "checked_sub_days" => arithmetic("-", moment, by).map(Value::some),
        "checked_add" | "checked_add_signed" => arithmetic("+", moment, by).map(Value::some),
        "sub" => arithmetic("-", moment, by),
        "add" => arithmetic("+", moment, by),
        _ => None,
    }
}

/// Arithmetic that makes a duration or a moment.
pub(super) fn arithmetic(op: &str, a: &Value, b: &Value) -> Option<Value> {
    let (x, y) = match (&a.kind, &b.kind) {
        (Kind::Int(x), Kind::Int(y)) => (*x, *y),
        (Kind::Opaque | Kind::Api(_), Kind::Int(y))
            if is_one_of(a, &MOMENTS) && a.origin.has(Origin::FRESH) && is_duration(b) =>
        {
            let millis = if op == "-" { -*y } else { *y };
            let shifted = Value::new(Kind::Int(millis), a.ty.clone(), a.origin);
            return matches!(op, "-" | "+").then_some(shifted);
        }
        _ => return None,
    };
    match (op, is_duration(a), is_duration(b)) {
        ("*", true, false) | ("*", false, true) => Some(of_millis(x.saturating_mul(y))),
        ("/", true, false) => Some(of_millis(x.checked_div(y)?)),
        ("+", true, true) => Some(of_millis(x.saturating_add(y))),
        ("-", true, true) => Some(of_millis(x.saturating_sub(y))),
        _ => None,
    }
}

/// A duration in milliseconds: a `Duration`, or a number of `unit`.
pub(super) fn millis(value: &Value, unit: Option<Unit>) -> Option<u64> {
    let inner = value.payload_or_self();
    let Kind::Int(count) = inner.kind else { return None };
    let factor = match unit {
        Some(Unit::Seconds) if !is_duration(&inner) => SECOND,
        _ => 1,
    };
    u64::try_from(count.saturating_mul(factor)).ok()
}

/// How long ago a moment is, or how long a duration lasts: what a cleanup compares with.
pub(super) fn age(value: &Value) -> Option<u64> {
    match value.kind {
        Kind::Int(millis) if is_duration(value) => u64::try_from(millis).ok(),
        Kind::Int(millis) if is_one_of(value, &MOMENTS) => u64::try_from(-millis).ok(),
        _ => None,
    }
}

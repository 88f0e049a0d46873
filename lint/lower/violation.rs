//! Unique violations: code that inserts first and asks afterwards whether the row was there already.
//!
//! `Err(err) if err.is_unique_violation() => …` tells a message that was processed before from a store that fails. So the failure of such
//! an insert is two values: one that is the violation and one that is not, and each answers the question in its own way.

use super::Lowering;
use super::value::{Kind, Origin, Value};

/// What code that asks mentions.
const QUESTIONS: [&str; 13] = [
    "11_000",
    "ConditionalCheckFailed",
    "is_conditional_check_failed",
    "11000",
    "is_unique_violation",
    "UniqueViolation",
    "UNIQUE_VIOLATION",
    "UniqueConstraintViolation",
    "23505",
    "is_duplicate_key",
    TEXTS[0],
    TEXTS[1],
    TEXTS[2],
];

/// What the message of such a failure says, in PostgreSQL, SQLite and MySQL.
const TEXTS: [&str; 3] = ["duplicate key", "UNIQUE constraint failed", "Duplicate entry"];

/// The property of the failure that there is no row.
const ABSENT: &str = "(absent)";

/// Variants that only a violation is.
const REFUSED: [&str; 3] = [
    "UniqueViolation",
    "UniqueConstraintViolation",
    "ConditionalCheckFailedException",
];

/// The codes of a violation: PostgreSQL's, MySQL's, MongoDB's, and SQLite's for a primary key and for any other.
const CODES: [&str; 5] = ["23505", "1062", "11000", "1555", "2067"];

/// Words in names of methods that ask for a failure which has nothing to do with what was sent.
const BREAKS: [&str; 8] = [
    "timeout",
    "connect",
    "retr",
    "transient",
    "temporar",
    "unavailable",
    "closed",
    "is_io",
];

/// Variants that a store's own answer is wrapped in.
const ANSWERED: [&str; 4] = ["Some", "Database", "DatabaseError", "SqlxError"];

impl Lowering<'_> {
    /// Whether the workspace's code asks such a question at all.
    pub(super) fn asks_for_violations(&self) -> bool {
        QUESTIONS.iter().any(|question| (self.mentions)(question))
    }
}

/// What a method of a failure answers that asks for a violation.
pub(super) fn asked(recv: &Value, name: &str, args: &[Value]) -> Option<Value> {
    let refused = refused(recv.origin)?;
    let says = || {
        args.first()
            .and_then(Value::as_text)
            .is_some_and(|text| TEXTS.iter().any(|known| text.contains(known)))
    };
    let asks = match name {
        "is_unique_violation" | "is_duplicate_key" | "is_conditional_check_failed_exception" => true,
        "contains" | "starts_with" => says(),
        _ => false,
    };
    // Any other question that is asked about a failure names a kind of it.
    let names_a_kind = || name.starts_with("is_") && !BREAKS.iter().any(|word| name.contains(word));
    match () {
        () if asks => Some(Value::bool(refused)),
        () if !refused && names_a_kind() && !matches!(recv.kind, Kind::Variant { .. }) => Some(Value::bool(false)),
        () => None,
    }
}

/// What a comparison of a failure's code answers.
pub(super) fn compared(a: &Value, b: &Value) -> Option<bool> {
    let told = refused(a.origin).or_else(|| refused(b.origin))?;
    let is_code = |value: &Value| match &value.kind {
        Kind::Text(text) => CODES.contains(&text.as_str()),
        Kind::Int(code) => CODES.contains(&code.to_string().as_str()),
        Kind::Variant { name, fields } => match fields.as_slice() {
            [] => REFUSED.contains(&name.as_str()),
            [(_, inner)] => matches!(&inner.kind, Kind::Text(text) if CODES.contains(&text.as_str())),
            _ => false,
        },
        _ => false,
    };
    (is_code(a) || is_code(b)).then_some(told)
}

/// The variants that a failure can still be, of which it is known whether it is a violation.
pub(super) fn possible(value: &Value, mut variants: Vec<Value>) -> Vec<Value> {
    let Some(refused) = refused(value.origin) else {
        return variants;
    };
    let is = |names: &[&str], value: &Value| value.variant_name().is_some_and(|name| names.contains(&name));
    if refused {
        for names in [&REFUSED[..], &ANSWERED[..]] {
            if variants.iter().any(|variant| is(names, variant)) {
                variants.retain(|variant| is(names, variant));
            }
        }
    } else {
        variants.retain(|variant| !is(&REFUSED, variant));
    }
    variants
}

/// The failure that there is no row.
pub(super) fn absent(failure: &Value) -> Value {
    Value::err(failure.payload().with_prop(ABSENT.into(), Value::bool(true), None))
}

/// `result.optional()`: that there is no row is no failure.
pub(super) fn optional(result: &Value, name: &str) -> Option<Value> {
    match result.variant_name().filter(|_| name == "optional")? {
        "Ok" => Some(Value::ok(Value::some(result.payload()))),
        "Err" if result.payload().prop(ABSENT).is_some() => Some(Value::ok(Value::none())),
        "Err" => Some(result.clone()),
        _ => None,
    }
}

/// The failed ways of an insert: the row was there already, or something else went wrong.
pub(super) fn marked(failure: &Value, refused: bool) -> Value {
    let origin = if refused { Origin::REFUSED } else { Origin::BROKEN };
    Value::err(failure.payload().with_origin(origin))
}

fn refused(origin: Origin) -> Option<bool> {
    match (origin.has(Origin::REFUSED), origin.has(Origin::BROKEN)) {
        (true, false) => Some(true),
        (false, true) => Some(false),
        _ => None,
    }
}

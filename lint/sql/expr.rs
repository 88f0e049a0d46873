//! What an expression depends on, and what assigning it does to a column.

use std::ops::ControlFlow;

use smol_str::{SmolStr, SmolStrBuilder};
use sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, Query,
    UnaryOperator, Value as Literal, Visit, Visitor,
};

use super::Value;
use super::text::HOLE;

/// Functions that read the clock.
const CLOCKS: &[&str] = &[
    "now",
    "current_timestamp",
    "current_date",
    "current_time",
    "localtimestamp",
    "localtime",
    "clock_timestamp",
    "statement_timestamp",
    "transaction_timestamp",
    "timeofday",
    "sysdate",
    "sysdatetime",
    "sysutcdatetime",
    "sysdatetimeoffset",
    "getdate",
    "getutcdate",
    "utc_timestamp",
    "utc_date",
    "utc_time",
    "curdate",
    "curtime",
];

/// Functions that read the clock if they are given nothing, or `'now'`.
const CLOCKS_BY_ARGUMENT: &[&str] = &[
    "unix_timestamp",
    "unixepoch",
    "datetime",
    "date",
    "time",
    "julianday",
    "strftime",
    "age",
];

/// Functions that give another value each time.
const FRESH: &[&str] = &[
    "random",
    "rand",
    "uuid",
    "gen_random_uuid",
    "uuid_generate_v1",
    "uuid_generate_v1mc",
    "uuid_generate_v4",
    "uuid_generate_v7",
    "uuidv4",
    "uuidv7",
    "uuid_v4",
    "uuid_v7",
    "gen_random_bytes",
    "gen_ulid",
    "generate_ulid",
    "ulid",
    "uuid_short",
    "nextval",
    "newid",
    "newsequentialid",
    "randomblob",
    "random_bytes",
    "txid_current",
    "pg_current_xact_id",
    "setval",
    "gen_uuid_v7",
    "uuid_generate_v6",
];

/// Functions of a column and of values: applied to their own result they change nothing.
const ABSORBING: &[&str] = &[
    "greatest", "least", "coalesce", "ifnull", "nvl", "isnull", "max", "min", "nullif",
];

/// Functions of which the same is true for the column in the first place.
const ABSORBING_FIRST: &[&str] = &[
    "lower",
    "upper",
    "trim",
    "btrim",
    "ltrim",
    "rtrim",
    "abs",
    "round",
    "floor",
    "ceil",
    "ceiling",
    "date_trunc",
    "initcap",
    "array_remove",
    "jsonb_set",
    "jsonb_set_lax",
    "json_set",
    "json_replace",
    "json_remove",
    "json_merge_patch",
    "json_patch",
    "jsonb_strip_nulls",
    "json_strip_nulls",
    "date",
    "unaccent",
    "last_insert_id",
];

/// The last part of a name, as Postgres would store it; holes are `{}` again.
pub(super) fn table_name(name: &ObjectName) -> SmolStr {
    name.0
        .last()
        .and_then(|part| part.as_ident())
        .map(ident)
        .unwrap_or_default()
}

/// An identifier, as Postgres would store it.
pub(super) fn ident(ident: &Ident) -> SmolStr {
    let quoted = ident.quote_style.is_some();
    let name = if quoted {
        SmolStr::new(&ident.value)
    } else {
        lower(&ident.value)
    };
    if name.contains(HOLE) {
        name.replace(HOLE, "{}").into()
    } else {
        name
    }
}

fn lower(text: &str) -> SmolStr {
    let mut out = SmolStrBuilder::new();
    text.chars()
        .for_each(|character| out.push(character.to_ascii_lowercase()));
    out.finish()
}

/// A column's mention.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Column {
    pub qualifier: Option<SmolStr>,
    pub name: SmolStr,
    /// In which subquery of the expression, if in one: the tables of that query and of those around it.
    pub tables: Option<Vec<SmolStr>>,
}

/// What an expression depends on.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub binds: Vec<usize>,
    pub columns: Vec<Column>,
    pub now: bool,
    pub fresh: bool,
    pub hole: bool,
    pub subquery: bool,
    scopes: Vec<SmolStr>,
    depth: usize,
    /// Open `VALUES(column)` (MySQL): what was to be inserted.
    inserted: usize,
    /// Names of arguments (`days => 7`), which are no columns.
    labels: Vec<*const Expr>,
}

impl Facts {
    pub(super) fn of(expr: &Expr) -> Self {
        let mut facts = Self::default();
        let _ = expr.visit(&mut facts);
        facts
    }

    fn column(&mut self, parts: &[Ident]) {
        let Some((last, before)) = parts.split_last() else {
            return;
        };
        let name = ident(last);
        match name.as_str() {
            "{}" => self.hole = true,
            name if parts.len() == 1 && last.quote_style.is_none() && CLOCKS.contains(&name) => self.now = true,
            _ => self.columns.push(Column {
                qualifier: if self.inserted > 0 {
                    Some("excluded".into())
                } else {
                    before.last().map(ident)
                },
                name,
                tables: (self.depth > 0).then(|| self.scopes.clone()),
            }),
        }
    }

    fn function(&mut self, function: &Function) {
        let name = table_name(&function.name);
        let name = name.to_ascii_lowercase();
        self.fresh |= FRESH.contains(&name.as_str());
        self.now |=
            CLOCKS.contains(&name.as_str()) || (CLOCKS_BY_ARGUMENT.contains(&name.as_str()) && has_now(function));
        self.hole |= name.contains("{}");
        self.inserted += usize::from(is_values(function));
        if let FunctionArguments::List(list) = &function.args {
            self.labels.extend(list.args.iter().filter_map(|given| match given {
                FunctionArg::ExprNamed { name, .. } => Some(std::ptr::from_ref(name)),
                _ => None,
            }));
        }
    }
}

/// Whether a function is given nothing, or `'now'` among the rest.
fn has_now(function: &Function) -> bool {
    let arguments = arguments(function);
    arguments.is_empty()
        || arguments
            .iter()
            .any(|argument| text_of(argument).is_some_and(|text| text.eq_ignore_ascii_case("now")))
}

impl Visitor for Facts {
    type Break = ();

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.subquery = true;
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        let name = table_name(relation);
        for column in &mut self.columns {
            if let Some(tables) = &mut column.tables {
                tables.push(name.clone());
            }
        }
        self.scopes.push(name);
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        self.inserted -= usize::from(matches!(expr, Expr::Function(function) if is_values(function)));
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        if self.labels.contains(&std::ptr::from_ref(expr)) {
            return ControlFlow::Continue(());
        }
        match expr {
            Expr::Identifier(name) => self.column(std::slice::from_ref(name)),
            Expr::CompoundIdentifier(parts) => self.column(parts),
            Expr::Function(function) => self.function(function),
            Expr::Value(value) => {
                if let Literal::Placeholder(text) = &value.value {
                    self.binds.extend(bind_index(text));
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// MySQL's `VALUES(column)`.
fn is_values(function: &Function) -> bool {
    table_name(&function.name) == "values"
}

fn bind_index(text: &str) -> Option<usize> {
    text.strip_prefix('$')?.parse::<usize>().ok()?.checked_sub(1)
}

/// The expressions that a function is given.
pub(super) fn arguments(function: &Function) -> Vec<&Expr> {
    let FunctionArguments::List(list) = &function.args else {
        return Vec::new();
    };
    list.args
        .iter()
        .map(argument)
        .collect::<Option<Vec<_>>>()
        .unwrap_or_default()
}

/// The expression that an argument is.
pub(super) fn argument(given: &FunctionArg) -> Option<&Expr> {
    match given {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr))
        | FunctionArg::Named {
            arg: FunctionArgExpr::Expr(expr),
            ..
        }
        | FunctionArg::ExprNamed {
            arg: FunctionArgExpr::Expr(expr),
            ..
        } => Some(expr),
        _ => None,
    }
}

/// The expression without parentheses, casts and collations.
pub(super) fn bare(expr: &Expr) -> &Expr {
    let mut expr = expr;
    loop {
        expr = match expr {
            Expr::Nested(inner)
            | Expr::Cast { expr: inner, .. }
            | Expr::Convert { expr: inner, .. }
            | Expr::Collate { expr: inner, .. }
            | Expr::AtTimeZone { timestamp: inner, .. } => inner,
            _ => return expr,
        };
    }
}

/// The bind that an expression is, casts aside.
pub(super) fn bind_of(expr: &Expr) -> Option<usize> {
    let Expr::Value(value) = bare(expr) else { return None };
    match &value.value {
        Literal::Placeholder(text) => bind_index(text),
        _ => None,
    }
}

/// The constant that an expression is, strings without quotes.
pub(super) fn text_of(expr: &Expr) -> Option<SmolStr> {
    match bare(expr) {
        Expr::Value(value) => match &value.value {
            Literal::Placeholder(_) => None,
            Literal::Number(number, _) => Some(number.into()),
            Literal::Boolean(value) => Some(if *value { "true" } else { "false" }.into()),
            Literal::Null => Some("null".into()),
            other => other.clone().into_string().map(SmolStr::from),
        },
        Expr::TypedString(typed) => typed.value.value.clone().into_string().map(SmolStr::from),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => text_of(expr).map(|text| SmolStr::new(format!("-{text}"))),
        _ => None,
    }
}

/// The column that an expression is, with its qualifier.
pub(super) fn column_of(expr: &Expr) -> Option<Column> {
    let facts = match bare(expr) {
        plain @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => Facts::of(plain),
        _ => return None,
    };
    facts.columns.into_iter().next()
}

/// The row that a statement changes, as expressions name it.
#[derive(Debug, Clone, Default)]
pub(super) struct Target {
    /// The table's name and alias.
    pub names: Vec<SmolStr>,
    /// The columns that the statement changes.
    pub changed: Vec<SmolStr>,
}

impl Target {
    /// Whether a mention is of the row itself (and not of another table's, or of the row that was to be inserted).
    pub(super) fn owns(&self, column: &Column) -> bool {
        let by_table = |tables: &Vec<SmolStr>| tables.iter().any(|table| self.names.contains(table));
        match &column.qualifier {
            Some(qualifier) => self.names.contains(qualifier),
            None => column.tables.as_ref().is_none_or(by_table),
        }
    }

    /// Whether a mention is of a column that the statement changes.
    pub(super) fn changes(&self, column: &Column) -> bool {
        self.owns(column) && self.changed.contains(&column.name)
    }

    /// Whether an expression reads what the statement changes.
    fn read_by(&self, expr: &Expr) -> bool {
        Facts::of(expr).columns.iter().any(|column| self.changes(column))
    }
}

/// What assigning an expression does when it is done twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Change {
    /// The same value again.
    Absolute,
    /// The column as it is.
    Keeps,
    /// The column and a value, in a way that the second time changes nothing.
    Absorbs,
    /// Nobody knows.
    Unknown,
    /// Another value each time.
    Fresh,
    /// It builds on what the statement changed.
    Accumulates,
}

/// What assigning `expr` to `column` of `target` does.
pub(super) fn change(expr: &Expr, column: &str, target: &Target) -> Change {
    let facts = Facts::of(expr);
    let itself = column_of(expr).is_some_and(|mention| mention.name == column && target.owns(&mention));
    match () {
        () if itself => Change::Keeps,
        () if facts.columns.iter().any(|mention| target.changes(mention)) => of_own(expr, column, target),
        () if facts.fresh => Change::Fresh,
        // A hole by itself is a value; in an expression it may be the column.
        () if facts.hole && (column.contains("{}") || !matches!(bare(expr), Expr::Identifier(_))) => Change::Unknown,
        () => Change::Absolute,
    }
}

/// The same for an expression that reads what the statement changes.
fn of_own(expr: &Expr, column: &str, target: &Target) -> Change {
    match bare(expr) {
        plain @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => {
            let own = column_of(plain).is_some_and(|mention| mention.name == column);
            if own { Change::Keeps } else { Change::Accumulates }
        }
        Expr::Function(function) => of_function(function, column, target),
        Expr::BinaryOp { left, op, right } => of_operator(left, op, right, column, target),
        Expr::Case {
            operand,
            conditions,
            else_result,
            ..
        } => {
            let decides = conditions.iter().map(|when| &when.condition).chain(operand.as_deref());
            let results = conditions.iter().map(|when| &when.result).chain(else_result.as_deref());
            of_choice(decides, results, else_result.is_none(), column, target)
        }
        Expr::Ceil { expr, .. } | Expr::Floor { expr, .. } | Expr::Trim { expr, .. } => {
            absorbing(&[expr], column, target)
        }
        _ => Change::Accumulates,
    }
}

fn of_function(function: &Function, column: &str, target: &Target) -> Change {
    let name = table_name(&function.name).to_ascii_lowercase();
    let given = arguments(function);
    let has = |names: &[&str]| names.contains(&name.as_str());
    match given.as_slice() {
        [decides, results @ ..] if has(&["if", "iif"]) => {
            of_choice([*decides].into_iter(), results.iter().copied(), false, column, target)
        }
        [first, rest @ ..] if has(&["coalesce", "ifnull", "nvl", "isnull"]) => of_coalesce(first, rest, column, target),
        [_, ..] if has(ABSORBING) => absorbing(&given, column, target),
        [first, rest @ ..] if has(ABSORBING_FIRST) && !rest.iter().any(|expr| target.read_by(expr)) => {
            absorbing(&[first], column, target)
        }
        [first, second] if name == "array_append" => of_append(first, second, column, target),
        _ => Change::Accumulates,
    }
}

/// `COALESCE(x, random())` is new only once.
fn of_coalesce(first: &Expr, rest: &[&Expr], column: &str, target: &Target) -> Change {
    let kept = change(first, column, target) == Change::Keeps;
    match absorbing(rest, column, target) {
        Change::Fresh if kept => Change::Absorbs,
        worst => worst.max(change(first, column, target)).max(Change::Absorbs),
    }
}

/// `array_append(array_remove(x, $1), $1)` puts `$1` last, however often.
fn of_append(array: &Expr, item: &Expr, column: &str, target: &Target) -> Change {
    if let Expr::Function(inner) = bare(array)
        && table_name(&inner.name) == "array_remove"
        && let [kept, removed] = arguments(inner).as_slice()
        && *removed == item
    {
        return absorbing(&[kept], column, target);
    }
    Change::Accumulates
}

/// The worst of some parts, none of which may do more than keep the column or give a value.
fn absorbing(parts: &[&Expr], column: &str, target: &Target) -> Change {
    let worst = parts.iter().map(|part| change(part, column, target)).max();
    worst.unwrap_or(Change::Absorbs).max(Change::Absorbs)
}

fn of_operator(left: &Expr, op: &BinaryOperator, right: &Expr, column: &str, target: &Target) -> Change {
    use BinaryOperator as Op;
    match op {
        Op::Or | Op::And | Op::BitwiseOr | Op::BitwiseAnd => absorbing(&[left, right], column, target),
        _ if target.read_by(right) => Change::Accumulates,
        Op::HashMinus => absorbing(&[left], column, target),
        Op::Minus if is_json_key(right) => absorbing(&[left], column, target),
        Op::StringConcat => absorbing(&[left], column, target).max(merge(right)),
        _ => Change::Accumulates,
    }
}

/// `data - 'key'` (a number in quotes is one all the same).
fn is_json_key(expr: &Expr) -> bool {
    let quoted = matches!(bare(expr), Expr::Value(value) if matches!(value.value, Literal::SingleQuotedString(_)));
    quoted && text_of(expr).is_some_and(|text| text.parse::<f64>().is_err()) && !matches!(expr, Expr::Interval(_))
}

/// What `data || …` does: merging an object changes nothing the second time, appending does.
fn merge(right: &Expr) -> Change {
    let json =
        matches!(right, Expr::Cast { data_type, .. } if data_type.to_string().to_ascii_lowercase().starts_with("json"));
    let object = text_of(right).is_some_and(|text| text.trim_start().starts_with('{'));
    match right {
        Expr::Nested(inner) => merge(inner),
        Expr::Function(function) if table_name(&function.name).ends_with("_build_object") => Change::Absorbs,
        _ if json && object => Change::Absorbs,
        _ if json && bind_of(right).is_some() => Change::Unknown,
        _ => Change::Accumulates,
    }
}

/// One of several results. If what decides is itself changed, there may be one value beside the column: `x` stays or becomes it.
fn of_choice<'a>(
    mut decides: impl Iterator<Item = &'a Expr>,
    results: impl Iterator<Item = &'a Expr>,
    or_null: bool,
    column: &str,
    target: &Target,
) -> Change {
    let mut values: Vec<Option<&Expr>> = or_null.then_some(None).into_iter().collect();
    let mut worst = Change::Absorbs;
    for result in results {
        let change = change(result, column, target);
        worst = worst.max(change);
        if change == Change::Absolute && !values.contains(&Some(result)) {
            values.push(Some(result));
        }
    }
    let swings = values.len() > 1 && decides.any(|expr| target.read_by(expr));
    if swings { Change::Accumulates } else { worst }
}

/// The value that an expression gives a column.
pub(super) fn value(expr: &Expr, target: &Target) -> Value {
    if let Some(bind) = bind_of(expr) {
        return Value::Bind(bind);
    }
    if let Some(text) = text_of(expr) {
        return if text.contains("{}") && text.len() > 2 {
            Value::Other
        } else {
            Value::Const(text)
        };
    }
    let facts = Facts::of(expr);
    match () {
        () if facts.columns.iter().any(|column| target.changes(column)) => Value::OwnColumn,
        () if facts.fresh => Value::Fresh,
        () if matches!(bare(expr), Expr::Identifier(name) if name.value.eq_ignore_ascii_case("default")) => {
            Value::Default
        }
        () if facts.hole || facts.subquery || !facts.columns.is_empty() => Value::Other,
        () if facts.now => Value::Now,
        () => derived(facts.binds),
    }
}

fn derived(mut binds: Vec<usize>) -> Value {
    binds.sort_unstable();
    binds.dedup();
    Value::Derived(binds)
}

/// An expression for people, unless it is long.
pub(super) fn shown(expr: &Expr) -> String {
    struct Count(usize);
    impl Visitor for Count {
        type Break = ();

        fn pre_visit_expr(&mut self, _: &Expr) -> ControlFlow<()> {
            self.0 += 1;
            if self.0 > 12 {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }
    }
    match expr.visit(&mut Count(0)) {
        ControlFlow::Continue(()) => expr.to_string().replace(HOLE, "{}").replace('`', ""),
        ControlFlow::Break(()) => "…".to_owned(),
    }
}

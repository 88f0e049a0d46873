//! Statements that are built and not written: what a query builder makes of columns, comparisons and assignments, as SQL.
//!
//! A column, and what is made of it, is a value that carries its piece of SQL and the values that are bound in it. What a statement was
//! built of is in its properties (`statement`, `target`, `filter`, `set`, `values`, `on_conflict`, …). So a built statement is read as a
//! written one is, by [`crate::sql`].

use std::fmt::Write as _;

use smol_str::SmolStr;

use super::Lowering;
use super::api::text_of;
use super::expr::deep_origin;
use super::value::{Kind, Origin, Value};
use crate::resolve::Ty;

/// The properties of a piece: its text, what is bound in it, and for an assignment the column and what it is given.
const SQL: &str = "(sql)";
const BINDS: &str = "(binds)";
const COLUMN: &str = "(column)";
const GIVEN: &str = "(given)";
/// What nobody can tell.
const HOLE: &str = "{}";

/// A piece of SQL, with `?` where something is bound.
#[derive(Debug, Clone, Default)]
struct Piece {
    sql: String,
    binds: Vec<Value>,
}

/// A statement, with `?` where something is bound.
pub(super) struct Built {
    pub text: SmolStr,
    pub binds: Vec<Value>,
}

/// A column as a value.
pub(super) fn column(name: &str) -> Value {
    Piece {
        sql: name.to_owned(),
        binds: Vec::new(),
    }
    .into_value()
}

/// What a method of a piece makes.
pub(super) fn method(recv: &Value, name: &str, args: &[Value]) -> Option<Value> {
    let left = Piece::of(recv)?;
    let infix = match name {
        "eq" | "is" => "=",
        "ne" | "is_not" => "<>",
        "lt" => "<",
        "gt" => ">",
        "le" | "lte" => "<=",
        "ge" | "gte" => ">=",
        "and" => "AND",
        "or" => "OR",
        "add" => "+",
        "sub" => "-",
        "mul" => "*",
        "div" => "/",
        "concat" => "||",
        "is_null" | "is_not_null" => {
            return Some(left.followed_by(if name == "is_null" { "IS NULL" } else { "IS NOT NULL" }));
        }
        "eq_any" | "is_in" => {
            let listed = args.first()?.clone();
            return Some(left.clone().joined("IN", Piece::bound(listed).within()).into_value());
        }
        _ => return None,
    };
    let right = Piece::given(args.first()?);
    let made = left.clone().joined(infix, right.clone());
    let made = if infix == "OR" { made.within() } else { made };
    let value = made.into_value();
    Some(match infix {
        "=" => value.with_prop(COLUMN.into(), Value::text(left.sql), None).with_prop(
            GIVEN.into(),
            right.into_value(),
            None,
        ),
        _ => value,
    })
}

/// What an operator makes of a piece.
pub(super) fn operator(op: &str, a: &Value, b: &Value) -> Option<Value> {
    let is_piece = a.prop(SQL).is_some() || b.prop(SQL).is_some();
    let is_arithmetic = matches!(op, "+" | "-" | "*" | "/");
    (is_piece && is_arithmetic).then(|| Piece::given(a).joined(op, Piece::given(b)).into_value())
}

impl Piece {
    fn of(value: &Value) -> Option<Self> {
        let sql = value.prop(SQL).and_then(|(sql, _)| text_of(sql))?;
        let binds = match value.prop(BINDS).map(|(binds, _)| &binds.kind) {
            Some(Kind::Tuple(binds)) => binds.clone(),
            _ => Vec::new(),
        };
        Some(Self { sql: sql.into(), binds })
    }

    fn bound(value: Value) -> Self {
        let literal = match &value.kind {
            Kind::Text(text) if !text.contains(HOLE) => Some(format!("'{}'", text.replace('\'', "''"))),
            Kind::Int(number) => Some(number.to_string()),
            Kind::Bool(truth) => Some(truth.to_string()),
            _ => None,
        };
        match literal {
            Some(sql) => Self { sql, binds: Vec::new() },
            None => Self {
                sql: "?".to_owned(),
                binds: vec![value],
            },
        }
    }

    fn given(value: &Value) -> Self {
        Self::of(value).unwrap_or_else(|| Self::bound(value.clone()))
    }

    fn unknown() -> Self {
        Self {
            sql: HOLE.to_owned(),
            binds: Vec::new(),
        }
    }

    fn joined(mut self, by: &str, other: Self) -> Self {
        let _ = write!(self.sql, " {by} {}", other.sql);
        self.binds.extend(other.binds);
        self
    }

    fn within(mut self) -> Self {
        self.sql = format!("({})", self.sql);
        self
    }

    fn followed_by(self, words: &str) -> Value {
        let sql = format!("{} {words}", self.sql);
        Self { sql, ..self }.into_value()
    }

    fn into_value(self) -> Value {
        let origin = self
            .binds
            .iter()
            .fold(Origin::NONE, |all, bind| all.with(deep_origin(bind)));
        let piece = Value::new(Kind::Api(std::sync::Arc::default()), Ty::Unknown, origin);
        piece.with_prop(SQL.into(), Value::text(self.sql), None).with_prop(
            BINDS.into(),
            Value::new(Kind::Tuple(self.binds), Ty::Unknown, origin),
            None,
        )
    }
}

impl Lowering<'_> {
    /// The statement that a builder's properties make.
    pub(super) fn built(&self, builder: &Value) -> Option<Built> {
        let prop = |name: &str| builder.prop(name).map(|(value, _)| value);
        let named = prop("statement").and_then(text_of);
        // Which table an entity stands for is written elsewhere.
        let table = prop("target")
            .and_then(text_of)
            .or_else(|| named.is_some().then(|| HOLE.into()))?;
        let statement = named.unwrap_or_else(|| "select".into());
        let piece = match statement.as_str() {
            "insert" => self.insert(&table, builder),
            "update" => Piece::default()
                .word(&format!("UPDATE {table} SET"))
                .with(self.assignments(prop("set"))),
            "delete" => Piece::default().word(&format!("DELETE FROM {table}")),
            "exists" => Piece::default().word(&format!("SELECT EXISTS (SELECT 1 FROM {table}")),
            "select" if prop("count").is_some() => Piece::default().word(&format!("SELECT count(*) FROM {table}")),
            "select" => Piece::default().word(&format!("SELECT {} FROM {table}", selected(prop("select")))),
            _ => return None,
        };
        let mut piece = match statement.as_str() {
            "insert" => piece,
            _ => self.filtered(piece, &table, builder),
        };
        if statement == "exists" {
            piece.sql.push(')');
        }
        Some(Built {
            text: piece.sql.into(),
            binds: piece.binds,
        })
    }

    fn insert(&self, table: &str, builder: &Value) -> Piece {
        let prop = |name: &str| builder.prop(name).map(|(value, _)| value);
        let rows = prop("values").map(|values| self.pairs(values)).unwrap_or_default();
        let mut piece = Piece::default().word(&format!("INSERT INTO {table}"));
        if rows.is_empty() {
            piece = piece.word(&format!("VALUES {HOLE}"));
        } else {
            let columns: Vec<&str> = rows.iter().map(|(column, _)| column.as_str()).collect();
            piece = piece.word(&format!("({}) VALUES", columns.join(", ")));
            let given = rows
                .iter()
                .map(|(_, given)| given.clone())
                .reduce(|a, b| a.joined(",", b))
                .unwrap_or_default();
            piece = piece.with(given.within());
        }
        let keys = prop("on_conflict")
            .and_then(Piece::of)
            .map_or_else(String::new, |keys| format!("({})", keys.sql));
        if prop("do_update").is_some() {
            piece
                .word(&format!("ON CONFLICT {keys} DO UPDATE SET"))
                .with(self.assignments(prop("set")))
        } else if prop("do_nothing").is_some() || prop("on_conflict_do_nothing").is_some() {
            piece.word(&format!("ON CONFLICT {keys} DO NOTHING"))
        } else {
            piece
        }
    }

    fn filtered(&self, mut piece: Piece, table: &str, builder: &Value) -> Piece {
        let prop = |name: &str| builder.prop(name).map(|(value, _)| value);
        let by_key = |key: &Value| match self.schema.unique_keys(table).first().map(Vec::as_slice) {
            Some([column]) => Piece::default().word(column).joined("=", Piece::bound(key.clone())),
            _ => Piece::unknown(),
        };
        let given = match prop("filter").map(|filters| (&filters.kind, filters)) {
            Some((Kind::Tuple(filters), _)) => filters.clone(),
            Some((_, only)) => vec![only.clone()],
            None => Vec::new(),
        };
        let filter = given
            .iter()
            .map(|filter| Piece::of(filter).unwrap_or_else(Piece::unknown));
        let filters: Vec<Piece> = filter.chain(prop("find").map(by_key)).collect();
        if let Some(all) = filters.into_iter().reduce(|a, b| a.joined("AND", b)) {
            piece = piece.word("WHERE").with(all);
        }
        if prop("limit").is_some() {
            piece = piece.word("LIMIT 1");
        }
        match (prop("for_update").is_some(), prop("skip_locked").is_some()) {
            (true, true) => piece.word("FOR UPDATE SKIP LOCKED"),
            (true, false) => piece.word("FOR UPDATE"),
            _ => piece,
        }
    }

    fn assignments(&self, sets: Option<&Value>) -> Piece {
        let pairs = sets.map(|sets| self.pairs(sets)).unwrap_or_default();
        let one = |(column, given): (SmolStr, Piece)| Piece::default().word(&column).joined("=", given);
        pairs
            .into_iter()
            .map(one)
            .reduce(|a, b| a.joined(",", b))
            .unwrap_or_else(Piece::unknown)
    }

    /// The columns of an assignment, of several, or of a type that stands for a row; and what each is given.
    fn pairs(&self, value: &Value) -> Vec<(SmolStr, Piece)> {
        if let (Some((column, _)), Some((given, _))) = (value.prop(COLUMN), value.prop(GIVEN)) {
            return text_of(column)
                .map(|column| (column, Piece::given(given)))
                .into_iter()
                .collect();
        }
        match &value.kind {
            Kind::Tuple(items) => {
                let each: Vec<_> = items.iter().map(|item| self.pairs(item)).collect();
                let known = each.iter().all(|pairs| !pairs.is_empty());
                each.into_iter().filter(|_| known).flatten().collect()
            }
            Kind::List(element) | Kind::Array { element, .. } => self.pairs(element),
            Kind::Struct(fields) => fields
                .iter()
                .map(|(name, value)| (name.clone(), Piece::bound(value.clone())))
                .collect(),
            _ => {
                let fields = self.index.fields(&value.ty).into_iter();
                fields
                    .map(|(name, ty)| (name, Piece::bound(Value::opaque(ty, value.origin))))
                    .collect()
            }
        }
    }
}

fn selected(select: Option<&Value>) -> String {
    select
        .and_then(Piece::of)
        .map_or_else(|| "*".to_owned(), |columns| columns.sql)
}

impl Piece {
    fn word(mut self, words: &str) -> Self {
        if !self.sql.is_empty() {
            self.sql.push(' ');
        }
        self.sql.push_str(words);
        self
    }

    fn with(self, other: Self) -> Self {
        let mut both = self.word(&other.sql);
        both.binds.extend(other.binds);
        both
    }
}

//! `WHERE`: which rows, and whether a second execution would find them again.

use std::ops::ControlFlow;

use smol_str::SmolStr;
use sqlparser::ast::{
    BinaryOperator, Expr, LockClause, NonBlock, Query, Select, SetExpr, TableFactor, TableWithJoins, UnaryOperator,
    Visit, Visitor,
};

use super::By;
use super::expr::{Change, Facts, Target, bare, bind_of, change, column_of, ident, table_name, text_of};
use super::time::{self, after_now};

/// The parts of a condition that must all hold.
pub(super) fn conjuncts(condition: Option<&Expr>) -> Vec<&Expr> {
    split(condition, &BinaryOperator::And)
}

fn split<'a>(condition: Option<&'a Expr>, at: &BinaryOperator) -> Vec<&'a Expr> {
    let mut parts = Vec::new();
    let mut open: Vec<&Expr> = condition.into_iter().collect();
    while let Some(expr) = open.pop() {
        match expr {
            Expr::Nested(inner) => open.push(inner),
            Expr::BinaryOp { left, op, right } if op == at => open.extend([&**right, &**left]),
            other => parts.push(other),
        }
    }
    parts
}

/// What a condition compares by equality with a bind. `names`: of the table that counts; empty for all.
pub(super) fn by(condition: Option<&Expr>, names: &[SmolStr]) -> Vec<By> {
    let mut found = Vec::new();
    for part in conjuncts(condition) {
        match part {
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Eq | BinaryOperator::Spaceship,
                right,
            }
            | Expr::IsNotDistinctFrom(left, right)
            | Expr::AnyOp {
                left,
                compare_op: BinaryOperator::Eq,
                right,
                ..
            } => compared(left, right, names, &mut found),
            Expr::InList {
                expr,
                list,
                negated: false,
            } => {
                list.iter().for_each(|item| compared(expr, item, names, &mut found));
            }
            Expr::InUnnest {
                expr,
                array_expr,
                negated: false,
            } => compared(expr, array_expr, names, &mut found),
            _ => {}
        }
    }
    found
}

fn compared(left: &Expr, right: &Expr, names: &[SmolStr], found: &mut Vec<By>) {
    if let (Expr::Tuple(left), Expr::Tuple(right)) = (bare(left), bare(right)) {
        return left
            .iter()
            .zip(right)
            .for_each(|(left, right)| compared(left, right, names, found));
    }
    let pair = |column: &Expr, value: &Expr| {
        let column = one_column(column).filter(|column| {
            names.is_empty()
                || column
                    .qualifier
                    .as_ref()
                    .is_none_or(|qualifier| names.contains(qualifier))
        })?;
        let facts = Facts::of(value);
        let [bind] = facts.binds.as_slice() else { return None };
        facts.columns.is_empty().then_some(By {
            column: column.name,
            bind: *bind,
        })
    };
    found.extend(pair(left, right).or_else(|| pair(right, left)));
}

/// The column that an expression is, or is made of (`lower(email)`).
fn one_column(expr: &Expr) -> Option<super::expr::Column> {
    let facts = Facts::of(expr);
    let one = facts.columns.len() == 1 && facts.binds.is_empty() && !facts.subquery;
    facts.columns.into_iter().next().filter(|_| one)
}

/// `WHERE column = constant`, `WHERE column IS NULL`
pub(super) fn states(condition: Option<&Expr>) -> Vec<(SmolStr, SmolStr)> {
    let state = |part: &Expr| match part {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq,
            right,
        } => Some((column_of(left)?.name, text_of(right)?)),
        Expr::InList {
            expr,
            list,
            negated: false,
        } if list.len() == 1 => Some((column_of(expr)?.name, text_of(&list[0])?)),
        Expr::IsNull(expr) => Some((column_of(expr)?.name, "null".into())),
        _ => None,
    };
    conjuncts(condition).into_iter().filter_map(state).collect()
}

/// A comparison that a second execution fails.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Guard {
    pub column: SmolStr,
    /// The binds it compares with.
    pub binds: Vec<usize>,
    /// It also keeps an older message from undoing a newer one.
    pub orders: bool,
}

/// What a statement does to a row.
#[derive(Debug)]
pub(super) struct Assignments<'a> {
    pub sets: Vec<(SmolStr, &'a Expr)>,
    pub target: Target,
}

impl<'a> Assignments<'a> {
    pub(super) fn new(sets: Vec<(SmolStr, &'a Expr)>, names: Vec<SmolStr>) -> Self {
        let itself = |name: &SmolStr, expr: &Expr| {
            column_of(expr).is_some_and(|column| column.name == *name && column.qualifier.is_none())
        };
        let changed = sets
            .iter()
            .filter(|(name, expr)| !itself(name, expr))
            .map(|(name, _)| name.clone())
            .collect();
        Self {
            sets,
            target: Target { names, changed },
        }
    }

    /// What a column is given.
    pub(super) fn given(&self, column: &str) -> Option<&'a Expr> {
        self.sets.iter().find(|(name, _)| name == column).map(|(_, expr)| *expr)
    }

    fn change(&self, column: &str) -> Option<(&'a Expr, Change)> {
        let expr = self.given(column)?;
        Some((expr, change(expr, column, &self.target)))
    }

    /// The guard that a condition is.
    pub(super) fn guard(&self, condition: Option<&Expr>) -> Option<Guard> {
        let found: Vec<Guard> = conjuncts(condition)
            .into_iter()
            .filter_map(|part| self.guard_of(part))
            .collect();
        let orders = found.iter().any(|guard| guard.orders);
        let mut first = found.into_iter().reduce(|mut first, next| {
            first.binds.extend(next.binds);
            first
        })?;
        first.orders = orders;
        Some(first)
    }

    fn guard_of(&self, part: &Expr) -> Option<Guard> {
        match part {
            Expr::BinaryOp {
                op: BinaryOperator::Or, ..
            } => self.either(part),
            Expr::BinaryOp { left, op, right } => self
                .comparison(left, op, right)
                .or_else(|| self.comparison(right, &mirrored(op)?, left)),
            Expr::AnyOp {
                left,
                compare_op: BinaryOperator::Eq,
                right,
                ..
            } => self.comparison(left, &BinaryOperator::Eq, right),
            Expr::IsDistinctFrom(left, right) => self
                .comparison(left, &BinaryOperator::NotEq, right)
                .or_else(|| self.comparison(right, &BinaryOperator::NotEq, left)),
            Expr::InList { expr, list, negated } => self.list(expr, list, *negated),
            Expr::InSubquery { .. } => None,
            Expr::AllOp {
                compare_op: BinaryOperator::NotEq,
                ..
            } => self.membership(part),
            _ => self.truth(part).or_else(|| self.membership(part)),
        }
    }

    /// All ways must be guarded.
    fn either(&self, part: &Expr) -> Option<Guard> {
        let ways = split(Some(part), &BinaryOperator::Or);
        let guards: Vec<Guard> = ways
            .into_iter()
            .map(|way| self.guard(Some(way)))
            .collect::<Option<_>>()?;
        let orders = guards.iter().all(|guard| guard.orders);
        let binds = guards.iter().flat_map(|guard| guard.binds.iter().copied()).collect();
        Some(Guard {
            column: guards.first()?.column.clone(),
            binds,
            orders,
        })
    }

    /// `IS NULL`, `NOT done` and the like.
    fn truth(&self, part: &Expr) -> Option<Guard> {
        let (column, unless): (&Expr, &[&str]) = match part {
            Expr::IsNull(column) => (column, &["null"]),
            Expr::IsNotNull(column) => return self.becomes(column, &["null"]),
            Expr::UnaryOp {
                op: UnaryOperator::Not,
                expr,
            }
            | Expr::IsFalse(expr)
            | Expr::IsNotTrue(expr) => {
                return self.becomes(expr, &["true", "1", "t"]);
            }
            Expr::IsTrue(column) | Expr::IsNotFalse(column) => return self.becomes(column, &["false", "0", "f"]),
            plain @ (Expr::Identifier(_) | Expr::CompoundIdentifier(_)) => {
                return self.becomes(plain, &["false", "0", "f"]);
            }
            _ => return None,
        };
        let name = self.own(column)?;
        let (expr, change) = self.change(&name)?;
        let null = text_of(expr).is_some_and(|text| unless.contains(&text.as_str()));
        // `COALESCE(at, now())` fills what is empty.
        let fills = matches!(change, Change::Absolute | Change::Fresh | Change::Absorbs);
        (fills && !null).then(|| Guard {
            column: name,
            binds: Vec::new(),
            orders: true,
        })
    }

    /// `NOT ($2 = ANY(seen))`, where `$2` is added to `seen`.
    fn membership(&self, part: &Expr) -> Option<Guard> {
        if !matches!(
            part,
            Expr::UnaryOp {
                op: UnaryOperator::Not,
                ..
            } | Expr::AllOp { .. }
        ) {
            return None;
        }
        let facts = Facts::of(part);
        let column = facts.columns.iter().find(|column| self.target.changes(column))?;
        let added = Facts::of(self.given(&column.name)?).binds;
        let adds = !facts.binds.is_empty() && facts.binds.iter().all(|bind| added.contains(bind));
        adds.then(|| Guard {
            column: column.name.clone(),
            binds: facts.binds.clone(),
            orders: true,
        })
    }

    fn becomes(&self, column: &Expr, values: &[&str]) -> Option<Guard> {
        let name = self.own(column)?;
        let text = text_of(self.given(&name)?)?;
        values.contains(&text.as_str()).then(|| Guard {
            column: name,
            binds: Vec::new(),
            orders: true,
        })
    }

    fn own(&self, expr: &Expr) -> Option<SmolStr> {
        column_of(expr)
            .filter(|column| self.target.owns(column))
            .map(|column| column.name)
    }

    fn list(&self, column: &Expr, list: &[Expr], negated: bool) -> Option<Guard> {
        let name = self.own(column)?;
        let given = self.given(&name)?;
        let listed = list.iter().any(|item| same(item, given));
        let binds = list.iter().filter_map(bind_of).collect();
        (listed == negated).then_some(Guard {
            column: name,
            binds,
            orders: !negated,
        })
    }

    fn comparison(&self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Option<Guard> {
        let name = self.own(left)?;
        let (given, change) = self.change(&name)?;
        let equal = same(given, right);
        let sets = matches!(change, Change::Absolute | Change::Fresh);
        let guards = match op {
            BinaryOperator::Eq | BinaryOperator::Spaceship => !equal && (sets || change == Change::Accumulates),
            BinaryOperator::NotEq => equal,
            BinaryOperator::Lt | BinaryOperator::Gt => {
                (sets || change == Change::Absorbs) && passes(given, right, *op == BinaryOperator::Lt)
            }
            BinaryOperator::LtEq | BinaryOperator::GtEq => sets && Facts::of(right).now && after_now(given).is_some(),
            _ => false,
        };
        guards.then(|| Guard {
            column: name,
            binds: Facts::of(right).binds,
            orders: *op != BinaryOperator::NotEq,
        })
    }

    /// Whether a condition keeps an older message out: it compares the row with something the message brings.
    pub(super) fn ordered(&self, condition: Option<&Expr>) -> bool {
        let brings = |expr: &Expr| {
            let facts = Facts::of(expr);
            !facts.binds.is_empty() || facts.columns.iter().any(|column| !self.target.owns(column))
        };
        conjuncts(condition).into_iter().any(|part| match part {
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Lt | BinaryOperator::LtEq | BinaryOperator::Gt | BinaryOperator::GtEq,
                right,
            } => (self.own(left).is_some() && brings(right)) || (self.own(right).is_some() && brings(left)),
            _ => false,
        })
    }
}

/// The comparison read from the other side.
fn mirrored(op: &BinaryOperator) -> Option<BinaryOperator> {
    Some(match op {
        BinaryOperator::Lt => BinaryOperator::Gt,
        BinaryOperator::Gt => BinaryOperator::Lt,
        BinaryOperator::LtEq => BinaryOperator::GtEq,
        BinaryOperator::GtEq => BinaryOperator::LtEq,
        BinaryOperator::Eq | BinaryOperator::NotEq | BinaryOperator::Spaceship => op.clone(),
        _ => return None,
    })
}

/// Whether two expressions give the same value.
fn same(left: &Expr, right: &Expr) -> bool {
    match (bind_of(left), bind_of(right), text_of(left), text_of(right)) {
        (Some(left), Some(right), _, _) => left == right,
        (None, None, Some(left), Some(right)) => left == right,
        (None, None, None, None) => bare(left) == bare(right),
        _ => false,
    }
}

/// Whether a column that is given `given` is no longer below (above) `limit`. Only numbers can be compared; a bind is taken for
/// the limit itself (`?` cannot say so).
fn passes(given: &Expr, limit: &Expr, below: bool) -> bool {
    let number = |expr: &Expr| text_of(expr).and_then(|text| text.parse::<f64>().ok());
    match (number(given), number(limit)) {
        (Some(given), Some(limit)) => {
            if below {
                given >= limit
            } else {
                given <= limit
            }
        }
        (None, Some(_)) => false,
        _ => true,
    }
}

/// A subquery that chooses rows of the table that the statement changes.
#[derive(Debug, Clone)]
pub(super) struct Pick {
    pub condition: Option<Expr>,
    pub names: Vec<SmolStr>,
    /// It takes some of the rows, whichever come first.
    pub limited: bool,
    pub skips_locked: bool,
}

/// Every subquery over `table` in a part of a statement.
pub(super) fn picks(node: &impl Visit, table: &str) -> Vec<Pick> {
    struct Picks<'t>(&'t str, Vec<Pick>);
    impl Visitor for Picks<'_> {
        type Break = ();

        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            self.1
                .extend(pick(query).filter(|pick| pick.names.first().is_some_and(|name| name == self.0)));
            ControlFlow::Continue(())
        }
    }
    let mut picks = Picks(table, Vec::new());
    let _ = node.visit(&mut picks);
    picks.1
}

fn pick(query: &Query) -> Option<Pick> {
    let select = select_of(query)?;
    let names = names_of(&select.from.first()?.relation)?;
    Some(Pick {
        condition: select.selection.clone(),
        names,
        limited: query.limit_clause.is_some() || query.fetch.is_some() || select.top.is_some(),
        skips_locked: query.locks.iter().any(skips),
    })
}

/// `SKIP LOCKED`
pub(super) fn skips(lock: &LockClause) -> bool {
    lock.nonblock == Some(NonBlock::SkipLocked)
}

/// The `SELECT` that a query is (the first one of a `UNION`).
pub(super) fn select_of(query: &Query) -> Option<&Select> {
    let mut body = &*query.body;
    loop {
        body = match body {
            SetExpr::Select(select) => return Some(select),
            SetExpr::Query(query) => &query.body,
            SetExpr::SetOperation { left, .. } => left,
            _ => return None,
        };
    }
}

/// A table's name and alias; the name first.
pub(super) fn names_of(factor: &TableFactor) -> Option<Vec<SmolStr>> {
    match factor {
        TableFactor::Table {
            name,
            alias,
            args: None,
            ..
        } => Some(
            [table_name(name)]
                .into_iter()
                .chain(alias.as_ref().map(|alias| ident(&alias.name)))
                .collect(),
        ),
        TableFactor::NestedJoin { table_with_joins, .. } => names_of(&table_with_joins.relation),
        _ => None,
    }
}

/// The names of every table of a `FROM`.
pub(super) fn all_names(from: &[TableWithJoins]) -> Vec<Vec<SmolStr>> {
    let joined = |table: &TableWithJoins| {
        let relations = std::iter::once(&table.relation).chain(table.joins.iter().map(|join| &join.relation));
        relations.filter_map(names_of).collect::<Vec<_>>()
    };
    from.iter().flat_map(joined).collect()
}

/// Each comparison of a condition with the age of a row, and whether it is one way of several (`OR`).
pub(super) fn ages(condition: Option<&Expr>) -> Vec<(SmolStr, super::Age, bool)> {
    let mut found = Vec::new();
    for part in conjuncts(condition) {
        let ways = split(Some(part), &BinaryOperator::Or);
        let either = ways.len() > 1;
        for way in ways.into_iter().flat_map(|way| conjuncts(Some(way))) {
            if let Expr::BinaryOp { left, op, right } = way
                && let Some((column, age)) = time::age(left, op, right)
            {
                found.push((column.name, age, either));
            }
        }
    }
    found
}

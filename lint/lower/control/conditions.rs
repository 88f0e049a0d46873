//! Conditions and what patterns tell apart.

use super::*;
use crate::flow::{CondKind, Outcome, Step};
use crate::lower::Lowering;
use crate::lower::pattern::{self, Fit};
use crate::lower::shared::Shared;
use crate::lower::state::{Flowing, State, merge};
use crate::lower::value::{Kind, Origin, Value, index_name};
use crate::lower::violation;
use crate::resolve::Ty;
use crate::source::hir::{Expr, ExprKind, Pat};
use crate::span::Span;
use smol_str::SmolStr;

impl<'a> Lowering<'a> {
    /// The states in which a condition holds, with what its patterns bind, and those in which it does not.
    pub(in crate::lower) fn decide(&mut self, cond: &'a Expr, state: State) -> (Vec<State>, Vec<State>) {
        match &cond.kind {
            ExprKind::Binary { op, left, right } if op == "&&" => {
                let (trues, mut falses) = self.decide(left, state);
                let (both, not) = self.decide_all(right, trues);
                falses.extend(not);
                (both, merge(falses))
            }
            ExprKind::Binary { op, left, right } if op == "||" => {
                let (mut trues, falses) = self.decide(left, state);
                let (more, neither) = self.decide_all(right, falses);
                trues.extend(more);
                (merge(trues), neither)
            }
            ExprKind::Not(inner) => {
                let (trues, falses) = self.decide(inner, state);
                (falses, trues)
            }
            ExprKind::Let { pat, expr } => {
                let flowing = self.eval(expr, state);
                let at = self.span(expr);
                let mut split = (Vec::new(), Vec::new());
                for (state, value) in flowing {
                    let (matched, unmatched) = self.split(pat, value, state, at);
                    split.0.extend(matched);
                    split.1.extend(unmatched);
                }
                (split.0, merge(split.1))
            }
            _ => {
                let flowing = self.eval(cond, state);
                let known = self.graph.conditions.len();
                let (mut trues, mut falses) = self.decide_values(flowing, self.span(cond));
                if is_comparison(cond) {
                    self.graph.measures(known);
                }
                remember(cond, &mut trues, &Value::bool(true));
                remember(cond, &mut falses, &Value::bool(false));
                (trues, falses)
            }
        }
    }

    pub(in crate::lower) fn decide_all(&mut self, cond: &'a Expr, states: Vec<State>) -> (Vec<State>, Vec<State>) {
        let mut all = (Vec::new(), Vec::new());
        for state in states {
            let (trues, falses) = self.decide(cond, state);
            all.0.extend(trues);
            all.1.extend(falses);
        }
        (merge(all.0), merge(all.1))
    }

    pub(in crate::lower) fn decide_values(&mut self, flowing: Flowing, at: Span) -> (Vec<State>, Vec<State>) {
        let (mut trues, mut falses) = (Vec::new(), Vec::new());
        for (state, value) in flowing {
            match value.kind {
                Kind::Bool(true) => trues.push(state),
                Kind::Bool(false) => falses.push(state),
                Kind::Never => {}
                _ => {
                    let cases = self.branch(&state, kind_of(value.origin), at, 2);
                    trues.push(cases[0].clone());
                    falses.push(cases[1].clone());
                }
            }
        }
        (merge(trues), merge(falses))
    }

    /// A branch with `n` ways; the states on them.
    pub(in crate::lower) fn branch(&mut self, state: &State, kind: CondKind, at: Span, n: u8) -> Vec<State> {
        self.branch_on(state, kind, at, "", n)
    }

    /// As [`Self::branch`], for one of several questions about the same place.
    pub(in crate::lower) fn branch_on(
        &mut self,
        state: &State,
        kind: CondKind,
        at: Span,
        which: &str,
        n: u8,
    ) -> Vec<State> {
        let site = self.site(at);
        let on = self.graph.condition(kind, &site, which);
        let node = self.graph.emit(state, Step::Branch { on }, Some(site));
        (0..n).map(|case| state.after(node, Outcome::Case(case))).collect()
    }

    /// A branch with a way for each of the values, of which it is noted which are failures. What they are, behind `which`, tells several
    /// questions about one place apart.
    pub(in crate::lower) fn branch_into(
        &mut self,
        state: &State,
        kind: CondKind,
        at: Span,
        which: &str,
        values: Vec<Value>,
    ) -> Flowing {
        let names: Vec<&str> = values.iter().map(|value| value.variant_name().unwrap_or("_")).collect();
        let which = format!("{which}{}", names.join("|"));
        let failing = (0..).zip(&names).filter(|(_, name)| **name == "Err");
        let failing = failing.fold(0, |ways, (n, _): (u32, _)| ways | 1 << n);
        let cases = self.branch_on(state, kind, at, &which, values.len() as u8);
        self.graph.fails_on(failing);
        cases.into_iter().zip(values).collect()
    }

    /// The states in which `pat` matches, with its bindings, and those in which it does not.
    pub(in crate::lower) fn split(
        &mut self,
        pat: &'a Pat,
        value: Value,
        state: State,
        at: Span,
    ) -> (Vec<State>, Vec<State>) {
        let (mut matched, mut unmatched) = (Vec::new(), Vec::new());
        for (state, value) in self.explode(value, &[pat], state, at) {
            match pattern::fit(pat, &value) {
                Fit::Yes(bindings) => matched.push(bound(state, bindings)),
                Fit::No => unmatched.push(state),
                Fit::Maybe(bindings) => {
                    let cases = self.branch(&state, kind_of(value.origin), at, 2);
                    matched.push(bound(cases[0].clone(), bindings));
                    unmatched.push(cases[1].clone());
                }
            }
        }
        (matched, merge(unmatched))
    }

    /// An opaque value becomes one of the variants that `pats` ask about (a branch), or something else.
    pub(in crate::lower) fn explode(&mut self, value: Value, pats: &[&Pat], state: State, at: Span) -> Flowing {
        let value = self.opened_for_all(pats.iter().copied(), &value).unwrap_or(value);
        let asked = pattern::asked(pats);
        if asked.is_empty() {
            return vec![(state, value)];
        }
        if let Kind::Future(_) = value.kind {
            let forced = self.force(value, state);
            return self.each(forced, |this, state, value| this.explode(value, pats, state, at));
        }
        if value.variant_name().is_some() {
            return self.explode_payloads(value, &asked, state, at);
        }
        if !matches!(value.kind, Kind::Opaque | Kind::Unseen(_)) {
            return vec![(state, value)];
        }
        if asked.iter().any(|(name, _)| matches!(name.as_str(), "Ok" | "Err"))
            && outcome_edges(&value, &state).is_some()
        {
            let mut all = Vec::new();
            for (state, value) in self.explode_fallible(value, state, at) {
                all.extend(self.explode_payloads(value, &asked, state, at));
            }
            return all;
        }
        let mut variants = violation::possible(&value, self.variants_for(&value, &asked));
        if let [_] = variants.as_slice() {
            return self.explode_payloads(variants.remove(0), &asked, state, at);
        }
        let failing = variants
            .iter()
            .any(|variant| matches!(variant.variant_name(), Some("Err" | "None")));
        let kind = failure_kind(&value, failing);
        let mut all = Vec::new();
        for (case, variant) in self.branch_into(&state, kind, at, "", variants) {
            all.extend(self.explode_payloads(variant, &asked, case, at));
        }
        all
    }

    pub(in crate::lower) fn explode_payloads(
        &mut self,
        value: Value,
        asked: &[(SmolStr, Vec<Vec<&Pat>>)],
        state: State,
        at: Span,
    ) -> Flowing {
        let Kind::Variant { name, fields } = &value.kind else {
            return vec![(state, value)];
        };
        let Some((_, inners)) = asked.iter().find(|(known, _)| known == name) else {
            return vec![(state, value)];
        };
        let [(field, payload)] = fields.as_slice() else {
            return vec![(state, value)];
        };
        let pats: Vec<&Pat> = inners.iter().filter_map(|inner| inner.first().copied()).collect();
        let (name, field, payload) = (name.clone(), field.clone(), payload.clone());
        let exploded = self.explode(payload, &pats, state, at);
        exploded
            .into_iter()
            .map(|(state, payload)| {
                let mut rebuilt = value.clone();
                rebuilt.kind = Kind::Variant {
                    name: name.clone(),
                    fields: Shared::new(vec![(field.clone(), payload)]),
                };
                (state, rebuilt)
            })
            .collect()
    }

    /// The variants that an opaque value may turn out to be.
    pub(in crate::lower) fn variants_for(&self, value: &Value, asked: &[(SmolStr, Vec<Vec<&Pat>>)]) -> Vec<Value> {
        let names: Vec<&str> = asked.iter().map(|(name, _)| name.as_str()).collect();
        if names.iter().any(|name| matches!(*name, "Ok" | "Err")) {
            return self.result_variants(value);
        }
        if names.iter().any(|name| matches!(*name, "Some" | "None")) {
            return self.option_variants(value);
        }
        let known = self.enum_variants(&value.ty);
        let mut variants: Vec<Value> = if known.is_empty() {
            names.iter().map(|name| self.variant_of(value, name)).collect()
        } else {
            known.iter().map(|name| self.variant_of(value, name)).collect()
        };
        if known.is_empty() {
            let other = Kind::Variant {
                name: "_".into(),
                fields: Shared::default(),
            };
            variants.push(Value::new(other, value.ty.clone(), value.origin));
        }
        variants
    }

    pub(in crate::lower) fn variant_of(&self, value: &Value, name: &str) -> Value {
        let fields = self
            .index
            .variant(&value.ty, name)
            .map(|info| info.fields)
            .unwrap_or_default();
        let fields: Vec<_> = fields
            .into_iter()
            .map(|(field, ty)| (field, self.typed(ty, value.origin)))
            .collect();
        let fields = if fields.is_empty() {
            vec![(index_name(0), Value::opaque(Ty::Unknown, value.origin))]
        } else {
            fields
        };
        let fields = Shared::new(fields);
        Value::new(
            Kind::Variant {
                name: name.into(),
                fields,
            },
            value.ty.clone(),
            value.origin,
        )
    }

    /// `Ok` and `Err` of an opaque result.
    pub(in crate::lower) fn result_variants(&self, value: &Value) -> Vec<Value> {
        let inside = self.type_argument(&value.ty, 0);
        let error = self.type_argument(&value.ty, 1);
        let origin = value.origin.without(Origin::DECODED);
        let err = Value::opaque(error, origin.with(Origin::ERROR));
        vec![Value::ok(self.typed(inside, origin)), Value::err(err)]
    }

    /// `Some` and `None` of an opaque option.
    pub(in crate::lower) fn option_variants(&self, value: &Value) -> Vec<Value> {
        let inside = self.type_argument(&value.ty, 0);
        let mut none = Value::none();
        none.origin = value.origin;
        vec![Value::some(self.typed(inside, value.origin)), none]
    }

    /// Whether a value is what something gave that was done with the message: that it failed says nothing of the message.
    fn acts(&self, value: &Value) -> bool {
        const ACTS: [&str; 12] = [
            "write_all(",
            "write(",
            "flush(",
            "save(",
            "send(",
            "upload(",
            "execute(",
            "publish(",
            "commit(",
            "insert(",
            "delete(",
            "create(",
        ];
        self.is_call_of(value, &ACTS)
    }

    /// Whether a value is what something gave that nobody can see into, and that is called by one of these names.
    fn is_call_of(&self, value: &Value, names: &[&str]) -> bool {
        let Kind::Unseen(unseen) = &value.kind else {
            return false;
        };
        let code = (self.text)(unseen.span);
        let named = |word: &&str| {
            code.rfind(*word)
                .is_some_and(|at| !code[..at].ends_with(char::is_alphanumeric))
        };
        names.iter().any(named)
    }

    /// Whether a value is what somebody made of our own values, or an object that was put together: that cannot fail for a message and work
    /// for another.
    fn encodes(&self, value: &Value) -> bool {
        const ENCODING: [&str; 12] = [
            "to_string(",
            "to_value(",
            // What was put in under its type is taken out again.
            "get::<",
            "downcast",
            "build(",
            "set_json(",
            "serialize(",
            "encode(",
            "encode_to_vec(",
            "to_vec(",
            "to_json(",
            "to_bytes(",
        ];
        self.is_call_of(value, &ENCODING)
    }

    /// An opaque `Result` or `Option` (by its type; `Result` if that is unknown) becomes its two variants. Before a message is at hand
    /// failures are not interesting: they end the unit before it begins.
    pub(in crate::lower) fn explode_fallible(&mut self, value: Value, state: State, at: Span) -> Flowing {
        if value.variant_name().is_some() {
            return vec![(state, value)];
        }
        if let Kind::Future(_) = value.kind {
            let forced = self.force(value, state);
            return self.each(forced, |this, state, value| this.explode_fallible(value, state, at));
        }
        if let Some((done, failed)) = outcome_edges(&value, &state) {
            let mut variants = self.result_variants(&Value::opaque(value.ty, value.origin)).into_iter();
            return [done, failed].into_iter().zip(variants.by_ref()).collect();
        }
        let is_option = self.is_option(&value.ty);
        let mut variants = if is_option {
            self.option_variants(&value)
        } else {
            self.result_variants(&value)
        };
        variants = violation::possible(&value, variants);
        if !state.holding || variants.len() == 1 || self.encodes(&value) {
            variants.truncate(1);
            return vec![(state, variants.remove(0))];
        }
        let kind = match failure_kind(&value, true) {
            CondKind::Malformed if self.acts(&value) => CondKind::Fixed,
            kind => kind,
        };
        self.branch_into(&state, kind, at, "", variants)
    }
}

/// `a < b` and its kin.
fn is_comparison(cond: &Expr) -> bool {
    matches!(&cond.kind, ExprKind::Binary { op, .. } if matches!(op.as_str(), "<" | "<=" | ">" | ">="))
}

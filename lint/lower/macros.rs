//! Macros whose meaning is Rust's or a client's.

use smol_str::SmolStr;

use super::Lowering;
use super::call::CallSite;
use super::expr::origin_of;
use super::pattern::last;
use super::state::{Flowing, State, merge_values};
use super::value::{Origin, Value};
use crate::resolve::{Def, Ty};
use crate::source::hir::{Expr, Path};
use crate::span::Span;

impl<'a> Lowering<'a> {
    pub(super) fn eval_macro(
        &mut self,
        expr: &'a Expr,
        path: &'a Path,
        args: Option<&'a [Expr]>,
        text: Option<&'a SmolStr>,
        state: State,
    ) -> Flowing {
        let args = args.unwrap_or_default();
        let at = self.span(expr);
        match last(path) {
            "bail" | "yeet" => self.bail(args, state),
            "ensure" => self.ensure(args, state),
            "panic" | "unreachable" | "todo" | "unimplemented" => {
                self.panic(&state, at);
                Vec::new()
            }
            "assert" | "assert_eq" | "assert_ne" | "debug_assert" => self.assert(last(path), args, state, at),
            "anyhow" | "eyre" | "format_err" | "report" => {
                let paths = self.eval_all(args.iter(), state);
                paths
                    .into_iter()
                    .map(|(state, _)| (state, Value::failure(Ty::external("anyhow::Error", Vec::new()))))
                    .collect()
            }
            _ => self.client_macro(path, args, text, at, state),
        }
    }

    fn bail(&mut self, args: &'a [Expr], state: State) -> Flowing {
        for (state, values) in self.eval_all(args.iter(), state) {
            let error = Value::opaque(Ty::Unknown, origin_of(&values).with(Origin::ERROR));
            self.leave(state, Value::err(error));
        }
        Vec::new()
    }

    fn ensure(&mut self, args: &'a [Expr], state: State) -> Flowing {
        let Some(condition) = args.first() else {
            return vec![(state, Value::unit())];
        };
        let known = self.graph.conditions.len();
        let holding = state.holding;
        let (trues, falses) = self.decide(condition, state);
        if holding {
            self.graph.validates(known);
        }
        for state in falses {
            self.leave(state, Value::err(Value::failure(Ty::Unknown)));
        }
        merge_values(trues.into_iter().map(|state| (state, Value::unit())).collect())
    }

    fn assert(&mut self, name: &str, args: &'a [Expr], state: State, at: Span) -> Flowing {
        let Some(condition) = args.first().filter(|_| name == "assert") else {
            return vec![(state, Value::unit())];
        };
        let (trues, falses) = self.decide(condition, state);
        for state in falses {
            self.panic(&state, at);
        }
        merge_values(trues.into_iter().map(|state| (state, Value::unit())).collect())
    }

    fn client_macro(
        &mut self,
        path: &'a Path,
        args: &'a [Expr],
        text: Option<&'a SmolStr>,
        at: Span,
        state: State,
    ) -> Flowing {
        let paths = self.eval_all(args.iter(), state);
        let call = self.macro_call(path);
        let site = CallSite { at, label: at };
        let mut all = Vec::new();
        for (state, values) in paths {
            match &call {
                Some(call) => all.extend(self.call_api(call, None, self.macro_args(text, values), &[], site, state)),
                None => {
                    let origin = origin_of(&values);
                    self.assume_harmless(path, &values, at, &state);
                    all.push((state, Value::opaque(Ty::Unknown, origin)));
                }
            }
        }
        merge_values(all)
    }

    /// A macro of the workspace that message data goes into may expand to anything, and one that gets the message may settle it.
    fn assume_harmless(&mut self, path: &Path, given: &[Value], at: Span, state: &State) {
        let is_local = matches!(self.index.resolve_in(&self.frame().scope, path), Def::Unknown);
        if !is_local {
            return;
        }
        for value in given {
            self.escape(value, state, at);
        }
        if state.holding && origin_of(given).has(Origin::MESSAGE) {
            let name = last(path);
            self.assumptions.insert(smol_str::format_smolstr!(
                "the macro `{name}!` does nothing but compute"
            ));
        }
    }

    /// A macro's text is its first argument, where it is no expression of its own.
    fn macro_args(&self, text: Option<&SmolStr>, values: Vec<Value>) -> Vec<Value> {
        match text {
            Some(text) if values.iter().all(|value| value.as_text() != Some(text)) => {
                [vec![Value::text(text.clone())], values].concat()
            }
            _ => values,
        }
    }

    fn macro_call(&self, path: &Path) -> Option<crate::catalog::Call> {
        let written = match self.index.resolve_macro(self.frame().scope.module, path) {
            Def::External(written) => written,
            _ => path
                .segments
                .iter()
                .map(|segment| segment.name.as_str())
                .collect::<Vec<_>>()
                .join("::")
                .into(),
        };
        self.catalog.macro_(&self.catalog.canonical(&written)).cloned()
    }
}

//! What a call expression calls.

use super::*;
use crate::lower::state::State;
use crate::lower::{Lowering, pattern};
use crate::resolve::{Def, Ty, Types};
use crate::source::hir::{Expr, ExprKind, Path, Type};
use smol_str::SmolStr;

impl<'a> Lowering<'a> {
    pub(in crate::lower) fn callee(&mut self, func: &'a Expr, state: &State) -> Callee {
        let ExprKind::Path(path) = &func.kind else {
            let flowing = self.eval(func, state.clone());
            return flowing
                .into_iter()
                .next()
                .map_or(Callee::Unknown, |(_, value)| Callee::Value(value));
        };
        if let [only] = path.segments.as_slice()
            && let Some(value) = state.get(&only.name)
        {
            return Callee::Value(value.clone());
        }
        self.callee_by_path(path)
    }

    pub(in crate::lower) fn callee_by_path(&mut self, path: &Path) -> Callee {
        let turbofish = path.segments.last().and_then(|segment| segment.args.first());
        let expected = turbofish.map(|ty| self.index.ty(&self.frame().scope, ty));
        match self.index.resolve_in(&self.frame().scope, path) {
            Def::Fn(f) => Callee::Fns(vec![f], self.owner_of(path)),
            Def::Variant(id, name) => Callee::Variant(Ty::Local { id, args: Types::NONE }, name),
            Def::Type(id) => Callee::Variant(Ty::Local { id, args: Types::NONE }, SmolStr::default()),
            Def::Assoc(ty, name) => {
                let fns = self.index.assoc_fn(&ty, &name);
                if fns.is_empty() {
                    self.callee_of_type(&ty, &name, expected)
                } else {
                    Callee::Fns(fns, ty)
                }
            }
            Def::External(written) => Callee::External(self.catalog.canonical(&written), expected),
            _ => match pattern::last(path) {
                name @ ("Ok" | "Err" | "Some") => Callee::Variant(Ty::Unknown, name.into()),
                name => self.distinctive(path, name),
            },
        }
    }

    /// A function of a type that only a macro has made: its name counts where it is distinctive.
    fn distinctive(&self, path: &Path, name: &str) -> Callee {
        let krate = self
            .frames
            .first()
            .and_then(|frame| frame.function)
            .map(|f| self.index.function(f).krate);
        let depends = |call: &&crate::catalog::Call| krate.is_some_and(|krate| self.reaches(krate, &call.package));
        if let [.., of, _] = path.segments.as_slice() {
            let made = |ty: &crate::catalog::Type| {
                let is_made = ty.made_as.as_ref() == Some(&of.name);
                is_made && krate.is_some_and(|krate| self.reaches(krate, &ty.package))
            };
            if let Some(ty) = self.catalog.type_where(made) {
                return Callee::External(smol_str::format_smolstr!("{}::{name}", ty.path), None);
            }
        }
        let named = self.catalog.by_name(name).into_iter().filter(|call| call.distinctive);
        match named.filter(|_| path.segments.len() > 1).find(depends) {
            Some(call) => Callee::External(call.path.clone(), None),
            None => Callee::Unknown,
        }
    }

    pub(in crate::lower) fn callee_of_type(&self, ty: &Ty, name: &str, expected: Option<Ty>) -> Callee {
        match ty {
            Ty::External { path, .. } => {
                let path = self.catalog.canonical(path);
                Callee::External(smol_str::format_smolstr!("{path}::{name}"), expected)
            }
            _ => Callee::Unknown,
        }
    }

    /// `Envelope` of `Envelope::from`: what `Self` is in the function.
    pub(in crate::lower) fn owner_of(&self, path: &Path) -> Ty {
        if path.segments.len() < 2 {
            return Ty::Unknown;
        }
        let mut owner = path.clone();
        owner.segments.pop();
        match self.index.resolve_type(&self.frame().scope, &owner) {
            Def::Type(_) | Def::Param(_) => self.index.ty(&self.frame().scope, &Type::Path(owner)),
            _ => Ty::Unknown,
        }
    }
}

pub(super) fn tuple_struct(ty: Ty, args: Vec<Value>) -> Value {
    let origin = origin_of(&args);
    let fields = args
        .into_iter()
        .enumerate()
        .map(|(i, value)| (index_name(i), value))
        .collect();
    Value::new(Kind::Struct(fields), ty, origin)
}

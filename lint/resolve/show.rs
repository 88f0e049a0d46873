//! Types and definitions as text, for messages and tests.

use super::{Def, Index, Ty, TyBound};

impl Index<'_> {
    /// A type as a reader would write it, with whole paths.
    #[must_use]
    pub fn show(&self, ty: &Ty) -> String {
        match ty {
            Ty::Local { id, args } => format!("{}{}", self.type_info(*id).path, self.show_args(args)),
            Ty::External { path, args } => format!("{path}{}", self.show_args(args)),
            Ty::Tuple(items) => format!("({})", self.show_all(items)),
            Ty::Slice(item) => format!("[{}]", self.show(item)),
            Ty::Fn { params, ret } => format!("fn({}) -> {}", self.show_all(params), self.show(ret)),
            Ty::Param { name, bounds } if bounds.is_empty() => name.to_string(),
            Ty::Param { name, bounds } => format!("{name}: {}", self.show_bounds(bounds)),
            Ty::Bounds(bounds) => format!("dyn {}", self.show_bounds(bounds)),
            Ty::Unknown => "?".to_owned(),
        }
    }

    /// What a path names, with its kind.
    #[must_use]
    pub fn show_def(&self, def: &Def) -> String {
        match def {
            Def::Module(id) => format!("mod {}", self.module_path(*id)),
            Def::Fn(id) => format!("fn {}", self.function(*id).path),
            Def::Type(id) => format!("type {}", self.type_info(*id).path),
            Def::Variant(id, name) => format!("variant {}::{name}", self.type_info(*id).path),
            Def::Trait(id) => format!("trait {}", self.trait_info(*id).path),
            Def::Const(id) => format!("const {}", self.constant(*id).path),
            Def::Param(ty) => format!("param {}", self.show(ty)),
            Def::Assoc(ty, name) => format!("<{}>::{name}", self.show(ty)),
            Def::External(path) => path.to_string(),
            Def::Unknown => "?".to_owned(),
        }
    }

    fn show_all(&self, types: &[Ty]) -> String {
        types.iter().map(|ty| self.show(ty)).collect::<Vec<_>>().join(", ")
    }

    fn show_args(&self, args: &[Ty]) -> String {
        if args.is_empty() {
            String::new()
        } else {
            format!("<{}>", self.show_all(args))
        }
    }

    fn show_bounds(&self, bounds: &[TyBound]) -> String {
        bounds
            .iter()
            .map(|bound| self.show_bound(bound))
            .collect::<Vec<_>>()
            .join(" + ")
    }

    fn show_bound(&self, bound: &TyBound) -> String {
        let (path, args, bindings) = match bound {
            TyBound::Local { id, args, bindings } => (&self.trait_info(*id).path, args, bindings),
            TyBound::External { path, args, bindings } => (path, args, bindings),
            TyBound::Fn { params, ret, is_async } => {
                let name = if *is_async { "AsyncFn" } else { "Fn" };
                return format!("{name}({}) -> {}", self.show_all(params), self.show(ret));
            }
        };
        let named = bindings.iter().map(|(name, ty)| format!("{name} = {}", self.show(ty)));
        let inner: Vec<String> = args.iter().map(|ty| self.show(ty)).chain(named).collect();
        if inner.is_empty() {
            path.to_string()
        } else {
            format!("{path}<{}>", inner.join(", "))
        }
    }
}

//! Source in, answer out: questions are written as Rust, in the tree that they are about.

mod cases;
mod members;
mod modules;
mod names;
mod types;

use smol_str::SmolStr;

use super::{Clients, Def, FnId, Index, Scope, Ty};
use crate::source::{
    Sources,
    hir::{Expr, ExprKind, Path, Stmt},
};
use crate::workspace::Workspace;

/// A manifest with these dependency lines.
pub(super) fn manifest(name: &str, dependencies: &str) -> String {
    format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n[dependencies]\n{dependencies}\n")
}

/// Runs a check on the index of a tree.
pub(super) fn index_of(files: &[(&str, &str)], check: impl FnOnce(&Tree<'_>)) {
    let workspace = Workspace::in_memory(files);
    let sources = Sources::parse(&workspace, false);
    assert_eq!(
        sources.problems().collect::<Vec<_>>(),
        Vec::<&crate::problem::Problem>::new()
    );
    check(&Tree {
        index: Index::of(&workspace, &sources, &Known),
    });
}

/// The clients that the tests know.
struct Known;

impl Clients for Known {
    fn describes(&self, path: &str) -> bool {
        path == "lapin::options::BasicAckOptions" || path == "lapin::Channel"
    }

    fn derived(&self, derive: &str) -> Vec<(SmolStr, SmolStr)> {
        let made = [
            ("Entity", "sea_orm::EntityTrait"),
            ("ActiveModel", "sea_orm::ActiveModelTrait"),
        ];
        let made = made.map(|(name, path)| (name.into(), path.into()));
        made.into_iter().filter(|_| derive == "DeriveEntityModel").collect()
    }
}

/// As [`index_of`], for the library `app` in one file.
pub(super) fn index_lib(source: &str, check: impl FnOnce(&Tree<'_>)) {
    let dependencies = "lapin = \"4\"\nrdkafka = \"0.39\"\nqueue = { package = \"lapin\", version = \"4\" }\nanyhow = \"1\"\nsqlx = \"0.9\"";
    index_of(
        &[("Cargo.toml", &manifest("app", dependencies)), ("src/lib.rs", source)],
        check,
    );
}

/// An index, asked by functions' paths.
pub(super) struct Tree<'a> {
    pub index: Index<'a>,
}

impl<'a> Tree<'a> {
    /// The function with this path; of several the first.
    pub fn f(&self, path: &str) -> FnId {
        self.all(path)
            .first()
            .copied()
            .unwrap_or_else(|| panic!("no function {path}; there are {:?}", self.paths()))
    }

    pub fn all(&self, path: &str) -> Vec<FnId> {
        self.index
            .functions()
            .filter(|f| self.index.function(*f).path == path)
            .collect()
    }

    fn paths(&self) -> Vec<String> {
        self.index
            .functions()
            .map(|f| self.index.function(f).path.to_string())
            .collect()
    }

    pub fn scope(&self, f: &str) -> &Scope<'a> {
        &self.index.function(self.f(f)).scope
    }

    /// The return type of a function.
    pub fn returned(&self, f: &str) -> Ty {
        self.index.returned(self.f(f))
    }

    /// The return type of a function, as text.
    pub fn ty(&self, f: &str) -> String {
        self.index.show(&self.returned(f))
    }

    /// What the path (called or not) at the end of a function names.
    pub fn def(&self, f: &str) -> Def {
        let info = self.index.function(self.f(f));
        self.index
            .resolve_in(&info.scope, tail(&info.hir.body.as_ref().expect("a body").statements))
    }

    pub fn means(&self, f: &str) -> String {
        self.index.show_def(&self.def(f))
    }

    pub fn names(&self, fns: &[FnId]) -> Vec<String> {
        fns.iter().map(|f| self.index.function(*f).path.to_string()).collect()
    }

    /// What a method called on the return type of a function can be.
    pub fn methods(&self, on: &str, name: &str) -> Vec<String> {
        self.names(&self.index.methods(&self.returned(on), name))
    }

    pub fn callers(&self, f: &str) -> Vec<String> {
        self.names(&self.index.callers(self.f(f)))
    }
}

fn tail(statements: &[Stmt]) -> &Path {
    match statements.last() {
        Some(Stmt::Tail(expr) | Stmt::Expr(expr)) => path_in(expr),
        other => panic!("no path at the end: {other:?}"),
    }
}

fn path_in(expr: &Expr) -> &Path {
    match &expr.kind {
        ExprKind::Path(path) | ExprKind::Struct { path, .. } | ExprKind::Macro { path, .. } => path,
        ExprKind::Call { func: inner, .. } | ExprKind::Await(inner) | ExprKind::Try(inner) => path_in(inner),
        other => panic!("no path: {other:?}"),
    }
}

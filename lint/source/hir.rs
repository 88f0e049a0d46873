//! What is kept of a parsed file: items, bodies and positions, without syn.
//!
//! syn's trees are neither `Send` nor small, and their positions live in a thread-local. Each file is therefore turned into these
//! types on the thread that parsed it, and the tree is dropped at once. They hold what resolution and lowering can use and no more:
//! no visibility, no lifetimes, no doc comments. Macro calls are expanded here as far as their meaning is known from their shape
//! alone (`select!`, `join!`, `format!`-like); all others keep their arguments, parsed as expressions where that is possible.

use smol_str::SmolStr;

pub use super::body::Body;

use crate::span::{Pos, Span};

/// A file after parsing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Module {
    pub items: Vec<Item>,
}

/// An item that resolution cares about. Items under `#[cfg(test)]` (and `#[test]` functions) are left out unless tests are asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Item {
    Fn(Box<Function>),
    Impl(Box<Impl>),
    Trait(Trait),
    Struct(Struct),
    Enum(Enum),
    Const(Box<Const>),
    Alias {
        name: SmolStr,
        generics: Vec<Generic>,
        ty: Type,
    },
    /// One entry for each leaf of a use tree: `use a::{b as c, d::*}` gives two.
    Use(Use),
    /// Inline (`content` is there) or in another file (`path` is `#[path]`'s value, if any).
    Mod {
        name: SmolStr,
        content: Option<Vec<Item>>,
        path: Option<SmolStr>,
        allows: Vec<AllowAttr>,
    },
    /// An item-position macro call such as `diesel::table! { … }`.
    Macro(MacroItem),
}

/// A `use` leaf.
#[derive(Debug, Clone, PartialEq)]
pub struct Use {
    /// `crate::a::b`; a glob's path is that of the module.
    pub path: Vec<SmolStr>,
    /// Written with a leading `::`: its first segment is a crate, whatever modules there are.
    pub global: bool,
    /// The name that it is known by here; `None` for a glob and for `as _`.
    pub name: Option<SmolStr>,
    pub glob: bool,
    pub public: bool,
}

/// A macro call in item position: its tokens as text.
#[derive(Debug, Clone, PartialEq)]
pub struct MacroItem {
    pub path: Path,
    pub tokens: String,
    pub span: Span,
}

/// `fn`, free or in an impl or trait.
#[derive(Debug, Clone, PartialEq)]
pub struct Function {
    pub name: SmolStr,
    /// From the first attribute-free token (`pub`, `async`, `fn`) to the end of the signature; `name_span` is the name alone.
    pub signature: Span,
    pub name_span: Span,
    pub is_async: bool,
    pub generics: Vec<Generic>,
    pub receiver: Option<Receiver>,
    /// Without the receiver.
    pub params: Vec<(Pat, Type)>,
    pub ret: Option<Type>,
    pub body: Option<Body>,
    /// Attributes that are not `delivery`'s, by path, with their tokens as text (`tokio::main`, `async_trait`, `instrument`, `cfg`).
    pub attrs: Vec<Attr>,
    pub declaration: Option<Box<Declared>>,
    pub step: Option<(delivery_grammar::StepKind, Span)>,
    pub allows: Vec<AllowAttr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Receiver {
    Value,
    Ref,
    RefMut,
}

/// A delivery attribute with what the grammar made of it. Its errors are reported as D002 by `source`.
#[derive(Debug, Clone, PartialEq)]
pub struct Declared {
    pub declaration: delivery_grammar::Declaration,
    /// The whole attribute.
    pub span: Span,
    /// Where each key stands, by name (`retention` for `dedup(retention = …)`): from the key to the end of its value.
    pub keys: Vec<(SmolStr, Span)>,
}

/// `#[delivery::allow(…)]`.
#[derive(Debug, Clone, PartialEq)]
pub struct AllowAttr {
    pub allow: delivery_grammar::Allow,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Attr {
    pub path: SmolStr,
    pub tokens: SmolStr,
}

/// A type parameter with its bounds, inline and from the `where` clause together.
#[derive(Debug, Clone, PartialEq)]
pub struct Generic {
    pub name: SmolStr,
    pub bounds: Vec<Bound>,
    /// `E = Error`.
    pub default: Option<Type>,
}

/// A bound: a trait's path (its last segment may carry arguments and associated types), or a closure trait.
#[derive(Debug, Clone, PartialEq)]
pub enum Bound {
    Trait(Path),
    /// `Fn(A, B) -> C` and its kin (`AsyncFn` too: `is_async`).
    Fn {
        params: Vec<Type>,
        ret: Option<Box<Type>>,
        is_async: bool,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Impl {
    pub generics: Vec<Generic>,
    /// `None` for an inherent impl.
    pub of_trait: Option<Path>,
    pub self_ty: Type,
    pub functions: Vec<Function>,
    pub consts: Vec<Const>,
    /// `type Event = CallEnded;`
    pub types: Vec<(SmolStr, Type)>,
    pub allows: Vec<AllowAttr>,
    /// The tokens of `macro_rules!`-like calls inside are not kept; `attrs` as for functions.
    pub attrs: Vec<Attr>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Trait {
    pub name: SmolStr,
    pub generics: Vec<Generic>,
    /// Supertraits.
    pub bounds: Vec<Bound>,
    pub functions: Vec<Function>,
    pub consts: Vec<Const>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Struct {
    pub name: SmolStr,
    pub generics: Vec<Generic>,
    /// A tuple struct's fields are named "0", "1", ….
    pub fields: Vec<(SmolStr, Type)>,
    pub derives: Vec<SmolStr>,
    pub span: Span,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Enum {
    pub name: SmolStr,
    pub generics: Vec<Generic>,
    pub variants: Vec<Variant>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Variant {
    pub name: SmolStr,
    pub fields: Vec<(SmolStr, Type)>,
    /// A field carries `#[from]` (thiserror): `?` converts that field's type into this variant.
    pub from: bool,
}

/// `const` or `static`, free or associated. `value` is `None` in a trait without default.
#[derive(Debug, Clone, PartialEq)]
pub struct Const {
    pub name: SmolStr,
    pub ty: Type,
    pub value: Option<Expr>,
}

/// A path with generic arguments: `Vec::<u8>::new`, `<T as Trait>::f` (then `qself`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Path {
    pub segments: Vec<Segment>,
    pub qself: Option<Box<Type>>,
    /// Written with a leading `::`.
    pub global: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    pub name: SmolStr,
    /// Type arguments only.
    pub args: Vec<Type>,
    /// `Item = Foo`.
    pub bindings: Vec<(SmolStr, Type)>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Type {
    Path(Path),
    /// `&T`, `&mut T`, raw pointers.
    Ref {
        mutable: bool,
        inner: Box<Type>,
    },
    Tuple(Vec<Type>),
    /// `[T]`, `[T; n]`.
    Slice(Box<Type>),
    /// `fn(A) -> B`.
    Fn {
        params: Vec<Type>,
        ret: Option<Box<Type>>,
    },
    /// `impl A + B` or `dyn A + B`.
    Bounds(Vec<Bound>),
    Never,
    /// `_`, macros, anything else.
    Infer,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    pub statements: Vec<Stmt>,
    pub start: Pos,
    pub end: Pos,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Stmt {
    /// `let pat: ty = init else { otherwise };`
    Let {
        pat: Box<Pat>,
        ty: Option<Box<Type>>,
        init: Option<Expr>,
        otherwise: Option<Box<Block>>,
    },
    /// With a semicolon, or an expression of type `()` that needs none; its value is dropped.
    Expr(Expr),
    /// The last expression of a block, without a semicolon: the block's value.
    Tail(Expr),
    Item(Box<Item>),
}

/// An expression with its place (the file is that of the function around it).
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    pub kind: ExprKind,
    pub start: Pos,
    pub end: Pos,
}

#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    Lit(Lit),
    Path(Path),
    Call {
        func: Box<Expr>,
        args: Vec<Expr>,
    },
    /// `name_at` is where the method's name starts.
    MethodCall {
        recv: Box<Expr>,
        name: SmolStr,
        name_at: Pos,
        turbofish: Vec<Type>,
        args: Vec<Expr>,
    },
    /// Tuple fields are "0", "1", ….
    Field {
        base: Box<Expr>,
        name: SmolStr,
    },
    Index {
        base: Box<Expr>,
        index: Box<Expr>,
    },
    Ref {
        mutable: bool,
        expr: Box<Expr>,
    },
    Deref(Box<Expr>),
    Not(Box<Expr>),
    Neg(Box<Expr>),
    /// `op` as written: `+`, `==`, `&&`, `<`, ….
    Binary {
        op: SmolStr,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    /// `op` is "" for `=`, else `+`, ….
    Assign {
        op: SmolStr,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Await(Box<Expr>),
    Try(Box<Expr>),
    /// `unsafe`, `const` and labelled blocks too.
    Block {
        label: Option<SmolStr>,
        block: Block,
    },
    /// `async { }`, `async move { }`.
    Async(Block),
    /// `try { }` and other blocks of unstable Rust are [`ExprKind::Other`].
    Closure {
        params: Vec<(Pat, Option<Type>)>,
        body: Box<Expr>,
        is_async: bool,
    },
    If {
        cond: Box<Expr>,
        then: Block,
        otherwise: Option<Box<Expr>>,
    },
    /// `let PAT = EXPR` in a condition.
    Let {
        pat: Box<Pat>,
        expr: Box<Expr>,
    },
    Match {
        on: Box<Expr>,
        arms: Vec<Arm>,
    },
    While {
        label: Option<SmolStr>,
        cond: Box<Expr>,
        body: Block,
    },
    Loop {
        label: Option<SmolStr>,
        body: Block,
    },
    For {
        label: Option<SmolStr>,
        pat: Box<Pat>,
        iter: Box<Expr>,
        body: Block,
    },
    Break {
        label: Option<SmolStr>,
        value: Option<Box<Expr>>,
    },
    Continue {
        label: Option<SmolStr>,
    },
    Return(Option<Box<Expr>>),
    Struct {
        path: Path,
        fields: Vec<(SmolStr, Expr)>,
        rest: Option<Box<Expr>>,
    },
    Tuple(Vec<Expr>),
    /// `[a, b]`, `vec![a, b]`; `[a; n]` gives one element.
    Array(Vec<Expr>),
    /// Ends may be missing.
    Range {
        from: Option<Box<Expr>>,
        to: Option<Box<Expr>>,
        /// `..=`
        inclusive: bool,
    },
    Cast {
        expr: Box<Expr>,
        ty: Type,
    },
    /// `tokio::select!`, `futures::select!` (also `select_biased!`). `otherwise` is `else =>` / `default =>` / `complete =>`.
    Select {
        arms: Vec<SelectArm>,
        otherwise: Option<Box<Expr>>,
    },
    /// `join!` and `try_join!`.
    Join {
        futures: Vec<Expr>,
        fallible: bool,
    },
    /// `format!`, `format_args!`, `println!`, and the message part of `write!`, `bail!`, `ensure!`, `anyhow!`, `panic!` and log
    /// macros: a text made of its arguments, captured identifiers (`{name}`) included. `literal` is the format string.
    Format {
        literal: SmolStr,
        args: Vec<Expr>,
    },
    /// Every other macro call. Where a message ends the arguments, it is a [`ExprKind::Format`]: `bail!("{x}")` has one
    /// argument, `ensure!(ok, "…")` and `write!(f, "…")` have two. `yield x` is the call `yield!(x)`; a body of statements
    /// (`try_stream!`) is one [`ExprKind::Block`]; `json!` has the values in it, at any depth.
    ///
    /// `args` is `None` where they do not parse as expressions separated by commas (`key = value` pairs: the values).
    /// `text` is the first string literal, if there is one (`query!("SELECT …", id)`).
    Macro {
        path: Path,
        args: Option<Vec<Expr>>,
        text: Option<SmolStr>,
    },
    /// What none of the above covers (inline assembly, unstable syntax).
    Other,
}

#[derive(Debug, Clone, PartialEq)]
pub struct SelectArm {
    pub pat: Pat,
    pub future: Expr,
    pub guard: Option<Expr>,
    pub body: Expr,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Arm {
    pub pat: Pat,
    pub guard: Option<Box<Expr>>,
    pub body: Expr,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Lit {
    Str(SmolStr),
    ByteStr,
    Int(i128),
    Float(f64),
    Bool(bool),
    Char(char),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Pat {
    /// `_`, `..`, ranges, and what else binds and decides nothing that can be known.
    Wild,
    /// Can be refuted and binds nothing, but its value cannot be known (a range).
    Opaque,
    /// `x`, `ref mut x`, `x @ P`.
    Bind {
        name: SmolStr,
        sub: Option<Box<Pat>>,
    },
    /// A constant or a unit variant: `None`, `Kind::A`. A single lower-case segment is a `Bind`; `None` and other single upper-case segments are paths.
    Path(Path),
    TupleStruct {
        path: Path,
        args: Vec<Pat>,
    },
    Struct {
        path: Path,
        fields: Vec<(SmolStr, Pat)>,
    },
    Tuple(Vec<Pat>),
    Slice(Vec<Pat>),
    Or(Vec<Pat>),
    /// References are transparent: `&P` is `P`.
    Lit(Lit),
    /// `Some(x): Option<T>` of a closure parameter.
    Typed {
        pat: Box<Pat>,
        ty: Type,
    },
}

//! What is known of names outside the workspace: the prelude, and which well-known types are aliases, pointers or guards.

use smol_str::{SmolStr, format_smolstr};

use super::ty::{Ty, TyBound, Types};

/// Types that are their first argument to whoever calls a method on them.
const TRANSPARENT: &[&str] = &[
    "std::boxed::Box",
    "std::sync::Arc",
    "std::rc::Rc",
    "std::borrow::Cow",
    "std::pin::Pin",
];

/// Types that dereference to their first argument.
const DEREFS: &[&str] = &[
    "std::sync::MutexGuard",
    "std::sync::RwLockReadGuard",
    "std::sync::RwLockWriteGuard",
    "std::sync::LazyLock",
    "std::cell::LazyCell",
    "std::cell::Ref",
    "std::cell::RefMut",
    "std::mem::ManuallyDrop",
    "tokio::sync::MutexGuard",
    "tokio::sync::OwnedMutexGuard",
    "tokio::sync::RwLockReadGuard",
    "tokio::sync::RwLockWriteGuard",
    "parking_lot::MutexGuard",
    "parking_lot::RwLockReadGuard",
    "parking_lot::RwLockWriteGuard",
    "once_cell::sync::Lazy",
    "actix_web::web::Data",
    "actix_web::web::Json",
    "axum::extract::State",
    "axum::extract::Extension",
    "axum::Extension",
    "axum::Json",
    "axum::extract::Json",
    "apalis::prelude::Data",
    "rocket::State",
    "arc_swap::Guard",
];

/// Types that hold their first argument and give access to it by a method (`lock`, `get`, `load`).
const HOLDERS: &[&str] = &[
    "std::sync::Mutex",
    "std::sync::RwLock",
    "std::sync::OnceLock",
    "std::sync::Weak",
    "std::rc::Weak",
    "std::cell::RefCell",
    "std::cell::Cell",
    "std::cell::OnceCell",
    "tokio::sync::Mutex",
    "tokio::sync::RwLock",
    "tokio::sync::OnceCell",
    "parking_lot::Mutex",
    "parking_lot::RwLock",
    "futures::lock::Mutex",
    "async_lock::Mutex",
    "async_lock::RwLock",
    "once_cell::sync::OnceCell",
    "arc_swap::ArcSwap",
];

/// Methods of std's own types that extension traits for all types of some kind like to have, too: such a trait does not get these calls.
/// Slices and arrays stand under `[]`. Vectors have what slices have, and strings what `str` has.
const INHERENT: &[(&str, &str)] = &[
    (
        "[]",
        "chunks concat contains ends_with first get get_mut is_empty iter iter_mut join last len map repeat \
         reverse sort sort_by split split_at starts_with swap to_vec windows",
    ),
    (
        "std::vec::Vec",
        "append as_slice clear dedup drain extend insert pop push remove resize retain truncate",
    ),
    (
        "str",
        "as_bytes bytes chars contains ends_with find get is_empty len lines parse repeat replace split \
         split_at split_once starts_with to_lowercase to_owned to_string to_uppercase trim",
    ),
    (
        "std::string::String",
        "as_str clear drain insert insert_str pop push push_str remove retain truncate",
    ),
    (
        "std::collections::",
        "clear contains contains_key drain entry extend first get get_mut insert is_empty iter keys last len \
         pop push remove retain take values",
    ),
    (
        "std::option::Option",
        "and and_then as_deref as_mut as_ref expect filter flatten insert is_none is_some iter map map_or \
         ok_or ok_or_else or or_else replace take unwrap unwrap_or unwrap_or_default unwrap_or_else zip",
    ),
    (
        "std::result::Result",
        "and and_then as_deref as_mut as_ref err expect flatten is_err is_ok iter map map_err map_or ok or \
         or_else unwrap unwrap_or unwrap_or_default unwrap_or_else",
    ),
];

/// Aliases of `Result<T, …>`: path and the error's path. Besides, `….::Result<T>` of any crate has `….::Error`.
const RESULTS: &[(&str, &str)] = &[
    ("eyre::Result", "eyre::Report"),
    ("color_eyre::Result", "eyre::Report"),
    ("color_eyre::eyre::Result", "eyre::Report"),
    ("miette::Result", "miette::Report"),
    ("redis::RedisResult", "redis::RedisError"),
    ("diesel::QueryResult", "diesel::result::Error"),
    ("diesel::result::QueryResult", "diesel::result::Error"),
    ("rdkafka::error::KafkaResult", "rdkafka::error::KafkaError"),
    ("fred::types::FredResult", "fred::error::Error"),
    ("fred::prelude::FredResult", "fred::error::Error"),
    ("tonic::Result", "tonic::Status"),
    ("axum::response::Result", "axum::response::ErrorResponse"),
    ("sea_orm::DbResult", "sea_orm::DbErr"),
    ("std::thread::Result", "std::any::Any"),
];

/// Aliases of a boxed future or stream: path, trait, associated type.
const BOXED: &[(&str, &str, &str)] = &[
    ("BoxFuture", "std::future::Future", "Output"),
    ("LocalBoxFuture", "std::future::Future", "Output"),
    ("BoxStream", "futures::Stream", "Item"),
    ("LocalBoxStream", "futures::Stream", "Item"),
];

/// Second spellings of what the standard library also has elsewhere.
const RESPELLED: &[(&str, &str)] = &[
    ("std::collections::hash_map::HashMap", "std::collections::HashMap"),
    ("std::collections::hash_set::HashSet", "std::collections::HashSet"),
    ("std::collections::btree_map::BTreeMap", "std::collections::BTreeMap"),
    ("std::collections::btree_set::BTreeSet", "std::collections::BTreeSet"),
    ("futures::Future", "std::future::Future"),
    ("futures::future::Future", "std::future::Future"),
    ("futures_util::Future", "std::future::Future"),
    ("futures_core::Future", "std::future::Future"),
];

/// The type of an external path: aliases expanded, pointers stripped.
pub fn ty(path: SmolStr, args: Vec<Ty>) -> Ty {
    let path = respelled(path);
    if TRANSPARENT.contains(&path.as_str()) {
        return args.into_iter().next().unwrap_or(Ty::Unknown);
    }
    if let Some(error) = alias_error(&path) {
        return result(args, error);
    }
    match boxed(&path) {
        Some((of, name)) => {
            let bindings = args.into_iter().take(1).map(|ty| (name.into(), ty)).collect();
            Ty::Bounds(
                [TyBound::External {
                    path: of.into(),
                    args: Types::NONE,
                    bindings,
                }]
                .into(),
            )
        }
        None => Ty::External {
            path,
            args: args.into(),
        },
    }
}

/// Whether a path is one of those that this module knows by heart.
pub fn is_known(path: &str) -> bool {
    RESULTS.iter().any(|(alias, _)| *alias == path)
        || matches!(path, "anyhow::Result" | "sqlx::Result" | "lapin::Result")
}

/// The one spelling of a path.
pub fn respelled(path: SmolStr) -> SmolStr {
    RESPELLED
        .iter()
        .find(|(other, _)| *other == path)
        .map_or(path, |(_, one)| SmolStr::new_static(one))
}

fn result(args: Vec<Ty>, error: SmolStr) -> Ty {
    let mut args = args.into_iter();
    let ok = args.next().unwrap_or(if error == "std::fmt::Error" {
        Ty::UNIT
    } else {
        Ty::Unknown
    });
    let err = args.next().unwrap_or(Ty::External {
        path: error,
        args: Types::NONE,
    });
    Ty::result(ok, err)
}

/// The error type of an alias of `Result`.
fn alias_error(path: &str) -> Option<SmolStr> {
    if path == "std::result::Result" {
        return None;
    }
    if let Some((_, error)) = RESULTS.iter().find(|(alias, _)| *alias == path) {
        return Some(SmolStr::new_static(error));
    }
    path.strip_suffix("::Result")
        .map(|krate| format_smolstr!("{krate}::Error"))
}

fn boxed(path: &str) -> Option<(&'static str, &'static str)> {
    let (module, name) = path.rsplit_once("::")?;
    if !module.starts_with("futures") {
        return None;
    }
    BOXED
        .iter()
        .find(|(alias, _, _)| *alias == name)
        .map(|(_, of, item)| (*of, *item))
}

/// What the value inside is, for types that dereference to it.
pub fn deref(ty: &Ty) -> Option<&Ty> {
    inner(ty, DEREFS)
}

/// What the value inside is, for types that lend it by a method.
pub fn held(ty: &Ty) -> Option<&Ty> {
    inner(ty, HOLDERS)
}

fn inner<'t>(ty: &'t Ty, of: &[&str]) -> Option<&'t Ty> {
    let (path, args) = ty.as_external()?;
    of.contains(&path).then(|| args.first())?
}

/// The path of a type or trait that needs no import, primitive types included.
pub fn prelude_type(name: &str) -> Option<&'static str> {
    Some(match name {
        "Option" => "std::option::Option",
        "Result" => "std::result::Result",
        "Vec" => "std::vec::Vec",
        "String" => "std::string::String",
        "Box" => "std::boxed::Box",
        "ToString" => "std::string::ToString",
        "ToOwned" => "std::borrow::ToOwned",
        "From" => "std::convert::From",
        "Into" => "std::convert::Into",
        "TryFrom" => "std::convert::TryFrom",
        "TryInto" => "std::convert::TryInto",
        "AsRef" => "std::convert::AsRef",
        "AsMut" => "std::convert::AsMut",
        "Default" => "std::default::Default",
        "Iterator" => "std::iter::Iterator",
        "IntoIterator" => "std::iter::IntoIterator",
        "FromIterator" => "std::iter::FromIterator",
        "Extend" => "std::iter::Extend",
        "DoubleEndedIterator" => "std::iter::DoubleEndedIterator",
        "ExactSizeIterator" => "std::iter::ExactSizeIterator",
        "Clone" => "std::clone::Clone",
        "PartialEq" => "std::cmp::PartialEq",
        "Eq" => "std::cmp::Eq",
        "PartialOrd" => "std::cmp::PartialOrd",
        "Ord" => "std::cmp::Ord",
        "Drop" => "std::ops::Drop",
        "Fn" => "std::ops::Fn",
        "FnMut" => "std::ops::FnMut",
        "FnOnce" => "std::ops::FnOnce",
        "AsyncFn" => "std::ops::AsyncFn",
        "AsyncFnMut" => "std::ops::AsyncFnMut",
        "AsyncFnOnce" => "std::ops::AsyncFnOnce",
        "Future" => "std::future::Future",
        "IntoFuture" => "std::future::IntoFuture",
        "Send" => "std::marker::Send",
        "Sync" => "std::marker::Sync",
        "Sized" => "std::marker::Sized",
        "Copy" => "std::marker::Copy",
        "Unpin" => "std::marker::Unpin",
        _ => return primitive(name),
    })
}

fn primitive(name: &str) -> Option<&'static str> {
    const PRIMITIVES: &[&str] = &[
        "bool", "char", "str", "u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize",
        "f32", "f64",
    ];
    PRIMITIVES.iter().find(|own| **own == name).copied()
}

/// The path of a function or variant that needs no import.
pub fn prelude_value(name: &str) -> Option<&'static str> {
    Some(match name {
        "Some" => "std::option::Option::Some",
        "None" => "std::option::Option::None",
        "Ok" => "std::result::Result::Ok",
        "Err" => "std::result::Result::Err",
        "drop" => "std::mem::drop",
        "size_of" => "std::mem::size_of",
        _ => return None,
    })
}

/// The path of a macro that needs no import.
pub fn prelude_macro(name: &str) -> Option<&'static str> {
    const MACROS: &[(&str, &str)] = &[
        ("assert", "std::assert"),
        ("assert_eq", "std::assert_eq"),
        ("assert_ne", "std::assert_ne"),
        ("cfg", "std::cfg"),
        ("concat", "std::concat"),
        ("dbg", "std::dbg"),
        ("debug_assert", "std::debug_assert"),
        ("debug_assert_eq", "std::debug_assert_eq"),
        ("env", "std::env"),
        ("eprint", "std::eprint"),
        ("eprintln", "std::eprintln"),
        ("format", "std::format"),
        ("format_args", "std::format_args"),
        ("include_bytes", "std::include_bytes"),
        ("include_str", "std::include_str"),
        ("matches", "std::matches"),
        ("option_env", "std::option_env"),
        ("panic", "std::panic"),
        ("print", "std::print"),
        ("println", "std::println"),
        ("stringify", "std::stringify"),
        ("thread_local", "std::thread_local"),
        ("todo", "std::todo"),
        ("unimplemented", "std::unimplemented"),
        ("unreachable", "std::unreachable"),
        ("vec", "std::vec"),
        ("write", "std::write"),
        ("writeln", "std::writeln"),
    ];
    MACROS.iter().find(|(own, _)| *own == name).map(|(_, path)| *path)
}

/// Whether a type of the standard library has a method of its own by that name, as far as is known.
#[must_use]
pub fn has_method(ty: &Ty, name: &str) -> bool {
    let owners: &[&str] = match ty {
        Ty::Slice(_) => &["[]"],
        Ty::External { path, .. } => match path.as_str() {
            "std::vec::Vec" => &["[]", "std::vec::Vec"],
            "std::string::String" => &["str", "std::string::String"],
            path if path.starts_with("std::collections::") => &["std::collections::"],
            path => &[path],
        },
        _ => &[],
    };
    let mut methods = INHERENT.iter().filter(|(owner, _)| owners.contains(owner));
    methods.any(|(_, names)| names.split(' ').any(|own| own == name))
}

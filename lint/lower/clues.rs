//! The words without which nothing in a workspace has to do with messages, or with rows that are taken like messages.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::unit::LIBRARIES;
use crate::catalog::{Call, Catalog, Role, Type};
use crate::flow::EffectKind;

/// What code that receives, publishes, mails or runs SQL names: the crate of a client, as code spells it, or, of a library that nearly every crate
/// depends on, the type that receives. Names that manifests give to those crates are to be added.
#[must_use]
pub fn clues(catalog: &Catalog) -> BTreeSet<SmolStr> {
    let calls = catalog.calls().into_iter();
    let acting = [Role::Receive, Role::Publish, Role::Sql];
    let mails = |call: &Call| call.facts.kind == Some(EffectKind::Mail);
    let calls = calls.filter(|call| mails(call) || acting.iter().any(|role| does(call, *role)));
    let types = catalog.types().into_iter();
    let types = types.filter(|ty| ty.receive.is_some() || is_handed_unasked(ty) || !ty.handles.is_empty());
    let packages = calls.map(|call| &call.package).chain(types.map(|ty| &ty.package));
    packages
        .filter(|package| !LIBRARIES.contains(&package.as_str()))
        .map(|package| SmolStr::new(package.replace('-', "_")))
        .chain(sockets(catalog))
        .collect()
}

/// What makes a function a handler without a declaration. Whatever names our crate is read anyway.
fn is_handed_unasked(ty: &Type) -> bool {
    ty.handed.as_ref().is_some_and(|handed| !handed.declared)
}

/// The types of libraries that receive.
pub(super) fn sockets(catalog: &Catalog) -> BTreeSet<SmolStr> {
    let calls = catalog.calls().into_iter();
    let receiving = calls.filter(|call| does(call, Role::Receive) && LIBRARIES.contains(&call.package.as_str()));
    receiving
        .filter_map(|call| call.owner().rsplit("::").next().map(SmolStr::new))
        .collect()
}

fn does(call: &Call, role: Role) -> bool {
    call.does == role || call.cases.iter().any(|case| case.does == Some(role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_clues_and_libraries_are_not() {
        let clues = clues(Catalog::embedded());
        for clue in ["rdkafka", "lapin", "lettre", "UdpSocket"] {
            assert!(clues.contains(clue), "{clue}: {clues:?}");
        }
        for common in ["std", "tokio", "serde_json", "tracing", "http"] {
            assert!(!clues.contains(common), "{common}: {clues:?}");
        }
    }
}

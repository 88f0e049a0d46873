//! The words without which nothing in a workspace has to do with messages.

use std::collections::BTreeSet;

use smol_str::SmolStr;

use super::unit::LIBRARIES;
use crate::catalog::{Call, Catalog, Role};

/// What code that receives or publishes names: the crate of a client, as code spells it, or, of a library that nearly every crate
/// depends on, the type that receives. Names that manifests give to those crates are to be added.
#[must_use]
pub fn clues(catalog: &Catalog) -> BTreeSet<SmolStr> {
    let does = |call: &&Call, role: Role| call.does == role || call.cases.iter().any(|case| case.does == Some(role));
    let calls = catalog.calls();
    let acting = calls
        .iter()
        .copied()
        .filter(|call| does(call, Role::Receive) || does(call, Role::Publish));
    let (libraries, clients): (Vec<&Call>, Vec<&Call>) =
        acting.partition(|call| LIBRARIES.contains(&call.package.as_str()));
    let sockets = libraries
        .into_iter()
        .filter(|call| does(call, Role::Receive))
        .filter_map(|call| call.owner().rsplit("::").next().map(SmolStr::new));
    let types = catalog.types().into_iter().filter(|ty| ty.receive.is_some());
    let packages = clients
        .into_iter()
        .map(|call| &call.package)
        .chain(types.map(|ty| &ty.package));
    packages
        .map(|package| SmolStr::new(package.replace('-', "_")))
        .chain(sockets)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_clues_and_libraries_are_not() {
        let clues = clues(Catalog::embedded());
        for clue in ["rdkafka", "lapin", "UdpSocket"] {
            assert!(clues.contains(clue), "{clue}: {clues:?}");
        }
        for common in ["std", "tokio", "serde_json", "tracing"] {
            assert!(!clues.contains(common), "{common}: {clues:?}");
        }
    }
}

//! Prints every unit of a workspace as a flow. With `--every` first, every function as if it handled a message, counted.

use std::path::PathBuf;

use cargo_delivery::{analysis, catalog::Catalog, source::Sources, workspace::Workspace};

fn main() {
    let mut paths: Vec<PathBuf> = std::env::args().skip(1).map(Into::into).collect();
    let every = paths.first().is_some_and(|path| path.as_os_str() == "--every");
    paths.drain(..usize::from(every));
    let workspace = Workspace::open(&paths, &Default::default()).expect("paths that can be read");
    let sources = Sources::parse(&workspace, false);
    for problem in sources.problems() {
        println!("{problem:?}");
    }
    let catalog = Catalog::embedded();
    let known = |path: &str| analysis::knows(catalog, path);
    let index = analysis::index(&workspace, &sources, &known);
    let schema = analysis::schema(&workspace);
    if every {
        let flows = analysis::every_function(&index, &sources, catalog, &schema);
        let nodes: usize = flows.iter().map(|flow| flow.nodes.len()).sum();
        let unknown = flows.iter().filter(|flow| !flow.unknown.is_empty()).count();
        println!("{} functions, {nodes} nodes, {unknown} unknown", flows.len());
        return;
    }
    for unit in analysis::units(&index, &sources, catalog, &schema) {
        println!("== {} unresolved {}", unit.flow.function, unit.unresolved);
        println!("{}", unit.flow);
        for unknown in &unit.flow.unknown {
            println!("UNKNOWN {unknown:?}");
        }
        for assumption in &unit.flow.assumptions {
            println!("ASSUME {assumption}");
        }
    }
}

use cargo_delivery::*;
fn main() {
    let paths: Vec<std::path::PathBuf> = std::env::args().skip(1).map(Into::into).collect();
    let w = workspace::Workspace::open(&paths, &Default::default()).unwrap();
    let s = source::Sources::parse(&w, false);
    for p in s.problems() { println!("{p:?}"); }
    let known = |path: &str| analysis::knows(catalog::Catalog::embedded(), path);
    let i = analysis::index(&w, &s, &known);
    let sch = analysis::schema(&w);
    for u in analysis::units(&i, &s, catalog::Catalog::embedded(), &sch) {
        println!("== {} unresolved {}", u.flow.function, u.unresolved);
        println!("{}", u.flow);
        for x in &u.flow.unknown { println!("UNKNOWN {x:?}"); }
        for x in &u.flow.assumptions { println!("ASSUME {x}"); }
    }
}

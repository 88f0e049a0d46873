//! What each stage costs on the fixtures: some hundred handlers as people write them, against ninety clients.

#[path = "../fuzz/written.rs"]
mod written;

use std::hint::black_box;
use std::path::PathBuf;

use cargo_delivery::analysis;
use cargo_delivery::catalog::Catalog;
use cargo_delivery::config::Config;
use cargo_delivery::render::{self, Detail, Format, Look, Resolved};
use cargo_delivery::rules::{Promise, diagnose};
use cargo_delivery::source::Sources;
use cargo_delivery::workspace::{Options, Workspace};
use criterion::{Criterion, criterion_group, criterion_main};
use delivery_grammar::Semantic;
use rayon::prelude::*;
use written::Written;

fn open() -> Workspace {
    let fixtures = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures"));
    Workspace::open(&[fixtures], &Options::default()).expect("the fixtures are there")
}

fn stages(criterion: &mut Criterion) {
    criterion.bench_function("walk", |bencher| bencher.iter(open));
    let workspace = open();
    criterion.bench_function("parse", |bencher| {
        bencher.iter(|| Sources::parse(black_box(&workspace), false));
    });
    let sources = Sources::parse(&workspace, false);
    let catalog = Catalog::embedded();
    criterion.bench_function("resolve", |bencher| {
        bencher.iter(|| analysis::index(&workspace, black_box(&sources), catalog));
    });
    let index = analysis::index(&workspace, &sources, catalog);
    let schema = analysis::schema(&workspace, &sources);
    criterion.bench_function("lower", |bencher| {
        bencher.iter(|| analysis::units(black_box(&index), &sources, catalog, &schema));
    });
    let units = analysis::units(&index, &sources, catalog, &schema);
    let promise = Promise::assumed(Semantic::EffectivelyOnce);
    criterion.bench_function("explore", |bencher| {
        bencher.iter(|| {
            units
                .par_iter()
                .for_each(|unit| drop(diagnose(black_box(&unit.flow), promise)))
        });
    });
    let report = analysis::run(&workspace, &sources, catalog, &Config::default());
    let files = Written(&workspace, &sources);
    for (name, format) in [("render for people", Format::Human), ("render as JSON", Format::Json)] {
        criterion.bench_function(name, |bencher| {
            bencher.iter(|| {
                let resolved = Resolved::new(black_box(&report), &files);
                render::render(&resolved, format, Look::PLAIN, Detail::Summary)
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10).measurement_time(std::time::Duration::from_secs(5));
    targets = stages
}
criterion_main!(benches);

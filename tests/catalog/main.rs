//! The catalog: how files are read, and that every embedded entry is true of its client's sources.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "the clients' sources lie on disk, and a test that skips says why"
)]

mod clients;
mod sources;
mod truth;

use std::collections::BTreeMap;
use std::path::Path;

use cargo_delivery::catalog::{Catalog, Operand, Role, TypeExpr};

use sources::Sources;

/// The errors of one file, as printed.
fn errors(text: &str) -> Vec<String> {
    Catalog::of(&[("x.yaml", text)])
        .1
        .iter()
        .map(ToString::to_string)
        .collect()
}

fn catalog(text: &str) -> Catalog {
    let (catalog, errors) = Catalog::of(&[("x.yaml", text)]);
    assert!(errors.is_empty(), "{errors:?}");
    catalog
}

/// The files as they lie in the repository, by name; the older versions' (`redis@0.32.yaml`) too.
fn on_disk() -> BTreeMap<String, String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("lint/catalog");
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
    let files = paths.filter(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files
        .map(|path| {
            let name = path
                .file_name()
                .expect("a file has a name")
                .to_string_lossy()
                .into_owned();
            (
                name,
                std::fs::read_to_string(&path).expect("a file of the catalog is readable"),
            )
        })
        .collect()
}

/// The newest file of each crate, with `old` in the place of its crate's.
fn with_old(files: &BTreeMap<String, String>, old: Option<&str>) -> Catalog {
    let replaced = old
        .and_then(|name| name.split_once('@'))
        .map(|(krate, _)| format!("{krate}.yaml"));
    let chosen: Vec<(&str, &str)> = files
        .iter()
        .filter(|(name, _)| old == Some(name.as_str()) || !name.contains('@') && replaced.as_ref() != Some(*name))
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let (catalog, errors) = Catalog::of(&chosen);
    assert!(errors.is_empty(), "{errors:#?}");
    catalog
}

fn old_files(files: &BTreeMap<String, String>) -> Vec<&str> {
    files
        .keys()
        .map(String::as_str)
        .filter(|name| name.contains('@'))
        .collect()
}

#[test]
fn files_are_well_formed_and_named_after_their_crates() {
    let files = on_disk();
    let newest = with_old(&files, None);
    for old in old_files(&files) {
        with_old(&files, Some(old));
    }
    for package in newest.packages() {
        assert_eq!(package.file, format!("{}.yaml", package.name));
    }
}

#[test]
fn what_is_embedded_is_what_lies_in_the_repository() {
    let embedded: BTreeMap<String, String> = Catalog::files()
        .iter()
        .map(|file| (file.name.to_owned(), file.text.to_owned()))
        .collect();
    let disk = on_disk();
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        names(&embedded),
        names(&disk),
        "a file is new or gone: cargo notices that when `lint/catalog/embedded.rs` is touched"
    );
    assert!(embedded == disk);
}

#[test]
fn an_unknown_key_is_an_error_at_its_place() {
    let text = "crate: x\ncalls:\n  - path: x::f\n    doess: ack\n";
    assert_eq!(
        errors(text),
        ["x.yaml:4:5: a call has no key `doess` (did you mean `does`?)"]
    );
    let text = "crate: x\ncalls:\n  - path: x::f\n    cases: [{ when: { args.0: a }, tarkget: recv }]\n";
    assert_eq!(
        errors(text),
        ["x.yaml:4:36: a case has no key `tarkget` (did you mean `target`?)"]
    );
    assert_eq!(
        errors("crates: x\n"),
        ["x.yaml:1:1: a catalog has no key `crates` (did you mean `crate`?)"]
    );
}

#[test]
fn an_unknown_word_is_an_error_at_its_place() {
    let [error] = &errors("crate: x\ncalls:\n  - { path: x::f, does: akc }\n")[..] else {
        panic!("one error")
    };
    assert!(
        error.starts_with("x.yaml:3:25: unknown role `akc` (did you mean `ack`?): it is one of `pure`, "),
        "{error}"
    );
    let text = "crate: x\ncalls:\n  - path: x::f\n    does: publish\n    confirm: later\n";
    assert_eq!(
        errors(text),
        ["x.yaml:5:14: unknown kind of confirmation `later`: it is one of `ok`, `pending`, `never`"]
    );
}

#[test]
fn bad_operands_and_types_are_errors_at_their_places() {
    let text = "crate: x\ncalls:\n  - path: x::f\n    does: sql\n    sql: arg.0\n";
    let [error] = &errors(text)[..] else {
        panic!("one error")
    };
    assert!(
        error.starts_with("x.yaml:5:10: `arg.0` is no operand (did you mean `args`?): "),
        "{error}"
    );
    let text = "crate: x\ncalls:\n  - path: x::f\n    returns: Option<x::M\n";
    assert_eq!(
        errors(text),
        ["x.yaml:4:14: `Option<x::M` is no type: it expects `,` or `>` before its end"]
    );
}

#[test]
fn a_path_is_given_once() {
    let text = "crate: x\ncalls:\n  - path: x::f\n  - path: x::{f,g}\n";
    assert_eq!(
        errors(text),
        ["x.yaml:4:11: the call `x::f` is already in x.yaml (line 3)"]
    );
}

#[test]
fn a_role_needs_its_operands() {
    let text = "crate: x\ncalls:\n  - path: x::f\n    does: sql\n";
    assert_eq!(
        errors(text),
        ["x.yaml:3:11: `x::f` has the role `sql`, which needs the key `sql`"]
    );
    assert_eq!(
        errors("crate: x\ncalls:\n  - does: ack\n"),
        ["x.yaml:3:5: a call needs the key `path`"]
    );
}

#[test]
fn references_must_lead_somewhere() {
    let text = "crate: x\ntypes:\n  - path: x::T\n    awaits: x::T::wait\n    implements: [x::Trait]\n";
    assert_eq!(
        errors(text),
        [
            "x.yaml:3:11: `x::T` refers to `x::Trait`, of which the catalog knows nothing",
            "x.yaml:3:11: awaiting `x::T` is `x::T::wait`, which is no entry of `calls`",
        ]
    );
}

#[test]
fn aliases_and_std_are_translated() {
    let catalog = catalog("crate: x\naliases:\n  x::a::Type: x::Type\n  x::prelude::*: x::*\n");
    assert_eq!(catalog.canonical("x::a::Type::method"), "x::Type::method");
    assert_eq!(catalog.canonical("x::prelude::a::Type"), "x::Type");
    assert_eq!(catalog.canonical("x::prelude"), "x::prelude");
    assert_eq!(catalog.canonical("core::mem::take"), "std::mem::take");
}

#[test]
fn methods_are_found_through_traits_and_deref() {
    let catalog = catalog(
        "crate: x\n\
         types:\n  - path: x::Outer\n    deref: x::Inner\n  - path: x::Inner\n    implements: [x::Sink]\n\
         calls:\n  - { path: x::Sink::close, distinctive: true }\n  - { path: x::Inner::open }\n",
    );
    assert_eq!(catalog.method("x::Outer", "close").unwrap().path, "x::Sink::close");
    assert_eq!(catalog.method("x::Outer", "open").unwrap().path, "x::Inner::open");
    assert!(catalog.method("x::Sink", "open").is_none());
    assert_eq!(catalog.by_name("close").len(), 1);
    assert!(catalog.by_name("open").is_empty());
}

#[test]
fn a_case_is_filled_in_from_its_call() {
    let catalog = catalog(
        "crate: x\ncalls:\n  - path: x::put\n    does: mark\n    key: args.0\n    mode: plain\n    cases:\n      - { when: { args.1.nx: 'true' }, mode: if_absent }\n",
    );
    let case = &catalog.function("x::put").unwrap().cases[0];
    assert_eq!(case.does, Some(Role::Mark));
    assert_eq!(case.facts.key, Some(Operand::Arg(0)));
}

#[test]
fn a_users_entry_replaces_an_embedded_one() {
    let path = Catalog::embedded().calls()[0].path.clone();
    let text = format!("crate: mine\ncalls:\n  - {{ path: '{path}', does: read }}\n");
    let mine = [("mine.yaml".to_owned(), text)];
    let (catalog, errors) = Catalog::embedded().clone().with_user(&mine);
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(catalog.function(&path).unwrap().package, "mine");
}

#[test]
fn operands_and_types_print_as_written() {
    for text in [
        "recv",
        "args.2.no_ack",
        "recv.enable.auto.commit",
        "args.0.config/ack_wait",
        "=POST",
        "result",
    ] {
        assert_eq!(Operand::parse(text).unwrap().to_string(), text);
    }
    for text in [
        "Option<lapin::message::Delivery>",
        "(a::B<_>, $0)",
        "Self",
        "()",
        "args.0",
    ] {
        assert_eq!(TypeExpr::parse(text).unwrap().to_string(), text);
    }
}

/// The sources of the clients; `None` in a packaged copy, which has no fixtures.
fn sources() -> Option<Sources> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/Cargo.toml");
    if !manifest.is_file() {
        eprintln!("skipped: there are no fixtures here");
        return None;
    }
    Some(Sources::of(&manifest).unwrap_or_else(|error| panic!("{error}")))
}

fn assert_none(problems: &[String]) {
    assert!(
        problems.is_empty(),
        "{} wrong:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

#[test]
fn every_entry_is_true() {
    let Some(mut sources) = sources() else { return };
    let files = on_disk();
    let mut problems = truth::problems(&with_old(&files, None), &mut sources, |_| true);
    for old in old_files(&files) {
        sources.forget();
        let catalog = with_old(&files, Some(old));
        problems.extend(truth::problems(&catalog, &mut sources, |file| file == old));
    }
    assert_none(&problems);
}

#[test]
fn every_entry_is_true_of_the_older_versions_that_its_file_speaks_for() {
    let Some(mut sources) = sources() else { return };
    let files = on_disk();
    let newest = with_old(&files, None);
    let mut problems = Vec::new();
    for file in files.keys() {
        let old = file.contains('@').then(|| with_old(&files, Some(file)));
        let catalog = old.as_ref().unwrap_or(&newest);
        let package = catalog.packages().find(|package| package.file == *file);
        let package = package.expect("each file describes a package");
        let aliases = aliases(&files[file]);
        problems.extend(truth::idle_bounds(catalog, package));
        for older in &package.older {
            let found = truth::older_problems(catalog, package, older, &aliases, &mut sources);
            problems.extend(found);
        }
    }
    assert_none(&problems);
}

/// In modules that a macro of the crate makes.
const UNREADABLE: [&str; 1] = ["diesel::dsl::exists"];

#[test]
fn every_alias_is_a_path_of_some_version() {
    let Some(mut sources) = sources() else { return };
    let mut open = Vec::new();
    for (file, text) in on_disk() {
        let (catalog, _) = Catalog::of(&[(&file, &text)]);
        let package = catalog.packages().next().expect("each file describes a package");
        let aliases = aliases(&text);
        let lost = truth::lost(package, aliases.keys(), &mut sources);
        let lost = lost.into_iter().filter(|alias| !UNREADABLE.contains(alias));
        open.extend(lost.map(|alias| format!("{file}: {alias}")));
    }
    assert_none(&open);
}

/// What a file says of other spellings.
fn aliases(text: &str) -> BTreeMap<String, String> {
    #[derive(serde::Deserialize)]
    struct File {
        #[serde(default)]
        aliases: BTreeMap<String, String>,
    }
    let file: File = serde_yaml::from_str(text).expect("a file of the catalog");
    file.aliases
}

#[test]
fn every_entry_of_std_is_true() {
    match truth::std_problems(&with_old(&on_disk(), None)) {
        Ok(problems) => assert!(problems.is_empty(), "{}", problems.join("\n")),
        Err(reason) => eprintln!("skipped: {reason}"),
    }
}

#[test]
fn an_invented_entry_is_found_out() {
    let Some(mut sources) = sources() else { return };
    let invented = [
        (
            "{ path: rdkafka::consumer::Consumer::commit_everything }",
            "is not there",
        ),
        (
            "{ path: rdkafka::consumer::Consumer::commit_message, fallible: true, set: { x: args.2 } }",
            "takes 2 arguments, and `args.2` is referred to",
        ),
        (
            "{ path: rdkafka::ClientConfig::new, set: { x: recv } }",
            "has no receiver, and `recv` is referred to",
        ),
        (
            "{ path: rdkafka::consumer::StreamConsumer::recv, fallible: true }",
            "is asynchronous",
        ),
        (
            "{ path: rdkafka::Message::offset, fallible: true }",
            "cannot fail: it returns `i64`",
        ),
        (
            "{ path: rdkafka::Message::offset, async: true }",
            "is not asynchronous: it returns `i64`",
        ),
        (
            "{ path: rdkafka::consumer::Consumer::subscribe }",
            "can fail: it returns `KafkaResult < () >`",
        ),
        ("{ path: rdkafka::consumer }", "is neither a function nor a macro"),
        ("{ path: rdkafka::send! }", "is not there"),
    ];
    for (entry, problem) in invented {
        let text = format!("crate: rdkafka\nversion: 0.39.0\ncalls:\n  - {entry}\n");
        let path = entry.split([' ', ',']).nth(2).unwrap();
        assert_eq!(
            truth::problems(&catalog(&text), &mut sources, |_| true),
            [format!("x.yaml: `{path}` {problem}")]
        );
    }
}

#[test]
fn what_is_not_so_in_an_older_version_is_found_out() {
    let Some(mut sources) = sources() else { return };
    let text = "crate: lapin\nversion: 4.12.3\nolder: [3.7.2, 2.5.5]\nsince: { 'lapin::Channel::close': 4 }\nuntil: { 'lapin::Channel': 4 }\n\
                calls:\n  - { path: lapin::Connection::connect_with_runtime, async: true, fallible: true }\n  - { path: lapin::Channel::close, async: true, fallible: true }\n  \
                - { path: lapin::Acker::ack, async: true, fallible: true }\n  - { path: lapin::Channel::id }\n";
    let catalog = catalog(text);
    let package = catalog.packages().next().expect("a package");
    let aliases = BTreeMap::from([("lapin::acker::*".to_owned(), "lapin::*".to_owned())]);
    let expected = [
        "x.yaml: `lapin::Channel::close` is there, and `since` or `until` says that it is not (2.5.5)",
        "x.yaml: `lapin::Connection::connect_with_runtime` is not there (2.5.5)",
    ];
    assert_eq!(
        truth::older_problems(&catalog, package, "2.5.5", &aliases, &mut sources),
        expected
    );
    let idle = "x.yaml: `lapin::Channel` in `since` or `until` excludes nothing";
    assert_eq!(truth::idle_bounds(&catalog, package), [idle]);
}

#[test]
fn an_invented_command_of_a_trait_that_a_macro_makes_is_found_out() {
    let Some(mut sources) = sources() else { return };
    let text = "crate: redis\nversion: 1.8.1\ncalls:\n  - path: 'redis::AsyncCommands::{get,get_later}'\n  - { path: redis::AsyncCommands::set, set: { x: args.2 } }\n";
    let expected = [
        "x.yaml: `redis::AsyncCommands::get_later` is not there",
        "x.yaml: `redis::AsyncCommands::set` takes 2 arguments, and `args.2` is referred to",
    ];
    assert_eq!(truth::problems(&catalog(text), &mut sources, |_| true), expected);
}

#[test]
fn an_invented_type_or_version_is_found_out() {
    let Some(mut sources) = sources() else { return };
    let text = "crate: rdkafka\nversion: 0.39.0\ntypes:\n  - { path: rdkafka::Kafka }\n  - { path: rdkafka::producer::BaseRecord, fields: { queue: String } }\n  \
                - { path: rdkafka::ClientConfig, implements: [rdkafka::Message] }\n  - { path: rdkafka::Message }\n";
    let expected = [
        "x.yaml: `rdkafka::ClientConfig` does not implement `rdkafka::Message`",
        "x.yaml: `rdkafka::Kafka` is no type of that crate",
        "x.yaml: `rdkafka::producer::BaseRecord` has no public field `queue`",
    ];
    assert_eq!(truth::problems(&catalog(text), &mut sources, |_| true), expected);
    let [problem] = &truth::problems(&catalog("crate: rdkafka\nversion: 0.1.0\n"), &mut sources, |_| true)[..] else {
        panic!("one problem")
    };
    assert!(
        problem.starts_with("x.yaml: the file names rdkafka 0.1.0, and the fixtures have "),
        "{problem}"
    );
}

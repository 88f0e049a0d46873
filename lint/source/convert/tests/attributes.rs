//! The `delivery` attributes and comments.

use delivery_grammar::{Semantic, StepKind};

use super::{clean, source};
use crate::{
    source::{SourceFile, Sources, hir},
    workspace::Workspace,
};

fn functions<'a>(file: &'a SourceFile) -> Vec<&'a hir::Function> {
    let of = |item: &'a hir::Item| {
        if let hir::Item::Fn(function) = item {
            Some(&**function)
        } else {
            None
        }
    };
    file.module.items.iter().filter_map(of).collect()
}

fn semantics(file: &SourceFile) -> Vec<Option<Semantic>> {
    let of = |function: &hir::Function| {
        function
            .declaration
            .as_ref()
            .map(|declared| declared.declaration.semantic)
    };
    functions(file).into_iter().map(of).collect()
}

/// Rule code, text at the span, message.
fn problems(file: &SourceFile) -> Vec<(&str, &str, &str)> {
    file.problems
        .iter()
        .map(|problem| (problem.code, file.text_at(problem.span), problem.message.as_str()))
        .collect()
}

#[test]
fn a_declaration_knows_where_its_keys_stand() {
    let file = clean(
        "#[delivery::at_least_once(integration = \"a.b\", dedup(store = \"redis:x\", retention = \"7d\"))]\n#[delivery::allow(dedup_race, reason = \"One worker.\")]\n#[delivery::step(ack)]\nasync fn f() {}",
    );
    let function = functions(&file)[0];
    let declared = function.declaration.as_ref().expect("a declaration");
    assert_eq!(declared.declaration.integration, "a.b");
    assert!(file.text_at(declared.span).starts_with("#[delivery::at_least_once("));
    let keys: Vec<_> = declared
        .keys
        .iter()
        .map(|(name, span)| (name.as_str(), file.text_at(*span)))
        .collect();
    assert_eq!(keys[0], ("integration", "integration = \"a.b\""));
    assert_eq!(keys[3], ("retention", "retention = \"7d\""));
    assert_eq!(function.step.map(|(step, _)| step), Some(StepKind::Ack));
    assert_eq!(function.allows[0].allow.reason.as_deref(), Some("One worker."));
    assert_eq!(function.attrs, []);
}

#[test]
fn attributes_are_known_under_other_names() {
    let file = clean(
        "use delivery::{best_effort, exactly_once as once};\nuse delivery as d;\n#[best_effort(integration = \"a\")] fn a() {}\n#[once(integration = \"b\")] fn b() {}\n#[d::no_guarantee(integration = \"c\")] fn c() {}\n#[cfg_attr(feature = \"x\", delivery::at_most_once(integration = \"d\"))] fn d() {}\n#[at_least_once] fn e() {}\n#[allow(dead_code)] fn g() {}",
    );
    let expected = [
        Semantic::BestEffort,
        Semantic::ExactlyOnce,
        Semantic::NoGuarantee,
        Semantic::AtMostOnce,
    ];
    assert_eq!(semantics(&file), [&expected.map(Some)[..], &[None, None]].concat());
}

#[test]
fn a_renamed_dependency_is_known() {
    let workspace = Workspace::in_memory(&[
        (
            "Cargo.toml",
            "[package]\nname = \"a\"\n[dependencies]\nsem-antics = { package = \"delivery\", version = \"1\" }",
        ),
        (
            "src/lib.rs",
            "#[sem_antics::best_effort(integration = \"a\")] fn a() {}",
        ),
    ]);
    let sources = Sources::parse(&workspace, false);
    assert_eq!(semantics(&sources.files[0]), [Some(Semantic::BestEffort)]);
}

#[test]
fn mistakes_are_reported_where_rustc_shows_them() {
    let file = source(
        "#[delivery::at_least_once(integraton = \"a\")] fn a() {}\n#[delivery::exactlyonce(integration = \"b\")] fn b() {}\n#[delivery::best_effort] fn c() {}\n#[delivery::best_effort(integration = \"d\")] #[delivery::at_most_once(integration = \"d\")] fn d() {}\n#[delivery::step(ack)] pub struct S;",
    );
    let found = problems(&file);
    assert_eq!(
        found[0],
        (
            "D002",
            "integraton",
            "unknown key `integraton`; did you mean `integration`?"
        )
    );
    assert_eq!(found[1].1, "delivery::exactlyonce");
    assert_eq!(found[2].1, "#[delivery::best_effort]");
    assert_eq!(found[3].1, "delivery::at_most_once");
    assert!(
        found[3]
            .2
            .starts_with("a function keeps one promise: `at_most_once` stands beside `best_effort`")
    );
    assert_eq!(
        (found[4].1, found[4].2),
        ("pub struct", "`#[delivery::step]` belongs on a function")
    );
    assert_eq!(found.len(), 5);
}

#[test]
fn comments_allow_on_their_line_or_the_next() {
    let file = clean(
        "fn f() {\n    a(); // delivery: allow(dedup-race): one worker\n    // delivery: allow(D101, until 2027-06-30): later\n\n    // another comment\n    b(\"// delivery: allow(x): y\");\n}\n/// delivery: allow(dedup-race): documentation\nfn g() {}",
    );
    let lines: Vec<_> = file.allows.iter().map(|allow| (allow.line, allow.applies_to)).collect();
    assert_eq!(lines, [(2, 2), (3, 6)]);
    assert_eq!(
        file.text_at(file.allows[0].span),
        "// delivery: allow(dedup-race): one worker"
    );
    let file = source("// delivery: allow dedup-race\nfn f() {}");
    assert_eq!(problems(&file)[0].0, "D002");
}

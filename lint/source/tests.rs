//! Whole files: what cannot be read costs only itself, and nothing costs the process.

use super::{Needles, SourceFile, Sources, hir::Item};
use crate::workspace::{MAX_FILE_BYTES, Workspace};

fn source(text: &str) -> SourceFile {
    let workspace = Workspace::in_memory(&[("main.rs", text)]);
    Sources::parse(&workspace, false).files.remove(0)
}

/// The names of functions, in impls and modules too.
fn names(items: &[Item]) -> Vec<&str> {
    items
        .iter()
        .flat_map(|item| match item {
            Item::Fn(function) => vec![function.name.as_str()],
            Item::Impl(block) => block.functions.iter().map(|function| function.name.as_str()).collect(),
            Item::Trait(item) => item.functions.iter().map(|function| function.name.as_str()).collect(),
            Item::Mod {
                content: Some(items), ..
            } => names(items),
            _ => Vec::new(),
        })
        .collect()
}

/// Line and message of each problem.
fn problems(file: &SourceFile) -> Vec<(u32, &str)> {
    file.problems
        .iter()
        .map(|problem| (problem.span.start.line, problem.message.as_str()))
        .collect()
}

#[test]
fn an_odd_function_costs_only_itself() {
    let file = source("use a::b;\nfn a() {}\nfn odd() { let = 1; }\nfn c() { d() }\n");
    assert_eq!(names(&file.module.items), ["a", "c"]);
    assert_eq!(
        problems(&file),
        [(
            3,
            "function `odd` could not be read and is not checked: unexpected `=` (line 3, column 16)"
        )]
    );
    assert!(!file.whole);
    let Item::Fn(function) = &file.module.items[2] else {
        panic!()
    };
    assert_eq!(
        (file.text_at(function.signature), function.name_span.start.line),
        ("fn c()", 4)
    );
}

#[test]
fn an_odd_method_costs_only_itself() {
    let text = "mod m {\n  impl A {\n    fn a() {}\n    fn odd() { if }\n    fn b() {}\n  }\n  trait T {\n    fn c();\n    fn odd(;\n    fn d();\n  }\n}\nfn e() {}\n";
    let file = source(text);
    assert_eq!(names(&file.module.items), ["a", "b", "c", "d", "e"]);
    assert_eq!(
        problems(&file).iter().map(|(line, _)| *line).collect::<Vec<_>>(),
        [4, 9]
    );
}

#[test]
fn missing_and_spare_brackets_cost_one_item() {
    for odd in [
        "fn odd() { if a { b(); }",
        "fn odd() { a(b }; }",
        "fn odd() { \"a }",
        "fn odd() { a(); } }",
    ] {
        let file = source(&format!("fn a() {{}}\n{odd}\nfn b() {{}}\npub async fn c() {{}}\n"));
        let names = names(&file.module.items);
        assert!(
            names.starts_with(&["a"]) && names.ends_with(&["b", "c"]),
            "{odd}: {names:?}"
        );
        assert_eq!(problems(&file).len(), 1, "{odd}: {:?}", problems(&file));
    }
}

#[test]
fn a_template_is_named_once_for_each_odd_item() {
    let text = "use {{crate_name}}::x;\n\nfn {{name}}() {\n    {{body}}\n}\n\nfn good() { {{ 1 }} }\n{% if a %}\nfn also() {}\n{% endif %}\n";
    let file = source(text);
    assert_eq!(names(&file.module.items), ["good", "also"]);
    assert!(problems(&file).len() <= 4, "{:?}", problems(&file));
}

#[test]
fn an_impl_for_a_macro_may_have_a_visibility() {
    let file = source("#[ext(X)]\npub(crate) impl<T> A for T {\n    fn a() {}\n}\n");
    assert_eq!((names(&file.module.items), file.problems.len()), (vec!["a"], 0));
}

#[test]
fn bombs_are_refused_by_name() {
    let bombs = [
        format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000)),
        format!("if a {{}} {}", "else if a {} ".repeat(50_000)),
        format!("a{}", ".b()".repeat(100_000)),
        format!("{}{}", "{".repeat(5_000), "}".repeat(5_000)),
        "(".repeat(100_000),
    ];
    for bomb in bombs {
        let file = source(&format!("fn a() {{}}\nfn bomb() {{ {bomb} }}\nfn c() {{}}\n"));
        assert_eq!(names(&file.module.items), ["a", "c"]);
        assert!(
            problems(&file)[0].1.starts_with("function `bomb`"),
            "{:?}",
            problems(&file)
        );
    }
}

#[test]
fn what_is_deep_but_allowed_is_read() {
    let deep = [
        format!("{}1{}", "(".repeat(390), ")".repeat(390)),
        format!("{}{}", "{".repeat(390), "}".repeat(390)),
        format!("{}{}", "if a { ".repeat(390), "}".repeat(390)),
        format!("a{}", ".b()".repeat(3_900)),
        format!("if a {{}} {}", "else if a {} ".repeat(3_900)),
        format!("{}a", "!".repeat(3_900)),
        format!("a{}", " + 1".repeat(3_900)),
        format!("{}a", "a = ".repeat(3_900)),
        format!("{}a", "|b| ".repeat(1_900)),
        format!("{}{}", "m!(".repeat(390), ")".repeat(390)),
    ];
    for text in deep {
        let file = source(&format!("fn f() {{ {text} }}"));
        assert!(file.whole, "{} {:?}", &text[..20], problems(&file));
        std::thread::Builder::new()
            .stack_size(super::STACK_BYTES)
            .spawn(move || drop(file))
            .unwrap()
            .join()
            .unwrap();
    }
}

#[test]
#[expect(clippy::disallowed_methods, reason = "what is no text cannot be given in memory")]
fn a_file_that_is_no_text_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("a.rs"), b"fn f() {}\n// \xff\n").unwrap();
    std::fs::write(
        folder.path().join("b.rs"),
        "const A: u8 = 1; ".repeat(MAX_FILE_BYTES as usize / 10),
    )
    .unwrap();
    std::fs::write(folder.path().join("c.rs"), "\u{feff}fn c() {}").unwrap();
    let workspace = Workspace::open(&[folder.path().to_owned()], &crate::workspace::Options::default()).unwrap();
    let sources = Sources::parse(&workspace, false);
    let found: Vec<_> = sources
        .problems()
        .map(|problem| (problem.span.start.line, problem.message.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (2, "this file is not checked: it is not UTF-8 (line 2, column 4)"),
            (1, "this file is not checked: it is too large (6.8 MB)")
        ]
    );
    assert_eq!(
        (names(&sources.files[2].module.items), sources.parsed()),
        (vec!["c"], 1)
    );
}

#[test]
fn a_large_table_does_not_hang() {
    let file = source(&format!("fn a() {{}}\nconst T: &[u8] = &[{}];", "1, ".repeat(200_000)));
    assert_eq!((names(&file.module.items), file.whole), (vec!["a"], true));
}

#[test]
fn only_what_may_matter_is_parsed() {
    let workspace = Workspace::in_memory(&[
        ("Cargo.toml", "[package]\nname = \"a\"\n"),
        ("src/lib.rs", "mod a; mod b; #[cfg(test)] mod c;"),
        ("src/a.rs", "fn a() { kafka() }"),
        ("src/b.rs", "fn b() { a(1) }"),
        ("src/c.rs", "fn c() { kafka() }"),
        ("tests/t.rs", "#[test] fn crash_loses_nothing() {}"),
    ]);
    let needles = Needles::new(["kafka"]);
    let sources = Sources::read(&workspace, false, Some(&needles));
    let body = |file: usize| match &sources.files[file].module.items[0] {
        Item::Fn(function) => function.body.as_ref().unwrap(),
        item => panic!("{item:?}"),
    };
    let (a, b) = (body(0), body(1));
    assert!(a.if_read().is_some() && b.if_read().is_none());
    assert_eq!(
        (b.statements.len(), b.start.column, sources.files[1].is_reached()),
        (1, 8, true)
    );
    assert_eq!(
        sources.tests(&workspace).into_iter().collect::<Vec<_>>(),
        ["c", "crash_loses_nothing"]
    );
    let nothing = Sources::read(&workspace, false, Some(&Needles::new(["amqp"])));
    assert_eq!((nothing.files.len(), nothing.parsed()), (4, 0));
}

#[test]
fn a_file_that_does_not_parse_is_a_problem_if_something_leads_there() {
    let workspace = Workspace::in_memory(&[
        ("Cargo.toml", "[package]\nname = \"a\"\n"),
        ("src/main.rs", "mod a; mod b; mod c; use kafka;"),
        ("src/c.rs", "fn c() { let = 1; }"),
        ("src/d.rs", "fn d( {"),
        ("src/a.rs", "fn a() { let = 1; } fn kafka() {}"),
        ("src/b.rs", "fn b("),
    ]);
    let needles = Needles::new(["kafka"]);
    let mut sources = Sources::read(&workspace, false, Some(&needles));
    let paths = |sources: &Sources| {
        let problems = sources
            .problems()
            .map(|problem| sources.file(problem.span.file).path.clone());
        problems.collect::<Vec<_>>()
    };
    assert_eq!(paths(&sources), ["src/a.rs", "src/b.rs"], "by needle, by name");
    assert!(!sources.read_odd(&workspace, false));
    let Item::Fn(function) = &sources.files[2].module.items[0] else {
        panic!()
    };
    assert!(function.body.as_ref().unwrap().statements.is_empty());
    assert!(sources.read_odd(&workspace, false), "what was looked at is no Rust");
    assert_eq!(paths(&sources), ["src/a.rs", "src/b.rs", "src/c.rs"]);
}

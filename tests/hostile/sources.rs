//! What stands in a source file.

use super::{FAULTY, FOUND, MANIFEST, package, run};

/// Runs over a package in which `odd` stands in a file of its own that names a client, beside a file with a fault.
fn beside(odd: &[u8]) -> super::Ran {
    let mut file = b"use rdkafka as _;\n".to_vec();
    file.extend(odd);
    let library = format!("mod odd;\n{FAULTY}");
    let temp = package(&[("src/lib.rs", library.as_bytes()), ("src/odd.rs", &file)]);
    run(temp.path(), &["check", "--format", "short"]).says(FOUND)
}

/// As [`beside`], and the odd file is told of.
fn unread(odd: &[u8]) {
    beside(odd).says("src/odd.rs:").says("D001 syntax-error");
}

#[test]
fn code_that_nests_without_end_costs_only_itself() {
    let nested =
        |open: &str, inner: &str, close: &str| format!("{}{inner}{}", open.repeat(100_000), close.repeat(100_000));
    let bodies = [
        nested("(", "1", ")"),
        nested("{", "", "}"),
        nested("[", "1", "]"),
        nested("if a {", "", "}"),
        nested("match a { _ => ", "1", "}"),
        nested("async move {", "", "}.await"),
        nested("Box::new(", "1", ")"),
        nested("|a| ", "1", ""),
        nested("a.b(", "1", ")"),
        nested("!", "a", ""),
        nested("a + ", "1", ""),
        nested("a", "", "?"),
        nested("vec![", "1", "]"),
        nested("loop { select! { _ = a => ", "b", "} }"),
        "(".repeat(100_000),
        "}".repeat(100_000),
    ];
    let functions = (0..).zip(&bodies).map(|(n, body)| format!("fn f{n}() {{ {body} }}\n"));
    unread(functions.collect::<String>().as_bytes());
}

#[test]
fn types_patterns_and_items_that_nest_without_end_cost_only_themselves() {
    let many = |open: &str, inner: &str, close: &str| format!("{}{inner}{}", open.repeat(50_000), close.repeat(50_000));
    let odd = [
        format!("type A = {};\n", many("Vec<", "u8", ">")),
        format!("type B = {};\n", many("&", "u8", "")),
        format!("fn c({}: u8) {{}}\n", many("Some(", "x", ")")),
        format!("use {};\n", many("a::{", "b", "}")),
        many("mod m {", "", "}"),
        format!("#[{}] fn d() {{}}\n", many("a(", "b", ")")),
        format!("macro_rules! e {{ () => {{ {} }} }}\n", many("$(", "a", ")*")),
        format!("const F: &str = concat!({});\n", many("concat!(", "\"a\"", ")")),
    ];
    for odd in odd {
        beside(odd.as_bytes());
    }
}

#[test]
fn long_chains_are_bounded() {
    let calls = format!("fn a() {{ x{}; }}\n", ".map(|y| y + 1)".repeat(100_000));
    let statements = format!("fn b() {{ {} }}\n", "let x = f(x)?; if x { g(x); }\n".repeat(20_000));
    let arms = format!(
        "fn c(x: u8) {{ match x {{ {} _ => {{}} }} }}\n",
        "1 => { h(x) }\n".repeat(20_000)
    );
    let functions: String = (0..5_000)
        .map(|n| format!("fn f{n}(x: u8) {{ f{}(x) }}\n", n + 1))
        .collect();
    for long in [calls, statements, arms, functions] {
        beside(long.as_bytes());
    }
}

/// The consumer's own code is what is odd: it must be followed, or given up, in bounded time.
#[test]
fn a_consumer_may_be_odd_itself() {
    let consumer = |body: &str| {
        format!(
            "pub async fn on_odd(c: rdkafka::consumer::StreamConsumer, p: Pool) {{ while let Ok(m) = c.recv().await {{ {body} }} }}\n"
        )
    };
    let forks: String = (0..400)
        .map(|n| format!("if a{n}(&m) {{ std::fs::write(\"f{n}\", \"\").ok(); }}\n"))
        .collect();
    let recursion = "fn a(n: u8) { std::fs::write(\"a\", \"\").ok(); b(n); c(n) } fn b(n: u8) { a(n); c(n) } fn c(n: u8) { a(n); b(n) }\n";
    let closures = format!("{}(1)", "(|f| move |x| f(f(x)))".repeat(60));
    let doubling: String = (0..60)
        .map(|n| format!("let v{} = (v{n}.clone(), v{n});\n", n + 1))
        .collect();
    for (beside_it, body) in [
        ("", forks),
        (recursion, "a(1);".to_owned()),
        ("", closures),
        ("", format!("let v0 = m;\n{doubling}send(v60).await;")),
        ("", "loop { continue; }".to_owned()),
        ("", "'a: loop { 'b: loop { continue 'a; } }".to_owned()),
        ("", "std::fs::write(\"x\", \"\").ok();\n".repeat(1_000)),
    ] {
        beside(format!("{beside_it}{}", consumer(&body)).as_bytes());
    }
}

/// Handlers that can each hold the checker for long, and many of them: their sum is bounded, and said where that was not enough.
#[test]
fn many_handlers_with_many_tasks_end_together() {
    let spawned: String = (0..5)
        .map(|n| {
            format!(
                "let (h, d) = (http.clone(), data.clone()); tokio::spawn(async move {{ h.post(\"http://a{n}\").body(d).send().await.ok(); }});\n"
            )
        })
        .collect();
    let handlers: String = (0..40)
        .map(|n| {
            format!(
                "pub async fn on_{n}(c: rdkafka::consumer::StreamConsumer, http: reqwest::Client) {{ loop {{ let m = c.recv().await.unwrap(); let data = m.payload().unwrap().to_vec(); {spawned} c.commit_message(&m, rdkafka::consumer::CommitMode::Sync).unwrap(); }} }}\n"
            )
        })
        .collect();
    let temp = package(&[("src/lib.rs", handlers.as_bytes())]);
    let manifest = format!("{MANIFEST}reqwest = \"0.12\"\ntokio = \"1\"\n");
    std::fs::write(temp.path().join("Cargo.toml"), manifest).unwrap();
    run(temp.path(), &["check", "--format", "json", "--assume", "at_least_once"]).says("gave up");
}

#[test]
fn bytes_that_are_no_text_are_told_of() {
    unread(b"fn a() {}\n\xff\xfe\xfd\n");
    unread(b"fn a() { \"\xc3\x28\" }\n");
    let utf16: Vec<u8> = FAULTY.encode_utf16().flat_map(u16::to_le_bytes).collect();
    unread(&[b"\xff\xfe".as_slice(), &utf16].concat());
    unread(b"fn a() {}\0\0\0fn b() {}\n");
    beside(b"const A: &str = \"\0\";\n");
}

#[test]
fn marks_and_line_ends_change_nothing() {
    let places = |text: &str| {
        let temp = package(&[("src/lib.rs", text.as_bytes())]);
        run(temp.path(), &["check", "--format", "short"]).says(FOUND).out
    };
    let plain = places(FAULTY);
    assert_eq!(places(&format!("\u{feff}{FAULTY}")), plain, "a byte order mark");
    assert_eq!(places(&FAULTY.replace('\n', "\r\n")), plain, "line ends of Windows");
    assert_eq!(places(FAULTY.trim_end()), plain, "no line end at the end");
}

#[test]
fn what_does_not_end_is_told_of() {
    for odd in [
        "fn a() { \"never closed }\n",
        "fn a() { r###\"never closed\"## }\n",
        "fn a() {}\n/* never /* closed */\n",
        "fn a() { '\\u{never } }\n",
        "fn a() { b'\\",
        "fn a() {",
        "#[derive(",
        "macro_rules! a { (",
        "impl A for",
        "fn a() { #",
        "r#",
    ] {
        unread(odd.as_bytes());
    }
}

#[test]
fn files_too_large_to_be_code_are_told_of() {
    let data = format!("pub const DATA: &[u8] = &[{}];\n", "1,".repeat(25 << 20));
    unread(data.as_bytes());
    let line = format!("pub const LINE: &str = \"{}\";\n", "x".repeat(10 << 20));
    unread(line.as_bytes());
    let long = format!(
        "pub const LINE: &str = \"{}\"; fn a() {{ let = 1; }}\n",
        "x".repeat(3 << 20)
    );
    let library = format!("mod odd;\n{FAULTY}");
    let temp = package(&[
        ("src/lib.rs", library.as_bytes()),
        ("src/odd.rs", format!("use rdkafka as _;\n{long}").as_bytes()),
    ]);
    let shown = run(temp.path(), &["check"]).says("D001 syntax-error").out;
    assert!(shown.len() < 20_000, "a long line is shown in part: {}", shown.len());
}

#[test]
fn macros_may_hold_anything() {
    beside(
        b"macro_rules! m { ($($t:tt)*) => { $($t)* } }
        m! { fn ( ] }
        m!(@ => ~ ` \\ #! $ $$ $crate);
        m![async move || unsafe extern \"C\" {}];
        sql! { SELECT * FROM t WHERE a = 'it''s' -- why \n }
        html! { <a href={x}>{ \"}\" }</b> }
        tokio::select! { biased; else => {} , }
        fn a() { println!(); vec![; 3]; format!(\"{\", ); tokio::join!(,); json!({ \"a\": [1, }) }
        fn b() { asm!(\"nop\", in(\"eax\") 1); matches!(x, ); write!(f, \"{0:1$}\", ) }
        ",
    );
}

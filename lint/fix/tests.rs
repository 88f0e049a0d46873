//! Edits, and what is written for each remedy.

use super::*;
use crate::span::{Pos, Span};
use crate::workspace::Workspace;

fn removed(text: &str, what: &str) -> String {
    let mut edit = Edit {
        at: place(text, what),
        with: String::new(),
    };
    take_lines(&mut edit, &Lines::new(text.to_owned()));
    apply(text, &[&edit])
}

fn place(text: &str, what: &str) -> Span {
    let lines = Lines::new(text.to_owned());
    let start = text.find(what).unwrap_or_else(|| panic!("{what}"));
    Span {
        file: FileId(0),
        start: lines.pos(start),
        end: lines.pos(start + what.len()),
    }
}

#[test]
fn a_line_that_holds_nothing_else_goes_away() {
    assert_eq!(removed("a\n  // x\nb\n", "// x"), "a\nb\n");
    assert_eq!(removed("a; // x\nb\n", "// x"), "a;\nb\n");
    assert_eq!(removed("/* x */ a;\n", "/* x */"), " a;\n");
    assert_eq!(removed("a\n// x", "// x"), "a\n");
    assert_eq!(removed("größe; // x\r\nb\r\n", "// x"), "größe;\r\nb\r\n");
}

fn edit(line: u32, from: u32, to: u32, with: &str) -> Edit {
    let at = |column| Pos { line, column };
    Edit {
        at: Span {
            file: FileId(0),
            start: at(from),
            end: at(to),
        },
        with: with.to_owned(),
    }
}

#[test]
fn several_edits_do_not_move_each_other() {
    let edits = [edit(1, 1, 2, "xx"), edit(1, 3, 3, "y"), edit(2, 1, 2, "")];
    assert_eq!(apply("a b\nc\n", &edits.iter().collect::<Vec<_>>()), "xx yb\n\n");
}

#[test]
fn an_edit_is_made_once_and_none_into_another() {
    let edits = [
        edit(1, 1, 4, "x"),
        edit(1, 1, 4, "x"),
        edit(1, 2, 3, "y"),
        edit(1, 4, 5, "z"),
    ];
    let files = by_file(&edits);
    assert_eq!(files[&FileId(0)], [&edits[0], &edits[3]]);
}

/// The code with the remedy applied; `None` if it cannot be written down.
fn remedied(body: &str, remedy: impl Fn(&str) -> Remedy) -> Option<String> {
    let text = format!("pub async fn f() -> anyhow::Result<()> {{\n{body}}}\n");
    let workspace = Workspace::in_memory(&[("src/lib.rs", &text)]);
    let sources = Sources::parse(&workspace, false);
    let finding = Finding {
        remedy: Some(remedy(&text)),
        ..crate::render::sample::refutation()
    };
    let report = Report {
        findings: vec![finding],
        ..Report::default()
    };
    let proposal = proposals(&report, &sources, Catalog::embedded(), &[]).pop()?;
    let after = apply(&text, &proposal.fix.edits.iter().collect::<Vec<_>>());
    let (_, after) = after.split_once('\n')?;
    Some(after.strip_suffix("}\n")?.to_owned())
}

#[test]
fn a_setting_is_reset_where_it_is_the_only_one() {
    let reset = |body: &str| remedied(body, |text| Remedy::Reset(place(text, body.trim())));
    assert_eq!(
        reset("c.set(\"is_true\", \"true\");\n").as_deref(),
        Some("c.set(\"is_true\", \"false\");\n")
    );
    assert_eq!(reset("no_ack: true\n").as_deref(), Some("no_ack: false\n"));
    assert_eq!(
        reset("c.set(\"acks\", \"0\");\n").as_deref(),
        Some("c.set(\"acks\", \"all\");\n")
    );
    assert_eq!(reset("x(true, true);\n"), None);
    assert_eq!(reset("c.set(\"acks\", acks);\n"), None);
    assert_eq!(reset("untrue;\n"), None);
}

#[test]
fn an_outcome_is_awaited_where_the_statement_ends() {
    let awaited = |body: &str, call: &str| remedied(body, |text| Remedy::AwaitOutcome(place(text, call)));
    assert_eq!(
        awaited(
            "    c\n        .basic_publish(x)\n        .await?;\n",
            "c\n        .basic_publish(x)"
        )
        .as_deref(),
        Some("    c\n        .basic_publish(x)\n        .await?\n        .await?;\n")
    );
    assert_eq!(
        awaited("    let _ = c.basic_publish(x).await;\n", "c.basic_publish(x)").as_deref(),
        Some("    c.basic_publish(x).await?;\n")
    );
    assert_eq!(
        awaited("    let kept = c.basic_publish(x).await?;\n", "c.basic_publish(x)"),
        None
    );
    assert_eq!(
        awaited("    c.send(x).await?;\n", "c.send(x)"),
        None,
        "nothing is left to wait for"
    );
    let windows = awaited("    c.basic_publish(x)\r\n        .await?;\r\n", "c.basic_publish(x)");
    assert_eq!(
        windows.as_deref(),
        Some("    c.basic_publish(x)\r\n        .await?\r\n        .await?;\r\n")
    );
    assert_eq!(
        awaited("    g(c.basic_publish(x).await?);\n", "c.basic_publish(x)"),
        None
    );
    assert_eq!(
        awaited("    h(|| { c.basic_publish(x); });\n", "c.basic_publish(x)"),
        None
    );
}

#[test]
fn a_row_is_kept_in_the_words_of_its_store() {
    let kept = |sql: &str, store: &str| {
        let body = format!("q(\"{sql}\").bind(1);\n");
        let call = body.trim().trim_end_matches(';').to_owned();
        let after = remedied(&body, |text| Remedy::KeepRow {
            at: place(text, &call),
            store: store.into(),
            unique: true,
        })?;
        Some(after.strip_prefix("q(\"")?.strip_suffix("\").bind(1);\n")?.to_owned())
    };
    let insert = "INSERT INTO t (id) VALUES ($1)";
    assert_eq!(
        kept(insert, "postgres").unwrap(),
        format!("{insert} ON CONFLICT DO NOTHING")
    );
    assert_eq!(
        kept("insert into t (id) values (?);", "mysql").unwrap(),
        "INSERT IGNORE into t (id) values (?);"
    );
    assert_eq!(
        kept("insert into t (id) values (?);", "sqlite").unwrap(),
        "insert into t (id) values (?) ON CONFLICT DO NOTHING;"
    );
    assert_eq!(kept("INSERT INTO t (id) VALUES ($1) RETURNING id", "postgres"), None);
    assert_eq!(
        kept(
            "INSERT INTO t (id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET n = 1",
            "postgres"
        ),
        None
    );
    assert_eq!(kept("UPDATE t SET n = 1", "postgres"), None);
    assert_eq!(kept(insert, "mssql"), None);
}

#[test]
fn a_key_is_asked_for_and_recorded_in_one_command() {
    let claim = |body: &str| {
        remedied(body, |text| Remedy::Claim {
            check: place(text, "marks.exists(&key)"),
            mark: place(text, "marks.set_ex("),
        })
    };
    let body = "    let seen: bool = marks.exists(&key).await?;\n    if seen {\n        return Ok(());\n    }\n    \
        let _: () = marks.set_ex(&key, 1, 3_600).await?;\n    work().await?;\n";
    let after = "    let seen: bool = marks.set_options::<_, _, Option<String>>(&key, 1, redis::SetOptions::default()\
        .conditional_set(redis::ExistenceCheck::NX).with_expiration(redis::SetExpiry::EX(3_600))).await?.is_none();\n    \
        if seen {\n        return Ok(());\n    }\n    work().await?;\n";
    assert_eq!(claim(body).as_deref(), Some(after));
    assert_eq!(
        claim(&body.replace("set_ex(&key", "set_ex(&other")),
        None,
        "another key"
    );
    assert_eq!(
        claim(&body.replace("let _: () = ", "let x: () = ")),
        None,
        "its result is used"
    );
}

#[test]
fn an_acknowledgement_moves_behind_the_statement_of_the_effect() {
    let moved = |body: &str| {
        remedied(body, |text| Remedy::AcknowledgeAfter {
            ack: place(text, "m.ack()"),
            effect: place(text, "work(&m)"),
        })
    };
    assert_eq!(
        moved("    m.ack().await?;\n    if big {\n        work(&m).await?;\n    }\n    log();\n").as_deref(),
        Some("    if big {\n        work(&m).await?;\n    }\n    m.ack().await?;\n    log();\n")
    );
    assert_eq!(
        moved("    if let Err(e) = m.ack().await {\n        log(e);\n    }\n    let x = work(&m)\n        .await?;\n")
            .as_deref(),
        Some("    let x = work(&m)\n        .await?;\n    if let Err(e) = m.ack().await {\n        log(e);\n    }\n")
    );
    assert_eq!(
        moved("    { m.ack().await?; }\n    work(&m).await?;\n"),
        None,
        "other blocks"
    );
    assert_eq!(
        moved("    g(m.ack().await?);\n    work(&m).await?;\n").as_deref(),
        Some("    work(&m).await?;\n    g(m.ack().await?);\n")
    );
    assert_eq!(
        moved("    work(&m).await?;\n    m.ack().await?;\n"),
        None,
        "it is there already"
    );
}

//! What an allow silences, and what is said about allows.

use delivery_grammar::Declaration;
use delivery_grammar::Semantic;

use super::*;
use crate::render::sample;
use crate::source::hir;
use crate::span::Pos;

fn today() -> Date {
    "2026-06-30".parse().unwrap()
}

fn allow(text: &str) -> Allow {
    Allow::parse(text.parse().unwrap()).unwrap()
}

fn span(first: u32, last: u32) -> Span {
    Span {
        file: FileId(0),
        start: Pos { line: first, column: 1 },
        end: Pos { line: last, column: 80 },
    }
}

fn on_item(text: &str, first: u32, last: u32) -> Allowance {
    Allowance {
        allow: allow(text),
        at: span(first, first),
        scope: Scope::Item(span(first, last)),
    }
}

/// What is left of the sample's D101, and what the allows themselves cause.
fn applied(allowances: &[Allowance]) -> (Option<String>, Vec<(&'static str, String)>) {
    let mut report = Report {
        findings: vec![sample::refutation()],
        ..sample::report()
    };
    apply(&mut report, allowances, today());
    let own = report.findings[1..]
        .iter()
        .filter(|finding| finding.suppressed.is_none());
    let own = own.map(|finding| (finding.code, finding.message.clone())).collect();
    (report.findings[0].suppressed.clone(), own)
}

#[test]
fn an_item_silences_what_is_in_it() {
    let allowances = [on_item("commit_before_process, reason = \"Trial.\"", 3, 9)];
    assert_eq!(applied(&allowances), (Some("Trial.".to_owned()), vec![]));
    let elsewhere = [on_item("commit_before_process, reason = \"Trial.\"", 8, 9)];
    let (reason, own) = applied(&elsewhere);
    assert_eq!((reason, own[0].0), (None, "D003"));
}

#[test]
fn a_handler_silences_what_its_helpers_do() {
    let mut report = Report {
        findings: vec![sample::refutation()],
        ..sample::report()
    };
    report.findings[0].primary = sample::at(1, "sqlx::query");
    apply(&mut report, &[on_item("D101, reason = \"Trial.\"", 3, 9)], today());
    assert_eq!(report.findings[0].suppressed.as_deref(), Some("Trial."));
}

#[test]
fn a_comment_silences_its_statement_only() {
    let text = "a\nb\nc\nd\ne\nf\n    .g()\n    .h()\n";
    let about = |line| comment(allow("commit_before_process, reason = \"x\""), span(5, 5), line, text);
    assert_eq!(
        about(6).scope,
        Scope::Lines {
            file: FileId(0),
            first: 6,
            last: 8
        }
    );
    assert_eq!(applied(&[about(6)]).0.as_deref(), Some("x"));
    assert_eq!(applied(&[about(5)]).0, None);
}

#[test]
fn past_its_last_day_the_finding_is_back() {
    let in_force = on_item("commit_before_process, reason = \"x\", until = \"2026-06-30\"", 3, 9);
    assert_eq!(applied(&[in_force]).0.as_deref(), Some("x"));
    let mut report = Report {
        findings: vec![sample::refutation()],
        ..sample::report()
    };
    apply(
        &mut report,
        &[on_item(
            "commit_before_process, reason = \"x\", until = \"2026-06-29\"",
            3,
            9,
        )],
        today(),
    );
    assert_eq!(report.findings.len(), 1, "it is used, so it is no D003");
    let finding = &report.findings[0];
    assert_eq!(finding.suppressed, None);
    assert_eq!(finding.labels.last().unwrap().1, "this allow ran out on 2026-06-29");
}

#[test]
fn an_allow_is_judged_rule_by_rule() {
    let (reason, own) = applied(&[on_item("commit_before_process, dedup_race, comit_before_proces", 3, 9)]);
    assert_eq!(reason.as_deref(), Some(""));
    assert_eq!(
        own,
        [
            ("D004", "this allow gives no reason".to_owned()),
            ("D003", "there is no `dedup-race` here to allow".to_owned()),
            (
                "D003",
                "this silences nothing: unknown rule `comit-before-proces`; did you mean `commit-before-process`?"
                    .to_owned()
            ),
        ]
    );
}

#[test]
fn what_is_said_about_allows_can_be_allowed() {
    let outer = on_item("unused_allow, reason = \"Being tried out.\"", 1, 9);
    assert_eq!(applied(&[outer, on_item("dedup_race, reason = \"x\"", 3, 9)]).1, []);
}

#[test]
fn attributes_are_found_on_every_kind_of_item() {
    let function = |line: u32, allows| hir::Function {
        name: "f".into(),
        signature: span(line, line),
        name_span: span(line, line),
        is_async: true,
        generics: Vec::new(),
        receiver: None,
        params: Vec::new(),
        ret: None,
        body: Some(hir::Body::from(hir::Block {
            statements: Vec::new(),
            start: span(line, line).start,
            end: span(line + 3, line + 3).end,
        })),
        attrs: Vec::new(),
        declaration: Some(Box::new(hir::Declared {
            declaration: Declaration::new(Semantic::AtLeastOnce, "a"),
            span: span(line - 2, line - 2),
            keys: Vec::new(),
        })),
        step: None,
        allows,
    };
    let attr = |line| hir::AllowAttr {
        allow: allow("dedup_race"),
        span: span(line, line),
    };
    let content = vec![
        hir::Item::Fn(Box::new(function(20, vec![attr(19)]))),
        hir::Item::Fn(Box::new(function(30, Vec::new()))),
    ];
    let module = hir::Module {
        items: vec![hir::Item::Mod {
            name: "m".into(),
            content: Some(content),
            path: None,
            allows: vec![attr(10)],
        }],
    };
    let scopes: Vec<Scope> = attributes(&module).iter().map(|found| found.scope).collect();
    assert_eq!(scopes, [Scope::Item(span(18, 23)), Scope::Item(span(10, 33))]);
}

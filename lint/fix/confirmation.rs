//! Outcomes that nobody waits for: the statement waits for them.

use super::code::Code;
use super::{Draft, Edit};
use crate::catalog::{Catalog, Confirm};
use crate::span::Span;

const TITLE: &str = "wait for the confirmation, and return its failure";

/// The statement that makes the call, with one more `.await?`.
pub(super) fn awaited(code: &Code<'_>, call: Span, catalog: &Catalog) -> Option<Draft> {
    if !gives_a_future(code.call(call)?.name, catalog) {
        return None;
    }
    let statement = code.statement(call)?;
    let within = code.within(call);
    let before = code.words(statement.start..within.start);
    let after = code.words(within.end..statement.end);
    match (before.as_slice(), after.as_slice()) {
        // What the first `?` returns is what the second one does.
        ([], [".", "await", "?", ";"]) => {
            let end = code.covered(statement)?.end - 1;
            let with = format!("{}.await?", line_break_before(code, call, end));
            let at = code.span(end..end);
            Some(Draft::provable(TITLE, vec![Edit { at, with }]))
        }
        (["let", "_", "="], [".", "await", ";"]) => {
            let bytes = code.covered(statement)?;
            let call = &code.whole()[code.bytes(call).start..bytes.end - 1];
            let with = format!("{call}?;");
            let at = code.span(bytes);
            Some(Draft::suggested(TITLE, vec![Edit { at, with }]))
        }
        _ => None,
    }
}

/// Whether what the call gives is to be awaited in turn: so it is for every publish of that name among the clients that are used.
fn gives_a_future(name: &str, catalog: &Catalog) -> bool {
    let calls = catalog.calls();
    let mut pending = calls
        .iter()
        .filter(|call| call.name() == name && call.facts.confirm == Some(Confirm::Pending))
        .map(|call| call.returns.as_ref().and_then(|given| catalog.ty(given.path()?)))
        .peekable();
    pending.peek().is_some() && pending.all(|given| given.is_some_and(|ty| ty.awaits.is_some()))
}

/// The line break and the blanks before the last `.await?`, where it stands on a line of its own.
fn line_break_before<'a>(code: &Code<'a>, call: Span, end: usize) -> &'a str {
    let from = code.bytes(call).end;
    let between = &code.whole()[from..end];
    let blanks = between.len() - between.trim_start().len();
    &between[..blanks]
}

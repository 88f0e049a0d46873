//! A key that is asked for first and recorded later: both in one command, so that of two workers only one finds it free.

use super::code::{Call, Code};
use super::{Draft, Edit};
use crate::catalog::Catalog;
use crate::span::Span;

/// The check in the words of the catalog (`claim:` of the call that records), and no mark any more.
pub(super) fn at_once(code: &Code<'_>, check: Span, mark: Span, catalog: &Catalog) -> Option<Draft> {
    if check.file != mark.file {
        return None;
    }
    let (asks, records) = (code.call(check)?, code.call(mark)?);
    let same_key = asks.args.first()? == records.args.first()?;
    if asks.receiver != records.receiver || !same_key || asks.args.len() != 1 {
        return None;
    }
    let claim = claim(&records, catalog)?;
    let until = question(code, &asks)?;
    let from = code.covered(asks.tokens.clone())?.start;
    let suffix = &code.whole()[code.covered(asks.tokens)?.end..until];
    let edits = vec![
        Edit {
            at: code.span(from..until),
            with: format!("{claim}{suffix}.is_none()"),
        },
        Edit {
            at: code.span(code.covered(dropped(code, mark)?)?),
            with: String::new(),
        },
    ];
    Some(Draft::provable("ask for the key and record it in one command", edits))
}

/// The command that does both, with what the call that records is given.
fn claim(records: &Call<'_>, catalog: &Catalog) -> Option<String> {
    let mut calls = catalog.calls().into_iter().filter(|call| call.name() == records.name);
    let template = calls.find_map(|call| call.facts.claim.clone())?;
    let arguments = (0..).zip(&records.args);
    let filled = arguments.fold(
        template.replace("{recv}", records.receiver),
        |text, (index, argument)| text.replace(&format!("{{{index}}}"), argument),
    );
    (!filled.contains('{')).then_some(filled)
}

/// Where the question ends: behind the `?`, after an `.await` if there is one. What is done with a failure otherwise is not known here.
fn question(code: &Code<'_>, asks: &Call<'_>) -> Option<usize> {
    let from = asks.tokens.end;
    let length = match code.words(from..from + 3)[..] {
        [".", "await", "?"] => 3,
        ["?", ..] => 1,
        _ => return None,
    };
    Some(code.covered(from..from + length)?.end)
}

/// The statement that records and gives nothing to anybody.
fn dropped(code: &Code<'_>, mark: Span) -> Option<std::ops::Range<usize>> {
    let statement = code.statement(mark)?;
    let before = code.words(statement.start..code.within(mark).start);
    let gives_nothing = matches!(
        before[..],
        [] | ["let", "_", "="] | ["let", "_", ":", "(", ")", "="] | ["let", "(", ")", "="]
    );
    gives_nothing.then_some(statement)
}

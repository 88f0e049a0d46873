//! An acknowledgement that comes too early moves behind the effect. Whether that is all that is needed (what fails between the two, what
//! still borrows the message) is for a person to see: it is never made without being asked for.

use super::code::Code;
use super::{Draft, Edit};
use crate::span::Span;

/// The statement that acknowledges, behind the statement of the same block in which the effect is.
pub(super) fn moved(code: &Code<'_>, ack: Span, effect: Span) -> Option<Draft> {
    if ack.file != effect.file {
        return None;
    }
    let early = code.covered(code.statement(ack)?)?;
    let effect = code.bytes(effect);
    let mut next = early.end;
    let behind = loop {
        let statement = code.covered(code.statement(first_token(code, next)?)?)?;
        if statement.contains(&effect.start) {
            break statement.end;
        }
        if statement.end <= next || statement.start > effect.start {
            return None;
        }
        next = statement.end;
    };
    let lines = code.whole();
    let indent = lines[..early.start]
        .rsplit('\n')
        .next()
        .filter(|blanks| blanks.trim().is_empty())?;
    let edits = vec![
        Edit {
            at: code.span(early.clone()),
            with: String::new(),
        },
        Edit {
            at: code.span(behind..behind),
            with: format!("\n{indent}{}", &lines[early]),
        },
    ];
    Some(Draft::suggested("acknowledge behind the effect", edits))
}

/// The token that follows a byte.
fn first_token(code: &Code<'_>, byte: usize) -> Option<Span> {
    let rest = code.within(code.span(byte..code.whole().len()));
    code.covered(rest.start..rest.start + 1).map(|bytes| code.span(bytes))
}

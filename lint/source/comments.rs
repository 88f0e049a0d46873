//! `// delivery: allow(rule): reason`: the comments that silence a rule on a statement.

use delivery_grammar::{Allow, parse_allow_comment};

use super::{
    Problem,
    lexer::{Kind, Lexer, Token},
    lines::Lines,
};
use crate::span::{FileId, Span};

/// An allow in a comment.
#[derive(Debug, Clone, PartialEq)]
pub struct AllowComment {
    pub allow: Allow,
    /// The line of the comment.
    pub line: u32,
    /// The line that it is about: its own if there is code before it, else the next one with code.
    pub applies_to: u32,
    pub span: Span,
}

/// All allows in the comments of a file; malformed ones become problems.
pub(super) fn allow_comments(file: FileId, lines: &Lines, problems: &mut Vec<Problem>) -> Vec<AllowComment> {
    let text = lines.text();
    if !text.contains("delivery:") {
        return Vec::new();
    }
    let mut allows = Vec::new();
    let mut waiting = Vec::new();
    let mut code_until = 0;
    for token in Lexer::new(text) {
        if !matches!(token.kind, Kind::LineComment | Kind::BlockComment) {
            code_until = token.end;
            let line = || lines.pos(token.start).line;
            allows.extend(waiting.drain(..).map(|allow| AllowComment {
                applies_to: line(),
                ..allow
            }));
        } else if let Some(allow) = allow_of(file, lines, token, problems) {
            let after_code = code_until > 0 && lines.pos(code_until - 1).line == allow.line;
            if after_code {
                allows.push(allow)
            } else {
                waiting.push(allow)
            }
        }
    }
    allows.extend(waiting);
    allows
}

fn allow_of(file: FileId, lines: &Lines, token: Token, problems: &mut Vec<Problem>) -> Option<AllowComment> {
    let comment = &lines.text()[token.start..token.end];
    if ["///", "//!", "/**", "/*!"].iter().any(|doc| comment.starts_with(doc)) {
        return None;
    }
    let span = Span {
        file,
        start: lines.pos(token.start),
        end: lines.pos(token.end),
    };
    match parse_allow_comment(comment)? {
        Ok(allow) => Some(AllowComment {
            allow,
            line: span.start.line,
            applies_to: span.start.line,
            span,
        }),
        Err(message) => {
            problems.push(Problem::declaration(span, message));
            None
        }
    }
}

//! From one statement's text to its syntax, whatever the dialect, within bounds.

use sqlparser::ast;
use sqlparser::dialect::{Dialect, GenericDialect, MsSqlDialect, MySqlDialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer, Word};

use super::text::HOLE;

/// A statement longer than this is not read: nobody writes such a thing by hand.
const LONGEST: usize = 48 * 1024;

/// How deep parentheses may nest.
const DEEPEST: usize = 40;

/// How many tokens a statement may have, about.
const MOST_TOKENS: usize = 6_000;

/// How many operators and keywords a statement may have. Chains of operators make the syntax tree as deep as they are long, and
/// dropping a tree takes stack.
const MOST_WORDS: usize = 1_200;

/// How many of those a `JOIN` counts for: the parser goes down a level for each.
const JOIN: usize = 20;

/// A parsed statement.
#[derive(Debug)]
pub(super) struct Parsed {
    pub statement: ast::Statement,
    /// Some of the text was left out: a hole that stands for a clause.
    pub partial: bool,
}

/// A second try with other tokens; `None` if it would be the same again.
type Repair = fn(&[Token]) -> Option<Vec<Token>>;

/// Parses one statement (of [`super::text::prepare`]), as the first dialect that can.
pub(super) fn parse(text: &str) -> Option<Parsed> {
    if text.len() > LONGEST || size(text) > MOST_TOKENS {
        return None;
    }
    let repairs: [(Repair, bool); 2] = [(without_clause_holes, true), (with_values, false)];
    if let Some(statement) = any_dialect(text, |tokens| Some(tokens.to_vec())) {
        return Some(Parsed {
            statement,
            partial: false,
        });
    }
    repairs.into_iter().find_map(|(repair, partial)| {
        let statement = any_dialect(text, repair)?;
        Some(Parsed { statement, partial })
    })
}

fn any_dialect(text: &str, repair: impl Fn(&[Token]) -> Option<Vec<Token>>) -> Option<ast::Statement> {
    let dialects: [&dyn Dialect; 5] = [
        &PostgreSqlDialect {},
        &MySqlDialect {},
        &SQLiteDialect {},
        &GenericDialect {},
        &MsSqlDialect {},
    ];
    dialects.into_iter().find_map(|dialect| {
        let tokens = tokens(text, dialect)?;
        parse_tokens(repair(&tokens)?, dialect)
    })
}

fn parse_tokens(tokens: Vec<Token>, dialect: &dyn Dialect) -> Option<ast::Statement> {
    let mut parser = Parser::new(dialect).with_recursion_limit(DEEPEST).with_tokens(tokens);
    let mut statements = parser.parse_statements().ok()?;
    (statements.len() == 1).then(|| statements.remove(0))
}

/// The tokens without whitespace, rewritten to what the parser knows; `None` if there are too many.
fn tokens(text: &str, dialect: &dyn Dialect) -> Option<Vec<Token>> {
    let mut tokens = Tokenizer::new(dialect, text).tokenize().ok()?;
    tokens.retain(|token| !matches!(token, Token::Whitespace(_)));
    tokens.iter_mut().for_each(placeholder);
    let words: usize = tokens.iter().map(depth).sum();
    (words <= MOST_WORDS).then(|| rewrite(&tokens))
}

/// About how many tokens a text has.
fn size(text: &str) -> usize {
    let mut word = false;
    let begins = |byte: u8| {
        let before = std::mem::replace(&mut word, byte.is_ascii_alphanumeric() || byte >= 0x80 || byte == b'_');
        if word { !before } else { !byte.is_ascii_whitespace() }
    };
    text.bytes().map(begins).filter(|begins| *begins).count()
}

/// To MySQL, `$1` is a name.
fn placeholder(token: &mut Token) {
    if let Token::Word(Word {
        value,
        quote_style: None,
        ..
    }) = token
        && value
            .strip_prefix('$')
            .is_some_and(|number| number.parse::<u16>().is_ok())
    {
        *token = Token::Placeholder(std::mem::take(value));
    }
}

/// How much deeper a token can make the tree (a list is as deep as its deepest item).
fn depth(token: &Token) -> usize {
    match token {
        Token::Word(Word {
            keyword: Keyword::NoKeyword,
            ..
        })
        | Token::Comma
        | Token::Period
        | Token::LParen
        | Token::RParen
        | Token::Number(..)
        | Token::Placeholder(_)
        | Token::SingleQuotedString(_) => 0,
        Token::Word(Word {
            keyword: Keyword::JOIN, ..
        }) => JOIN,
        _ => 1,
    }
}

/// Replaces what the parser does not know by what it does.
fn rewrite(tokens: &[Token]) -> Vec<Token> {
    let mut out = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        let rest = &tokens[at..];
        let found = lock(rest)
            .or_else(|| lock_of(out.last(), rest))
            .or_else(|| conflict_target(rest))
            .or_else(|| left_out(rest));
        let (taken, given) = found.unwrap_or_else(|| (1, vec![rest[0].clone()]));
        out.extend(given);
        at += taken;
    }
    out
}

/// How many tokens a rewrite takes, and what it gives for them.
type Rewrite = Option<(usize, Vec<Token>)>;

/// `FOR NO KEY UPDATE`, `FOR KEY SHARE`, `LOCK IN SHARE MODE`.
fn lock(rest: &[Token]) -> Rewrite {
    let forms: [(&[&str], [&str; 2]); 3] = [
        (&["for", "no", "key", "update"], ["FOR", "UPDATE"]),
        (&["for", "key", "share"], ["FOR", "SHARE"]),
        (&["lock", "in", "share", "mode"], ["FOR", "SHARE"]),
    ];
    let (from, to) = forms.into_iter().find(|(from, _)| begins(rest, from))?;
    Some((from.len(), to.map(keyword).to_vec()))
}

/// `OF a, b` in a lock: the first table is enough.
fn lock_of(before: Option<&Token>, rest: &[Token]) -> Rewrite {
    let lock = before.is_some_and(|token| is_word(token, "update") || is_word(token, "share"));
    if !lock || !begins(rest, &["of"]) {
        return None;
    }
    let part = |token: &&Token| matches!(token, Token::Comma | Token::Period) || is_name(token);
    let listed = rest[1..].iter().take_while(part).count();
    let first = rest[1..=listed].iter().position(|token| *token == Token::Comma)?;
    Some((1 + listed, rest[..=first].to_vec()))
}

/// Whether a token can be a table's name in a list (and is not `SKIP`, `NOWAIT`, which follow it).
fn is_name(token: &Token) -> bool {
    matches!(token, Token::Word(word) if !["skip", "nowait", "for"].iter().any(|not| word.value.eq_ignore_ascii_case(not)))
}

/// `ON CONFLICT (lower(email), b) WHERE active DO`: `ON CONFLICT (email, b) DO`.
fn conflict_target(rest: &[Token]) -> Rewrite {
    if !begins(rest, &["on", "conflict"]) || rest.get(2) != Some(&Token::LParen) {
        return None;
    }
    let close = closing(&rest[2..])? + 2;
    let action = rest[close..].iter().position(|token| is_word(token, "do"))? + close;
    let mut columns = Vec::new();
    for item in items(&rest[3..close]) {
        if !columns.is_empty() {
            columns.push(Token::Comma);
        }
        columns.push(column_of(item)?.clone());
    }
    let mut given = vec![keyword("ON"), keyword("CONFLICT"), Token::LParen];
    given.append(&mut columns);
    given.push(Token::RParen);
    Some((action, given))
}

/// The column in an item of a conflict target: the word that nothing is called by.
fn column_of(item: &[Token]) -> Option<&Token> {
    let called = |at: usize| item.get(at + 1) == Some(&Token::LParen);
    let mut words = item
        .iter()
        .enumerate()
        .filter(|(at, token)| matches!(token, Token::Word(_)) && !called(*at));
    words.next().map(|(_, token)| token)
}

/// The comma-separated items of a list.
fn items(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_usize;
    let split = |token: &Token| {
        match token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0 && *token == Token::Comma
    };
    tokens.split(split).collect()
}

/// Where the parenthesis closes that the tokens begin with.
fn closing(tokens: &[Token]) -> Option<usize> {
    let mut depth = 0_usize;
    tokens.iter().position(|token| {
        match token {
            Token::LParen => depth += 1,
            Token::RParen => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth == 0
    })
}

/// `OVERRIDING SYSTEM VALUE`, `LIKE t INCLUDING ALL`.
fn left_out(rest: &[Token]) -> Rewrite {
    let forms: [&[&str]; 4] = [
        &["overriding", "system", "value"],
        &["overriding", "user", "value"],
        &["including"],
        &["excluding"],
    ];
    let form = forms.into_iter().find(|form| begins(rest, form))?;
    let word = form.len() == 1;
    (rest.len() > form.len()).then(|| (form.len() + usize::from(word), Vec::new()))
}

/// Leaves out holes that stand where an operand has just ended: clauses that nobody can see.
fn without_clause_holes(tokens: &[Token]) -> Option<Vec<Token>> {
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len());
    for token in tokens {
        let ended = matches!(
            out.last(),
            Some(Token::RParen | Token::Placeholder(_) | Token::Number(..) | Token::SingleQuotedString(_))
        );
        let ended = ended || matches!(out.last(), Some(Token::Word(word)) if word.keyword == Keyword::NoKeyword);
        if !(ended && is_word(token, HOLE)) {
            out.push(token.clone());
        }
    }
    (out.len() < tokens.len()).then_some(out)
}

/// Gives an insert whose rows are a hole, or not there (`push_values` adds them later), one row that nobody can see.
fn with_values(tokens: &[Token]) -> Option<Vec<Token>> {
    if !tokens
        .iter()
        .take(2)
        .any(|token| is_word(token, "insert") || is_word(token, "replace"))
    {
        return None;
    }
    let row = [keyword("VALUES"), Token::LParen, name(HOLE), Token::RParen];
    let mut out: Vec<Token> = Vec::with_capacity(tokens.len() + row.len());
    let mut found = false;
    for token in tokens {
        let begins = is_word(token, "values") || is_word(token, "select");
        let hole = is_word(token, HOLE)
            && matches!(out.last(), Some(last) if *last == Token::RParen || is_word(last, "values"));
        if hole {
            out.truncate(out.len() - usize::from(out.last().is_some_and(|last| is_word(last, "values"))));
            out.extend(row.clone());
        } else {
            out.push(token.clone());
        }
        found |= hole || begins;
    }
    if !found {
        out.extend(row);
    }
    Some(out)
}

fn begins(tokens: &[Token], words: &[&str]) -> bool {
    tokens.len() >= words.len() && tokens.iter().zip(words).all(|(token, word)| is_word(token, word))
}

fn is_word(token: &Token, word: &str) -> bool {
    matches!(token, Token::Word(Word { value, quote_style: None, .. }) if value.eq_ignore_ascii_case(word))
}

fn keyword(word: &str) -> Token {
    Token::make_keyword(word)
}

fn name(word: &str) -> Token {
    Token::make_word(word, None)
}

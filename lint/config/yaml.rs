//! YAML that remembers where everything stands, in the terms of the attributes' grammar.
//!
//! A mapping becomes [`Data::Group`], so that `delivery.yaml` and the attributes are checked by the same code. Deliberately small:
//! anchors and aliases, tags, and keys that are no plain scalars are refused, since no setting needs them.

use delivery_grammar::{Data, Entry, Problem, Value};
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput};

use crate::span::Pos;

/// Where something stands in the file: half-open, counted from 1 as everywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub start: Pos,
    pub end: Pos,
}

/// Reads a document. An empty one is [`Data::Nothing`].
///
/// # Errors
///
/// What is no YAML, or is YAML that no setting needs.
pub fn read(text: &str) -> Result<Value<Place>, Problem<Place>> {
    Reader {
        parser: Parser::new_from_str(text),
    }
    .document()
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
}

type Result<T, E = Problem<Place>> = std::result::Result<T, E>;

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Value<Place>> {
        loop {
            match self.next()? {
                (Event::StreamStart | Event::DocumentStart(_), _) => {}
                (Event::StreamEnd, span) => {
                    return Ok(Value {
                        at: place(span),
                        data: Data::Nothing,
                    });
                }
                (event, span) => {
                    let value = self.value(&event, span)?;
                    self.end_of_document()?;
                    return Ok(value);
                }
            }
        }
    }

    fn end_of_document(&mut self) -> Result<()> {
        match (self.next()?, self.next()?) {
            ((Event::DocumentEnd, _), (Event::StreamEnd, _)) => Ok(()),
            (_, (_, span)) => Err(problem(place(span), "there is a second document; write a single one")),
        }
    }

    fn value(&mut self, event: &Event<'_>, span: Span) -> Result<Value<Place>> {
        let at = place(span);
        match event {
            Event::Scalar(text, style, 0, None) => Ok(Value {
                at,
                data: scalar(text, *style),
            }),
            Event::SequenceStart(0, None) => self.list(at),
            Event::MappingStart(0, None) => self.group(at),
            _ => Err(problem(
                at,
                "anchors, aliases and tags are not supported here; write the value itself",
            )),
        }
    }

    fn list(&mut self, start: Place) -> Result<Value<Place>> {
        let mut values = Vec::new();
        loop {
            match self.next()? {
                (Event::SequenceEnd, span) => {
                    return Ok(Value {
                        at: to(start, span),
                        data: Data::List(values),
                    });
                }
                (event, span) => values.push(self.value(&event, span)?),
            }
        }
    }

    fn group(&mut self, start: Place) -> Result<Value<Place>> {
        let mut entries = Vec::new();
        loop {
            match self.next()? {
                (Event::MappingEnd, span) => {
                    return Ok(Value {
                        at: to(start, span),
                        data: Data::Group(entries),
                    });
                }
                (Event::Scalar(key, _, 0, None), span) => {
                    let (event, after) = self.next()?;
                    let value = self.value(&event, after)?;
                    entries.push(Entry {
                        at: place(span),
                        key: key.into_owned(),
                        value,
                    });
                }
                (_, span) => return Err(problem(place(span), "a key is a plain word")),
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'a>, Span)> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(problem(
                point(*error.marker()),
                format!("this is no YAML: {}", error.info()),
            )),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }
}

/// `key:` without a value is nothing; `key: ""` is an empty text.
fn scalar(text: &str, style: ScalarStyle) -> Data<Place> {
    match style {
        ScalarStyle::Plain if matches!(text, "" | "~" | "null") => Data::Nothing,
        _ => Data::Scalar(text.to_owned()),
    }
}

fn problem(at: Place, message: impl Into<String>) -> Problem<Place> {
    Problem {
        at,
        message: message.into(),
    }
}

fn pos(marker: Marker) -> Pos {
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Pos {
        line: number(marker.line()).max(1),
        column: number(marker.col()).saturating_add(1),
    }
}

fn place(span: Span) -> Place {
    Place {
        start: pos(span.start),
        end: pos(span.end),
    }
}

fn point(marker: Marker) -> Place {
    Place {
        start: pos(marker),
        end: pos(marker),
    }
}

fn to(start: Place, end: Span) -> Place {
    Place {
        start: start.start,
        end: pos(end.end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entries(text: &str) -> Vec<Entry<Place>> {
        match read(text).unwrap().data {
            Data::Group(entries) => entries,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn knows_where_keys_and_values_stand() {
        let read = entries("assume: none\nrules:\n  größe: warn # why\n");
        assert_eq!(
            read[0].at,
            Place {
                start: Pos { line: 1, column: 1 },
                end: Pos { line: 1, column: 7 }
            }
        );
        let Data::Group(rules) = &read[1].value.data else {
            panic!()
        };
        assert_eq!(rules[0].at.start, Pos { line: 3, column: 3 });
        assert_eq!(
            rules[0].value.at,
            Place {
                start: Pos { line: 3, column: 10 },
                end: Pos { line: 3, column: 14 }
            }
        );
    }

    #[test]
    fn tells_nothing_from_an_empty_text() {
        let read = entries("a:\nb: \"\"\nc: [x, 'y']\n");
        assert_eq!(read[0].value.data, Data::Nothing);
        assert_eq!(read[1].value.data, Data::Scalar(String::new()));
        assert!(matches!(&read[2].value.data, Data::List(list) if list.len() == 2));
        assert_eq!(super::read("# nothing\n").unwrap().data, Data::Nothing);
    }

    #[test]
    fn says_where_it_is_no_yaml() {
        let problem = read("rules:\n  a: [1\nb: 2\n").unwrap_err();
        assert!(problem.message.starts_with("this is no YAML"), "{problem:?}");
        assert_eq!(problem.at.start.line, 3);
        assert!(read("a: &x 1\n").is_err());
        assert!(read("a: 1\n---\nb: 2\n").is_err());
    }
}

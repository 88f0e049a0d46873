//! Keys and values before they mean anything, whether they come from an attribute or from a configuration file.

use std::str::FromStr;

use crate::Invalid;

/// One `key = value`, `key(…)` or bare `key`.
///
/// `P` is the place where something stands, for the messages about it: tokens for an attribute, whatever the reader of
/// a configuration file knows about its lines, or `()`.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry<P> {
    /// Where the key stands.
    pub at: P,
    /// The key.
    pub key: String,
    /// Its value; [`Data::Nothing`] for a bare key.
    pub value: Value<P>,
}

/// A value and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Value<P> {
    /// Where the value stands.
    pub at: P,
    /// What was written there.
    pub data: Data<P>,
}

/// What was written as a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Data<P> {
    /// Text in quotes.
    Text(String),
    /// A bare word or path: `critical`, `tests::is_absorbed`.
    Path(String),
    /// A string of a notation that does not tell text from words, such as YAML.
    Scalar(String),
    /// `[a, b]`.
    List(Vec<Value<P>>),
    /// `key(store = "…", retention = "…")`, or a mapping.
    Group(Vec<Entry<P>>),
    /// Something else, by the name that a person gives it: "a number".
    Other(&'static str),
    /// Nothing: a bare key.
    Nothing,
}

/// What is wrong, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem<P> {
    /// The culprit.
    pub at: P,
    /// What is wrong with it, for a person.
    pub message: String,
}

impl<P: Clone> Problem<P> {
    pub(crate) fn new(at: &P, message: impl Into<String>) -> Self {
        Self {
            at: at.clone(),
            message: message.into(),
        }
    }
}

impl<P: Clone> Value<P> {
    /// Text of any kind.
    pub(crate) fn text(&self) -> Result<String, Problem<P>> {
        match &self.data {
            Data::Text(text) | Data::Scalar(text) => Ok(text.clone()),
            _ => Err(self.unexpected("text in quotes")),
        }
    }

    /// Text that has a form: an address, a duration.
    pub(crate) fn parsed<T: FromStr<Err = Invalid>>(&self, expected: &str) -> Result<T, Problem<P>> {
        match &self.data {
            Data::Text(text) | Data::Scalar(text) => self.read(text),
            _ => Err(self.unexpected(expected)),
        }
    }

    /// A word of a vocabulary, which is written without quotes.
    pub(crate) fn word<T: FromStr<Err = Invalid>>(&self, expected: &str) -> Result<T, Problem<P>> {
        match &self.data {
            Data::Path(word) | Data::Scalar(word) => self.read(word),
            Data::Text(word) if word.parse::<T>().is_ok() => Err(Problem::new(
                &self.at,
                format!("a word is written without quotes: `{word}`"),
            )),
            _ => Err(self.unexpected(expected)),
        }
    }

    /// The path of an item.
    pub(crate) fn path(&self) -> Result<String, Problem<P>> {
        match &self.data {
            Data::Path(path) | Data::Scalar(path) => Ok(path.clone()),
            Data::Text(path) => Err(Problem::new(
                &self.at,
                format!("a path is written without quotes: `{path}`"),
            )),
            _ => Err(self.unexpected("a path such as `tests::redelivery_is_absorbed`")),
        }
    }

    /// Each element of a list, and all that is wrong with some of them.
    pub(crate) fn list<T>(&self, each: impl Fn(&Self) -> Result<T, Problem<P>>) -> (Vec<T>, Vec<Problem<P>>) {
        let Data::List(values) = &self.data else {
            return (Vec::new(), vec![self.unexpected("a list in brackets")]);
        };
        let mut elements = Vec::new();
        let mut problems = Vec::new();
        for value in values {
            match each(value) {
                Ok(element) => elements.push(element),
                Err(problem) => problems.push(problem),
            }
        }
        (elements, problems)
    }

    fn read<T: FromStr<Err = Invalid>>(&self, text: &str) -> Result<T, Problem<P>> {
        text.parse()
            .map_err(|error: Invalid| Problem::new(&self.at, error.message()))
    }

    pub(crate) fn unexpected(&self, expected: &str) -> Problem<P> {
        Problem::new(
            &self.at,
            format!("expected {expected}, found {}", self.data.description()),
        )
    }
}

impl<P> Data<P> {
    fn description(&self) -> String {
        match self {
            Self::Text(text) => format!("the text {text:?}"),
            Self::Path(word) | Self::Scalar(word) => format!("`{word}`"),
            Self::List(_) => String::from("a list"),
            Self::Group(_) => String::from("a group of keys"),
            Self::Other(kind) => String::from(*kind),
            Self::Nothing => String::from("no value"),
        }
    }
}

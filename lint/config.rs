//! `delivery.yaml`: levels of rules, what is left out, and facts that the code cannot show.
//!
//! Reading is pure: text in, [`Config`] or [`Invalid`] out, every mistake at its own place. Where the file is and who reads it from
//! the disk is the command line's business.

mod integrations;
mod keys;
mod levels;
mod yaml;

use std::str::FromStr;

use delivery_grammar::{Problem, Semantic};

pub use self::integrations::{ConfiguredIntegration, Integrations};
pub use self::keys::{DOCS_KEYS, KEYS, OVERRIDE_KEYS};
pub use self::levels::{Overrides, find_rule, find_rules, level_named};
pub use self::yaml::Place;

/// The name of the file, at the root of the workspace.
pub const FILE_NAME: &str = "delivery.yaml";

/// What a workspace has decided.
#[derive(Debug, Clone, Default)]
pub struct Config {
    /// `rules:` and `overrides:`
    pub overrides: Overrides,
    /// `assume:`
    pub assume: Assume,
    /// `exclude:`: patterns of files that are not looked at, relative to the root.
    pub exclude: Vec<String>,
    /// `catalog:`: files with more client crates, relative to the root, and where each is named.
    pub catalog: Vec<(String, Place)>,
    /// `source_url:`
    pub source_url: Option<SourceUrl>,
    /// `integrations:`
    pub integrations: Integrations,
    /// `docs:`
    pub docs: Docs,
}

/// The semantic that undeclared integrations are judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Assume {
    Semantic(Semantic),
    /// They are inferred and listed, not judged.
    Nothing,
}

impl Default for Assume {
    fn default() -> Self {
        Self::Semantic(Semantic::AtLeastOnce)
    }
}

impl FromStr for Assume {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "none" => Ok(Self::Nothing),
            _ => word
                .parse()
                .map(Self::Semantic)
                .map_err(|invalid: delivery_grammar::Invalid| invalid.to_string()),
        }
    }
}

/// Where a line of the sources can be looked at: a link with `{path}` and `{line}` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceUrl(String);

impl SourceUrl {
    /// Takes a template.
    ///
    /// # Errors
    ///
    /// It lacks `{path}`, or is no `https:` or `http:` link.
    pub fn new(template: &str) -> Result<Self, String> {
        if !template.starts_with("https://") && !template.starts_with("http://") {
            return Err(format!("`{template}` is no link; it begins with `https://`"));
        }
        if !template.contains("{path}") {
            return Err("the place of the file is missing; write `{path}` there, and `{line}` for the line".to_owned());
        }
        Ok(Self(template.to_owned()))
    }

    /// The link to a line.
    #[must_use]
    pub fn link(&self, path: &str, line: u32) -> String {
        self.0.replace("{path}", path).replace("{line}", &line.to_string())
    }
}

/// Where the documentation is published, without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl(String);

impl BaseUrl {
    /// Takes the address of the folder that holds the index.
    ///
    /// # Errors
    ///
    /// It is no `https:` or `http:` link, or more than the address of a folder.
    pub fn new(url: &str) -> Result<Self, String> {
        delivery_grammar::base_url(url)
            .map(Self)
            .map_err(|invalid| invalid.to_string())
    }

    /// The page of an integration, by the name of its file.
    #[must_use]
    pub fn page(&self, name: &str) -> String {
        format!("{}/integrations/{name}.html", self.0)
    }
}

/// How the documentation is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Docs {
    /// The title of the index.
    pub title: Option<String>,
    pub language: Language,
    /// Where it is published: the attributes link to it from rustdoc.
    pub base_url: Option<BaseUrl>,
}

/// The language of what the documentation itself says; what the author declares stays as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    English,
    Russian,
}

impl FromStr for Language {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        let known = [Self::English, Self::Russian];
        let found = known.into_iter().find(|language| language.tag() == word);
        found.ok_or_else(|| {
            delivery_grammar::Invalid::unknown("language", word, &known.map(Self::tag))
                .message()
                .to_owned()
        })
    }
}

impl Language {
    /// The BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Russian => "ru",
        }
    }
}

/// A `delivery.yaml` that is wrong: everything that is, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Invalid {
    /// The file as it is called in messages.
    pub path: String,
    pub text: String,
    pub problems: Vec<Problem<Place>>,
}

impl std::fmt::Display for Invalid {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let first = self.problems.first().map_or("", |problem| problem.message.as_str());
        write!(f, "{} is not valid: {first}", self.path)
    }
}

impl std::error::Error for Invalid {}

impl Config {
    /// Reads the text of a `delivery.yaml`; `path` is what the file is called in messages.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it.
    pub fn read(path: &str, text: &str) -> Result<Self, Invalid> {
        let (config, mut problems) = match yaml::read(text) {
            Ok(document) => keys::document(&document),
            Err(problem) => (Self::default(), vec![problem]),
        };
        if problems.is_empty() {
            return Ok(config);
        }
        problems.sort_by_key(|problem| problem.at.start);
        Err(Invalid {
            path: path.to_owned(),
            text: text.to_owned(),
            problems,
        })
    }
}

#[cfg(test)]
mod tests;

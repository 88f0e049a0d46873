//! The documentation: a report becomes pages.
//!
//! Pure: [`pages`] gives names and contents; who writes them where is the command line's business. `templates/` holds layout,
//! `lint/rules/*.md` and `lint/semantics/*.md` hold prose, `templates/strings.yaml` holds every phrase, and Rust holds none of them.
//! What comes from the analysed code is escaped by the templates.

mod asyncapi;
mod history;
mod html;
mod json;
mod lanes;
mod layout;
mod map;
mod markdown;
mod picture;
mod prose;
mod route;
mod russian;
mod said;
mod single;
mod strings;
mod tree;
mod unit;

use std::borrow::Cow;

use delivery_grammar::Semantic;

use crate::config::{BaseUrl, Config};
use crate::render::Resolved;
use crate::report::Verdict;
use crate::rules::Rule;
use crate::semantics;

pub use self::history::{History, Row};
pub use self::markdown::Markdown;
pub use self::picture::Picture;
pub use self::route::{Fit, Route};
pub use self::russian::Russian;
pub use self::said::Said;
pub use self::strings::Strings;
pub use self::unit::{Link, Unit};

/// The kinds of documentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// To be read in a browser.
    Html,
    /// The same in one file.
    SingleHtml,
    /// To be read in a repository.
    Markdown,
    /// To be read by programs.
    Json,
    /// An AsyncAPI 3.0 document.
    AsyncApi,
}

/// A file of the documentation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Relative to the documentation's folder, `/`-separated.
    pub path: String,
    pub text: String,
}

impl Page {
    fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            text: text.into(),
        }
    }
}

impl Format {
    /// The page to begin with.
    #[must_use]
    pub const fn entry(self) -> &'static str {
        match self {
            Self::Html => "index.html",
            Self::SingleHtml => single::PATH,
            Self::Markdown => "README.md",
            Self::Json => "delivery.json",
            Self::AsyncApi => "asyncapi.json",
        }
    }
}

/// What every page shares.
#[derive(Debug)]
pub struct Site<'a> {
    pub title: &'a str,
    pub t: &'a Strings,
    /// Every integration, in the order of the index.
    pub units: &'a [Unit<'a>],
    pub counts: crate::render::Counts,
    pub levels: &'a crate::config::Overrides,
    /// Where the site is published.
    pub base_url: Option<&'a BaseUrl>,
    /// What changed, if that was asked for.
    pub history: Option<History<'a>>,
}

impl Site<'_> {
    /// What a semantic is called in the language of the documentation.
    #[must_use]
    pub fn semantic(&self, semantic: &Semantic) -> &'static str {
        semantics::title(semantics::text(*semantic, self.t.language))
    }

    /// The sign of a verdict: colour is not all that tells them apart.
    #[must_use]
    pub fn sign(&self, verdict: Verdict) -> &'static str {
        match verdict {
            Verdict::Verified => "✓",
            Verdict::Refuted => "✕",
            Verdict::Conditional => "?",
            Verdict::Unknown => "–",
        }
    }

    /// A name that may be broken behind its dots, escaped.
    #[must_use]
    pub fn breakable(&self, name: &str) -> String {
        said::html(name).replace('.', ".<wbr>").replace("::", "::<wbr>")
    }

    /// What changed for an integration.
    #[must_use]
    pub fn change(&self, unit: &Unit<'_>) -> Option<Row<'_>> {
        history::of(self, unit)
    }

    /// Since when changes are shown.
    #[must_use]
    pub fn since(&self) -> String {
        let since = self.history.map_or("", |history| history.since);
        self.t.since.replace("{}", since)
    }

    /// How the promise compares with where the decision tree leads.
    #[must_use]
    pub fn fit(&self, fit: &Fit) -> &str {
        match fit {
            Fit::Same => &self.t.route_same,
            Fit::Weaker => &self.t.route_weaker,
            Fit::Stronger => &self.t.route_stronger,
        }
    }

    /// Whether it is neither weaker nor stronger.
    #[must_use]
    pub fn fits(&self, fit: &Fit) -> bool {
        *fit == Fit::Same
    }

    /// A sentence of the documentation itself, in which backticks mark code.
    #[must_use]
    pub fn said(&self, text: &str) -> Said {
        text.into()
    }

    /// A sentence of the analysis, in the language of the documentation.
    #[must_use]
    pub fn told(&self, text: &str) -> Said {
        self.t.told(text)
    }

    /// What is written about a rule.
    #[must_use]
    pub fn about(&self, rule: &'static Rule) -> Cow<'static, str> {
        prose::about(rule, self.t.language)
    }
}

/// Every page, in the order of their paths.
#[must_use]
pub fn pages(report: &Resolved<'_>, config: &Config, format: Format, history: Option<History<'_>>) -> Vec<Page> {
    let strings = Strings::new(config.docs.language);
    let units = unit::all(report, config.source_url.as_ref(), &strings);
    let site = Site {
        title: config.docs.title.as_deref().unwrap_or(&strings.default_title),
        t: &strings,
        units: &units,
        counts: report.counts,
        levels: &config.overrides,
        base_url: config.docs.base_url.as_ref(),
        history,
    };
    let mut pages = match format {
        Format::Html => html::pages(&site),
        Format::SingleHtml => single::joined(&site, &html::pages(&site)),
        Format::Markdown => markdown::pages(&site),
        Format::Json => json::pages(&site),
        Format::AsyncApi => asyncapi::pages(&site),
    };
    pages.sort_by(|a, b| a.path.cmp(&b.path));
    pages
}

#[cfg(test)]
mod tests;

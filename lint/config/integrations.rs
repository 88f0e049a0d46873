//! `integrations:`: what the code of an integration cannot show, or a handler whose code cannot carry an attribute.

use delivery_grammar::{Declaration, Entry, Invalid, Problem, Semantic, check_integration_id};

use super::Place;
use super::keys::{Problems, group, scalar, unknown_key};

/// What `delivery.yaml` says about integrations, in the order of the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Integrations {
    entries: Vec<ConfiguredIntegration>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfiguredIntegration {
    pub id: String,
    /// Where the id stands.
    pub at: Place,
    /// `function:`: the canonical path of a handler that has no attribute.
    pub function: Option<String>,
    /// `semantic:`: its promise; an attribute says that by its name.
    pub semantic: Option<Semantic>,
    /// The keys that an attribute may have, too.
    entries: Vec<Entry<Place>>,
}

impl Integrations {
    pub(super) fn read(entries: Vec<&Entry<Place>>, problems: &mut Problems) -> Self {
        Self {
            entries: entries
                .into_iter()
                .filter_map(|entry| ConfiguredIntegration::read(entry, problems))
                .collect(),
        }
    }

    /// All of them: an id that no attribute has and no `function` explains is a mistake that only the caller can see.
    pub fn iter(&self) -> impl Iterator<Item = &ConfiguredIntegration> {
        self.entries.iter()
    }

    /// What is said about this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&ConfiguredIntegration> {
        self.entries.iter().find(|entry| entry.id == id)
    }

    /// What declares this handler in place of an attribute.
    #[must_use]
    pub fn of_function(&self, path: &str) -> Option<&ConfiguredIntegration> {
        self.entries
            .iter()
            .find(|entry| entry.function.as_deref() == Some(path))
    }
}

impl ConfiguredIntegration {
    fn read(entry: &Entry<Place>, problems: &mut Problems) -> Option<Self> {
        if let Err(invalid) = check_integration_id(&entry.key) {
            problems.push(unknown_key(entry, invalid));
            return None;
        }
        let mut read = Self {
            id: entry.key.clone(),
            at: entry.at,
            function: None,
            semantic: None,
            entries: Vec::new(),
        };
        for entry in group(&entry.value, problems) {
            read.take(entry, problems);
        }
        read.check(problems);
        Some(read)
    }

    fn take(&mut self, entry: &Entry<Place>, problems: &mut Problems) {
        match entry.key.as_str() {
            "function" => match scalar(&entry.value, "a path such as `billing::orders::on_order`", |path| {
                Ok(path.to_owned())
            }) {
                Ok(path) => self.function = Some(path),
                Err(problem) => problems.push(problem),
            },
            "semantic" => match scalar(&entry.value, "a semantic", |word| {
                word.parse::<Semantic>().map_err(|invalid| invalid.message().to_owned())
            }) {
                Ok(semantic) => self.semantic = Some(semantic),
                Err(problem) => problems.push(problem),
            },
            "integration" => problems.push(Problem {
                at: entry.at,
                message: "the id is the key of this entry; leave `integration` out".to_owned(),
            }),
            key if Declaration::KEYS.contains(&key) => self.entries.push(entry.clone()),
            unknown => problems.push(unknown_key(entry, Invalid::unknown("key", unknown, &known_keys()))),
        }
    }

    fn check(&self, problems: &mut Problems) {
        let mut alone = self.declaration();
        problems.extend(alone.apply(&self.entries));
        let message = match (&self.function, self.semantic) {
            (Some(_), None) => "a `function` needs the `semantic` that it promises",
            (None, Some(_)) => {
                "`semantic` is for a `function` without attribute; an attribute is named after its semantic"
            }
            _ => return,
        };
        problems.push(Problem {
            at: self.at,
            message: message.to_owned(),
        });
    }

    fn declaration(&self) -> Declaration {
        Declaration::new(self.semantic.unwrap_or(Semantic::AtLeastOnce), &self.id)
    }

    /// Lets the file's words replace those of an attribute, key by key.
    ///
    /// What is returned cannot be true together with the attribute.
    pub fn merge_into(&self, declaration: &mut Declaration) -> Vec<Problem<Place>> {
        declaration.apply(&self.entries)
    }

    /// The declaration of a handler that has no attribute.
    #[must_use]
    pub fn without_attribute(&self) -> Option<Declaration> {
        let mut declaration = Declaration::new(self.semantic?, &self.id);
        // Its problems were reported when the file was read.
        declaration.apply(&self.entries);
        Some(declaration)
    }
}

fn known_keys() -> Vec<&'static str> {
    ["function", "semantic"]
        .into_iter()
        .chain(Declaration::KEYS.iter().copied().filter(|key| *key != "integration"))
        .collect()
}

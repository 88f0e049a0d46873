//! The folder that documentation is written to.
//!
//! A list of what was written is kept in it ([`LIST`]). Only files on that list are ever replaced or removed: what somebody else
//! has put there stays, and is no reason to lose it.
#![expect(clippy::disallowed_methods, reason = "the edge: documentation lies on disk")]

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context as _, bail};
use similar::TextDiff;

use crate::cli::output;
use crate::docs::Page;

/// The list of files that were written, one a line.
const LIST: &str = ".cargo-delivery-doc";

/// Lines of a difference that are shown.
const DIFFERENCE: usize = 40;

/// A folder, which need not exist yet.
pub struct Folder<'a> {
    root: &'a Path,
}

impl<'a> Folder<'a> {
    pub fn new(root: &'a Path) -> Self {
        Self { root }
    }

    /// Writes the pages, and removes what an earlier run has written and this one does not.
    pub fn write(&self, pages: &[Page]) -> anyhow::Result<()> {
        let ours = self.list()?;
        for page in pages {
            self.refuse_foreign(page, &ours)?;
        }
        let new: BTreeSet<String> = pages.iter().map(|page| page.path.clone()).collect();
        // The list goes first and names both: whatever happens in between, nothing of ours becomes foreign.
        self.write_list(&ours.union(&new).cloned().collect())?;
        for page in pages {
            self.write_page(page)?;
        }
        for stale in ours.difference(&new) {
            self.remove(stale)?;
        }
        self.write_list(&new)
    }

    /// How the folder differs from the pages, a line each.
    pub fn differences(&self, pages: &[Page]) -> anyhow::Result<Vec<String>> {
        let mut differences = Vec::new();
        for page in pages {
            match read(&self.root.join(&page.path))? {
                None => differences.push(format!("{} is missing", page.path)),
                Some(text) if text != page.text => differences.push(stale(&page.path, &text, &page.text)),
                Some(_) => {}
            }
        }
        let new: BTreeSet<String> = pages.iter().map(|page| page.path.clone()).collect();
        differences.extend(
            self.list()?
                .difference(&new)
                .map(|path| format!("{path} is no longer needed")),
        );
        Ok(differences)
    }

    fn list(&self) -> anyhow::Result<BTreeSet<String>> {
        let lines = read(&self.root.join(LIST))?.unwrap_or_default();
        Ok(lines
            .lines()
            .filter(|line| is_inside(line))
            .map(str::to_owned)
            .collect())
    }

    fn write_list(&self, paths: &BTreeSet<String>) -> anyhow::Result<()> {
        let text: String = paths.iter().map(|path| format!("{path}\n")).collect();
        self.write_page(&Page {
            path: LIST.to_owned(),
            text,
        })
    }

    fn refuse_foreign(&self, page: &Page, ours: &BTreeSet<String>) -> anyhow::Result<()> {
        let path = self.root.join(&page.path);
        let there = read(&path)?;
        if there.is_some_and(|text| !ours.contains(&page.path) && text != page.text) {
            bail!(
                "{} is there and was not written by `cargo delivery doc`; choose another folder or remove it",
                path.display()
            );
        }
        Ok(())
    }

    fn write_page(&self, page: &Page) -> anyhow::Result<()> {
        let path = self.inside(&page.path)?;
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        }
        output::write(&path, &page.text)
    }

    fn remove(&self, path: &str) -> anyhow::Result<()> {
        let path = self.inside(path)?;
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("cannot remove {}", path.display()))
            }
            _ => Ok(()),
        }
    }

    /// The path on disk; no link on the way may lead out of the folder.
    fn inside(&self, path: &str) -> anyhow::Result<PathBuf> {
        let mut full = self.root.to_owned();
        for part in Path::new(path).components() {
            full.push(part);
            if full.is_symlink() {
                bail!("{} is a link, and might lead elsewhere", full.display());
            }
        }
        Ok(full)
    }
}

/// That a page is stale, and where; of a page that changed altogether the beginning will do.
fn stale(path: &str, there: &str, wanted: &str) -> String {
    let difference = TextDiff::from_lines(there, wanted)
        .unified_diff()
        .context_radius(1)
        .to_string();
    let lines: Vec<&str> = difference.lines().collect();
    let more = lines.len().saturating_sub(DIFFERENCE);
    let shown = lines.into_iter().take(DIFFERENCE).collect::<Vec<_>>().join("\n");
    let rest = if more > 0 {
        format!("\n… and {more} more lines")
    } else {
        String::new()
    };
    format!("{path} is stale\n{shown}{rest}")
}

fn is_inside(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    !path.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

/// The text of a file, if it is there. Something that is no text is a text that no page has.
fn read(path: &Path) -> anyhow::Result<Option<String>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pages(named: &[(&str, &str)]) -> Vec<Page> {
        named
            .iter()
            .map(|(path, text)| Page {
                path: (*path).to_owned(),
                text: (*text).to_owned(),
            })
            .collect()
    }

    #[test]
    fn removes_its_own_and_nothing_else() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::new(temp.path());
        folder
            .write(&pages(&[("index.html", "1"), ("integrations/a.html", "a")]))
            .unwrap();
        fs::write(temp.path().join("integrations/notes.txt"), "mine").unwrap();
        folder.write(&pages(&[("index.html", "2")])).unwrap();
        assert!(!temp.path().join("integrations/a.html").exists());
        assert_eq!(
            fs::read_to_string(temp.path().join("integrations/notes.txt")).unwrap(),
            "mine"
        );
        assert_eq!(fs::read_to_string(temp.path().join("index.html")).unwrap(), "2");
    }

    #[test]
    fn does_not_replace_what_it_did_not_write() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("index.html"), "mine").unwrap();
        let folder = Folder::new(temp.path());
        let error = folder
            .write(&pages(&[("index.html", "1"), ("rules.html", "r")]))
            .unwrap_err()
            .to_string();
        assert!(error.contains("was not written by"), "{error}");
        assert!(!temp.path().join("rules.html").exists(), "nothing is written at all");
    }

    #[test]
    fn a_list_that_leads_outside_is_not_followed() {
        let temp = tempfile::tempdir().unwrap();
        fs::write(temp.path().join("precious"), "mine").unwrap();
        let out = temp.path().join("out");
        fs::create_dir(&out).unwrap();
        fs::write(out.join(LIST), "../precious\n/etc/hostname\n").unwrap();
        Folder::new(&out).write(&pages(&[("index.html", "1")])).unwrap();
        assert!(temp.path().join("precious").exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_that_leads_outside_is_not_followed() {
        let temp = tempfile::tempdir().unwrap();
        let (out, elsewhere) = (temp.path().join("out"), temp.path().join("elsewhere"));
        fs::create_dir(&out).unwrap();
        fs::create_dir(&elsewhere).unwrap();
        std::os::unix::fs::symlink(&elsewhere, out.join("rules")).unwrap();
        assert!(Folder::new(&out).write(&pages(&[("rules/a.html", "1")])).is_err());
        assert!(!elsewhere.join("a.html").exists());
    }

    #[test]
    fn tells_stale_from_fresh() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::new(temp.path());
        folder.write(&pages(&[("a", "1"), ("b", "1")])).unwrap();
        assert_eq!(
            folder.differences(&pages(&[("a", "1"), ("b", "1")])).unwrap(),
            Vec::<String>::new()
        );
        let differences = folder.differences(&pages(&[("a", "2"), ("c", "1")])).unwrap();
        assert!(differences[0].starts_with("a is stale\n"), "{differences:?}");
        assert!(
            differences[0].contains("\n-1\n") && differences[0].contains("\n+2\n"),
            "{differences:?}"
        );
        assert_eq!(differences[1..], ["c is missing", "b is no longer needed"]);
    }
}

//! The documentation that the program writes, and the documents of the project itself.
#![expect(clippy::disallowed_methods, reason = "these tests are about files and processes")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use cargo_delivery::docs::Russian;
use tempfile::TempDir;

const HANDLER: &str = r#"
use rdkafka::Message;
use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};

#[delivery::at_least_once(
    integration = "shop.orders",
    source = "kafka:orders",
    why = "An order <b>must</b> not be lost.",
    mechanisms = [commit_after_process],
    owner = "team-shop",
)]
pub async fn on_order(consumer: StreamConsumer, pool: sqlx::PgPool) -> anyhow::Result<()> {
    loop {
        let message = consumer.recv().await?;
        consumer.commit_message(&message, CommitMode::Sync)?;
        sqlx::query("INSERT INTO orders (id) VALUES ($1)").bind(message.payload()).execute(&pool).await?;
    }
}
"#;

fn project(language: &str) -> TempDir {
    let temp = tempfile::tempdir().unwrap();
    let config = format!("docs: {{ language: {language} }}\nsource_url: \"https://git.example/{{path}}#L{{line}}\"\n");
    fs::write(temp.path().join("delivery.yaml"), config).unwrap();
    fs::write(temp.path().join("orders.rs"), HANDLER).unwrap();
    temp
}

fn cargo_delivery(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_cargo-delivery"))
        .current_dir(folder)
        .args(args)
        .output()
        .unwrap()
}

/// Every file that was written, by path.
fn written(format: &str, language: &str) -> Vec<(String, String)> {
    let temp = project(language);
    let output = cargo_delivery(temp.path(), &["doc", ".", "--out", "out", "--format", format]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let out = temp.path().join("out");
    let mut files = Vec::new();
    collect(&out, &mut files);
    let relative = |path: &Path| path.strip_prefix(&out).unwrap().to_string_lossy().replace('\\', "/");
    let mut pages: Vec<_> = files
        .iter()
        .map(|path| (relative(path), fs::read_to_string(path).unwrap()))
        .collect();
    pages.sort();
    pages
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files)
        } else {
            files.push(path)
        }
    }
}

fn page<'a>(pages: &'a [(String, String)], path: &str) -> &'a str {
    let found = pages.iter().find(|(name, _)| name == path);
    found
        .map(|(_, text)| text.as_str())
        .unwrap_or_else(|| panic!("{path} is not there"))
}

#[test]
fn every_integration_has_a_page_in_every_format() {
    let html = written("html", "en");
    assert!(page(&html, "index.html").contains("shop.orders"));
    let unit = page(&html, "integrations/shop.orders.html");
    assert!(
        unit.contains("An order &#60;b&#62;must&#60;/b&#62; not be lost."),
        "{unit}"
    );
    assert!(unit.contains("https://git.example/orders.rs#L"), "{unit}");
    let markdown = written("markdown", "ru");
    assert!(page(&markdown, "integrations/shop.orders.md").contains("## Почему эта семантика"));
}

#[test]
fn every_element_is_closed_by_its_own_end() {
    for (path, text) in written("html", "ru").iter().filter(|(path, _)| path.ends_with(".html")) {
        let mut open: Vec<&str> = Vec::new();
        for tag in tags(text) {
            match tag.strip_prefix('/') {
                Some(name) => assert_eq!(open.pop(), Some(name), "{path}"),
                None if ["meta", "input", "br", "hr", "img", "link", "wbr"].contains(&tag) => {}
                None => open.push(tag),
            }
        }
        assert_eq!(open, Vec::<&str>::new(), "{path}");
    }
}

/// The names of all tags, with `/` before those that close.
fn tags(html: &str) -> impl Iterator<Item = &str> {
    let (mut rest, mut raw) = (html, None);
    std::iter::from_fn(move || {
        loop {
            let text: &str = rest;
            let at = match raw {
                Some(end) => text.find(end)?,
                None => text.find('<')?,
            };
            let inside = &text[at + 1..];
            let name = &inside[..inside.find([' ', '>', '\n'])?];
            let end = inside.find('>')?;
            rest = &inside[end..];
            raw = match name {
                "script" => Some("</script"),
                "style" => Some("</style"),
                _ => None,
            };
            // What closes itself is of SVG.
            if !name.starts_with('!') && !inside[..end].ends_with('/') {
                return Some(name);
            }
        }
    })
}

#[test]
fn two_runs_write_the_same_bytes() {
    for format in ["html", "markdown"] {
        assert_eq!(written(format, "en"), written(format, "en"));
    }
}

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn the_readme_knows_every_command() {
    let help = String::from_utf8(cargo_delivery(Path::new("."), &["--help"]).stdout).unwrap();
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let named = commands
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let readme = read("README.md");
    for command in named
        .filter_map(|line| line.split_whitespace().next())
        .filter(|command| *command != "help")
    {
        assert!(readme.contains(&format!("`cargo delivery {command}")), "{command}");
    }
}

#[test]
fn the_readmes_configuration_is_valid() {
    let readme = read("README.md");
    let yaml = readme
        .split("```yaml\n")
        .map(|rest| rest.split("```").next().unwrap())
        .find(|yaml| yaml.starts_with("rules:"));
    let temp = project("en");
    fs::write(temp.path().join("delivery.yaml"), yaml.unwrap()).unwrap();
    fs::create_dir(temp.path().join("delivery")).unwrap();
    fs::write(temp.path().join("delivery/clients.yaml"), "crate: shop-client\n").unwrap();
    let output = cargo_delivery(temp.path(), &["check", ".", "-q"]);
    assert_ne!(
        output.status.code(),
        Some(2),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_readme_shows_what_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = cargo_delivery(root, &["check", "fixtures/kafka/src/demo"]);
    assert_eq!(output.status.code(), Some(1));
    let printed = String::from_utf8(output.stdout).unwrap();
    let readme = read("README.md");
    let shown = readme
        .split("```text\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next());
    let shown = shown.unwrap();
    assert!(
        printed.contains(shown),
        "the README shows\n{shown}and this is printed\n{printed}"
    );
}

#[test]
fn links_between_documents_lead_somewhere() {
    for document in ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        let text = read(document);
        for target in text
            .split("](")
            .skip(1)
            .map(|rest| rest.split(')').next().unwrap())
            .filter(|to| !to.contains("://"))
        {
            assert!(
                Path::new(env!("CARGO_MANIFEST_DIR")).join(target).exists(),
                "{document}: {target}"
            );
        }
    }
}

/// Everything that a page says, found by what it marks as English where it lacks words of its own.
#[test]
fn a_russian_site_is_russian() {
    let temp = tempfile::tempdir().unwrap();
    let out = temp.path().join("out");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = cargo_delivery(
        root,
        &["doc", "fixtures", "--language", "ru", "--out", out.to_str().unwrap()],
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut files = Vec::new();
    collect(&out, &mut files);
    let pages = files.iter().map(|path| (path, fs::read_to_string(path).unwrap()));
    let english: Vec<String> = pages
        .flat_map(|(path, text)| {
            let pieces: Vec<String> = text.split(" lang=\"en\">").skip(1).map(str::to_owned).collect();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            pieces
                .into_iter()
                .map(move |piece| format!("{name}: {}", piece.lines().next().unwrap_or_default()))
        })
        .collect();
    assert!(files.len() > 300, "there are pages");
    assert_eq!(english, Vec::<String>::new(), "add them to templates/russian.txt");
}

/// What rules and the model say has a Russian sentence even where no fixture makes them say it.
#[test]
fn every_sentence_of_the_analysis_has_a_russian_one() {
    let russian = Russian::new();
    let files = [
        "lint/model/narrate.rs",
        "lint/model/analysis.rs",
        "lint/analysis/feeds.rs",
        "lint/sql/insert.rs",
        "lint/sql/update.rs",
        "lint/lower/api/documents.rs",
    ];
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut rules = Vec::new();
    collect(&root.join("lint/rules"), &mut rules);
    let rules = rules
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let all: Vec<String> = rules
        .chain(files.iter().map(|file| root.join(file)))
        .flat_map(|path| sentences(&fs::read_to_string(path).unwrap()))
        .chain(reasons(&root.join("lint/catalog")))
        .collect();
    assert!(all.len() > 150, "they are found: {}", all.len());
    let missing: Vec<&String> = all
        .iter()
        .filter(|text| !russian.has(text) && russian.tell(text).is_none())
        .collect();
    assert_eq!(missing, Vec::<&String>::new(), "add them to templates/russian.txt");
}

/// The sentences in a source file, with `{}` for what is filled in.
fn sentences(code: &str) -> Vec<String> {
    let code = code.split("#[cfg(test)]").next().unwrap();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//") && !line.contains("reason = "));
    let joined = lines.collect::<Vec<_>>().join("\n");
    let code = joined
        .split("\\\n")
        .enumerate()
        .map(|(index, piece)| if index == 0 { piece } else { piece.trim_start() })
        .collect::<String>()
        .replace("\\\"", "\u{1}");
    let texts = code
        .split('"')
        .skip(1)
        .step_by(2)
        .map(|text| text.replace('\u{1}', "\""));
    let plain = texts.map(|text| {
        let pieces = text
            .split('{')
            .map(|piece| piece.split_once('}').map_or(piece, |(_, rest)| rest).to_owned());
        pieces
            .collect::<Vec<_>>()
            .join("{}")
            .replace("`{}`", "{}")
            .replace("queue{}", "queue")
    });
    let is_sentence = |text: &String| {
        text.contains(' ')
            && text.chars().any(|c| c.is_ascii_lowercase())
            && !text.starts_with("- ")
            && text.split(' ').count() > 2
    };
    plain.filter(is_sentence).collect()
}

/// Why calls of clients may be repeated or not, as the catalog says it.
fn reasons(folder: &Path) -> Vec<String> {
    fn within(value: &serde_yaml::Value, found: &mut Vec<String>) {
        match value {
            serde_yaml::Value::Mapping(map) => {
                for (key, value) in map {
                    if key.as_str() == Some("why") {
                        found.extend(value.as_str().map(str::to_owned));
                    }
                    within(value, found);
                }
            }
            serde_yaml::Value::Sequence(all) => all.iter().for_each(|value| within(value, found)),
            _ => {}
        }
    }
    let (mut files, mut found) = (Vec::new(), Vec::new());
    collect(folder, &mut files);
    for path in files
        .iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
    {
        within(
            &serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap(),
            &mut found,
        );
    }
    found
}

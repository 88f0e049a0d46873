//! The README's tutorial: its files are written, its commands run in a shell, and what it shows is what is printed.
//!
//! A block of `rust file=…` is a file, a block of `sh` is run (one of `shell` is not: it installs or downloads), and a block of `text`
//! behind it is all that appears. `BLESS=1` writes what appears into the README.

use super::git::git;
use super::*;

/// A fenced block: what stands behind the fence, and the text.
struct Block<'t> {
    info: &'t str,
    text: &'t str,
}

fn blocks(markdown: &str) -> Vec<Block<'_>> {
    let mut pieces = markdown.split("```");
    pieces.next();
    let mut blocks = Vec::new();
    while let (Some(block), Some(_)) = (pieces.next(), pieces.next()) {
        let (info, text) = block.split_once('\n').unwrap();
        blocks.push(Block { info, text });
    }
    blocks
}

/// The sections from the first finding to CI.
fn tutorial(readme: &str) -> &str {
    let start = readme.find("## First finding\n").unwrap();
    &readme[start..readme.find("## Commands\n").unwrap()]
}

/// A package of the name that the tutorial's output has, with the commands on the path as cargo looks for them.
fn service() -> TempDir {
    let manifest = "[package]\nname = \"payments\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\nanyhow = \"1\"\n\
        rdkafka = \"0.39\"\nsqlx = \"0.8\"\n";
    let temp = project(&[("Cargo.toml", manifest), (".gitignore", "/.bin\n")]);
    fs::create_dir(temp.path().join(".bin")).unwrap();
    let program = temp.path().join(".bin/cargo-delivery");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_cargo-delivery"), program).unwrap();
    temp
}

fn shell(folder: &Path, script: &str) -> String {
    let path = format!("{}:{}", folder.join(".bin").display(), std::env::var("PATH").unwrap());
    let mut bash = Command::new("bash");
    crate::ambient::forget(&mut bash);
    for (name, value) in [("NAME", "Test"), ("EMAIL", "test@example.com")] {
        bash.env(format!("GIT_AUTHOR_{name}"), value)
            .env(format!("GIT_COMMITTER_{name}"), value);
    }
    let script = format!("exec 2>&1\n{script}");
    let output = bash
        .current_dir(folder)
        .env("PATH", path)
        .args(["-c", &script])
        .output()
        .unwrap();
    stdout(&output)
}

#[test]
#[cfg(target_os = "linux")]
fn the_tutorial_is_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let readme = fs::read_to_string(&path).unwrap();
    let temp = service();
    let mut printed = None;
    let mut truth = tutorial(&readme).to_owned();
    let mut compared = 0;
    for block in blocks(tutorial(&readme)) {
        match block.info.split_once(" file=") {
            Some((_, file)) => {
                fs::create_dir_all(temp.path().join(file).parent().unwrap()).unwrap();
                fs::write(temp.path().join(file), block.text).unwrap();
                git(temp.path(), &["init", "-q"]);
                git(temp.path(), &["add", "."]);
                git(temp.path(), &["commit", "-qm", "first"]);
            }
            None if block.info == "sh" => printed = Some((block.text, shell(temp.path(), block.text))),
            None if block.info == "text" => {
                let (script, printed) = printed.take().expect("a command stands before what it prints");
                let (shown, told) = (
                    format!("```sh\n{script}```\n\n```text\n{}```", block.text),
                    format!("```sh\n{script}```\n\n```text\n{printed}```"),
                );
                assert!(
                    truth.contains(&shown),
                    "what is printed stands right behind the command"
                );
                truth = truth.replace(&shown, &told);
                compared += 1;
            }
            None => {}
        }
    }
    assert!(compared >= 6 && printed.is_none(), "all that is run is shown");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, readme.replace(tutorial(&readme), &truth)).unwrap();
        return;
    }
    similar_asserts::assert_eq!(tutorial(&readme), truth);
}

/// It compiles: it is a fixture.
#[test]
fn the_code_of_the_tutorial_is_real() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(fixture) = fs::read_to_string(root.join("fixtures/kafka/src/tutorial.rs")) else {
        return;
    };
    let readme = fs::read_to_string(root.join("README.md")).unwrap();
    let blocks = blocks(&readme);
    let shown = blocks
        .iter()
        .find(|block| block.info == "rust file=src/lib.rs")
        .unwrap();
    let (_, code) = fixture.split_once("\n\n").unwrap();
    similar_asserts::assert_eq!(code.replace(" //~ auto-commit", ""), shown.text);
}

/// The first two commands are the whole set-up, and the second is what CI runs.
#[test]
fn two_commands_set_it_up() {
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let section = readme
        .split("## Try it\n")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let commands: Vec<&str> = blocks(section)
        .iter()
        .filter(|block| block.info == "sh")
        .map(|block| block.text.trim())
        .collect();
    let [run, test] = commands[..] else {
        panic!("{commands:?}")
    };
    assert!(
        run.starts_with("cargo run --release -- check fixtures/") && run.contains("-- doc "),
        "{run}"
    );
    assert_eq!(test, "cargo test --workspace");
    if let Ok(ci) = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/run")) {
        assert!(ci.contains(test), "CI runs it");
    }
}

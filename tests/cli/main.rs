//! The whole program, as a shell sees it: arguments, streams, exit codes.
#![expect(clippy::disallowed_methods, reason = "these tests are about files and processes")]

#[path = "../ambient/mod.rs"]
mod ambient;
mod cache;
mod cargo;
#[cfg(target_os = "linux")]
mod ci;
mod doctor;
mod fix;
mod git;
mod lsp;
mod own;
#[cfg(target_os = "linux")]
mod readme;
mod schema;
mod terminal;
mod versions;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A folder with these files.
fn project(files: &[(&str, &str)]) -> TempDir {
    let temp = tempfile::tempdir().unwrap();
    write_all(temp.path(), files);
    temp
}

fn write_all(folder: &Path, files: &[(&str, &str)]) {
    files.iter().for_each(|(path, text)| write(folder, path, text));
}

fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn package(files: &[(&str, &str)]) -> TempDir {
    let manifest = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
    let mut all = vec![("Cargo.toml", manifest), ("src/lib.rs", "pub fn quiet() {}\n")];
    all.extend_from_slice(files);
    project(&all)
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-delivery"));
    ambient::forget(&mut command);
    command.current_dir(folder).arg("delivery").args(args);
    command
}

fn run(folder: &Path, args: &[&str]) -> Output {
    command(folder, args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Nothing on standard output, this on standard error, exit code 2.
fn assert_fails(output: &Output, needles: &[&str]) {
    let (out, err) = (stdout(output), stderr(output));
    assert_eq!(output.status.code(), Some(2), "{out}{err}");
    assert_eq!(out, "");
    for needle in needles {
        assert!(err.contains(needle), "`{needle}` is not in {err}");
    }
}

const BROKEN: &str = "pub fn f( {}\n";
/// A mistake that is denied by default, whatever else the code does.
const DENIED: &str = "#[delivery::at_least_once(integration = \"Shop Orders\")]\npub fn on_order() {}\n";

#[test]
fn help_says_what_there_is() {
    let temp = project(&[]);
    for words in [
        "",
        "check",
        "list",
        "doc",
        "diff",
        "doctor",
        "graph",
        "choose",
        "explain",
        "rules",
        "schema",
        "init",
        "annotate",
        "lsp",
        "completions",
        "man",
    ] {
        let args: Vec<&str> = words.split_whitespace().chain(["--help"]).collect();
        let output = run(temp.path(), &args);
        assert_eq!(output.status.code(), Some(0));
        assert_eq!(stderr(&output), "");
        let name = if words.is_empty() { "cargo-delivery" } else { words };
        snapshot(&format!("help-{name}.txt"), &stdout(&output));
    }
}

#[test]
fn the_name_of_the_subcommand_may_be_left_out() {
    let temp = package(&[]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-delivery"));
    let output = command.current_dir(temp.path()).arg("check").output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

#[test]
fn nothing_denied_is_zero_and_something_denied_is_one() {
    let quiet = package(&[]);
    assert_eq!(run(quiet.path(), &["check"]).status.code(), Some(0));
    let denied = package(&[("src/lib.rs", DENIED)]);
    let output = run(denied.path(), &["check", "--format", "short"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stdout(&output).contains("src/lib.rs:1:"), "{}", stdout(&output));
    assert!(
        stdout(&output).contains("deny[D002 invalid-declaration]"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn levels_can_be_chosen() {
    let temp = package(&[("src/lib.rs", DENIED)]);
    let code = |args: &[&str]| run(temp.path(), &[&["check"], args].concat()).status.code();
    assert_eq!(code(&["-A", "invalid-declaration"]), Some(0));
    assert_eq!(code(&["-W", "D002"]), Some(0));
    assert_eq!(code(&["-W", "D002", "--deny-warnings"]), Some(1));
    assert_eq!(code(&["-W", "D002", "-D", "invalid_declaration"]), Some(1));
    fs::write(
        temp.path().join("delivery.yaml"),
        "rules:\n  invalid-declaration: warn\n",
    )
    .unwrap();
    assert_eq!(code(&[]), Some(0));
    assert_eq!(code(&["-D", "D002"]), Some(1));
}

#[test]
fn a_file_that_does_not_parse_is_never_clean() {
    let declares = format!("use delivery::at_least_once;\n{BROKEN}");
    let temp = package(&[("src/lib.rs", &declares)]);
    let output = run(temp.path(), &["check"]);
    assert!(stdout(&output).contains("D001 syntax-error"), "{}", stdout(&output));
    assert!(
        stdout(&output).contains("1 file was not read whole"),
        "{}",
        stdout(&output)
    );
}

#[test]
fn a_file_that_nothing_leads_to_need_not_parse() {
    let temp = package(&[("src/lib.rs", BROKEN)]);
    let output = run(temp.path(), &["check"]);
    assert!(stdout(&output).contains("0 files read"), "{}", stdout(&output));
    for args in [["check", "--no-prefilter"], ["check", "src/lib.rs"]] {
        let output = run(temp.path(), &args);
        assert!(
            stdout(&output).contains("D001 syntax-error"),
            "{args:?}: {}",
            stdout(&output)
        );
    }
}

#[test]
fn wrong_usage_is_two() {
    let temp = package(&[]);
    let run = |args: &[&str]| run(temp.path(), args);
    assert_fails(&run(&["chekc"]), &["unrecognized subcommand", "check"]);
    assert_fails(
        &run(&["check", "-D", "comit-before-process"]),
        &["did you mean `commit-before-process`?"],
    );
    assert_fails(
        &run(&["check", "--assume", "atleast_once"]),
        &["did you mean `at_least_once`?"],
    );
    assert_fails(&run(&["check", "--report", "json"]), &["FORMAT=FILE"]);
    assert_fails(&run(&["check", "nowhere"]), &["nowhere"]);
    assert_fails(&run(&["check", "--manifest-path", "no/Cargo.toml"]), &["no/Cargo.toml"]);
    assert_fails(
        &run(&["explain", "comit-before-process"]),
        &["did you mean `commit-before-process`?"],
    );
    assert_fails(&run(&["check", "--statistics", "--format", "json"]), &["--statistics"]);
    assert_fails(
        &run(&["check", "--report", "json=no/such/folder/report.json"]),
        &["cannot write"],
    );
}

#[test]
fn a_wrong_configuration_is_shown_on_its_own_line() {
    let temp = package(&[("delivery.yaml", "rules:\n  comit-before-process: deny\nasume: none\n")]);
    let output = run(temp.path(), &["check"]);
    assert_fails(
        &output,
        &[
            "unknown rule `comit-before-process`; did you mean `commit-before-process`?",
            "[delivery.yaml:2:3]",
            "comit-before-process: deny",
            "unknown key `asume`; did you mean `assume`?",
            "[delivery.yaml:3:1]",
        ],
    );
    fs::write(temp.path().join("delivery.yaml"), "rules: [\n").unwrap();
    assert_fails(&run(temp.path(), &["rules"]), &["this is no YAML", "delivery.yaml:2"]);
    fs::write(temp.path().join("delivery.yaml"), "catalog: [clients.yaml]\n").unwrap();
    assert_fails(
        &run(temp.path(), &["check"]),
        &["`clients.yaml` is not there", "[delivery.yaml:1:11]"],
    );
}

#[test]
fn the_manifest_may_say_where_the_configuration_is() {
    let manifest = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\n[workspace.metadata.delivery]\nconfig = \"ops/delivery.yaml\"\n";
    let temp = project(&[
        ("Cargo.toml", manifest),
        ("src/lib.rs", DENIED),
        ("ops/delivery.yaml", "rules: { D002: warn }\n"),
    ]);
    assert_eq!(run(temp.path(), &["check"]).status.code(), Some(0));
    fs::write(temp.path().join("ops/delivery.yaml"), "rule: {}\n").unwrap();
    assert_fails(
        &run(temp.path(), &["check"]),
        &["[ops/delivery.yaml:1:1]", "did you mean `rules`?"],
    );
    fs::remove_file(temp.path().join("ops/delivery.yaml")).unwrap();
    assert_fails(&run(temp.path(), &["check"]), &["ops/delivery.yaml", "is not there"]);
}

#[test]
fn messages_of_another_checker_are_passed_on() {
    let quiet = "pub fn f() {\n    let unused = 1;\n}\n";
    let temp = package(&[("src/lib.rs", quiet)]);
    let check = |more: &[&str]| run(temp.path(), &[&["check", "--format", "cargo"], more].concat());
    assert!(!stdout(&check(&[])).contains("unused_variables"));
    let both = check(&["--with", "check --offline"]);
    assert_eq!(both.status.code(), Some(0), "{}", stderr(&both));
    assert!(
        stdout(&both).contains("\"code\":\"unused_variables\""),
        "{}",
        stdout(&both)
    );
    for line in stdout(&both).lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    fs::write(temp.path().join("src/lib.rs"), "pub fn f() -> u8 {}\n").unwrap();
    assert_eq!(
        check(&["--with", "check --offline"]).status.code(),
        Some(1),
        "it failed"
    );
    assert_fails(
        &run(temp.path(), &["check", "--with", "clippy", "--format", "json"]),
        &["--format cargo"],
    );
}

#[test]
fn excluded_files_are_not_looked_at() {
    let temp = package(&[("src/lib.rs", "mod generated;\n"), ("src/generated/mod.rs", DENIED)]);
    assert_eq!(run(temp.path(), &["check"]).status.code(), Some(1));
    fs::write(temp.path().join("delivery.yaml"), "exclude: [\"src/generated/**\"]\n").unwrap();
    assert_eq!(run(temp.path(), &["check"]).status.code(), Some(0));
}

#[test]
fn allows_are_judged() {
    let code = "#[delivery::allow(dedup_race)]\npub fn f() {}\n\n// delivery: allow(dedup-rce): why\npub fn g() {}\n";
    let temp = package(&[("src/lib.rs", code)]);
    let text = stdout(&run(temp.path(), &["check", "--format", "short"]));
    assert!(
        text.contains("src/lib.rs:1:1: warn[D003 unused-allow] there is no `dedup-race` here to allow"),
        "{text}"
    );
    assert!(
        text.contains("src/lib.rs:1:1: warn[D004 allow-without-reason]"),
        "{text}"
    );
    assert!(
        text.contains("src/lib.rs:4:1: warn[D003 unused-allow] this silences nothing: unknown rule `dedup-rce`"),
        "{text}"
    );
}

#[test]
fn reports_go_to_files_beside_what_is_printed() {
    let temp = package(&[("src/lib.rs", DENIED)]);
    let args = [
        "check",
        "--format",
        "short",
        "--report",
        "json=a.json",
        "--report",
        "human=b.txt",
    ];
    let output = run(temp.path(), &args);
    assert_eq!(stdout(&output).lines().count(), 1, "{}", stdout(&output));
    let json: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(temp.path().join("a.json")).unwrap()).unwrap();
    assert_eq!(json["summary"]["deny"], 1);
    assert_eq!(json["findings"][0]["file"], "src/lib.rs");
    let text = fs::read_to_string(temp.path().join("b.txt")).unwrap();
    assert!(
        text.contains("deny[D002 invalid-declaration]") && !text.contains('\u{1b}'),
        "{text}"
    );
}

#[test]
fn github_gets_annotations_where_nothing_else_is_asked_for() {
    let temp = package(&[("src/lib.rs", DENIED)]);
    let under_github = |args: &[&str]| {
        stdout(
            &command(temp.path(), args)
                .env("GITHUB_ACTIONS", "true")
                .output()
                .unwrap(),
        )
    };
    assert!(under_github(&["check"]).starts_with("::error file=src/lib.rs,line=1,"));
    assert!(
        under_github(&["check", "--report", "json=r.json"]).starts_with("::error "),
        "a report is beside it"
    );
    assert!(under_github(&["check", "--format", "human"]).starts_with("deny[D002"));
    assert!(under_github(&["check", "--statistics"]).contains("D002 invalid-declaration\n"));
    let elsewhere = command(temp.path(), &["check"])
        .env("GITHUB_ACTIONS", "false")
        .output()
        .unwrap();
    assert!(stdout(&elsewhere).starts_with("deny[D002"));
}

#[test]
fn an_allow_ends_on_its_last_day() {
    let allowed = |until: &str| {
        let comment = format!("// delivery: allow(invalid-declaration, until {until}): the id is being renamed\n");
        let temp = package(&[("src/lib.rs", &(comment + DENIED))]);
        let output = run(temp.path(), &["check", "--format", "short"]);
        (output.status.code(), stdout(&output))
    };
    assert_eq!(allowed("2999-12-31"), (Some(0), String::new()));
    let (code, text) = allowed("2020-01-01");
    assert!(code == Some(1) && text.contains("D002"), "{text}");
}

#[test]
fn chains_are_drawn_for_readers_and_for_programs() {
    let Some(fixtures) = fixtures("kafka/src/weakest_link") else {
        return;
    };
    let graph = |format: &str| {
        let output = run(&fixtures, &["graph", ".", "--format", format]);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    let json: serde_json::Value = serde_json::from_str(&graph("json")).unwrap();
    let chains = json["chains"].as_array().unwrap();
    assert!(chains.iter().any(|chain| chain["weakest"].is_string()), "{json}");
    assert!(graph("human").contains("weakest"), "{}", graph("human"));
    let (dot, mermaid) = (graph("dot"), graph("mermaid"));
    assert!(
        dot.starts_with("digraph ") && dot.trim_end().ends_with('}') && dot.contains(" -> "),
        "{dot}"
    );
    assert!(
        mermaid.starts_with("flowchart ") && mermaid.contains("-->"),
        "{mermaid}"
    );
}

/// A folder of the fixtures; a published package carries none.
fn fixtures(folder: &str) -> Option<std::path::PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(folder);
    path.is_dir().then_some(path)
}

#[test]
fn output_is_the_same_on_every_run() {
    let temp = package(&[
        ("src/a.rs", DENIED),
        ("src/b.rs", BROKEN),
        ("src/lib.rs", "mod a; mod b;\n"),
    ]);
    let first = run(temp.path(), &["check", "--format", "json"]).stdout;
    for _ in 0..3 {
        assert_eq!(run(temp.path(), &["check", "--format", "json"]).stdout, first);
    }
}

#[test]
fn colour_is_for_those_who_want_it() {
    let temp = package(&[("src/lib.rs", DENIED)]);
    let coloured = |command: &mut Command| stdout(&command.output().unwrap()).contains('\u{1b}');
    assert!(
        !coloured(&mut command(temp.path(), &["check"])),
        "a pipe is no terminal"
    );
    assert!(coloured(&mut command(temp.path(), &["check", "--color", "always"])));
    assert!(coloured(command(temp.path(), &["check"]).env("CLICOLOR_FORCE", "1")));
    assert!(!coloured(
        command(temp.path(), &["check", "--color", "never"]).env("CLICOLOR_FORCE", "1")
    ));
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    let temp = package(&[("src/lib.rs", DENIED)]);
    let mut child = command(temp.path(), &["explain", "commit-before-process"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(0), String::new()));
}

#[test]
fn quiet_and_statistics_say_less() {
    let temp = package(&[("src/lib.rs", DENIED)]);
    assert!(!stdout(&run(temp.path(), &["check", "-q"])).contains(" read\n"));
    let text = stdout(&run(temp.path(), &["check", "--statistics"]));
    assert!(
        text.starts_with("    1  D002 invalid-declaration\n1 denied in "),
        "{text}"
    );
}

#[test]
fn rules_are_listed_with_their_levels() {
    let temp = package(&[("delivery.yaml", "rules:\n  D511: deny\n")]);
    let text = stdout(&run(temp.path(), &["rules", "-A", "dedup-race"]));
    let line = |code: &str| {
        text.lines()
            .find(|line| line.starts_with(code))
            .unwrap_or_default()
            .to_owned()
    };
    assert!(line("D511").contains(" deny *"), "{text}");
    assert!(line("D203").contains(" allow*"), "{text}");
    assert!(line("D101").contains(" deny  "), "{text}");
}

#[test]
fn rules_and_semantics_are_explained() {
    let temp = project(&[]);
    let text = |topic: &str| stdout(&run(temp.path(), &["explain", topic]));
    assert!(text("D101").starts_with("# D101 commit-before-process\n"));
    assert_eq!(text("commit_before_process"), text("D101"));
    assert!(text("exactly-once").contains("\n## What it does not guarantee\n"));
}

#[test]
fn documentation_is_written_once_and_checked_after() {
    let temp = package(&[]);
    let output = run(temp.path(), &["doc", "--out", "docs"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert_eq!(
        stdout(&output).trim(),
        Path::new("docs").join("index.html").display().to_string()
    );
    assert!(temp.path().join("docs/rules/commit-before-process.html").exists());
    assert_eq!(
        run(temp.path(), &["doc", "--out", "docs", "--check"]).status.code(),
        Some(0)
    );
    fs::write(temp.path().join("docs/index.html"), "changed").unwrap();
    let output = run(temp.path(), &["doc", "--out", "docs", "--check"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output);
    assert!(text.starts_with("index.html is stale\n@@ "), "{text}");
    assert!(text.contains("\n-changed\n"), "{text}");
    assert_eq!(
        fs::read_to_string(temp.path().join("docs/index.html")).unwrap(),
        "changed"
    );
}

#[test]
fn a_folder_without_manifest_will_do() {
    let temp = project(&[("a.rs", DENIED), ("deep/b.rs", "pub fn quiet() {}\n")]);
    let output = run(temp.path(), &["check", "--format", "json", "."]);
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (json["summary"]["files"].as_u64(), json["findings"][0]["file"].as_str()),
        (Some(2), Some("a.rs"))
    );
    let output = run(temp.path(), &["list", "."]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
}

/// Two undeclared consumers: each is a finding of its own.
const UNDECLARED: &str = "use rdkafka::consumer::StreamConsumer;\n\
    pub async fn on_order(c: StreamConsumer) { loop { let m = c.recv().await.unwrap(); std::fs::write(\"o\", m.payload().unwrap()).unwrap(); } }\n\
    pub async fn on_refund(c: StreamConsumer) { loop { let m = c.recv().await.unwrap(); std::fs::write(\"r\", m.payload().unwrap()).unwrap(); } }\n";

#[test]
fn a_baseline_survives_moved_lines_and_only_shrinks() {
    let temp = project(&[
        (
            "Cargo.toml",
            "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nrdkafka = \"0.39\"\n",
        ),
        ("src/lib.rs", UNDECLARED),
    ]);
    let check = |more: &[&str]| {
        run(
            temp.path(),
            &[&["check", "--deny-warnings", "--format", "short"], more].concat(),
        )
    };
    let file = temp.path().join("known.json");
    assert_eq!(check(&[]).status.code(), Some(1));
    assert_fails(
        &check(&["--baseline", "known.json"]),
        &["there is no baseline at known.json", "--write-baseline"],
    );

    let written = check(&["--baseline", "known.json", "--write-baseline"]);
    assert_eq!((written.status.code(), stdout(&written).as_str()), (Some(0), ""));
    let all = fs::read_to_string(&file).unwrap();
    assert_fails(
        &check(&["--baseline", "known.json", "--write-baseline"]),
        &["only shrinks"],
    );

    fs::write(temp.path().join("src/lib.rs"), format!("// moved\n\n{UNDECLARED}")).unwrap();
    let moved = check(&["--baseline", "known.json"]);
    assert_eq!(
        (moved.status.code(), stdout(&moved).as_str(), stderr(&moved).as_str()),
        (Some(0), "", "")
    );

    let fewer: String = UNDECLARED.lines().take(2).map(|line| format!("{line}\n")).collect();
    fs::write(temp.path().join("src/lib.rs"), fewer).unwrap();
    assert!(stderr(&check(&["--baseline", "known.json"])).contains("found no more"));
    assert_eq!(fs::read_to_string(&file).unwrap(), all, "only asked for is it changed");
    check(&["--baseline", "known.json", "--prune-baseline"]);
    let pruned = fs::read_to_string(&file).unwrap();
    assert!(
        pruned.len() < all.len() && pruned.contains("on_order") && !pruned.contains("on_refund"),
        "{pruned}"
    );

    fs::write(temp.path().join("src/lib.rs"), UNDECLARED).unwrap();
    let back = check(&["--baseline", "known.json"]);
    assert_eq!(back.status.code(), Some(1), "what comes back is new");
    assert!(stdout(&back).contains("src/lib.rs:3:"), "{}", stdout(&back));
}

/// Compares with a file beside the tests; `BLESS=1` writes it.
fn snapshot(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/snapshots/cli")
        .join(name);
    if std::env::var_os("BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    similar_asserts::assert_eq!(fs::read_to_string(&path).unwrap_or_default(), text);
}

//! Commands that compare with a revision, in a real repository.

use super::*;

pub fn git(folder: &Path, args: &[&str]) {
    let mut command = Command::new("git");
    let identity = [
        "-c",
        "user.name=Test",
        "-c",
        "user.email=test@example.com",
        "-c",
        "commit.gpgsign=false",
    ];
    let output = command.current_dir(folder).args(identity).args(args).output().unwrap();
    assert!(output.status.success(), "git {args:?}: {}", stderr(&output));
}

const SAFE: &str = "use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};\n\
    use rdkafka::Message;\n\
    pub async fn on_order(c: StreamConsumer) -> anyhow::Result<()> {\n\
        loop {\n\
            let m = c.recv().await?;\n\
            std::fs::write(\"last\", m.payload().unwrap_or_default())?;\n\
            c.commit_message(&m, CommitMode::Sync)?;\n\
        }\n\
    }\n";

#[test]
fn a_guarantee_that_became_weaker_since_a_revision_fails() {
    let manifest =
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nrdkafka = \"0.39\"\n";
    let temp = project(&[("service/Cargo.toml", manifest), ("service/src/lib.rs", SAFE)]);
    let folder = temp.path().join("service");
    git(temp.path(), &["init", "-q"]);
    git(temp.path(), &["add", "."]);
    git(temp.path(), &["commit", "-qm", "safe"]);
    let same = run(&folder, &["diff", "HEAD"]);
    assert_eq!(
        (same.status.code(), stdout(&same).as_str()),
        (Some(0), "no guarantee changed\n"),
        "{}",
        stderr(&same)
    );
    let before = stdout(&run(&folder, &["check", "--format", "json"]));

    let lines: Vec<&str> = SAFE.lines().collect();
    let swapped = [&lines[..5], &[lines[6], lines[5]], &lines[7..]].concat().join("\n");
    fs::write(folder.join("src/lib.rs"), swapped).unwrap();
    let weaker = run(&folder, &["diff", "HEAD"]);
    assert_eq!(weaker.status.code(), Some(1), "{}{}", stdout(&weaker), stderr(&weaker));
    assert!(
        stdout(&weaker).starts_with("weaker    shop::on_order (src/lib.rs:5)"),
        "{}",
        stdout(&weaker)
    );
    assert_eq!(
        run(&folder, &["diff", "HEAD", "-W", "semantic-drift"]).status.code(),
        Some(0)
    );
    let table = stdout(&run(&folder, &["diff", "HEAD", "--format", "markdown"]));
    assert!(
        table.contains("| weaker | `shop::on_order` | nothing |") && table.contains("→ at_most_once"),
        "{table}"
    );

    let after = stdout(&run(&folder, &["check", "--format", "json"]));
    fs::write(temp.path().join("before.json"), before).unwrap();
    fs::write(temp.path().join("after.json"), after).unwrap();
    git(temp.path(), &["commit", "-qam", "weaker"]);
    let between = run(&folder, &["diff", "HEAD~1", "HEAD"]);
    assert_eq!((between.status.code(), stdout(&between)), (Some(1), stdout(&weaker)));
    let back = run(&folder, &["diff", "HEAD", "HEAD~1"]);
    assert!(
        back.status.success() && stdout(&back).starts_with("stronger"),
        "{}",
        stdout(&back)
    );
    let mixed = run(&folder, &["diff", "../before.json", "HEAD"]);
    assert_eq!(stdout(&mixed), stdout(&weaker), "a report and a revision");
    let reports = run(temp.path(), &["diff", "before.json", "after.json", "--format", "json"]);
    assert_eq!(reports.status.code(), Some(1), "{}", stderr(&reports));
    assert!(
        stdout(&reports).contains("\"change\": \"weaker\""),
        "{}",
        stdout(&reports)
    );
    assert_fails(
        &run(&folder, &["diff", "no-such-revision"]),
        &["no revision `no-such-revision`"],
    );
    assert_fails(
        &run(temp.path(), &["diff", "absent.json", "after.json"]),
        &["cannot read absent.json"],
    );
}

#[test]
fn only_what_changed_since_a_revision_is_looked_at() {
    let manifest =
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nrdkafka = \"0.39\"\n";
    let lib = "mod helper;\nuse rdkafka::consumer::StreamConsumer;\n\
        pub async fn on_order(c: StreamConsumer) {\n loop {\n let m = c.recv().await.unwrap();\n helper::keep(m.payload().unwrap());\n }\n}\n\n\
        pub async fn on_refund(c: StreamConsumer) {\n loop {\n let m = c.recv().await.unwrap();\n std::fs::write(\"r\", m.payload().unwrap()).unwrap();\n }\n}\n";
    let helper = "pub fn keep(order: &[u8]) {\n    std::fs::write(\"o\", order).unwrap();\n}\n\npub fn unused() {}\n";
    let temp = project(&[("Cargo.toml", manifest), ("src/lib.rs", lib), ("src/helper.rs", helper)]);
    git(temp.path(), &["init", "-q"]);
    git(temp.path(), &["add", "."]);
    git(temp.path(), &["commit", "-qm", "first"]);
    let findings = |args: &[&str]| {
        let output = run(temp.path(), &[&["check", "--format", "json"], args].concat());
        assert_eq!(stderr(&output), "");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let findings = report["findings"].as_array().unwrap();
        let any = |function: &str| findings.iter().any(|finding| finding["function"] == function);
        (any("shop::on_order"), any("shop::on_refund"))
    };
    let rewrite = |path: &str, text: String| fs::write(temp.path().join(path), text).unwrap();
    let since: &[&str] = &["--changed-since", "HEAD"];
    assert_eq!(findings(&[]), (true, true));
    assert_eq!(findings(since), (false, false));
    rewrite(
        "src/helper.rs",
        helper.replace("unused() {}", "unused() -> u8 {\n    1\n}"),
    );
    assert_eq!(findings(since), (false, false), "nobody calls what changed");
    rewrite("src/helper.rs", helper.replace("\"o\"", "\"orders\""));
    assert_eq!(findings(since), (true, false), "a callee changed");
    rewrite("src/helper.rs", helper.to_owned());
    rewrite("src/lib.rs", lib.replace("\"r\"", "\"refunds\""));
    assert_eq!(findings(since), (false, true), "the function itself changed");
    rewrite("src/lib.rs", lib.to_owned());
    rewrite("delivery.yaml", "rules:\n  undeclared-integration: warn\n".to_owned());
    assert_eq!(findings(since), (true, true), "a configuration is about everything");
    assert_fails(
        &run(temp.path(), &["check", "--changed-since", "nowhere"]),
        &["no revision `nowhere`"],
    );
    assert_fails(
        &run(
            temp.path(),
            &[
                "check",
                "--changed-since",
                "HEAD",
                "--baseline",
                "b.json",
                "--write-baseline",
            ],
        ),
        &["--changed-since"],
    );
}

#[test]
fn documentation_shows_what_changed_since_a_revision() {
    let manifest =
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nrdkafka = \"0.39\"\n";
    let temp = project(&[("Cargo.toml", manifest), ("src/lib.rs", SAFE)]);
    git(temp.path(), &["init", "-q"]);
    git(temp.path(), &["add", "."]);
    git(temp.path(), &["commit", "-qm", "safe"]);
    let lines: Vec<&str> = SAFE.lines().collect();
    let swapped = [&lines[..5], &[lines[6], lines[5]], &lines[7..]].concat().join("\n");
    fs::write(temp.path().join("src/lib.rs"), swapped).unwrap();
    for selection in [&[][..], &["src"]] {
        let args = [&["doc", "--since", "HEAD", "--out", "out", "-q"], selection].concat();
        let output = run(temp.path(), &args);
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        let history = fs::read_to_string(temp.path().join("out/history.html")).unwrap();
        assert!(
            history.contains("▼ Weaker") && history.contains("shop::on_order"),
            "{history}"
        );
        assert_eq!(history.matches("<tr>").count(), 2, "{history}");
    }
    assert_fails(
        &run(temp.path(), &["doc", "--since", "gone"]),
        &["git knows no revision `gone`"],
    );
}

#[cfg(unix)]
#[test]
fn documentation_is_opened_in_the_browser_that_was_chosen() {
    use std::os::unix::fs::PermissionsExt as _;
    let temp = project(&[
        ("browser", "#!/bin/sh\necho \"$1\" > \"$(dirname \"$0\")/opened\"\n"),
        ("a.rs", "fn f() {}\n"),
    ]);
    let browser = temp.path().join("browser");
    fs::set_permissions(&browser, fs::Permissions::from_mode(0o755)).unwrap();
    let opened = |browser: &Path| {
        let mut command = super::command(
            temp.path(),
            &["doc", ".", "--single-file", "--open", "--out", "out", "-q"],
        );
        command.env("BROWSER", browser).output().unwrap()
    };
    let output = opened(&browser);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let shown = fs::read_to_string(temp.path().join("opened")).unwrap();
    assert!(
        shown.trim().ends_with("out/delivery.html") && Path::new(shown.trim()).is_file(),
        "{shown}"
    );
    assert_fails(
        &opened(Path::new("/nowhere/browser")),
        &["no browser could be started", "set BROWSER"],
    );
    assert_fails(
        &run(temp.path(), &["doc", ".", "--single-file", "--format", "json"]),
        &["`--single-file` is for `--format html`"],
    );
}

/// Everything below a folder, git's own files included.
fn tree(folder: &Path) -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
    let mut all = std::collections::BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all.extend(tree(&path)),
            false => _ = all.insert(path.clone(), fs::read(&path).unwrap()),
        }
    }
    all
}

#[test]
fn whatever_compares_leaves_everything_as_it_was() {
    let manifest =
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nrdkafka = \"0.39\"\n";
    let temp = project(&[("Cargo.toml", manifest), ("src/lib.rs", SAFE), ("src/b.rs", "")]);
    git(temp.path(), &["init", "-q"]);
    git(temp.path(), &["add", "."]);
    git(temp.path(), &["commit", "-qm", "first"]);
    fs::write(temp.path().join("src/b.rs"), "// staged").unwrap();
    git(temp.path(), &["add", "."]);
    fs::write(temp.path().join("src/lib.rs"), format!("// not staged\n{SAFE}")).unwrap();
    fs::write(temp.path().join("untracked.rs"), "").unwrap();
    let before = tree(temp.path());
    for args in [
        &["diff", "HEAD"][..],
        &["diff", "HEAD", "HEAD"],
        &["check", "--no-cache", "--changed-since", "HEAD"],
        &["check", "--fix", "--dry-run"],
        &["annotate", "--dry-run"],
        &["list"],
        &["graph"],
        &["doctor"],
    ] {
        assert_ne!(run(temp.path(), args).status.code(), Some(2), "{args:?}");
        assert_eq!(tree(temp.path()), before, "{args:?}");
    }
}

//! What is handed to CI: the action, the hooks, the examples and the release are read as what they are, and their commands are run.
//!
//! GitHub itself is not here; its expressions are filled in, its files are given, and what its shell would run is run in bash.

use serde_json::Value;

use super::git::git;
use super::*;

const MANIFEST: &str =
    "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nrdkafka = \"0.39\"\n";
const SAFE: &str = "use rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};\nuse rdkafka::Message;\n\n\
    #[delivery::at_least_once(integration = \"shop.orders\", why = \"x\")]\n\
    pub async fn on_order(c: StreamConsumer) -> anyhow::Result<()> {\n    loop {\n        let m = c.recv().await?;\n        \
    std::fs::write(\"last\", m.payload().unwrap_or_default())?;\n        c.commit_message(&m, CommitMode::Sync)?;\n    }\n}\n";

/// The commit goes before the work.
fn unsafe_() -> String {
    let mut lines: Vec<&str> = SAFE.lines().collect();
    lines.swap(7, 8);
    lines.join("\n") + "\n"
}

/// A repository with one safe service, committed, and a folder of programs that come first on the path: this one, under cargo's name.
fn repository() -> TempDir {
    let temp = project(&[
        ("Cargo.toml", MANIFEST),
        ("src/lib.rs", SAFE),
        (".gitignore", "/.bin\n/out\n"),
    ]);
    git(temp.path(), &["init", "-q", "-b", "main"]);
    git(temp.path(), &["add", "."]);
    git(temp.path(), &["commit", "-qm", "safe"]);
    fs::create_dir(temp.path().join(".bin")).unwrap();
    std::os::unix::fs::symlink(
        env!("CARGO_BIN_EXE_cargo-delivery"),
        temp.path().join(".bin/cargo-delivery"),
    )
    .unwrap();
    temp
}

/// A program of that name that writes down what it was asked for, and passes on what is for this program.
fn stub(temp: &TempDir, name: &str) {
    let path = temp.path().join(".bin").join(name);
    let script = format!(
        "#!/bin/sh\necho \"{name} $*\" >> \"{log}\"\n[ \"$1\" != delivery ] || exec cargo-delivery \"$@\"\n",
        log = temp.path().join(".bin/log").display()
    );
    fs::write(&path, script).unwrap();
    std::os::unix::fs::PermissionsExt::set_mode(&mut fs::metadata(&path).unwrap().permissions(), 0o755);
    let mut permissions = fs::metadata(&path).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o755);
    fs::set_permissions(&path, permissions).unwrap();
}

fn log(temp: &TempDir) -> String {
    fs::read_to_string(temp.path().join(".bin/log")).unwrap_or_default()
}

/// Runs a script as CI does: it stops at the first failure.
fn bash(temp: &TempDir, script: &str, environment: &[(String, String)]) -> Output {
    let path = format!(
        "{}:{}",
        temp.path().join(".bin").display(),
        std::env::var("PATH").unwrap()
    );
    let mut command = Command::new("bash");
    crate::ambient::forget(&mut command);
    command
        .envs(environment.iter().cloned())
        .env("PATH", path)
        .current_dir(temp.path());
    command
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", script])
        .output()
        .unwrap()
}

/// A file of this repository; nothing in a published package, which has none of them.
fn file(path: &str) -> Option<String> {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).ok()
}

fn yaml(path: &str) -> Option<Value> {
    let text = file(path)?;
    Some(serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}")))
}

/// The text with GitHub's expressions filled in.
fn filled(text: &str, values: &[(&str, &str)]) -> String {
    let filled = values.iter().fold(text.to_owned(), |text, (name, value)| {
        text.replace(&format!("${{{{ {name} }}}}"), value)
    });
    assert!(!filled.contains("${{"), "what is not filled in: {filled}");
    filled
}

fn step<'v>(steps: &'v Value, name: &str) -> &'v Value {
    let mut all = steps.as_array().unwrap().iter();
    all.find(|step| step["name"] == name)
        .unwrap_or_else(|| panic!("no step {name}"))
}

/// The environment that a step asks for.
fn environment(step: &Value, values: &[(&str, &str)]) -> Vec<(String, String)> {
    let asked = step["env"].as_object().into_iter().flatten();
    asked
        .map(|(name, value)| (name.clone(), filled(value.as_str().unwrap(), values)))
        .collect()
}

#[test]
fn the_action_installs_checks_and_tells_what_a_pull_request_changes() {
    let Some(action) = yaml("action.yml") else { return };
    assert_eq!(action["runs"]["using"], "composite");
    let steps = &action["runs"]["steps"];
    for step in steps.as_array().unwrap() {
        assert!(
            step["run"].is_null() || step["shell"] == "bash",
            "a composite action names its shell: {step}"
        );
    }
    let temp = repository();
    let base = stdout(
        &Command::new("git")
            .current_dir(temp.path())
            .args(["rev-parse", "HEAD"])
            .output()
            .unwrap(),
    );
    let values = [
        ("inputs.version", ""),
        ("inputs.args", "-W semantic-drift --color never"),
        ("inputs.sarif", "out/delivery.sarif"),
        ("inputs.working-directory", "."),
        ("github.event.pull_request.base.sha", base.trim()),
    ];
    let ran = |name: &str, values: &[(&str, &str)], more: &[(&str, &str)]| {
        let step = step(steps, name);
        let mut all = environment(step, values);
        all.extend(
            more.iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        bash(&temp, step["run"].as_str().unwrap(), &all)
    };

    stub(&temp, "cargo");
    assert!(ran("Install", &values, &[]).status.success());
    assert!(
        log(&temp).contains("cargo install cargo-delivery --locked\n"),
        "{}",
        log(&temp)
    );
    stub(&temp, "cargo-binstall");
    assert!(ran("Install", &[("inputs.version", "1.2.3")], &[]).status.success());
    assert!(
        log(&temp).ends_with("cargo binstall --no-confirm cargo-delivery@1.2.3\n"),
        "{}",
        log(&temp)
    );

    fs::create_dir(temp.path().join("out")).unwrap();
    fs::write(temp.path().join("src/lib.rs"), unsafe_()).unwrap();
    let summary = temp.path().join("out/summary.md");
    let github = [
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_STEP_SUMMARY", summary.to_str().unwrap()),
    ];
    let told = ran("Guarantees", &values, &github);
    assert!(told.status.success(), "the summary fails nothing: {}", stderr(&told));
    let summary = fs::read_to_string(&summary).unwrap();
    assert!(
        summary.starts_with("## Delivery guarantees\n") && summary.contains("| weaker | `shop.orders` |"),
        "{summary}"
    );

    let checked = ran("Check", &values, &github);
    assert_eq!(checked.status.code(), Some(1), "{}", stderr(&checked));
    assert!(
        stdout(&checked).contains("::error file=src/lib.rs,line=8,"),
        "{}",
        stdout(&checked)
    );
    let sarif: Value =
        serde_json::from_str(&fs::read_to_string(temp.path().join("out/delivery.sarif")).unwrap()).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    fs::write(temp.path().join("src/lib.rs"), SAFE).unwrap();
    assert!(ran("Check", &values, &github).status.success());

    let upload = step(steps, "Upload");
    let path = filled(upload["with"]["sarif_file"].as_str().unwrap(), &values);
    assert_eq!(path, "./out/delivery.sarif");
    assert!(
        upload["if"].as_str().unwrap().starts_with("always()"),
        "also when the check fails"
    );
}

#[test]
fn the_action_uses_its_inputs_and_no_others() {
    let (Some(action), Some(text), Some(example)) =
        (yaml("action.yml"), file("action.yml"), yaml("docs/ci/github.yml"))
    else {
        return;
    };
    let inputs = action["inputs"].as_object().unwrap();
    let used: std::collections::BTreeSet<&str> = text
        .split("inputs.")
        .skip(1)
        .map(|rest| {
            rest.split(|character: char| !(character.is_alphanumeric() || character == '-'))
                .next()
                .unwrap()
        })
        .collect();
    assert_eq!(used, inputs.keys().map(String::as_str).collect());
    let steps = example["jobs"]["delivery"]["steps"].as_array().unwrap();
    let ours = steps
        .iter()
        .find(|step| {
            step["uses"]
                .as_str()
                .is_some_and(|uses| uses.starts_with("cargo-delivery/"))
        })
        .unwrap();
    let version: Vec<&str> = env!("CARGO_PKG_VERSION").split('.').take(2).collect();
    assert!(
        ours["uses"]
            .as_str()
            .unwrap()
            .ends_with(&format!("@v{}", version.join("."))),
        "{ours}"
    );
    for given in ours["with"].as_object().unwrap().keys() {
        assert!(inputs.contains_key(given), "{given}");
    }
    assert_eq!(
        example["permissions"]["security-events"], "write",
        "the upload needs it"
    );
    assert_eq!(steps[0]["with"]["fetch-depth"], 0, "the comparison needs it");
}

#[test]
fn the_hooks_check_what_is_about_to_be_committed() {
    let Some(hooks) = yaml(".pre-commit-hooks.yaml") else {
        return;
    };
    let temp = repository();
    let entry = |id: &str| {
        let mut all = hooks.as_array().unwrap().iter();
        let hook = all.find(|hook| hook["id"] == id).unwrap();
        assert_eq!(
            (&hook["language"], &hook["pass_filenames"]),
            (&"system".into(), &false.into())
        );
        let files = hook["files"].as_str().unwrap();
        let matches = format!(
            "printf '%s\\n' src/a.rs db/1.sql Cargo.toml x/Cargo.lock delivery.yaml README.md Cargo.tomll | grep -cE '{files}'"
        );
        assert_eq!(stdout(&bash(&temp, &matches, &[])).trim(), "5", "{files}");
        hook["entry"].as_str().unwrap().to_owned()
    };
    let (all, changed) = (entry("cargo-delivery"), entry("cargo-delivery-changed"));
    assert!(bash(&temp, &all, &[]).status.success());
    fs::write(temp.path().join("src/lib.rs"), unsafe_()).unwrap();
    assert_eq!(bash(&temp, &all, &[]).status.code(), Some(1));
    assert_eq!(
        bash(&temp, &changed, &[]).status.code(),
        Some(1),
        "it is about to be committed"
    );
    git(temp.path(), &["commit", "-qam", "weaker"]);
    assert!(bash(&temp, &changed, &[]).status.success(), "it is committed already");
}

#[test]
fn gitlab_gets_its_reports() {
    let Some(pipeline) = yaml("docs/ci/gitlab.yml") else {
        return;
    };
    let temp = repository();
    fs::write(temp.path().join("src/lib.rs"), unsafe_()).unwrap();
    let lines = pipeline["delivery"]["script"].as_array().unwrap();
    let run: Vec<&str> = lines
        .iter()
        .map(|line| line.as_str().unwrap())
        .filter(|line| !line.starts_with("cargo install"))
        .collect();
    assert_eq!(run.len() + 1, lines.len());
    assert_eq!(bash(&temp, &run.join("\n"), &[]).status.code(), Some(1));
    let reports = &pipeline["delivery"]["artifacts"]["reports"];
    let read = |of: &str| fs::read_to_string(temp.path().join(reports[of].as_str().unwrap())).unwrap();
    let quality: Value = serde_json::from_str(&read("codequality")).unwrap();
    assert!(
        quality
            .as_array()
            .unwrap()
            .iter()
            .any(|issue| issue["check_name"] == "commit-before-process")
    );
    assert!(read("junit").contains("<failure message="));
    assert_eq!(
        pipeline["delivery"]["artifacts"]["when"], "always",
        "also when the check fails"
    );
}

#[test]
fn the_shell_example_fails_for_each_of_its_reasons() {
    let Some(script) = file("docs/ci/shell.sh") else { return };
    let temp = repository();
    let path = temp.path().join(".bin/ci.sh");
    fs::write(&path, script).unwrap();
    let ci = || bash(&temp, "sh .bin/ci.sh main", &[]);
    let missing = ci();
    assert_eq!(missing.status.code(), Some(2), "no baseline yet");
    for args in [
        &["check", "--baseline", "delivery-baseline.json", "--write-baseline"][..],
        &["doc", "--format", "markdown", "--out", "docs/delivery"],
    ] {
        assert!(run(temp.path(), args).status.success());
    }
    let passed = ci();
    assert!(passed.status.success(), "{}{}", stdout(&passed), stderr(&passed));
    fs::write(temp.path().join("src/lib.rs"), unsafe_()).unwrap();
    assert!(stdout(&ci()).contains("D101"), "a finding");
    fs::write(
        temp.path().join("src/lib.rs"),
        unsafe_().replace("at_least_once", "at_most_once"),
    )
    .unwrap();
    let weaker = ci();
    assert!(
        weaker.status.code() == Some(1) && stdout(&weaker).contains("weaker"),
        "{}",
        stdout(&weaker)
    );
    fs::write(temp.path().join("src/lib.rs"), format!("// moved\n{SAFE}")).unwrap();
    let stale = ci();
    assert!(
        stale.status.code() == Some(1) && stdout(&stale).contains("is stale"),
        "{}",
        stdout(&stale)
    );
}

#[test]
fn what_init_prints_runs() {
    let temp = repository();
    let printed = stdout(&run(temp.path(), &["init"]));
    let workflow: Value = serde_yaml::from_str(&printed).unwrap();
    let steps = workflow["jobs"]["delivery"]["steps"].as_array().unwrap();
    assert!(steps.iter().any(|step| step["with"]["fetch-depth"] == 0));
    git(temp.path(), &["branch", "origin/main"]);
    let summary = temp.path().join(".bin/summary");
    let environment = [("GITHUB_STEP_SUMMARY".to_owned(), summary.display().to_string())];
    let commands = steps.iter().filter_map(|step| step["run"].as_str());
    for command in commands.filter(|command| !command.starts_with("cargo install")) {
        let output = bash(&temp, &filled(command, &[("github.base_ref", "main")]), &environment);
        assert!(
            output.status.success(),
            "{command}: {}{}",
            stdout(&output),
            stderr(&output)
        );
    }
    assert!(
        fs::read_to_string(summary)
            .unwrap()
            .contains("No delivery guarantee changed.")
    );
}

/// What a release packs is what `cargo binstall` looks for.
#[test]
fn a_release_packs_what_binstall_fetches() {
    let (Some(release), Some(manifest)) = (yaml(".github/workflows/release.yml"), file("Cargo.toml")) else {
        return;
    };
    let steps = &release["jobs"]["build"]["steps"];
    let targets = release["jobs"]["build"]["strategy"]["matrix"]["include"]
        .as_array()
        .unwrap();
    assert!(targets.len() >= 5);
    let target = "x86_64-unknown-linux-gnu";
    assert!(targets.iter().any(|one| one["target"] == target));
    let values = [
        ("matrix.target", target),
        ("github.ref_name", "v1.2.3"),
        ("github.token", "t"),
    ];
    let name = filled(release["jobs"]["build"]["env"]["NAME"].as_str().unwrap(), &values);

    let temp = project(&[
        ("README.md", ""),
        ("CHANGELOG.md", ""),
        ("LICENSE-MIT", ""),
        ("LICENSE-APACHE", ""),
    ]);
    let folder = temp.path().join("target").join(target).join("release");
    fs::create_dir_all(&folder).unwrap();
    fs::create_dir(temp.path().join(".bin")).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_cargo-delivery"), folder.join("cargo-delivery")).unwrap();
    fs::write(folder.join("cargo-delivery.d"), "").unwrap();
    let pack = filled(step(steps, "Pack")["run"].as_str().unwrap(), &values);
    let packed = bash(&temp, &pack, &[("NAME".to_owned(), name.clone())]);
    assert!(packed.status.success(), "{}", stderr(&packed));
    let listed = stdout(&bash(&temp, &format!("tar tzf {name}.tgz"), &[]));

    let table: toml::Table = manifest.parse().unwrap();
    let binstall = &table["package"]["metadata"]["binstall"];
    let meant = |key: &str| {
        let text = binstall[key].as_str().unwrap();
        [
            ("{ name }", "cargo-delivery"),
            ("{ target }", target),
            ("{ version }", "1.2.3"),
            ("{ bin }", "cargo-delivery"),
            ("{ binary-ext }", ""),
            ("{ repo }", "https://example.com"),
        ]
        .iter()
        .fold(text.to_owned(), |text, (hole, value)| text.replace(hole, value))
    };
    assert_eq!(
        meant("pkg-url"),
        format!("https://example.com/releases/download/v1.2.3/{name}.tgz")
    );
    let program = meant("bin-dir");
    assert!(
        listed.lines().any(|entry| entry == program),
        "{program} is not in {listed}"
    );
    for more in [
        "man/cargo-delivery.1",
        "completions.bash",
        "completions.zsh",
        "completions.fish",
        "LICENSE-MIT",
    ] {
        assert!(listed.contains(&format!("{name}/{more}\n")), "{more}: {listed}");
    }
    assert!(!listed.contains("cargo-delivery.d"));
    let attach = step(steps, "Attach")["run"].as_str().unwrap();
    assert!(attach.contains("gh release upload \"$GITHUB_REF_NAME\" \"$NAME.tgz\""));
}

#[test]
fn the_issue_forms_are_forms() {
    for form in ["false-alarm", "missed-fault"] {
        let Some(form) = yaml(&format!(".github/ISSUE_TEMPLATE/{form}.yml")) else {
            return;
        };
        for key in ["name", "description"] {
            assert!(form[key].as_str().is_some_and(|text| !text.is_empty()), "{key}");
        }
        let body = form["body"].as_array().unwrap();
        let mut ids = std::collections::BTreeSet::new();
        for field in body {
            let kind = field["type"].as_str().unwrap();
            assert!(
                ["markdown", "textarea", "input", "dropdown", "checkboxes"].contains(&kind),
                "{kind}"
            );
            assert!(ids.insert(field["id"].as_str().unwrap()), "{field}");
            assert!(field["attributes"]["label"].is_string(), "{field}");
        }
        assert!(body.iter().any(|field| field["validations"]["required"] == true));
        let text = form.to_string();
        for command in text
            .split("`cargo delivery ")
            .skip(1)
            .map(|rest| rest.split(['`', ' ']).next().unwrap())
        {
            let args = if command == "--version" {
                vec![command]
            } else {
                vec![command, "--help"]
            };
            assert!(run(Path::new("."), &args).status.success(), "{command}");
        }
    }
    let Some(config) = yaml(".github/ISSUE_TEMPLATE/config.yml") else {
        return;
    };
    assert!(config["blank_issues_enabled"].is_boolean());
}

#[test]
fn completions_are_scripts_and_every_command_has_a_page() {
    let temp = repository();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&run(temp.path(), &["completions", shell]));
        assert!(
            script.contains("changed-since") && script.contains("annotate"),
            "{shell}"
        );
    }
    // As bash does when the tabulator is pressed.
    let completed = |words: &str, word: &str, before: &str| {
        let script = format!(
            "source <(cargo-delivery completions bash); COMP_WORDS=({words} '{word}'); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); \
             \"$(complete -p cargo-delivery | grep -o '_cargo[a-z_]*')\" cargo-delivery '{word}' {before}; echo \"${{COMPREPLY[*]}}\""
        );
        let output = bash(&temp, &script, &[]);
        assert_eq!(stderr(&output), "");
        stdout(&output).trim().to_owned()
    };
    assert_eq!(completed("cargo-delivery", "che", "cargo-delivery"), "check");
    assert!(completed("cargo-delivery check", "--all", "check").contains("--all-targets"));
    assert_eq!(
        completed("cargo-delivery check --format", "", "--format"),
        "human short json cargo sarif github gitlab junit"
    );
    assert!(run(temp.path(), &["man", "--out", "out/man"]).status.success());
    let help = stdout(&run(temp.path(), &["--help"]));
    let listed = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = listed
        .lines()
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    for name in names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
    {
        let page = fs::read_to_string(temp.path().join(format!("out/man/cargo-delivery-{name}.1"))).unwrap();
        assert!(
            page.contains(".SH SYNOPSIS") && page.contains(".SH DESCRIPTION"),
            "{name}"
        );
    }
}

/// The commands in the settings of every editor are commands, and what rust-analyzer is told to run gives what it reads.
#[test]
fn editors_are_told_commands_that_work() {
    let Some(text) = file("docs/editors.md") else { return };
    let mut checks = Vec::new();
    for block in text.split("```").skip(1).step_by(2) {
        let (language, settings) = block.split_once('\n').unwrap();
        match language {
            "json" => assert!(serde_json::from_str::<Value>(settings).is_ok(), "{settings}"),
            "toml" => assert!(settings.parse::<toml::Table>().is_ok(), "{settings}"),
            other => assert_eq!(other, "lua"),
        }
        let lines = settings.lines().filter(|line| line.contains("overrideCommand"));
        checks.extend(lines.map(|line| {
            let list = line.split_once("overrideCommand").unwrap().1;
            let words: Vec<&str> = list.trim_start_matches('"').split('"').skip(1).step_by(2).collect();
            words.join("|")
        }));
    }
    assert_eq!(checks.len(), 4, "VS Code, Zed, Neovim, Helix");
    assert!(checks.iter().all(|check| *check == checks[0]), "{checks:?}");
    let words: Vec<&str> = checks[0].split('|').skip(2).collect();
    assert_eq!(words, ["check", "--format", "cargo", "--with", "clippy --all-targets"]);

    let temp = repository();
    fs::write(temp.path().join("src/lib.rs"), unsafe_()).unwrap();
    let output = run(temp.path(), &words[..3]);
    let printed = stdout(&output);
    let messages: Vec<Value> = printed
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let early = messages
        .iter()
        .find(|line| line["message"]["code"]["code"] == "delivery::commit_before_process");
    let early = early.unwrap_or_else(|| panic!("{printed}"));
    assert_eq!(early["reason"], "compiler-message");
    let fix = early["message"]["children"].as_array().unwrap().last().unwrap();
    assert_eq!(
        fix["spans"][0]["suggestion_applicability"], "MaybeIncorrect",
        "a quick fix: {fix}"
    );
}

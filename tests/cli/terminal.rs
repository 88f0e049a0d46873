//! What a terminal shows: progress of long runs, colour, narrow columns, names that nobody can trust.

use super::*;

/// Runs the program on a terminal of its own, as `script` (of every Linux) gives one, and returns all that appeared there.
#[cfg(target_os = "linux")]
fn on_a_terminal(folder: &Path, args: &[&str], environment: &[(&str, &str)]) -> String {
    let words: Vec<String> = args.iter().map(|arg| format!("'{arg}'")).collect();
    let line = format!(
        "stty cols 80 rows 40; {} {}",
        env!("CARGO_BIN_EXE_cargo-delivery"),
        words.join(" ")
    );
    let mut script = Command::new("script");
    crate::ambient::forget(&mut script);
    script.env("TERM", "xterm").envs(environment.iter().copied());
    let output = script
        .current_dir(folder)
        .args(["--quiet", "--return", "--command", &line, "/dev/null"])
        .output()
        .expect("`script` is part of util-linux");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// An optimised program is quicker.
#[cfg(target_os = "linux")]
const HANDLERS: usize = if cfg!(debug_assertions) { 80 } else { 2_000 };

/// Handlers enough for a run that takes a while.
#[cfg(target_os = "linux")]
fn large() -> TempDir {
    let handler = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/handler.rs.txt")).unwrap();
    let names: Vec<String> = (0..HANDLERS).map(|number| format!("on_order_{number}")).collect();
    let files: Vec<(String, String)> = names
        .iter()
        .map(|name| (format!("src/{name}.rs"), handler.replace("on_order", name)))
        .collect();
    let lib: String = names.iter().map(|name| format!("pub mod {name};\n")).collect();
    let manifest = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
        [dependencies]\nrdkafka = \"0.39\"\nsqlx = \"0.8\"\nredis = \"1\"\n";
    let mut all = vec![("Cargo.toml", manifest), ("src/lib.rs", lib.as_str())];
    all.extend(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    project(&all)
}

#[test]
#[cfg(target_os = "linux")]
fn a_long_run_shows_how_far_it_is_and_wipes_it_away() {
    let temp = large();
    let args = ["check", "--statistics", "--color", "never"];
    let shown = on_a_terminal(temp.path(), &args, &[]);
    assert!(
        shown.contains("checking integrations") && shown.contains(&format!("/{HANDLERS}")),
        "{shown:?}"
    );
    let (_, last) = shown.rsplit_once("\u{1b}[2K").expect("the line is wiped");
    let summary = &format!(" in {HANDLERS} integrations");
    assert!(last.contains(summary) && !last.contains("checking"), "{last:?}");

    for (args, environment) in [
        (&args[..], &[("CI", "true")][..]),
        (&args[..], &[("TERM", "dumb")][..]),
        (&["check", "--statistics", "--color", "never", "-q"][..], &[][..]),
    ] {
        let quiet = on_a_terminal(temp.path(), args, environment);
        assert!(
            quiet.contains(summary) && !quiet.contains("checking"),
            "{environment:?}: {quiet:?}"
        );
    }
    let piped = run(temp.path(), &args);
    assert_eq!(stderr(&piped), "", "nobody looks");
    assert!(stdout(&piped).contains(summary));
}

#[test]
#[cfg(target_os = "linux")]
fn a_short_run_shows_its_result_and_nothing_else() {
    let temp = package(&[("src/lib.rs", DENIED)]);
    let plain = on_a_terminal(temp.path(), &["check", "--color", "never"], &[]);
    assert!(plain.contains("D002") && !plain.contains('\u{1b}'), "{plain:?}");
    let wrong = on_a_terminal(temp.path(), &["chekc", "--color", "never"], &[]);
    assert!(wrong.contains("unrecognized") && !wrong.contains('\u{1b}'), "{wrong:?}");
    let coloured =
        |environment: &[(&str, &str)]| on_a_terminal(temp.path(), &["check"], environment).contains("\u{1b}[");
    assert!(coloured(&[]), "a terminal has colours");
    assert!(!coloured(&[("NO_COLOR", "1")]) && !coloured(&[("TERM", "dumb")]));
}

#[test]
#[cfg(target_os = "linux")]
fn what_is_printed_fits_the_terminal() {
    let why = "word ".repeat(60);
    let text = format!("// delivery: allow(dedup-race): {why}\npub fn f() {{}}\n");
    let temp = package(&[
        ("src/lib.rs", &text),
        ("delivery.yaml", "rules: { unused-allow: deny }\n"),
    ]);
    let line = format!(
        "stty cols 50 rows 40; {} check --color never -q",
        env!("CARGO_BIN_EXE_cargo-delivery")
    );
    let output = Command::new("script")
        .current_dir(temp.path())
        .env("TERM", "xterm")
        .args(["--quiet", "--command", &line, "/dev/null"])
        .output()
        .unwrap();
    let shown = String::from_utf8(output.stdout).unwrap();
    let own = shown
        .lines()
        .map(|line| line.trim_end())
        .filter(|line| !line.contains(" │ ") && !line.contains(" · "));
    let long: Vec<&str> = own.filter(|line| line.chars().count() > 50).collect();
    assert!(shown.contains("D003") && long.is_empty(), "{long:#?}");
}

#[test]
#[cfg(unix)]
fn names_never_steer_the_terminal() {
    let hostile = "a\u{1b}[2Jb.rs";
    let temp = package(&[]);
    fs::write(temp.path().join("src").join(hostile), DENIED).unwrap();
    let lib = "#[path = \"a\\u{1b}[2Jb.rs\"]\npub mod a;\n";
    fs::write(temp.path().join("src/lib.rs"), lib).unwrap();
    for format in ["human", "short", "github"] {
        let text = stdout(&run(temp.path(), &["check", "--format", format]));
        assert!(text.contains("D002") && !text.contains('\u{1b}'), "{format}: {text:?}");
    }
    for args in [
        &["list"][..],
        &["doctor"],
        &["check", "-v"],
        &["check", "nowhere\u{1b}[2J"],
    ] {
        let output = run(temp.path(), args);
        assert!(!(stdout(&output) + &stderr(&output)).contains('\u{1b}'), "{args:?}");
    }
    let json = stdout(&run(temp.path(), &["check", "--format", "json"]));
    assert!(
        json.contains("a\\u001b[2Jb.rs"),
        "a program gets the name as it is: {json}"
    );
}

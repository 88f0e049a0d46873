//! What is written: terminals, pages, pipes and disks that fail.

use std::fs;
use std::process::Stdio;

use super::{FAULTY, FOUND, command, finish, package, run};

const FORMATS: [&str; 8] = ["human", "short", "json", "cargo", "sarif", "github", "gitlab", "junit"];

/// Nothing of the sources is printed that a terminal would obey.
#[cfg(unix)]
#[test]
fn terminals_are_not_steered() {
    let escapes = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\r\u{8}";
    let odd = format!("use rdkafka as _;\nfn a() {{ let = \"{escapes}\"; }}\n");
    let library = format!(
        "{}\n// {escapes}\n",
        FAULTY.replace("\"orders\"", &format!("\"orders{escapes}\""))
    );
    let named = format!("src/a\nsrc/lib.rs:1:1: deny[forged]{}.rs", escapes.replace('\u{8}', ""));
    let temp = package(&[("src/lib.rs", library.as_bytes()), (&named, odd.as_bytes())]);
    for format in FORMATS {
        for colour in ["never", "always"] {
            let ran = run(temp.path(), &["check", "--color", colour, "--format", format]);
            let plain = if colour == "always" {
                without_colours(&ran.out)
            } else {
                ran.out
            };
            let for_people = ["human", "short", "github"].contains(&format);
            let obeyed = |c: char| match c {
                '\n' | '\t' | '\u{7f}' => false,
                c if for_people => c.is_control() || c == '\u{202e}',
                c => c.is_ascii_control(),
            };
            let printed = plain.chars().find(|c| obeyed(*c));
            assert_eq!(printed, None, "{format}, colour {colour}: {plain:?}");
            assert!(
                !for_people || !plain.contains("\nsrc/lib.rs:1:1: deny[forged]"),
                "{format}: a line is forged"
            );
        }
    }
    run(temp.path(), &["check", "no\u{1b}[31mwhere"]).says("no?[31mwhere");
}

/// Our own colours, which are all that may be there.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |out, part| {
        let digits = part.trim_start_matches(|c: char| c.is_ascii_digit() || c == ';');
        out + digits.strip_prefix('m').unwrap_or("\u{1b}")
    })
}

#[test]
fn pages_hold_text_and_no_markup_of_the_sources() {
    let markup = "<script>alert(1)</script><img src=x onerror=alert(1)>&lt;'";
    let rust = markup.replace('\'', "\\'");
    let library = format!(
        "#[delivery::at_least_once(integration = \"orders\", source = \"kafka:{rust}\", description = \"{rust}\")]\n{}",
        FAULTY.replace("\"orders\"", &format!("\"{rust}\""))
    );
    let temp = package(&[("src/lib.rs", library.as_bytes())]);
    for format in ["html", "markdown"] {
        run(temp.path(), &["doc", "--format", format, "--out", format]);
        for page in pages(&temp.path().join(format)) {
            let text = fs::read_to_string(&page).unwrap();
            // In Markdown, what stands between backticks is shown as it is.
            let shown: String = match format {
                "markdown" => text.split('`').step_by(2).collect(),
                _ => text,
            };
            assert!(
                !shown.contains("<script>alert") && !shown.contains("<img src=x"),
                "{}",
                page.display()
            );
        }
    }
    let junit = run(temp.path(), &["check", "--format", "junit"]).out;
    assert!(!junit.contains("<script>"), "{junit}");
}

fn pages(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { pages(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|kind| kind == "html" || kind == "md"))
        .collect()
}

#[test]
fn a_reader_may_leave() {
    let temp = package(&[("src/lib.rs", FAULTY.as_bytes())]);
    for args in [
        &["check"][..],
        &["check", "--format", "json"],
        &["list"],
        &["rules"],
        &["explain", "D101"],
    ] {
        let mut child = command(temp.path(), args)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            matches!(output.status.code(), Some(0 | 1)) && said.is_empty(),
            "{args:?}: {said}"
        );
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure_that_is_told() {
    let temp = package(&[("src/lib.rs", FAULTY.as_bytes())]);
    for args in [
        &["check"][..],
        &["check", "--format", "sarif"],
        &["list"],
        &["graph"],
        &["explain", "D101"],
        &["rules"],
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = command(temp.path(), args)
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {said}");
        assert!(said.starts_with("error: cannot write"), "{args:?}: {said}");
    }
    finish(&mut command(temp.path(), &["check", "--report", "json=/dev/full"]))
        .ended()
        .says("cannot write /dev/full");
}

/// However a run is ended, a file that it writes is the old one or the new one, and nothing is left beside it once a run ends well.
#[test]
fn no_file_is_ever_half_written() {
    let temp = package(&[("src/lib.rs", FAULTY.as_bytes())]);
    let args = [
        "check",
        "--report",
        "json=report.json",
        "--report",
        "sarif=report.sarif",
    ];
    run(temp.path(), &args).says(FOUND);
    let read = |name: &str| fs::read_to_string(temp.path().join(name)).unwrap();
    let whole = [read("report.json"), read("report.sarif")];
    for pause in 0..40 {
        let mut child = command(temp.path(), &args)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(std::time::Duration::from_millis(pause * 5));
        let _ = child.kill();
        child.wait().unwrap();
        assert_eq!([read("report.json"), read("report.sarif")], whole);
    }
}

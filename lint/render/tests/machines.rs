//! The formats that machines read: valid by their own schemas, and every region is the text that it is about.

use super::*;

const ACK: &str = "consumer.commit_message(&msg, CommitMode::Sync)";

/// The text between two positions of the sample's file, by counting lines and characters from one.
fn between(file: &str, line: &Value, from: &Value, to: &Value) -> String {
    let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
    let id = if file == "src/orders.rs" { 0 } else { 1 };
    let line = Sample
        .text(crate::span::FileId(id))
        .lines()
        .nth(number(line) - 1)
        .unwrap();
    let (from, to) = (number(from) - 1, number(to) - 1);
    line.chars().skip(from).take(to - from).collect()
}

fn parsed(format: Format) -> Value {
    serde_json::from_str(&rendered(format, Look::PLAIN)).unwrap()
}

/// The official schema, as the crate that writes the format has it.
#[expect(
    clippy::disallowed_methods,
    reason = "the schema lies in the sources of a dependency"
)]
fn sarif_schema() -> Value {
    let output = std::process::Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--offline",
            "--filter-platform",
            "x86_64-unknown-linux-gnu",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages
        .iter()
        .find(|package| package["name"] == "serde-sarif")
        .unwrap();
    let manifest = std::path::Path::new(package["manifest_path"].as_str().unwrap());
    let text = std::fs::read_to_string(manifest.with_file_name("src").join("schema.json")).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    // Its pattern has a bracket too many, which no engine for regular expressions accepts. We write no such key.
    for owner in ["run", "toolComponent"] {
        let language = &mut schema["definitions"][owner]["properties"]["language"];
        assert!(language.as_object_mut().unwrap().remove("pattern").is_some());
    }
    schema
}

#[test]
fn snapshots() {
    snapshot(
        "report.sarif",
        &rendered(Format::Sarif, Look::PLAIN).replace(env!("CARGO_PKG_VERSION"), "VERSION"),
    );
    snapshot("cargo.jsonl", &rendered(Format::Cargo, Look::PLAIN));
    snapshot("github.txt", &rendered(Format::Github, Look::PLAIN));
    snapshot("gitlab.json", &rendered(Format::Gitlab, Look::PLAIN));
    snapshot("junit.xml", &rendered(Format::Junit, Look::PLAIN));
}

#[test]
fn the_sarif_is_valid() {
    let validator = jsonschema::validator_for(&sarif_schema()).unwrap();
    let mut report = report();
    report.findings[1].suppressed = Some("known".to_owned());
    let text = render(
        &Resolved::new(&report, &Sample),
        Format::Sarif,
        Look::PLAIN,
        Detail::Summary,
    );
    let log: Value = serde_json::from_str(&text).unwrap();
    let errors: Vec<String> = validator.iter_errors(&log).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{errors:#?}");
    assert!(
        !validator.is_valid(&serde_json::json!({"version": "2.1.0", "runs": [{}]})),
        "the schema refuses nothing"
    );
}

#[test]
fn sarif_shows_places_the_execution_and_what_is_silenced() {
    let mut report = report();
    report.findings[1].suppressed = Some("reviewed by the ledger team".to_owned());
    let text = render(
        &Resolved::new(&report, &Sample),
        Format::Sarif,
        Look::PLAIN,
        Detail::Summary,
    );
    let log: Value = serde_json::from_str(&text).unwrap();
    let run = &log["runs"][0];
    let result = &run["results"][0];
    let region = |location: &Value| {
        let place = &location["physicalLocation"];
        let region = &place["region"];
        let file = place["artifactLocation"]["uri"].as_str().unwrap();
        let text = between(file, &region["startLine"], &region["startColumn"], &region["endColumn"]);
        assert_eq!(region["snippet"]["text"], text.as_str());
        text
    };
    assert_eq!(region(&result["locations"][0]), ACK);
    assert_eq!(
        region(&result["relatedLocations"][2]),
        "sqlx::query(\"INSERT INTO invoices VALUES ($1)\")"
    );
    let steps = result["codeFlows"][0]["threadFlows"][0]["locations"]
        .as_array()
        .unwrap();
    let texts: Vec<&str> = steps
        .iter()
        .map(|step| step["location"]["message"]["text"].as_str().unwrap())
        .collect();
    assert_eq!(
        texts[..3],
        [
            "Worker 1 receives message A.",
            "The offset of A is committed.",
            "Worker 1 crashes."
        ]
    );
    assert_eq!(region(&steps[0]["location"]), "consumer.recv()");
    assert_eq!(
        region(&steps[2]["location"]),
        "consumer.commit_message",
        "a crash stands where the step before it stands"
    );
    let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(run["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
    assert_eq!(
        (&result["level"], &result["suppressions"]),
        (&"error".into(), &serde_json::json!([]))
    );
    assert_eq!(
        run["results"][1]["suppressions"][0]["justification"],
        "reviewed by the ledger team"
    );
}

#[test]
fn a_fingerprint_survives_lines_that_move_and_tells_twins_apart() {
    let fingerprints = |report: &Report, files: &dyn Files| -> Vec<String> {
        let resolved = Resolved::new(report, files);
        let all = identities(&resolved.findings);
        all.iter().map(|(identity, nth)| identity.fingerprint(*nth)).collect()
    };
    struct Moved(String);
    impl Files for Moved {
        fn path(&self, file: crate::span::FileId) -> &str {
            Sample.path(file)
        }
        fn text(&self, file: crate::span::FileId) -> &str {
            if file.0 == 0 { &self.0 } else { Sample.text(file) }
        }
        fn package(&self, file: crate::span::FileId) -> Package {
            Sample.package(file)
        }
    }
    let mut report = report();
    let before = fingerprints(&report, &Sample);
    let mut moved = report.findings[0].clone();
    moved.primary.start.line += 2;
    moved.primary.end.line += 2;
    let text = format!("// a line\n// and another\n{}", Sample.text(crate::span::FileId(0)));
    report.findings[0] = moved;
    assert_eq!(fingerprints(&report, &Moved(text.clone())), before);
    report.findings.insert(1, report.findings[0].clone());
    let twins = fingerprints(&report, &Moved(text));
    assert_eq!(twins[0], before[0]);
    assert_ne!(twins[1], twins[0]);
}

#[test]
fn cargo_messages_have_the_places_of_findings_and_steps() {
    let text = rendered(Format::Cargo, Look::PLAIN);
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let diagnostic = &lines[0]["message"];
    assert_eq!(lines[0]["reason"], "compiler-message");
    assert_eq!(diagnostic["level"], "error");
    let marked = |span: &Value| {
        let text = between(
            span["file_name"].as_str().unwrap(),
            &span["line_start"],
            &span["column_start"],
            &span["column_end"],
        );
        let (from, to) = (&span["text"][0]["highlight_start"], &span["text"][0]["highlight_end"]);
        let line = span["text"][0]["text"].as_str().unwrap();
        let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        let shown: String = line.chars().take(number(to) - 1).skip(number(from) - 1).collect();
        assert_eq!(shown, text);
        text
    };
    let spans = diagnostic["spans"].as_array().unwrap();
    assert_eq!(marked(&spans[0]), ACK);
    assert_eq!(spans.iter().filter(|span| span["is_primary"] == true).count(), 1);
    let steps: Vec<&Value> = diagnostic["children"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|child| child["level"] == "note")
        .collect();
    assert_eq!(marked(&steps[1]["spans"][0]), "consumer.commit_message");
    assert_eq!(steps[2]["spans"], serde_json::json!([]), "a crash has no place");
    assert_eq!(
        lines.last().unwrap(),
        &serde_json::json!({"reason": "build-finished", "success": false})
    );
}

#[test]
fn github_and_gitlab_name_file_and_line() {
    let github = rendered(Format::Github, Look::PLAIN);
    let first = github.lines().next().unwrap();
    assert!(
        first.starts_with(
            "::error file=src/orders.rs,line=6,endLine=6,col=5,endColumn=52,title=D101 commit-before-process::"
        ),
        "{first}"
    );
    assert_eq!(github.lines().count(), 2, "a finding is one line");
    let gitlab = parsed(Format::Gitlab);
    assert_eq!(
        gitlab[0]["location"],
        serde_json::json!({"path": "src/orders.rs", "lines": {"begin": 6, "end": 6}})
    );
    assert_ne!(gitlab[0]["fingerprint"], gitlab[1]["fingerprint"]);
}

#[test]
fn junit_fails_what_is_denied_and_passes_what_is_not() {
    let text = rendered(Format::Junit, Look::PLAIN);
    let read = quick_junit::Report::deserialize_from_str(&text).unwrap();
    let suite = &read.test_suites[0];
    assert_eq!((suite.tests, suite.failures), (2, 1));
    assert_eq!(suite.test_cases[0].name.as_str(), "billing.invoices");
    let mut warned = report();
    warned.findings[0].level = crate::report::Level::Warn;
    let text = render(
        &Resolved::new(&warned, &Sample),
        Format::Junit,
        Look::PLAIN,
        Detail::Summary,
    );
    assert_eq!(
        quick_junit::Report::deserialize_from_str(&text).unwrap().test_suites[0].failures,
        0
    );
}

//! The language server, spoken to as an editor does.

use std::io::{BufReader, Write};
use std::process::{Child, ChildStdout};

use lsp_server::Message;
use serde_json::{Value, json};

use super::*;

struct Editor {
    child: Child,
    input: BufReader<ChildStdout>,
    requests: i32,
}

impl Editor {
    fn start(folder: &Path) -> Self {
        let mut child = command(folder, &["lsp"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let input = BufReader::new(child.stdout.take().unwrap());
        let mut editor = Self {
            child,
            input,
            requests: 0,
        };
        let folders = json!([{ "uri": uri(folder, ""), "name": "shop" }]);
        let answer = editor.ask("initialize", json!({ "capabilities": {}, "workspaceFolders": folders }));
        assert_eq!(answer["serverInfo"]["name"], "cargo-delivery");
        assert_eq!(answer["capabilities"]["hoverProvider"], true);
        editor
    }

    fn send(&mut self, message: Value) {
        let message: Message = serde_json::from_value(message).unwrap();
        let mut input = self.child.stdin.as_ref().unwrap();
        message.write(&mut input).unwrap();
        input.flush().unwrap();
    }

    fn tell(&mut self, method: &str, params: Value) {
        self.send(json!({ "method": method, "params": params }));
    }

    /// The answer; notifications before it are passed over.
    fn ask(&mut self, method: &str, params: Value) -> Value {
        self.requests += 1;
        self.send(json!({ "id": self.requests, "method": method, "params": params }));
        loop {
            if let Message::Response(response) = Message::read(&mut self.input).unwrap().unwrap() {
                return response
                    .response_result
                    .unwrap_or_else(|error| panic!("{}", error.message));
            }
        }
    }

    /// The next diagnostics of a file.
    fn diagnostics(&mut self, of: &Value) -> Vec<Value> {
        loop {
            match Message::read(&mut self.input).unwrap().unwrap() {
                Message::Notification(told)
                    if told.method == "textDocument/publishDiagnostics" && told.params["uri"] == *of =>
                {
                    return told.params["diagnostics"].as_array().unwrap().clone();
                }
                _ => {}
            }
        }
    }
}

fn uri(folder: &Path, file: &str) -> Value {
    let path = folder.canonicalize().unwrap().join(file);
    format!("file://{}", path.display()).trim_end_matches('/').into()
}

const MANIFEST: &str = "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nrdkafka = \"0.39\"\ndelivery = \"0.1\"\n";
const RIGHT: &str = "use rdkafka::Message;\nuse rdkafka::consumer::{CommitMode, Consumer, StreamConsumer};\n\n\
    #[delivery::at_least_once(integration = \"shop.orders\", why = \"x\")]\n\
    pub async fn on_order(c: StreamConsumer) -> anyhow::Result<()> {\n    loop {\n        let m = c.recv().await?;\n        \
    std::fs::write(\"last\", m.payload().unwrap_or_default())?;\n        c.commit_message(&m, CommitMode::Sync)?;\n    }\n}\n";

/// The commit goes before the work.
fn wrong() -> String {
    let mut lines: Vec<&str> = RIGHT.lines().collect();
    lines.swap(7, 8);
    lines.join("\n") + "\n"
}

fn rules(diagnostics: &[Value]) -> Vec<&str> {
    diagnostics.iter().filter_map(|each| each["code"].as_str()).collect()
}

#[test]
fn findings_come_and_go_as_the_author_types() {
    let temp = project(&[("Cargo.toml", MANIFEST), ("src/lib.rs", RIGHT)]);
    let lib = uri(temp.path(), "src/lib.rs");
    let mut editor = Editor::start(temp.path());
    editor.tell("initialized", json!({}));
    assert!(!rules(&editor.diagnostics(&lib)).contains(&"commit-before-process"));

    let document = json!({ "uri": lib, "languageId": "rust", "version": 1, "text": wrong() });
    editor.tell("textDocument/didOpen", json!({ "textDocument": document }));
    let found = editor.diagnostics(&lib);
    let finding = found
        .iter()
        .find(|each| each["code"] == "commit-before-process")
        .unwrap_or_else(|| panic!("{found:#?}"));
    assert_eq!(
        (&finding["severity"], &finding["source"]),
        (&json!(1), &json!("cargo delivery"))
    );
    assert_eq!(finding["range"]["start"], json!({ "line": 7, "character": 8 }));
    assert!(
        finding["relatedInformation"].as_array().unwrap().len() > 2,
        "the execution: {finding:#?}"
    );
    assert_eq!(
        fs::read_to_string(temp.path().join("src/lib.rs")).unwrap(),
        RIGHT,
        "the disk has it right"
    );

    let at = json!({ "textDocument": { "uri": lib }, "position": { "line": 4, "character": 15 } });
    let hover = editor.ask("textDocument/hover", at);
    let text = hover["contents"]["value"].as_str().unwrap();
    assert!(text.starts_with("**shop.orders**: refuted\n"), "{text}");
    assert!(
        text.contains("the code gives `at_most_once`") && text.contains("| A crash after | does |"),
        "{text}"
    );

    let asked =
        json!({ "textDocument": { "uri": lib }, "range": finding["range"], "context": { "diagnostics": [finding] } });
    let actions = editor.ask("textDocument/codeAction", asked);
    assert_eq!(actions[0]["title"], "Acknowledge behind the effect");
    assert_eq!(actions[0]["isPreferred"], false, "an order is for a person to choose");
    assert_eq!(edited(&wrong(), &actions[0]), RIGHT);
    assert_eq!(actions[1]["title"], "Allow `commit-before-process` here, with a reason");
    let edit = &actions[1]["edit"]["documentChanges"][0]["edits"][0];
    assert_eq!(
        edit["newText"],
        "        // delivery: allow(commit-before-process): TODO say why\n"
    );
    assert_eq!(edit["range"]["start"]["line"], 7);

    let change = json!({ "textDocument": { "uri": lib, "version": 2 }, "contentChanges": [{ "text": RIGHT }] });
    editor.tell("textDocument/didChange", change);
    assert!(!rules(&editor.diagnostics(&lib)).contains(&"commit-before-process"));
    assert_eq!(editor.ask("shutdown", Value::Null), Value::Null);
    editor.tell("exit", Value::Null);
    assert!(editor.child.wait().unwrap().success());
}

/// The text after an action, whose edits are of whole lines.
fn edited(text: &str, action: &Value) -> String {
    let edit = &action["edit"]["documentChanges"][0]["edits"][0];
    let line = |end: &str| usize::try_from(edit["range"][end]["line"].as_u64().unwrap()).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let new = edit["newText"].as_str().unwrap();
    lines[..line("start")].concat() + new + &lines[line("end")..].concat()
}

#[test]
fn what_is_certain_is_the_preferred_action() {
    let consumer = "    let mut config = rdkafka::ClientConfig::new();\n    config.set(\"enable.auto.commit\", \"true\");\n    \
        let c: StreamConsumer = config.create()?;\n    loop {\n";
    let text = RIGHT
        .replace("on_order(c: StreamConsumer)", "on_order()")
        .replace("    loop {\n", consumer);
    let temp = project(&[("Cargo.toml", MANIFEST), ("src/lib.rs", &text)]);
    let lib = uri(temp.path(), "src/lib.rs");
    let mut editor = Editor::start(temp.path());
    editor.tell("initialized", json!({}));
    let found = editor.diagnostics(&lib);
    let finding = found
        .iter()
        .find(|each| each["code"] == "auto-commit")
        .unwrap_or_else(|| panic!("{found:#?}"));
    let asked =
        json!({ "textDocument": { "uri": lib }, "range": finding["range"], "context": { "diagnostics": [finding] } });
    let actions = editor.ask("textDocument/codeAction", asked);
    assert_eq!(
        (&actions[0]["title"], &actions[0]["isPreferred"]),
        (&json!("Switch it off"), &json!(true))
    );
    assert_eq!(edited(&text, &actions[0]), text.replace("\"true\"", "\"false\""));
    drop(editor.child.stdin.take());
    assert!(editor.child.wait().unwrap().success());
}

#[test]
fn an_undeclared_handler_can_be_declared_and_a_useless_allow_removed() {
    let undeclared = RIGHT.replace(
        "#[delivery::at_least_once(integration = \"shop.orders\", why = \"x\")]\n",
        "",
    );
    let text = format!("{undeclared}\n// delivery: allow(dedup-race): gone\npub fn quiet() {{}}\n");
    let temp = project(&[("Cargo.toml", MANIFEST), ("src/lib.rs", &text)]);
    let lib = uri(temp.path(), "src/lib.rs");
    let mut editor = Editor::start(temp.path());
    editor.tell("initialized", json!({}));
    let found = editor.diagnostics(&lib);
    let mut titles = Vec::new();
    let mut texts = Vec::new();
    for finding in &found {
        let asked = json!({ "textDocument": { "uri": lib }, "range": finding["range"], "context": { "diagnostics": [finding] } });
        for action in editor.ask("textDocument/codeAction", asked).as_array().unwrap() {
            titles.push(action["title"].as_str().unwrap().to_owned());
            texts.push(
                action["edit"]["documentChanges"][0]["edits"][0]["newText"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
    let text_of = |title: &str| {
        &texts[titles
            .iter()
            .position(|each| each == title)
            .unwrap_or_else(|| panic!("{titles:?}"))]
    };
    assert!(
        text_of("Declare `effectively_once`")
            .contains("#[delivery::effectively_once(\n    integration = \"shop.on_order\"")
    );
    assert_eq!(text_of("Remove the allow that silences nothing"), "");
    drop(editor.child.stdin.take());
    assert!(editor.child.wait().unwrap().success(), "an editor that is gone ends it");
}

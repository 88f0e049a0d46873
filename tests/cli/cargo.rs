//! What cargo users expect of a subcommand: packages, targets, dependencies by path and by another name, sources from other places.

use super::*;

/// Acknowledges before it works: one finding a handler, wherever the work is done.
fn handler(name: &str, client: &str, keep: &str) -> String {
    format!(
        "use {client}::Message;\nuse {client}::consumer::{{CommitMode, Consumer, StreamConsumer}};\n\n{}",
        body(name, keep)
    )
}

fn body(name: &str, keep: &str) -> String {
    format!(
        "pub async fn {name}(c: StreamConsumer) -> anyhow::Result<()> {{\n    loop {{\n        let m = c.recv().await?;\n        \
         c.commit_message(&m, CommitMode::Sync)?;\n        {keep}(m.payload().unwrap_or_default())?;\n    }}\n}}\n"
    )
}

const KEEP: &str = "pub fn keep(bytes: &[u8]) -> std::io::Result<()> {\n    std::fs::write(\"kept\", bytes)\n}\n";

fn manifest(name: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nanyhow = \"1\"\n{dependencies}\n"
    )
}

/// A virtual workspace of two services and a library that is no member by its glob; a package outside of it; what builds have left.
fn shop() -> TempDir {
    let orders = "kafka = { package = \"rdkafka\", version = \"0.39\" }\nstore = { path = \"../../libs/store\" }\n\
        outside = { path = \"../../../outside\" }\n[features]\nnever = []";
    let lib = "use kafka::Message;\nuse kafka::consumer::{CommitMode, Consumer, StreamConsumer};\n#[path = \"odd name.rs\"]\npub mod odd;\n\
        include!(\"parts/included.rs\");\ninclude!(concat!(env!(\"OUT_DIR\"), \"/generated.rs\"));\n\
        #[cfg(feature = \"never\")]\npub mod featured;\n";
    let files = [
        (
            "shop/Cargo.toml",
            "[workspace]\nmembers = [\"services/*\"]\nresolver = \"3\"\n[workspace.dependencies]\nrdkafka = \"0.39\"\n"
                .to_owned(),
        ),
        ("shop/services/orders/Cargo.toml", manifest("orders", orders)),
        ("shop/services/orders/src/lib.rs", lib.to_owned()),
        (
            "shop/services/orders/src/odd name.rs",
            handler("on_odd", "kafka", "store::keep"),
        ),
        (
            "shop/services/orders/src/parts/included.rs",
            body("on_included", "outside::keep"),
        ),
        (
            "shop/services/orders/src/featured.rs",
            handler("on_feature", "kafka", "store::keep"),
        ),
        (
            "shop/services/orders/tests/all.rs",
            handler("on_test", "kafka", "store::keep"),
        ),
        (
            "shop/services/orders/examples/one.rs",
            handler("on_example", "kafka", "store::keep"),
        ),
        (
            "shop/services/refunds/Cargo.toml",
            manifest(
                "refunds",
                "rdkafka.workspace = true\nstore = { path = \"../../libs/store\" }",
            ),
        ),
        (
            "shop/services/refunds/src/main.rs",
            handler("on_refund", "rdkafka", "store::keep") + "fn main() {}\n",
        ),
        ("shop/libs/store/Cargo.toml", manifest("store", "")),
        ("shop/libs/store/src/lib.rs", KEEP.to_owned()),
        ("outside/Cargo.toml", manifest("outside", "")),
        ("outside/src/lib.rs", KEEP.to_owned()),
        (
            "shop/target/debug/build/orders-1/out/generated.rs",
            handler("on_generated", "kafka", "store::keep"),
        ),
        (
            "shop/services/orders/target/debug/build/orders-2/out/generated.rs",
            handler("on_generated", "kafka", "store::keep"),
        ),
    ];
    let borrowed: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, text.as_str())).collect();
    project(&borrowed)
}

/// The functions in which something is acknowledged too early, by the path of each.
fn early(folder: &Path, args: &[&str]) -> Vec<String> {
    let output = run(folder, &[&["check", "--format", "json"], args].concat());
    assert_eq!(stderr(&output), "", "{args:?}");
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let early = findings.filter(|finding| finding["rule"] == "commit-before-process");
    let mut names: Vec<String> = early
        .map(|finding| finding["function"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

const ORDERS: [&str; 3] = [
    "orders::featured::on_feature",
    "orders::odd::on_odd",
    "orders::on_included",
];

#[test]
fn a_virtual_workspace_is_checked_with_all_that_its_sources_are() {
    let temp = shop();
    let root = temp.path().join("shop");
    let all = [&ORDERS[..], &["refunds::on_refund"]].concat();
    assert_eq!(
        early(&root, &[]),
        all,
        "features decide nothing, what a build made is nobody's source"
    );
    assert_eq!(early(&root, &["--workspace"]), all);
    assert_eq!(early(&root.join("services/refunds"), &["--workspace"]), all);
    let with_targets = early(&root, &["--all-targets"]);
    assert_eq!(with_targets.len(), all.len() + 2, "{with_targets:?}");
    assert!(
        with_targets.iter().any(|name| name.ends_with("on_test"))
            && with_targets.iter().any(|name| name.ends_with("on_example"))
    );
}

#[test]
fn packages_are_chosen_as_cargo_does() {
    let temp = shop();
    let root = temp.path().join("shop");
    assert_eq!(early(&root, &["-p", "orders"]), ORDERS);
    assert_eq!(early(&root, &["--package", "ref*"]), ["refunds::on_refund"]);
    assert_eq!(early(&root, &["-p", "orders", "-p", "refunds"]).len(), 4);
    assert_eq!(early(&root, &["--exclude", "orders"]), ["refunds::on_refund"]);
    assert_eq!(early(&root, &["--workspace", "--exclude", "refunds"]), ORDERS);
    assert_eq!(
        early(temp.path(), &["--manifest-path", "shop/services/refunds/Cargo.toml"]),
        ["refunds::on_refund"]
    );
    assert_eq!(early(temp.path(), &["--manifest-path", "shop/Cargo.toml"]).len(), 4);
    assert_eq!(
        early(
            temp.path(),
            &["--manifest-path", "shop/services/refunds/Cargo.toml", "--workspace"]
        )
        .len(),
        4
    );
    assert_fails(
        &run(&root, &["check", "-p", "ordrs"]),
        &["package `ordrs` is not there; did you mean `orders`?"],
    );
    assert_fails(
        &run(&root, &["check", "-p", "orders", "--workspace"]),
        &["cannot be used with"],
    );
}

/// The path of a finding leads to the file, whether it was reached by `mod`, by `#[path]` or by `include!`.
#[test]
fn findings_are_where_the_code_is() {
    let temp = shop();
    let root = temp.path().join("shop");
    let text = stdout(&run(&root, &["check", "--format", "short"]));
    for file in ["odd name.rs", "parts/included.rs", "featured.rs"] {
        let place = format!("services/orders/src/{file}:");
        let line = text
            .lines()
            .find(|line| line.starts_with(&place) && line.contains("D101"));
        let line = line.unwrap_or_else(|| panic!("{place}: {text}"));
        let number: usize = line[place.len()..].split(':').next().unwrap().parse().unwrap();
        let source = fs::read_to_string(root.join("services/orders/src").join(file)).unwrap();
        assert!(
            source.lines().nth(number - 1).unwrap().contains("c.commit_message("),
            "{line}"
        );
    }
    assert!(!text.contains("generated"), "{text}");
}

#[test]
fn the_configuration_lies_at_the_root_for_every_member() {
    let temp = shop();
    let root = temp.path().join("shop");
    let member = root.join("services/orders/src");
    fs::write(root.join("delivery.yaml"), "rules: { loss: allow }\n").unwrap();
    for folder in [&root, &root.join("services/refunds"), &member] {
        assert_eq!(early(folder, &[]), [""; 0], "{}", folder.display());
    }
    assert_eq!(
        early(temp.path(), &["--manifest-path", "shop/services/refunds/Cargo.toml"]),
        [""; 0]
    );
    let some = "overrides:\n  - paths: [\"services/orders/**\"]\n    rules: { loss: allow }\n  - paths: [\"**/featured.rs\"]\n    rules: { D101: note }\n";
    fs::write(root.join("delivery.yaml"), some).unwrap();
    assert_eq!(
        early(&root, &[]),
        ["orders::featured::on_feature", "refunds::on_refund"]
    );
    assert_eq!(
        early(&root, &["-W", "commit-before-process"]).len(),
        4,
        "what is asked for on the command line wins"
    );
    for (wrong, hint) in [
        ("overrides:\n  - path: [\"a\"]\n", "did you mean `paths`?"),
        ("rules: { los: deny }\n", "did you mean `loss`?"),
        ("rules: { loss: denny }\n", "did you mean `deny`?"),
    ] {
        fs::write(root.join("delivery.yaml"), wrong).unwrap();
        assert_fails(&run(&member, &["check"]), &[hint, "delivery.yaml:"]);
    }
    fs::remove_file(root.join("delivery.yaml")).unwrap();
    fs::create_dir(root.join("ops")).unwrap();
    fs::write(root.join("ops/guarantees.yaml"), "rules: { loss: allow }\n").unwrap();
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let named = manifest + "[workspace.metadata.delivery]\nconfig = \"ops/guarantees.yaml\"\n";
    fs::write(root.join("Cargo.toml"), named).unwrap();
    assert_eq!(early(&member, &[]), [""; 0]);
}

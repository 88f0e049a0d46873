//! What stands in manifests, in `delivery.yaml`, in catalog files and in migrations.

use std::fs;

use super::{FAULTY, FOUND, package, run};

/// Runs with this `delivery.yaml`, and gives what was said.
fn configured(yaml: &str) -> super::Ran {
    let temp = package(&[("src/lib.rs", FAULTY.as_bytes()), ("delivery.yaml", yaml.as_bytes())]);
    run(temp.path(), &["check", "--format", "short"])
}

#[test]
fn yaml_that_grows_or_nests_is_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..30 {
        bomb += &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "));
    }
    configured(&bomb).says("anchors, aliases and tags are not supported");
    configured(&format!("exclude: {}\n", "[".repeat(100_000))).says("this is no YAML");
    configured(&format!("exclude: {}", "{a: ".repeat(100_000))).says("delivery.yaml");
    let indented: String = (0..2_000).map(|n| format!("{}a:\n", " ".repeat(n))).collect();
    configured(&indented).says("delivery.yaml");
    configured("a: !!binary x\n").says("delivery.yaml");
    configured("\u{1}\u{2}").says("delivery.yaml");
    configured(&"- ".repeat(100_000)).says("delivery.yaml");
}

#[test]
fn a_catalog_that_grows_or_nests_is_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for n in 1..30 {
        bomb += &format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", "));
    }
    for catalog in [
        bomb,
        "[".repeat(100_000),
        "crate: ".repeat(1_000),
        "- ".repeat(50_000),
        "\0".to_owned(),
    ] {
        let temp = package(&[
            ("src/lib.rs", FAULTY.as_bytes()),
            ("delivery.yaml", b"catalog: [ours.yaml]\n"),
            ("ours.yaml", catalog.as_bytes()),
        ]);
        let ran = run(temp.path(), &["check", "--format", "short"]).says("ours.yaml");
        assert_eq!(ran.status.code(), Some(2));
        assert!(ran.err.len() < 20_000, "{} bytes of message", ran.err.len());
    }
}

#[test]
fn hostile_globs_are_refused_or_harmless() {
    configured("exclude: [\"[\"]\n").says("exclude").never_says(FOUND);
    for glob in [
        format!("{}a", "{a,".repeat(10_000)),
        format!("{}{}", "{a,".repeat(2_000), "}".repeat(2_000)),
        "**/a*".repeat(2_000),
        "*a".repeat(20_000),
        "?".repeat(50_000),
        "[a-z]".repeat(10_000),
    ] {
        configured(&format!("exclude: [\"{glob}\"]\n"));
    }
    let members = "[workspace]\nmembers = [\"**/**/**/**/**/*\", \"[\", \"{{{\", \"../..\", \"/\"]\n";
    let temp = package(&[("src/lib.rs", FAULTY.as_bytes())]);
    fs::write(temp.path().join("Cargo.toml"), format!("{members}{}", super::MANIFEST)).unwrap();
    run(temp.path(), &["check", "--format", "short"]).says(FOUND);
}

#[test]
fn manifests_may_be_anything() {
    let nested = format!("a = {}", "[".repeat(100_000));
    let tables: String = (0..2_000).map(|n| format!("[{}a]\n", "a.".repeat(n % 300))).collect();
    for manifest in [
        "",
        "\0",
        "[package",
        "[package]\nname = 1\n",
        "[workspace]\nmembers = 3\n",
        &nested,
        &tables,
    ] {
        let temp = package(&[("src/lib.rs", FAULTY.as_bytes())]);
        fs::write(temp.path().join("Cargo.toml"), manifest).unwrap();
        run(temp.path(), &["check", "--format", "short"]);
        fs::write(temp.path().join("Cargo.toml"), super::MANIFEST).unwrap();
        fs::write(temp.path().join("Cargo.lock"), manifest).unwrap();
        run(temp.path(), &["check", "--format", "short"]).says(FOUND);
    }
}

#[test]
fn migrations_may_be_anything() {
    let nested = format!(
        "CREATE TABLE t (a INT CHECK {}1{});",
        "(".repeat(100_000),
        ")".repeat(100_000)
    );
    let query = format!("SELECT {}1{};", "(SELECT ".repeat(20_000), ")".repeat(20_000));
    let sums = format!("SELECT 1{};", " + 1".repeat(100_000));
    for sql in ["CREATE TABLE", "'", "/* ", "$$ $a$", "\0", &nested, &query, &sums] {
        let temp = package(&[
            ("src/lib.rs", FAULTY.as_bytes()),
            ("migrations/1_a.sql", sql.as_bytes()),
        ]);
        run(temp.path(), &["check", "--format", "short"]).says(FOUND);
    }
    let quoted = FAULTY.replace(
        "std::fs::write(\"orders\", m.payload().unwrap())",
        "sqlx::query(SQL).execute(&p).await",
    );
    let library = format!("{quoted}\nconst SQL: &str = \"{query}\";\n");
    let temp = package(&[("src/lib.rs", library.as_bytes())]);
    run(temp.path(), &["check", "--format", "short"]);
}

#[test]
fn annotations_may_be_anything() {
    let long = "a".repeat(100_000);
    let nested = format!("{}1{}", "(".repeat(300), ")".repeat(300));
    for arguments in [
        "",
        "= 3",
        "(,,)",
        "(integration = )",
        "(retry = { a: { b: [",
        &format!("({nested})"),
        &format!("(integration = \"{long}\")"),
    ] {
        let library = format!("{FAULTY}#[delivery::at_least_once{arguments}]\nfn odd() {{}}\n");
        let temp = package(&[("src/lib.rs", library.as_bytes())]);
        run(temp.path(), &["check", "--format", "short"]).says(FOUND);
    }
    let comments = format!(
        "{FAULTY}// delivery: allow(\n// delivery: allow({long}): \n// delivery:\u{202e}allow()\nfn odd() {{}}\n"
    );
    let temp = package(&[("src/lib.rs", comments.as_bytes())]);
    run(temp.path(), &["check", "--format", "short"]).says(FOUND);
}

/// Neither code nor configuration makes the program read what lies outside.
#[test]
fn nothing_leads_out_of_the_workspace() {
    let temp = tempfile::tempdir().unwrap();
    let (inside, stolen) = (temp.path().join("inside"), FAULTY.replace("on_order", "stolen"));
    fs::create_dir_all(inside.join("src")).unwrap();
    fs::write(temp.path().join("outside.rs"), format!("{stolen} fn = secret;\n")).unwrap();
    fs::write(temp.path().join("outside.yaml"), "secret: 1\n").unwrap();
    fs::write(temp.path().join("outside.sql"), "INSERT INTO secret VALUES ($1)").unwrap();
    fs::write(inside.join("Cargo.toml"), super::MANIFEST).unwrap();
    let leads = format!(
        "#[path = \"../../outside.rs\"] mod outside;\n#[path = {:?}] mod absolute;\n{FAULTY}\npub async fn on_sql(c: rdkafka::consumer::StreamConsumer, p: &sqlx::PgPool) {{ loop {{ let m = c.recv().await.unwrap(); sqlx::query(include_str!(\"../../outside.sql\")).execute(p).await.unwrap(); }} }}\n",
        temp.path().join("outside.rs"),
    );
    fs::write(inside.join("src/lib.rs"), leads).unwrap();
    let check = |args: &[&str]| run(&inside, &[&["check", "--format", "json"], args].concat());
    for args in [&[][..], &["--no-prefilter"], &["src/lib.rs"], &["."]] {
        check(args)
            .says("commit-before-process")
            .never_says("stolen")
            .never_says("secret");
    }
    for yaml in [
        "catalog: [\"../outside.yaml\"]\n".to_owned(),
        format!("catalog: [{:?}]\n", temp.path().join("outside.yaml")),
    ] {
        fs::write(inside.join("delivery.yaml"), yaml).unwrap();
        check(&[]).says("outside of the workspace").never_says("secret");
    }
}

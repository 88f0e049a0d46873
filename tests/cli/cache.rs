//! What is kept of earlier runs: it saves time, and is never seen otherwise.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use xxhash_rust::xxh3::xxh3_64;

use super::{command, project, run, stderr, stdout, write, write_all};

/// What can decide about a finding, all of it in one package.
const FILES: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nrdkafka = \"0.38\"\nsqlx = \"0.8\"\nredis = \"0.32\"\nours = { path = \"../ours\" }\n",
    ),
    (
        "Cargo.lock",
        "version = 4\n[[package]]\nname = \"rdkafka\"\nversion = \"0.38.0\"\n",
    ),
    ("delivery.yaml", "catalog: [ours.yaml]\n"),
    ("ours.yaml", "crate: ours\nversion: \"1\"\ncalls: []\n"),
    ("known.json", "{\"version\": 1, \"findings\": []}"),
    ("migrations/1.sql", "CREATE TABLE sold (id TEXT PRIMARY KEY);\n"),
    ("src/lib.rs", "mod on_order;\nmod statement;\n"),
    ("src/on_order.rs", include_str!("handler.rs.txt")),
    (
        "src/statement.rs",
        "pub async fn on_note(c: rdkafka::consumer::StreamConsumer, p: sqlx::PgPool) {\n    let m = c.recv().await.unwrap();\n    sqlx::query(include_str!(\"add.sql\")).execute(&p).await.unwrap();\n}\n",
    ),
    ("src/add.sql", "INSERT INTO notes (text) VALUES ('x')"),
];

/// A package beside another that it depends on.
struct Shop {
    root: PathBuf,
    _temp: TempDir,
}

impl Shop {
    fn path(&self) -> &Path {
        &self.root
    }
}

fn shop() -> Shop {
    let temp = project(&[
        ("ours/Cargo.toml", "[package]\nname = \"ours\"\n"),
        ("ours/src/lib.rs", "pub fn a() {}\n"),
    ]);
    let root = temp.path().join("shop");
    write_all(&root, FILES);
    Shop { root, _temp: temp }
}

fn check(shop: &Shop, args: &[&str]) -> Output {
    run(shop.path(), &[&["check"], args].concat())
}

/// All that is seen of a run.
fn seen(output: &Output) -> (Option<i32>, String, String) {
    (output.status.code(), stdout(output), stderr(output))
}

fn entries(folder: &Path) -> BTreeSet<PathBuf> {
    let Ok(files) = fs::read_dir(folder) else {
        return BTreeSet::new();
    };
    let paths = files.map(|file| file.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|it| it == "said"))
        .collect()
}

fn cache_of(temp: &Shop) -> PathBuf {
    temp.path().join("target/delivery/cache")
}

/// Makes all entries say something else, so that it shows when they are used.
fn forge(folder: &Path) {
    for entry in entries(folder) {
        let mut bytes = fs::read(&entry).unwrap();
        let payload = bytes.iter().position(|byte| *byte == 0x1a).unwrap() + 1 + size_of::<u64>();
        let said: Vec<usize> = (payload..bytes.len())
            .filter(|at| bytes[*at..].starts_with(TRUE.as_bytes()))
            .collect();
        assert!(!said.is_empty(), "nothing is warned of in {}", entry.display());
        for at in said {
            bytes[at..at + FORGED.len()].copy_from_slice(FORGED.as_bytes());
        }
        let checksum = xxh3_64(&bytes[payload..]).to_le_bytes();
        bytes[payload - size_of::<u64>()..payload].copy_from_slice(&checksum);
        fs::write(entry, bytes).unwrap();
    }
}

const TRUE: &str = "warn[";
const FORGED: &str = "WARN[";

/// Whether a run took what it said from the cache, which is forged.
fn is_cached(output: &Output) -> bool {
    stdout(output).contains(FORGED)
}

#[test]
fn nothing_changed_and_the_same_is_said() {
    let temp = shop();
    let report = temp.path().join("report.json");
    let formats = ["human", "short", "json", "cargo", "sarif", "github", "gitlab", "junit"];
    let formats = formats.map(|format| vec!["--format", format]);
    let others: [&[&str]; 8] = [
        &["--statistics"],
        &["--explain-verdict", "on_order::on_order"],
        &["--quiet"],
        &["--verbose"],
        &["--deny-warnings"],
        &["--color", "always"],
        &["--baseline", "known.json"],
        &["--report", "json=report.json"],
    ];
    for args in formats.iter().map(Vec::as_slice).chain(others) {
        let uncached = seen(&check(&temp, &[args, &["--no-cache"]].concat()));
        let reported = fs::read(&report).ok();
        for time in ["first", "second"] {
            let _ = fs::remove_file(&report);
            assert_eq!(seen(&check(&temp, args)), uncached, "{args:?}, the {time} time");
            assert_eq!(fs::read(&report).ok(), reported, "{args:?}, the {time} time");
        }
    }
    assert_eq!(entries(&cache_of(&temp)).len(), formats.len() + others.len());
    forge_one(&temp);
}

/// That the tests below see a cached run for what it is.
fn forge_one(temp: &Shop) {
    fs::remove_dir_all(cache_of(temp)).unwrap();
    assert!(!is_cached(&check(temp, &[])));
    forge(&cache_of(temp));
    assert!(is_cached(&check(temp, &[])));
}

/// Something that is done to a package.
type Change<'c> = &'c dyn Fn(&Path);

#[test]
fn whatever_changes_is_seen() {
    let put = |path: &'static str, text: &'static str| move |root: &Path| super::write(root, path, text);
    let append = |path: &'static str, text: &'static str| {
        move |root: &Path| {
            let old = fs::read_to_string(root.join(path)).unwrap();
            fs::write(root.join(path), old + text).unwrap();
        }
    };
    let same_size = |root: &Path| {
        let path = root.join("src/on_order.rs");
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        let text = fs::read_to_string(&path).unwrap().replace("set_ex", "get_ex");
        fs::write(&path, text).unwrap();
        fs::File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_modified(modified)
            .unwrap();
    };
    let replaced = |root: &Path| {
        let path = root.join("src/on_order.rs");
        fs::rename(&path, root.join("elsewhere")).unwrap();
        fs::copy(root.join("src/statement.rs"), path).unwrap();
    };
    let changes: &[(&str, Change<'_>)] = &[
        ("a source", &append("src/on_order.rs", "// more\n")),
        ("a source that looks as before", &same_size),
        ("a source that another took the place of", &replaced),
        (
            "a source that nothing was found in",
            &append("src/lib.rs", "pub fn quiet() {}\n"),
        ),
        ("a text that is included", &put("src/add.sql", "DELETE FROM notes")),
        (
            "a migration",
            &append("migrations/1.sql", "CREATE TABLE stock (id INT PRIMARY KEY);\n"),
        ),
        ("a new migration", &put("migrations/2.sql", "DROP TABLE sold;\n")),
        ("the manifest", &append("Cargo.toml", "# more\n")),
        ("the lock file", &put("Cargo.lock", "version = 4\n")),
        (
            "the configuration",
            &append("delivery.yaml", "rules: {auto-commit: warn}\n"),
        ),
        ("a catalog", &append("ours.yaml", "# more\n")),
        ("the baseline", &append("known.json", "\n")),
        ("a new file", &put("src/bin/tool.rs", "fn main() {}\n")),
        ("a new file in a new folder", &put("src/deep.rs", "")),
        ("a file that is gone", &|root: &Path| {
            fs::remove_file(root.join("migrations/1.sql")).unwrap()
        }),
        (
            "a package beside it",
            &put("../ours/src/lib.rs", "pub fn a() { b() }\n"),
        ),
    ];
    for (what, change) in changes {
        let shop = shop();
        let checked = |more: &[&str]| check(&shop, &[&["--baseline", "known.json"], more].concat());
        checked(&[]);
        forge(&cache_of(&shop));
        assert!(is_cached(&checked(&[])), "nothing, before {what}");
        change(shop.path());
        assert_eq!(seen(&checked(&[])), seen(&checked(&["--no-cache"])), "{what}");
    }
}

#[test]
fn what_is_asked_for_is_part_of_it() {
    let temp = shop();
    check(&temp, &[]);
    forge(&cache_of(&temp));
    for args in [
        &["--deny-warnings"][..],
        &["--assume", "none"],
        &["--all-targets"],
        &["-A", "loss"],
    ] {
        assert!(!is_cached(&check(&temp, args)), "{args:?}");
    }
    assert!(!is_cached(&check(&temp, &["--no-cache"])));
    assert!(is_cached(&check(&temp, &[])));
}

#[test]
fn what_is_broken_or_foreign_is_passed_over() {
    let temp = shop();
    let expected = seen(&check(&temp, &["--no-cache"]));
    check(&temp, &[]);
    let entry = entries(&cache_of(&temp)).pop_first().unwrap();
    let whole = fs::read(&entry).unwrap();
    let mut flipped = whole.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x20;
    let mut foreign = whole.clone();
    foreign[21] = b'0';
    let broken: [&[u8]; 6] = [
        &[],
        b"\0\xff",
        &whole[..whole.len() / 2],
        &whole[..20],
        &flipped,
        &foreign,
    ];
    for bytes in broken {
        fs::write(&entry, bytes).unwrap();
        assert_eq!(seen(&check(&temp, &[])), expected, "{} bytes", bytes.len());
        assert!(fs::read(&entry).unwrap().len() > whole.len() / 2, "it is mended");
    }
    fs::remove_file(&entry).unwrap();
    fs::create_dir_all(entry.join("a folder in its place")).unwrap();
    assert_eq!(seen(&check(&temp, &[])), expected);
}

#[test]
fn many_runs_at_once_and_runs_that_are_killed_do_no_harm() {
    let temp = shop();
    let expected = seen(&check(&temp, &["--no-cache"]));
    let start = || {
        let mut command = command(temp.path(), &["check"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    for wait in [0, 5, 20, 60, 120] {
        let mut killed = start();
        std::thread::sleep(Duration::from_millis(wait));
        killed.kill().unwrap();
        killed.wait().unwrap();
    }
    let runs: Vec<_> = (0..6).map(|_| start()).collect();
    for ran in runs {
        assert_eq!(seen(&ran.wait_with_output().unwrap()), expected);
    }
    assert_eq!(entries(&cache_of(&temp)).len(), 1);
    forge_one(&temp);
}

#[test]
fn what_is_old_is_swept_away() {
    let temp = shop();
    let cache = cache_of(&temp);
    fs::create_dir_all(&cache).unwrap();
    let long_ago = SystemTime::now() - Duration::from_secs(24 * 60 * 60);
    let old = (0..40)
        .map(|number| format!("{number}.said"))
        .chain([".a.new".to_owned()]);
    for name in old {
        let file = fs::File::create(cache.join(name)).unwrap();
        file.set_modified(long_ago).unwrap();
    }
    fs::write(cache.join(".b.new"), "of a run that goes on").unwrap();
    check(&temp, &[]);
    assert_eq!(entries(&cache).len(), 32);
    assert!(!cache.join(".a.new").exists() && cache.join(".b.new").exists());
}

#[test]
fn nothing_is_written_where_nothing_may_be() {
    let expected = {
        let temp = shop();
        seen(&check(&temp, &["--no-cache"]))
    };
    let uncached = shop();
    check(&uncached, &["--no-cache"]);
    assert!(!uncached.path().join("target").exists());
    let blocked = shop();
    fs::write(blocked.path().join("target"), "no folder").unwrap();
    assert_eq!(seen(&check(&blocked, &[])), expected);
    let read_only = shop();
    let mut permissions = fs::metadata(read_only.path()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(read_only.path(), permissions).unwrap();
    assert_eq!(seen(&check(&read_only, &[])), expected);
    let loose = project(&[("src/main.rs", "fn main() {}\n")]);
    run(loose.path(), &["check"]);
    assert!(!loose.path().join("target").exists(), "there is no manifest");
}

#[test]
fn it_lies_where_cargo_builds() {
    let temp = shop();
    fs::create_dir_all(temp.path().join(".cargo")).unwrap();
    fs::write(
        temp.path().join(".cargo/config.toml"),
        "[build]\ntarget-dir = \"built\"\n",
    )
    .unwrap();
    check(&temp, &[]);
    assert_eq!(entries(&temp.path().join("built/delivery/cache")).len(), 1);
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = command(temp.path(), &["check"]);
    command.env("CARGO_TARGET_DIR", elsewhere.path()).output().unwrap();
    let cache = elsewhere.path().join("delivery/cache");
    assert_eq!(entries(&cache).len(), 1);
    assert_eq!(fs::read_to_string(cache.join(".gitignore")).unwrap(), "*\n");
    assert!(cache.join("CACHEDIR.TAG").exists());
    assert!(!temp.path().join("target").exists());
}

/// Over code that is made to be found fault with: whatever is edited, a run with the cache says what one without it says.
/// Over code that is made to be found fault with: whatever is edited, a run with the cache says what one without it says.
#[test]
fn no_edit_hides_behind_the_cache() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/kafka");
    let text = |path: &Path| fs::read_to_string(path).unwrap();
    let folders = ["dedup_race", "shop", "missing_ack"].map(|folder| fixture.join("src").join(folder));
    let sources = folders.iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    let relative = |path: &Path| path.strip_prefix(&fixture).unwrap().to_string_lossy().into_owned();
    let sources = sources
        .map(|file| file.unwrap().path())
        .map(|path| (relative(&path), text(&path)));
    let mut files: Vec<(String, String)> = sources.collect();
    files.sort();
    let temp = project(&[("Cargo.toml", &text(&fixture.join("Cargo.toml")))]);
    files.iter().for_each(|(path, text)| write(temp.path(), path, text));
    let shop = Shop {
        root: temp.path().to_owned(),
        _temp: temp,
    };
    let mut random = Random(0x2545_f491_4f6c_dd1d);
    for round in 0..12 {
        let (path, text) = &mut files[random.below(10)];
        *text = random.edit(text);
        write(shop.path(), path, text);
        let uncached = seen(&check(&shop, &["--format", "short", "--no-cache"]));
        for time in ["first", "second"] {
            let cached = seen(&check(&shop, &["--format", "short"]));
            assert_eq!(cached, uncached, "round {round}, {path}, the {time} time");
        }
    }
}

/// The same numbers in every run (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    /// Takes a line away, moves one, or adds one.
    fn edit(&mut self, text: &str) -> String {
        let mut lines: Vec<&str> = text.lines().collect();
        let (at, to) = (self.below(lines.len()), self.below(lines.len()));
        match self.below(3) {
            0 => drop(lines.remove(at)),
            1 => lines.swap(at, to),
            _ => lines.insert(at, "// remark"),
        }
        lines.join("\n")
    }
}

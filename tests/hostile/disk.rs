//! What lies on disk: links, devices, files that are gone before they are read.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{FAULTY, FOUND, package, run};

#[cfg(unix)]
use std::os::unix::fs::symlink;

#[cfg(unix)]
#[test]
fn links_in_circles_are_not_followed() {
    let temp = package(&[("src/lib.rs", format!("mod a; mod me; mod gone;\n{FAULTY}").as_bytes())]);
    let source = temp.path().join("src");
    symlink(&source, source.join("a")).unwrap();
    symlink("me.rs", source.join("me.rs")).unwrap();
    symlink("/nowhere/at/all.rs", source.join("gone.rs")).unwrap();
    symlink(temp.path(), temp.path().join("again")).unwrap();
    symlink("/", temp.path().join("everything")).unwrap();
    for args in [
        &["check", "--format", "short"][..],
        &["check", "--format", "short", "."],
    ] {
        let ran = run(temp.path(), args).says(FOUND);
        assert_eq!(ran.out.matches(FOUND).count(), 1, "{}", ran.out);
    }
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_not_read() {
    let temp = package(&[(
        "src/lib.rs",
        format!("mod zero; mod pipe; mod folder;\n{FAULTY}").as_bytes(),
    )]);
    let source = temp.path().join("src");
    symlink("/dev/zero", source.join("zero.rs")).unwrap();
    fs::create_dir_all(source.join("folder.rs")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(source.join("pipe.rs"))
        .status()
        .unwrap();
    assert!(made.success());
    run(temp.path(), &["check", "--format", "short"]).says(FOUND);
    run(temp.path(), &["check", "--format", "short", "src/lib.rs"]).says(FOUND);
    for named in ["src/zero.rs", "src/pipe.rs", "src/folder.rs"] {
        run(temp.path(), &["check", "--format", "short", named]).never_says(FOUND);
    }
}

#[cfg(unix)]
#[test]
fn what_cannot_be_read_is_told_of() {
    use std::os::unix::fs::PermissionsExt as _;
    let temp = package(&[
        ("src/lib.rs", format!("mod locked;\n{FAULTY}").as_bytes()),
        ("src/locked.rs", FAULTY.as_bytes()),
    ]);
    let locked = temp.path().join("src/locked.rs");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    // Nothing is locked for a superuser.
    if fs::read(&locked).is_err() {
        run(temp.path(), &["check", "--format", "short"])
            .says(FOUND)
            .says("src/locked.rs:1:1: warn[D001 syntax-error]");
    }
}

#[test]
fn modules_may_declare_each_other() {
    let temp = package(&[
        ("src/lib.rs", format!("#[path = \"lib.rs\"] mod me; mod a; mod lib;\n{FAULTY}").as_bytes()),
        ("src/a.rs", b"#[path = \"b.rs\"] mod b; #[path = \"a.rs\"] mod a; #[path = \"lib.rs\"] pub mod up; pub use up::a::up::*; // rdkafka"),
        ("src/b.rs", b"#[path = \"a.rs\"] pub mod a; pub use a::*; pub use super::*; // rdkafka"),
    ]);
    for args in [
        &["check", "--format", "short"][..],
        &["check", "--format", "short", "src/a.rs"],
        &["check", "--format", "short", "src"],
    ] {
        run(temp.path(), args);
    }
}

#[test]
fn many_small_files_are_read() {
    let files: Vec<(String, String)> = (0..3_000)
        .map(|n| (format!("src/m{}/f{n}.rs", n / 50), format!("pub fn f{n}() {{}}\n")))
        .collect();
    let mut all: Vec<(&str, &[u8])> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_bytes()))
        .collect();
    all.push(("src/lib.rs", FAULTY.as_bytes()));
    let temp = package(&all);
    run(temp.path(), &["check", "--format", "short"]).says(FOUND);
    let deep = format!("{}lib.rs", "d/".repeat(500));
    let temp = package(&[("src/lib.rs", FAULTY.as_bytes()), (&deep, FAULTY.as_bytes())]);
    run(temp.path(), &["check", "--format", "short"]).says(FOUND);
}

/// Somebody saves, switches branches and deletes while the program reads.
#[test]
fn files_may_change_while_they_are_read() {
    let temp = package(&[("src/lib.rs", FAULTY.as_bytes())]);
    let (stop, source) = (AtomicBool::new(false), temp.path().join("src"));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in 0.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let path = source.join(format!("f{}.rs", n % 40));
                match n % 5 {
                    0 => drop(fs::remove_file(&path)),
                    1 => drop(fs::write(&path, "fn a() { // rdkafka")),
                    2 => drop(fs::write(&path, FAULTY)),
                    3 => drop(fs::write(source.join("lib.rs"), FAULTY)),
                    _ => drop(fs::rename(&path, source.join(format!("f{}.rs", n % 7)))),
                }
            }
        });
        for _ in 0..10 {
            run(temp.path(), &["check", "--format", "json"]);
        }
        stop.store(true, Ordering::Relaxed);
    });
}

//! Shapes of workspaces.

use std::{fs, path::Path};

use super::{Crate, Options, Workspace};

/// Each crate: package, folder, targets.
fn shape(workspace: &Workspace) -> Vec<String> {
    let target = |krate: &Crate| {
        let of = |target: &super::Target| format!("{:?}:{}", target.kind, workspace.file(target.root).path);
        krate.targets.iter().map(of).collect::<Vec<_>>().join(" ")
    };
    workspace
        .crates
        .iter()
        .map(|krate| format!("{} [{}] {}", krate.package, krate.dir, target(krate)))
        .collect()
}

fn rust(workspace: &Workspace) -> Vec<&str> {
    workspace.rust_files().map(|file| file.path.as_str()).collect()
}

fn reported(workspace: &Workspace) -> Vec<&str> {
    workspace
        .rust_files()
        .filter(|file| file.reported)
        .map(|file| file.path.as_str())
        .collect()
}

fn package(name: &str) -> String {
    format!("[package]\nname = \"{name}\"\nedition = \"2021\"\n")
}

/// Writes files below a folder.
fn write(folder: &Path, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn open(path: &Path) -> Workspace {
    Workspace::open(&[path.to_owned()], &Options::default()).unwrap()
}

#[test]
fn a_package_has_its_default_targets() {
    let files = [
        ("Cargo.toml", &*package("my-app")),
        ("build.rs", ""),
        ("src/lib.rs", ""),
        ("src/main.rs", ""),
        ("src/bin/tool.rs", ""),
        ("src/bin/big/main.rs", ""),
        ("src/bin/big/part.rs", ""),
        ("examples/e.rs", ""),
        ("tests/t.rs", ""),
        ("benches/b.rs", ""),
        ("src/tests/x.rs", ""),
    ];
    let workspace = Workspace::in_memory(&files);
    assert_eq!(
        shape(&workspace),
        ["my-app [] Lib:src/lib.rs Bin:src/main.rs Bin:src/bin/big/main.rs Bin:src/bin/tool.rs"]
    );
    assert_eq!(workspace.crates[0].name, "my_app");
    assert_eq!(workspace.crates[0].edition, "2021");
    let tests = ["benches/b.rs", "build.rs", "examples/e.rs", "tests/t.rs"];
    assert_eq!(
        workspace.left_out,
        tests.map(|path| (path.to_owned(), super::LeftOut::Test))
    );
    let all = Workspace::in_memory_with(
        &files,
        &Options {
            all_targets: true,
            ..Options::default()
        },
    );
    assert!(shape(&all)[0].ends_with("Example:examples/e.rs Test:tests/t.rs Bench:benches/b.rs"));
}

#[test]
fn targets_are_where_the_manifest_says() {
    let manifest = "[package]\nname = \"a\"\nautobins = false\n[lib]\nname = \"b\"\npath = \"lint/lib.rs\"\n[[bin]]\nname = \"c\"\npath = \"lint/main.rs\"\n[[bin]]\nname = \"d\"\n[[test]]\nname = \"t\"\npath = \"checks/t.rs\"\n";
    let workspace = Workspace::in_memory(&[
        ("Cargo.toml", manifest),
        ("lint/lib.rs", ""),
        ("lint/main.rs", ""),
        ("src/bin/d.rs", ""),
        ("src/bin/e.rs", ""),
        ("checks/t.rs", ""),
    ]);
    assert_eq!(
        shape(&workspace),
        ["a [] Lib:lint/lib.rs Bin:lint/main.rs Bin:src/bin/d.rs"]
    );
    assert_eq!(
        (workspace.crates[0].name.as_str(), workspace.crates[0].edition.as_str()),
        ("b", "2015")
    );
    assert_eq!(
        rust(&workspace),
        ["lint/lib.rs", "lint/main.rs", "src/bin/d.rs", "src/bin/e.rs"]
    );
}

#[test]
fn members_inherit_from_their_workspace() {
    let workspace = Workspace::in_memory(&[
        (
            "Cargo.toml",
            "[workspace]\nmembers = [\"crates/*\"]\nexclude = [\"crates/out\"]\n[workspace.package]\nedition = \"2024\"\n[workspace.dependencies]\nq = { package = \"lapin\", version = \"2\" }\nshared-types = { path = \"libs/shared\" }\n",
        ),
        (
            "crates/a/Cargo.toml",
            "[package]\nname = \"a\"\nedition.workspace = true\n[dependencies]\nq.workspace = true\nshared-types = { workspace = true }\nred-is = { package = \"redis\", version = \"1\" }\n[target.'cfg(unix)'.dependencies]\nnix = \"1\"\n[dev-dependencies]\ntempfile = \"3\"\n",
        ),
        ("crates/a/src/lib.rs", ""),
        ("crates/out/Cargo.toml", &package("out")),
        ("crates/out/src/lib.rs", ""),
        (
            "libs/shared/Cargo.toml",
            "[package]\nname = \"shared-types\"\n[lib]\nname = \"types\"\n",
        ),
        ("libs/shared/src/lib.rs", ""),
        ("other/Cargo.toml", &package("other")),
        ("other/src/lib.rs", ""),
        (
            "Cargo.lock",
            "version = 4\n\n[[package]]\nname = \"lapin\"\nversion = \"2.5.0\"\n\n[[package]]\nname = \"lapin\"\nversion = \"3.0.0\"\n",
        ),
    ]);
    assert_eq!(
        shape(&workspace),
        [
            "a [crates/a] Lib:crates/a/src/lib.rs",
            "shared-types [libs/shared] Lib:libs/shared/src/lib.rs"
        ]
    );
    let dependencies: Vec<String> = workspace.crates[0]
        .dependencies
        .iter()
        .map(|(name, package)| format!("{name}={package}"))
        .collect();
    assert_eq!(
        dependencies,
        [
            "nix=nix",
            "q=lapin",
            "red_is=redis",
            "tempfile=tempfile",
            "types=shared-types"
        ]
    );
    assert_eq!(workspace.crates[0].edition, "2024");
    assert_eq!(workspace.versions["lapin"], ["2.5.0"]);
    assert_eq!(rust(&workspace), ["crates/a/src/lib.rs", "libs/shared/src/lib.rs"]);
}

#[test]
fn a_broken_manifest_is_a_problem() {
    let workspace = Workspace::in_memory(&[("Cargo.toml", "[package]\nname = \n"), ("src/lib.rs", "")]);
    assert_eq!(workspace.problems.len(), 1);
    let problem = &workspace.problems[0];
    assert_eq!(
        (
            problem.code,
            workspace.file(problem.span.file).path.as_str(),
            problem.span.start.line
        ),
        ("D001", "Cargo.toml", 2)
    );
    assert_eq!(rust(&workspace), ["src/lib.rs"]);
}

#[test]
fn a_plain_folder_is_taken_as_it_is() {
    let workspace = Workspace::in_memory(&[
        ("one.rs", "mod helper;"),
        ("helper.rs", "mod deep;"),
        ("helper/deep.rs", ""),
        ("two.rs", ""),
        ("app/src/main.rs", "mod a;"),
        ("app/src/a.rs", ""),
        ("app/tests/t.rs", ""),
        ("lib/Cargo.toml", &package("lib")),
        ("lib/src/lib.rs", ""),
        ("nested/Cargo.toml", "[workspace]\nmembers = [\"m\"]"),
        ("nested/m/Cargo.toml", &package("m")),
        ("nested/m/src/main.rs", ""),
        ("nested/m/migrations/1.sql", ""),
    ]);
    assert_eq!(
        shape(&workspace),
        [
            "app [app] Bin:app/src/main.rs",
            "lib [lib] Lib:lib/src/lib.rs",
            "m [nested/m] Bin:nested/m/src/main.rs",
            "one [] Bin:one.rs",
            "two [] Bin:two.rs",
        ]
    );
    let of = |path: &str| {
        workspace
            .file(workspace.file_at(path).unwrap())
            .krate
            .map(|krate| workspace.krate(krate).package.clone())
    };
    assert_eq!(of("helper/deep.rs").as_deref(), Some("one"));
    assert_eq!(of("nested/m/migrations/1.sql").as_deref(), Some("m"));
    assert_eq!(workspace.sql_files().count(), 1);
}

#[test]
fn files_are_excluded_by_glob() {
    let options = Options {
        exclude: vec!["src/generated".into(), "**/*_pb.rs".into()],
        ..Options::default()
    };
    let files = [
        ("Cargo.toml", &*package("a")),
        ("src/lib.rs", ""),
        ("src/generated/x.rs", ""),
        ("src/y/z_pb.rs", ""),
    ];
    assert_eq!(rust(&Workspace::in_memory_with(&files, &options)), ["src/lib.rs"]);
}

#[test]
fn packages_are_selected_for_the_report() {
    let files = [
        ("Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]"),
        ("a/Cargo.toml", &*package("a")),
        ("a/src/lib.rs", ""),
        ("b/Cargo.toml", &*package("b")),
        ("b/src/lib.rs", ""),
    ];
    let options = Options {
        packages: vec!["a".into()],
        ..Options::default()
    };
    assert_eq!(reported(&Workspace::in_memory_with(&files, &options)), ["a/src/lib.rs"]);
    let options = Options {
        exclude_packages: vec!["a".into()],
        ..Options::default()
    };
    assert_eq!(reported(&Workspace::in_memory_with(&files, &options)), ["b/src/lib.rs"]);
}

fn workspace_on_disk() -> tempfile::TempDir {
    let folder = tempfile::Builder::new().prefix("workspace").tempdir().unwrap();
    write(
        folder.path(),
        &[
            (
                "Cargo.toml",
                "[workspace]\nmembers = [\"a\"]\nexclude = [\"fixtures\"]\n[package]\nname = \"top\"\n[dependencies]\na = { path = \"a\" }\n",
            ),
            ("src/lib.rs", ""),
            ("src/part/mod.rs", ""),
            ("a/Cargo.toml", &package("a")),
            ("a/src/lib.rs", ""),
            ("fixtures/one/Cargo.toml", &package("one")),
            ("fixtures/one/src/main.rs", ""),
            ("fixtures/two.rs", ""),
            ("examples/x.rs", ""),
            ("target/CACHEDIR.TAG", ""),
            ("target/debug/x.rs", ""),
            (".hidden/x.rs", ""),
            ("delivery.yaml", ""),
        ],
    );
    folder
}

#[test]
fn a_path_inside_a_workspace_narrows_the_report() {
    let folder = workspace_on_disk();
    let root = folder.path().canonicalize().unwrap();
    let whole = open(&root);
    assert_eq!(rust(&whole), ["a/src/lib.rs", "src/lib.rs", "src/part/mod.rs"]);
    assert_eq!(
        (reported(&whole).len(), whole.config.is_some(), &whole.root),
        (3, true, &root)
    );
    for (path, expected) in [
        ("a", "a/src/lib.rs"),
        ("src/part", "src/part/mod.rs"),
        ("src/lib.rs", "src/lib.rs"),
    ] {
        let part = open(&root.join(path));
        assert_eq!(
            (&part.root, reported(&part), rust(&part).len()),
            (&root, vec![expected], 3),
            "{path}"
        );
    }
    let example = open(&root.join("examples/x.rs"));
    assert_eq!(reported(&example), ["examples/x.rs"]);
}

#[test]
fn what_is_excluded_stands_on_its_own() {
    let folder = workspace_on_disk();
    let root = folder.path().canonicalize().unwrap();
    let fixtures = open(&root.join("fixtures"));
    assert_eq!(
        (shape(&fixtures), &fixtures.root),
        (
            vec!["one [one] Bin:one/src/main.rs".into(), "two [] Bin:two.rs".into()],
            &root.join("fixtures")
        )
    );
    let one = open(&root.join("fixtures/one"));
    assert_eq!(
        (reported(&one), &one.root),
        (vec!["src/main.rs"], &root.join("fixtures/one"))
    );
    let two = open(&root.join("fixtures/two.rs"));
    assert_eq!((reported(&two), &two.root), (vec!["two.rs"], &root.join("fixtures")));
}

#[test]
fn several_paths_share_their_root() {
    let folder = tempfile::Builder::new().prefix("several").tempdir().unwrap();
    write(
        folder.path(),
        &[
            (
                "x/Cargo.toml",
                &format!("{}[dependencies]\ny = {{ path = \"../z/y\" }}\n", package("x")),
            ),
            ("x/src/lib.rs", ""),
            ("z/y/Cargo.toml", &package("y")),
            ("z/y/src/lib.rs", ""),
            ("loose/a.rs", "mod b;"),
            ("loose/b.rs", ""),
            ("loose/c.rs", ""),
        ],
    );
    let root = folder.path().canonicalize().unwrap();
    let one = open(&root.join("x"));
    assert_eq!(
        (rust(&one), reported(&one)),
        (vec!["../z/y/src/lib.rs", "src/lib.rs"], vec!["src/lib.rs"])
    );
    let paths = [root.join("x"), root.join("loose/a.rs")];
    let both = Workspace::open(&paths, &Options::default()).unwrap();
    assert_eq!(
        rust(&both),
        ["loose/a.rs", "loose/b.rs", "x/src/lib.rs", "z/y/src/lib.rs"]
    );
    assert_eq!(reported(&both), ["loose/a.rs", "x/src/lib.rs"]);
    assert!(Workspace::open(&[root.join("absent")], &Options::default()).is_err());
}

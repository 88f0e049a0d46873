//! Input is whatever lies in a repository: nothing in it ends the program, holds it up, leads it out of the workspace or steers the
//! reader's terminal. Each test runs the whole program, as an overflowing stack or an endless loop shows only there.
#![expect(clippy::disallowed_methods, reason = "these tests are about files and processes")]

mod ambient;
#[path = "hostile/disk.rs"]
mod disk;
#[path = "hostile/output.rs"]
mod output;
#[path = "hostile/settings.rs"]
mod settings;
#[path = "hostile/sources.rs"]
mod sources;

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// No run of these may take longer, in a debug build on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

const MANIFEST: &str =
    "[package]\nname = \"shop\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[dependencies]\nrdkafka = \"0.39\"\n";

/// A consumer that loses messages when it crashes: whatever stands beside it, this is found.
const FAULTY: &str = "pub async fn on_order(c: rdkafka::consumer::StreamConsumer) {
    loop {
        let m = c.recv().await.unwrap();
        c.commit_message(&m, rdkafka::consumer::CommitMode::Sync).unwrap();
        std::fs::write(\"orders\", m.payload().unwrap()).unwrap();
    }
}
";
const FOUND: &str = "D101 commit-before-process";

/// A package in a folder of its own, with these files beside the manifest.
fn package(files: &[(&str, &[u8])]) -> TempDir {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join("Cargo.toml"), MANIFEST).unwrap();
    for (path, text) in files {
        let path = temp.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    temp
}

/// What a run has left.
struct Ran {
    status: ExitStatus,
    out: String,
    err: String,
}

impl Ran {
    /// It ended by itself, with an exit code that means something, and told of no bug.
    #[track_caller]
    fn ended(self) -> Self {
        let code = self.status.code();
        assert!(matches!(code, Some(0..=2)), "{}: {}", self.status, self.tail());
        assert!(!self.err.contains("panicked"), "{}", self.tail());
        self
    }

    #[track_caller]
    fn says(self, words: &str) -> Self {
        assert!(
            self.out.contains(words) || self.err.contains(words),
            "no `{words}`: {}",
            self.tail()
        );
        self
    }

    #[track_caller]
    fn never_says(self, words: &str) -> Self {
        assert!(
            !self.out.contains(words) && !self.err.contains(words),
            "`{words}`: {}",
            self.tail()
        );
        self
    }

    /// The end of what was said; some of these say a lot.
    fn tail(&self) -> String {
        let all = format!("{}{}", self.out, self.err);
        let from = all.ceil_char_boundary(all.len().saturating_sub(2_000));
        all[from..].to_owned()
    }
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-delivery"));
    ambient::forget(&mut command);
    command.current_dir(folder).args(args);
    command
}

fn run(folder: &Path, args: &[&str]) -> Ran {
    finish(&mut command(folder, args)).ended()
}

/// Runs a command to its end; one that does not end is ended, and fails.
fn finish(command: &mut Command) -> Ran {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut out, mut err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
    let reader = std::thread::spawn(move || {
        let mut text = Vec::new();
        out.read_to_end(&mut text).unwrap();
        text
    });
    let errors = std::thread::spawn(move || {
        let mut text = Vec::new();
        err.read_to_end(&mut text).unwrap();
        text
    });
    let started = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if started.elapsed() > PATIENCE => {
                child.kill().unwrap();
                panic!("it does not end: {command:?}");
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran {
        status,
        out: text(reader.join().unwrap()),
        err: text(errors.join().unwrap()),
    }
}

//! The fuzz targets on the committed corpus and on what some mutations make of it: always the same ones, so that a failure comes again.
//! `cargo fuzz` breeds better inputs; this is what can be had without it, on every run.
#![expect(clippy::disallowed_methods, reason = "the corpus lies on disk")]

#[path = "../fuzz/targets.rs"]
mod targets;

use std::fs;
use std::path::Path;

/// How many inputs are made of each of the corpus. More of them: `FUZZ_ROUNDS=1000 cargo test --test fuzz`.
fn rounds() -> u64 {
    std::env::var("FUZZ_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(12)
}

/// A sequence of numbers that look random (xorshift).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound.max(1) as u64).unwrap_or(0)
    }
}

/// What breaks parsers: brackets, quotes, comments, escapes, bytes that are no text.
const BITS: [&[u8]; 24] = [
    b"(",
    b")",
    b"{",
    b"}",
    b"[",
    b"]",
    b"<",
    b">",
    b"\"",
    b"'",
    b"/*",
    b"*/",
    b"//",
    b"\n",
    b"\\",
    b"\0",
    b"\xff",
    b"r#\"",
    b"?",
    b".await",
    b";",
    b":",
    "é\u{202e}".as_bytes(),
    b"#",
];

/// Takes out, doubles, swaps and puts in, a few times.
fn mutated(input: &[u8], other: &[u8], numbers: &mut Numbers) -> Vec<u8> {
    let mut out = input.to_vec();
    for _ in 0..=numbers.below(6) {
        let (from, length) = (numbers.below(out.len()), numbers.below(40));
        let to = (from + length).min(out.len());
        match numbers.below(5) {
            0 => drop(out.drain(from..to)),
            1 => out
                .splice(from..from, BITS[numbers.below(BITS.len())].iter().copied())
                .for_each(drop),
            2 => {
                let again = out[from..to].to_vec();
                out.splice(to..to, again);
            }
            3 => {
                let there = numbers.below(other.len());
                let piece = &other[there..(there + length).min(other.len())];
                out.splice(from..to, piece.iter().copied());
            }
            _ => out.truncate(from.max(1)),
        }
    }
    out
}

/// Sources of every kind, for the target that takes sources: what they are mutated from is what the rules are tested with.
const FIXTURES: [&str; 12] = [
    "kafka/src/commit_before_process/bad_thermostats.rs",
    "kafka/src/dedup_race/bad_ignored_conflict.rs",
    "kafka/src/dedup_race/bad_read_then_write.rs",
    "kafka/src/demo/verified.rs",
    "rabbitmq/src/detached_processing/bad_join_set.rs",
    "kafka/src/exactly_once_external_effect/good_all_in_kafka.rs",
    "kafka/src/missing_eos_config/bad_auto_commit.rs",
    "kafka/src/missing_eos_config/bad_plain_producer.rs",
    "kafka/src/non_transactional_dedup/bad_wrong_executor.rs",
    "kafka/src/lib.rs",
    "kafka/src/unfenced_transaction/good_let_else.rs",
    "kafka/src/volatile_handoff/bad_service.rs",
];

/// The files in the target's folder, and these fixtures. A package that was published has neither.
fn corpus(target: &str, fixtures: &[&str]) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let entries = fs::read_dir(root.join("fuzz/corpus").join(target));
    let mut paths: Vec<_> = entries
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    if root.join("fixtures").is_dir() {
        paths.extend(fixtures.iter().map(|fixture| root.join("fixtures").join(fixture)));
    }
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

fn fuzz(name: &str, fixtures: &[&str]) {
    let (_, target) = targets::TARGETS.iter().find(|(target, _)| *target == name).unwrap();
    let inputs = corpus(name, fixtures);
    let Some(first) = inputs.first() else { return };
    let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
    for input in &inputs {
        target(input);
        for _ in 0..rounds() {
            let other = inputs.get(numbers.below(inputs.len())).unwrap_or(first);
            let input = mutated(input, other, &mut numbers);
            let outcome = std::panic::catch_unwind(|| target(&input));
            assert!(outcome.is_ok(), "{name} fails on {:?}", String::from_utf8_lossy(&input));
        }
    }
}

#[test]
fn any_source_will_do() {
    fuzz("source", &FIXTURES);
}

#[test]
fn any_annotation_will_do() {
    fuzz("annotation", &[]);
}

#[test]
fn any_settings_will_do() {
    fuzz("settings", &[]);
}

#[test]
fn any_catalog_will_do() {
    fuzz("catalog", &[]);
}

#[test]
fn any_statement_will_do() {
    fuzz("sql", &[]);
}

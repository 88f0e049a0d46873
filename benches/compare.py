#!/usr/bin/env python3
"""Times `cargo-delivery check` against other programs on one tree, in turn, so that a busy machine slows all of them.

    benches/compare.py TREE [--linter target/release/cargo-delivery] [--rounds 5] [--edit src/consumer.rs] [--cargo check clippy]

Each round runs every program once, in an order that rotates; the first round does not count. Prints the median of each figure, and
how the linter stands to the others by wall time (and by CPU time, which a busy machine changes less). The linter runs three times: without its cache (cold), with it (warm), and with it after one file
has changed (edit: the file that --edit names, or the first that names a client, gets a remark and loses it again). Programs that are
not installed are left out: ripgrep is the floor (one literal), ast-grep runs one pattern and one relational rule, semgrep one rule
whose literal it can look for first and one without any. --cargo adds commands of cargo, for trees that build.
"""

import argparse
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import time

RELATIONAL = """id: commit-after-await
language: rust
rule:
  pattern: $C.commit_message($$$A)
  inside: {kind: function_item, stopBy: end}
  follows: {stopBy: end, has: {pattern: $X.await, stopBy: end}}
"""
SEMGREP = """rules:
- {{id: one, languages: [rust], severity: INFO, message: m, pattern: "{pattern}"}}
"""


def programs(args, folder):
    tree = str(args.tree)
    rule = folder / "rule.yml"
    rule.write_text(RELATIONAL)
    semgrep = "semgrep scan --metrics=off --disable-version-check --no-git-ignore --json -q -j 2 --config".split()
    check = [str(args.linter.resolve()), "check", "--format", "json", tree]
    found = {
        "cold": [*check, "--no-cache"],
        "warm": check,
        "edit": check,
        "rg": ["rg", "-c", "-t", "rust", "tokio", tree],
        "ast-grep run": ["ast-grep", "run", "-p", "$C.commit_message($$$A)", "-l", "rust", tree],
        "ast-grep scan": ["ast-grep", "scan", "-r", str(rule), "--json=stream", tree],
    }
    for name, pattern in [("semgrep literal", "$C.commit_message(...)"), ("semgrep any", "$C.unwrap()")]:
        if name in args.semgrep:
            config = folder / f"{name.split()[1]}.yml"
            config.write_text(SEMGREP.format(pattern=pattern))
            found[name] = [*semgrep, str(config), tree]
    for name in args.cargo:
        found[f"cargo {name}"] = ["cargo", name, "--offline", "--workspace", "--all-targets", "--manifest-path", f"{tree}/Cargo.toml"]
    return {name: command for name, command in found.items() if shutil.which(command[0])}


CLIENTS = re.compile(r"^use (rdkafka|lapin|async_nats|sqlx|redis|aws_sdk_sqs|rumqttc|tokio_postgres)", re.M)


def to_edit(args):
    """The file whose change is timed."""
    if args.edit:
        return args.tree / args.edit
    sources = sorted(args.tree.rglob("src/**/*.rs"))
    named = (path for path in sources if CLIENTS.search(path.read_text(errors="replace")))
    return next(named, sources[0])


def toggle(path):
    """Adds a remark to a file, or takes it away."""
    remark = b"// an edit\n"
    text = path.read_bytes()
    path.write_bytes(text.removesuffix(remark) if text.endswith(remark) else text + remark)


def run(command, cache):
    started = time.monotonic()
    is_ours = pathlib.Path(command[0]).name not in ("cargo", "rg")
    environment = {**os.environ, "CARGO_TARGET_DIR": str(cache)} if is_ours else None
    child = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL, env=environment
    )
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("--linter", type=pathlib.Path, default=pathlib.Path("target/release/cargo-delivery"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--edit", type=pathlib.Path, help="a file of the tree, relative to it")
    parser.add_argument("--semgrep", nargs="*", default=[], choices=["semgrep literal", "semgrep any"])
    parser.add_argument("--cargo", nargs="*", default=[], choices=["check", "clippy"])
    args = parser.parse_args()
    edited = to_edit(args)
    with tempfile.TemporaryDirectory() as folder:
        commands = programs(args, pathlib.Path(folder))
        names = list(commands)
        figures = {name: [] for name in names}
        for round in range(args.rounds + 1):
            turned = names[round % len(names):] + names[:round % len(names)]
            for name in turned:
                if name == "edit":
                    toggle(edited)
                figure = run(commands[name], folder)
                if name == "edit":
                    toggle(edited)
                    run(commands[name], folder)
                if round:
                    figures[name].append(figure)
    ours = [name for name in ["cold", "warm", "edit"] if name in figures]
    heads = [f"{name} to it" for name in ours]
    print(f"| program | wall s | CPU s | peak MB | {' | '.join(heads)} |\n|{'---|' * (4 + len(ours))}")
    for name in names:
        wall, cpu, memory = (statistics.median(column) for column in zip(*figures[name]))
        pairs = {own: list(zip(figures[own], figures[name])) for own in ours}
        ratio = lambda own, at: statistics.median(a[at] / max(b[at], 0.001) for a, b in pairs[own])
        ratios = " | ".join(f"{ratio(own, 0):.2f} ({ratio(own, 1):.2f})" for own in ours)
        print(f"| {name} | {wall:.3f} | {cpu:.3f} | {memory:.0f} | {ratios} |")


if __name__ == "__main__":
    main()

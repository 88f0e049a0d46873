#!/usr/bin/env python3
"""Times `cargo-delivery check` against other programs on one tree, in turn, so that a busy machine slows all of them.

    benches/compare.py TREE [--linter target/release/cargo-delivery] [--rounds 5]

Each round runs every program once, in an order that rotates; the first round does not count. Prints the median of each figure, and
the linter's as ratios to the others'. Programs that are not installed are left out: ripgrep is the floor (one literal), ast-grep
runs one pattern and one relational rule, semgrep one rule whose literal it can look for first and one without any.
"""

import argparse
import os
import pathlib
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
    found = {
        "cargo-delivery": [str(args.linter), "check", "--format", "json", tree],
        "rg": ["rg", "-c", "-t", "rust", "tokio", tree],
        "ast-grep run": ["ast-grep", "run", "-p", "$C.commit_message($$$A)", "-l", "rust", tree],
        "ast-grep scan": ["ast-grep", "scan", "-r", str(rule), "--json=stream", tree],
    }
    for name, pattern in [("semgrep literal", "$C.commit_message(...)"), ("semgrep any", "$C.unwrap()")]:
        if name in args.semgrep:
            config = folder / f"{name.split()[1]}.yml"
            config.write_text(SEMGREP.format(pattern=pattern))
            found[name] = [*semgrep, str(config), tree]
    return {name: command for name, command in found.items() if shutil.which(command[0])}


def run(command):
    started = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    _, _, usage = os.wait4(child.pid, 0)
    child.returncode = 0
    return time.monotonic() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", type=pathlib.Path)
    parser.add_argument("--linter", type=pathlib.Path, default=pathlib.Path("target/release/cargo-delivery"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--semgrep", nargs="*", default=[], choices=["semgrep literal", "semgrep any"])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        commands = programs(args, pathlib.Path(folder))
        names = list(commands)
        figures = {name: [] for name in names}
        for round in range(args.rounds + 1):
            turned = names[round % len(names):] + names[:round % len(names)]
            for name in turned:
                figure = run(commands[name])
                if round:
                    figures[name].append(figure)
    ours = figures["cargo-delivery"]
    print("| program | wall s | CPU s | peak MB | linter's wall to it | linter's CPU to it |\n|---|---|---|---|---|---|")
    for name in names:
        wall, cpu, memory = (statistics.median(column) for column in zip(*figures[name]))
        to_wall = statistics.median(own[0] / other[0] for own, other in zip(ours, figures[name]))
        to_cpu = statistics.median(own[1] / max(other[1], 0.001) for own, other in zip(ours, figures[name]))
        print(f"| {name} | {wall:.2f} | {cpu:.2f} | {memory:.0f} | {to_wall:.2f} | {to_cpu:.2f} |")


if __name__ == "__main__":
    main()

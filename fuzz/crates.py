#!/usr/bin/env python3
"""Checks every crate that cargo has unpacked, each as a workspace of its own: code of thousands of people, which nobody here wrote.

    fuzz/crates.py [FOLDER] [--linter target/release/cargo-delivery] [--seconds 60] [--jobs 1]

FOLDER holds folders of crates [default: ~/.cargo/registry/src/*]. Every file is read whole, tests, benches and examples too. What
panics, is killed by a signal, ends with a code other than 0 or 1, or takes longer than --seconds is told of, and the exit code is 1.
At the end stand the slowest and the largest.
"""

import argparse
import concurrent.futures
import os
import pathlib
import subprocess
import sys
import threading
import time

REGISTRY = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo")) / "registry" / "src"


def check(linter, crate, seconds):
    """What is wrong with a run (or None), its seconds and its megabytes."""
    command = [linter, "check", "--no-cache", "--no-prefilter", "--all-targets", "--format", "json"]
    command += ["--manifest-path", crate / "Cargo.toml"]
    started = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as child:
        timer = threading.Timer(seconds, child.kill)
        timer.start()
        said = child.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(child.pid, 0)
        timer.cancel()
        child.returncode = os.waitstatus_to_exitcode(status)
    took = time.monotonic() - started
    wrong = None
    if "panicked" in said:
        wrong = "panicked: " + said[said.index("panicked"):].splitlines()[0]
    elif took >= seconds:
        wrong = f"did not end in {seconds} s"
    elif child.returncode not in (0, 1):
        wrong = f"exit code {child.returncode}: {said.strip()[:200]}"
    return wrong, took, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=pathlib.Path)
    parser.add_argument("--linter", type=pathlib.Path, default=pathlib.Path("target/release/cargo-delivery"))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    folders = args.folders or sorted(REGISTRY.iterdir())
    crates = sorted(path.parent for folder in folders for path in folder.glob("*/Cargo.toml"))
    linter = args.linter.resolve()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        results = list(pool.map(lambda crate: (crate.name, *check(linter, crate, args.seconds)), crates))
    broken = [(name, wrong) for name, wrong, _, _ in results if wrong]
    for name, wrong in broken:
        print(f"{name}: {wrong}")
    print(f"{len(results)} crates, {len(broken)} of them broke it, {sum(took for _, _, took, _ in results):.0f} s in all")
    print("slowest:", ", ".join(f"{n} {t:.1f} s" for n, _, t, _ in sorted(results, key=lambda r: -r[2])[:8]))
    print("largest:", ", ".join(f"{n} {m:.0f} MB" for n, _, _, m in sorted(results, key=lambda r: -r[3])[:8]))
    sys.exit(bool(broken))


if __name__ == "__main__":
    main()

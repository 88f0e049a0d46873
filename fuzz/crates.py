#!/usr/bin/env python3
"""Checks every crate that cargo has unpacked, each as a workspace of its own: code of thousands of people, which nobody here wrote.

    fuzz/crates.py [FOLDER] [--linter target/release/cargo-delivery] [--seconds 60] [--jobs 1]

FOLDER holds folders of crates [default: ~/.cargo/registry/src/*]. Every file is read whole, tests, benches and examples too. What
panics, is killed by a signal, ends with a code other than 0 or 1, or takes more than --seconds of CPU time is told of at once, and the
exit code is 1. At the end stand the slowest and the largest.
"""

import argparse
import concurrent.futures
import os
import pathlib
import resource
import signal
import subprocess
import sys

REGISTRY = pathlib.Path(os.environ.get("CARGO_HOME", pathlib.Path.home() / ".cargo")) / "registry" / "src"


def check(linter, crate, seconds):
    """A crate's name, what is wrong with its run (or None), its seconds of CPU time and its megabytes."""
    command = [linter, "check", "--no-cache", "--no-prefilter", "--all-targets", "--format", "json"]
    command += ["--manifest-path", crate / "Cargo.toml"]
    limit = lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, preexec_fn=limit) as child:
        said = child.stderr.read().decode(errors="replace")
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    wrong = None
    if "panicked" in said:
        wrong = "panicked: " + said[said.index("panicked"):].splitlines()[0]
    elif child.returncode == -signal.SIGXCPU:
        wrong = f"did not end in {seconds} s"
    elif child.returncode not in (0, 1):
        wrong = f"exit code {child.returncode}: {said.strip()[:200]}"
    if wrong:
        print(f"{crate.name}: {wrong}", flush=True)
    return crate.name, wrong, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=pathlib.Path)
    parser.add_argument("--linter", type=pathlib.Path, default=pathlib.Path("target/release/cargo-delivery"))
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    folders = args.folders or sorted(REGISTRY.iterdir())
    crates = sorted(path.parent for folder in folders for path in folder.glob("*/Cargo.toml"))
    linter = args.linter.resolve()
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        results = list(pool.map(lambda crate: check(linter, crate, args.seconds), crates))
    broken = sum(wrong is not None for _, wrong, _, _ in results)
    print(f"{len(results)} crates, {broken} of them broke it, {sum(took for _, _, took, _ in results):.0f} s in all")
    print("slowest:", ", ".join(f"{n} {t:.1f} s" for n, _, t, _ in sorted(results, key=lambda r: -r[2])[:8]))
    print("largest:", ", ".join(f"{n} {m:.0f} MB" for n, _, _, m in sorted(results, key=lambda r: -r[3])[:8]))
    sys.exit(broken > 0)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Runs the linter over public repositories and compares what it says with what was recorded in ecosystem.md.

usage: ecosystem.py --trees DIR [--bin COMMAND] [--only SUBSTRING] [--findings]
DIR holds one checked-out tree a repository, in a folder named owner+name, at the commit that the table names
(`git archive COMMIT | tar -x -C DIR/owner+name`). Trees that are not there are skipped and counted.

A finding counts if it is a `warn` or `deny` of D1xx-D4xx. Recorded are those that a maintainer would accept (true), dismiss (false), or could
not decide from the code alone (undecidable). What differs from the recorded sum has to be read and recorded anew.
Needs only Python 3 on Linux. Exit status 0 if nothing differs, 1 if something does or a limit is passed, 2 if it cannot run.
"""
import argparse, json, os, pathlib, re, subprocess, sys, time

SECONDS, MEBIBYTES = 60, 2048
ROW = re.compile(r"^\| ([\w.-]+/[\w.-]+) \| ([0-9a-f]{12}) \| (\d+) \| (\d+) \| (\d+) \|")


def recorded(path):
    rows = filter(None, map(ROW.match, path.read_text(encoding="utf-8").splitlines()))
    return {row[1]: (row[2], tuple(map(int, row.groups()[2:]))) for row in rows}


def run(command, tree):
    """The report (None if there is none), seconds, and the peak of memory in MiB."""
    started = time.monotonic()
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen([*command, "check", "--format", "json", tree.as_posix()], stdout=subprocess.PIPE, stderr=nowhere)
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
    took = time.monotonic() - started
    code = os.waitstatus_to_exitcode(status)
    try:
        report = json.loads(text) if code in (0, 1) else None
    except json.JSONDecodeError:
        report = None
    return report, took, usage.ru_maxrss / 1024


def judged(report):
    return [f for f in report["findings"] if re.match(r"D[1-4]", f["code"]) and f["level"] in ("warn", "deny")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--trees", required=True, type=pathlib.Path)
    parser.add_argument("--bin", default="cargo-delivery delivery")
    parser.add_argument("--only", default="")
    parser.add_argument("--findings", action="store_true", help="print each finding")
    args = parser.parse_args()
    known = recorded(pathlib.Path(__file__).with_name("ecosystem.md"))
    if not known:
        sys.exit("ecosystem.py: ecosystem.md has no rows")
    differs, absent, total = 0, 0, [0, 0, 0]
    for repository, (commit, counts) in known.items():
        if args.only not in repository:
            continue
        tree = args.trees / repository.replace("/", "+")
        if not tree.is_dir():
            absent += 1
            continue
        total = [a + b for a, b in zip(total, counts)]
        report, took, memory = run(args.bin.split(), tree)
        if report is None:
            print(f"{repository}: no report")
            differs += 1
            continue
        findings = judged(report)
        broken = [f"{took:.0f} s"] * (took > SECONDS) + [f"{memory:.0f} MiB"] * (memory > MEBIBYTES)
        if len(findings) != sum(counts):
            broken.append(f"{len(findings)} findings, {sum(counts)} recorded")
        differs += bool(broken)
        print(f"{repository} at {commit}: {len(report['integrations'])} units, {', '.join(broken) or 'as recorded'}")
        for finding in findings if args.findings else []:
            print(f"  {finding['code']} {finding['rule']} {finding['file']}:{finding['start']['line']} {finding['message']}")
    print(f"recorded: {total[0]} true, {total[1]} false, {total[2]} undecidable; trees absent {absent}; differing {differs}")
    return 1 if differs else 0


if __name__ == "__main__":
    sys.exit(main())

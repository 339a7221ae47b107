#!/usr/bin/env python3
"""Prints the share of the lines of Sources that the tests execute, by module, and fails below a limit.

    Scripts/check_coverage.py [--least PERCENT] [--files COUNT] [--filter SUITE ...]

It builds the tests with counters in .build-coverage and runs them, which takes much longer than `swift test`:
run it by hand, or with RLPLAY_CI_FULL=1 in .ci/run. The files with most lines that no test reaches are listed
too. Programs that tests start are counted with the tests, except for processes that are killed.
"""

import argparse
import collections
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
SCRATCH = ["--scratch-path", str(ROOT / ".build-coverage")]


def tool(name):
    """Returns the toolchain's tool; one of another version cannot read its counts."""
    path = pathlib.Path(shutil.which("swift")).resolve().with_name(name)
    return str(path) if path.exists() else name


def measure(filters):
    """Builds and runs the tests; returns the report of llvm-cov, and True if all tests passed."""
    build = ["swift", "build", "--build-tests", "--enable-code-coverage", *SCRATCH]
    subprocess.run(build, cwd=ROOT, check=True)
    bin_path = pathlib.Path(subprocess.run(
        [*build, "--show-bin-path"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip())
    with tempfile.TemporaryDirectory() as folder:
        # Processes of one program add their counts to one of four files. `swift test` would do the same with
        # --enable-code-coverage, but fail if one of them was killed while it wrote.
        environment = dict(os.environ, LLVM_PROFILE_FILE=f"{folder}/%4m.profraw")
        options = [word for name in filters for word in ("--filter", name)]
        tests = subprocess.run(["swift", "test", "--skip-build", *SCRATCH, *options], cwd=ROOT, env=environment)
        profile = f"{folder}/profile"
        subprocess.run(
            [tool("llvm-profdata"), "merge", "-sparse", "--failure-mode=all", "-o", profile,
             *map(str, pathlib.Path(folder).glob("*.profraw"))], check=True)
        programs = [path for name in ("rlplayPackageTests.xctest", "rlplay", "FaultyTrainer", "Allocations")
                    if (path := bin_path / name).is_file()]
        objects = [word for path in programs[1:] for word in ("-object", str(path))]
        report = subprocess.run(
            [tool("llvm-cov"), "export", "-summary-only", "-instr-profile", profile, str(programs[0]), *objects],
            check=True, capture_output=True, text=True)
    return json.loads(report.stdout), tests.returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--least", type=float, default=90, help="percent of lines; default 90")
    parser.add_argument("--files", type=int, default=5, help="files to list; default 5")
    parser.add_argument("--filter", action="append", default=[], help="suites to run; default all")
    arguments = parser.parse_args()
    report, has_passed = measure(arguments.filter)

    lines, covered = collections.Counter(), collections.Counter()
    missed = []
    for file in report["data"][0]["files"]:
        path = pathlib.Path(file["filename"])
        if not path.is_relative_to(ROOT / "Sources"):
            continue
        path = path.relative_to(ROOT / "Sources")
        counts = file["summary"]["lines"]
        for module in (path.parts[0], "all of Sources"):
            lines[module] += counts["count"]
            covered[module] += counts["covered"]
        if counts["count"] > counts["covered"]:
            missed.append((counts["count"] - counts["covered"], counts["count"], str(path)))

    for module in sorted(lines, key=lambda module: (module == "all of Sources", module)):
        share = 100 * covered[module] / lines[module]
        print(f"{module:16}{share:7.1f} % of {lines[module]:6} lines")
    for count, total, path in sorted(missed, reverse=True)[: arguments.files]:
        print(f"not reached: {count:4} of {total:4} lines of {path}")
    if not has_passed:
        raise SystemExit("check_coverage.py: FAILED: a test failed")
    share = 100 * covered["all of Sources"] / lines["all of Sources"]
    if share < arguments.least:
        raise SystemExit(f"check_coverage.py: FAILED: {share:.1f} % is below {arguments.least:g} %")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Counts the instructions of a reaction, an environment step and an update, and compares them.

    Scripts/check_instructions.py            # fails if a count differs by more than 2 %
    Scripts/check_instructions.py --record   # accepts the counts of this build
    Scripts/check_instructions.py build      # builds the program without counting

Counts do not depend on the speed of the machine or on what else it does. Scripts/instructions.txt
has the accepted ones, of the Swift version that CONTRIBUTING.md names. A count that fell is an error
too, because a later rise would go unnoticed: record it.

Valgrind's callgrind counts. It does not know AVX-512, so the program is built for x86-64-v3, in
.build-instructions. There, no closure over vectors may be left that a loop calls: it has to be a
function that is inlined. Only instructions of the program itself count: those of the C library differ
from one version to the next. Without valgrind, or on another architecture, nothing is counted and
the exit code is 0, unless RLPLAY_REQUIRE_VALGRIND is set.
"""

import argparse
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

TOLERANCE = 0.02
ROOT = pathlib.Path(__file__).resolve().parent.parent
SCRATCH = ROOT / ".build-instructions"
PROGRAM = SCRATCH / "release" / "Allocations"
RECORDED = ROOT / "Scripts" / "instructions.txt"
# The function in Tests/Allocations/InstructionCounts.swift that repeats a path, first once and then as
# often as it is counted. A profile of what ran since the last one is written at each of its ends.
COUNTED = "*countedRepetitions*"


def build():
    environment = os.environ | {"RLPLAY_MARCH": "x86-64-v3", "RLPLAY_TARGETS": "Allocations"}
    command = ["swift", "build", "-c", "release", "--scratch-path", SCRATCH]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def called_closures():
    """Returns the closures over vectors of Float that were not inlined."""
    symbols = subprocess.run(["nm", PROGRAM], capture_output=True, text=True, check=True).stdout
    names = "\n".join(line.split()[-1] for line in symbols.splitlines())
    found = subprocess.run(
        ["swift", "demangle", "--compact"], input=names, capture_output=True, text=True, check=True).stdout
    return re.findall(
        r"^generic specialization <Swift.Float> of ((?:implicit )?closure #\d+ (?:@Sendable )?\(A\.Vector.*)$", found,
        re.MULTILINE)


def own_instructions(profile):
    """Returns the instructions of the program itself in a profile."""
    count, is_own, is_call, names = 0, False, False, {}
    for line in profile.read_text().splitlines():
        if found := re.match(r"c?ob=\((\d+)\)(?: (.*))?", line):
            number, name = found.groups()
            names[number] = name or names[number]
            if not line.startswith("c"):
                is_own = pathlib.Path(names[number]).name == PROGRAM.name
        elif line.startswith("calls="):
            is_call = True
        elif re.match(r"[\d+*-]", line):
            # The line after a call has the costs of what was called, which is listed itself.
            if is_own and not is_call:
                count += int(line.split()[1])
            is_call = False
    return count


def count():
    """Returns the instructions of one repetition of each path."""
    with tempfile.TemporaryDirectory() as directory:
        profile = pathlib.Path(directory) / "profile"
        command = [
            "valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={profile}",
            f"--dump-after={COUNTED}", PROGRAM, "instructions",
        ]
        # A random seed of hash tables would change what Swift's runtime does.
        environment = os.environ | {"SWIFT_DETERMINISTIC_HASHING": "1"}
        run = subprocess.run(command, env=environment, capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(f"{run.stdout}{run.stderr}check_instructions.py: the program failed")
        counts = {}
        for place, line in enumerate(run.stdout.splitlines()):
            name, times = line.split()
            instructions = own_instructions(profile.with_suffix(f".{2 * place + 2}"))
            if instructions == 0:
                sys.exit(f"check_instructions.py: no instruction of {name} was counted")
            counts[name] = round(instructions / int(times))
        return counts


def compare(counts):
    """Prints a table and returns true if all counts are the recorded ones within the tolerance."""
    recorded = dict(line.split() for line in RECORDED.read_text().splitlines())
    wrong = sorted(recorded.keys() ^ counts.keys())
    for name in wrong:
        print(f"{name} is not both counted and recorded", file=sys.stderr)
    print(f"{'instructions of one':20}{'counted':>12}{'recorded':>12}{'change':>10}")
    for name in [name for name in recorded if name in counts]:
        change = counts[name] / int(recorded[name]) - 1
        print(f"{name:20}{counts[name]:12}{recorded[name]:>12}{change:10.2%}")
        if abs(change) > TOLERANCE:
            wrong.append(name)
            print(
                f"{name}: {counts[name]} instructions are {abs(change):.1%} "
                f"{'more' if change > 0 else 'fewer'} than the recorded {recorded[name]}; "
                f"the limit is {TOLERANCE:.0%}",
                file=sys.stderr,
            )
    return not wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", nargs="?", choices=["build"], help="build without counting")
    parser.add_argument("--record", action="store_true", help="accept the counts of this build")
    arguments = parser.parse_args()
    missing = None
    if platform.machine() != "x86_64":
        missing = f"the processor is {platform.machine()}, and the counts are those of x86-64-v3"
    elif shutil.which("valgrind") is None:
        missing = "valgrind is not installed"
    if missing:
        print(f"check_instructions.py: skipped: {missing}")
        sys.exit(1 if os.environ.get("RLPLAY_REQUIRE_VALGRIND") else 0)
    build()
    if arguments.action == "build":
        return
    if closures := called_closures():
        sys.exit("\n".join([
            "check_instructions.py: FAILED: loops call closures for each vector; make each a local function "
            "with @inline(__always):", *closures]))
    counts = count()
    if arguments.record:
        RECORDED.write_text("".join(f"{name} {number}\n" for name, number in counts.items()))
        print(f"recorded in {RECORDED.relative_to(ROOT)}:\n{RECORDED.read_text()}", end="")
    elif not compare(counts):
        sys.exit(
            "check_instructions.py: FAILED: make the path as short as before, or accept the counts "
            "with Scripts/check_instructions.py --record and say in the commit why they changed"
        )


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Checks the language of sources and documentation.

    Scripts/check_language.py            # lists every finding; exit code 1 if there is one
    Scripts/check_language.py PREFIX     # only of files with that path prefix
    Scripts/check_language.py --count    # counts by kind and folder only

There are three kinds of finding:

* a documentation paragraph that begins with What, Whether, Where, Which, Who, Whose or How instead of a noun
  or a verb (doc comments, and paragraphs and list items of Markdown);
* a line over 100 columns in Swift, comments included, and in the prose of Markdown (not in tables or code);
* a British spelling from a list.
"""

import collections
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 100
RELATIVE = re.compile(r"(?:What|Whether|Where|Which|Who|Whose|How)\b")
BRITISH = re.compile(
    r"(?:normalis|optimis|initialis|generalis|specialis|vectoris|serialis|synchronis|summaris|recognis"
    r"|minimis(?!e\s+window)|maximis|randomis|discretis|regularis|parametris|visualis|organis(?!m)|behaviour"
    r"|colour|favour(?!ite of)|neighbour|honour|centre[ds]?\b|\bgrey|\blearnt\b|\bspelt\b|\bburnt\b|licence"
    r"|\bcatalogue|\bjudgement|\bmodell(?:ed|ing)|\blabell(?:ed|ing)|\btravell|\bcancell(?:ed|ing)"
    r"|\bartefact|\bdefence\b|\bmetre\b|\bprogramme\b)",
    re.IGNORECASE)
# Names in other projects, which keep their spelling.
FOREIGN = re.compile(r"grey\.colors|GreyScaleObservation")
# Lines that list or test a former spelling, and the file that reads it.
FORMER = re.compile(r"former name")
FORMER_FILES = {"Sources/Rollout/Support/FormerSpelling.swift"}


def swift_findings(text):
    """Yields (line number, kind, excerpt) for each finding in a Swift file."""
    in_paragraph = in_code = False
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > LIMIT:
            yield number, "wide", line.strip()[:70]
        yield from spellings(number, line)
        match = re.match(r"\s*/// ?(.*)", line)
        body = match.group(1) if match else ""
        if body.startswith("```"):
            in_code = not in_code
        if not match:
            in_code = False
        if body.strip() and not in_paragraph and not in_code and RELATIVE.match(lead(body)):
            yield number, "relative clause", body.strip()[:70]
        in_paragraph = bool(body.strip())


def lead(body):
    """Returns the start of a paragraph without list mark and parameter name."""
    text = re.sub(r"^(?:[-*]|\d+\.)\s+", "", body.strip())
    return re.sub(r"^(?:Parameters?|Returns|Throws|Precondition)\b[^:]*:\s*", "", text)


def markdown_findings(text):
    """Yields (line number, kind, excerpt) for each finding in a Markdown file."""
    in_paragraph = in_code = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("```"):
            in_code = not in_code
            continue
        is_code = in_code or line.startswith("    ")
        is_table = line.lstrip().startswith("|")
        if len(line) > LIMIT and not is_code and not is_table and " " in line.strip()[:LIMIT]:
            if not re.match(r"\s*\[[^\]]+\]:", line):
                yield number, "wide", line.strip()[:70]
        if not is_code:
            yield from spellings(number, line)
        begins = not in_paragraph or re.match(r"\s*(?:[-*]|\d+\.)\s", line)
        if line.strip() and begins and not is_code and not is_table and RELATIVE.match(lead(line)):
            yield number, "relative clause", line.strip()[:70]
        in_paragraph = bool(line.strip()) and not line.startswith("#")


def spellings(number, line):
    """Yields the British spellings in a line."""
    if FORMER.search(line):
        return
    for match in BRITISH.finditer(FOREIGN.sub("", line)):
        yield number, "British spelling", match.group(0)


def main():
    counting = "--count" in sys.argv[1:]
    prefixes = [argument for argument in sys.argv[1:] if not argument.startswith("--")]
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.swift", "*.md"],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    counts = collections.Counter()
    for name in filter(None, listed):
        path = ROOT / name
        if not path.exists() or name in FORMER_FILES or prefixes and not any(name.startswith(p) for p in prefixes):
            continue
        text = path.read_text(encoding="utf-8")
        find = swift_findings if name.endswith(".swift") else markdown_findings
        for number, kind, excerpt in find(text):
            counts[kind, "/".join(name.split("/")[:3])] += 1
            if not counting:
                print(f"{name}:{number}: {kind}: {excerpt}")
    for (kind, folder), count in sorted(counts.items()) if counting else []:
        print(f"{count:5} {kind:16} {folder}")
    total = sum(counts.values())
    print(f"{total} findings of language" if total else "language: nothing found", file=sys.stderr)
    return 1 if total else 0


if __name__ == "__main__":
    sys.exit(main())

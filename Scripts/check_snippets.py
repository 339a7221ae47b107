#!/usr/bin/env python3
"""Compiles or runs every code and shell snippet of README, docs and doc comments.

    Scripts/check_snippets.py            # all of them; exit code 1 if one is wrong
    Scripts/check_snippets.py PREFIX     # only of files with that path prefix

Snippets are blocks fenced with a language:

* `swift` is type-checked against the release build. Statements become the body of a method of the class in
  Scripts/snippets/Context.swift, which declares the names that snippets use. A method is checked as a member of it,
  other declarations at the top level. Blocks that name a file are left to Scripts/check_dependency.sh.
  A block of an article (`*.docc`) also sees the types that earlier blocks of the article declare.
* `sh` is run, line by line, if it is a command `rlplay`: in a scratch directory with a short run, and with fewer steps
  if it trains. Of other commands the script and its options have to exist.
* `python` is run in that directory. `c` is written to its `main.c`, and a Swift block that begins with
  `// main.swift` to that file, for the commands `cc` and `swiftc` of the page.

Blocks without a language are output, formulas and diagrams. Needs `swift build -c release`; without Gymnasium in
`python3` the snippets that need it are left out, or fail if RLPLAY_REQUIRE_PYTHON is set.
"""

import concurrent.futures
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CONTEXT = ROOT / "Scripts/snippets"
# Swift Package Manager names a package after its directory.
PACKAGE = re.sub(r"\W", "_", ROOT.name.lower())
BUILD = ROOT / ".build/release"
STEPS = 4000
LIMIT_SECONDS = 120
DECLARATION = re.compile(r"(?:public |private |final |@main |indirect )*(?:import|struct|extension|enum|class|protocol)\b")
PARAMETERS = "snapshot: inout SnapshotCursor"


class Snippet:
    """A fenced block, with the file and the line where it begins."""

    def __init__(self, name, line, language, text):
        self.name, self.line, self.language, self.text = name, line, language, text

    def __str__(self):
        return f"{self.name}:{self.line}"


def snippets(name):
    """Yields the fenced blocks with a language of a Markdown file or of a Swift file's doc comments."""
    prefix = re.compile(r"\s*/// ?") if name.endswith(".swift") else re.compile("")
    language = None
    for number, line in enumerate((ROOT / name).read_text(encoding="utf-8").splitlines(), 1):
        match = prefix.match(line)
        body = line[match.end():] if match else ""
        if not body.startswith("```"):
            if language is not None:
                lines.append(body)
        elif language is None:
            language, lines, start = body[3:].strip(), [], number + 1
        else:
            if language:
                yield Snippet(name, start, language, "\n".join(lines))
            language = None


def code_of(snippet):
    """Returns a snippet without the comments at the beginning of lines."""
    return "\n".join(line for line in snippet.text.split("\n") if not line.startswith("//")).lstrip()


def declares(snippet):
    """Returns true if a snippet consists of declarations of the top level."""
    return DECLARATION.match(code_of(snippet)) is not None


def swift_source(snippet):
    """Returns the Swift file that a snippet becomes."""
    imports = "import Actor\nimport Learner\nimport Rollout\nimport RolloutCommand\nimport Worker\n"
    place = f'#sourceLocation(file: "{snippet.name}", line: {snippet.line})\n'
    if declares(snippet):
        return imports + place + snippet.text
    if re.match(r"(?:mutating )?func\b", code_of(snippet)):
        return f"{imports}extension Example {{\n{place}{snippet.text}\n}}"
    return (
        f"{imports}extension Example {{ func snippet({PARAMETERS}) async throws {{\n{place}{snippet.text}\n}} }}")


def earlier_declarations(snippet, swift):
    """Returns the declarations of the blocks that precede a block of an article."""
    if ".docc/" not in snippet.name:
        return []
    return [s for s in swift if s.name == snippet.name and s.line < snippet.line and declares(s)]


def check_swift(snippet, earlier):
    """Returns the compiler's errors; none if the snippet is right."""
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "Snippet.swift"
        source.write_text(swift_source(snippet), encoding="utf-8")
        preceding = [pathlib.Path(folder) / f"Earlier{index}.swift" for index in range(len(earlier))]
        for path, other in zip(preceding, earlier):
            path.write_text(swift_source(other), encoding="utf-8")
        # The comment of a package declaration may use the package's own; a page may use what users see.
        scope = ["-package-name", PACKAGE] if snippet.name.endswith(".swift") else []
        result = subprocess.run(
            ["swiftc", "-typecheck", "-swift-version", "6", "-suppress-warnings", "-parse-as-library", *scope,
             "-I", str(BUILD / "Modules"), str(CONTEXT / "Context.swift"), *map(str, preceding), str(source)],
            capture_output=True, text=True)
    errors = [line for line in result.stderr.splitlines() if re.search(r":\d+: error:", line)]
    return errors or ([result.stderr.strip()] if result.returncode else [])


# Words of a command that needs a Python module.
MODULES = {
    "onnxruntime": "onnxruntime", "gym:": "gymnasium", "gymnasium": "gymnasium", "mujoco:": "mujoco", "ale_py": "ale_py", "minigrid": "minigrid", "LunarLander": "Box2D", "BipedalWalker": "Box2D"}


def has_module(name):
    return subprocess.run(["python3", "-c", f"import {name}"], capture_output=True).returncode == 0


class Shell:
    """Runs commands in a scratch directory with links to the recipes, a short run and a Python."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        (self.folder / "Recipes").symlink_to(ROOT / "Recipes")
        files = [CONTEXT / "my_module.py", CONTEXT / "robot.xml", *(ROOT / "Examples/Python").glob("*.py")]
        for file in files:
            shutil.copy(file, folder)
        python = self.folder / ".venv/bin"
        python.mkdir(parents=True)
        (python / "python3").write_text(f'#!/bin/sh\nexec "{shutil.which("python3")}" "$@"\n')
        (python / "python3").chmod(0o755)
        self.environment = dict(os.environ, PATH=f"{BUILD}:{os.environ['PATH']}", PYTHONPATH=str(self.folder))
        self.page = None
        self.run(["rlplay", "train", "--steps", str(STEPS), "--quiet", "--run-dir", "runs/NAME"])
        shutil.copy(self.folder / "runs/NAME/checkpoints/last.safetensors", folder)

    def turn_to(self, name):
        """Removes the runs that another page's commands left: commands take the newest one."""
        if name != self.page:
            for run in (self.folder / "runs").iterdir():
                if run.name != "NAME":
                    shutil.rmtree(run)
        self.page = name

    def write(self, snippet):
        """Writes a program that the page's commands compile."""
        (self.folder / f"main.{snippet.language}").write_text(snippet.text + "\n", encoding="utf-8")

    def run(self, words):
        """Runs a command; returns what is wrong with it."""
        try:
            result = subprocess.run(
                words, cwd=self.folder, env=self.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            return [f"did not end within {LIMIT_SECONDS} s: {shlex.join(words)}"]
        if result.returncode == 0:
            return []
        return [f"exit code {result.returncode}: {shlex.join(words)}: {result.stderr.strip()[-500:]}"]

    def check(self, lines):
        """Returns what is wrong with the lines of a block of commands."""
        faults = []
        for line in lines:
            for command in re.split(r"\s&&\s", line):
                words = shlex.split(command, comments=True)
                while words and re.match(r"[A-Z_]+=", words[0]):
                    del words[0]
                if words:
                    faults += self.check_command(words)
        return faults

    def check_command(self, words):
        if words[0].endswith("/rlplay"):
            words = ["rlplay", *words[1:]]
        if words[:5] == ["swift", "run", "-c", "release", "rlplay"]:
            words = words[4:]
        if words[0] == "rlplay":
            return self.run(bounded(words))
        if words[0] in ("cc", "swiftc") or words[0] == "./main":
            return self.run(words)
        if words[0] in ("swift", "python3", "pip", ".", "export", "cd", "git"):
            folders = [ROOT / words[1]] if words[0] == "cd" else []
            return [f"{folder} does not exist" for folder in folders if not folder.is_dir()]
        script = ROOT / (words[1] if words[0] == "bash" else words[0])
        if not script.is_file():
            return [f"unknown command '{words[0]}'"]
        text = script.read_text(encoding="utf-8")
        return [f"{script.name} has no option {word}" for word in words[1:] if word.startswith("--") and word not in text]


def bounded(words):
    """Returns a command that ends soon: fewer steps of training, a short measurement."""
    words = list(words)
    if words[1] == "train":
        # The run to resume has STEPS; a second command resumes it once more, to its own number.
        steps = STEPS if "--resume" not in words else 5 * STEPS if "--steps" in words else 3 * STEPS
        if "--steps" in words:
            place = words.index("--steps")
            del words[place:place + 2]
        words += ["--steps", str(steps), "--quiet"]
        if "--resume" not in words:
            words += ["--eval-episodes", "2", "--until-return", "none"]
    if words[1] == "bench" and len(words) == 2:
        words += ["--only", "matmul_64"]
    return words


def swift_faults(found):
    """Returns the number of Swift snippets that do not compile, and prints the compiler's errors."""
    swift = [s for s in found if s.language == "swift" and not is_program(s)]
    earlier = [earlier_declarations(s, swift) for s in swift]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        return sum(report(snippet, errors) for snippet, errors in zip(swift, pool.map(check_swift, swift, earlier)))


def command_faults(found):
    """Returns the numbers of wrong shell and Python snippets and of lines left out, and prints the faults."""
    run = [s for s in found if s.language in ("sh", "python", "c") or is_program(s)]
    if not run:
        return 0, 0
    gymnasium = has_module("gymnasium")
    missing = [word for word, module in MODULES.items() if not has_module(module)]
    if not gymnasium and os.environ.get("RLPLAY_REQUIRE_PYTHON"):
        raise SystemExit("check_snippets.py: RLPLAY_REQUIRE_PYTHON is set and python3 cannot import gymnasium")
    wrong = left_out = 0
    with tempfile.TemporaryDirectory() as folder:
        shell = Shell(folder)
        for snippet in run:
            shell.turn_to(snippet.name)
            if snippet.language == "c" or is_program(snippet):
                shell.write(snippet)
            elif snippet.language == "sh":
                lines = snippet.text.replace("\\\n", "").splitlines()
                kept = [line for line in lines if not any(word in line for word in missing)]
                left_out += len(lines) - len(kept)
                wrong += report(snippet, shell.check(kept))
            elif not any(word in snippet.text for word in missing):
                wrong += report(snippet, shell.run(["python3", "-c", snippet.text]))
            else:
                left_out += len(snippet.text.splitlines())
    return wrong, left_out


def is_program(snippet):
    """Returns true if a block is the whole program of a page, which its commands compile."""
    return snippet.text.startswith("// main.swift\n")


def report(snippet, faults):
    """Prints the faults of a snippet; returns 1 if there are any, otherwise 0."""
    for fault in faults:
        print(f"{snippet}: {fault}")
    return 1 if faults else 0


def main():
    prefixes = sys.argv[1:]
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md", "Sources/*.swift"],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    names = [name for name in listed if not prefixes or any(name.startswith(prefix) for prefix in prefixes)]
    found = [snippet for name in names if (ROOT / name).exists() for snippet in snippets(name)]
    found = [s for s in found if not re.match(r"// \S+\.swift\n", s.text) or is_program(s)]
    unknown = sum(report(s, [f"the language '{s.language}' is not checked"])
                  for s in found if s.language not in ("swift", "sh", "python", "c"))
    wrong, left_out = command_faults(found)
    wrong += unknown + swift_faults(found)
    print(f"{len(found)} snippets, {wrong} wrong" + (f", {left_out} lines left out" if left_out else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

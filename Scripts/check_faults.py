#!/usr/bin/env python3
"""Injects faults into runs at every moment, and checks that each run ends as documented.

    Scripts/check_faults.py                   # every setup; prints the table of docs/faults.md
    Scripts/check_faults.py --quick           # two setups, for CI
    Scripts/check_faults.py --only ppo        # one setup

A cell is a fault at a moment in a setup. It passes if the run makes exactly its steps and exits with 0, or exits
with 1 and one sentence that begins with "Error:". In both cases it leaves no process and nothing in /dev/shm, and
ends within a minute. The script needs `swift build -c release`, which builds the trainer with faulty environments
(Tests/FaultyTrainer).

Faults of environments occur in the first process of each worker or of the evaluation, at a step that the
environment's name specifies. Signals are sent by this script at random instants from a fixed random seed, in
setups that spend most of their time in the moment under test.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build" / "release"
LIMIT_SECONDS = 60

BASE = {"env": "", "steps": 20000, "actors": 3, "buffers": 6, "envs-per-actor": 2, "fragments-per-batch": 2,
        "fragment-steps": 25, "seed": 1, "eval-every": 0, "hang-timeout": 2}
SETUPS = {
    "asynchronous": {},
    "deterministic": {"deterministic": True, "fragments-per-batch": 3, "steps": 19950},
    "max-lag 0": {"max-lag": 0},
    "ppo": {"algorithm": "ppo", "fragments-per-batch": 3, "deterministic": True, "minibatches": 3, "steps": 19950},
    "dqn": {"algorithm": "dqn", "fragments-per-batch": 1, "learning-starts": 1000, "fragment-steps": 4},
    "gru": {"recurrent": "gru"},
}
MOMENTS = ["first reset", "filling", "ready", "reading weights", "evaluating", "saving", "ending"]
# The fault's part of an environment's name, and the signals that this script sends for it.
FAULTS = {
    "SIGKILL": ("Dies", [signal.SIGKILL]),
    "SIGSEGV": ("Segfaults", [signal.SIGSEGV]),
    "SIGSTOP": ("Stops", [signal.SIGSTOP]),
    "SIGSTOP, SIGCONT": (None, [signal.SIGSTOP, signal.SIGCONT]),
    "exit(0)": ("Exits", None),
    "trap": ("Traps", None),
    "endless step": ("Hangs", None),
    "throw": ("Throws", None),
    "2 GB": ("Allocates", None),
}
# The moment's part of an environment's name.
PLACES = {"first reset": "Reset", "filling": "Step", "ready": "NextFragment", "evaluating": "Evaluation",
          "ending": "Closing"}
# Options with which the learner or a worker spends most of the time in a moment.
STRETCHED = {
    "reading weights": {"hidden": "512,512", "envs-per-actor": 1, "fragment-steps": 4, "steps": 3000},
    "saving": {"hidden": "256,256", "save-every": 100, "steps": 6000},
    "ending": {"steps": 6000},
    "filling": {}, "ready": {}, "first reset": {},
    "evaluating": {"eval-every": 2000, "eval-episodes": 50},
}


def command_line(pid):
    """Returns the arguments of a process; none if it is gone."""
    try:
        return pathlib.Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def children(pid):
    """Returns the living children of a process that run a program of their own.

    A child that has not replaced its program yet is no victim: its parent waits for it in the system call that
    starts it, and a signal that stops it there stops both (docs/faults.md).
    """
    found = []
    program = command_line(pid)
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                fields = file.read().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if fields[1] == str(pid) and fields[0] != "Z" and command_line(name) != program:
            found.append(int(name))
    return found


def strike(learner, signals, moment, run, generator):
    """Sends signals to random children of a learner until it has ended, at most thirty times."""
    deadline = time.monotonic() + LIMIT_SECONDS
    struck = 0
    while learner.poll() is None and struck < 30 and time.monotonic() < deadline:
        if moment == "ending" and not (run / "checkpoints" / "last.safetensors").exists():
            time.sleep(0.001)
            continue
        victims = children(learner.pid)
        if not victims:
            time.sleep(0.001)
            continue
        victim = generator.choice(victims)
        for number in signals:
            try:
                os.kill(victim, number)
            except OSError:
                break
            if number == signal.SIGSTOP and signal.SIGCONT in signals:
                time.sleep(generator.uniform(0, 0.02))
        struck += 1
        # Only the hang timeout detects a stopped worker, so three are enough.
        if signals == [signal.SIGSTOP] and struck >= 3:
            return
        time.sleep(generator.uniform(0, 0.05))


def run_cell(setup, moment, fault):
    """Runs one cell; returns "–" if it cannot occur, "ok", "ended", or a description of the failure."""
    word, signals = FAULTS[fault]
    by_environment = word is not None and moment in PLACES
    if not by_environment and (signals is None or moment in ("first reset", "ready", "filling") and word):
        return "–"
    options = {**BASE, **SETUPS[setup]}
    if moment in STRETCHED and not (by_environment and moment in ("ending",)):
        options.update(STRETCHED[moment])
    if moment == "ending":
        options["save-every"] = 0
    if fault == "2 GB":
        # It ends no process, so that it strikes in every episode: a few are enough.
        options["eval-episodes"] = 4
        if moment == "evaluating":
            options["eval-every"] = options["steps"] // 2
    batch = options["fragments-per-batch"] * options["fragment-steps"] * options["envs-per-actor"]
    options["steps"] -= options["steps"] % batch
    options["env"] = f"{word}In{PLACES[moment]}-v0" if by_environment else "ExitsInNothing-v0"
    with tempfile.TemporaryDirectory() as scratch:
        run = pathlib.Path(scratch) / "run"
        options["run-dir"] = str(run)
        learner = subprocess.Popen(
            [BUILD / "FaultyTrainer", json.dumps(options)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, errors="replace", cwd=scratch, start_new_session=True)
        if not by_environment:
            generator = random.Random(f"{setup} {moment} {fault}")
            threading.Thread(
                target=strike, args=(learner, signals, moment, run, generator), daemon=True).start()
        try:
            output, errors = learner.communicate(timeout=LIMIT_SECONDS)
        except subprocess.TimeoutExpired:
            end_session(learner.pid, grace_seconds=0)
            learner.communicate()
            return f"did not end within {LIMIT_SECONDS} s"
        if left := end_session(learner.pid):
            return f"{left} processes were left behind"
        sentences = [line for line in errors.splitlines() if line.startswith("Error: ")]
        if learner.returncode == 0:
            steps = json.loads(output.splitlines()[-1])["env_steps"]
            return "ok" if steps == options["steps"] else f"{steps} steps and not {options['steps']}"
        if not (run / "config.json").exists():
            return f"did not start: {errors[-300:]}"
        if learner.returncode == 1 and len(sentences) == 1:
            return "ended"
        return f"exit code {learner.returncode}: {errors[-300:]}"


def end_session(session, grace_seconds=2):
    """Kills the processes left in a session after a grace period; returns their number."""
    deadline = time.monotonic() + grace_seconds
    while True:
        alive = [name for name in os.listdir("/proc") if name.isdigit() and in_session(name, session)]
        if not alive or time.monotonic() >= deadline:
            break
        time.sleep(0.01)
    for name in alive:
        try:
            os.kill(int(name), signal.SIGKILL)
        except OSError:
            pass
    return len(alive)


def in_session(pid, session):
    """True if a process is alive and belongs to a session."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        return fields[3] == str(session) and fields[0] != "Z"
    except OSError:
        return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="two setups")
    parser.add_argument("--only", choices=SETUPS, help="one setup")
    arguments = parser.parse_args()
    setups = [arguments.only] if arguments.only else list(SETUPS)[:2] if arguments.quick else list(SETUPS)
    before = set(os.listdir("/dev/shm"))
    wrong = []
    counts = {"ok": 0, "ended": 0}
    with concurrent.futures.ThreadPoolExecutor(max_workers=max(2, os.cpu_count() or 2)) as pool:
        cells = {(setup, moment, fault): pool.submit(run_cell, setup, moment, fault)
                 for setup in setups for moment in MOMENTS for fault in FAULTS}
        for setup in setups:
            print(f"\n{setup}\n\n| fault | {' | '.join(MOMENTS)} |\n|---|{'---|' * len(MOMENTS)}")
            for fault in FAULTS:
                row = []
                for moment in MOMENTS:
                    outcome = cells[setup, moment, fault].result()
                    if outcome in counts:
                        counts[outcome] += 1
                    elif outcome != "–":
                        wrong.append(f"{setup}, {fault}, {moment}: {outcome}")
                        outcome = "WRONG"
                    row.append(outcome)
                print(f"| {fault} | {' | '.join(row)} |", flush=True)
    left = set(os.listdir("/dev/shm")) - before
    if left:
        wrong.append(f"left in /dev/shm: {', '.join(sorted(left))}")
    print(f"\n{counts['ok']} runs made all their steps, {counts['ended']} ended with one sentence, {len(wrong)} wrong")
    for sentence in wrong:
        print(f"WRONG {sentence}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

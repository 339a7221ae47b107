#!/usr/bin/env python3
"""Checks that many runs and a long run leave nothing behind and do not grow.

    Scripts/check_endurance.py                    # 500 short runs one after the other
    Scripts/check_endurance.py --runs 60          # as many as CI makes
    Scripts/check_endurance.py --seconds          # besides, a run of an hour
    Scripts/check_endurance.py --seconds 180      # besides, a run of three minutes

Each short run has to make its exact number of steps with exit code 0. After it no process of it runs, and /dev/shm
has the names that it had before. (Memory there that has lost its name is freed with the last process that maps it.)
The peak memory of the last runs may exceed that of the first by 5 %.

The long run trains, evaluates and saves, and one of its workers is killed now and then. The memory of the learner
and of its workers, the open descriptors, the workers, the zombies and the memory in /dev/shm are looked at all the
time. From the second fifth to the last one the medians of memory may grow by 3 % or 4 MB, and nothing else at all.

All random seeds are fixed. The last line of output is the result; the exit code is 1 if anything is wrong. Needs
`swift build -c release`.
"""

import argparse
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHM = pathlib.Path("/dev/shm")
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
LIMIT_SECONDS = 60

SHORT = ["--actors", "4", "--buffers", "8", "--envs-per-actor", "4", "--eval-episodes", "2"]
SETUPS = [
    ["--steps", "20000", "--eval-every", "10000"],
    ["--steps", "20000", "--deterministic", "--eval-every", "0", "--keep-checkpoints", "2"],
    ["--steps", "20000", "--collector", "single", "--eval-every", "0"],
    ["--steps", "20480", "--algorithm", "ppo", "--eval-every", "10240", "--fragment-steps", "32"],
]
LONG_ACTORS = 4
LONG = ["--steps", "1000000000000", "--actors", str(LONG_ACTORS), "--buffers", "16", "--eval-every", "2000000",
        "--eval-episodes", "5", "--save-every", "2000000", "--seed", "1"]


class Process:
    """What the kernel says of one process now; nothing that raises if it is gone."""

    def __init__(self, pid):
        self.pid = pid
        self.folder = pathlib.Path(f"/proc/{pid}")

    def fields(self):
        """Those of /proc/<pid>/stat behind the name, which may hold anything."""
        try:
            return (self.folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            return []

    @property
    def is_zombie(self):
        return self.fields()[:1] == ["Z"]

    @property
    def parent(self):
        return int((self.fields() + ["0", "0"])[1])

    @property
    def bytes(self):
        """Resident memory without the pages of shared memory, which all processes map."""
        try:
            words = (self.folder / "statm").read_text().split()
            shared = sum(int(line.split()[1]) * 1024 for line in (self.folder / "status").read_text().splitlines()
                         if line.startswith("RssShmem"))
            return int(words[1]) * PAGE_BYTES - shared
        except (OSError, IndexError):
            return 0

    @property
    def descriptors(self):
        try:
            return len(os.listdir(self.folder / "fd"))
        except OSError:
            return 0

    @property
    def shared_bytes(self):
        """Bytes of the files in /dev/shm that the process has open, which have no name."""
        sizes = {}
        try:
            for name in os.listdir(self.folder / "fd"):
                if os.readlink(self.folder / "fd" / name).startswith(f"{SHM}/"):
                    status = os.stat(self.folder / "fd" / name)
                    sizes[status.st_ino] = status.st_blocks * 512
        except OSError:
            pass
        return sum(sizes.values())

    @property
    def is_worker(self):
        """True for a worker of a run, not for the process of its evaluations."""
        try:
            return (self.folder / "cmdline").read_bytes().split(b"\0")[1:2] == [b"worker"]
        except OSError:
            return False

    def carries(self, mark):
        try:
            return mark in (self.folder / "environ").read_bytes()
        except OSError:
            return False


def processes():
    return [Process(int(name)) for name in os.listdir("/proc") if name.isdigit()]


def shared_names():
    """The names in /dev/shm that a run could have left there."""
    return {path.name for path in SHM.iterdir() if path.name.startswith("rlplay")}


class Check:
    def __init__(self, arguments):
        self.program = arguments.program
        self.scratch = tempfile.TemporaryDirectory(prefix="rlplay-endurance-")
        self.mark = f"RLPLAY_ENDURANCE_MARK={os.getpid()}"
        name, _, value = self.mark.partition("=")
        self.environment = dict(os.environ, **{name: value})
        self.faults = []

    def wrong(self, sentence):
        self.faults.append(sentence)
        print(f"wrong: {sentence}", file=sys.stderr, flush=True)

    def start(self, options, name, output):
        command = [self.program, "train", "--quiet", "--json", "--run-dir", f"{self.scratch.name}/{name}"] + options
        return subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=self.environment,
                                cwd=self.scratch.name)

    def family(self):
        """Processes that come from a run of this check and still run."""
        return [one.pid for one in processes() if not one.is_zombie and one.carries(self.mark.encode())]

    def nothing_is_left(self, what, before):
        limit = time.monotonic() + 2
        while self.family() and time.monotonic() < limit:
            time.sleep(0.01)
        if left := self.family():
            self.wrong(f"{what} left the processes {left}")
        # Another program's run may be between the creation of its name and its removal.
        while shared_names() - before and time.monotonic() < limit:
            time.sleep(0.01)
        if names := shared_names() - before:
            self.wrong(f"{what} left {sorted(names)} in /dev/shm")

    # Short runs

    def short_runs(self, count):
        began, names, own = time.monotonic(), shared_names(), Process(os.getpid())
        descriptors, peaks = own.descriptors, []
        for number in range(count):
            setup = SETUPS[number % len(SETUPS)]
            what = f"run {number} ({' '.join(setup)})"
            with open(f"{self.scratch.name}/output", "w+") as output:
                run = self.start(SHORT + setup + ["--seed", str(number)], f"run{number % 8}", output)
                peaks.append(self.wait(run, what))
                output.seek(0)
                text = output.read()
            steps = int(setup[1])
            try:
                made = json.loads(text.splitlines()[-1])["env_steps"]
            except (IndexError, KeyError, ValueError):
                made = None
            if run.returncode != 0 or made != steps or len(text.splitlines()) != 1:
                self.wrong(f"{what} ended with {run.returncode} after {made} steps: {text[-500:]}")
            self.nothing_is_left(what, names)
            subprocess.run(["rm", "-rf", f"{self.scratch.name}/run{number % 8}"], check=True)
        if any(one.parent == os.getpid() for one in processes()):
            self.wrong("children are left to be reaped")
        if own.descriptors != descriptors:
            self.wrong(f"{own.descriptors - descriptors} descriptors are left open in the shell")
        # Of each set-up, so that like is compared with like.
        ratios = [self.growth(peaks[index::len(SETUPS)], f"peak memory of {' '.join(setup)}")
                  for index, setup in enumerate(SETUPS) if count >= 4 * len(SETUPS)]
        growth = f", peak memory {max(ratios):+.1%}" if ratios else ""
        return f"{count} runs in {time.monotonic() - began:.0f} s{growth}"

    def wait(self, run, what):
        """Waits for the end; the peak memory of the learner in bytes."""
        limit = time.monotonic() + LIMIT_SECONDS
        while True:
            pid, status, usage = os.wait4(run.pid, os.WNOHANG)
            if pid:
                run.returncode = os.waitstatus_to_exitcode(status)
                return usage.ru_maxrss * 1024
            if time.monotonic() > limit:
                self.wrong(f"{what} did not end within {LIMIT_SECONDS} s")
                run.kill()
                limit = float("inf")
            time.sleep(0.005)

    def growth(self, values, what, share=0.05, slack=0):
        """How much the last fifth exceeds the second one, as a share; a fault if it is too much."""
        fifth = max(1, len(values) // 5)
        early, late = statistics.median(values[fifth:2 * fifth]), statistics.median(values[-fifth:])
        if late - early > max(share * early, slack):
            self.wrong(f"{what} grew from {early / 1e6:.1f} MB to {late / 1e6:.1f} MB")
        return late / max(early, 1) - 1

    # The long run

    def long_run(self, seconds, kill_every):
        names, draw = shared_names(), random.Random(1)
        output = open(f"{self.scratch.name}/output", "w+")
        run = self.start(LONG, "long", output)
        learner, began, interval = Process(run.pid), time.monotonic(), min(1.0, seconds / 200)
        samples, kills, next_kill = [], 0, kill_every or float("inf")
        while (elapsed := time.monotonic() - began) < seconds and run.poll() is None:
            children = [one for one in processes() if one.parent == run.pid]
            workers = [one for one in children if one.is_worker]
            zombies = [one for one in children if one.is_zombie]
            samples.append((elapsed, learner.bytes, sum(one.bytes for one in workers) / max(1, len(workers)),
                            learner.descriptors, max((one.descriptors for one in workers), default=0),
                            len(children), len(zombies), learner.shared_bytes))
            if elapsed >= next_kill and len(workers) == LONG_ACTORS:
                os.kill(draw.choice(workers).pid, signal.SIGKILL)
                kills, next_kill = kills + 1, next_kill + kill_every
            time.sleep(interval)
        run.send_signal(signal.SIGTERM)
        self.wait(run, "the long run")
        output.seek(0)
        text = output.read()
        output.close()
        if run.returncode != 128 + signal.SIGTERM:
            self.wrong(f"the long run ended with {run.returncode}: {text[-500:]}")
        lines = text.splitlines()
        summary = json.loads(lines[-1]) if lines and lines[-1].startswith("{") else {}
        if summary.get("worker_restarts") != kills:
            self.wrong(f"{kills} workers were killed and {summary.get('worker_restarts')} replaced")
        self.nothing_is_left("the long run", names)
        columns = list(zip(*samples))
        learner_growth = self.growth(columns[1], "the learner's memory", 0.03, 4e6)
        worker_growth = self.growth(columns[2], "a worker's memory", 0.03, 4e6)
        for column, what in [(3, "the learner's descriptors"), (4, "a worker's descriptors"), (5, "the child processes"),
                             (6, "the zombies"), (7, "the bytes in /dev/shm")]:
            self.flat(columns[column], what)
        return (f"{summary.get('env_steps', 0):,} steps in {elapsed:.0f} s with {kills} workers killed, "
                f"learner {columns[1][-1] / 1e6:.1f} MB ({learner_growth:+.1%}), worker {columns[2][-1] / 1e6:.1f} MB "
                f"({worker_growth:+.1%}), {columns[7][-1] / 1e6:.1f} MB shared, {columns[3][-1]} descriptors")

    def flat(self, values, what):
        """Checks that the median of the last fifth is that of the second one."""
        fifth = max(1, len(values) // 5)
        early, late = statistics.median(values[fifth:2 * fifth]), statistics.median(values[-fifth:])
        if late != early:
            self.wrong(f"{what} changed from {early:g} to {late:g}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=500, help="short runs (default: 500)")
    parser.add_argument("--seconds", type=float, nargs="?", const=3600, help="a long run (3600 if no number is given)")
    parser.add_argument("--kill-every", type=float, default=15, help="seconds between kills of a worker, 0 for none")
    parser.add_argument("--program", default=str(ROOT / ".build/release/rlplay"))
    arguments = parser.parse_args()
    arguments.program = str(pathlib.Path(arguments.program).resolve())
    check = Check(arguments)
    parts = [check.short_runs(arguments.runs)] if arguments.runs else []
    if arguments.seconds:
        parts.append(check.long_run(arguments.seconds, arguments.kill_every))
    verdict = f"{len(check.faults)} things are wrong" if check.faults else "ok"
    print(f"endurance: {verdict}: {'; '.join(parts)}")
    return 1 if check.faults else 0


if __name__ == "__main__":
    sys.exit(main())

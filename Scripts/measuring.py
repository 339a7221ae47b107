"""Runs of rlplay that the scripts of this folder measure, and the tables that they print."""

import argparse
import json
import pathlib
import platform
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
RELEASE = ROOT / ".build" / "release" / "rlplay"
# Seconds until a process has to have started, and until it has to have ended after it was told to.
LIMIT = 60
# Exit code of a run that was stopped.
STOPPED = 143


class MeasurementError(SystemExit):
    """A measurement that failed, with the reason; if it is not caught, the script ends with that."""


def reason(program, outcome):
    """Returns why a process failed: its exit code and the last line that tells it."""
    lines = [line.strip() for line in (outcome.stderr or outcome.stdout or "").splitlines() if line.strip()]
    return f"{pathlib.Path(str(program)).name} ended with {outcome.returncode}: {lines[-1] if lines else 'no message'}"


def run_json(command, limit, **settings):
    """Returns the JSON object in the last line of a command's output."""
    try:
        outcome = subprocess.run(
            [str(part) for part in command], capture_output=True, text=True, timeout=limit, **settings)
    except subprocess.TimeoutExpired as error:
        raise MeasurementError(f"no result within {limit:g} s") from error
    if outcome.returncode != 0 or not outcome.stdout.strip():
        raise MeasurementError(reason(command[0], outcome))
    return json.loads(outcome.stdout.splitlines()[-1])


def bench(program, names, seconds):
    """Returns the object of `rlplay bench --json` for the named measurements of a release build."""
    result = run_json(
        [program, "bench", "--only", ",".join(names), "--seconds", seconds, "--json"],
        LIMIT + 10 * seconds * len(names))
    if result["machine"]["build"] != "release":
        raise SystemExit(f"{program} is a {result['machine']['build']} build; a release build is needed.")
    return result


def describe(program):
    """Returns a description of the machine: cores, processor, its vector instructions, the system."""
    machine = bench(program, ["cartpole_step"], 0.02)["machine"]
    vectors = "AVX-512" if machine.get("RLPLAY_AVX512") else "FMA" if machine.get("RLPLAY_FMA") else "no FMA"
    return f"{machine['cores']} cores, {machine['cpu']} ({vectors}), {platform.system()} {platform.machine()}"


def records_rate(records, warm_up):
    """Returns the environment steps per second after `warm_up` seconds of records.

    Records are those of `metrics.jsonl`. A rate needs two of them; the first one may then be earlier.
    """
    late = [record for record in records if record["seconds"] >= records[0]["seconds"] + warm_up]
    used = late if len(late) > 1 else records
    seconds = used[-1]["seconds"] - used[0]["seconds"]
    if len(used) < 2 or seconds <= 0:
        raise MeasurementError("fewer than two updates in the time of the measurement")
    return (used[-1]["env_steps"] - used[0]["env_steps"]) / seconds


def training_rate(program, options, seconds, inspect=None, **settings):
    """Returns the steps per second of `rlplay train` with these options.

    The run is stopped `seconds` after its first record, so its start does not count, and neither does the
    first fifth of that time. It makes no evaluations, and a save only at the end. `inspect` is called with the
    run's directory.
    """
    with tempfile.TemporaryDirectory() as directory:
        metrics = pathlib.Path(directory, "run", "metrics.jsonl")
        process = subprocess.Popen(
            [str(part) for part in [
                program, "train", "--steps", 10**15, "--eval-every", 0, "--save-every", 0, "--log", "jsonl",
                "--log-every", "0.05s", "--quiet", "--stop-with-input", "--run-dir", metrics.parent, *options]],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **settings)
        try:
            end = time.monotonic() + LIMIT
            while process.poll() is None and not (metrics.exists() and metrics.stat().st_size):
                if time.monotonic() > end:
                    raise MeasurementError(f"no update within {LIMIT} s")
                time.sleep(0.01)
            if process.poll() is None:
                time.sleep(seconds)
            output, errors = process.communicate(timeout=LIMIT)
        except subprocess.TimeoutExpired as error:
            raise MeasurementError(f"no end within {LIMIT} s") from error
        finally:
            process.kill()
            process.wait()
        lines = metrics.read_text().splitlines() if metrics.exists() else []
        if lines and process.returncode == STOPPED and inspect:
            inspect(metrics.parent)
    if not lines or process.returncode != STOPPED:
        raise MeasurementError(reason(program, subprocess.CompletedProcess([], process.returncode, output, errors)))
    return records_rate([json.loads(line) for line in lines], seconds / 5)


def seed_range(text):
    """Returns the seeds named by a text such as `3` or `1-10`."""
    first, _, last = text.partition("-")
    if first.isdecimal() and (last or first).isdecimal() and int(first) <= int(last or first):
        return range(int(first), int(last or first) + 1)
    raise argparse.ArgumentTypeError(f"'{text}' names no seeds: write 3, or 1-10")


def short(value):
    """Returns a number with three digits: 1.23, 12.3, 123, 1.23 k, 12.3 M."""
    for limit, suffix in ((1e6, " M"), (1e3, " k")):
        if value >= 0.9995 * limit:
            value /= limit
            break
    else:
        suffix = ""
    return f"{value:.{2 if value < 9.995 else 1 if value < 99.95 else 0}f}{suffix}"


def median_with_range(values, text=short):
    """Returns the median of values and, if there are several, their range."""
    if len(values) == 1:
        return text(values[0])
    return f"{text(statistics.median(values))} ({text(min(values))}–{text(max(values))})"


def markdown(titles, rows):
    """Returns a Markdown table."""
    lines = ["| " + " | ".join(cells) + " |" for cells in [titles, *rows]]
    return "\n".join([lines[0], "|---" * len(titles) + "|", *lines[1:]]) + "\n"

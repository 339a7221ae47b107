#!/usr/bin/env python3
"""Damages what a run leaves, configuration files and command lines, and runs the program on them.

    Scripts/check_mutations.py [RLPLAY] [--count N] [--seed S] [--jobs J] [--only KIND] [--keep DIR]

Makes a few tiny runs. Then for each kind of input (checkpoint, state, metrics, configuration, command)
it makes N mutations (3000 by default): truncated, bits flipped, bytes overwritten, and numbers in the
JSON of the metadata and in tensors replaced by odd ones, with the checksum renewed as well as not. Mutation i of a seed
is always the same. Each runs `describe` and `evaluate`, `train --resume`, `train --config` or the
command itself.

A mutation fails if the program is ended by a signal, does not end within 10 seconds, takes more than
2 GB, or exits with 0 although a weight is NaN or infinite. Inputs that fail are kept. Exit code 0 if
none does. The default program is .build/release/rlplay.
"""

import argparse
import concurrent.futures
import json
import math
import os
import pathlib
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zlib

SECONDS = 10
BYTES = 2 << 30
ROOT = pathlib.Path(__file__).resolve().parent.parent

COMMON = ["--steps", "1600", "--eval-every", "800", "--eval-episodes", "2", "--seed", "3", "--quiet"]
SMALL = COMMON + ["--envs-per-actor", "2", "--fragment-steps", "10"]
RUNS = {
    "same": ["--collector", "same", "--hidden", "none"],
    "ppo": ["--algorithm", "ppo", "--actors", "2", "--buffers", "4", "--fragments-per-batch", "2",
            "--hidden", "8"],
    "gru": ["--collector", "same", "--recurrent", "gru", "--recurrent-size", "8", "--hidden", "none",
            "--env", "CartPoleNoVel-v1"],
    "dqn": ["--algorithm", "dqn", "--collector", "same", "--replay-steps", "400", "--hidden", "8",
            "--learning-starts", "100", "--replay-batch", "20", "--env", "Corridor-v0",
            "--integer-inputs", "one-hot"],
    "cube": ["--collector", "same", "--env", "Cube2x2-v0", "--env-args", "depth=1,max-depth=3",
             "--hidden", "8", "--fragments-per-batch", "2", "--lag", "2",
             "--wrap", "frame-stack=2", "--wrap", "time-limit=9",
             "--wrap", "observation-normalization", "--wrap", "reward-normalization"],
    "acrobot": ["--collector", "same", "--env", "Acrobot-v1", "--envs-per-actor", "8", "--hidden", "none"],
}

NUMBERS = [
    -1, 0, 1, 2, 3, 7, 99, 100, 1000, 65536, 2**31 - 1, 2**31, 2**32, 2**53, 2**53 + 1, 2**62, 2**63 - 1,
    2**63, 2**64 - 1, 2**64, -2**31, -2**63, 0.5, -0.5, 1e-300, 1e18, 1e19, 1e300, 1e308,
]
ODD = [None, True, False, "", "x", "nan", "inf", "-inf", [], {}, [1, 2], {"a": 1}]
TEXTS = ["", "x", "gym:CartPole-v1", "gym:payload:X-v0", "Acrobot-v1", "\x1b[2J", "\u202e", "-1", "1e400",
         "99999999999999999999", "network {}", "none", "frame-stack=1000000000", "default", "\U0001f600" * 50]


# MARK: Safetensors


def parse(data):
    """The header and the bytes behind it; raises if there is none."""
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8:8 + length]), data[8 + length:]


def serialize(header, rest, renews):
    """The bytes of a file; with a valid checksum if it is renewed."""
    metadata = header.get("__metadata__", {})
    if renews and isinstance(metadata, dict) and "checksum" in metadata:
        metadata["checksum"] = "crc32:00000000"
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")
    text += b" " * (-len(text) % 8)
    data = struct.pack("<Q", len(text)) + text + rest
    place = data.find(b'"checksum":"crc32:00000000"')
    if renews and place >= 0:
        place += len(b'"checksum":"crc32:')
        data = data[:place] + b"%08x" % zlib.crc32(data) + data[place + 8:]
    return data


def renewed(data):
    """The same file with a valid checksum, where it can still be read."""
    try:
        return serialize(*parse(data), True)
    except (ValueError, struct.error, AttributeError, RecursionError):
        return data


def has_bad_weight(data, prefix):
    """Whether a weight is NaN or infinite."""
    try:
        header, rest = parse(data)
        for name, entry in header.items():
            if name == "__metadata__" or not name.startswith(prefix) or entry["dtype"] != "F32":
                continue
            begin, end = entry["data_offsets"]
            if any(not math.isfinite(x) for (x,) in struct.iter_unpack("<f", rest[begin:end])):
                return True
    except (ValueError, KeyError, TypeError, struct.error, AttributeError, RecursionError):
        pass
    return False


# MARK: Mutations


def mutate_bytes(data, rng):
    data = bytearray(data)
    if not data:
        return bytes(data)
    where = rng.randrange(len(data))
    kind = rng.choice(["truncate", "flip", "flip", "flips", "overwrite", "delete", "insert", "zero", "swap"])
    # The header is where most can go wrong.
    if rng.random() < 0.5:
        where = rng.randrange(min(len(data), 1500))
    length = min(rng.choice([1, 2, 4, 8, 64]), len(data) - where)
    if kind == "truncate":
        return bytes(data[:where])
    if kind == "flip":
        data[where] ^= 1 << rng.randrange(8)
    elif kind == "flips":
        for _ in range(rng.randrange(2, 20)):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    elif kind == "overwrite":
        data[where:where + length] = rng.randbytes(length)
    elif kind == "delete":
        del data[where:where + length]
    elif kind == "insert":
        data[where:where] = rng.randbytes(length)
    elif kind == "zero":
        data[where:where + length] = bytes(length)
    else:
        other = rng.randrange(len(data))
        data[where], data[other] = data[other], data[where]
    return bytes(data)


def leaves(node, path=()):
    if isinstance(node, dict):
        for key in node:
            yield from leaves(node[key], path + (key,))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from leaves(value, path + (index,))
    yield path


def odd_value(old, rng):
    if isinstance(old, str) and rng.random() < 0.6:
        return rng.choice(TEXTS + ["nan", "inf"])
    if isinstance(old, int | float) and not isinstance(old, bool) and rng.random() < 0.85:
        near = [old + 1, old - 1, old * 2, -old]
        return rng.choice(NUMBERS + near)
    return rng.choice(ODD + NUMBERS)


def mutate_tree(tree, rng):
    """Changes one value somewhere, or leaves one out."""
    path = rng.choice([path for path in leaves(tree) if path] or [()])
    if not path:
        return odd_value(tree, rng)
    node = tree
    for key in path[:-1]:
        node = node[key]
    if rng.random() < 0.08:
        del node[path[-1]]
    elif isinstance(node, list) and rng.random() < 0.1:
        node.append(node[path[-1]])
    else:
        node[path[-1]] = odd_value(node[path[-1]], rng)
    return tree


def mutate_json_text(text, rng):
    """Changes the JSON inside a text, which may have a word before it."""
    start = text.find("{")
    try:
        tree = json.loads(text[start:]) if start >= 0 else None
    except ValueError:
        tree = None
    if tree is None:
        return str(odd_value(text, rng))
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        tree = mutate_tree(tree, rng)
    return text[:start] + json.dumps(tree)


FILLS = {
    "F32": [struct.pack("<f", x) for x in (math.nan, math.inf, -math.inf, 1e38, -1.0, 0.0, 1e-45)],
    "F64": [struct.pack("<d", x) for x in (math.nan, math.inf, -1.0, 1e308, 0.0)],
    "I64": [struct.pack("<q", x) for x in (-1, 0, 1, 2**31, 2**53, 2**62, 2**63 - 1, -2**63)],
    "I32": [struct.pack("<i", x) for x in (-1, 0, 1, 7, 2**31 - 1, -2**31)],
    "U8": [b"\x00", b"\xff", b"\x7f", b"\x80"],
}


def mutate_tensor(header, rest, rng):
    names = [name for name in header if name != "__metadata__"]
    entry = header[rng.choice(names)]
    offsets = entry["data_offsets"]
    # An earlier mutation may have changed them.
    if not (isinstance(entry["dtype"], str) and isinstance(offsets, list) and len(offsets) == 2
            and all(isinstance(offset, int) for offset in offsets)
            and 0 <= offsets[0] <= offsets[1] <= len(rest)):
        return rest
    begin, end = offsets
    if rng.random() < 0.2:
        field = rng.choice(["shape", "dtype", "data_offsets"])
        entry[field] = mutate_tree({"x": entry[field]}, rng).get("x")
        return rest
    width = {"F64": 8, "I64": 8, "U64": 8, "F32": 4, "I32": 4}.get(entry["dtype"], 1)
    count = (end - begin) // width
    if count == 0:
        return rest
    rest = bytearray(rest)
    fill = rng.choice(FILLS.get(entry["dtype"], [b"\xff"]) + [rng.randbytes(width)] * 2)
    first, last = 0, count
    if rng.random() < 0.6:
        first = rng.randrange(count)
        last = min(count, first + rng.choice([1, 1, 8, 64]))
    for index in range(first, last):
        rest[begin + index * width:begin + (index + 1) * width] = fill
    return bytes(rest)


def mutate_safetensors(data, rng):
    if rng.random() < 0.3:
        data = mutate_bytes(data, rng)
        return renewed(data) if rng.random() < 0.5 else data
    header, rest = parse(data)
    for _ in range(rng.choice([1, 1, 1, 2])):
        if rng.random() < 0.5:
            rest = mutate_tensor(header, rest, rng)
            continue
        metadata = header["__metadata__"]
        keys = [key for key in metadata if key != "checksum"]
        if not keys:
            continue
        key = rng.choice(keys)
        if rng.random() < 0.05:
            del metadata[key]
        else:
            metadata[key] = mutate_json_text(metadata[key], rng)
    if rng.random() < 0.05:
        header["__metadata__"].pop("checksum", None)
    return serialize(header, rest, rng.random() < 0.75)


def mutate_text(data, rng):
    """Damages a file of JSON, or of lines of it."""
    if rng.random() < 0.4:
        return mutate_bytes(data, rng)
    lines = data.decode().splitlines()
    if rng.random() < 0.2:
        extra = ["# a comment", "// a comment", "env: CartPole-v1", '"st\\u0065ps": 5,', "[" * 3000, "\ufeff",
                 '"seed": 18446744073709551616,', "{" * 600, '"x": "' + "y" * 300000 + '",', "\0", "nan"]
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(extra))
        return "\n".join(lines).encode()
    try:
        tree = json.loads(data)
        return json.dumps(mutate_tree(tree, rng)).encode()
    except ValueError:
        pass
    index = rng.randrange(len(lines))
    try:
        lines[index] = json.dumps(mutate_tree(json.loads(lines[index]), rng))
    except ValueError:
        lines[index] = lines[index][:rng.randrange(1 + len(lines[index]))]
    return ("\n".join(lines) + "\n").encode()


COMMANDS = [
    ["train", "--collector", "same", "--hidden", "none", "--steps", "400", "--eval-every", "0", "--run-dir", "new"],
    ["train", "--algorithm", "ppo", "--actors", "2", "--buffers", "4", "--fragments-per-batch", "2", "--steps",
     "600", "--eval-every", "0", "--seed", "1", "--quiet", "--gamma", "0.9", "--learning-rate", "linear:0.01:0"],
    ["train", "--collector", "same", "--algorithm", "dqn", "--steps", "400", "--replay-steps", "400",
     "--learning-starts", "100", "--hidden", "8,8", "--eval-every", "0", "--json", "--target-every", "5"],
    ["train", "--collector", "same", "--env", "Corridor-v0", "--env-args", "size=8,goal=4", "--steps", "400",
     "--eval-every", "200", "--eval-episodes", "2", "--wrap", "time-limit=20", "--wrap", "frame-stack=2",
     "--inputs", "obs,act", "--integer-inputs", "bits", "--max-episode-steps", "30", "--save-every", "100"],
    ["train", "--resume", "run", "--steps", "2000", "--save-every", "0", "--quiet"],
    ["evaluate", "run", "--episodes", "3", "--seed", "1", "--json"],
    ["evaluate", "run", "--sample", "--max-episode-steps", "20", "--episodes", "2", "--env", "CartPole-v0"],
    ["describe", "run", "--json"],
    ["check-env", "Cube2x2-v0", "--env-args", "depth=2", "--steps", "30", "--seed", "2"],
    ["envs", "--json"],
]
WORDS = ["", "-", "--", "-1", "0", "1", "1e3", "1e400", "1e-400", "nan", "inf", "-inf", "none", "auto", "random", "x",
         "18446744073709551616", "9223372036854775808", "-9223372036854775809", "0x10", "1_000", "1__0", "٣",
         "\x1b[31m", "\u202e", "a" * 5000, "linear:1:2:3", "linear:0:0", "exponential:0:1", "1,2,3", ",", "=",
         "gym:", "gym:x", "run", "/dev/null", "/dev/zero", "/proc/self/mem", ".", "/", "--help", "--quiet",
         "--steps=1e3", "--seed", "--config", "--wrap=frame-stack=100000000", "resize=60000x60000"]


def mutate_command(rng):
    words = list(rng.choice(COMMANDS))
    for _ in range(rng.choice([1, 1, 2, 3])):
        index = rng.randrange(len(words))
        kind = rng.choice(["value", "value", "value", "drop", "double", "character", "insert"])
        if kind == "value":
            words[index] = rng.choice(WORDS)
        elif kind == "drop" and len(words) > 1:
            del words[index]
        elif kind == "double":
            words.insert(index, words[index])
        elif kind == "insert":
            words.insert(index, rng.choice(WORDS))
        elif words[index]:
            place = rng.randrange(len(words[index]))
            letter = rng.choice("0123456789-=_,:.\u00e9\x07az")
            words[index] = words[index][:place] + letter + words[index][place + 1:]
    return [word.replace("\0", "") for word in words]


# MARK: Running


def limit_memory():
    # Far above what is allowed, to protect the machine: what wants more ends badly and is found.
    resource.setrlimit(resource.RLIMIT_AS, (16 << 30, 16 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


class Trouble(Exception):
    pass


def run(arguments, directory, is_endless=False):
    """Runs the program; its exit code. A run that may be long gets a SIGTERM after a second.

    Raises Trouble for a death by a signal, for a hang, and for too much memory.
    """
    with open(directory / "output", "wb") as output:
        child = subprocess.Popen(
            [OPTIONS.rlplay, *arguments], cwd=directory, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            preexec_fn=limit_memory, start_new_session=True)
    began, ends_at, asked = time.monotonic(), SECONDS, False
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        seconds = time.monotonic() - began
        if pid:
            break
        if is_endless and not asked and seconds > 1:
            os.kill(child.pid, signal.SIGTERM)
            asked, ends_at = True, seconds + SECONDS
        if seconds > ends_at:
            os.killpg(child.pid, signal.SIGKILL)
            os.wait4(child.pid, 0)
            child.returncode = 0
            raise Trouble(f"no end within {SECONDS} s")
        time.sleep(0.002 if seconds < 0.2 else 0.02)
    child.returncode = 0
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    if os.WIFSIGNALED(status):
        raise Trouble(f"ended by signal {os.WTERMSIG(status)}")
    code = os.WEXITSTATUS(status)
    if code >= 128 and not asked:
        raise Trouble(f"exit code {code}")
    if usage.ru_maxrss * 1024 > BYTES:
        raise Trouble(f"took {usage.ru_maxrss >> 10} MB")
    return code


def check(kind, index, base, directory):
    """Makes and runs one mutation; whether it was accepted. Raises Trouble with what was run."""
    rng = random.Random(f"{OPTIONS.seed} {kind} {index}")
    names = list(RUNS)
    name = names[index % len(names)]
    source = base / name
    ran = []

    def attempt(*arguments, **options):
        ran[:] = arguments
        return run(arguments, directory, **options)

    try:
        if kind == "checkpoint":
            data = (source / "checkpoints/last.safetensors").read_bytes()
            data = mutate_safetensors(data, rng)
            (directory / "c.safetensors").write_bytes(data)
            codes = [attempt("describe", "c.safetensors"),
                     attempt("evaluate", "c.safetensors", "--episodes", "1", "--max-episode-steps", "20")]
            if 0 in codes and has_bad_weight(data, ""):
                raise Trouble("accepted a weight that is not finite")
            return codes[1] == 0
        if kind in ("state", "metrics", "table", "events"):
            shutil.copytree(source, directory / "run")
            name = {"state": "checkpoints/state.safetensors", "metrics": "metrics.jsonl", "table": "metrics.csv",
                    "events": "events.*"}[kind]
            path = next((directory / "run").glob(name))
            mutate = {"state": mutate_safetensors, "metrics": mutate_text}.get(kind, mutate_bytes)
            data = mutate(path.read_bytes(), rng)
            path.write_bytes(data)
            code = attempt("train", "--resume", "run", "--steps", "1800", "--quiet", "--eval-every", "0",
                           is_endless=kind == "state")
            if code == 0 and kind == "state" and has_bad_weight(data, "weights."):
                raise Trouble("accepted a weight that is not finite")
            return code == 0
        if kind == "configuration":
            data = mutate_text((source / "config.json").read_bytes(), rng)
            (directory / "config.json").write_bytes(data)
            return attempt("train", "--config", "config.json", "--run-dir", "new", is_endless=True) == 0
        shutil.copytree(source, directory / "run")
        return attempt(*mutate_command(rng), is_endless=True) == 0
    except Trouble as trouble:
        raise Trouble(f"{kind} {index} ({name}): {trouble}: {' '.join(map(ascii, ran))[:300]}") from None


def handle(job):
    kind, index, base = job
    directory = pathlib.Path(tempfile.mkdtemp(dir=base))
    try:
        return check(kind, index, base, directory), None
    except Trouble as trouble:
        output = (directory / "output").read_bytes()[-400:].decode(errors="replace")
        kept = OPTIONS.keep / f"{kind}-{index}"
        shutil.rmtree(kept, ignore_errors=True)
        shutil.copytree(directory, kept)
        return False, f"{trouble}\n    kept in {kept}\n    {ascii(output)}"
    finally:
        shutil.rmtree(directory, ignore_errors=True)


KINDS = ["checkpoint", "state", "metrics", "table", "events", "configuration", "command"]


def main():
    base = pathlib.Path(tempfile.mkdtemp(prefix="rlplay-mutations-"))
    failures = 0
    try:
        for name, options in RUNS.items():
            subprocess.run(
                [OPTIONS.rlplay, "train", *SMALL, *[x for x in options], "--run-dir", base / name]
                if name != "acrobot" else
                [OPTIONS.rlplay, "train", *COMMON, "--fragment-steps", "10", *options, "--run-dir", base / name],
                check=True, stdout=subprocess.DEVNULL)
        with concurrent.futures.ThreadPoolExecutor(OPTIONS.jobs) as pool:
            for kind in OPTIONS.only or KINDS:
                began = time.monotonic()
                accepted = wrong = 0
                jobs = ((kind, index, base) for index in range(OPTIONS.first, OPTIONS.first + OPTIONS.count))
                for is_accepted, failure in pool.map(handle, jobs):
                    accepted += is_accepted
                    if failure:
                        wrong += 1
                        if wrong <= 40:
                            print(f"WRONG {failure}", flush=True)
                failures += wrong
                print(f"{kind}: {OPTIONS.count} mutations, {accepted} accepted, {wrong} wrong, "
                      f"{time.monotonic() - began:.0f} s", flush=True)
    finally:
        shutil.rmtree(base, ignore_errors=True)
    return 1 if failures else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("rlplay", nargs="?", default=ROOT / ".build/release/rlplay")
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--first", type=int, default=0, help="number of the first mutation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--only", action="append", choices=KINDS)
    parser.add_argument("--keep", type=pathlib.Path, default=pathlib.Path("/tmp/rlplay-mutations"))
    OPTIONS = parser.parse_args()
    OPTIONS.rlplay = str(pathlib.Path(OPTIONS.rlplay).resolve())
    sys.exit(main())

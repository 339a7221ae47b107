#!/usr/bin/env python3
"""Compares rlplay's speed with that of other programs for reinforcement learning; prints a Markdown table.

    compare_peers.py [--rlplay PROGRAM] [--rounds N] [--seconds S] [--venv DIR] [--json FILE] [ROW ...]

It installs the peers with pip below DIR (`.venv-peers` by default) the first time, which takes minutes, and
needs a release build of rlplay (by default `.build/release/rlplay`). Names select rows; `--list` shows them.
A peer that cannot be installed, or fails, is listed with the reason under the table. Delete
`DIR/NAME.failed` to try its installation again.

rlplay is measured anew before each peer (rlplay, peer, rlplay, peer, ...) and everything is repeated in
rounds, so changes of the machine's speed affect both sides. The table has medians with the range over the
rounds. A ratio is the median of the ratios of such pairs; more than 1 means that rlplay is faster. Each
measurement is a process of its own, and its start, its imports and a first batch do not count. PyTorch has
one thread unless the table says otherwise, and so has rlplay's learner; its workers are further processes.

The rows say where both sides do the same work. The others compare what one gets: another algorithm, or a
peer that steps without learning.
"""

import argparse
import collections
import datetime
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys

import measuring
from measuring import MeasurementError

SCRIPTS = pathlib.Path(__file__).resolve().parent
# Seconds for one measurement of a peer, besides the time of the measurement: imports, and RLtools' compiler.
PEER_LIMIT = 240
INSTALLATION_LIMIT = 900

# `home` is the environment below DIR, `pip` the arguments of its installations.
Package = collections.namedtuple("Package", "home pip")
PACKAGES = {
    "torch": Package("common", [["torch"]]),
    "gymnasium": Package("common", [["gymnasium"]]),
    "stable-baselines3": Package("common", [["stable-baselines3"]]),
    "envpool": Package("common", [["envpool"]]),
    "ale-py": Package("common", [["ale-py", "opencv-python-headless"]]),
    "rlox": Package("common", [["rlox"]]),
    "rltools": Package("common", [["rltools", "mkl", "mkl-include"]]),
    # Of its dependencies the scripts of PPO need only these; the others are older than their successors here. They
    # set attributes that later versions of EnvPool keep for themselves.
    "cleanrl": Package("cleanrl", [
        ["gym==0.23.1", "envpool==0.8.4", "numpy<2", "pygame", "tensorboard", "setuptools"],
        ["--no-deps", "--ignore-requires-python", "cleanrl==1.2.0"]]),
    "pufferlib": Package("pufferlib", [["wheel", "Cython", "ninja", "setuptools<81", "numpy<2"]]),
}
REQUIRED = ["torch", "gymnasium", "stable-baselines3", "ale-py"]

# A function of peers.py, in words.
Peer = collections.namedtuple("Peer", "function package what threads", defaults=[1])
# `ours` measures rlplay, as a rate.
Row = collections.namedtuple("Row", "title unit ours peers")


def train(*options):
    def measure(program, seconds, python):
        return measuring.training_rate(
            program, [*options, "--python", python] if any("gym:" in option for option in options) else options,
            seconds, env={**os.environ, "PYTHONPATH": str(SCRIPTS)})

    return measure


def bench(name, unit, per_second):
    return lambda program, seconds, python: per_second / measuring.bench(program, [name], seconds)[f"{name}_{unit}"]


def images(threads, *environment):
    return train(
        "--env", *environment, "--wrap", "none", "--algorithm", "ppo", "--torso", "nature", "--hidden", "512",
        "--activation", "relu", "--shared-torso", "--actors", "2", "--envs-per-actor", "4", "--fragment-steps", "32",
        "--fragments-per-batch", "2", "--buffers", "6", "--epochs", "4", "--minibatch-size", "64",
        "--minibatch-of", "steps", "--learner-threads", str(threads))


FRAMES = "gym:peers_frames:Frames-v0"
LINEAR = ["400x8x32", "512x64x64", "2048x256x256"]
ROWS = {
    "training": Row("whole training with default options, against what peers reach", "steps/s", train(), [
        Peer("puffer_own", "pufferlib", "PPO, own network and CartPole, 1024 environments"),
        Peer("envpool_policy", "envpool", "4 → 32 → 2 in PyTorch acts in 256 environments, no learning"),
        Peer("sb3_a2c", "stable-baselines3", "A2C, 16 environments in its process"),
        Peer("sb3_a2c_subprocesses", "stable-baselines3", "A2C, 16 environments in `SubprocVecEnv`"),
    ]),
    "ppo": Row(
        "PPO, the same network and work: 64 environments × 32 steps, 4 × 4 minibatches of steps, two of 64, 64, tanh",
        "steps/s", train(
            "--algorithm", "ppo", "--actors", "2", "--envs-per-actor", "32", "--fragment-steps", "32",
            "--fragments-per-batch", "2", "--epochs", "4", "--minibatches", "4", "--minibatch-of", "steps"), [
            Peer("puffer_ppo", "pufferlib", "PPO with its CartPole"),
            Peer("sb3_ppo", "stable-baselines3", "PPO"),
            Peer("cleanrl_ppo", "cleanrl", "`ppo.py`"),
            Peer("rlox_ppo", "rlox", "PPO"),
        ]),
    "gymnasium": Row("Gymnasium's CartPole: rlplay learns with 2 workers, peers only step", "steps/s", train(
        "--env", "gym:CartPole-v1", "--actors", "2"), [
            Peer("sb3_subprocesses", "stable-baselines3", "`SubprocVecEnv`, 16 environments"),
            Peer("gymnasium_async", "gymnasium", "`AsyncVectorEnv`, 16 environments"),
        ]),
    "cartpole": Row(
        "CartPole alone, one thread in rlplay, random actions, best width", "steps/s",
        bench("environment_step", "nanoseconds", 1e9), [
            Peer("puffer_steps", "pufferlib", "its CartPole in C, 4096 environments"),
            Peer("gymnasium_vector", "gymnasium", "`CartPoleVectorEnv`, 256 or 1024"),
            Peer("rlox_steps", "rlox", "`VecEnv`, 256 or 1024, all cores"),
            Peer("envpool_steps", "envpool", "16, 256 or 1024, all cores"),
        ]),
    "sac": Row(
        "SAC in Pendulum, the same work: an update of 100 samples for each step, 64, 64, relu", "steps/s", train(
            "--env", "Pendulum-v1", "--algorithm", "sac", "--hidden", "64,64", "--activation", "relu",
            "--replay-batch", "100", "--learning-starts", "200"), [
            Peer("rltools_sac", "rltools", "SAC with its Pendulum and MKL"),
        ]),
    "images": Row(
        "PPO with images [4, 84, 84], DQN's convolutions, the same work: 8 environments × 32 steps, "
        "4 passes in minibatches of 64", "steps/s", images(1, FRAMES), [
            Peer("sb3_images", "stable-baselines3", "PPO, one PyTorch thread"),
        ]),
    "images-threads": Row(
        "the same, rlplay with `--learner-threads auto`", "steps/s", images("auto", FRAMES), [
            Peer("sb3_images", "stable-baselines3", "PPO, two PyTorch threads", 2),
        ]),
    "pong": Row(
        "Pong with the same work, frames of 84 × 84, `AtariVectorEnv` in two workers, `--learner-threads auto`",
        "steps/s", images(
            "auto", "gym:ale_py.vector_env:AtariVectorEnv", "--env-args", "game=pong,num_threads=1"), [
                Peer("sb3_pong", "stable-baselines3", "PPO, `make_atari_env`, two PyTorch threads", 2),
                Peer("cleanrl_pong", "cleanrl", "`ppo_atari_envpool.py` with EnvPool, two PyTorch threads", 2),
        ]),
    "convolutions": Row(
        "DQN's convolutions, forward pass of 8 frames", "µs", bench("convolution_8", "microseconds", 1e6), [
            Peer("torch_convolution_8", "torch", "better of its two layouts")]),
    "convolutions-backward": Row(
        "DQN's convolutions, forward and backward pass of 16 frames", "µs",
        bench("convolution_backward_16", "microseconds", 1e6), [
            Peer("torch_convolution_backward_16", "torch", "better of its two layouts")]),
    **{f"linear-{shape}": Row(
        f"linear layer {shape.replace('x', ' × ')}, forward and backward pass", "µs",
        bench(f"linear_backward_{shape}", "microseconds", 1e6), [
            Peer(f"torch_linear_{shape}", "torch", "quickest way of `compare_linear.py`")]) for shape in LINEAR},
}


class Installations:
    """The peers' environments below a directory."""

    def __init__(self, directory):
        self.directory = directory
        self.failures = {}

    def python(self, home):
        return self.directory / home / "bin" / "python3"

    def make(self, home):
        """Makes an environment; those besides `common` see its packages after their own."""
        if self.python(home).exists():
            return
        subprocess.run([sys.executable, "-m", "venv", self.directory / home], check=True)
        if home != "common":
            place = next((self.directory / home / "lib").glob("python*")) / "site-packages"
            other = next((self.directory / "common" / "lib").glob("python*")) / "site-packages"
            (place / "common.pth").write_text(f"{other}\n")

    def pip(self, home, *arguments, **settings):
        """Runs pip; raises an error with the reason if that fails."""
        try:
            outcome = subprocess.run(
                [self.python(home), "-m", "pip", "--disable-pip-version-check", *arguments], capture_output=True,
                text=True, timeout=INSTALLATION_LIMIT, **settings)
        except subprocess.TimeoutExpired as error:
            raise MeasurementError(f"installation took more than {INSTALLATION_LIMIT} s") from error
        if outcome.returncode != 0:
            text = outcome.stdout + outcome.stderr
            errors = re.findall(r"^\s*((?:[\w.]+Error|ERROR|error): .*)$", text, re.MULTILINE)
            named = [line for line in errors if not line.lower().startswith("error:")] or errors
            raise MeasurementError("installation failed: " + (named[-1] if named else f"pip: {outcome.returncode}"))

    def install(self, name):
        """Returns True if a package is installed, or could be."""
        if name in self.failures:
            return False
        done, failed = self.directory / f"{name}.installed", self.directory / f"{name}.failed"
        if failed.exists():
            self.failures[name] = failed.read_text()
            return False
        if done.exists():
            return True
        print(f"installs {name}", file=sys.stderr, flush=True)
        package = PACKAGES[name]
        try:
            self.make(package.home)
            if name == "torch":
                # A wheel that pip's configuration offers, if any: PyPI's for Linux bring gigabytes for GPUs.
                self.attempt(package.home, "install", "--no-index", "--no-deps", "torch")
            for arguments in package.pip:
                self.pip(package.home, "install", *arguments)
            if name == "pufferlib":
                self.build_pufferlib()
        except MeasurementError as error:
            failed.write_text(str(error))
            self.failures[name] = str(error)
            return False
        done.touch()
        return True

    def attempt(self, home, *arguments, **settings):
        try:
            self.pip(home, *arguments, **settings)
        except MeasurementError:
            pass

    def build_pufferlib(self):
        """Builds PufferLib with its CartPole and trainer only.

        Its package is built from source, and the build downloads raylib, which draws, and Box2D, and compiles
        some sixty environments. Here the sources that pip unpacked are reduced to CartPole, and instead of
        the downloads there are raylib's types and an empty library: nothing is drawn.
        """
        unpacked = self.directory / "pufferlib-source"
        shutil.rmtree(unpacked, ignore_errors=True)
        unpacked.mkdir()
        # pip removes neither what it unpacked nor fails to unpack before setup.py fails to download.
        self.attempt(
            "pufferlib", "download", "--no-deps", "--no-clean", "--no-build-isolation", "--dest", unpacked,
            "pufferlib==3.0.0", env={**os.environ, "TMPDIR": str(unpacked), "NO_OCEAN": "1"})
        source = next((path.parent for path in unpacked.glob("*/*/setup.py")), None)
        if source is None:
            raise MeasurementError("installation failed: pip did not unpack its source")
        for binding in (source / "pufferlib" / "ocean").rglob("binding.c"):
            if binding.parent.name != "cartpole":
                binding.unlink()
        for place in ["raylib-5.5_webassembly", "box2d-web", "box2d-linux-amd64", "box2d-macos-arm64"]:
            (source / place).mkdir(exist_ok=True)
        for raylib in [source / "raylib-5.5_linux_amd64", source / "raylib-5.5_macos"]:
            (raylib / "include").mkdir(parents=True, exist_ok=True)
            (raylib / "lib").mkdir(exist_ok=True)
            (raylib / "include" / "raylib.h").write_text(
                "typedef struct Color { unsigned char r, g, b, a; } Color;\n"
                "typedef struct Vector2 { float x, y; } Vector2;\n"
                "enum { KEY_ESCAPE = 256, KEY_TAB = 258 };\n")
            (raylib / "lib" / "libraylib.a").write_text("!<arch>\n")
        self.pip("pufferlib", "install", "--no-build-isolation", source)
        shutil.rmtree(unpacked)


def measure_peer(installations, peer, seconds):
    """Returns a peer's rate and its version. PufferLib links its resources into the working directory."""
    home = PACKAGES[peer.package].home
    names = ["OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"]
    environment = {**os.environ, **dict.fromkeys(names, str(peer.threads))}
    result = measuring.run_json(
        [installations.python(home), SCRIPTS / "peers.py", peer.function, seconds, peer.package],
        PEER_LIMIT + seconds, cwd=installations.directory, env=environment)
    return result["value"], result["version"]


def display(rates, unit):
    """Returns the text of rates in steps/s, or in µs of a call."""
    if unit == "µs":
        times = [1e6 / rate for rate in rates]
        return measuring.median_with_range(times, lambda time: f"{time:,.{0 if time >= 100 else 1}f}") + " µs"
    return measuring.median_with_range(rates)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rlplay", metavar="PROGRAM", type=pathlib.Path, default=measuring.RELEASE)
    parser.add_argument("--rounds", metavar="N", type=int, default=3, help="rounds of all measurements (default: 3)")
    parser.add_argument(
        "--seconds", metavar="S", type=float, default=1.5, help="seconds for each measurement (default: 1.5)")
    parser.add_argument(
        "--venv", metavar="DIR", type=pathlib.Path, default=measuring.ROOT / ".venv-peers",
        help="the directory of the peers' environments (default: .venv-peers)")
    parser.add_argument("--json", metavar="FILE", help="write all values there as well")
    parser.add_argument("--list", action="store_true", help="show the rows and measure nothing")
    parser.add_argument("--install-only", action="store_true", help="install the peers and measure nothing")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows to measure (default: all)")
    options = parser.parse_args()
    if options.list:
        for name, row in ROWS.items():
            print(f"{name}: {row.title}")
        return
    unknown = set(options.rows) - set(ROWS)
    if unknown:
        parser.error(f"no row {', '.join(sorted(unknown))}: --list shows the rows")
    if not options.install_only and not options.rlplay.exists():
        parser.error(f"{options.rlplay} does not exist: build it with 'swift build -c release'")
    rows = {name: ROWS[name] for name in options.rows or ROWS}

    installations = Installations(options.venv.resolve())
    installations.directory.mkdir(parents=True, exist_ok=True)
    packages = dict.fromkeys([*REQUIRED, *(peer.package for row in rows.values() for peer in row.peers)])
    usable = {name for name in packages if installations.install(name)}
    if options.install_only:
        for name, why in installations.failures.items():
            print(f"{name}: {why}")
        return

    python = installations.python("common")
    versions = {}
    pairs = {
        (name, index): [] for name, row in rows.items()
        for index, peer in enumerate(row.peers) if peer.package in usable}
    failures = {}
    load = os.getloadavg()[0]
    for turn in range(options.rounds):
        for name, index in pairs:
            row, peer = rows[name], rows[name].peers[index]
            if (name, index) in failures:
                continue
            print(f"round {turn + 1} of {options.rounds}: {name}, {peer.function}", file=sys.stderr, flush=True)
            try:
                ours = row.ours(options.rlplay.resolve(), options.seconds, python)
            except MeasurementError as error:
                failures[name, index] = f"rlplay: {error}"
                continue
            try:
                theirs, versions[peer.package] = measure_peer(installations, peer, options.seconds)
            except MeasurementError as error:
                failures[name, index] = str(error)
                continue
            pairs[name, index].append((ours, theirs))

    table, values = [], []
    for (name, index), measured in pairs.items():
        row, peer = rows[name], rows[name].peers[index]
        if not measured:
            continue
        ours, theirs = zip(*measured)
        ratios = [our / their for our, their in measured]
        table.append([
            row.title if index == min(other for same, other in pairs if same == name and pairs[same, other]) else "",
            f"{peer.package} {versions[peer.package]}: {peer.what}", display(ours, row.unit),
            display(theirs, row.unit), measuring.median_with_range(ratios)])
        values.append({
            "row": name, "peer": peer.function, "package": peer.package, "version": versions[peer.package],
            "unit": "calls/s" if row.unit == "µs" else row.unit, "rlplay": ours, "theirs": theirs, "ratios": ratios,
            "median_ratio": statistics.median(ratios)})
    machine = measuring.describe(options.rlplay.resolve())
    print(f"{datetime.date.today()}; {machine}; load at the start {load:.1f}; {options.rounds} rounds of "
          f"{options.seconds:g} s: medians with the range.\n")
    print(measuring.markdown(["what", "peer", "rlplay, steps/s", "the peer", "rlplay / peer"], table))
    left_out = [f"{name}: {why}" for name, why in installations.failures.items()]
    left_out += [f"{rows[name].peers[index].function}: {why}" for (name, index), why in failures.items()]
    if left_out:
        print("Left out:\n\n" + "\n".join(f"* {line}" for line in left_out))
    if options.json:
        pathlib.Path(options.json).write_text(json.dumps({
            "machine": machine, "load": load, "seconds": options.seconds, "rows": values, "left_out": left_out},
            indent=1) + "\n")


if __name__ == "__main__":
    main()

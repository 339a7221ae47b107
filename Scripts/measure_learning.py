#!/usr/bin/env python3
"""Measures success rate, training steps, wall time and return of recipes; prints a Markdown row for each.

    measure_learning.py [--rlplay PROGRAM] [--seeds 1-10] [--episodes 100] [RECIPE ...]

For each seed N it runs `rlplay train --config Recipes/RECIPE.json --seed N` in a temporary directory, and then
`rlplay evaluate` on the resulting run, greedily and with another seed. A seed passes if the evaluation's mean
return reaches the threshold in the table below. The wall time is that of the whole training command. Without
names the script measures the whole table, which is that of docs/benchmarks.md. It needs a release build.

    measure_learning.py --stability [--rlplay PROGRAM] [--seeds 1-40] [RECIPE ...]

measures how a whole run ends instead: `rlplay train --actors 16`, and each recipe (cartpole-mean if none is
named) in turns with it, so that other work on the machine changes both. It prints the seeds whose last
evaluation is at 475 or more, the share of evaluations at 475 or more after step 500,000, and the first step and
second at 475. A seed of the default run passes if its last evaluation is at 475 or more.

The exit code is 1 if a seed does not pass.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

from measuring import seed_range

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Recipe, threshold, default seeds, further options of training and of evaluating. A threshold is a mean return,
# or if it is a percentage, the share of episodes that were not truncated.
TABLE = [
    ("cartpole-reinforce", 475, "1-10", [], []),
    ("cartpole-mean", 475, "1-10", ["--until-return", "475"], []),
    ("cartpole-value", 475, "1-10", ["--until-return", "475"], []),
    ("cartpole-a2c", 475, "1-10", [], []),
    ("cartpole-tutorial-a2c", 475, "1-10", [], []),
    ("cartpole-ppo", 475, "1-10", [], []),
    ("cartpole-vtrace", 475, "1-10", [], []),
    ("cartpole-appo", 475, "1-10", [], []),
    ("cartpole-dqn", 475, "1-10", [], []),
    ("cartpole-no-velocity-gru", 475, "1-10", [], []),
    ("cartpole-no-velocity-dqn", 47.5, "1-10", [], []),
    ("acrobot-a2c", -100, "1-10", [], []),
    ("acrobot-ppo", -100, "1-10", [], []),
    ("acrobot-vtrace", -100, "1-10", [], []),
    ("acrobot-appo", -100, "1-10", [], []),
    ("acrobot-dqn", -100, "1-10", [], []),
    ("pendulum-ppo", -200, "1-10", [], []),
    ("pendulum-sac", -200, "1-10", [], []),
    ("cartpole-sac", 475, "1-10", [], []),
    ("pendulum-td3", -200, "1-10", [], []),
    ("pendulum-no-velocity-sac", -20, "1-5", [], []),
    ("pendulum-no-velocity-td3", -20, "1-5", [], []),
    ("mountain-car-ppo", -115, "1-10", [], []),
    ("mountain-car-continuous-ppo", 90, "1-10", [], []),
    ("mountain-car-continuous-sac", 90, "1-10", [], []),
    ("cube2x2-depth-1", "95 %", "1-10", [], ["--max-episode-steps", "20"]),
    ("cube2x2-depth-3", "95 %", "1-3", [], ["--max-episode-steps", "20"]),
    ("corridor", 4, "1-10", [], []),
    ("corridor-q-table", 4, "1-10", [], []),
    ("seed-000", "95 %", "1-10", [], ["--max-episode-steps", "20"]),
    ("seed-001", 4, "1-10", [], []),
    ("seed-002", 475, "1-10", [], []),
]
# Rows that are measured only by name: they need Gymnasium or MuJoCo in the Python of RLPLAY_PYTHON.
GYMNASIUM = [
    ("lunar-lander-ppo", 230, "1-5", [], ["--trust"]),
    ("lunar-lander-continuous-ppo", 230, "1-3", [], ["--trust"]),
    ("bipedal-walker-ppo", 250, "1-3", [], ["--trust"]),
    ("pong-ppo", 18, "1-2", [], ["--trust"]),
    ("half-cheetah-ppo", 4000, "1-3", [], []),
    ("hopper-ppo", 2500, "1-3", [], []),
    ("walker2d-ppo", 3000, "1-3", [], []),
    ("inverted-double-pendulum-ppo", 7000, "1-3", [], []),
    ("ant-ppo", 2000, "1-3", [], []),
    ("frozen-lake-q-table", 0.7, "1-5", [], ["--trust"]),
    ("taxi-q-table", 7, "1-5", [], ["--trust"]),
    ("cliff-walking-q-table", -13, "1-5", [], ["--trust"]),
    ("blackjack-q-table", -0.026, "1-5", [], ["--trust", "--episodes", "100000"]),
    ("minigrid-empty-8x8-ppo", 0.9, "1-5", [], ["--trust"]),
    ("minigrid-doorkey-5x5-ppo", 0.9, "1-5", [], ["--trust"]),
    ("point-maze-ppo", 200, "1-3", [], ["--trust"]),
]
TITLES = [
    "recipe", "seeds", "evaluated at least", "passed", "median steps", "most steps", "median wall time",
    "mean of evaluations", "worst",
]


def run(*command):
    """Returns the JSON object in the last line of a command's output, and its wall time in seconds."""
    began = time.monotonic()
    outcome = subprocess.run(command, capture_output=True, text=True)
    seconds = time.monotonic() - began
    # A run that misses its --until-return exits with 1, but prints its result and keeps its best weights.
    if outcome.returncode > 1 or not outcome.stdout:
        sys.exit(f"'{' '.join(command)}' ended with {outcome.returncode}: {outcome.stderr}")
    return json.loads(outcome.stdout.splitlines()[-1]), seconds


def judge(result, threshold):
    """Returns the result of an evaluation in the unit of its threshold."""
    if isinstance(threshold, str):
        return 100 * (1 - result["truncated_episodes"] / result["episodes"])
    return result["mean_return"]


def trace(program, seed, options):
    """Returns a run's evaluations: environment steps, seconds and mean return of each."""
    with tempfile.TemporaryDirectory() as directory:
        run(program, "train", "--seed", str(seed), "--run-dir", f"{directory}/run", "--quiet", "--json", *options)
        lines = pathlib.Path(f"{directory}/run/metrics.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    return [(record.get("eval_env_steps", record["env_steps"]), record["seconds"], record["eval_return"])
            for record in records if record.get("eval_return") is not None]


def measure_stability(program, seeds, recipes):
    """Prints a row for the default run and for each recipe; returns True if every default run ends at 475."""
    rows = {"rlplay train --actors 16": ["--actors", "16"]}
    for recipe in recipes or ["cartpole-mean"]:
        rows[f"rlplay train --config Recipes/{recipe}.json"] = ["--config", f"{ROOT}/Recipes/{recipe}.json"]
    traces = {name: [] for name in rows}
    for seed in seeds:
        for name, options in rows.items():
            traces[name].append(trace(program, seed, options))
    titles = ["command", "seeds", "475 at the end", "share after 500,000 steps", "worst seed",
              "median first steps", "most", "median first seconds"]
    print("| " + " | ".join(titles) + " |\n" + "|---" * len(titles) + "|")
    ends = {}
    for name, runs in traces.items():
        ends[name] = sum(evaluations[-1][2] >= 475 for evaluations in runs)
        late = [[value >= 475 for steps, _, value in evaluations if steps > 500_000] for evaluations in runs]
        shares = [100 * sum(seen) / len(seen) for seen in late if seen]
        firsts = [next(((steps, seconds) for steps, seconds, value in evaluations if value >= 475),
                       (float("inf"), float("inf"))) for evaluations in runs]
        cells = [
            f"`{name}`", "–".join(str(seed) for seed in sorted({seeds[0], seeds[-1]})),
            f"{ends[name]} of {len(runs)}",
            f"{statistics.mean(shares):.1f} %" if shares else "–", f"{min(shares):.1f} %" if shares else "–",
            f"{statistics.median(first[0] for first in firsts):,.0f}", f"{max(first[0] for first in firsts):,}",
            f"{statistics.median(first[1] for first in firsts):.2f} s",
        ]
        print("| " + " | ".join(cells) + " |", flush=True)
    return ends["rlplay train --actors 16"] == len(seeds)


def measure(program, episodes, seeds, recipe, threshold, training, evaluation):
    """Returns the cells of a recipe's row, and True if every seed passed."""
    steps, seconds, reached = [], [], []
    for seed in seeds:
        with tempfile.TemporaryDirectory() as directory:
            place = f"{directory}/run"
            result, took = run(
                program, "train", "--config", f"{ROOT}/Recipes/{recipe}.json", "--seed", str(seed),
                "--run-dir", place, "--quiet", "--json", *training)
            steps.append(result["env_steps"])
            seconds.append(took)
            count = [] if "--episodes" in evaluation else ["--episodes", str(episodes)]
            result, _ = run(
                program, "evaluate", place, "--seed", str(1000 + seed), "--json", *count, *evaluation)
            reached.append(judge(result, threshold))
    unit = " %" if isinstance(threshold, str) else ""
    limit = float(str(threshold).removesuffix(" %"))
    digits = 3 if abs(limit) < 1 else 1
    passed = sum(value >= limit for value in reached)
    name = " ".join([f"`{recipe}`", *(f"`{' '.join(options)}`" for options in [training] if options)])
    cells = [
        name, "–".join(str(seed) for seed in sorted({seeds[0], seeds[-1]})), f"{threshold}", f"{passed} of {len(seeds)}",
        f"{statistics.median(steps):,.0f}", f"{max(steps):,}", f"{statistics.median(seconds):.2f} s",
        f"{statistics.mean(reached):.{digits}f}{unit}", f"{min(reached):.{digits}f}{unit}",
    ]
    return [cell.replace("-", "−") if index in (2, 7, 8) else cell
            for index, cell in enumerate(cells)], passed == len(seeds)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rlplay", metavar="PROGRAM", default=f"{ROOT}/.build/release/rlplay",
        help="the program to measure (default: the release build)")
    parser.add_argument(
        "--seeds", metavar="N-M", type=seed_range,
        help="the seeds to train with (default: those of the table)")
    parser.add_argument(
        "--episodes", metavar="N", type=int, default=100, help="episodes of an evaluation (default: 100)")
    parser.add_argument(
        "--stability", action="store_true", help="measure how whole runs end, beside the default run")
    parser.add_argument(
        "recipes", nargs="*", metavar="RECIPE", help="rows of the table (default: all)")
    options = parser.parse_args()
    unknown = set(options.recipes) - {row[0] for row in TABLE + GYMNASIUM}
    if unknown and not options.stability:
        parser.error(f"the table has no {', '.join(sorted(unknown))}: add a row with its threshold")
    program = pathlib.Path(options.rlplay).resolve()
    if not program.exists():
        parser.error(f"{program} does not exist: build it with 'swift build -c release'")

    if options.stability:
        seeds = options.seeds or seed_range("1-40")
        sys.exit(0 if measure_stability(str(program), seeds, options.recipes) else 1)
    print("| " + " | ".join(TITLES) + " |\n" + "|---" * len(TITLES) + "|", flush=True)
    all_passed = True
    rows = [row for row in TABLE + GYMNASIUM if row[0] in options.recipes] or TABLE
    for recipe, threshold, seeds, training, evaluation in rows:
        cells, passed = measure(
            str(program), options.episodes, options.seeds or seed_range(seeds), recipe, threshold,
            training, evaluation)
        print("| " + " | ".join(cells) + " |", flush=True)
        all_passed = all_passed and passed
    sys.exit(0 if all_passed else 1)


if __name__ == "__main__":
    main()

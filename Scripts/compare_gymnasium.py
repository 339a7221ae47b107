#!/usr/bin/env python3
"""Compares the throughput of rlplay and of vectors of subprocesses with Gymnasium's environments.

    compare_gymnasium.py [--rlplay PROGRAM] [--env ID] [--actors N] [--repetitions N] [--steps N]
                         [--until-return R]

Run it with the interpreter that has Gymnasium; rlplay uses the same one. The other side is
Stable-Baselines3's SubprocVecEnv with 16 environments if that can be imported, otherwise Gymnasium's
AsyncVectorEnv. It only steps, with random actions drawn beforehand. rlplay's rate is that of a whole
training run, including policy, learner and the start of its processes. The two alternate, so noise on the
machine affects both. The result is the ratio of the medians.

With --until-return, three runs of rlplay measure the wall time of training to that mean return.
"""

import argparse
import statistics
import sys
import tempfile
import time

import gymnasium
import numpy as np

import measuring

WIDTH = 16


def run_rlplay(program, env, options):
    """Returns a training run's result and the wall time of its command in seconds."""
    with tempfile.TemporaryDirectory() as directory:
        began = time.monotonic()
        result = measuring.run_json(
            [program, "train", "--env", f"gym:{env}", "--python", sys.executable, "--quiet", "--json",
             "--run-dir", f"{directory}/run", *options], None)
        return result, time.monotonic() - began


def rlplay_rate(program, env, actors, steps):
    result, _ = run_rlplay(
        program, env, ["--actors", str(actors), "--steps", str(steps), "--eval-every", "0"])
    return result["env_steps"] / result["seconds"]


def make_stable_baselines(env):
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.vec_env import SubprocVecEnv

    # The usual mode, rgb_array, keeps the particles of LunarLander and takes four times as long.
    return make_vec_env(env, n_envs=WIDTH, vec_env_cls=SubprocVecEnv, env_kwargs={"render_mode": None})


def make_gymnasium(env):
    return gymnasium.vector.AsyncVectorEnv([lambda: gymnasium.make(env)] * WIDTH)


def vector_rate(make, env, steps):
    """Returns the steps per second of a vector of subprocesses that is only stepped."""
    vector = make(env)
    try:
        vector.reset()
        space = gymnasium.make(env).action_space
        actions = [np.array([space.sample() for _ in range(WIDTH)]) for _ in range(64)]
        for index in range(50):
            vector.step(actions[index % 64])
        count = max(1, steps // WIDTH)
        began = time.monotonic()
        for index in range(count):
            vector.step(actions[index % 64])
        return count * WIDTH / (time.monotonic() - began)
    finally:
        vector.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rlplay", default=measuring.RELEASE)
    parser.add_argument("--env", default="CartPole-v1")
    parser.add_argument("--actors", type=int, default=2)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--steps", type=int, default=400_000)
    parser.add_argument("--until-return", type=float)
    options = parser.parse_args()

    try:
        import stable_baselines3
        name, make = f"SB3 {stable_baselines3.__version__} SubprocVecEnv", make_stable_baselines
    except ImportError:
        name, make = f"Gymnasium {gymnasium.__version__} AsyncVectorEnv", make_gymnasium
    ours, theirs = [], []
    for _ in range(options.repetitions):
        ours.append(rlplay_rate(options.rlplay, options.env, options.actors, options.steps))
        theirs.append(vector_rate(make, options.env, options.steps // 10))
    for who, rates in ((f"rlplay --actors {options.actors}", ours), (f"{name} with {WIDTH}", theirs)):
        listed = " ".join(f"{rate:,.0f}" for rate in rates)
        print(f"{who}: {statistics.median(rates):,.0f} steps/s (median of {listed})")
    print(f"ratio of the medians: {statistics.median(ours) / statistics.median(theirs):.1f}")
    if options.until_return is not None:
        for seed in range(1, 4):
            result, seconds = run_rlplay(
                options.rlplay, options.env,
                ["--actors", str(options.actors), "--until-return", str(options.until_return),
                 "--seed", str(seed)])
            print(f"seed {seed}: return {options.until_return:g} after {result['env_steps']:,} steps, "
                  f"{seconds:.1f} s of wall time")


if __name__ == "__main__":
    main()

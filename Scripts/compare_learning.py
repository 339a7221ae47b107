#!/usr/bin/env python3
"""Trains recipes of rlplay beside Stable-Baselines3 or RLtools; prints a Markdown table.

    compare_learning.py [--rlplay PROGRAM] [--python PYTHON] [--seeds N-M] [--steps N] [--threads N]
                        [--json FILE] [ROW ...]

PYTHON (by default the one that runs this script) needs stable-baselines3 and the packages of the tasks:
gymnasium[box2d], gymnasium[mujoco], ale-py; for RLtools it needs rltools, mkl, mkl-include and gymnasium.
rlplay needs a release build. `--list` shows the rows. For each seed rlplay trains, then the peer, so changes
of the machine's speed affect both. SB3 has rlplay's settings. A time is the wall time of the whole training
process, with its start and imports. PyTorch has N threads; rlplay has what the recipe says.

The returns are means over 100 episodes with the last weights, played greedily by each side's own evaluation.
Atari has the mean returns of training instead, SAC has both: those of the last 100 episodes at each quarter
of the steps, then, after a semicolon, the return of the last weights.

RLtools trains with its own settings for Pendulum until a mean return is reached, and so does rlplay. Each has
20 greedy episodes after every 500 steps. RLtools' time is that of its steps alone, without its compiler, its
imports and its evaluations; rlplay's is that of its process, with all of them.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile
import time

import measuring

SCRIPTS = pathlib.Path(__file__).resolve().parent
LIMIT = 3 * 3600
EPISODES = 100
# Environment steps between evaluations on the way to a return, and the episodes of one.
INTERVAL = 500
JUDGED = 20


def ppo(environment, steps, count, **settings):
    """Returns SB3's side of a row: PPO in `count` environments."""
    return {"environment": environment, "steps": steps, "count": count, "algorithm": "PPO", "settings": settings}


def rltools(environment, algorithm, goal):
    """Returns RLtools' side of a row: SAC or TD3 until a mean return is reached."""
    return {
        "environment": environment, "steps": 20_000, "algorithm": algorithm, "until": goal, "shows": ["until"]}


def sac(environment, steps, **settings):
    """Returns SB3's side of a row: SAC in one environment, with its curve."""
    return {
        "environment": environment, "steps": steps, "count": 1, "algorithm": "SAC", "settings": settings,
        "shows": ["curve", "return"]}


# Settings are those of RL Baselines3 Zoo, which the recipes have too, except those of BipedalWalker and Pong. The
# recipe of BipedalWalker has smaller batches than the zoo; for Pong SB3 has the recipe's settings, but for its falling
# entropy cost and its activation of the last hidden layer.
ROWS = {
    "lunar-lander-ppo": ppo(
        "LunarLander-v3", 1_000_000, 16, n_steps=1024, batch_size=64, gae_lambda=0.98, gamma=0.999, n_epochs=4,
        ent_coef=0.01),
    "breakout-ppo": ppo(
        "ALE:breakout", 1_000_000, 8, n_steps=128, batch_size=256, n_epochs=4, ent_coef=0.01, vf_coef=0.5,
        learning_rate="linear 2.5e-4 0", clip_range="linear 0.1 0") | {"shows": ["curve"]},
    "pong-ppo": ppo(
        "ALE:pong", 1_000_000, 16, n_steps=128, batch_size=256, n_epochs=3, ent_coef=0.01, vf_coef=0.5,
        learning_rate="linear 7.5e-4 1.5e-4", clip_range="linear 0.1 0.04",
        policy_kwargs={"features_extractor_kwargs": {"features_dim": 256}}) | {"shows": ["curve"], "stack": 2},
    "bipedal-walker-ppo": ppo(
        "BipedalWalker-v3", 1_500_000, 32, n_steps=2048, batch_size=64, gae_lambda=0.95, gamma=0.999, n_epochs=10,
        ent_coef=0.0, clip_range=0.18) | {"normalized": True},
    "hopper-sac": sac("Hopper-v5", 200_000, learning_starts=10_000),
    "half-cheetah-sac": sac("HalfCheetah-v5", 200_000, learning_starts=10_000),
    "walker2d-sac": sac("Walker2d-v5", 200_000, learning_starts=10_000),
    "pendulum-sac": rltools("Pendulum-v1", "SAC", -200),
    "pendulum-td3": rltools("Pendulum-v1", "TD3", -200),
}


def atari(game, count, seed, size, depth):
    """Returns ale_py's vector environment as one of SB3's, with lives as episodes."""
    import ale_py.vector_env
    import numpy
    from gymnasium.vector import AutoresetMode
    from stable_baselines3.common.vec_env import VecEnv, VecMonitor

    class Games(VecEnv):
        def __init__(self):
            self.games = ale_py.vector_env.AtariVectorEnv(
                game, num_envs=count, img_height=size, img_width=size, stack_num=depth, episodic_life=True,
                autoreset_mode=AutoresetMode.SAME_STEP, num_threads=1)
            super().__init__(count, self.games.single_observation_space, self.games.single_action_space)

        def reset(self):
            return self.games.reset(seed=seed)[0]

        def step_async(self, actions):
            self.actions = actions

        def step_wait(self):
            frames, rewards, terminated, truncated, info = self.games.step(self.actions)
            ends = numpy.logical_or(terminated, truncated)
            infos = [{} for _ in range(count)]
            for index in numpy.flatnonzero(ends):
                infos[index] = {
                    "terminal_observation": info["final_obs"][index],
                    "TimeLimit.truncated": bool(truncated[index] and not terminated[index])}
            return frames, rewards.astype(numpy.float32), ends, infos

        def close(self):
            self.games.close()

        def get_attr(self, name, indices=None):
            return [None] * count

        def set_attr(self, name, value, indices=None):
            raise NotImplementedError

        def env_method(self, name, *arguments, indices=None, **named):
            raise NotImplementedError

        def env_is_wrapped(self, wrapper, indices=None):
            return [False] * count

    return VecMonitor(Games())


def schedule(first, last):
    """Returns SB3's schedule from one value to another, a function of the share of the steps that are left."""
    return lambda left: last + (first - last) * left


def train_peer(task):
    """Trains a peer as the object describes and prints its result; runs in a process of its own."""
    if "until" in task:
        return print(json.dumps(train_rltools(task)))
    import stable_baselines3
    import torch
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.evaluation import evaluate_policy
    from stable_baselines3.common.vec_env import VecNormalize

    torch.set_num_threads(task["threads"])
    name, count, seed = task["environment"], task["count"], task["seed"]
    is_atari = name.startswith("ALE:")
    if is_atari:
        environment = atari(name.removeprefix("ALE:"), count, seed, task["frames"], task["stack"])
        policy = "CnnPolicy"
    else:
        # The usual mode, rgb_array, keeps LunarLander's particles and takes four times as long.
        environment = make_vec_env(name, count, seed=seed, env_kwargs={"render_mode": None})
        policy = "MlpPolicy"
        if task["normalized"]:
            environment = VecNormalize(environment, gamma=task["settings"]["gamma"])
    settings = dict(task["settings"])
    for key, value in settings.items():
        if isinstance(value, str) and value.startswith("linear "):
            settings[key] = schedule(*map(float, value.split()[1:]))
    points = []

    class Curve(BaseCallback):
        def _on_step(self):
            if self.num_timesteps >= (len(points) + 1) * task["steps"] / 4 and self.model.ep_info_buffer:
                points.append(statistics.mean(float(entry["r"]) for entry in self.model.ep_info_buffer))
            return True

    model = getattr(stable_baselines3, task["algorithm"])(policy, environment, seed=seed, device="cpu", **settings)
    model.learn(task["steps"], callback=Curve())
    seconds = time.time() - task["began"]
    result = {"seconds": seconds, "curve": points, "version": stable_baselines3.__version__}
    if "return" in task["shows"]:
        judged = make_vec_env(name, 1, seed=1000 + seed, env_kwargs={"render_mode": None})
        if task["normalized"]:
            judged = VecNormalize(judged, training=False, norm_reward=False)
            judged.obs_rms = environment.obs_rms
        result["return"] = float(evaluate_policy(model, judged, EPISODES)[0])
    print(json.dumps(result))


def train_rltools(task):
    """Trains RLtools in its Pendulum until a mean return over episodes of Gymnasium's is reached."""
    import gymnasium
    import peers

    state = peers.rltools_pendulum(
        task["algorithm"], "compare_learning", STEP_LIMIT=task["steps"]).State(task["seed"])
    environment = gymnasium.make(task["environment"])

    def play(seed):
        total, observation, is_over = 0.0, environment.reset(seed=seed)[0], False
        while not is_over:
            action = environment.action_space.high * state.action(observation)
            observation, reward, terminated, truncated, _ = environment.step(action)
            total, is_over = total + float(reward), terminated or truncated
        return total

    seconds, steps, mean = 0.0, 0, float("-inf")
    while mean < task["until"] and steps < task["steps"]:
        began = time.monotonic()
        for _ in range(INTERVAL):
            state.step()
        seconds += time.monotonic() - began
        steps += INTERVAL
        mean = statistics.mean(play(1000 + index) for index in range(JUDGED))
    return {"seconds": seconds, "steps": steps, "return": mean}


def train_until(program, name, row, seed):
    """Trains a recipe until a mean return is reached; returns the same object as `train_rltools`."""
    with tempfile.TemporaryDirectory() as directory:
        began = time.monotonic()
        result = measuring.run_json(
            [program, "train", "--config", SCRIPTS.parent / "Recipes" / f"{name}.json", "--seed", seed,
             "--steps", row["steps"], "--eval-every", INTERVAL, "--eval-episodes", JUDGED, "--until-return",
             row["until"], "--run-dir", f"{directory}/run", "--quiet", "--json"], LIMIT)
        return {
            "seconds": time.monotonic() - began, "steps": result["env_steps"], "return": result["eval_return"]}


def train_ours(program, python, name, row, seed):
    """Trains a recipe; returns the same object as `train_peer`."""
    if "until" in row:
        return train_until(program, name, row, seed)
    with tempfile.TemporaryDirectory() as directory:
        place = f"{directory}/run"
        began = time.monotonic()
        result = measuring.run_json(
            [program, "train", "--config", SCRIPTS.parent / "Recipes" / f"{name}.json", "--seed", seed,
             "--steps", row["steps"], "--eval-every", 0, "--until-return", "none", "--python", python,
             "--run-dir", place, "--quiet", "--json"], LIMIT)
        seconds = time.monotonic() - began
        records = [json.loads(line) for line in pathlib.Path(place, "metrics.jsonl").read_text().splitlines()]
        records = [record for record in records if record.get("episode_return") is not None]
        curve = []
        for quarter in range(1, 5):
            seen = [record for record in records if record["env_steps"] <= quarter * result["env_steps"] / 4]
            curve.append(seen[-1]["episode_return"] if seen else float("nan"))
        ours = {"seconds": seconds, "curve": curve}
        if "return" in row["shows"]:
            checkpoint = pathlib.Path(place, "checkpoints", "last.safetensors")
            ours["return"] = measuring.run_json(
                [program, "evaluate", checkpoint, "--trust", "--python", python, "--episodes", EPISODES,
                 "--seed", 1000 + seed, "--json"], LIMIT)["mean_return"]
    return ours


def main():
    if sys.argv[1:2] == ["--peer"]:
        return train_peer(json.loads(sys.argv[2]))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rlplay", metavar="PROGRAM", type=pathlib.Path, default=measuring.RELEASE)
    parser.add_argument("--python", metavar="PYTHON", default=sys.executable)
    parser.add_argument(
        "--seeds", metavar="N-M", type=measuring.seed_range, default="1", help="seeds, such as 1 or 1-3 (default: 1)")
    parser.add_argument("--steps", metavar="N", type=int, help="environment steps (default: those of the row)")
    parser.add_argument("--threads", metavar="N", type=int, default=1, help="PyTorch's threads (default: 1)")
    parser.add_argument("--json", metavar="FILE", type=pathlib.Path, help="save all results")
    parser.add_argument("--list", action="store_true", help="show the rows")
    parser.add_argument("rows", nargs="*", metavar="ROW", help="rows of the table")
    options = parser.parse_args()
    if options.list:
        return print("\n".join(ROWS))
    unknown = set(options.rows) - ROWS.keys()
    if unknown or not options.rows:
        parser.error(f"name rows, of {', '.join(ROWS)}")
    results = []
    print(f"{measuring.describe(options.rlplay)}\n", flush=True)
    for name in options.rows:
        row = {"shows": ["return"], **ROWS[name]}
        row["steps"] = options.steps or row["steps"]
        for seed in options.seeds:
            ours = train_ours(options.rlplay, options.python, name, row, seed)
            task = {
                "frames": 52, "stack": 4, "normalized": False, **row, "seed": seed,
                "threads": options.threads, "began": time.time()}
            peer = measuring.run_json(
                [options.python, __file__, "--peer", json.dumps(task)], LIMIT,
                env={**os.environ, "OMP_NUM_THREADS": str(options.threads)})
            results.append({"row": name, "seed": seed, "steps": row["steps"], "shows": row["shows"], "ours": ours,
                "peer": peer})
            print(f"{name} {seed}: {json.dumps(results[-1])}", file=sys.stderr, flush=True)
            if options.json:
                options.json.write_text(json.dumps(results, indent=1) + "\n")

    def duration(seconds):
        return f"{seconds:.0f}" if seconds >= 10 else f"{seconds:.2f}"

    def text(result, side):
        found = result[side]
        if result["shows"] == ["until"]:
            return f"{found['return']:.1f} at {found['steps']:,}"
        shown = {"curve": found.get("curve"), "return": [found.get("return")]}
        return "; ".join(", ".join(f"{value:.1f}" for value in shown[key]) for key in result["shows"])

    print(measuring.markdown(
        ["recipe", "seed", "steps", "rlplay, s", "peer, s", "share of its time", "rlplay's return", "peer's"],
        [[f"`{result['row']}`", str(result["seed"]), f"{result['steps']:,}", duration(result["ours"]["seconds"]),
          duration(result["peer"]["seconds"]), f"{result['ours']['seconds'] / result['peer']['seconds']:.2f}",
          text(result, "ours"), text(result, "peer")] for result in results]), end="")


if __name__ == "__main__":
    main()

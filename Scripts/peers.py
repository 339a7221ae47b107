"""The peers' side of compare_peers.py: what each peer measures, in a process and Python of its own.

    peers.py NAME SECONDS PACKAGE

prints {"value": ..., "version": ...}: the result of one of the functions below and the version of its package. A
value is in environment steps per second, or for PyTorch's layers in calls per second. Imports and the start do not
count. Nothing but the named peer is imported.
"""

import importlib.metadata
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import numpy as np

# PPO of the comparison with the same work: 64 environments of 32 steps, 4 passes of 4 minibatches.
ENVIRONMENTS, STEPS, PASSES, MINIBATCHES = 64, 32, 4, 4
BATCH = ENVIRONMENTS * STEPS
# PPO with images.
IMAGE_ENVIRONMENTS, IMAGE_STEPS, IMAGE_MINIBATCH = 8, 32, 64
FOREVER = 10**12


class Clock:
    """The rate of a loop that tells its steps: that after the first of them."""

    def __init__(self, seconds):
        self.seconds, self.first, self.last = seconds, None, None

    def tell(self, steps):
        """Takes the steps so far; returns False once the time is over."""
        now = time.perf_counter()
        self.first = self.first or (now, steps)
        self.last = now, steps
        return now - self.first[0] < self.seconds

    @property
    def rate(self):
        return (self.last[1] - self.first[1]) / (self.last[0] - self.first[0])


def repeated(work, steps, seconds):
    """Returns the rate of calls of `work` that make `steps` each, the first of which warms up."""
    work()
    clock, total = Clock(seconds), 0
    while clock.tell(total):
        work()
        total += steps
    return clock.rate


# Stable-Baselines3


def learn(model, seconds):
    """Returns the steps per second of an algorithm of Stable-Baselines3, over whole rollouts and their updates."""
    from stable_baselines3.common.callbacks import BaseCallback

    clock = Clock(seconds)

    class Stop(BaseCallback):
        goes_on = True

        def _on_rollout_start(self):
            self.goes_on = clock.tell(self.num_timesteps)

        def _on_step(self):
            return self.goes_on

    model.learn(FOREVER, callback=Stop())
    return clock.rate


def sb3_a2c(seconds, subprocesses=False):
    from stable_baselines3 import A2C
    from stable_baselines3.common.env_util import make_vec_env
    from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv

    kind = SubprocVecEnv if subprocesses else DummyVecEnv
    model = A2C("MlpPolicy", make_vec_env("CartPole-v1", n_envs=16, vec_env_cls=kind), device="cpu", seed=1)
    try:
        return learn(model, seconds)
    finally:
        model.get_env().close()


def sb3_a2c_subprocesses(seconds):
    return sb3_a2c(seconds, subprocesses=True)


def sb3_ppo(seconds):
    import torch
    from stable_baselines3 import PPO
    from stable_baselines3.common.env_util import make_vec_env

    return learn(PPO(
        "MlpPolicy", make_vec_env("CartPole-v1", n_envs=ENVIRONMENTS), n_steps=STEPS, n_epochs=PASSES,
        batch_size=BATCH // MINIBATCHES, learning_rate=0.0025, ent_coef=0.01, device="cpu", seed=1,
        policy_kwargs={"net_arch": [64, 64], "activation_fn": torch.nn.Tanh}), seconds)


def sb3_images(seconds):
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import DummyVecEnv

    from peers_frames import Frames

    return learn(PPO(
        "CnnPolicy", DummyVecEnv([Frames] * IMAGE_ENVIRONMENTS), n_steps=IMAGE_STEPS, n_epochs=4,
        batch_size=IMAGE_MINIBATCH, device="cpu", seed=1), seconds)


def sb3_pong(seconds):
    import ale_py
    import gymnasium
    from stable_baselines3 import PPO
    from stable_baselines3.common.env_util import make_atari_env
    from stable_baselines3.common.vec_env import VecFrameStack

    gymnasium.register_envs(ale_py)
    games = VecFrameStack(make_atari_env("PongNoFrameskip-v4", IMAGE_ENVIRONMENTS, seed=1), 4)
    return learn(PPO(
        "CnnPolicy", games, n_steps=IMAGE_STEPS, n_epochs=4, batch_size=IMAGE_MINIBATCH, device="cpu", seed=1), seconds)


def stepped(vector, width, seconds):
    """Returns the steps per second of a vector of CartPoles under random actions drawn beforehand.

    As with `rlplay bench`, the fastest of several loops counts.
    """
    vector.reset()
    actions, index = np.random.default_rng(1).integers(0, 2, (64, width)), 0

    def step():
        nonlocal index
        vector.step(actions[index % 64])
        index += 1

    try:
        return max(repeated(step, width, seconds / 5) for _ in range(5))
    finally:
        vector.close()


def sb3_subprocesses(seconds):
    import compare_gymnasium

    return stepped(compare_gymnasium.make_stable_baselines("CartPole-v1"), compare_gymnasium.WIDTH, seconds)


# Gymnasium


def gymnasium_async(seconds):
    import compare_gymnasium

    return stepped(compare_gymnasium.make_gymnasium("CartPole-v1"), compare_gymnasium.WIDTH, seconds)


def gymnasium_vector(seconds):
    import gymnasium

    def make(width):
        return gymnasium.make_vec("CartPole-v1", num_envs=width, vectorization_mode="vector_entry_point")

    return max(stepped(make(width), width, seconds / 2) for width in (256, 1024))


# EnvPool


def envpool_vector(width):
    import envpool

    return envpool.make_gymnasium("CartPole-v1", num_envs=width)


def envpool_steps(seconds):
    return max(stepped(envpool_vector(width), width, seconds / 3) for width in (16, 256, 1024))


def envpool_policy(seconds):
    import torch

    width = 256
    vector = envpool_vector(width)
    policy = torch.nn.Sequential(torch.nn.Linear(4, 32), torch.nn.Tanh(), torch.nn.Linear(32, 2))
    seen = vector.reset()[0]

    def step():
        nonlocal seen
        with torch.no_grad():
            action = torch.distributions.Categorical(logits=policy(torch.from_numpy(seen))).sample()
        seen = vector.step(action.numpy().astype(np.int32))[0]

    return repeated(step, width, seconds)


# CleanRL


def cleanrl(seconds, script, environments, steps, *options):
    """Returns the rate of one of CleanRL's scripts."""
    clock, batches = Clock(seconds), 0
    with tempfile.TemporaryDirectory() as directory:
        process = subprocess.Popen(
            [sys.executable, "-u", "-m", f"cleanrl.{script}", "--cuda", "false", "--total-timesteps", str(FOREVER),
             "--num-envs", str(environments), "--num-steps", str(steps), "--update-epochs", str(PASSES),
             "--num-minibatches", str(MINIBATCHES), *options],
            cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            # The script prints its speed after each batch.
            for line in process.stdout:
                if line.startswith("SPS:"):
                    batches += 1
                    if not clock.tell(batches * environments * steps):
                        return clock.rate
            raise SystemExit(process.stderr.read())
        finally:
            process.kill()
            process.wait()


def cleanrl_ppo(seconds):
    return cleanrl(seconds, "ppo", ENVIRONMENTS, STEPS, "--learning-rate", "0.0025")


def cleanrl_pong(seconds):
    return cleanrl(seconds, "ppo_atari_envpool", IMAGE_ENVIRONMENTS, IMAGE_STEPS)


# rlox


def rlox_ppo(seconds):
    from rlox.callbacks import Callback
    from rlox.trainer import Trainer

    clock = Clock(seconds)

    class Stop(Callback):
        batches = 0

        def on_step(self, **_):
            self.batches += 1
            return clock.tell(self.batches * BATCH)

    Trainer("ppo", env="CartPole-v1", callbacks=[Stop()], seed=1, config={
        "n_envs": ENVIRONMENTS, "n_steps": STEPS, "n_epochs": PASSES, "batch_size": BATCH // MINIBATCHES,
        "learning_rate": 0.0025}).train(total_timesteps=FOREVER)
    return clock.rate


def rlox_steps(seconds):
    import rlox

    def rate(width):
        vector = rlox.VecEnv(n=width, seed=1)
        vector.reset_all()
        actions = np.random.default_rng(1).integers(0, 2, width)
        return repeated(lambda: vector.step_all(actions), width, seconds / 2)

    return max(rate(width) for width in (256, 1024))


# PufferLib


def puffer_cartpole():
    # raylib's functions, which only draw, are missing in the extension: they must not be looked up at once.
    sys.setdlopenflags(os.RTLD_LAZY)
    from pufferlib.ocean.cartpole.cartpole import Cartpole

    return Cartpole


def puffer_steps(seconds):
    width = 4096
    vector = puffer_cartpole()(num_envs=width, report_interval=1024)
    return stepped(vector, width, seconds)


def puffer_train(seconds, width, settings, policy=None):
    """Returns the steps per second of PufferLib's PPO with its own CartPole."""
    import configparser

    make = puffer_cartpole()
    import pufferlib.models
    import pufferlib.pufferl
    import pufferlib.vector

    parser = configparser.ConfigParser()
    parser.read(pathlib.Path(pufferlib.__file__).parent / "config" / "default.ini")
    config = {}
    for name, text in parser["train"].items():
        try:
            config[name] = json.loads(text.replace("_", "").lower())
        except ValueError:
            config[name] = text
    with tempfile.TemporaryDirectory() as directory:
        config |= {
            "env": "puffer_cartpole", "device": "cpu", "use_rnn": False, "data_dir": directory,
            "total_timesteps": FOREVER, "checkpoint_interval": FOREVER, **settings}
        vector = pufferlib.vector.make(
            make, env_kwargs={"num_envs": width, "report_interval": 1024}, backend=pufferlib.PufferEnv)
        trainer = pufferlib.pufferl.PuffeRL(config, vector, (policy or pufferlib.models.Default)(vector.driver_env))
        trainer.print_dashboard = lambda *_, **__: None

        def work():
            trainer.evaluate()
            trainer.train()

        try:
            return repeated(work, config["batch_size"], seconds)
        finally:
            # A thread that would keep the process from ending.
            trainer.utilization.stop()


def puffer_ppo(seconds):
    import torch

    class Policy(torch.nn.Module):
        """The network of the other peers."""

        def __init__(self, _):
            super().__init__()

            def layers(outputs):
                return torch.nn.Sequential(
                    torch.nn.Linear(4, 64), torch.nn.Tanh(), torch.nn.Linear(64, 64), torch.nn.Tanh(),
                    torch.nn.Linear(64, outputs))

            self.actor, self.critic = layers(2), layers(1)

        def forward_eval(self, observations, state=None):
            return self.actor(observations), self.critic(observations)

        def forward(self, observations, state=None):
            logits, values = self.forward_eval(observations.reshape(-1, 4))
            return logits, values.reshape(observations.shape[:-1])

    return puffer_train(seconds, ENVIRONMENTS, {
        "batch_size": BATCH, "bptt_horizon": STEPS, "minibatch_size": BATCH // MINIBATCHES,
        "update_epochs": PASSES, "optimizer": "adam", "learning_rate": 0.0025}, Policy)


def puffer_own(seconds):
    return puffer_train(seconds, 1024, {"minibatch_size": 8192, "optimizer": "adam", "learning_rate": 0.01})


# RLtools


def rltools_pendulum(algorithm, name, **settings):
    """Returns RLtools' SAC or TD3 in its Pendulum, compiled here, and again only if the settings change."""
    import rltools

    directory = pathlib.Path(rltools.CACHE_PATH, name)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "environment.h").write_text("""
        #include <rl_tools/rl/environments/pendulum/operations_cpu.h>
        template <typename T, typename TI>
        using ENVIRONMENT_FACTORY = rl_tools::rl::environments::Pendulum<
            rl_tools::rl::environments::pendulum::Specification<T, TI>>;
        """)
    return getattr(rltools, algorithm)(
        {"path": str(directory), "observation_dim": 3, "action_dim": 1}, interface_name=name,
        enable_evaluation=False, **settings)


def rltools_sac(seconds):
    state = rltools_pendulum(
        "SAC", "compare_peers", STEP_LIMIT=10_000_000, REPLAY_BUFFER_CAP=100_000).State(1)
    for _ in range(1000):
        state.step()
    return repeated(state.step, 1, seconds)


# PyTorch


def torch_linear(seconds, shape):
    import compare_linear
    import torch

    torch.manual_seed(1)
    ways = compare_linear.torch_ways(*shape)
    return 1e6 / min(compare_linear.quickest_microseconds(way, seconds / len(ways)) for way in ways.values())


def torch_convolution(seconds, frames, backward):
    import compare_linear
    import torch
    from torch import nn

    def rate(layout):
        torch.manual_seed(1)
        layers = nn.Sequential(
            nn.Conv2d(4, 32, 8, 4), nn.ReLU(), nn.Conv2d(32, 64, 4, 2), nn.ReLU(), nn.Conv2d(64, 64, 3), nn.ReLU())
        layers, images = layers.to(memory_format=layout), torch.rand(frames, 4, 84, 84).to(memory_format=layout)
        gradient = torch.ones_like(layers(images))

        def forward():
            with torch.no_grad():
                layers(images)

        def both():
            for parameter in layers.parameters():
                parameter.grad = None
            layers(images).backward(gradient)

        return 1e6 / compare_linear.quickest_microseconds(both if backward else forward, seconds / 2)

    return max(rate(layout) for layout in (torch.contiguous_format, torch.channels_last))


LINEAR = re.compile(r"torch_linear_(\d+)x(\d+)x(\d+)")
CONVOLUTIONS = {"torch_convolution_8": (8, False), "torch_convolution_backward_16": (16, True)}


def main():
    name, seconds, package = sys.argv[1], float(sys.argv[2]), sys.argv[3]
    if LINEAR.fullmatch(name):
        value = torch_linear(seconds, tuple(int(size) for size in LINEAR.fullmatch(name).groups()))
    elif name in CONVOLUTIONS:
        value = torch_convolution(seconds, *CONVOLUTIONS[name])
    else:
        value = globals()[name](seconds)
    print(json.dumps({"value": value, "version": importlib.metadata.version(package)}))


if __name__ == "__main__":
    main()

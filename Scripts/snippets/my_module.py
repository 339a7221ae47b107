"""The module `my_module` of the docs: environments with an image among its observations, and with info."""

import gymnasium as gym
import numpy as np


class Camera(gym.Env):
    observation_space = gym.spaces.Dict({
        "image": gym.spaces.Box(0, 255, (96, 96, 3), np.uint8), "speed": gym.spaces.Box(-1, 1, (2,), np.float32)})
    action_space = gym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.step_count = 0
        return self.observation_space.sample(), {}

    def step(self, action):
        self.step_count += 1
        return self.observation_space.sample(), 1.0, self.step_count >= 20, False, {}


class Reach(gym.Env):
    observation_space = gym.spaces.Box(-np.inf, np.inf, (1,), np.float32)
    action_space = gym.spaces.Box(-1, 1, (1,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place, self.step_count = np.zeros(1, np.float32), 0
        return self.place, {}

    def step(self, action):
        self.place = self.place + action
        self.step_count += 1
        forward, control = float(action[0]), -0.1 * float(action[0]) ** 2
        there = bool(self.place[0] > 5)
        info = {"is_success": there, "reward": {"forward": forward, "control": control}}
        return self.place, forward + control, there, self.step_count >= 20, info


gym.register("Camera-v0", Camera)
gym.register("Reach-v0", Reach)


class Wrapper(gym.Wrapper):
    def __init__(self, env, size, seen):
        super().__init__(env)
        self.size, self.seen = size, seen

"""The module `my_module` of docs/environments.md: an environment with an image among its observations."""

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


gym.register("Camera-v0", Camera)

"""A boat that has to come to rest at a pier. Examples/Sources/Dock is the same task."""

import gymnasium as gym
import numpy as np


class Dock(gym.Env):
    action_space = gym.spaces.Discrete(3)  # Back, drift, ahead.
    observation_space = gym.spaces.Box(-np.inf, np.inf, (2,))

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.position, self.speed = self.np_random.uniform(-2, 2), 0.0
        return self.observation(), {}

    def step(self, action):
        self.speed += 0.1 * (int(action) - 1)
        self.position += 0.1 * self.speed
        reward = -0.1 * self.position * self.position
        return self.observation(), reward, False, False, {}

    def observation(self):
        return np.array([self.position, self.speed], np.float32)


gym.register("Dock-v0", Dock, max_episode_steps=100)

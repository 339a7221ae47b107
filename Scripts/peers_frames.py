"""An environment of images that costs next to nothing, for compare_peers.py."""

import gymnasium
import numpy as np


class Frames(gymnasium.Env):
    """Random frames [4, 84, 84], a reward for action 0, and episodes of 200 steps."""

    observation_space = gymnasium.spaces.Box(0, 255, (4, 84, 84), np.uint8)
    action_space = gymnasium.spaces.Discrete(4)

    def __init__(self):
        self.frames = np.random.default_rng(1).integers(0, 256, (16, 4, 84, 84), np.uint8)
        self.count = 0

    def reset(self, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return self.frames[0], {}

    def step(self, action):
        self.count += 1
        return self.frames[self.count % 16], float(action == 0), False, self.count == 200, {}


gymnasium.register("Frames-v0", Frames)

import Foundation

/// Gymnasium environments written in Python for the tests, in a module in a scratch directory.
public final class PythonEnvironments {
  private let scratch: ScratchDirectory

  /// An interpreter that finds the module: a script, which leaves this process's variables alone.
  public let python: String

  /// Writes the module `rlplay_cases`.
  public init() throws {
    scratch = try ScratchDirectory()
    python = scratch.path("python")
    try Self.module.write(
      toFile: scratch.path("rlplay_cases.py"), atomically: true, encoding: .utf8)
    try ShellScript.write("PYTHONPATH='\(scratch.url.path)' exec python3 \"$@\"", to: python)
  }

  /// The directory of the module, for `PYTHONPATH`.
  public var directory: URL { scratch.url }

  /// Writes another module beside `rlplay_cases`.
  public func add(_ module: String, _ text: String) throws {
    try text.write(toFile: scratch.path("\(module).py"), atomically: true, encoding: .utf8)
  }

  /// The text of a file that an environment wrote beside its module; empty when there is none.
  public func text(_ name: String) -> String {
    String(
      decoding: FileManager.default.contents(atPath: scratch.path(name)) ?? Data(), as: UTF8.self)
  }

  /// The number of counters that were closed properly.
  public var closedCount: Int { text("closed").utf8.count }

  /// The number of counters that were made and not yet closed.
  public var openCount: Int { text("opened").utf8.count - closedCount }

  private static let module = #"""
    import os, sys, time
    import gymnasium
    import numpy as np
    from gymnasium.spaces import (
        Box, Dict, Discrete, MultiBinary, MultiDiscrete, Sequence, Tuple)


    class Counter(gymnasium.Env):
        """Shows how many steps its episode has had, which ends after `length` of them."""

        metadata = {"render_modes": ["rgb_array"]}
        observation_space = Box(-1, 1000, (2,), np.float32)
        action_space = Discrete(100)

        def __init__(self, length=6, truncates=False, render_mode=None):
            self.length, self.truncates, self.render_mode = length, truncates, render_mode
            self.steps = 0
            self.note("opened")

        def note(self, name):
            with open(os.path.join(os.path.dirname(__file__), name), "a") as file:
                file.write("x")

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            self.steps = 0
            return self.observation(), {}

        def observation(self):
            return np.full(2, self.steps, np.float32)

        def step(self, action):
            self.steps += 1
            over = self.steps >= self.length
            return (self.observation(), float(action), over and not self.truncates,
                    over and self.truncates, {})

        def close(self):
            self.note("closed")

        def render(self):
            picture = np.zeros((2, 3, 3), np.uint8)
            picture[1, 2] = (10, 20, self.steps)
            return picture


    class Mirror(gymnasium.Env):
        """Shows the last action in other clothes."""

        observation_space = Dict({
            "image": Box(0, 255, (2, 3, 1), np.uint8),
            "choice": Discrete(5, start=3),
            "pair": Tuple((MultiDiscrete([3, 4]), MultiBinary([2, 2]))),
            "half": Box(-1, 1, (), np.float16),
            "wide": Box(-np.inf, np.inf, (2,), np.float64),
            "short": Box(-100, 100, (1,), np.int16),
        })
        action_space = Tuple((
            Discrete(5, start=3), Dict({
                "many": MultiDiscrete([3, 4]), "bits": MultiBinary(4),
                "uneven": Box(
                    np.array([-1.0, -2.0], np.float32), np.array([1.0, 2.0], np.float32))}),
        ))

        def reset(self, *, seed=None, options=None):
            super().reset(seed=seed)
            return self.shown(3, np.zeros(2, int), np.zeros(4, np.int8), np.zeros(2)), {}

        def shown(self, choice, many, bits, uneven):
            return {
                "image": np.arange(6, dtype=np.uint8).reshape(2, 3, 1) + 250 - np.uint8(choice),
                "choice": choice, "pair": (many, bits.reshape(2, 2)), "half": np.float16(0.5),
                "wide": np.asarray(uneven, np.float64), "short": np.array([-7], np.int16)}

        def step(self, action):
            assert self.action_space.contains(action), action
            choice, rest = action
            assert rest["uneven"].dtype == np.float32
            observation = self.shown(choice, rest["many"], rest["bits"], rest["uneven"])
            return observation, 0.5, False, False, {}


    class Listing(Counter):
        observation_space = Dict({"fine": Box(0, 1, (1,)), "names": Sequence(Discrete(2))})


    class Spacious(Counter):
        """Has a space that cannot be stored, or only just."""

        def __init__(self, kind):
            super().__init__()
            self.observation_space = {
                "uint64": Box(0, 2**64 - 1, (2,), np.uint64), "none": Box(0, 1, (0,)),
                "choices": Discrete(2**31), "many": MultiDiscrete([2, 2**31]),
                "largest": Discrete(2**31 - 1)}[kind]

        def observation(self):
            return 2**31 - 2


    class Faulty(Counter):
        """Does something wrong on its third step."""

        def __init__(self, fault, **options):
            super().__init__(**options)
            self.fault = fault

        def reset(self, *, seed=None, options=None):
            if self.fault == "reset" and self.steps:
                raise KeyError("no more episodes")
            return super().reset(seed=seed, options=options)

        def step(self, action):
            observation, reward, terminated, truncated, info = super().step(action)
            if self.steps == 3:
                if self.fault == "raise":
                    raise ValueError("the third step\nis too much")
                if self.fault == "leave":
                    sys.exit(3)
                if self.fault == "exit":
                    print("about to leave")
                    sys.stdout.flush()
                    os._exit(7)
                if self.fault == "crash":
                    print("about to crash", file=sys.stderr, flush=True)
                    os.kill(os.getpid(), 11)
                if self.fault == "shape":
                    observation = np.zeros(3, np.float32)
                if self.fault == "dtype":
                    observation = np.array(["a", "b"])
                if self.fault == "nan":
                    observation[1] = np.nan
                if self.fault == "reward":
                    reward = float("nan")
                if self.fault == "old":
                    return observation, reward, terminated, info
                if self.fault == "hang":
                    time.sleep(1000)
                if self.fault == "spin":
                    import re
                    re.match(r"(a+)+$", "a" * 60 + "b")
                if self.fault == "print":
                    print("words" * 10000)
            return observation, reward, terminated, truncated, info


    class Lively(Counter):
        """Has three lives, of which the second and the fourth step cost one each."""

        lives = 3

        def reset(self, *, seed=None, options=None):
            observation, _ = super().reset(seed=seed, options=options)
            self.lives = 3
            return observation, {"lives": self.lives}

        def step(self, action):
            observation, reward, terminated, truncated, _ = super().step(action)
            self.lives = 3 - (self.steps >= 2) - (self.steps >= 4)
            return observation, reward, terminated, truncated, {"lives": self.lives}


    gymnasium.register("Counter-v0", entry_point=Counter)
    gymnasium.register("Lively-v0", entry_point=Lively)
    gymnasium.register("Limited-v0", entry_point=Counter, max_episode_steps=4)
    gymnasium.register("cases/Counter-v1", entry_point=Counter, kwargs={"truncates": True})
    gymnasium.register("Mirror-v0", entry_point=Mirror)
    gymnasium.register("Listing-v0", entry_point=Listing)
    for kind in ("uint64", "none", "choices", "many", "largest"):
        gymnasium.register(
            f"Spacious-{kind}-v0", entry_point=Spacious, kwargs={"kind": kind})
    for fault in ("raise", "leave", "exit", "crash", "shape", "dtype", "nan", "reward", "old",
                  "hang", "spin", "print"):
        gymnasium.register(f"Faulty-{fault}-v0", entry_point=Faulty, kwargs={"fault": fault})
    gymnasium.register(
        "Faulty-reset-v0", entry_point=Faulty, kwargs={"fault": "reset", "length": 3})
    """#
}

import Foundation
import Rollout
import TestSupport
import Testing

/// The wrappers of Atari's games, compared with those of Gymnasium on runs of the emulator.
@Suite(.enabled(if: Python.hasAtari, "\(Python.atariAbsence)"), .timeLimit(.minutes(10)))
struct AtariChainTests {
  /// A game with the order of its wrappers, the innermost first, and the reference's settings.
  struct Game: Sendable, CustomStringConvertible {
    let name: String
    let arguments: String
    let wrappers: [Wrapper]
    let stepCount: Int
    /// Actions of the smallest set.
    let actionCount: Int
    var firesAndDies = false

    var description: String { name }
  }

  private static let frames: [Wrapper] = [
    .resize(height: 84, width: 84), .rewardSign, .frameStack(4),
  ]

  static let games = [
    Game(
      name: "Pong", arguments: "",
      wrappers: [.randomNoOps(upTo: 30), .frameSkip(4)] + frames, stepCount: 1000, actionCount: 6),
    // As in Gymnasium, a lost life ends the repetition of an action: its wrapper is inside.
    Game(
      name: "Breakout", arguments: "repeat_action_probability=0",
      wrappers: [.randomNoOps(upTo: 30), .endOnLostLife, .frameSkip(4), .fireOnReset] + frames,
      stepCount: 600, actionCount: 4, firesAndDies: true),
  ]

  /// Gymnasium's wrappers on the same run: for each step 84×84×4 bytes of the stack that the next
  /// action sees, the sign of the reward, and 1 at the end of an episode.
  private static let reference = #"""
    import json, sys
    import ale_py, gymnasium as gym, numpy as np
    from gymnasium.wrappers import AtariPreprocessing, FrameStackObservation

    game, arguments, seed, noops, steps, fires, path = json.loads(sys.argv[1])

    class NoOps(gym.Wrapper):
        def reset(self, **options):
            result = self.env.reset(**options)
            for _ in range(noops.pop(0)):
                self.env.step(0)
            return result

    class Fire(gym.Wrapper):
        """Fires after a lost life, too; only the end of a game resets it."""
        def reset(self, **options):
            if options.get("seed") is not None or self.unwrapped.ale.game_over():
                self.env.reset(**options)
            for action in (1, 2):
                observation, _, _, _, info = self.env.step(action)
            return observation, info

    gym.register_envs(ale_py)
    env = gym.make(f"ALE/{game}-v5", frameskip=1, obs_type="grayscale", **arguments)
    env = AtariPreprocessing(
        NoOps(env), noop_max=0, frame_skip=4, terminal_on_life_loss=fires)
    if fires:
        env = Fire(env)
    env = FrameStackObservation(env, 4)
    with open(path, "wb") as file:
        file.write(env.reset(seed=seed)[0].tobytes())
        for t in range(steps):
            action = (t * t * 31 + t * 7 + 3) // 5 % int(env.action_space.n)
            observation, reward, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                observation, _ = env.reset()
            file.write(observation.tobytes())
            file.write(bytes([int(np.sign(reward)) + 1, terminated or truncated]))
    """#

  /// Returns the numbers of no-ops that begin the first episodes with a stream.
  private func noOpCounts(_ wrapper: Wrapper, _ stream: PCG64) throws -> [Int] {
    let counter = try NativeEnvironmentBatch(streams: [PCG64(seed: 0)]) { _ in
      Counter(length: 40)
    }
    let stage = Stage(try [wrapper].wrap(counter, streams: [stream]), stepCount: 1)
    try stage.reset()
    var counts = [Int(stage.observed(0, 0)[0])]
    while counts.count < 20 {
      try stage.collect()
      if stage.fragment.fin[1, 0] { counts.append(Int(stage.observed(1, 0)[0])) }
      stage.carry()
    }
    return counts
  }

  @Test(arguments: games)
  func `every pixel, reward and end is that of Gymnasium's wrappers`(game: Game) throws {
    let stream = PCG64(seed: 7)
    let scratch = try ScratchDirectory()
    let path = scratch.path("run")
    let pairs = game.arguments.split(separator: "=").map(String.init)
    let values: [Any] = [
      game.name, pairs.isEmpty ? [:] : [pairs[0]: Double(pairs[1]) ?? 0],
      GymnasiumBatch.seed(from: stream), try noOpCounts(game.wrappers[0], stream), game.stepCount,
      game.firesAndDies, path,
    ]
    let text = String(decoding: try JSONSerialization.data(withJSONObject: values), as: UTF8.self)
    try Python.run(["-c", Self.reference, text])
    let expected = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    let stackSize = 4 * 84 * 84
    try #require(expected.count == stackSize + game.stepCount * (stackSize + 2))

    let batch = try EnvironmentConfiguration(
      "gym:ale_py/ALE/\(game.name)-v5",
      arguments: "frameskip=1,obs_type=grayscale"
        + (game.arguments.isEmpty ? "" : "," + game.arguments), wrappers: game.wrappers
    ).makeBatch(streams: [stream])
    #expect(batch.spaces.action == .discrete(game.actionCount))
    let stage = Stage(batch, stepCount: 1)
    try stage.reset()
    var place = 0
    /// Compares a row with the next bytes of the reference.
    func compare(_ row: Int, _ t: Int) {
      let shown = stage.fragment.obs(as: UInt8.self)[rows: row..<row + 1].elements
      let wrong = zip(shown, expected[place..<place + stackSize]).count { $0 != $1 }
      #expect(wrong == 0, "observation after \(t) steps")
      place += stackSize
    }
    compare(0, 0)
    var (ends, scores) = (0, 0)
    for t in 0..<game.stepCount {
      try stage.collect { _, _ in (t * t * 31 + t * 7 + 3) / 5 % game.actionCount }
      compare(1, t + 1)
      let (reward, isOver) = (stage.fragment.rew[1, 0], stage.fragment.fin[1, 0])
      #expect(reward == Float(expected[place]) - 1, "reward of step \(t + 1)")
      #expect(isOver == (expected[place + 1] == 1), "end after step \(t + 1)")
      place += 2
      ends += isOver ? 1 : 0
      scores += reward == 0 ? 0 : 1
      stage.carry()
    }
    // Games were lost, and points were made or lost, within the run.
    #expect(ends >= 1 && scores >= 3)
  }
}

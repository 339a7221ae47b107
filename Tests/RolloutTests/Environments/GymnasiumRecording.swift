import Rollout
import TestSupport
import Testing

/// Runs recorded with Gymnasium, to be replayed.
///
/// A file holds some runs of an id: the seed of the first reset, then actions and their results.
/// After the end of an episode the same stream continues, since the file's later resets have no
/// seed.
struct GymnasiumRecording {
  let id: String
  let file: String

  /// Plays every run and expects equal observations, rewards, ends and resets, bit for bit.
  ///
  /// - Parameter roundsRewards: true to compare rewards as float32, as a fragment records them.
  func follow<Member: Environment>(
    _ make: () -> Member, action: (Reference) -> Member.Action, roundsRewards: Bool = false
  ) throws {
    let page = Stage(
      try NativeEnvironmentBatch(streams: [PCG64(seed: 0)]) { _ in make() }, stepCount: 1)
    let limit = try EnvironmentRegistry.shared.environment(id).maximumEpisodeSteps
    for run in try Reference(file)["runs"].elements {
      var environment = make()
      var elapsed = 0
      var random = PCG64(seed: UInt64(run["seed"].number))
      try environment.reset(using: &random)
      #expect(shows(environment, run["reset"], on: page), "the reset of \(id)")

      let actions = run["action"].elements
      let observations = run["obs"].elements
      let rewards = run["reward"].numbers
      let terminated = run["terminated"].numbers.map { $0 == 1 }
      let truncated = run["truncated"].numbers.map { $0 == 1 }
      var resets = run["reset_obs"].elements[...]
      for step in actions.indices {
        var outcome = try environment.step(action(actions[step]), using: &random)
        elapsed += 1
        if elapsed == limit { outcome.truncated = true }
        try #require(shows(environment, observations[step], on: page), "at step \(step) of \(id)")
        #expect(
          outcome.reward == (roundsRewards ? Double(Float(rewards[step])) : rewards[step]))
        #expect(outcome.terminated == terminated[step])
        #expect(outcome.truncated == truncated[step])
        if outcome.isOver {
          let next = resets.popFirst()
          let reset = try #require(next)
          #expect(Int(reset["step"].number) == step)
          try environment.reset(using: &random)
          elapsed = 0
          #expect(
            shows(environment, reset["obs"], on: page), "the reset after step \(step) of \(id)")
        }
      }
      #expect(resets.isEmpty)
    }
  }

  /// Returns true if the environment's observation has exactly the recorded float32 numbers.
  private func shows<Member: Environment>(
    _ environment: Member, _ recorded: Reference, on page: Stage
  ) -> Bool {
    environment.observation.store(
      in: page.leaves(page.storage.layout.obs, row: 0, environment: 0))
    let observation = page.fragment.obs(as: Float.self)
    let numbers = recorded.numbers
    return numbers.indices.allSatisfy { observation[0, 0, $0] == Float(numbers[$0]) }
  }
}

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
  func follow<Member: Environment>(
    _ make: () -> Member, action: (Reference) -> Member.Action
  ) throws where Member.Observation: RecordableVector {
    let limit = try EnvironmentRegistry.shared.environment(id).maximumEpisodeSteps
    for run in try Reference(file)["runs"].elements {
      var environment = TimeLimit(make(), maximumEpisodeSteps: limit)
      var random = PCG64(seed: UInt64(run["seed"].number))
      try environment.reset(using: &random)
      #expect(shows(environment, run["reset"]), "the reset of \(id)")

      let actions = run["action"].elements
      let observations = run["obs"].elements
      let rewards = run["reward"].numbers
      let terminated = run["terminated"].numbers.map { $0 == 1 }
      let truncated = run["truncated"].numbers.map { $0 == 1 }
      var resets = run["reset_obs"].elements[...]
      for step in actions.indices {
        let outcome = try environment.step(action(actions[step]), using: &random)
        try #require(shows(environment, observations[step]), "at step \(step) of \(id)")
        #expect(outcome.reward == rewards[step])
        #expect(outcome.terminated == terminated[step])
        #expect(outcome.truncated == truncated[step])
        if outcome.isOver {
          let next = resets.popFirst()
          let reset = try #require(next)
          #expect(Int(reset["step"].number) == step)
          try environment.reset(using: &random)
          #expect(shows(environment, reset["obs"]), "the reset after step \(step) of \(id)")
        }
      }
      #expect(resets.isEmpty)
    }
  }

  /// Returns true if the environment's observation has exactly the recorded float32 numbers.
  private func shows<Member: Environment>(_ environment: Member, _ recorded: Reference) -> Bool
  where Member.Observation: RecordableVector {
    let observation = environment.observation
    let numbers = recorded.numbers
    return numbers.indices.allSatisfy { index in
      observation.recordedElement(at: index) as? Float == Float(numbers[index])
    }
  }
}

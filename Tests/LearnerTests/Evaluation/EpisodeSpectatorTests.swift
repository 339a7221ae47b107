import Actor
import Foundation
import Learner
import Rollout
import TestSupport
import Testing

struct EpisodeSpectatorTests {
  /// An environment that ends after three steps and cannot be drawn.
  private struct Blind: Environment {
    var observation: Float = 0
    var observationSpace: Space { .box(shape: [], low: 0, high: 3) }
    var actionSpace: Space { .discrete(2) }
    mutating func reset(using random: inout PCG64) { observation = 0 }
    mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
      observation += 1
      return StepOutcome(reward: 0.5, terminated: observation == 3)
    }
  }

  /// A spectator that records the moments it watches.
  private final class Witness: EpisodeSpectator {
    var moments: [(episode: Int, step: Int, sum: Double, isOver: Bool, text: String)] = []
    func watch(_ moment: EpisodeMoment) {
      moments.append(
        (moment.episode, moment.step, moment.episodeReturn, moment.isOver, moment.text))
    }
  }

  private func evaluator(_ environment: EnvironmentConfiguration) throws -> Evaluator {
    try? EnvironmentRegistry.shared.register("Blind-v0") { Blind() }
    return try Evaluator(
      environment: environment, policy: NetworkPolicy(hidden: [4]), choice: .sample, seed: 1)
  }

  private func weights(_ parameters: ParameterLayout) -> FlatVector<Float> {
    let weights = FlatVector<Float>(repeating: 0, count: parameters.elementCount)
    var random = PCG64(seed: 2)
    parameters.initialize(weights, using: &random)
    return weights
  }

  @Test func `every state of every episode is seen, the last one as it was`() throws {
    let evaluator = try evaluator("Blind-v0")
    let witness = Witness()
    _ = try evaluator.evaluate(weights(evaluator.parameters), episodes: 2..<4, before: [witness])
    #expect(witness.moments.map(\.episode) == [2, 2, 2, 2, 3, 3, 3, 3])
    #expect(witness.moments.map(\.step) == [0, 1, 2, 3, 0, 1, 2, 3])
    #expect(witness.moments.map(\.sum) == [0, 0.5, 1, 1.5, 0, 0.5, 1, 1.5])
    #expect(
      witness.moments.map(\.isOver) == [false, false, false, true, false, false, false, true])
    #expect(witness.moments[0].text == "episode 3  step 0  obs 0")
    #expect(witness.moments[3].text.hasSuffix("  rew 0.5  obs 3  end"))
  }

  @Test func `episodes are the same whether anybody looks on`() throws {
    let evaluator = try evaluator("CartPole-v1")
    let weights = weights(evaluator.parameters)
    let seen = try evaluator.evaluate(weights, episodes: 0..<8, before: [Witness()])
    #expect(try evaluator.evaluate(weights, episodes: 0..<8) == seen)
  }

  @Test func `an environment that does not draw cannot be recorded`() throws {
    let evaluator = try evaluator("Blind-v0")
    let directory = try ScratchDirectory()
    let video = try VideoFile(path: directory.path("a.gif"))
    let error = #expect(throws: ConfigurationError.self) {
      try evaluator.evaluate(weights(evaluator.parameters), episodes: 0..<1, before: [video])
    }
    #expect(error?.message.hasPrefix("Blind-v0 does not draw itself") == true)
    try video.finish()
    #expect(directory.names.isEmpty)
  }
}

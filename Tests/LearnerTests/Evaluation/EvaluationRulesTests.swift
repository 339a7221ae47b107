import Actor
import Rollout
import Testing

@testable import Learner

/// The rules by which evaluations are given up, and by which runs are warned.
struct EvaluationRulesTests {
  // MARK: Deaths

  @Test func `three deaths without another finished episode are too many`() {
    var deaths = EvaluationDeathCounts()
    for _ in 1...2 {
      deaths.note(finishedCount: 0, isFromOutside: false)
      #expect(!deaths.isHopeless)
    }
    deaths.note(finishedCount: 0, isFromOutside: false)
    #expect(deaths.isHopeless && deaths.deathCount == 3)
  }

  @Test func `an episode between deaths begins the count anew`() {
    var deaths = EvaluationDeathCounts()
    for finished in 1...20 {
      for _ in 1...2 { deaths.note(finishedCount: finished, isFromOutside: false) }
      #expect(!deaths.isHopeless)
    }
    deaths.note(finishedCount: 20, isFromOutside: false)
    #expect(deaths.isHopeless)
  }

  @Test func `kills from outside may be more`() {
    var deaths = EvaluationDeathCounts()
    for _ in 1...9 { deaths.note(finishedCount: 0, isFromOutside: true) }
    #expect(!deaths.isHopeless)
    var other = deaths
    deaths.note(finishedCount: 0, isFromOutside: true)
    #expect(deaths.isHopeless)
    other.note(finishedCount: 0, isFromOutside: false)
    #expect(other.isHopeless)
  }

  // MARK: Greedy actions

  @Test func `evaluations far below training are reported at the fourth in a row`() {
    var gap = GreedyGap()
    for training in [0.1, 0.4, 0.8] {
      let early = gap.note(0, training)
      #expect(early == nil)
    }
    let sentence = gap.note(0, 0.8) ?? ""
    #expect(sentence.contains("0 against 0.8") && sentence.contains("--eval-sample"))
  }

  /// The numbers of the pairs of evaluation and training at which something is reported.
  private func reports(_ pairs: [(Double, Double)]) -> [Int] {
    var gap = GreedyGap()
    return pairs.indices.filter { gap.note(pairs[$0].0, pairs[$0].1) != nil }
  }

  @Test func `one good evaluation begins the count anew`() {
    let far = Array(repeating: (0.0, 0.8), count: 3)
    #expect(reports(far + [(0.7, 0.8)] + far).isEmpty)
    #expect(reports(far + [(0.7, 0.8)] + far + [(0, 0.8)]) == [7])
  }

  @Test func `neither a small difference nor a better evaluation is reported`() {
    // Training has covered 20 to 480; evaluations are 100 below, then above.
    let small = Array(repeating: (380.0, 480.0), count: 20)
    let better = Array(repeating: (500.0, 20.0), count: 20)
    let infinite = Array(repeating: (-Double.infinity, 20.0), count: 20)
    #expect(reports([(9, 20)] + small + better + infinite).isEmpty)
  }

  // MARK: Episodes that do not end

  private struct NeverEnds: Environment {
    var observationSpace: Space { .box(shape: [2], low: 0, high: 1) }
    var actionSpace: Space { .discrete(2) }
    var observation: SIMD2<Float> { .zero }

    mutating func reset(using random: inout PCG64) {}

    mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
      StepOutcome(reward: 1, terminated: false)
    }
  }

  private static let neverEnds: Void = {
    try? EnvironmentRegistry.shared.register("NeverEndsHere-v0") { NeverEnds() }
  }()

  private func evaluate(limit: EpisodeLimit) throws -> EvaluationResult {
    _ = Self.neverEnds
    let evaluator = try Evaluator(
      environment: EnvironmentConfiguration("NeverEndsHere-v0", limit: limit),
      policy: NetworkPolicy(hidden: [4]), seed: 1)
    let weights = FlatVector<Float>(repeating: 0, count: evaluator.parameters.elementCount)
    return try evaluator.evaluate(weights, episodes: 0..<2)
  }

  @Test func `an episode that does not end is truncated and reported`() throws {
    let result = try evaluate(limit: .registered)
    #expect(result.lengths == [100_000, 100_000] && result.returns == [100_000, 100_000])
    #expect(result.truncatedCount == 2 && result.unfinishedCount == 2)
    let sentence = try #require(result.unfinishedSentence)
    #expect(sentence.contains("2 of 2 ") && sentence.contains("100,000 steps"))
    #expect(sentence.contains("--max-episode-steps"))
  }

  @Test func `one with a limit is truncated without a word`() throws {
    let result = try evaluate(limit: .steps(50))
    #expect(result.truncatedCount == 2 && result.unfinishedCount == 0)
    #expect(result.unfinishedSentence == nil)
  }

  @Test func `other spaces than those of the policy are refused in a sentence`() throws {
    let spaces = try EnvironmentConfiguration("Corridor-v0").spaces()
    let other = EnvironmentConfiguration("Corridor-v0", arguments: "size=9")
    try #require(other.spaces() != spaces)
    let evaluator = try Evaluator(
      environment: other, policy: NetworkPolicy(hidden: [4]), seed: 1, spaces: spaces)
    let weights = FlatVector<Float>(repeating: 0, count: evaluator.parameters.elementCount)
    let error = #expect(throws: PolicyError.self) {
      try evaluator.evaluate(weights, episodes: 0..<2)
    }
    #expect(error.map { "\($0)".contains("keep the spaces") } == true)
  }
}

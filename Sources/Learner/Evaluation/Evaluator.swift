import Actor
import Rollout

/// What an evaluation saw: one return and one length for each episode.
public struct EvaluationResult: Sendable, Equatable {
  /// Undiscounted sums of rewards.
  public var returns: [Double]
  /// Steps.
  public var lengths: [Int]
  /// How many episodes a limit cut before their task was over.
  public var truncatedCount = 0

  /// The mean return.
  public var meanReturn: Double { returns.reduce(0, +) / Double(returns.count) }
  /// The returns' standard deviation over the episodes (not of their mean).
  public var standardDeviation: Double {
    let mean = meanReturn
    let sum = returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (sum / Double(returns.count)).squareRoot()
  }
  /// How far the mean return is likely off: the deviation divided by the root of the number of episodes.
  public var standardError: Double { standardDeviation / Double(returns.count).squareRoot() }
  /// The middle return; of an even number, the mean of the two in the middle.
  public var medianReturn: Double {
    let sorted = returns.sorted()
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
  /// The smallest return.
  public var minimumReturn: Double { returns.min() ?? .nan }
  /// The largest return.
  public var maximumReturn: Double { returns.max() ?? .nan }
  /// The mean length.
  public var meanLength: Double { Double(lengths.reduce(0, +)) / Double(lengths.count) }
}

/// Plays whole episodes with given weights, each episode exactly once and with streams of its own.
///
/// Episode i is the same episode however many are played, so that results can be compared; nothing is recorded but rewards.
public final class Evaluator {
  private let environment: EnvironmentChoice
  private let policy: any Policy
  private let choice: ActionChoice
  private let seed: UInt64
  private let signature: PolicySignature
  /// Batches that can begin anew, by how many environments they have.
  private var keptBatches: [Int: any RestartableBatch] = [:]

  /// Steps after which an episode of an environment without a limit is given up and counted as it stands.
  public static let patience = 100_000

  /// At most so many episodes are played side by side.
  private static let width = 128

  /// Sets an evaluation up.
  ///
  /// - Parameter spaces: what the environment emits and accepts so wrapped, where that is known already: asking may start a
  ///   program. Found out when it is nil.
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `WrapperError`, `PolicyError`, or what making an
  ///   environment throws.
  public init(
    environment: EnvironmentChoice, policy: any Policy, choice: ActionChoice = .greedy,
    seed: UInt64, spaces: EnvironmentSpaces? = nil
  ) throws {
    self.environment = environment
    self.policy = policy
    self.choice = choice
    self.seed = seed
    signature = try PolicySignature(policy, for: spaces ?? environment.spaces())
  }

  /// The policy's parameters, to check weights against.
  public var parameters: ParameterLayout { signature.parameters }

  /// Plays the episodes of these numbers.
  ///
  /// - Parameters:
  ///   - weights: what plays.
  ///   - episodes: which episodes.
  ///   - isInterrupted: asked before each step: whether to break off.
  /// - Throws: `EnvironmentFault` when an environment cannot go on, `Interrupted` when playing was broken off.
  public func evaluate(
    _ weights: FlatVector<Float>, episodes: Range<Int>, isInterrupted: () -> Bool = { false }
  ) throws -> EvaluationResult {
    var result = EvaluationResult(returns: [], lengths: [])
    for first in stride(from: episodes.lowerBound, to: episodes.upperBound, by: Self.width) {
      let part = try play(
        first..<min(first + Self.width, episodes.upperBound), weights, isInterrupted)
      result.returns += part.returns
      result.lengths += part.lengths
      result.truncatedCount += part.truncatedCount
    }
    return result
  }

  /// Plays the same episodes one after the other before the eyes of spectators.
  ///
  /// - Parameters:
  ///   - weights: what plays.
  ///   - episodes: which episodes.
  ///   - spectators: who looks on.
  ///   - isInterrupted: asked before each step: whether to break off.
  /// - Throws: as `evaluate` does; what a spectator throws.
  public func evaluate(
    _ weights: FlatVector<Float>, episodes: Range<Int>, before spectators: [any EpisodeSpectator],
    isInterrupted: () -> Bool = { false }
  ) throws -> EvaluationResult {
    var result = EvaluationResult(returns: [], lengths: [])
    for episode in episodes {
      let one = try play(episode..<episode + 1, weights, isInterrupted, spectators)
      result.returns += one.returns
      result.lengths += one.lengths
      result.truncatedCount += one.truncatedCount
    }
    return result
  }

  private func play(
    _ episodes: Range<Int>, _ weights: FlatVector<Float>, _ isInterrupted: () -> Bool,
    _ spectators: [any EpisodeSpectator] = []
  ) throws -> EvaluationResult {
    let environments = try makeBatch(episodes)
    // A fragment of two steps: the first is made once, the second again and again, whose row 2 becomes row 1.
    // There an environment whose episode is over is left alone.
    var contents = signature.contents(environments.spaces)
    // Nobody asks what the policy would say where a limit cuts.
    contents.finalReaction = .empty
    let storage = FragmentStorage(
      FragmentLayout(stepCount: 2, environmentCount: episodes.count, contents: contents))
    let actor = try PolicyActor(
      policy, layout: storage.layout,
      streams: episodes.map { RandomStreams.evaluationAction(seed: seed, environment: $0) },
      choice: choice)
    actor.weights.assign(weights.elements)
    actor.weightsChanged()
    var returns = Array(repeating: 0.0, count: episodes.count)
    var lengths = Array(repeating: 0, count: episodes.count)
    var playing = Array(repeating: true, count: episodes.count)
    var left = episodes.count
    var terminatedCount = 0
    let fragment = storage.view
    func show(step: Int, row: Int) throws {
      guard !spectators.isEmpty else { return }
      let moment = EpisodeMoment(
        environment: environment.id, episode: episodes.lowerBound, step: step,
        episodeReturn: returns[0], isOver: left == 0,
        isLast: left == 0 || step == Self.patience, environments: environments, fragment: fragment,
        row: row)
      for spectator in spectators { try spectator.watch(moment) }
    }
    try environments.reset(into: fragment, row: 0)
    var t = 0
    try show(step: 0, row: 0)
    for step in 1...Self.patience where left > 0 {
      if isInterrupted() { throw Interrupted() }
      actor.react(to: fragment, at: t, virtual: false)
      try environments.step(fragment, from: t, sticky: true, position: .unread)
      let (rewards, ends, terminated) = (fragment.rew, fragment.fin, fragment.terminated)
      for index in playing.indices where playing[index] {
        returns[index] += Double(rewards[t + 1, index])
        lengths[index] += 1
        if ends[t + 1, index] {
          playing[index] = false
          left -= 1
          terminatedCount += terminated[t, index] ? 1 : 0
        }
      }
      try show(step: step, row: t + 1)
      if t == 1 { fragment.copyState(row: 2, to: fragment, row: 1) }
      t = 1
    }
    return EvaluationResult(
      returns: returns, lengths: lengths, truncatedCount: episodes.count - terminatedCount)
  }

  /// Environments that will begin the episodes of these numbers.
  private func makeBatch(_ episodes: Range<Int>) throws -> any EnvironmentBatch {
    let streams = episodes.map { RandomStreams.evaluation(seed: seed, environment: $0) }
    if let batch = keptBatches[episodes.count] {
      batch.restart(streams: streams)
      return batch
    }
    let batch = try environment.makeBatch(streams: streams)
    keptBatches[episodes.count] = batch as? any RestartableBatch
    return batch
  }
}

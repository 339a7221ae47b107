import Actor
import Rollout

/// The result of an evaluation: the return and length of each episode.
public struct EvaluationResult: Sendable, Equatable {
  /// The undiscounted sums of rewards.
  public var returns: [Double]
  /// The lengths in steps.
  public var lengths: [Int]
  /// The number of episodes that were truncated by a limit.
  public var truncatedCount = 0
  /// The number of episodes that were truncated after 100,000 steps, as ones that never end are.
  public var unfinishedCount = 0
  /// The information of each episode by the names of metrics; nil where it has none.
  ///
  /// `info/NAME` is the number at the last step, and `info_sum/NAME` the sum over all steps.
  public var information: [String: [Double?]] = [:]

  /// Creates a result from episodes that were played elsewhere.
  ///
  /// - Parameters:
  ///   - returns: the undiscounted sum of rewards of each episode.
  ///   - lengths: the length of each episode in steps.
  ///   - truncatedCount: the number of episodes that were truncated.
  /// - Precondition: there are as many lengths as returns.
  public init(returns: [Double], lengths: [Int], truncatedCount: Int = 0) {
    precondition(
      returns.count == lengths.count, "\(returns.count) returns and \(lengths.count) lengths")
    self.returns = returns
    self.lengths = lengths
    self.truncatedCount = truncatedCount
  }

  /// The mean return.
  public var meanReturn: Double { returns.reduce(0, +) / Double(returns.count) }
  /// The standard deviation of the returns (not of their mean).
  public var standardDeviation: Double {
    let mean = meanReturn
    let sum = returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (sum / Double(returns.count)).squareRoot()
  }
  /// The standard error of the mean return.
  public var standardError: Double { standardDeviation / Double(returns.count).squareRoot() }
  /// The median return; for an even number of episodes, the mean of the middle two.
  public var medianReturn: Double { returns.median }
  /// The smallest return.
  public var minimumReturn: Double { returns.min() ?? .nan }
  /// The largest return.
  public var maximumReturn: Double { returns.max() ?? .nan }
  /// The mean length.
  public var meanLength: Double { Double(lengths.reduce(0, +)) / Double(lengths.count) }
  /// The means of the information over the episodes that have it, sorted by name.
  public var meanInformation: [(name: String, value: Double)] {
    information.keys.sorted().compactMap { name in
      let results = (information[name] ?? []).compactMap(\.self)
      return results.isEmpty ? nil : (name, results.reduce(0, +) / Double(results.count))
    }
  }
}

extension EvaluationResult {
  /// Creates a result for a number of episodes, all to be set later.
  init(episodeCount: Int) {
    self.init(
      returns: Array(repeating: 0, count: episodeCount),
      lengths: Array(repeating: 0, count: episodeCount))
  }

  /// Stores the result of one episode; call it once per episode.
  ///
  /// - Parameter names: the names of its information.
  mutating func set(_ index: Int, _ episode: PlayedEpisode, _ names: [String]) {
    for (name, result) in zip(names, episode.information) {
      information[name, default: Array(repeating: nil, count: returns.count)][index] =
        result.isNaN ? nil : result
    }
    returns[index] = episode.episodeReturn
    lengths[index] = episode.length
    truncatedCount += episode.ending == .terminated ? 0 : 1
    unfinishedCount += episode.ending == .unfinished ? 1 : 0
  }
}

/// Plays whole episodes in this process, each exactly once with its own random streams.
///
/// Episode i is the same however many episodes are played, which makes results comparable. Only
/// rewards are recorded. An environment that exits or crashes ends this process.
public final class Evaluator {
  /// The policy's parameters, for validating weights.
  package let parameters: ParameterLayout

  private let environment: EnvironmentConfiguration
  private let choice: ActionChoice
  private let player: EpisodePlayer
  private let informationNames: [String]

  /// The number of steps after which an unfinished episode is truncated and counted.
  package static let stepLimit = EpisodePlayer.stepLimit

  /// Creates an evaluator.
  ///
  /// - Parameters:
  ///   - environment: the environment to play, with its options and wrappers.
  ///   - policy: the policy.
  ///   - choice: the rule of choosing an action: the likeliest one, or one drawn from the policy.
  ///   - seed: the random seed of all episodes.
  ///   - spaces: the spaces of the wrapped environment if they are known. If nil, they are read
  ///     from the environment, which may start a program.
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `WrapperError`, `PolicyError`,
  ///   or an error of the environment's initializer.
  public init(
    environment: EnvironmentConfiguration, policy: any Policy, choice: ActionChoice = .greedy,
    seed: UInt64, spaces: EnvironmentSpaces? = nil
  ) throws {
    self.environment = environment
    self.choice = choice
    player = EpisodePlayer(environment: environment, policy: policy, seed: seed)
    let spaces = try spaces ?? environment.spaces()
    parameters = try player.expect(spaces)
    informationNames = EpisodeInformation.names(of: spaces.information)
  }

  /// Plays the episodes with the given numbers.
  ///
  /// - Parameters:
  ///   - weights: the weights to evaluate.
  ///   - episodes: the numbers of the episodes.
  ///   - say: receives occasional progress messages if playing takes longer than ten seconds.
  ///   - isInterrupted: called before each step; returns true to stop.
  /// - Throws: `EnvironmentFault` if an environment fails, `Interrupted` if playing was stopped.
  public func evaluate(
    _ weights: FlatVector<Float>, episodes: Range<Int>, say: (String) -> Void = { _ in },
    isInterrupted: () -> Bool = { false }
  ) throws -> EvaluationResult {
    var result = EvaluationResult(episodeCount: episodes.count)
    var report = DelayedReport()
    var finishedCount = 0
    for part in EpisodePlayer.parts(of: episodes) {
      let isWhole = try player.play(
        part, weights, choice: choice,
        isInterrupted: {
          if let seconds = report.secondsIfDue() {
            say(DelayedReport.sentence(seconds, finishedCount, of: episodes.count))
          }
          return isInterrupted()
        },
        record: {
          result.set($0 - episodes.lowerBound, $1, informationNames)
          finishedCount += 1
        })
      if !isWhole { throw Interrupted() }
    }
    return result
  }

  /// Plays the same episodes one after the other in front of spectators.
  ///
  /// - Parameters:
  ///   - weights: the weights to evaluate.
  ///   - episodes: the numbers of the episodes.
  ///   - spectators: the spectators.
  ///   - isInterrupted: called before each step; returns true to stop.
  /// - Throws: the errors of `evaluate` without spectators, or a spectator's error.
  public func evaluate(
    _ weights: FlatVector<Float>, episodes: Range<Int>, before spectators: [any EpisodeSpectator],
    isInterrupted: () -> Bool = { false }
  ) throws -> EvaluationResult {
    var result = EvaluationResult(episodeCount: episodes.count)
    let actionNames = environment.actionNames
    for episode in episodes {
      func show(_ moment: EpisodePlayer.Moment) throws {
        let shown = EpisodeMoment(
          environment: environment.id, episode: episode, step: moment.step,
          episodeReturn: moment.episodeReturn, isOver: moment.isOver,
          isLast: moment.isOver || moment.step == Self.stepLimit,
          environments: moment.environments, actionNames: actionNames, fragment: moment.fragment,
          row: moment.row)
        for spectator in spectators { try spectator.watch(shown) }
      }
      let isWhole = try player.play(
        episode..<episode + 1, weights, choice: choice, isInterrupted: isInterrupted,
        watch: show,
        record: { result.set($0 - episodes.lowerBound, $1, informationNames) })
      if !isWhole { throw Interrupted() }
    }
    return result
  }
}

/// A timer for reports of slow work, which are due after 10, 20, 40, 80 … seconds.
struct DelayedReport {
  private let began = SystemCalls.monotonicNanoseconds()
  private var next = 10.0

  /// Returns the elapsed whole seconds if a report is due; nil otherwise.
  mutating func secondsIfDue() -> Int? {
    let seconds = Double(SystemCalls.monotonicNanoseconds() - began) / 1e9
    guard seconds >= next else { return nil }
    next *= 2
    return Int(seconds)
  }

  /// Returns a sentence about the progress of an evaluation.
  static func sentence(_ seconds: Int, _ finishedCount: Int, of episodeCount: Int) -> String {
    "evaluating for \(seconds) s: \(finishedCount) of \(episodeCount) episodes are finished"
  }
}

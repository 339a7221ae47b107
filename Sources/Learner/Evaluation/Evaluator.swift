import Actor
import Rollout

/// The result of an evaluation: one return and one length for each episode.
public struct EvaluationResult: Sendable, Equatable {
  /// Undiscounted sums of rewards.
  public var returns: [Double]
  /// Steps.
  public var lengths: [Int]
  /// Episodes that a limit truncated before their task was over.
  public var truncatedCount = 0
  /// Those among them that had not ended after ``Evaluator/patience`` steps.
  public var unfinishedCount = 0

  /// The mean return.
  public var meanReturn: Double { returns.reduce(0, +) / Double(returns.count) }
  /// The returns' standard deviation over the episodes (not of their mean).
  public var standardDeviation: Double {
    let mean = meanReturn
    let sum = returns.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (sum / Double(returns.count)).squareRoot()
  }
  /// The standard error of the mean return.
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

extension EvaluationResult {
  /// A result of so many episodes, each yet to be set.
  init(episodeCount: Int) {
    returns = Array(repeating: 0, count: episodeCount)
    lengths = Array(repeating: 0, count: episodeCount)
  }

  /// Takes one episode's result; each once.
  mutating func set(_ index: Int, _ episode: PlayedEpisode) {
    returns[index] = episode.episodeReturn
    lengths[index] = episode.length
    truncatedCount += episode.ending == .terminated ? 0 : 1
    unfinishedCount += episode.ending == .unfinished ? 1 : 0
  }
}

/// Plays whole episodes in this process, each exactly once and with random streams of its own.
///
/// Episode i is the same episode however many are played, which makes results comparable. Nothing
/// is recorded but rewards. An environment that exits or crashes ends this process.
public final class Evaluator {
  /// The policy's parameters, to check weights against.
  public let parameters: ParameterLayout

  private let environment: EnvironmentChoice
  private let choice: ActionChoice
  private let player: EpisodePlayer

  /// Steps after which an episode that has not ended is truncated and counted as it stands.
  public static let patience = EpisodePlayer.stepLimit

  /// Sets an evaluation up.
  ///
  /// - Parameter spaces: the spaces of the wrapped environment, where they are known: asking the
  ///   environment may start a program. It is asked when this is nil.
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `WrapperError`, `PolicyError`,
  ///   or what making an environment throws.
  public init(
    environment: EnvironmentChoice, policy: any Policy, choice: ActionChoice = .greedy,
    seed: UInt64, spaces: EnvironmentSpaces? = nil
  ) throws {
    self.environment = environment
    self.choice = choice
    player = EpisodePlayer(environment: environment, policy: policy, seed: seed)
    parameters = try player.expect(spaces ?? environment.spaces())
  }

  /// Plays the episodes of these numbers.
  ///
  /// - Parameters:
  ///   - weights: what plays.
  ///   - episodes: which episodes.
  ///   - say: takes a sentence now and then when playing takes longer than ten seconds.
  ///   - isInterrupted: asked before each step: whether to break off.
  /// - Throws: `EnvironmentFault` when an environment fails, `Interrupted` when playing was broken
  ///   off.
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
          result.set($0 - episodes.lowerBound, $1)
          finishedCount += 1
        })
      if !isWhole { throw Interrupted() }
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
    var result = EvaluationResult(episodeCount: episodes.count)
    for episode in episodes {
      func show(_ moment: EpisodePlayer.Moment) throws {
        let shown = EpisodeMoment(
          environment: environment.id, episode: episode, step: moment.step,
          episodeReturn: moment.episodeReturn, isOver: moment.isOver,
          isLast: moment.isOver || moment.step == Self.patience,
          environments: moment.environments, fragment: moment.fragment, row: moment.row)
        for spectator in spectators { try spectator.watch(shown) }
      }
      let isWhole = try player.play(
        episode..<episode + 1, weights, choice: choice, isInterrupted: isInterrupted,
        watch: show,
        record: { result.set($0 - episodes.lowerBound, $1) })
      if !isWhole { throw Interrupted() }
    }
    return result
  }
}

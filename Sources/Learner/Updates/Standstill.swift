import Glibc
import Rollout

/// A monitor of a policy that is nearly certain of its actions and no longer changes them.
///
/// Such a policy has either solved its task or stopped learning: an action that is no longer tried
/// is not learned. Evaluations play the same episodes each time, so a policy that acts as before
/// gets the same return in each of them.
///
/// A policy that stands still counts as good if its mean return reaches the environment's
/// threshold. Without a threshold it counts as good if all episodes end alike and none of an
/// earlier evaluation ended better. A perfect policy for starts of different worth is therefore
/// reported too, which the sentence allows for.
struct Standstill: Codable, Sendable, Equatable {
  /// The share of the largest possible entropy below which a policy is nearly certain.
  static let entropyShare = 0.05
  /// The number of batches in a row in which it has to be.
  static let batchLimit = 100
  /// The number of evaluations in a row that have to be equal.
  static let evaluationLimit = 4

  private var certainInARow = 0
  private var equalInARow = 0
  /// The checksum of the last evaluation's episodes; nil before the first.
  private var fingerprint: UInt32?
  /// The best return of an episode of an evaluation.
  private var best: Double?
  private var isReported = false

  /// True if all counts are possible in a run.
  var isSound: Bool {
    [certainInARow, equalInARow].allSatisfy { (0...StateArchive.largestCount).contains($0) }
  }

  /// Records the entropy of a batch.
  ///
  /// - Parameters:
  ///   - entropy: the mean entropy of the newest update, in nats; nil if it has none.
  ///   - largest: the entropy of even chances; nil if there is no such bound.
  mutating func note(entropy: Double?, largest: Double?) {
    guard let entropy, let largest, entropy < Self.entropyShare * largest else {
      certainInARow = 0
      return
    }
    certainInARow += 1
  }

  /// Records an evaluation.
  ///
  /// - Parameters:
  ///   - result: the result of the same episodes as in each evaluation.
  ///   - threshold: the mean return at which the task counts as solved; nil if unknown.
  ///   - step: the environment steps that the weights had learned from.
  /// - Returns: a sentence to report, the first time that the policy stands still; nil otherwise.
  mutating func note(_ result: EvaluationResult, threshold: Double?, at step: Int) -> String? {
    let (low, high) = (result.minimumReturn, result.maximumReturn)
    guard low.isFinite, high.isFinite else { return nil }
    let bytes =
      result.returns.flatMap { littleEndian($0.bitPattern) }
      + result.lengths.flatMap { littleEndian($0) }
    let newest = Checksum.crc32(bytes.span)
    equalInARow = newest == fingerprint ? equalInARow + 1 : 1
    (fingerprint, best) = (newest, max(high, best ?? high))
    let isGood = threshold.map { result.meanReturn >= $0 } ?? (low == high && high == best)
    guard equalInARow >= Self.evaluationLimit, certainInARow >= Self.batchLimit, !isGood,
      !isReported
    else { return nil }
    isReported = true
    let range =
      low == high ? "," : ", \(NumberText.fixed(low, 1)) to \(NumberText.fixed(high, 1)),"
    return """
      the policy is nearly certain of its actions and stands still: its entropy was below 5 % of \
      that of even chances in \(certainInARow) batches in a row, and up to step \
      \(NumberText.grouped(step)) \(equalInARow) evaluations in a row gave the same return in \
      every episode\(range) \(NumberText.fixed(result.meanReturn, 1)) on average; an action that \
      is no longer tried is not learned: if this can be better, start a new run with a higher \
      --entropy-cost or a lower --learning-rate
      """
  }
}

extension Space {
  /// The entropy of even chances, in nats; nil with a Box, whose entropy has no bound.
  package var largestEntropy: Double? {
    var sum = 0.0
    for part in parts.leaves {
      switch part {
      case .discrete(let count): sum += log(Double(count))
      case .multiDiscrete(let counts): for count in counts { sum += log(Double(count)) }
      case .multiBinary(let count): sum += Double(count) * log(2)
      default: return nil
      }
    }
    return sum
  }
}

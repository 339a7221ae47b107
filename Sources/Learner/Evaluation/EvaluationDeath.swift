/// An evaluation process that ended while the run went on: how, where, and its last words.
public struct EvaluationDeath: Error, Sendable, CustomStringConvertible {
  /// The process's number.
  public var pid: Int32
  /// The replacements of the process before this one.
  public var incarnation: UInt32
  /// The environment that it played.
  public var environment: String
  /// The run's seed.
  public var seed: UInt64
  /// The way in which it ended.
  public var cause: WorkerDeath.Cause
  /// Its last work in words, such as "in episode 3 at step 17"; empty if there was none.
  public var place: String
  /// The last lines that it logged.
  public var lastWords: [String]
  /// The processes in a row that ended so, where that is why there is no other.
  public var deathCount: Int?

  /// One sentence with all of it.
  public var description: String {
    let place = place.isEmpty ? "" : " \(place)"
    let row = deathCount.map { ", as the last of \($0) processes that finished no episode" } ?? ""
    let words = lastWords.isEmpty ? "" : "; its last words: \(lastWords.joined(separator: " | "))"
    return """
      the evaluation process (pid \(pid)) \(cause)\(place) of \(environment) (seed \(seed), \
      incarnation \(incarnation))\(row)\(words)
      """
  }
}

/// Counts deaths over one evaluation, and says when there is no use in another process.
struct EvaluationToll {
  /// Deaths in a row without another finished episode that end the run.
  static let limit = 3
  /// The same where all of them seem to have come from outside.
  static let outsideLimit = 10

  /// Deaths in a row without another finished episode.
  private(set) var deathCount = 0
  private var areAllFromOutside = true
  private var finishedCount = 0

  /// Counts a death.
  ///
  /// - Parameter finishedCount: the episodes of the evaluation that are finished by now.
  mutating func note(finishedCount: Int, isFromOutside: Bool) {
    if finishedCount > self.finishedCount {
      self = EvaluationToll()
      self.finishedCount = finishedCount
    }
    deathCount += 1
    areAllFromOutside = areAllFromOutside && isFromOutside
  }

  /// True if another process would likely die as well.
  var isHopeless: Bool {
    deathCount >= (areAllFromOutside ? Self.outsideLimit : Self.limit)
  }
}

/// The unexpected end of an evaluation process: its cause, position and last log lines.
package struct EvaluationDeath: Error, Sendable, CustomStringConvertible {
  /// The process identifier.
  package var pid: Int32
  /// The number of earlier replacements of the process.
  package var incarnation: UInt32
  /// The environment of the evaluation.
  package var environment: String
  /// The run's random seed.
  package var seed: UInt64
  /// The cause of the death.
  package var cause: WorkerDeath.Cause
  /// The last position in words, such as "in episode 3 at step 17"; empty if there was none.
  package var place: String
  /// The last lines of its log.
  package var lastWords: [String]
  /// The number of consecutive deaths if that is the reason to give up; nil otherwise.
  package var deathCount: Int?

  /// One sentence with all of these facts.
  package var description: String {
    let place = place.isEmpty ? "" : " \(place)"
    let row = deathCount.map { ", as the last of \($0) processes that finished no episode" } ?? ""
    let words = lastWords.isEmpty ? "" : "; its last words: \(lastWords.joined(separator: " | "))"
    return """
      the evaluation process (pid \(pid)) \(cause)\(place) of \(environment) (seed \(seed), \
      incarnation \(incarnation))\(row)\(words)
      """
  }
}

/// A counter of deaths during one evaluation; decides when to stop replacing the process.
struct EvaluationDeathCounts {
  /// The consecutive deaths without another finished episode that end the run.
  static let limit = 3
  /// The limit if all deaths seem to be caused by signals from outside.
  static let outsideLimit = 10

  /// The consecutive deaths without another finished episode.
  private(set) var deathCount = 0
  private var areAllFromOutside = true
  private var finishedCount = 0

  /// Counts a death.
  ///
  /// - Parameters:
  ///   - finishedCount: the number of finished episodes of the evaluation so far.
  ///   - isFromOutside: true if a signal from outside may be the cause.
  mutating func note(finishedCount: Int, isFromOutside: Bool) {
    if finishedCount > self.finishedCount {
      self = EvaluationDeathCounts()
      self.finishedCount = finishedCount
    }
    deathCount += 1
    areAllFromOutside = areAllFromOutside && isFromOutside
  }

  /// True if a replacement would probably die as well.
  var isHopeless: Bool {
    deathCount >= (areAllFromOutside ? Self.outsideLimit : Self.limit)
  }
}

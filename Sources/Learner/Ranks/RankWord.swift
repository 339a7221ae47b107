/// Tells what holds at one rank, in a number that a sum of `Float` keeps exactly.
struct RankWord: OptionSet {
  let rawValue: Int

  /// The rank has no batch to learn from.
  static let isAbsent = RankWord(rawValue: 1 << 7)
  /// An error at the rank ends the run.
  static let hasFailed = RankWord(rawValue: 1 << 8)
  /// The loss or the gradient of the rank's batch is not finite.
  static let isNotFinite = RankWord(rawValue: 1 << 9)
  /// The rank kept its newest batch out of its replay buffer.
  static let keptOut = RankWord(rawValue: 1 << 10)
  /// The rank has played its share of the evaluation.
  static let hasEvaluated = RankWord(rawValue: 1 << 11)
  /// By the clock of rank 0, a save is due.
  static let wantsSave = RankWord(rawValue: 1 << 12)
  /// By the clock of rank 0, an evaluation is due.
  static let wantsEvaluation = RankWord(rawValue: 1 << 13)

  init(rawValue: Int) { self.rawValue = rawValue }

  /// Creates the word of a rank that a signal asked to stop; no word for nil.
  init(signal: Int32?) { rawValue = Int(signal ?? 0) & 0x7f }

  /// The signal that asked the rank to stop; nil for none.
  var signal: Int32? {
    let number = Int32(rawValue & 0x7f)
    return number == 0 ? nil : number
  }
}

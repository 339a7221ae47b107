import Rollout

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

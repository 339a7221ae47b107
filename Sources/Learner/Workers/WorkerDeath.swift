import Glibc
import Rollout

/// A worker that ended while the run went on: who, where, how, and its last words.
public struct WorkerDeath: Error, Sendable, CustomStringConvertible {
  /// The worker's number.
  public var worker: Int
  /// The process's number.
  public var pid: Int32
  /// How often the worker had been replaced before.
  public var incarnation: UInt32
  /// What it played.
  public var environment: String
  /// The run's seed.
  public var seed: UInt64
  /// Fragments that the worker handed over, all its processes together.
  public var fragments: UInt64
  /// What ended it.
  public var cause: Cause
  /// The environment that it was at work on, and the work.
  public var position: PositionMarker.Position?
  /// The last lines that it logged.
  public var lastWords: [String]

  /// Processes that died since a fragment was last handed over or an update was made, of all
  /// workers; 0 if the run continues.
  public var deathsWithoutProgress = 0
  /// Those of ``deathsWithoutProgress`` that a signal from outside may have ended.
  public var deathsFromOutside = 0

  /// What ended a process.
  public enum Cause: Sendable, Equatable {
    case exited(Int32)
    case killed(signal: Int32)
    case unresponsive
    /// Killed by the learner, since it did not get on for so long.
    case hung(seconds: Double)

    /// True for a signal that an administrator, a script or the kernel's memory killer sends.
    ///
    /// Signals of faults, such as SIGSEGV, do not count.
    var mayComeFromOutside: Bool {
      guard case .killed(let signal) = self else { return false }
      return signal == SIGKILL || (StopSignals.requests + StopSignals.notices).contains(signal)
    }
  }

  /// One sentence with all of it.
  public var description: String {
    let place = position.map { " \($0.phrase)" } ?? ""
    let words = lastWords.isEmpty ? "" : "; its last words: \(lastWords.joined(separator: " | "))"
    var count = ""
    if deathsWithoutProgress > 1 {
      count = "; \(deathsWithoutProgress) processes died without a fragment between them"
      if deathsFromOutside > 0 {
        count += ", \(deathsFromOutside) of them by signals that may come from outside"
      }
    }
    return """
      worker \(worker) (pid \(pid)) \(cause)\(place), after \(fragments) fragments of \
      \(environment) (seed \(seed), incarnation \(incarnation))\(words)\(count)
      """
  }
}

extension WorkerDeath.Cause: CustomStringConvertible {
  /// The end of a sentence that begins with the process.
  public var description: String {
    switch self {
    case .exited(let code): "exited with code \(code)"
    case .killed(let signal): "was killed by signal \(signal) (\(signalName(signal)))"
    case .unresponsive: "closed its output and did not end"
    case .hung(let seconds):
      "was killed by the learner because it did not get on for \(NumberText.significant(seconds)) s"
    }
  }
}

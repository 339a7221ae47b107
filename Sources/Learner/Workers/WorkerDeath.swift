import Glibc
import Rollout

/// The unexpected end of a worker: its cause, position and last log lines.
package struct WorkerDeath: Error, Sendable, CustomStringConvertible {
  /// The worker's number.
  package var worker: Int
  /// The process identifier.
  package var pid: Int32
  /// The number of earlier replacements of the worker.
  package var incarnation: UInt32
  /// The worker's environment.
  package var environment: String
  /// The run's random seed.
  package var seed: UInt64
  /// The fragments that all processes of this worker handed over.
  package var fragments: UInt64
  /// The cause of the death.
  package var cause: Cause
  /// The environment that the process was working on, and its activity.
  package var position: PositionMarker.Position?
  /// The last lines of its log.
  package var lastWords: [String]

  /// Deaths of all workers since the last fragment or update; 0 if the run continues.
  package var deathsWithoutProgress = 0
  /// The number of ``deathsWithoutProgress`` that may be caused by signals from outside.
  package var deathsFromOutside = 0

  /// The cause of a process's death.
  package enum Cause: Sendable, Equatable {
    case exited(Int32)
    case killed(signal: Int32)
    case unresponsive
    /// Killed by the learner after so many seconds without progress.
    case hung(seconds: Double)

    /// True for a signal as an administrator, a script or the kernel's OOM killer sends it.
    ///
    /// Signals of faults, such as SIGSEGV, do not count.
    var mayComeFromOutside: Bool {
      guard case .killed(let signal) = self else { return false }
      return signal == SIGKILL || (StopSignals.requests + StopSignals.notices).contains(signal)
    }
  }

  /// One sentence with all of these facts.
  package var description: String {
    let place = position.map { " \($0.phrase)" } ?? ""
    let words = lastWords.isEmpty ? "" : "; its last words: \(lastWords.joined(separator: " | "))"
    var count = ""
    if deathsWithoutProgress > 1 {
      count = "; \(deathsWithoutProgress) processes died in a row without a fragment"
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
  /// The predicate of a sentence about the process.
  package var description: String {
    switch self {
    case .exited(let code): "exited with code \(code)"
    case .killed(let signal): "was killed by signal \(signal) (\(signalName(signal)))"
    case .unresponsive: "closed its output and did not end"
    case .hung(let seconds):
      "was killed by the learner because it made no progress for "
        + "\(NumberText.significant(seconds)) s"
    }
  }
}

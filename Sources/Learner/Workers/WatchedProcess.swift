import Glibc
import Rollout

/// A worker or evaluation process as the learner sees it: its bells, its log and its end.
final class WatchedProcess {
  /// The process itself.
  let child: ChildProcess
  /// The bell of the process, which is its standard input.
  let bell: Doorbell
  /// The bell of the learner, which is the output of the process and closes at its end.
  let output: Doorbell
  /// True if it was killed because it made no progress.
  private(set) var isHung = false

  private let name: String
  private let hangTimeoutSeconds: Double?
  private let say: (String) -> Void
  private var log = ProcessLog()

  /// Starts a process with arguments that `WorkerMain` parses.
  ///
  /// - Throws: `WorkerStartError` if the program cannot be started.
  init(
    _ arguments: WorkerArguments, _ processes: WorkerProcesses
  ) throws(WorkerStartError) {
    do {
      // The program's file may be replaced during the run; processes must run the learner's
      // program. The runtime's crash report takes seconds; the last log lines are sufficient.
      child = try ChildProcess(
        executable: processes.executable ?? SystemCalls.ownProgram, arguments: arguments.words,
        defaults: ["SWIFT_BACKTRACE": "enable=no"])
      bell = try Doorbell(ringing: child.input)
      output = Doorbell(listening: child.output)
      try SystemCalls.setNonBlocking(output.descriptor)
    } catch {
      let own = try? SystemCalls.executablePath()
      throw WorkerStartError(
        executable: processes.executable ?? own ?? SystemCalls.ownProgram, cause: "\(error)")
    }
    name =
      switch arguments.work {
      case .collection(let worker): "worker \(worker) (pid \(child.pid))"
      case .evaluations: "evaluation (pid \(child.pid))"
      }
    hangTimeoutSeconds = processes.hangTimeoutSeconds
    say = processes.say
  }

  /// The entries to poll for the end of the process or its bell, and for its log.
  var pollEntries: (output: pollfd, log: pollfd) {
    (
      pollfd(fd: output.descriptor, events: Int16(POLLIN), revents: 0),
      pollfd(fd: child.log, events: Int16(POLLIN), revents: 0)
    )
  }

  /// Forwards the lines of the log that are available, without waiting.
  ///
  /// - Parameter entry: the entry to poll for the log. It is switched off when the log is closed,
  ///   because a closed log would be ready forever.
  func forwardLog(_ entry: inout pollfd) {
    let isOpen = child.takeLog { bytes in log.take(bytes) { say("\(name): \($0)") } }
    if !isOpen { entry.fd = -1 }
  }

  /// Forwards an incomplete last line of the log.
  func flushLog() { log.flush { say("\(name): \($0)") } }

  /// Kills the process because it made no progress.
  func killAsHung() {
    isHung = true
    child.sendToGroup(SIGKILL)
  }

  /// Waits until a process with closed output is dead and reaped.
  ///
  /// Processes that its environments started are killed, because they must not survive it.
  ///
  /// - Returns: the cause of its death and the last lines of its log.
  func bury() -> (cause: WorkerDeath.Cause, lastWords: [String]) {
    // The output is closed, so the process is dead or about to be. The kill is for a process that
    // closed its output by mistake.
    var ending = child.waitForEnd(seconds: 1)
    let isUnresponsive = ending == nil
    if isUnresponsive {
      child.send(SIGKILL)
      ending = child.waitForEnd(seconds: 10)
    }
    child.sendToGroup(SIGKILL)
    _ = child.takeLog { log.take($0) { _ in } }
    log.flush { _ in }
    let cause: WorkerDeath.Cause =
      switch ending {
      case _ where isHung: .hung(seconds: hangTimeoutSeconds ?? 0)
      case .exited(let code) where !isUnresponsive: .exited(code)
      case .killed(let signal) where !isUnresponsive: .killed(signal: signal)
      default: .unresponsive
      }
    return (cause, log.lastWords)
  }
}

/// The options for starting and watching worker processes.
public struct WorkerProcesses {
  /// The program with a `worker` subcommand; nil for the running program.
  package var executable: String?
  /// Receives log lines and reports of deaths, one sentence each.
  public var say: (String) -> Void
  /// Called during waits; returns true to stop.
  public var isInterrupted: () -> Bool
  /// Seconds without progress after which a worker is killed and replaced; nil for never.
  package var hangTimeoutSeconds: Double?
  /// Seconds that a worker has to close each of its environments; nil for no limit.
  package var closeTimeoutSeconds: Double?

  /// Creates options; by default the running program, with messages on standard error.
  public init(
    executable: String? = nil, say: @escaping (String) -> Void = reportOnStandardError,
    isInterrupted: @escaping () -> Bool = { false }, hangTimeoutSeconds: Double? = nil,
    closeTimeoutSeconds: Double? = EnvironmentConfiguration.usualCloseTimeoutSeconds
  ) {
    self.executable = executable
    self.say = say
    self.isInterrupted = isInterrupted
    self.hangTimeoutSeconds = hangTimeoutSeconds
    self.closeTimeoutSeconds = closeTimeoutSeconds
  }
}

/// A failure to start a worker.
package struct WorkerStartError: Error, CustomStringConvertible {
  /// The program.
  package var executable: String
  /// The reason given by the system.
  package var cause: String

  /// One sentence with the program and the reason.
  package var description: String {
    "a worker could not be started from \(executable): \(cause)"
  }
}

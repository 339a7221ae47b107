import Glibc
import Rollout

/// One worker process and its pipes.
///
/// Its standard input is its bell, its standard output rings the learner's bell, and its standard
/// error is its log.
final class WorkerProcess {
  /// The process identifier.
  var pid: Int32 { process.pid }
  /// The bell of the worker.
  let bell: Doorbell
  /// The bell of the learner, which closes when the worker is gone.
  let output: Doorbell
  /// The descriptor of the worker's log.
  var log: Int32 { process.log }

  private let process: ChildProcess

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - executable: the program.
  ///   - name: the program's name in error messages.
  ///   - arguments: its arguments.
  /// - Throws: `WorkerStartError` if the program cannot be started.
  init(executable: String, name: String, arguments: [String]) throws(WorkerStartError) {
    do {
      // The runtime's crash report takes seconds; the worker's last log lines are sufficient.
      process = try ChildProcess(
        executable: executable, arguments: arguments, defaults: ["SWIFT_BACKTRACE": "enable=no"])
      bell = try Doorbell(ringing: process.input)
      output = Doorbell(listening: process.output)
      try SystemCalls.setNonBlocking(output.descriptor)
    } catch {
      throw WorkerStartError(executable: name, cause: "\(error)")
    }
  }

  /// Waits for the process to end and reaps it; returns nil after the time limit.
  func waitForEnd(seconds: Double) -> ChildProcess.Ending? { process.waitForEnd(seconds: seconds) }

  /// Waits until a process with closed output is dead and reaped, and takes its last log lines.
  ///
  /// - Returns: the cause of the death.
  func bury(log: inout ProcessLog) -> WorkerDeath.Cause {
    // The output is closed, so the process is dead or about to be. The kill is for a process that
    // closed its output by mistake.
    var ending = waitForEnd(seconds: 1)
    let isUnresponsive = ending == nil
    if isUnresponsive {
      send(SIGKILL)
      ending = waitForEnd(seconds: 10)
    }
    _ = takeLog { log.take($0) { _ in } }
    log.flush { _ in }
    return switch ending {
    case .exited(let code) where !isUnresponsive: .exited(code)
    case .killed(let signal) where !isUnresponsive: .killed(signal: signal)
    default: .unresponsive
    }
  }

  /// Sends a signal; no error if the process is gone.
  func send(_ signal: Int32) { process.send(signal) }

  /// Sends a signal to the process and to the processes that its environments started.
  func sendToGroup(_ signal: Int32) { process.sendToGroup(signal) }

  /// Passes the available log to a closure, without waiting.
  ///
  /// - Returns: true if more may follow; false if the log is closed.
  func takeLog(_ body: (UnsafeRawBufferPointer) -> Void) -> Bool { process.takeLog(body) }
}

/// A failure to start a worker.
public struct WorkerStartError: Error, CustomStringConvertible {
  /// The program.
  public var executable: String
  /// The reason given by the system.
  public var cause: String

  /// One sentence with the program and the reason.
  public var description: String {
    "a worker could not be started from \(executable): \(cause)"
  }
}

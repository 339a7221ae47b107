import Glibc
import Rollout

/// One worker process: started, rung, listened to, and ended for certain.
///
/// Its standard input is its bell, its standard output rings ours, its standard error is its log.
final class WorkerProcess {
  /// The process's number.
  var pid: Int32 { process.pid }
  /// Rings at the worker.
  let bell: Doorbell
  /// Rings here, and closes when the worker is gone.
  let output: Doorbell
  /// What the worker logs.
  var log: Int32 { process.log }

  private let process: ChildProcess

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - executable: the program.
  ///   - name: the program as errors name it.
  ///   - arguments: its arguments.
  /// - Throws: `WorkerStartError` when the program cannot be started.
  init(executable: String, name: String, arguments: [String]) throws(WorkerStartError) {
    do {
      // The runtime's crash report takes seconds to make; the worker's last words are enough to tell by.
      process = try ChildProcess(
        executable: executable, arguments: arguments, defaults: ["SWIFT_BACKTRACE": "enable=no"])
      bell = try Doorbell(ringing: process.input)
      output = Doorbell(listening: process.output)
      try SystemCalls.setNonBlocking(output.descriptor)
    } catch {
      throw WorkerStartError(executable: name, cause: "\(error)")
    }
  }

  /// Waits for the process to end and be reaped; nil when it has not within the time.
  func waitForEnd(seconds: Double) -> ChildProcess.Ending? { process.waitForEnd(seconds: seconds) }

  /// Makes sure that a process whose output is closed is gone and reaped, and takes its last words.
  ///
  /// - Returns: how it ended.
  func bury(log: inout ProcessLog) -> WorkerDeath.Cause {
    // Its output is closed, so it is dead or about to be: the kill is for one that closed it by
    // mistake.
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

  /// Sends a signal; a process that is gone already is no error.
  func send(_ signal: Int32) { process.send(signal) }

  /// Sends a signal to the process and to what its environments started.
  func sendToGroup(_ signal: Int32) { process.sendToGroup(signal) }

  /// Takes what the worker has logged so far, without waiting.
  ///
  /// - Returns: whether more may come; false when the log is closed.
  func takeLog(_ body: (UnsafeRawBufferPointer) -> Void) -> Bool { process.takeLog(body) }
}

/// A worker could not be started at all.
public struct WorkerStartError: Error, CustomStringConvertible {
  /// The program.
  public var executable: String
  /// What the system said.
  public var cause: String

  /// One sentence with what to look at.
  public var description: String {
    "a worker could not be started from \(executable): \(cause)"
  }
}

import Foundation
import Glibc
import Rollout

/// One worker process: started, rung, listened to, and ended for certain.
///
/// Its standard input is its bell, its standard output rings ours, its standard error is its log.
final class WorkerProcess {
  /// The process's number.
  let pid: Int32
  /// Rings at the worker.
  let bell: Doorbell
  /// Rings here, and closes when the worker is gone.
  let output: Doorbell
  /// What the worker logs.
  let log: Int32

  private let process: Process
  private let exit: ExitNotice
  private let pipes: (input: Pipe, output: Pipe, log: Pipe)

  /// How a process ended.
  enum Ending: Equatable {
    case exited(Int32)
    case killed(signal: Int32)
  }

  /// Starts a program.
  ///
  /// - Throws: `WorkerStartError` when the program cannot be started.
  init(executable: String, arguments: [String]) throws(WorkerStartError) {
    process = Process()
    pipes = (Pipe(), Pipe(), Pipe())
    exit = ExitNotice()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.standardInput = pipes.input
    process.standardOutput = pipes.output
    process.standardError = pipes.log
    // The runtime's crash report takes seconds to make; the worker's last words are enough to tell by.
    var environment = ProcessInfo.processInfo.environment
    environment["SWIFT_BACKTRACE"] = environment["SWIFT_BACKTRACE"] ?? "enable=no"
    process.environment = environment
    process.terminationHandler = { [exit] process in
      exit.set(
        process.terminationReason == .uncaughtSignal
          ? .killed(signal: process.terminationStatus) : .exited(process.terminationStatus))
    }
    do {
      try process.run()
      pid = process.processIdentifier
      bell = try Doorbell(ringing: pipes.input.fileHandleForWriting.fileDescriptor)
      output = Doorbell(listening: pipes.output.fileHandleForReading.fileDescriptor)
      log = pipes.log.fileHandleForReading.fileDescriptor
      try SystemCalls.setNonBlocking(output.descriptor)
      try SystemCalls.setNonBlocking(log)
    } catch {
      throw WorkerStartError(executable: executable, cause: "\(error)")
    }
  }

  deinit {
    // Foundation keeps a process and its pipes for good once it has run: three descriptors for each replacement.
    try? pipes.input.fileHandleForWriting.close()
    try? pipes.output.fileHandleForReading.close()
    try? pipes.log.fileHandleForReading.close()
  }

  /// Waits for the process to end and be reaped; nil when it has not within the time.
  func waitForEnd(seconds: Double) -> Ending? { exit.wait(seconds: seconds) }

  /// Sends a signal; a process that is gone already is no error.
  func send(_ signal: Int32) { try? SystemCalls.kill(pid, signal: signal) }

  /// Takes what the worker has logged so far, without waiting; no more than a pipe holds, for it may go on for ever.
  ///
  /// - Returns: whether more may come; false when the log is closed.
  func takeLog(_ body: (UnsafeRawBufferPointer) -> Void) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
      for _ in 0..<16 {
        do throws(SystemError) {
          let count = try SystemCalls.read(log, into: buffer)
          if count == 0 { return false }
          body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        } catch {
          return error.code == EAGAIN
        }
      }
      return true
    }
  }
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

/// How a process ended, told by the thread that reaps it to whoever waits.
private final class ExitNotice: @unchecked Sendable {
  private let condition = NSCondition()
  private var ending: WorkerProcess.Ending?

  func set(_ ending: WorkerProcess.Ending) {
    condition.lock()
    self.ending = ending
    condition.broadcast()
    condition.unlock()
  }

  func wait(seconds: Double) -> WorkerProcess.Ending? {
    let limit = Date(timeIntervalSinceNow: seconds)
    condition.lock()
    defer { condition.unlock() }
    while ending == nil, condition.wait(until: limit) {}
    return ending
  }
}

import Foundation
import Glibc

/// A process that this one started: written to, listened to, and ended for certain.
///
/// It has three descriptors of ours and no other: its standard input, output and error are pipes.
package final class ChildProcess {
  /// The process's number.
  package let pid: Int32
  /// Where its standard input is written.
  package let input: Int32
  /// Where its standard output is read.
  package let output: Int32
  /// Where its standard error is read, without blocking.
  package let log: Int32

  private let process: Process
  private let exit: ExitNotice
  private let pipes: (input: Pipe, output: Pipe, log: Pipe)

  /// How a process ended.
  package enum Ending: Equatable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)
  }

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - executable: its file.
  ///   - arguments: its arguments, without the program's name.
  ///   - defaults: variables that it sees where this process has none of the name.
  /// - Throws: what Foundation throws when the program cannot be started, `SystemError`.
  package init(
    executable: String, arguments: [String], defaults: [String: String] = [:]
  ) throws {
    process = Process()
    pipes = (Pipe(), Pipe(), Pipe())
    exit = ExitNotice()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.standardInput = pipes.input
    process.standardOutput = pipes.output
    process.standardError = pipes.log
    process.environment = ProcessInfo.processInfo.environment.merging(defaults) { own, _ in own }
    process.terminationHandler = { [exit] process in
      exit.set(
        process.terminationReason == .uncaughtSignal
          ? .killed(signal: process.terminationStatus) : .exited(process.terminationStatus))
    }
    try process.run()
    pid = process.processIdentifier
    input = pipes.input.fileHandleForWriting.fileDescriptor
    output = pipes.output.fileHandleForReading.fileDescriptor
    log = pipes.log.fileHandleForReading.fileDescriptor
    try SystemCalls.setNonBlocking(log)
  }

  deinit {
    // Foundation keeps a process and its pipes for good once it has run: three descriptors for each replacement.
    closeInput()
    try? pipes.output.fileHandleForReading.close()
    try? pipes.log.fileHandleForReading.close()
  }

  /// Closes its standard input, which tells it that nothing more will come.
  package func closeInput() { try? pipes.input.fileHandleForWriting.close() }

  /// Waits for the process to end and be reaped; nil when it has not within the time.
  package func waitForEnd(seconds: Double) -> Ending? { exit.wait(seconds: seconds) }

  /// Sends a signal; a process that is gone already is no error.
  package func send(_ signal: Int32) { try? SystemCalls.kill(pid, signal: signal) }

  /// Takes what the process has logged so far, without waiting; no more than a pipe holds, for it may go on for ever.
  ///
  /// - Returns: whether more may come; false when the log is closed.
  package func takeLog(_ body: (UnsafeRawBufferPointer) -> Void) -> Bool {
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

/// How a process ended, told by the thread that reaps it to whoever waits.
private final class ExitNotice: @unchecked Sendable {
  private let condition = NSCondition()
  private var ending: ChildProcess.Ending?

  func set(_ ending: ChildProcess.Ending) {
    condition.lock()
    self.ending = ending
    condition.broadcast()
    condition.unlock()
  }

  func wait(seconds: Double) -> ChildProcess.Ending? {
    let limit = Date(timeIntervalSinceNow: seconds)
    condition.lock()
    defer { condition.unlock() }
    while ending == nil, condition.wait(until: limit) {}
    return ending
  }
}

/// A signal's name, such as SIGSEGV.
package func signalName(_ signal: Int32) -> String {
  let names: [Int32: String] = [
    SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGTRAP: "SIGTRAP",
    SIGABRT: "SIGABRT", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL",
    SIGSEGV: "SIGSEGV", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM",
    SIGXCPU: "SIGXCPU", SIGSYS: "SIGSYS",
  ]
  return names[signal] ?? "unnamed"
}

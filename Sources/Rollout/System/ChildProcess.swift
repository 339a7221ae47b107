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
  private var inputEnd: Descriptor?
  private let outputEnd: Descriptor
  private let logEnd: Descriptor
  /// When the kernel first said that the process has ended, by the monotonic clock.
  private var endedSince: UInt64?

  /// The descriptors that a child process takes in this one: its pipes, and a socket of
  /// Foundation's.
  package static let descriptorCount = 4

  /// Nanoseconds that Foundation has to notice an end before the process is reaped without it.
  private static let noticeNanoseconds: UInt64 = 100_000_000

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
  ///   - changes: variables that it sees with other values than this process does.
  /// - Throws: ``OpenFileLimitError`` if the limit on open files is too low, `SystemError`.
  package init(
    executable: String, arguments: [String], defaults: [String: String] = [:],
    changes: [String: String] = [:]
  ) throws {
    // Foundation opens a socket, which must not get the number of a standard stream.
    ProcessStart.prepare()
    try OpenFiles.makeRoom(forProcesses: 1, purpose: "child processes")
    let input = try SystemCalls.pipe()
    let output = try SystemCalls.pipe()
    let log = try SystemCalls.pipe()
    process = Process()
    exit = ExitNotice()
    process.executableURL = URL(fileURLWithPath: executable)
    process.arguments = arguments
    process.standardInput = Self.handle(input.readEnd)
    process.standardOutput = Self.handle(output.writeEnd)
    process.standardError = Self.handle(log.writeEnd)
    process.environment = ProcessInfo.processInfo.environment
      .merging(defaults) { own, _ in own }.merging(changes) { $1 }
    process.terminationHandler = { [exit] process in
      exit.set(
        process.terminationReason == .uncaughtSignal
          ? .killed(signal: process.terminationStatus) : .exited(process.terminationStatus))
    }
    do {
      try process.run()
    } catch {
      throw SystemError(starting: executable, error)
    }
    pid = process.processIdentifier
    // Foundation keeps a process and what it was given for good once it has run, so the pipes are
    // ours.
    self.input = input.writeEnd.rawValue
    self.output = output.readEnd.rawValue
    self.log = log.readEnd.rawValue
    inputEnd = input.takeWriteEnd()
    outputEnd = output.takeReadEnd()
    logEnd = log.takeReadEnd()
    try SystemCalls.setNonBlocking(self.log)
  }

  private static func handle(_ end: borrowing Descriptor) -> FileHandle {
    FileHandle(fileDescriptor: end.rawValue, closeOnDealloc: false)
  }

  /// Closes its standard input, which tells it that nothing more will come.
  package func closeInput() { inputEnd = nil }

  /// Waits for the process to end and be reaped; nil when it has not within the time.
  package func waitForEnd(seconds: Double) -> Ending? {
    let limit = SystemCalls.monotonicNanoseconds() + UInt64(seconds * 1e9)
    while true {
      let now = SystemCalls.monotonicNanoseconds()
      let left = limit > now ? limit - now : 0
      if let ending = exit.wait(seconds: Double(min(left, Self.noticeNanoseconds)) / 1e9) {
        return ending
      }
      reapIfUnnoticed()
      if left == 0 { return exit.wait(seconds: 0) }
    }
  }

  /// Reaps the process if it ended and Foundation does not notice.
  ///
  /// Foundation waits for a socket to close that the process inherits, and that a process which it
  /// forked may hold open.
  private func reapIfUnnoticed() {
    guard SystemCalls.hasEnded(pid) else { return }
    let now = SystemCalls.monotonicNanoseconds()
    guard let endedSince else {
      endedSince = now
      return
    }
    guard now - endedSince >= Self.noticeNanoseconds, let status = SystemCalls.reap(pid)
    else { return }
    let signal = status & 0x7F
    exit.set(signal == 0 ? .exited(status >> 8 & 0xFF) : .killed(signal: signal))
  }

  /// Sends a signal; a process that is gone already is no error.
  package func send(_ signal: Int32) { try? SystemCalls.kill(pid, signal: signal) }

  /// Sends a signal to the process and to all that it started, unless they left its process group.
  ///
  /// Foundation gives each process that it starts a group of its own; that one may have ended
  /// before.
  package func sendToGroup(_ signal: Int32) {
    try? SystemCalls.kill(-pid, signal: signal)
    send(signal)
  }

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
    if self.ending == nil { self.ending = ending }
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
    SIGXCPU: "SIGXCPU", SIGXFSZ: "SIGXFSZ", SIGSYS: "SIGSYS", SIGUSR1: "SIGUSR1",
    SIGUSR2: "SIGUSR2", SIGPWR: "SIGPWR",
  ]
  return names[signal] ?? "unnamed"
}

extension SystemError {
  /// The error of a program that could not be started, in the system's own words.
  ///
  /// - Parameters:
  ///   - executable: the program.
  ///   - error: what Foundation threw.
  fileprivate init(starting executable: String, _ error: any Error) {
    self.init(call: "posix_spawn", code: Self.code(of: error as NSError), detail: executable)
  }

  private static func code(of error: NSError) -> Int32 {
    if error.domain == NSPOSIXErrorDomain { return Int32(truncatingIfNeeded: error.code) }
    if let cause = error.userInfo[NSUnderlyingErrorKey] as? NSError { return code(of: cause) }
    switch CocoaError.Code(rawValue: error.code) {
    case .fileNoSuchFile, .fileReadNoSuchFile: return ENOENT
    case .fileReadNoPermission, .fileWriteNoPermission: return EACCES
    default: return ENOEXEC
    }
  }
}

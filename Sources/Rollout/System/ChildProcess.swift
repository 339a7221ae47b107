import Foundation
import Glibc

/// A child process that is connected by pipes, and that can be ended reliably.
///
/// The child gets its standard input, output and error from this class, each a pipe, and no other
/// descriptors. It does not get the environment variables of ``Launcher``: a child that uses MPI,
/// such as a Python environment, would take itself for a rank and disturb the others.
package final class ChildProcess {
  /// The process's number.
  package let pid: Int32
  /// The descriptor that writes to its standard input.
  package let input: Int32
  /// The descriptor that reads its standard output.
  package let output: Int32
  /// The descriptor that reads its standard error, in non-blocking mode.
  package let log: Int32

  private let process: Process
  private let exit: ExitNotice
  private var inputEnd: Descriptor?
  private let outputEnd: Descriptor
  private let logEnd: Descriptor
  /// The monotonic time at which the kernel was first seen to report the end of the process.
  private var endedSince: UInt64?

  /// The number of descriptors that a child process occupies in this process.
  ///
  /// They are its three pipes and a socket of Foundation's.
  package static let descriptorCount = 4

  /// The time in nanoseconds that Foundation has to notice an end.
  ///
  /// After it, the process is reaped without Foundation.
  private static let noticeNanoseconds: UInt64 = 100_000_000

  /// The way in which a process ended.
  package enum Ending: Equatable, Sendable {
    case exited(Int32)
    case killed(signal: Int32)
  }

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - executable: the path of its file.
  ///   - arguments: its arguments, without the program's name.
  ///   - defaults: environment variables for the child, used only if this process does not set
  ///     them.
  ///   - changes: environment variables for the child that override those of this process.
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
      .filter { !Launcher.isForRanks(variable: $0.key) }
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
    // After a process has run, Foundation never releases it or its file handles, so this class owns
    // the pipes.
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

  /// Closes its standard input, which signals that no more input follows.
  package func closeInput() { inputEnd = nil }

  /// Waits for the process to end and be reaped.
  ///
  /// - Returns: `nil` if it has not ended within the time.
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
  /// Foundation waits until a socket closes that the process inherits. Another process that the
  /// child forked may hold the socket open.
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

  /// Sends a signal; does nothing if the process no longer exists.
  package func send(_ signal: Int32) { try? SystemCalls.kill(pid, signal: signal) }

  /// Sends a signal to the process group of the process, and to the process itself.
  ///
  /// The group includes all processes that it started, unless they left the group. Foundation gives
  /// each process that it starts a process group. The signal reaches the group even if the process
  /// itself has ended.
  package func sendToGroup(_ signal: Int32) {
    try? SystemCalls.kill(-pid, signal: signal)
    send(signal)
  }

  /// Returns all of the process's standard output.
  ///
  /// - Returns: nil if the process has not closed it within the time.
  /// - Throws: `SystemError`.
  func readOutput(seconds: Double) throws(SystemError) -> [UInt8]? {
    let limit = SystemCalls.monotonicNanoseconds() + UInt64(seconds * 1e9)
    var bytes: [UInt8] = []
    try SystemCalls.setNonBlocking(output)
    while true {
      if !take(from: output, { bytes += $0 }) { return bytes }
      let now = SystemCalls.monotonicNanoseconds()
      guard now < limit else { return nil }
      var entry = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      _ = poll(&entry, 1, Int32(clamping: (limit - now) / 1_000_000 + 1))
    }
  }

  /// Passes the available bytes of the process's standard error to `body`, without waiting.
  ///
  /// - Returns: true if more may follow; false if the log is closed.
  package func takeLog(_ body: ([UInt8]) -> Void) -> Bool { take(from: log, body) }

  /// Passes the available bytes of one of the process's outputs to `body`, without waiting.
  ///
  /// At most 16 reads of 4,096 bytes are made, about as much as a pipe holds, because a process may
  /// log without pause.
  ///
  /// - Parameters:
  ///   - descriptor: ``output`` or ``log``, in non-blocking mode.
  ///   - body: receives the bytes.
  /// - Returns: true if more may follow; false if the output is closed.
  package func take(from descriptor: Int32, _ body: ([UInt8]) -> Void) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { buffer in
      for _ in 0..<16 {
        do throws(SystemError) {
          let count = try SystemCalls.read(descriptor, into: buffer)
          if count == 0 { return false }
          body([UInt8](buffer[..<count]))
        } catch {
          return error.code == EAGAIN
        }
      }
      return true
    }
  }
}

/// The end of a process, passed from the thread that reaps it to the threads that wait for it.
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

/// Returns a signal's name, such as SIGSEGV.
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
  /// Creates the error for a program that could not be started, with the system's message.
  ///
  /// - Parameters:
  ///   - executable: the program.
  ///   - error: the error from Foundation.
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

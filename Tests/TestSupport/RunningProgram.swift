import Foundation
import Rollout

/// A program under test: started, watched, signaled, waited for, and killed with its owner.
///
/// Its output goes to files. The program never waits for a reader, and a test can look at any time.
public final class RunningProgram {
  /// The process ID.
  public let pid: Int32

  /// A mark in the environment of the process and all its descendants.
  private let mark = "RLPLAY_TEST_MARK=\(UUID().uuidString)"
  private let process = Process()
  private let scratch: ScratchDirectory
  private let began = SystemCalls.monotonicNanoseconds()

  /// The exit status and the output of a program.
  public struct Outcome: Sendable {
    /// The exit code; nil for a death by signal.
    public var exitCode: Int32?
    /// The signal that ended it; nil if it exited.
    public var signal: Int32?
    /// The standard output.
    public var output: String
    /// The standard error.
    public var errors: String
    /// The seconds from start to end.
    public var seconds: Double

    /// The lines of standard error.
    public var errorLines: [String] { errors.split(separator: "\n").map(String.init) }

    /// The last line of standard output, read as a JSON object.
    public var json: [String: Any] {
      let line = output.split(separator: "\n").last ?? ""
      return ((try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any]) ?? [:]
    }
  }

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - executable: the program.
  ///   - arguments: its arguments.
  ///   - directory: the working directory; nil for a new one.
  ///   - environment: variables in addition to those of this process.
  ///   - errors: the program's standard error, such as a terminal; nil for a file.
  public init(
    _ executable: URL, _ arguments: [String], in directory: URL? = nil,
    environment: [String: String] = [:], errors: FileHandle? = nil
  ) throws {
    scratch = try ScratchDirectory()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = directory ?? scratch.url
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    process.environment?["RLPLAY_TEST_MARK"] = String(mark.drop { $0 != "=" }.dropFirst())
    process.standardInput = FileHandle.nullDevice
    // A `Process` lives on after its program, and with it descriptors that are left open. Beyond
    // some 1,300 of them Foundation reads past the entries of /proc/self/fd, and may crash.
    let output = try Self.file(at: scratch.path("output"))
    defer { try? output.close() }
    let ownErrors = errors == nil ? try Self.file(at: scratch.path("errors")) : nil
    defer { try? ownErrors?.close() }
    process.standardOutput = output
    process.standardError = errors ?? ownErrors
    try process.run()
    pid = process.processIdentifier
  }

  deinit {
    if process.isRunning { send(SIGKILL) }
  }

  private static func file(at path: String) throws -> FileHandle {
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let handle = FileHandle(forWritingAtPath: path)
    else { throw ProgramFailure("no file could be made at \(path)") }
    return handle
  }

  /// The standard output so far.
  public var output: String { text("output") }
  /// The standard error so far.
  public var errors: String { text("errors") }

  private func text(_ name: String) -> String {
    let bytes = FileManager.default.contents(atPath: scratch.path(name)) ?? Data()
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Sends a signal; does nothing if the program is gone.
  public func send(_ signal: Int32) { try? SystemCalls.kill(pid, signal: signal) }

  /// The current worker processes.
  public var workers: [Int32] { ProcessTable.children(of: pid) }

  /// The program and all running descendants, whatever their current parent.
  public var family: [Int32] { ProcessTable.running(marked: mark) }

  /// Waits until the program and all its descendants have ended.
  ///
  /// - Returns: the seconds that it took; nil if a process still runs after the time limit.
  public func waitForFamilyToEnd(within seconds: Double) -> Double? {
    let began = SystemCalls.monotonicNanoseconds()
    guard eventually(within: seconds, { family.isEmpty }) else { return nil }
    return Double(SystemCalls.monotonicNanoseconds() - began) / 1e9
  }

  /// Waits until a condition holds.
  ///
  /// - Throws: `ProgramFailure` with the program's output if it ended before, or at the time limit.
  public func wait(
    within seconds: Double = 20, until what: String, _ condition: () throws -> Bool
  ) throws {
    var isOver = false
    let held = try eventually(within: seconds) {
      // Read before the condition, to catch a condition that holds only because of the end.
      isOver = !process.isRunning
      return try condition() || isOver
    }
    if held, try !isOver || condition() { return }
    let end = isOver ? "it ended" : "\(seconds) s were over"
    if !isOver { send(SIGKILL) }
    throw ProgramFailure("\(end) before \(what)\noutput: \(output)\nerrors: \(errors)")
  }

  /// Waits until `count` workers run and returns their process IDs.
  public func waitForWorkers(_ count: Int) throws -> [Int32] {
    var found: [Int32] = []
    try wait(until: "\(count) workers ran") {
      found = workers
      return found.count >= count
    }
    return found
  }

  /// Waits for the end.
  ///
  /// - Throws: `ProgramFailure` with the program's output at the time limit, after killing it.
  public func waitForEnd(within seconds: Double = 30) throws -> Outcome {
    guard eventually(within: seconds, { !process.isRunning }) else {
      send(SIGKILL)
      throw ProgramFailure(
        "it did not end within \(seconds) s\noutput: \(output)\nerrors: \(errors)")
    }
    let nanoseconds = SystemCalls.monotonicNanoseconds() - began
    let exited = process.terminationReason == .exit
    return Outcome(
      exitCode: exited ? process.terminationStatus : nil,
      signal: exited ? nil : process.terminationStatus, output: output, errors: errors,
      seconds: Double(nanoseconds) / 1e9)
  }

  /// Starts a program and waits for its end.
  public static func run(
    _ executable: URL, _ arguments: [String], in directory: URL? = nil,
    environment: [String: String] = [:], within seconds: Double = 30
  ) throws -> Outcome {
    try RunningProgram(executable, arguments, in: directory, environment: environment)
      .waitForEnd(within: seconds)
  }
}

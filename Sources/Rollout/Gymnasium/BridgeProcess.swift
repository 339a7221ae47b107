import Foundation
import Glibc
import Synchronization

/// A Python process that runs the bridge and answers requests in order.
///
/// The owner receives the reply to each request. The process ends with its owner.
final class BridgeProcess {
  /// The kinds of request, with the numbers that the bridge uses.
  enum Request: UInt32 {
    case attach = 0
    case reset = 1
    case step = 2
    case picture = 3
    case finalPicture = 4
  }

  /// The settings that the bridge reads first.
  struct Settings: Encodable {
    /// The environment's id for Gymnasium, with the module to import.
    var id: String
    /// B, the number of environments.
    var count: Int
    /// The limit of an episode in steps; `nil` for the registered limit, 0 for none.
    var limit: Int?
    /// True if pictures will be requested.
    var rendering: Bool
    /// The keyword arguments for making the environment, as JSON.
    var arguments: String
    /// The class of each wrapper and its keyword arguments as JSON, the innermost first.
    var wrappers: [[String]]
    /// True if `info["lives"]` must be a number of lives.
    var needsLives = false
    /// The paths of the numbers in `info` to record.
    var information: [String] = []
    /// The pid of this process.
    var process = SystemCalls.processIdentifier
    /// The descriptor of a pipe's read end; the pipe closes with this process.
    var life: Int32 = -1

    init(
      id: String, count: Int, limit: Int?, rendering: Bool, arguments: KeywordArguments,
      wrappers: [PythonCall], needsLives: Bool = false, information: [String] = []
    ) {
      (self.id, self.count, self.limit, self.rendering) = (id, count, limit, rendering)
      self.arguments = arguments.json
      self.wrappers = wrappers.map { [$0.target, $0.arguments.json] }
      (self.needsLives, self.information) = (needsLives, information)
    }
  }

  /// An error in Python, as reported by the bridge.
  struct Fault: Decodable {
    var kind: GymnasiumError.Kind
    var text: String
    var traceback: String
    /// The environment's index; −1 if the error concerns none in particular.
    var environment: Int
    /// The operation: `step`, `reset`, `reset after step` or `render`.
    var phase: String

    var error: GymnasiumError {
      let lines = traceback.isEmpty ? "" : "\n" + traceback.trimmingCharacters(in: .newlines)
      return GymnasiumError(kind, text + lines)
    }
  }

  /// The result of a request.
  enum Outcome {
    case done([UInt8])
    case fault(Fault)
  }

  private let child: ChildProcess
  private let executable: String
  private let life: SystemCalls.Pipe
  private var log = ProcessLog()
  /// The number of requests sent; the program and its settings are the first one.
  private var sentCount = 1
  /// The number of replies read.
  private var receivedCount = 0
  /// Faults in replies that were read before they were waited for, by request number.
  private var early: [Int: Outcome] = [:]
  private var entries = Array(repeating: pollfd(fd: -1, events: 0, revents: 0), count: 2)

  /// The interval in milliseconds at which a Python process that does not answer is checked.
  private static let patienceMilliseconds: Int32 = 200

  /// The time in seconds after which a slow start is reported.
  private static let startSeconds = 10.0

  /// The time in seconds between SIGTERM and SIGKILL.
  private static let terminationSeconds = 1.0

  private let limits: TimeLimits
  private let environment: String
  private let marker: OwnedPositionMarker
  /// The current work outside of requests: starting, making or closing.
  private var place = PositionMarker.Position(.starting, environment: 0)
  /// True after an environment failed.
  ///
  /// Its mark stays in place while the other environments are closed.
  private var hasFailed = false
  /// The time at which a slow start is reported; nil if the start is over or a learner watches it.
  private var startIsLong: UInt64?

  /// The time limits for Python's work on one environment.
  struct TimeLimits {
    /// The time in seconds without an answer after which Python is killed; nil for no limit.
    var answering: Double?
    /// The time in seconds for closing an environment; nil for no limit.
    var closing: Double? = EnvironmentConfiguration.usualCloseTimeoutSeconds
  }

  /// Starts Python and sends it the bridge and the settings.
  ///
  /// - Parameters:
  ///   - python: the path of the interpreter.
  ///   - settings: the settings for the bridge.
  ///   - limits: the time limits.
  ///   - marker: marks the environment that is made or closed.
  /// - Throws: `GymnasiumError` if the interpreter cannot be started, `OpenFileLimitError`,
  ///   `SystemError`.
  init(
    python: String, settings: Settings, limits: TimeLimits = TimeLimits(),
    marker: OwnedPositionMarker = .unread
  ) throws {
    executable = python
    self.limits = limits
    self.marker = marker
    environment = settings.id
    if limits.answering != nil {
      startIsLong = SystemCalls.monotonicNanoseconds() + UInt64(Self.startSeconds * 1e9)
    }
    marker.position.mark(.starting, environment: 0)
    life = try SystemCalls.pipe()
    do {
      // Many workers share the processor. A thread pool of a library in each would slow them down.
      child = try ChildProcess(
        executable: python, arguments: ["-c", BridgeProgram.loader],
        defaults: ["OMP_NUM_THREADS": "1"], changes: PythonInterpreter.modulePath)
    } catch let error as OpenFileLimitError {
      throw error
    } catch {
      throw GymnasiumError(.python, "\(python) cannot be started: \(error)")
    }
    entries[0] = pollfd(fd: child.output, events: Int16(POLLIN), revents: 0)
    entries[1] = pollfd(fd: child.log, events: Int16(POLLIN), revents: 0)
    SystemCalls.ignoreBrokenPipes()
    var settings = settings
    settings.life = life.readEnd.rawValue
    let program = Array(BridgeProgram.source.utf8)
    write(Array("\(program.count)\n".utf8) + program + Self.json(settings) + Array("\n".utf8))
  }

  deinit {
    close()
  }

  /// The pid of the Python process.
  var pid: Int32 { child.pid }

  /// Sends a request for a range of environments.
  ///
  /// - Returns: the request's number, for `receive`.
  @discardableResult
  func send(_ request: Request, _ range: Range<Int>) -> Int {
    // If Python has ended, waiting for its reply reports a more precise error.
    try? SystemCalls.writeAll(
      child.input, request.rawValue, UInt32(range.lowerBound), UInt32(range.upperBound))
    sentCount += 1
    return sentCount
  }

  /// Sends the description of the memory.
  func attach(_ place: some Encodable) {
    let text = Self.json(place)
    send(.attach, text.count..<text.count)
    write(text)
  }

  /// Waits for the reply to a request, and keeps faults in replies to earlier ones.
  ///
  /// - Parameters:
  ///   - number: the request's number; nil for the last request.
  ///   - whileWaiting: returns the environment that Python works on; called at intervals, and once
  ///     if Python has ended.
  /// - Throws: `GymnasiumError` if Python ended, was killed, or was interrupted during its start;
  ///   `SystemError`.
  func receive(
    _ number: Int? = nil, whileWaiting: (() -> PositionMarker.Position?)? = nil
  ) throws -> Outcome {
    let whileWaiting = whileWaiting ?? { [unowned self] in place }
    let number = number ?? sentCount
    while receivedCount < number {
      let outcome = try receiveNext(whileWaiting)
      receivedCount += 1
      if receivedCount == number { return outcome }
      if case .fault = outcome { early[receivedCount] = outcome }
    }
    // Python continues after a fault, so the reply to this request may have been read before.
    return early.isEmpty ? .done([]) : early.removeValue(forKey: number) ?? .done([])
  }

  private typealias Watch = () -> PositionMarker.Position?

  private func receiveNext(_ whileWaiting: Watch) throws -> Outcome {
    while true {
      try waitForReply(whileWaiting)
      if let outcome = try readReply(whileWaiting) { return outcome }
    }
  }

  /// Reads one message from Python.
  ///
  /// - Returns: nil if it is not a reply but names the environment that Python makes or closes now.
  private func readReply(_ whileWaiting: Watch) throws -> Outcome? {
    let (outcome, count) = try readPair(whileWaiting)
    guard count > 0 else { return .done([]) }
    if outcome == 2 {
      let (activity, environment) = try readPair(whileWaiting)
      place = PositionMarker.Position(
        activity == 0 ? .making : .closing, environment: Int(environment))
      mark()
      return nil
    }
    var data = [UInt8](repeating: 0, count: Int(count))
    guard try SystemCalls.readAll(child.output, into: &data) else { throw death(whileWaiting) }
    if outcome == 0 { return .done(data) }
    noteFault()
    return .fault(try Self.decode(Fault.self, data))
  }

  /// Notes that an environment failed, so its mark stays in place.
  func noteFault() { hasFailed = true }

  /// Decodes JSON from the bridge.
  ///
  /// - Throws: `GymnasiumError` if the JSON is invalid.
  static func decode<Value: Decodable>(
    _ type: Value.Type, _ text: [UInt8]
  ) throws(GymnasiumError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(text))
    } catch {
      throw GymnasiumError(
        .process,
        "the Python bridge sent '\(String(decoding: text, as: UTF8.self))', "
          + "which cannot be decoded: \(error)")
    }
  }

  // MARK: Waiting

  private func waitForReply(_ whileWaiting: Watch) throws {
    var began = SystemCalls.monotonicNanoseconds()
    var seen: PositionMarker.Position?
    while true {
      let ready = try SystemCalls.poll(&entries, timeoutMilliseconds: Self.patienceMilliseconds)
      try leaveStart()
      if entries[1].revents != 0 { forwardLog() }
      if entries[0].revents != 0 { return }
      let now = SystemCalls.monotonicNanoseconds()
      // An environment that logs continuously may hang as well.
      guard ready == 0 || Double(now - began) / 1e9 >= limits.answering ?? .infinity else {
        continue
      }
      // The limit applies to each environment, not to the batch.
      let place = whileWaiting()
      if place != seen { (seen, began) = (place, now) }
      sayLongStart(now)
      // A process that Python started may hold the pipe open.
      if child.waitForEnd(seconds: 0) != nil { throw death(whileWaiting) }
      if let limit = limits.answering, Double(now - began) / 1e9 >= limit {
        child.sendToGroup(SIGKILL)
        _ = child.waitForEnd(seconds: 10)
        let activity = place.map { $0.activity == .stepping ? "" : " \($0.phrase)" } ?? ""
        throw GymnasiumError(
          .process,
          """
          \(executable) (pid \(pid)) was killed because it did not answer for \
          \(limit) s\(activity): give a longer --hang-timeout if the environment needs it
          """)
      }
    }
  }

  /// Interrupts the start if a signal asked this process to stop.
  ///
  /// Importing modules and making environments may take any time. Later waits are interrupted by
  /// the code that steps the environments.
  private func leaveStart() throws(GymnasiumError) {
    guard receivedCount == 0, StopSignals.requested.load(ordering: .relaxed) != 0 else { return }
    throw GymnasiumError(.process, "\(executable) (pid \(pid)) was interrupted while it started")
  }

  /// Reports a slow start once, if no learner watches this process.
  private func sayLongStart(_ now: UInt64) {
    guard let limit = startIsLong, now >= limit else { return }
    startIsLong = nil
    Self.say("gym:\(environment) is still \(place.progress) after \(Int(Self.startSeconds)) s")
  }

  /// Notes that the start is over.
  func finishStart() { startIsLong = nil }

  /// Tells Python to close its environments and end, and kills it if one exceeds the limit.
  private func close() {
    guard child.waitForEnd(seconds: 0) == nil else { return forwardLog() }
    if place.activity == .starting {
      // No environment exists yet, so none needs to be closed.
      child.sendToGroup(SIGKILL)
      _ = child.waitForEnd(seconds: 10)
      return forwardLog()
    }
    place = PositionMarker.Position(.closing, environment: 0)
    mark()
    child.closeInput()
    if !waitUntilClosed(), let limit = limits.closing {
      Self.say(
        """
        \(executable) (pid \(pid)) was killed \(place.phrase) of gym:\(environment), which took \
        more than \(Self.seconds(limit)) s: give a longer --close-timeout
        """)
      child.sendToGroup(SIGTERM)
      _ = child.waitForEnd(seconds: Self.terminationSeconds)
      child.sendToGroup(SIGKILL)
      _ = child.waitForEnd(seconds: 10)
    }
    forwardLog()
  }

  private func mark() {
    if !hasFailed { marker.position.mark(place.activity, environment: place.environment) }
  }

  /// Waits until Python has ended.
  ///
  /// - Returns: false if an environment exceeded the limit for closing, or waiting failed.
  private func waitUntilClosed() -> Bool {
    var began = SystemCalls.monotonicNanoseconds()
    while child.waitForEnd(seconds: 0) == nil {
      if let limit = limits.closing,
        Double(SystemCalls.monotonicNanoseconds() - began) / 1e9 >= limit
      {
        return false
      }
      guard let ready = try? SystemCalls.poll(&entries, timeoutMilliseconds: 20) else {
        return false
      }
      // A full log pipe would keep Python from ending.
      if entries[1].revents != 0 { forwardLog() }
      guard ready > 0, entries[0].revents != 0 else { continue }
      let earlier = place
      do {
        _ = try readReply { nil }
      } catch {
        // The output is closed. Python ends at once, or its end has been detected already.
        return child.waitForEnd(seconds: limits.closing ?? .infinity) != nil
      }
      if place != earlier { began = SystemCalls.monotonicNanoseconds() }
    }
    return true
  }

  private static func seconds(_ value: Double) -> String {
    value == value.rounded() && value < 1e9 ? "\(Int(value))" : "\(value)"
  }

  private func readPair(_ whileWaiting: Watch) throws -> (UInt32, UInt32) {
    guard let pair = try SystemCalls.readPair(child.output) else { throw death(whileWaiting) }
    return pair
  }

  /// Returns an error with Python's exit status and last log lines.
  private func death(_ whileWaiting: Watch) -> GymnasiumError {
    _ = whileWaiting()
    var how = "closed its output and did not end"
    switch child.waitForEnd(seconds: 2) {
    case .exited(let code): how = "exited with code \(code)"
    case .killed(let signal): how = "was killed by signal \(signal) (\(signalName(signal)))"
    case nil: break
    }
    // The processes that Python started must not outlive it.
    child.sendToGroup(SIGKILL)
    forwardLog()
    log.flush { Self.say($0) }
    let words =
      log.lastWords.isEmpty ? "" : "; its last words: \(log.lastWords.joined(separator: " | "))"
    return GymnasiumError(.process, "\(executable) (pid \(pid)) \(how)\(words)")
  }

  private func forwardLog() {
    let isOpen = child.takeLog { bytes in log.take(bytes) { Self.say($0) } }
    // poll would report a closed log as ready every time.
    if !isOpen { entries[1].fd = -1 }
  }

  private static func say(_ line: String) {
    // An error cannot be reported if standard error is closed.
    try? SystemCalls.writeAll(STDERR_FILENO, Array("\(line)\n".utf8))
  }

  // MARK: Writing

  private func write(_ bytes: [UInt8]) {
    // If Python has ended, waiting for its reply reports a more precise error.
    try? SystemCalls.writeAll(child.input, bytes)
  }

  private static func json(_ value: some Encodable) -> [UInt8] {
    guard let data = try? JSONEncoder().encode(value) else {
      preconditionFailure("\(value) cannot be encoded as JSON")
    }
    return [UInt8](data)
  }
}

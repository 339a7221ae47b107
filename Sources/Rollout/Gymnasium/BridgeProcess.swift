import Foundation
import Glibc

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

  /// The result of a request.
  enum Outcome {
    case done([UInt8])
    case fault(Fault)
  }

  let child: ChildProcess
  let executable: String
  private let life: SystemCalls.Pipe
  var log = ProcessLog()
  /// The number of requests sent; the program and its settings are the first one.
  private var sentCount = 1
  /// The number of replies read.
  var receivedCount = 0
  /// Faults in replies that were read before they were waited for, by request number.
  private var early: [Int: Outcome] = [:]
  var entries = Array(repeating: pollfd(fd: -1, events: 0, revents: 0), count: 2)

  let limits: TimeLimits
  let environment: String
  let marker: OwnedPositionMarker
  /// The current work outside of requests: starting, making or closing.
  var place = PositionMarker.Position(.starting, environment: 0)
  /// True after an environment failed.
  ///
  /// Its mark stays in place while the other environments are closed.
  var hasFailed = false
  /// The time at which a slow start is reported; nil if the start is over or a learner watches it.
  var startIsLong: UInt64?

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

  typealias Watch = () -> PositionMarker.Position?

  private func receiveNext(_ whileWaiting: Watch) throws -> Outcome {
    while true {
      try waitForReply(whileWaiting)
      if let outcome = try readReply(whileWaiting) { return outcome }
    }
  }

  /// Reads one message from Python.
  ///
  /// - Returns: nil if it is not a reply but names the environment that Python makes or closes now.
  func readReply(_ whileWaiting: Watch) throws -> Outcome? {
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

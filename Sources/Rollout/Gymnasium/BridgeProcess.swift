import Foundation
import Glibc
import Synchronization

/// A Python process that runs the bridge: requests go in, replies come out, in order.
///
/// Whoever uses it waits for the reply to each request. It ends with its owner.
final class BridgeProcess {
  /// What can be asked for; the numbers are those of the bridge.
  enum Request: UInt32 {
    case attach = 0
    case reset = 1
    case step = 2
    case picture = 3
    case finalPicture = 4
  }

  /// What the bridge is told first.
  struct Settings: Encodable {
    /// The environment's name as Gymnasium knows it, with the module to import.
    var id: String
    /// B.
    var count: Int
    /// `nil` for the registered limit, 0 for none.
    var limit: Int?
    /// Whether pictures will be asked for.
    var rendering: Bool
    /// True where `info["lives"]` must be a number of lives.
    var needsLives = false
    /// This process.
    var process = SystemCalls.processIdentifier
    /// Where the end of the pipe lies that closes with this process.
    var life: Int32 = -1

    init(id: String, count: Int, limit: Int?, rendering: Bool, needsLives: Bool = false) {
      (self.id, self.count, self.limit, self.rendering) = (id, count, limit, rendering)
      self.needsLives = needsLives
    }
  }

  /// What went wrong in Python, as it says itself.
  struct Fault: Decodable {
    var kind: GymnasiumError.Kind
    var text: String
    var traceback: String
    /// −1 for none in particular.
    var environment: Int
    /// What was asked of the environment: `step`, `reset`, `reset after step` or `render`.
    var phase: String

    var error: GymnasiumError {
      let lines = traceback.isEmpty ? "" : "\n" + traceback.trimmingCharacters(in: .newlines)
      return GymnasiumError(kind, text + lines)
    }
  }

  /// What came of a request.
  enum Outcome {
    case done([UInt8])
    case fault(Fault)
  }

  private let child: ChildProcess
  private let executable: String
  private let life: SystemCalls.Pipe
  private var log = ProcessLog()
  /// How many requests were sent, of which the program and its settings are the first.
  private var sentCount = 1
  /// How many replies were read.
  private var receivedCount = 0
  /// What came of requests whose reply was read before anybody waited for it, by number; not of those that went well.
  private var early: [Int: Outcome] = [:]
  private let entries: UnsafeMutableBufferPointer<pollfd>

  /// How often it is looked after a Python that does not answer.
  private static let patienceMilliseconds: Int32 = 200

  /// Seconds that a start-up takes before it is said.
  private static let startSeconds = 10.0

  /// Seconds that a process has to end between SIGTERM and SIGKILL.
  private static let terminationSeconds = 1.0

  private let limits: TimeLimits
  private let environment: String
  private let marker: OwnedPositionMarker
  /// The work outside of any request: starting, making or closing.
  private var place = PositionMarker.Position(.starting, environment: 0)
  /// True once an environment failed, whose place stays marked while the others are closed.
  private var hasFailed = false
  /// The time to say that the start-up takes long; nil when it is over, or a learner watches it.
  private var startIsLong: UInt64?

  /// The time that Python has for one environment.
  struct TimeLimits {
    /// Seconds without an answer, for one environment, after which Python is killed; nil for never.
    var answering: Double?
    /// Seconds that closing one environment may take; nil for any.
    var closing: Double? = EnvironmentChoice.usualClosePatience
  }

  /// Starts Python and hands it the bridge.
  ///
  /// - Parameters:
  ///   - python: the interpreter.
  ///   - settings: what it is told first.
  ///   - limits: the time that it has.
  ///   - marker: where the making and closing of environments is marked.
  /// - Throws: `GymnasiumError` when the interpreter cannot be started, `SystemError`.
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
      // Many workers share the processor: a library's pool of threads in each would only be in the way.
      child = try ChildProcess(
        executable: python, arguments: ["-c", BridgeProgram.loader],
        defaults: ["OMP_NUM_THREADS": "1"], changes: PythonInterpreter.modulePath)
    } catch let error as OpenFileLimitError {
      throw error
    } catch {
      throw GymnasiumError(.python, "\(python) cannot be started: \(error)")
    }
    entries = .allocate(capacity: 2)
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
    entries.deallocate()
  }

  /// The process's number.
  var pid: Int32 { child.pid }

  /// Asks for something for a range of environments.
  ///
  /// - Returns: the request's number, to wait for the reply by.
  @discardableResult
  func send(_ request: Request, _ range: Range<Int>) -> Int {
    withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 3) { words in
      words[0] = request.rawValue.littleEndian
      words[1] = UInt32(range.lowerBound).littleEndian
      words[2] = UInt32(range.upperBound).littleEndian
      write(UnsafeRawBufferPointer(words))
    }
    sentCount += 1
    return sentCount
  }

  /// Tells where the memory is.
  func attach(_ place: some Encodable) {
    let text = Self.json(place)
    send(.attach, text.count..<text.count)
    write(text)
  }

  /// Waits for the reply to a request, past those to earlier ones, which are kept.
  ///
  /// - Parameters:
  ///   - number: the request's; that of the last one when it is nil.
  ///   - whileWaiting: called now and then, and once when Python ended instead; says which
  ///     environment Python is at work on.
  /// - Throws: `GymnasiumError` when Python ended.
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
    // Python goes on after a fault, so that what was asked for meanwhile may have been answered long ago.
    return early.isEmpty ? .done([]) : early.removeValue(forKey: number) ?? .done([])
  }

  private typealias Watch = () -> PositionMarker.Position?

  private func receiveNext(_ whileWaiting: Watch) throws -> Outcome {
    while true {
      try waitForReply(whileWaiting)
      if let outcome = try readReply(whileWaiting) { return outcome }
    }
  }

  /// Reads what Python wrote.
  ///
  /// - Returns: nil when it is no reply, but the environment that Python makes or closes now.
  private func readReply(_ whileWaiting: Watch) throws -> Outcome? {
    try withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 2) { head in
      try read(into: UnsafeMutableRawBufferPointer(head), whileWaiting)
      let (outcome, count) = (UInt32(littleEndian: head[0]), Int(UInt32(littleEndian: head[1])))
      guard count > 0 else { return .done([]) }
      if outcome == 2 {
        try read(into: UnsafeMutableRawBufferPointer(head), whileWaiting)
        place = PositionMarker.Position(
          head[0] == 0 ? .making : .closing, environment: Int(UInt32(littleEndian: head[1])))
        mark()
        return nil
      }
      let data = try [UInt8](unsafeUninitializedCapacity: count) { buffer, initializedCount in
        try read(into: UnsafeMutableRawBufferPointer(buffer), whileWaiting)
        initializedCount = count
      }
      if outcome == 0 { return .done(data) }
      noteFault()
      return .fault(try Self.decode(Fault.self, data))
    }
  }

  /// Notes that an environment failed.
  func noteFault() { hasFailed = true }

  /// Reads JSON of the bridge.
  ///
  /// - Throws: `GymnasiumError` when it is none.
  static func decode<Value: Decodable>(
    _ type: Value.Type, _ text: [UInt8]
  ) throws(GymnasiumError) -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(text))
    } catch {
      throw GymnasiumError(
        .process, "the Python bridge said '\(String(decoding: text, as: UTF8.self))': \(error)")
    }
  }

  // MARK: Waiting

  private func waitForReply(_ whileWaiting: Watch) throws {
    var began = SystemCalls.monotonicNanoseconds()
    var seen: PositionMarker.Position?
    while true {
      let ready = try SystemCalls.poll(entries, timeoutMilliseconds: Self.patienceMilliseconds)
      try leaveStart()
      if entries[1].revents != 0 { forwardLog() }
      if entries[0].revents != 0 { return }
      let now = SystemCalls.monotonicNanoseconds()
      // An environment that logs all the time may hang as well.
      guard ready == 0 || Double(now - began) / 1e9 >= limits.answering ?? .infinity else {
        continue
      }
      // The limit is for one environment, and not for the batch.
      let place = whileWaiting()
      if place != seen { (seen, began) = (place, now) }
      sayLongStart(now)
      // A process that it started may hold the pipe open.
      if child.waitForEnd(seconds: 0) != nil { throw death(whileWaiting) }
      if let patience = limits.answering, Double(now - began) / 1e9 >= patience {
        child.sendToGroup(SIGKILL)
        _ = child.waitForEnd(seconds: 10)
        let activity = place.map { $0.activity == .stepping ? "" : " \($0.phrase)" } ?? ""
        throw GymnasiumError(
          .process,
          """
          \(executable) (pid \(pid)) was killed because it did not answer for \(patience) s\(activity): \
          give a longer --hang-timeout if the environment needs it
          """)
      }
    }
  }

  /// Breaks the start off if a signal asked this process to stop.
  ///
  /// Importing modules and making environments may take any time. Later waits are broken off by
  /// those who step the environments.
  private func leaveStart() throws(GymnasiumError) {
    guard receivedCount == 0, StopSignals.requested.load(ordering: .relaxed) != 0 else { return }
    throw GymnasiumError(.process, "\(executable) (pid \(pid)) was interrupted while it started")
  }

  /// Says once that making environments takes long, where no learner watches over this process.
  private func sayLongStart(_ now: UInt64) {
    guard let limit = startIsLong, now >= limit else { return }
    startIsLong = nil
    Self.say("after \(Int(Self.startSeconds)) s gym:\(environment) is still \(place.progress)")
  }

  /// Notes that all environments are made.
  func finishStart() { startIsLong = nil }

  /// Has Python close its environments, and ends it where one takes longer than it may.
  private func close() {
    guard child.waitForEnd(seconds: 0) == nil else { return forwardLog() }
    if place.activity == .starting {
      // There is no environment yet that would have to be closed.
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
        \(executable) (pid \(pid)) was killed \(place.phrase) of gym:\(environment), which took more \
        than \(Self.seconds(limit)) s: give a longer --close-timeout
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

  /// Waits until Python has ended; whether it did, with no environment taking longer than it may.
  private func waitUntilClosed() -> Bool {
    var began = SystemCalls.monotonicNanoseconds()
    while child.waitForEnd(seconds: 0) == nil {
      if let limit = limits.closing,
        Double(SystemCalls.monotonicNanoseconds() - began) / 1e9 >= limit
      {
        return false
      }
      guard let ready = try? SystemCalls.poll(entries, timeoutMilliseconds: 20) else {
        return false
      }
      // A full log would keep Python from ending.
      if entries[1].revents != 0 { forwardLog() }
      guard ready > 0, entries[0].revents != 0 else { continue }
      let earlier = place
      do {
        _ = try readReply { nil }
      } catch {
        // The output is closed, and Python ends this instant, or its death was found out already.
        return child.waitForEnd(seconds: limits.closing ?? .infinity) != nil
      }
      if place != earlier { began = SystemCalls.monotonicNanoseconds() }
    }
    return true
  }

  private static func seconds(_ value: Double) -> String {
    value == value.rounded() && value < 1e9 ? "\(Int(value))" : "\(value)"
  }

  private func read(
    into buffer: UnsafeMutableRawBufferPointer, _ whileWaiting: Watch
  ) throws {
    var done = 0
    while done < buffer.count {
      let rest = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = try SystemCalls.read(child.output, into: rest)
      if count == 0 { throw death(whileWaiting) }
      done += count
    }
  }

  /// Says how Python ended, with its last words.
  private func death(_ whileWaiting: Watch) -> GymnasiumError {
    _ = whileWaiting()
    var how = "closed its output and did not end"
    switch child.waitForEnd(seconds: 2) {
    case .exited(let code): how = "exited with code \(code)"
    case .killed(let signal): how = "was killed by signal \(signal) (\(signalName(signal)))"
    case nil: break
    }
    // The processes that it started do not stay behind.
    child.sendToGroup(SIGKILL)
    forwardLog()
    log.flush { Self.say($0) }
    let words =
      log.lastWords.isEmpty ? "" : "; its last words: \(log.lastWords.joined(separator: " | "))"
    return GymnasiumError(.process, "\(executable) (pid \(pid)) \(how)\(words)")
  }

  private func forwardLog() {
    let isOpen = child.takeLog { bytes in log.take(bytes) { Self.say($0) } }
    // A closed log would be ready for ever.
    if !isOpen { entries[1].fd = -1 }
  }

  private static func say(_ line: String) {
    // There is nobody to tell when standard error is gone.
    _ = Array("\(line)\n".utf8).withUnsafeBytes { try? SystemCalls.writeAll(STDERR_FILENO, $0) }
  }

  // MARK: Writing

  private func write(_ bytes: [UInt8]) { bytes.withUnsafeBytes { write($0) } }

  private func write(_ bytes: UnsafeRawBufferPointer) {
    // A Python that is gone is noticed when its reply is waited for, which tells more.
    _ = try? SystemCalls.writeAll(child.input, bytes)
  }

  private static func json(_ value: some Encodable) -> [UInt8] {
    guard let data = try? JSONEncoder().encode(value) else {
      preconditionFailure("no JSON of \(value)")
    }
    return [UInt8](data)
  }
}

import Foundation
import Glibc
import Synchronization

extension BridgeProcess {
  /// The interval in milliseconds at which a Python process that does not answer is checked.
  private static let patienceMilliseconds: Int32 = 200

  /// The time in seconds after which a slow start is reported.
  static let startSeconds = 10.0

  /// The time in seconds between SIGTERM and SIGKILL.
  private static let terminationSeconds = 1.0

  func waitForReply(_ whileWaiting: Watch) throws {
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
  func close() {
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

  func mark() {
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

  func readPair(_ whileWaiting: Watch) throws -> (UInt32, UInt32) {
    guard let pair = try SystemCalls.readPair(child.output) else { throw death(whileWaiting) }
    return pair
  }

  /// Returns an error with Python's exit status and last log lines.
  func death(_ whileWaiting: Watch) -> GymnasiumError {
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
    // Until the environments are made, libraries say the same for each of them.
    let isStarting = receivedCount < 2
    let isOpen = child.takeLog { bytes in
      log.take(bytes, repeats: isStarting) { Self.say($0) }
    }
    // poll would report a closed log as ready every time.
    if !isOpen { entries[1].fd = -1 }
  }

  private static func say(_ line: String) {
    // An error cannot be reported if standard error is closed.
    try? SystemCalls.writeAll(STDERR_FILENO, Array("\(line)\n".utf8))
  }
}

import Foundation
import Learner
import Rollout

/// The ranks of a run as threads of this process, for tests of what ranks do together.
///
/// Sums are in the order of the ranks. A call fails if the ranks call different functions, if one
/// of them has ended, or if one of them does not come in time; the error names ranks and calls.
final class InProcessRanks: Ranks {
  let rank: Int
  let count: Int
  let hostCount = 1
  let library: String? = "threads of one process"
  private let meeting: Meeting

  private init(rank: Int, meeting: Meeting) {
    self.rank = rank
    count = meeting.rankCount
    self.meeting = meeting
  }

  /// Runs `body` once for each rank, each in a thread of its own, and returns the results in order.
  ///
  /// - Throws: the error of the lowest rank that failed.
  static func run<Value: Sendable>(
    _ rankCount: Int, timeoutSeconds: Double = 60,
    _ body: @escaping @Sendable (InProcessRanks) throws -> Value
  ) throws -> [Value] {
    try outcomes(rankCount, timeoutSeconds: timeoutSeconds, body).map { try $0.get() }
  }

  /// Runs `body` once for each rank and returns results and errors in order.
  ///
  /// A rank that called ``abort(code:)`` has an ``Aborted`` as its error.
  static func outcomes<Value: Sendable>(
    _ rankCount: Int, timeoutSeconds: Double = 60,
    _ body: @escaping @Sendable (InProcessRanks) throws -> Value
  ) -> [Result<Value, any Error>] {
    let meeting = Meeting(rankCount: rankCount, timeoutSeconds: timeoutSeconds)
    for rank in 0..<rankCount {
      let thread = Thread {
        let outcome = Result { try body(InProcessRanks(rank: rank, meeting: meeting)) }
        meeting.end(rank, outcome.map { $0 })
      }
      thread.stackSize = 8 << 20
      thread.start()
    }
    return meeting.awaitOutcomes().map { outcome in
      outcome.flatMap { value in
        Result { try (value as? Value).unwrapped() }
      }
    }
  }

  func sum(_ values: FlatVector<Float>, attend: () -> Void) throws(RankError) {
    let all = try meeting.exchange(
      values.elements, of: rank, in: "sum of \(values.count) Float", attend)
    for index in 0..<values.count {
      values[index] = all.dropFirst().reduce(all[0][index]) { $0 + $1[index] }
    }
  }

  func sum(_ values: FlatVector<Double>, attend: () -> Void) throws(RankError) {
    let all = try meeting.exchange(
      values.elements, of: rank, in: "sum of \(values.count) Double", attend)
    for index in 0..<values.count {
      values[index] = all.dropFirst().reduce(all[0][index]) { $0 + $1[index] }
    }
  }

  func broadcast(_ bytes: [UInt8]) throws(RankError) -> [UInt8] {
    try meeting.exchange(bytes, of: rank, in: "broadcast", {})[0]
  }

  func gather(_ bytes: [UInt8]) throws(RankError) -> [[UInt8]] {
    let all = try meeting.exchange(bytes, of: rank, in: "gather", {})
    return rank == 0 ? all : []
  }

  func leave() {}

  /// Records the code; the other ranks' calls fail, and this thread sleeps until the process ends.
  func abort(code: Int32) -> Never {
    meeting.end(rank, .failure(Aborted(code: code)))
    while true { sleep(.max) }
  }

  /// The error of a rank that ended all ranks.
  struct Aborted: Error, Equatable {
    let code: Int32
  }
}

/// The place where the threads meet.
private final class Meeting: @unchecked Sendable {
  let rankCount: Int
  private let timeoutSeconds: Double
  private let condition = NSCondition()
  // The condition's lock protects these.
  private var calls: [(name: String, value: any Sendable)?]
  private var readerCount = 0
  private var outcomes: [Result<any Sendable, any Error>?]

  init(rankCount: Int, timeoutSeconds: Double) {
    self.rankCount = rankCount
    self.timeoutSeconds = timeoutSeconds
    calls = Array(repeating: nil, count: rankCount)
    outcomes = Array(repeating: nil, count: rankCount)
  }

  /// Returns the values of all ranks when all have called.
  func exchange<Value: Sendable>(
    _ value: Value, of rank: Int, in name: String, _ attend: () -> Void
  ) throws(RankError) -> [Value] {
    condition.lock()
    defer { condition.unlock() }
    let deadline = Date(timeIntervalSinceNow: timeoutSeconds)
    // The values of the exchange before this one are still being read.
    try wait(rank, in: name, until: deadline, attend) { readerCount == 0 }
    calls[rank] = (name, value)
    if calls.allSatisfy({ $0 != nil }) { readerCount = rankCount }
    condition.broadcast()
    try wait(rank, in: name, until: deadline, attend) { readerCount > 0 }
    let values = calls.compactMap { $0?.name == name ? $0?.value as? Value : nil }
    let names = calls.enumerated().map { "rank \($0) in \($1?.name ?? "no call")" }
    readerCount -= 1
    if readerCount == 0 { calls = Array(repeating: nil, count: rankCount) }
    condition.broadcast()
    guard values.count == rankCount else {
      throw RankError("ranks differ in what they call: \(names.joined(separator: ", "))")
    }
    return values
  }

  private func wait(
    _ rank: Int, in name: String, until deadline: Date, _ attend: () -> Void,
    _ isReady: () -> Bool
  ) throws(RankError) {
    while !isReady() {
      for (other, outcome) in outcomes.enumerated() {
        guard let outcome, calls[other] == nil else { continue }
        throw RankError("rank \(rank) waits in \(name), but rank \(other) has ended: \(outcome)")
      }
      guard Date() < deadline else {
        let missing = (0..<rankCount).filter { calls[$0] == nil }
        throw RankError("rank \(rank) waited too long in \(name) for ranks \(missing)")
      }
      _ = condition.wait(until: Date(timeIntervalSinceNow: 0.001))
      condition.unlock()
      attend()
      condition.lock()
    }
  }

  func end(_ rank: Int, _ outcome: Result<any Sendable, any Error>) {
    condition.withLock {
      outcomes[rank] = outcome
      condition.broadcast()
    }
  }

  func awaitOutcomes() -> [Result<any Sendable, any Error>] {
    condition.withLock {
      while outcomes.contains(where: { $0 == nil }) { condition.wait() }
      return outcomes.compactMap(\.self)
    }
  }
}

extension Optional {
  fileprivate func unwrapped() throws -> Wrapped {
    guard let self else { throw RankError("a result has another type than the body's") }
    return self
  }
}

import Rollout
import Testing

@testable import Learner

/// Tests of the choice between one thread and all, with times as a clock would give them.
struct ThreadChoiceTests {
  private let pool = ThreadPool(threadCount: 2, isAdaptive: true)
  /// The updates of a comparison if each turn has 20 of them.
  private let compared = 16 * 20

  /// Returns, for each of some updates, true if one thread makes it.
  ///
  /// - Parameters:
  ///   - one: nanoseconds from an update of one thread to the next update.
  ///   - all: the same of all threads.
  private func pauses(_ count: Int, one: UInt64, all: UInt64) throws -> [Bool] {
    var choice = try #require(ThreadChoice(pool))
    var now: UInt64 = 1_000_000_000
    return (0..<count).map { _ in
      choice.beginUpdate(at: now)
      now += pool.isPaused ? one : all
      return pool.isPaused
    }
  }

  @Test func `turns of 20 ms are made by one thread and by all`() throws {
    let pauses = try pauses(compared, one: 1_000_000, all: 1_000_000)
    let alternating = (0..<compared).map { $0 / 20 % 2 == 0 }
    #expect(pauses == alternating)
  }

  @Test func `a turn has at least four updates`() throws {
    let pauses = try pauses(64, one: 300_000_000, all: 300_000_000)
    let alternating = (0..<64).map { $0 / 4 % 2 == 0 }
    #expect(pauses == alternating)
  }

  @Test(arguments: [(UInt64(900_000), false), (970_000, true), (1_100_000, true)])
  func `all threads are kept if the pace gains more than a twentieth`(
    all: UInt64, isOne: Bool
  ) throws {
    // Turns of a faster pace have more updates.
    let pauses = try pauses(2 * compared, one: 1_000_000, all: all)
    #expect(pauses.suffix(200).allSatisfy { $0 == isOne })
  }

  @Test func `a fixed number of threads leaves no choice`() {
    #expect(ThreadChoice(ThreadPool(threadCount: 2)) == nil)
    #expect(ThreadChoice(ThreadPool(threadCount: 1, isAdaptive: true)) == nil)
    #expect(ThreadChoice(nil) == nil)
  }
}

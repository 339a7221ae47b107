import Rollout
import Testing

@testable import Learner

/// Tests that updates of an adaptive pool are made in one thread and in all, in turns of four.
struct ThreadChoiceTests {
  @Test func `turns of four updates alternate between one thread and all`() throws {
    let pool = ThreadPool(threadCount: 2, isAdaptive: true)
    var choice = try #require(ThreadChoice(pool))
    let pauses = (0..<64).map { _ in
      choice.begin()
      defer { choice.end() }
      return pool.isPaused
    }
    let alternating = (0..<64).map { $0 / 4 % 2 == 0 }
    #expect(pauses == alternating)
  }

  @Test func `a fixed number of threads leaves no choice`() {
    #expect(ThreadChoice(ThreadPool(threadCount: 2)) == nil)
    #expect(ThreadChoice(ThreadPool(threadCount: 1, isAdaptive: true)) == nil)
    #expect(ThreadChoice(nil) == nil)
  }
}

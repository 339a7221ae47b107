import Testing

@testable import Learner

/// Tests of the limits after which a worker is no longer replaced.
struct DeathCountsTests {
  @Test func `ten deaths of one worker without a fragment of its own are hopeless`() {
    var deaths = DeathCounts(workerCount: 100)
    for count in 1...DeathCounts.limit {
      // The other workers continue.
      deaths.note(7, DeathCounts.Death(isBarren: true, progress: UInt64(count)))
      #expect(deaths.isHopeless(7) == (count == DeathCounts.limit))
      #expect(!deaths.isHopeless(8))
    }
    deaths.note(7, DeathCounts.Death(isBarren: false, progress: 11))
    #expect(!deaths.isHopeless(7))
  }

  @Test func `deaths of all without a fragment of anybody's are hopeless, repetitions left aside`()
  {
    var deaths = DeathCounts(workerCount: 4)
    for count in 1...6 {
      deaths.note(count % 4, DeathCounts.Death(isBarren: true, progress: 5))
      deaths.note(count % 4, DeathCounts.Death(isBarren: true, repeats: true, progress: 5))
      #expect(!deaths.isHopeless(0))
    }
    deaths.note(3, DeathCounts.Death(isBarren: true, progress: 5))
    #expect(deaths.isHopeless(0))
    #expect(deaths.withoutProgress.total == 13)
    // A new fragment resets the count.
    deaths.note(3, DeathCounts.Death(isBarren: true, progress: 6))
    #expect(!deaths.isHopeless(0))
    #expect(deaths.withoutProgress.total == 1)
  }

  @Test func `the second death in a row ends repetition`() {
    var deaths = DeathCounts(workerCount: 1)
    for isBarren in [false, false, true, false, true, true] {
      deaths.note(0, DeathCounts.Death(isBarren: isBarren, progress: 0))
      #expect(deaths.endsRepetition(of: 0) == isBarren)
    }
  }

  @Test func `a worker that had nothing to fill is no reason to end or to begin new episodes`() {
    var deaths = DeathCounts(workerCount: 1)
    for second in 0..<100 {
      deaths.note(
        0,
        DeathCounts.Death(
          isBarren: true, isIdle: true, mayComeFromOutside: true, progress: 1,
          nanoseconds: UInt64(second) * 1_000_000_000))
      #expect(!deaths.isHopeless(0))
      #expect(!deaths.endsRepetition(of: 0))
    }
  }

  @Test func `signals from outside end a run only after ten seconds without progress`() {
    func kill(_ count: Int, everyMilliseconds interval: Int, progress: (Int) -> Int) -> Bool {
      var deaths = DeathCounts(workerCount: 4)
      for number in 0..<count {
        deaths.note(
          number % 4,
          DeathCounts.Death(
            isBarren: true, mayComeFromOutside: true, progress: UInt64(progress(number)),
            nanoseconds: UInt64(number * interval) * 1_000_000))
        if deaths.isHopeless(number % 4) { return true }
      }
      return false
    }
    // Ten a second: for less than ten seconds, with a fragment every five seconds, without any.
    #expect(!kill(100, everyMilliseconds: 100) { _ in 1 })
    #expect(!kill(10_000, everyMilliseconds: 100) { $0 / 50 })
    #expect(kill(102, everyMilliseconds: 100) { _ in 1 })
    // Few in a long time.
    #expect(!kill(6, everyMilliseconds: 60_000) { _ in 1 })
  }
}

import Testing

@testable import Learner

/// Tests of the limits after which a worker is no longer replaced.
struct DeathTollTests {
  @Test func `ten deaths of one worker without a fragment of its own are hopeless`() {
    var toll = DeathToll(workerCount: 100)
    for count in 1...DeathToll.limit {
      // The other workers continue.
      toll.note(7, DeathToll.Death(isBarren: true, progress: UInt64(count)))
      #expect(toll.isHopeless(7) == (count == DeathToll.limit))
      #expect(!toll.isHopeless(8))
    }
    toll.note(7, DeathToll.Death(isBarren: false, progress: 11))
    #expect(!toll.isHopeless(7))
  }

  @Test func `deaths of all without a fragment of anybody's are hopeless, repetitions left aside`()
  {
    var toll = DeathToll(workerCount: 4)
    for count in 1...6 {
      toll.note(count % 4, DeathToll.Death(isBarren: true, progress: 5))
      toll.note(count % 4, DeathToll.Death(isBarren: true, repeats: true, progress: 5))
      #expect(!toll.isHopeless(0))
    }
    toll.note(3, DeathToll.Death(isBarren: true, progress: 5))
    #expect(toll.isHopeless(0))
    #expect(toll.withoutProgress.total == 13)
    // A new fragment resets the count.
    toll.note(3, DeathToll.Death(isBarren: true, progress: 6))
    #expect(!toll.isHopeless(0))
    #expect(toll.withoutProgress.total == 1)
  }

  @Test func `the second death in a row ends repetition`() {
    var toll = DeathToll(workerCount: 1)
    for isBarren in [false, false, true, false, true, true] {
      toll.note(0, DeathToll.Death(isBarren: isBarren, progress: 0))
      #expect(toll.endsRepetition(of: 0) == isBarren)
    }
  }

  @Test func `a worker that had nothing to fill is no reason to end or to begin new episodes`() {
    var toll = DeathToll(workerCount: 1)
    for second in 0..<100 {
      toll.note(
        0,
        DeathToll.Death(
          isBarren: true, isIdle: true, mayComeFromOutside: true, progress: 1,
          nanoseconds: UInt64(second) * 1_000_000_000))
      #expect(!toll.isHopeless(0))
      #expect(!toll.endsRepetition(of: 0))
    }
  }

  @Test func `signals from outside end a run only after ten seconds without progress`() {
    func kill(_ count: Int, everyMilliseconds interval: Int, progress: (Int) -> Int) -> Bool {
      var toll = DeathToll(workerCount: 4)
      for number in 0..<count {
        toll.note(
          number % 4,
          DeathToll.Death(
            isBarren: true, mayComeFromOutside: true, progress: UInt64(progress(number)),
            nanoseconds: UInt64(number * interval) * 1_000_000))
        if toll.isHopeless(number % 4) { return true }
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

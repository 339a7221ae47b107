import Testing

@testable import Learner

/// Tests of the limits after which a worker is no longer replaced.
struct DeathTollTests {
  @Test func `ten deaths of one worker without a fragment of its own are hopeless`() {
    var toll = DeathToll(workerCount: 100)
    for count in 1...DeathToll.limit {
      // The other workers continue.
      toll.note(7, isBarren: true, repeats: false, fragments: UInt64(count))
      #expect(toll.isHopeless(7) == (count == DeathToll.limit))
      #expect(!toll.isHopeless(8))
    }
    toll.note(7, isBarren: false, repeats: false, fragments: 11)
    #expect(!toll.isHopeless(7))
  }

  @Test func `deaths of all without a fragment of anybody's are hopeless, repetitions left aside`()
  {
    var toll = DeathToll(workerCount: 4)
    for count in 1...6 {
      toll.note(count % 4, isBarren: true, repeats: false, fragments: 5)
      toll.note(count % 4, isBarren: true, repeats: true, fragments: 5)
      #expect(!toll.isHopeless(0))
    }
    toll.note(3, isBarren: true, repeats: false, fragments: 5)
    #expect(toll.isHopeless(0))
    // A new fragment resets the count.
    toll.note(3, isBarren: true, repeats: false, fragments: 6)
    #expect(!toll.isHopeless(0))
  }

  @Test func `the second death in a row ends repetition`() {
    var toll = DeathToll(workerCount: 1)
    for isBarren in [false, false, true, false, true, true] {
      toll.note(0, isBarren: isBarren, repeats: false, fragments: 0)
      #expect(toll.endsRepetition(of: 0) == isBarren)
    }
  }
}

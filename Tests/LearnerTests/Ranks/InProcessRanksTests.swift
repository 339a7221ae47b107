import Glibc
import Learner
import Rollout
import Testing

@Suite(.timeLimit(.minutes(10))) struct InProcessRanksTests {
  @Test func `sums are in the order of the ranks and equal at all of them`() throws {
    // With Float, 1 vanishes beside 2^25, unless both large numbers cancel first.
    let large = Float(1 << 25)
    let sums = try InProcessRanks.run(3) { ranks in
      let values = FlatVector([[large, 1][min(ranks.rank, 1)], Float(ranks.rank)])
      if ranks.rank == 2 { values[0] = -large }
      try ranks.sum(values) {}
      let numbers = FlatVector([Double(ranks.rank), 0.5])
      try ranks.sum(numbers) {}
      return (values.elements, numbers.elements)
    }
    for (values, numbers) in sums {
      #expect(values == [0, 3])
      #expect(numbers == [3, 1.5])
    }
  }

  @Test func `rank 0 is heard by all and hears all`() throws {
    let results = try InProcessRanks.run(3) { ranks in
      let own = [UInt8](repeating: UInt8(ranks.rank + 1), count: ranks.rank)
      return (try ranks.broadcast([UInt8(ranks.rank + 7)]), try ranks.gather(own))
    }
    #expect(results.map(\.0) == [[7], [7], [7]])
    #expect(results.map(\.1) == [[[], [2], [3, 3]], [], []])
  }

  @Test func `many exchanges follow each other, and waiting ranks attend`() throws {
    let attended = try InProcessRanks.run(2) { ranks in
      var attendedCount = 0
      for round in 0..<200 {
        let values = FlatVector([Float(round)])
        if ranks.rank == 1 && round == 100 { usleep(50_000) }
        try ranks.sum(values) { attendedCount += 1 }
        guard values[0] == Float(2 * round) else { throw RankError("\(values[0]) in \(round)") }
      }
      return attendedCount
    }
    #expect(attended[0] > 3)
  }

  @Test func `a rank that aborts or ends makes the calls of others fail`() {
    let aborted = InProcessRanks.outcomes(2) { ranks in
      if ranks.rank == 1 { ranks.abort(code: 3) }
      return try ranks.broadcast([])
    }
    #expect(throws: RankError.self) { try aborted[0].get() }
    #expect(throws: InProcessRanks.Aborted(code: 3)) { try aborted[1].get() }

    let unequal = InProcessRanks.outcomes(2) { ranks in
      if ranks.rank == 0 { _ = try ranks.gather([]) }
    }
    #expect(throws: RankError.self) { try unequal[0].get() }
    #expect(throws: Never.self) { try unequal[1].get() }
  }

  @Test func `ranks that call different functions are told so`() {
    let outcomes = InProcessRanks.outcomes(2) { ranks in
      if ranks.rank == 0 { _ = try ranks.gather([]) } else { _ = try ranks.broadcast([]) }
    }
    for outcome in outcomes {
      #expect {
        try outcome.get()
      } throws: {
        "\($0)".contains("rank 0 in gather, rank 1 in broadcast")
      }
    }
  }
}

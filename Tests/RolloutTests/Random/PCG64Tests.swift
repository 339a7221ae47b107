import Foundation
import Rollout
import TestSupport
import Testing

struct PCG64Tests {
  /// The seeds of the reference file; the largest needs two words.
  static let seeds: [UInt64] = [0, 1, 7, 42, 123, 9_223_372_036_854_775_813]

  func reference(_ seed: UInt64) throws -> Reference {
    try Reference("numpy_pcg64")["\(seed)"]
  }

  @Test(arguments: seeds)
  func `a seed mixes to NumPy's pool`(seed: UInt64) throws {
    let expected = try reference(seed)["pool"].numbers
    #expect(SeedSequence(seed).pool.map(Double.init) == expected)
  }

  @Test(arguments: seeds)
  func `raw words are NumPy's`(seed: UInt64) throws {
    var random = PCG64(seed: seed)
    for expected in try reference(seed)["raw"].elements {
      #expect(String(random.next()) == expected.string)
    }
  }

  @Test(arguments: seeds)
  func `numbers in the unit interval are NumPy's`(seed: UInt64) throws {
    var random = PCG64(seed: seed)
    for expected in try reference(seed)["random"].numbers {
      #expect(random.nextDouble() == expected)
    }
  }

  @Test(arguments: seeds)
  func `uniform numbers are NumPy's`(seed: UInt64) throws {
    // The file draws them after the four numbers of the test above.
    var random = PCG64(seed: seed)
    for _ in 0..<4 { _ = random.nextDouble() }
    for expected in try reference(seed)["uniform"].numbers {
      #expect(random.uniform(-0.05, 0.05) == expected)
    }
  }

  @Test(arguments: seeds)
  func `children by spawn key are NumPy's`(seed: UInt64) throws {
    for (index, child) in try reference(seed)["spawned_raw"].elements.enumerated() {
      var random = PCG64(SeedSequence(seed).child(UInt32(index)))
      for expected in child.elements { #expect(String(random.next()) == expected.string) }
      #expect(
        SeedSequence(seed, spawnKey: [UInt32(index)]) == SeedSequence(seed).child(UInt32(index)))
    }
  }

  @Test func `entropy longer than the pool is mixed in`() {
    // NumPy 2.4.6: SeedSequence(2**128 + 5), five words.
    let long = SeedSequence(entropy: [5, 0, 0, 0, 1])
    #expect(long.pool == [0xbf64_067a, 0xf5fc_6631, 0x81f9_c7b5, 0x1b71_a428])
    var random = PCG64(long)
    #expect(random.next() == 4_669_863_800_895_648_766)
    #expect(random.next() == 1_363_196_785_131_288_746)
    #expect(SeedSequence(entropy: [5, 0, 0, 0], spawnKey: [1]).pool == long.pool)
    #expect(SeedSequence(entropy: []).pool == SeedSequence(0).pool)
  }

  @Test func `a short seed pads itself before its key`() {
    #expect(SeedSequence(5, spawnKey: [1]).pool == SeedSequence(entropy: [5, 0, 0, 0, 1]).pool)
    #expect(SeedSequence(5, spawnKey: [1]).pool != SeedSequence(entropy: [5, 1]).pool)
  }

  @Test func `a stream goes on after a checkpoint`() throws {
    var random = PCG64(seed: 9_223_372_036_854_775_813)
    for _ in 0..<1000 { _ = random.next() }
    var restored = try JSONDecoder().decode(PCG64.self, from: JSONEncoder().encode(random))
    #expect(restored == random)
    for _ in 0..<10 { #expect(restored.next() == random.next()) }
  }

  @Test func `a damaged checkpoint is refused`() {
    for text in [#"{"state":[1],"increment":[0,1]}"#, #"{"state":[0,1],"increment":[0,2]}"#] {
      #expect(throws: DecodingError.self) {
        try JSONDecoder().decode(PCG64.self, from: Data(text.utf8))
      }
    }
  }
}

struct DistributionTests {
  @Test(arguments: [1, 2, 3, 7, 1000, Int.max])
  func `integers stay below their bound`(bound: Int) {
    var random = PCG64(seed: 1)
    for _ in 0..<1000 { #expect((0..<bound).contains(random.integer(below: bound))) }
  }

  @Test func `integers are equally likely`() {
    var random = PCG64(seed: 2)
    var counts = [Int](repeating: 0, count: 6)
    for _ in 0..<60_000 { counts[random.integer(below: 6)] += 1 }
    // Five standard deviations of a count: 5 · √(60 000 · 1/6 · 5/6) = 456.
    for count in counts { #expect(abs(count - 10_000) < 456) }
  }

  @Test func `floats lie in the unit interval`() {
    var random = PCG64(seed: 3)
    let numbers = (0..<10_000).map { _ in random.nextFloat() }
    #expect(numbers.allSatisfy { $0 >= 0 && $0 < 1 })
    // Five standard errors of the mean: 5 · √(1/12 / 10 000) = 0.0144.
    #expect(abs(numbers.reduce(0, +) / 10_000 - 0.5) < 0.0144)
  }

  @Test func `normal numbers have the moments of the normal distribution`() {
    var random = PCG64(seed: 4)
    let count = 200_000
    let numbers = (0..<count).map { _ in random.standardNormal() }
    func moment(_ power: Int) -> Double {
      numbers.map { number in (0..<power).reduce(1.0) { product, _ in product * number } }
        .reduce(0, +) / Double(count)
    }
    // Five standard errors; the k-th moment's is √((m_2k − m_k²) / count).
    #expect(abs(moment(1)) < 5 * (1.0 / 200_000).squareRoot())
    #expect(abs(moment(2) - 1) < 5 * (2.0 / 200_000).squareRoot())
    #expect(abs(moment(3)) < 5 * (15.0 / 200_000).squareRoot())
    #expect(abs(moment(4) - 3) < 5 * (96.0 / 200_000).squareRoot())
    #expect(numbers.allSatisfy { $0.isFinite })
  }
}

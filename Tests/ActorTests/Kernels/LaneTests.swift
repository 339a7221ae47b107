import Testing

@testable import Actor

/// Tests of the operations on single vectors, lane by lane.
struct `Lanes of a vector` {
  private func ends<S: KernelScalar>(_: S.Type) {
    var generator = SmallGenerator(seed: 40)
    for count in 0..<S.lanes {
      let x = Cells<S>(count: count, from: &generator)
      let loaded = S.loadFirst(count, x.read)
      for lane in 0..<S.lanes {
        #expect(loaded[lane] == (lane < count ? x.read[lane] : 0), "\(S.self), \(count)")
      }
      var vector = S.Vector(repeating: 0)
      for lane in 0..<S.lanes { vector[lane] = S(lane + 1) }
      let out = Cells<S>(count: count) { _ in .nan }
      S.storeFirst(count, out.pointer, vector)
      #expect(out.isIntact && out.values == (0..<count).map { S($0 + 1) }, "\(S.self), \(count)")
    }
  }

  @Test func `a vector cut short touches nothing beyond`() {
    ends(Float.self)
    ends(Double.self)
  }

  private func orders<S: KernelScalar>(_: S.Type) {
    var a = S.Vector(repeating: 0)
    var b = a
    for lane in 0..<S.lanes {
      a[lane] = S(lane)
      b[lane] = S(S.lanes + lane)
    }
    let (even, odd) = S.deinterleave(a, b)
    let pairs = S.pairSums(a, b)
    for lane in 0..<S.lanes {
      #expect(even[lane] == S(2 * lane) && odd[lane] == S(2 * lane + 1))
      #expect(pairs[lane] == S(4 * lane + 1))
    }
    let (first, second) = S.interleave(even: even, odd: odd)
    #expect(first == a && second == b)
    let fours = S.fourSums(a)
    for lane in 0..<4 {
      let expected = stride(from: lane, to: S.lanes, by: 4).reduce(0, +)
      #expect(fours[lane] == S(expected))
      #expect(S.laneSums(a)[lane] == S(expected))
    }
    #expect(S.laneSum(a) == S(S.lanes * (S.lanes - 1) / 2))
    #expect(S.laneMaximum(a) == S(S.lanes - 1))
    #expect(S.magnitude(S.Vector(repeating: -3)) == S.Vector(repeating: 3))
    #expect(S.magnitude(S.Vector(repeating: -0.0))[0].sign == .plus)
    #expect(S.multiplyAdd(a, a, b)[2] == S(4 + S.lanes + 2))
  }

  @Test func `lanes are sorted and summed up by their places`() {
    orders(Float.self)
    orders(Double.self)
  }
}

import Testing

@testable import Actor

/// Tests of matrix products against their definition.
struct `Matrix products` {
  private static let sizes = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 67]

  private func expectProduct<S: KernelScalar>(
    _: S.Type, m: Int, n: Int, k: Int, isTransposed: Bool, accumulate: Bool, padding: Int,
    _ generator: inout SmallGenerator
  ) {
    let aRowStride = isTransposed ? 1 : k + padding
    let aDepthStride = isTransposed ? m + padding : 1
    let aCount = isTransposed ? k * (m + padding) : m * (k + padding)
    let a = Cells<S>(count: aCount, from: &generator)
    let b = Cells<S>(count: k * (n + padding), from: &generator)
    let c = Cells<S>(count: m * (n + padding), from: &generator)
    var expected = c.values.map { Expected(Double($0)) }
    for i in 0..<m {
      for j in 0..<n {
        let at = i * (n + padding) + j
        var terms = accumulate ? [Double(c.read[at])] : []
        for p in 0..<k {
          let left = Double(a.read[i * aRowStride + p * aDepthStride])
          terms.append(left * Double(b.read[p * (n + padding) + j]))
        }
        expected[at] = Expected(sum: terms)
      }
    }
    Kernels.matmul(
      c.pointer, a.read, b.read, m: m, n: n, k: k, aRowStride: aRowStride,
      aDepthStride: aDepthStride, bRowStride: n + padding, cRowStride: n + padding,
      accumulate: accumulate)
    let failure = firstFailure(c, expected)
    #expect(
      failure == nil,
      """
      \(S.self) m \(m), n \(n), k \(k), transposed \(isTransposed), accumulate \(accumulate), \
      padding \(padding): \(failure ?? "")
      """)
  }

  @Test(arguments: sizes)
  func `every edge size is right`(m: Int) {
    var generator = SmallGenerator(seed: UInt64(m))
    for n in Self.sizes {
      for (index, k) in Self.sizes.enumerated() {
        // The four combinations alternate: each meets every size of m and n.
        let turn = index + n
        expectProduct(
          Float.self, m: m, n: n, k: k, isTransposed: turn & 1 == 1, accumulate: turn & 2 == 2,
          padding: index % 3, &generator)
        expectProduct(
          Double.self, m: m, n: n, k: k, isTransposed: turn & 1 == 0, accumulate: turn & 2 == 2,
          padding: index % 3, &generator)
      }
    }
  }

  @Test(arguments: [(1, 5), (7, 33), (19, 3)])
  func `each dimension is right at every size`(one: Int, other: Int) {
    var generator = SmallGenerator(seed: UInt64(one))
    for size in 0...67 {
      for (turn, (m, n, k)) in [(size, one, other), (one, size, other), (one, other, size)]
        .enumerated()
      {
        let isTransposed = (size + turn) & 1 == 1
        expectProduct(
          Float.self, m: m, n: n, k: k, isTransposed: isTransposed, accumulate: size & 2 == 2,
          padding: size % 3, &generator)
        expectProduct(
          Double.self, m: m, n: n, k: k, isTransposed: !isTransposed, accumulate: size & 2 == 0,
          padding: size % 3, &generator)
      }
    }
  }

  @Test func `products larger than every block are right`() {
    var generator = SmallGenerator(seed: 99)
    for (m, n, k) in [(300, 40, 20), (33, 70, 300), (5, 33, 520), (40, 3, 257)] {
      for accumulate in [false, true] {
        expectProduct(
          Float.self, m: m, n: n, k: k, isTransposed: false, accumulate: accumulate, padding: 0,
          &generator)
        expectProduct(
          Double.self, m: m, n: n, k: k, isTransposed: true, accumulate: accumulate, padding: 1,
          &generator)
      }
    }
  }

  @Test func `the naive product is the definition`() {
    let c = Cells<Double>([10, 20])
    let a = Cells<Double>([1, 2])
    let b = Cells<Double>([3, 4])
    Kernels.matmulNaive(
      c.pointer, a.read, b.read, m: 1, n: 1, k: 2, aRowStride: 2, aDepthStride: 1, bRowStride: 1,
      cRowStride: 1, accumulate: true)
    #expect(c.values == [21, 20])
  }
}

import Testing

@testable import Actor

/// Tests of sums and maxima against scalar loops.
struct `Reductions` {
  private func lengths<S: KernelScalar>(_: S.Type) {
    var generator = SmallGenerator(seed: 12)
    for count in Array(0...67) + [200, 1000] {
      let x = Cells<S>(count: count, from: &generator)
      let y = Cells<S>(count: count, from: &generator)
      let out = Cells<S>([
        Kernels.sum(x.read, count: count), Kernels.sumOfSquares(x.read, count: count),
        Kernels.dot(x.read, y.read, count: count),
      ])
      let left = x.values.map { Double($0) }
      let right = y.values.map { Double($0) }
      let failure = firstFailure(
        out,
        [
          Expected(sum: left), Expected(sum: left.map { $0 * $0 }),
          Expected(sum: zip(left, right).map { $0 * $1 }),
        ])
      #expect(failure == nil, "\(S.self), \(count): \(failure ?? "")")
      let largest = Kernels.maximum(x.read, count: count)
      #expect(largest == x.values.max() ?? -.infinity, "\(S.self), \(count)")
      for at in [0, count / 2, count - 1] where count > 0 {
        x.pointer[at] = .nan
        #expect(Kernels.maximum(x.read, count: count).isNaN, "\(S.self), \(count), NaN at \(at)")
        x.pointer[at] = 0
      }
    }
  }

  @Test func `sums, dots and maxima match scalar loops`() {
    lengths(Float.self)
    lengths(Double.self)
  }

  private func matrices<S: KernelScalar>(_: S.Type, rows: Int, columns: Int) {
    var generator = SmallGenerator(seed: 13)
    let x = Cells<S>(count: rows * columns, from: &generator)
    let columnSums = Cells<S>(count: columns, from: &generator)
    let rowSums = Cells<S>(count: rows) { _ in .nan }
    let gradient = Cells<S>(count: rows * columns, from: &generator)
    let dy = Cells<S>(count: rows, from: &generator)
    let expectedColumns = (0..<columns).map { j in
      Expected(
        sum: [Double(columnSums.read[j])] + (0..<rows).map { Double(x.read[$0 * columns + j]) })
    }
    let expectedRows = (0..<rows).map { r in
      Expected(sum: (0..<columns).map { Double(x.read[r * columns + $0]) })
    }
    let expectedGradient = (0..<rows * columns).map { gradient.read[$0] + dy.read[$0 / columns] }
    Kernels.columnSums(columnSums.pointer, x.read, rows: rows, columns: columns)
    Kernels.rowSums(rowSums.pointer, x.read, rows: rows, columns: columns)
    Kernels.rowSumsBackward(gradient.pointer, dy.read, rows: rows, columns: columns)
    let failure = firstFailure(columnSums, expectedColumns) ?? firstFailure(rowSums, expectedRows)
    #expect(failure == nil, "\(S.self) rows \(rows), columns \(columns): \(failure ?? "")")
    #expect(
      gradient.isIntact && gradient.values == expectedGradient,
      "\(S.self) gradient, rows \(rows), columns \(columns)")
  }

  private static let few = [0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 33]

  @Test(arguments: few)
  func `column and row sums match scalar loops`(one: Int) {
    for other in 0...67 {
      for (rows, columns) in [(one, other), (other, one)] {
        matrices(Float.self, rows: rows, columns: columns)
        matrices(Double.self, rows: rows, columns: columns)
      }
    }
  }
}

import Testing

@testable import Actor

/// Tests of kernels that follow indices or move elements: exact, hence without tolerance.
struct `Indexing kernels` {
  private func indices(_ count: Int, below bound: Int, seed: UInt64) -> [Int32] {
    var generator = SmallGenerator(seed: seed)
    return (0..<count).map { _ in Int32(generator.index(below: bound)) }
  }

  private func picks<S: KernelScalar>(_: S.Type) {
    var generator = SmallGenerator(seed: 20)
    for rows in 0...67 {
      let classes = 1 + rows % 5
      let chosen = indices(rows, below: classes, seed: 21)
      let x = Cells<S>(count: rows * classes, from: &generator)
      let out = Cells<S>(count: rows) { _ in 0 }
      Kernels.pick(out.pointer, x.read, chosen, rows: rows, classes: classes)
      let expected = (0..<rows).map { x.read[$0 * classes + Int(chosen[$0])] }
      #expect(out.isIntact && out.values == expected, "\(rows) rows")
      var gradient = x.values
      for r in 0..<rows { gradient[r * classes + Int(chosen[r])] += expected[r] }
      Kernels.pickBackward(x.pointer, out.read, chosen, rows: rows, classes: classes)
      #expect(x.isIntact && x.values == gradient, "\(rows) rows, gradient")
    }
  }

  @Test func `pick takes each row's class, and gives its gradient back`() {
    picks(Float.self)
    picks(Double.self)
  }

  private func embeddings<S: KernelScalar>(_: S.Type) {
    var generator = SmallGenerator(seed: 22)
    for width in 0...67 {
      let chosen = indices(9, below: 4, seed: UInt64(width))
      let table = Cells<S>(count: 4 * width, from: &generator)
      let out = Cells<S>(count: 9 * width) { _ in 0 }
      Kernels.embedding(out.pointer, table.read, chosen, rows: 9, width: width)
      var gradient = table.values
      for r in 0..<9 {
        for i in 0..<width {
          let at = Int(chosen[r]) * width + i
          #expect(out.read[r * width + i] == table.read[at], "width \(width)")
          gradient[at] += out.read[r * width + i]
        }
      }
      Kernels.embeddingBackward(table.pointer, out.read, chosen, rows: 9, width: width)
      #expect(out.isIntact && table.isIntact && table.values == gradient, "width \(width)")
    }
  }

  @Test func `embeddings copy rows, and sum up the gradients of a row that occurs often`() {
    embeddings(Float.self)
    embeddings(Double.self)
  }

  private func strips<S: KernelScalar>(_: S.Type) {
    var generator = SmallGenerator(seed: 23)
    for width in 0...67 {
      let x = Cells<S>(count: 5 * (width + 2), from: &generator)
      let out = Cells<S>(count: 5 * (width + 3), from: &generator)
      var expected = out.values
      let outStart = out.pointer + 1
      let xStart = x.read + 2
      for r in 0..<5 {
        for i in 0..<width { expected[1 + r * (width + 3) + i] = xStart[r * (width + 2) + i] }
      }
      Kernels.copyStrips(
        outStart, outStride: width + 3, xStart, xStride: width + 2, rows: 5, width: width)
      #expect(out.isIntact && out.values == expected, "width \(width)")
      for r in 0..<5 {
        for i in 0..<width { expected[1 + r * (width + 3) + i] += xStart[r * (width + 2) + i] }
      }
      Kernels.accumulateStrips(
        outStart, outStride: width + 3, xStart, xStride: width + 2, rows: 5, width: width)
      #expect(out.isIntact && out.values == expected, "width \(width), accumulated")
    }
  }

  @Test func `strips leave what lies between them alone`() {
    strips(Float.self)
    strips(Double.self)
  }

  private func bits<S: KernelScalar>(_: S.Type) {
    let numbers: [Int32] = [0, 1, 6, -1, .min, .max]
    for bits in 0...67 {
      let out = Cells<S>(count: numbers.count * bits) { _ in .nan }
      Kernels.oneHotBits(out.pointer, numbers, rows: numbers.count, bits: bits)
      let expected = numbers.flatMap { number in
        (0..<bits).map { S((Int64(number) >> Int64(min($0, 63))) & 1) }
      }
      #expect(out.isIntact && out.values == expected, "\(bits) bits")
    }
  }

  @Test func `bits come lowest first, and the sign goes on for ever`() {
    bits(Float.self)
    bits(Double.self)
  }

  private func transposes<S: KernelScalar>(_: S.Type) {
    var generator = SmallGenerator(seed: 24)
    for one in [0, 1, 2, 7, 15, 16, 17, 33, 67] {
      for (rows, columns) in (0...67).flatMap({ [(one, $0), ($0, one)] }) {
        let x = Cells<S>(count: rows * columns, from: &generator)
        let out = Cells<S>(count: rows * columns) { _ in .nan }
        Kernels.transpose(out.pointer, x.read, rows: rows, columns: columns)
        let expected = (0..<rows * columns).map { x.read[$0 % rows * columns + $0 / rows] }
        #expect(out.isIntact && out.values == expected, "\(rows) × \(columns)")
      }
    }
  }

  @Test func `transposing exchanges rows and columns`() {
    transposes(Float.self)
    transposes(Double.self)
  }
}

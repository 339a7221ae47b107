import Testing

@testable import Actor

/// Tests of backward scans and selections against their definitions.
struct `Scans and choices` {
  /// Returns Σ_k x[t+k] Π_{i<k} w[t+i] plus the weighted `last`, the sum that the scan computes.
  private func accumulated(
    _ x: [Double], _ weights: [Double], last: [Double]?, columns: Int
  ) -> [Expected] {
    let steps = x.count / max(columns, 1)
    return x.indices.map { index in
      let (t, column) = (index / columns, index % columns)
      var terms: [Double] = []
      var weight = 1.0
      for k in t..<steps {
        terms.append(weight * x[k * columns + column])
        weight *= weights[k * columns + column]
        // A weight of 0 hides everything after it.
        if weight == 0 { return Expected(terms, products: steps) }
      }
      return Expected(terms + [weight * (last?[column] ?? 0)], products: steps)
    }
  }

  private func check<S: KernelScalar>(_: S.Type, steps: Int, columns: Int, hasLast: Bool) {
    var generator = SmallGenerator(seed: UInt64(1000 * steps + columns))
    let x = Cells<S>(count: steps * columns, from: &generator)
    let weights = Cells<S>(
      (0..<steps * columns).map { _ in
        generator.index(below: 4) == 0 ? 0 : S(generator.uniform(0.2, 1.1))
      })
    let last = Cells<S>(count: columns, from: &generator)
    let out = Cells<S>(count: steps * columns) { _ in .nan }
    let expected = accumulated(
      x.values.map { Double($0) }, weights.values.map { Double($0) },
      last: hasLast ? last.values.map { Double($0) } : nil, columns: columns)
    Kernels.accumulateBackwards(
      out.pointer, x.read, weights.read, last: hasLast ? last.read : nil, steps: steps,
      columns: columns)
    let failure = firstFailure(out, expected)
    #expect(failure == nil, "\(S.self) [\(steps), \(columns)]: \(failure ?? "")")
  }

  @Test(arguments: [0, 1, 2, 5, 20])
  func `sums that run backwards match their definition`(steps: Int) {
    for columns in 0...67 {
      for hasLast in [false, true] {
        check(Float.self, steps: steps, columns: columns, hasLast: hasLast)
        check(Double.self, steps: steps, columns: columns, hasLast: hasLast)
      }
    }
  }

  @Test func `a weight of 0 hides even NaN`() {
    for columns in [1, 5, 16, 19] {
      let x = Cells<Double>(count: 3 * columns) { $0 < 2 * columns ? 1 : .nan }
      let weights = Cells<Double>(count: 3 * columns) { $0 / columns == 1 ? 0 : 0.5 }
      let out = Cells<Double>(count: 3 * columns) { _ in 0 }
      Kernels.accumulateBackwards(
        out.pointer, x.read, weights.read, last: nil, steps: 3, columns: columns)
      for (index, value) in out.values.enumerated() {
        switch index / columns {
        case 0: #expect(value == 1.5)
        case 1: #expect(value == 1)
        default: #expect(value.isNaN)
        }
      }
    }
  }

  private func choices<S: KernelScalar>(_: S.Type, rows: Int, width: Int) {
    var generator = SmallGenerator(seed: UInt64(100 * rows + width))
    let flags = Cells<S>((0..<rows).map { _ in generator.index(below: 2) == 0 ? 0 : -0.5 })
    let count = rows * width
    for (chosenIsSingle, otherIsSingle) in [(false, false), (true, false), (false, true)] {
      let chosen = Cells<S>(count: chosenIsSingle ? 1 : count, from: &generator)
      let other = Cells<S>(count: otherIsSingle ? 1 : count, from: &generator)
      let shape = ChoiceShape(
        rows: rows, width: width, chosenIsSingle: chosenIsSingle, otherIsSingle: otherIsSingle)
      let out = Cells<S>(count: count) { _ in .nan }
      Kernels.choose(out.pointer, flags.read, chosen.read, other.read, shape)
      let expected = (0..<count).map { index in
        flags.read[index / width] != 0
          ? chosen.read[chosenIsSingle ? 0 : index] : other.read[otherIsSingle ? 0 : index]
      }
      #expect(out.isIntact && out.values == expected, "\(S.self) \(shape)")
    }
  }

  @Test(arguments: [0, 1, 2, 3, 4, 16, 17, 33])
  func `choices match a plain loop`(width: Int) {
    for rows in 0...67 {
      choices(Float.self, rows: rows, width: width)
      choices(Double.self, rows: rows, width: width)
    }
  }

  @Test func `bytes are chosen as they are`() {
    let flags = Cells<Float>([1, 0, 1])
    let (chosen, other): ([UInt8], [UInt8]) = ([1, 2, 3, 4, 5, 6], [11, 12, 13, 14, 15, 16])
    var out = [UInt8](repeating: 0, count: 6)
    Kernels.chooseBytes(&out, flags.read, chosen, other, rows: 3, byteCount: 2)
    #expect(out == [1, 2, 13, 14, 5, 6])
  }
}

extension Expected {
  /// Creates a sum of products of at most `products` factors, rounded after each factor.
  fileprivate init(_ terms: [Double], products: Int) {
    self.init(sum: terms)
    roundings += 2 * products
  }
}

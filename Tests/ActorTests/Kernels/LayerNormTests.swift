import Testing

@testable import Actor

/// Tests of the layer norm kernels against their definitions, at every width from 0 to 67.
struct `Layer norm kernels` {
  private func check<S: KernelScalar>(_: S.Type) {
    var generator = SmallGenerator(seed: 5)
    for columns in 0...67 {
      let rows = 3
      let x = Cells<S>(count: rows * columns, from: &generator)
      let dy = Cells<S>(count: rows * columns, from: &generator)
      let weight = Cells<S>(count: columns, from: &generator)
      let bias = Cells<S>(count: columns, from: &generator)
      let y = Cells<S>(count: rows * columns) { _ in 0 }
      let statistics = Cells<S>(count: 2 * rows) { _ in 0 }
      Kernels.layerNorm(
        y.pointer, statistics.pointer, x.read, weight.read, bias.read, rows: rows,
        columns: columns, epsilon: 0.125)
      let dx = Cells<S>(count: rows * columns) { _ in 1 }
      let dWeight = Cells<S>(count: columns) { _ in 2 }
      let dBias = Cells<S>(count: columns) { _ in 3 }
      Kernels.layerNormBackwardInput(
        dx.pointer, dy.read, x.read, weight.read, statistics.read, rows: rows, columns: columns)
      Kernels.layerNormBackwardParameters(
        dWeight.pointer, dBias.pointer, dy.read, x.read, statistics.read, rows: rows,
        columns: columns)

      var values: [Expected] = []
      var inputs: [Expected] = []
      var weights = Array(repeating: 2.0, count: columns)
      var biases = Array(repeating: 3.0, count: columns)
      // Deviations below 2 over a root of at least ⅓: numbers up to 6, sums of `columns` terms.
      let roundings = 2 * columns + 16
      for row in 0..<rows {
        let range = row * columns..<(row + 1) * columns
        let numbers = x.values[range].map { Double($0) }
        let gradients = dy.values[range].map { Double($0) }
        let mean = numbers.reduce(0, +) / Double(columns)
        let variance = numbers.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(columns)
        let scale = 1 / (variance + 0.125).squareRoot()
        let normal = numbers.map { ($0 - mean) * scale }
        let g = (0..<columns).map { gradients[$0] * Double(weight.read[$0]) }
        let gMean = g.reduce(0, +) / Double(columns)
        let slope = zip(g, normal).reduce(0) { $0 + $1.0 * $1.1 } / Double(columns)
        for j in 0..<columns {
          let value = normal[j] * Double(weight.read[j]) + Double(bias.read[j])
          values.append(Expected(value, magnitude: 6, roundings: roundings))
          let gradient = 1 + scale * (g[j] - gMean - normal[j] * slope)
          inputs.append(Expected(gradient, magnitude: 6, roundings: roundings))
          weights[j] += gradients[j] * normal[j]
          biases[j] += gradients[j]
        }
      }
      let failures = [
        firstFailure(y, values), firstFailure(dx, inputs),
        firstFailure(dWeight, weights.map { Expected($0, magnitude: 18, roundings: roundings) }),
        firstFailure(dBias, biases.map { Expected($0, magnitude: 6, roundings: 8) }),
        statistics.isIntact ? nil : "statistics",
      ]
      #expect(failures.allSatisfy { $0 == nil }, "\(S.self), \(columns): \(failures)")

      // A row by itself, at another address, has the same bits.
      let alone = Cells<S>(count: columns) { _ in 0 }
      Kernels.layerNorm(
        alone.pointer, statistics.pointer, x.read + columns, weight.read, bias.read, rows: 1,
        columns: columns, epsilon: 0.125)
      #expect(alone.values == Array(y.values[columns..<2 * columns]), "\(S.self), \(columns)")
    }
  }

  @Test func `rows of every width match the definition`() {
    check(Float.self)
    check(Double.self)
  }
}

import Rollout
import TestSupport
import Testing

@testable import Actor

/// Tests of orthogonal first weights: WᵀW or WWᵀ is gain² times the identity.
struct OrthogonalMatrixTests {
  @Test(arguments: [(1, 1), (1, 7), (7, 1), (5, 5), (3, 8), (8, 3), (67, 33), (40, 64)])
  func `rows or columns are orthogonal and as long as the gain`(rows: Int, columns: Int) {
    for gain in [1, 0.01, 2.0.squareRoot()] {
      var random = PCG64(seed: 3)
      let matrix = OrthogonalMatrix.draw(rows: rows, columns: columns, gain: gain, using: &random)
      let count = min(rows, columns)
      let products = (0..<count * count).map { index -> Double in
        let (i, j) = (index / count, index % count)
        return (0..<max(rows, columns)).reduce(0) { sum, k in
          rows <= columns
            ? sum + matrix[i * columns + k] * matrix[j * columns + k]
            : sum + matrix[k * columns + i] * matrix[k * columns + j]
        }
      }
      let identity = (0..<count * count).map { $0 / count == $0 % count ? gain * gain : 0 }
      // Sums of 67 products of at most gain², each rounded by 1.1e-16.
      let difference = firstDifference(products, identity, absolute: 1e-14 * gain * gain)
      #expect(difference == nil, "\(rows) by \(columns): \(difference ?? "")")
    }
  }

  @Test func `no direction is preferred, nor a sign`() {
    // Each entry of a random orthogonal 4 by 4 matrix has mean 0 and variance ¼; 5 standard errors.
    var random = PCG64(seed: 4)
    let draws = (0..<4000).map { _ in
      OrthogonalMatrix.draw(rows: 4, columns: 4, gain: 1, using: &random)
    }
    for entry in 0..<16 {
      let mean = draws.reduce(0) { $0 + $1[entry] } / 4000
      let second = draws.reduce(0) { $0 + $1[entry] * $1[entry] } / 4000
      #expect(abs(mean) < 5 * 0.5 / 4000.0.squareRoot(), "entry \(entry)")
      #expect(abs(second - 0.25) < 5 * 0.25 / 4000.0.squareRoot(), "entry \(entry)")
    }
  }

  @Test func `layers take it for their weights, and begin with a bias of zero`() {
    let graph = Graph()
    let image = graph.input([2, 3, 6, 6])
    let y = graph.convolution(
      image, outputs: 4, kernel: 3, name: "convolution", weights: .orthogonal(gain: 2))
    _ = graph.linear(
      y.reshaped([2, 64]), outputs: 8, name: "linear", weights: .orthogonal(gain: 0.5))
    let weights = FlatVector<Float>(repeating: .nan, count: graph.parameters.elementCount)
    var random = PCG64(seed: 5)
    graph.parameters.initialize(weights, using: &random)
    for (entry, gain) in zip(graph.parameters.entries, [2, 0, 0.5, 0] as [Double]) {
      let width = entry.elementCount / entry.shape[0]
      let numbers = weights.elements[entry.range].map { Double($0) }
      for row in 0..<entry.shape[0] {
        let square = numbers[row * width..<(row + 1) * width].reduce(0) { $0 + $1 * $1 }
        #expect(isClose(square, gain * gain, relative: 1e-6), "\(entry.name), row \(row)")
      }
    }
  }
}

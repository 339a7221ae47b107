import Foundation
import Testing

@testable import Actor

/// Tests of log softmax against its definition, with masked actions.
struct `Log softmax` {
  private func definition(_ x: [Double]) -> [Double] {
    let largest = x.max() ?? 0
    let normalizer = Foundation.log(x.reduce(0) { $0 + Foundation.exp($1 - largest) })
    return x.map { $0 - largest - normalizer }
  }

  private func expectForwardAndBackward<S: KernelScalar>(
    _: S.Type, rows: Int, classes: Int, isMasked: Bool, _ generator: inout SmallGenerator
  ) {
    var local = generator
    let x = Cells<S>(count: rows * classes) { i in
      // The first class is never masked: a row needs one allowed action.
      isMasked && i % classes > 0 && i % 3 == 0 ? -.infinity : S(local.uniform(-20, 20))
    }
    generator = local
    let y = Cells<S>(count: rows * classes) { _ in 0 }
    Kernels.logSoftmax(y.pointer, x.read, rows: rows, classes: classes)
    var expected: [Expected] = []
    for r in 0..<rows {
      let row = (0..<classes).map { Double(x.read[r * classes + $0]) }
      // Logits differ by up to 40, and each of the two subtractions rounds at that size.
      expected += definition(row).map { Expected($0, magnitude: 40, roundings: classes + 4) }
    }
    let failure = firstFailure(y, expected)
    #expect(failure == nil, "\(S.self) rows \(rows), classes \(classes): \(failure ?? "")")

    let dy = Cells<S>(count: rows * classes, from: &generator)
    let dx = Cells<S>(count: rows * classes, from: &generator)
    var gradients: [Expected] = []
    for r in 0..<rows {
      let at = r * classes
      let open = (at..<at + classes).filter { y.read[$0] > -.infinity }
      let total = open.reduce(0) { $0 + Double(dy.read[$1]) }
      for i in at..<at + classes {
        let gradient =
          y.read[i] > -.infinity
          ? Double(dy.read[i]) - Foundation.exp(Double(y.read[i])) * total : 0
        // dx, dy and total are all below classes + 2 in magnitude.
        gradients.append(
          Expected(
            Double(dx.read[i]) + gradient, magnitude: Double(classes + 2), roundings: classes + 4))
      }
    }
    Kernels.logSoftmaxBackward(dx.pointer, dy.read, y.read, rows: rows, classes: classes)
    let backwardFailure = firstFailure(dx, gradients)
    #expect(
      backwardFailure == nil,
      "\(S.self) gradient, rows \(rows), classes \(classes): \(backwardFailure ?? "")")
  }

  @Test(arguments: [false, true])
  func `matches the definition`(isMasked: Bool) {
    var generator = SmallGenerator(seed: 10)
    for size in 0...67 {
      // Few classes lie across vectors of rows, many along vectors of one row.
      for (rows, classes) in [1, 2, 3, 5, 16, 17].map({ (size, $0) })
        + [1, 4, 8, 17].map({ ($0, size) })
      {
        expectForwardAndBackward(
          Float.self, rows: rows, classes: classes, isMasked: isMasked, &generator)
        expectForwardAndBackward(
          Double.self, rows: rows, classes: classes, isMasked: isMasked, &generator)
      }
    }
  }

  @Test(arguments: [2, 3, 16, 40])
  func `a row's result does not depend on the rows beside it`(classes: Int) {
    var generator = SmallGenerator(seed: 11)
    let x = Cells<Float>(count: 37 * classes, from: &generator)
    let whole = Cells<Float>(count: 37 * classes) { _ in 0 }
    Kernels.logSoftmax(whole.pointer, x.read, rows: 37, classes: classes)
    let alone = Cells<Float>(count: 37 * classes) { _ in 0 }
    for r in 0..<37 {
      Kernels.logSoftmax(
        alone.pointer + r * classes, x.read + r * classes, rows: 1, classes: classes)
    }
    let difference = firstDifferentBits(alone.values, whole.values)
    #expect(difference == nil, "\(difference ?? "")")
  }

  @Test(arguments: [2, 5, 40])
  func `a gradient of a masked action goes nowhere`(classes: Int) {
    let y = Cells<Float>(count: classes) { $0 == 1 ? -.infinity : -1 }
    let dy = Cells<Float>(count: classes) { $0 == 1 ? .nan : 0 }
    let dx = Cells<Float>(count: classes) { _ in 3 }
    Kernels.logSoftmaxBackward(dx.pointer, dy.read, y.read, rows: 1, classes: classes)
    #expect(dx.values.allSatisfy { $0 == 3 })
  }
}

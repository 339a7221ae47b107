import Foundation
import Testing

@testable import Actor

/// Tests of the linear layer against its definition, and of the independence of rows.
struct `Linear layers` {
  private static let rowCounts = [0, 1, 3, 8, 17, 67]
  private static let widths = [1, 2, 3, 4, 8, 9, 16, 31, 32, 33, 67]

  private func expectForward<S: KernelScalar>(
    _: S.Type, rows: Int, inputs: Int, outputs: Int, hasBias: Bool, _ activation: Activation,
    _ generator: inout SmallGenerator
  ) {
    let x = Cells<S>(count: rows * inputs, from: &generator)
    let weight = Cells<S>(count: outputs * inputs, from: &generator)
    let packed = Cells<S>(count: Kernels.packedCount(outputs: outputs, inputs: inputs)) { _ in .nan
    }
    let bias = Cells<S>(count: outputs, from: &generator)
    let y = Cells<S>(count: rows * outputs) { _ in .nan }
    Kernels.packWeight(packed.pointer, weight.read, outputs: outputs, inputs: inputs)
    Kernels.linearForward(
      y.pointer, x.read, weight.read, packed.read, hasBias ? bias.read : nil, rows: rows,
      inputs: inputs, outputs: outputs, activation: activation)
    var expected: [Expected] = []
    for r in 0..<rows {
      for o in 0..<outputs {
        var terms = [hasBias ? Double(bias.read[o]) : 0]
        for i in 0..<inputs {
          terms.append(Double(x.read[r * inputs + i]) * Double(weight.read[o * inputs + i]))
        }
        // No activation has a slope above 1, so errors of the sum do not grow; 8 for its own.
        var sum = Expected(sum: terms)
        sum.roundings += 8
        switch activation {
        case .identity: break
        case .relu: sum.value = max(sum.value, 0)
        case .elu: sum.value = sum.value > 0 ? sum.value : expm1(sum.value)
        case .tanh: sum.value = Foundation.tanh(sum.value)
        case .silu, .gelu: Issue.record("\(activation) is no part of a linear layer's pass")
        }
        expected.append(sum)
      }
    }
    let failure = firstFailure(y, expected)
    #expect(
      failure == nil,
      "\(S.self) rows \(rows), \(inputs) to \(outputs), \(activation): \(failure ?? "")")
  }

  @Test(arguments: Activation.allCases.filter(\.isFusible))
  func `forward matches the definition`(activation: Activation) {
    var generator = SmallGenerator(seed: 4)
    for rows in Self.rowCounts {
      for inputs in Self.widths {
        for outputs in Self.widths {
          let hasBias = (inputs + outputs + rows) % 2 == 0
          expectForward(
            Float.self, rows: rows, inputs: inputs, outputs: outputs, hasBias: hasBias, activation,
            &generator)
          expectForward(
            Double.self, rows: rows, inputs: inputs, outputs: outputs, hasBias: !hasBias,
            activation, &generator)
        }
      }
    }
  }

  @Test(arguments: [(1, 5), (7, 33), (19, 2)])
  func `each dimension is right at every size`(one: Int, other: Int) {
    var generator = SmallGenerator(seed: UInt64(one))
    for size in 0...67 {
      for (rows, inputs, outputs) in [
        (size, one, other), (one, size, other), (other, one, size), (size, other, one),
        (other, size, one), (one, other, size),
      ] {
        let hasBias = size & 1 == 1
        expectForward(
          Float.self, rows: rows, inputs: inputs, outputs: outputs, hasBias: hasBias, .relu,
          &generator)
        expectForward(
          Double.self, rows: rows, inputs: inputs, outputs: outputs, hasBias: !hasBias, .relu,
          &generator)
        expectBackward(Float.self, rows: rows, inputs: inputs, outputs: outputs, &generator)
        expectBackward(Double.self, rows: rows, inputs: inputs, outputs: outputs, &generator)
      }
    }
  }

  /// Compares rows alone, in groups of eight, and all at once.
  private func expectRowsAlike<S: KernelScalar>(_: S.Type, inputs: Int, outputs: Int) {
    var generator = SmallGenerator(seed: 5)
    let rows = 400
    let x = Cells<S>(count: rows * inputs, from: &generator)
    let weight = Cells<S>(count: outputs * inputs, from: &generator)
    let packed = Cells<S>(count: Kernels.packedCount(outputs: outputs, inputs: inputs)) { _ in .nan
    }
    let bias = Cells<S>(count: outputs, from: &generator)
    Kernels.packWeight(packed.pointer, weight.read, outputs: outputs, inputs: inputs)
    func forward(in size: Int) -> [S] {
      let y = Cells<S>(count: rows * outputs) { _ in .nan }
      for first in stride(from: 0, to: rows, by: size) {
        Kernels.linearForward(
          y.pointer + first * outputs, x.read + first * inputs, weight.read, packed.read,
          bias.read, rows: min(size, rows - first), inputs: inputs, outputs: outputs,
          activation: .tanh)
      }
      return y.values
    }
    let whole = forward(in: rows)
    for size in [1, 5, 8, 16, 39] {
      let difference = firstDifferentBits(forward(in: size), whole)
      #expect(difference == nil, "\(inputs) to \(outputs) in \(size)s: \(difference ?? "")")
    }
  }

  @Test func `a row's result does not depend on the rows beside it`() {
    for (inputs, outputs) in [
      (8, 32), (32, 2), (33, 4), (4, 64), (64, 64), (300, 40), (16, 1), (5, 3),
    ] {
      expectRowsAlike(Float.self, inputs: inputs, outputs: outputs)
      expectRowsAlike(Double.self, inputs: inputs, outputs: outputs)
    }
  }

  private func expectBackward<S: KernelScalar>(
    _: S.Type, rows: Int, inputs: Int, outputs: Int, _ generator: inout SmallGenerator
  ) {
    let x = Cells<S>(count: rows * inputs, from: &generator)
    let weight = Cells<S>(count: outputs * inputs, from: &generator)
    let dy = Cells<S>(count: rows * outputs, from: &generator)
    let dx = Cells<S>(count: rows * inputs, from: &generator)
    let dWeight = Cells<S>(count: outputs * inputs, from: &generator)
    let dBias = Cells<S>(count: outputs, from: &generator)
    // Only the columns from `first` on: the others must stay unchanged.
    let first = inputs > 2 ? 1 : 0
    var expectedInput = dx.values.map { Expected(Double($0)) }
    for r in 0..<rows {
      for i in first..<inputs {
        var terms = [Double(dx.read[r * inputs + i])]
        for o in 0..<outputs {
          terms.append(Double(dy.read[r * outputs + o]) * Double(weight.read[o * inputs + i]))
        }
        expectedInput[r * inputs + i] = Expected(sum: terms)
      }
    }
    var expectedWeight: [Expected] = []
    var expectedBias: [Expected] = []
    for o in 0..<outputs {
      let column = (0..<rows).map { Double(dy.read[$0 * outputs + o]) }
      expectedBias.append(Expected(sum: [Double(dBias.read[o])] + column))
      for i in 0..<inputs {
        let terms = (0..<rows).map { column[$0] * Double(x.read[$0 * inputs + i]) }
        expectedWeight.append(Expected(sum: [Double(dWeight.read[o * inputs + i])] + terms))
      }
    }
    Kernels.linearBackwardInput(
      dx.pointer + first, dy.read, weight.read + first, rows: rows, inputs: inputs - first,
      outputs: outputs, dxRowStride: inputs, weightRowStride: inputs)
    Kernels.linearBackwardParameters(
      dWeight.pointer, dBias.pointer, dy.read, x.read, rows: rows, inputs: inputs,
      outputs: outputs)
    let failure =
      firstFailure(dx, expectedInput) ?? firstFailure(dWeight, expectedWeight)
      ?? firstFailure(dBias, expectedBias)
    #expect(failure == nil, "\(S.self) rows \(rows), \(inputs) to \(outputs): \(failure ?? "")")
  }

  @Test(arguments: rowCounts)
  func `backward matches the definition`(rows: Int) {
    var generator = SmallGenerator(seed: 6)
    for inputs in Self.widths {
      for outputs in Self.widths {
        expectBackward(Float.self, rows: rows, inputs: inputs, outputs: outputs, &generator)
        expectBackward(Double.self, rows: rows, inputs: inputs, outputs: outputs, &generator)
      }
    }
  }
}

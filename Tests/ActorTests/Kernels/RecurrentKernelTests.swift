import TestSupport
import Testing

@testable import Actor

/// Tests of one row of LSTM and GRU against the formulas, one number at a time.
struct `Recurrent kernels` {
  private static let environments = 3
  /// The environment whose state is zeroed before the row.
  private static let reset = 1

  /// The memory of one row, filled with numbers, and the gradients by the outputs.
  private struct Row<S: KernelScalar> {
    let shape: RecurrentShape
    let projected, weight, packed, bias, resets, hidden, cell: Cells<S>
    let states, previous, gates: Cells<S>
    let dStates, dProjected, dWeight, dBias, dHidden, dCell, dRecurrent, carried: Cells<S>

    init(isLSTM: Bool, size: Int, _ generator: inout SmallGenerator) {
      shape = RecurrentShape(
        cell: isLSTM ? .lstm : .gru, steps: 1, environments: environments,
        allEnvironments: environments, size: size, keepsRows: true)
      let (cell, count) = (shape.cell, shape.rowCount)
      var local = generator
      // Weights of the size of first weights keep sums near 1 for any size.
      let bound = 1 / Double(size).squareRoot()
      func drawn(_ count: Int, _ bound: Double = 1) -> Cells<S> {
        Cells(count: count) { _ in S(local.uniform(-bound, bound)) }
      }
      func filled(_ count: Int, _ value: S = .nan) -> Cells<S> {
        Cells(count: count) { _ in value }
      }
      projected = drawn(shape.gateRowCount)
      weight = drawn(cell.gateCount * size * size, bound)
      bias = drawn(cell.gateCount * size)
      hidden = drawn(count)
      self.cell = drawn(count)
      dStates = drawn(cell.stateCount * count)
      generator = local
      packed = filled(Kernels.packedCount(outputs: cell.gateCount * size, inputs: size))
      Kernels.packWeight(
        packed.pointer, weight.read, outputs: cell.gateCount * size, inputs: size)
      // The state before the end of an episode may be anything.
      resets = Cells(count: environments) { $0 == reset ? 3 : 0 }
      for index in reset * size..<(reset + 1) * size {
        hidden.pointer[index] = .nan
        self.cell.pointer[index] = .infinity
      }
      states = filled(cell.stateCount * count)
      previous = filled(cell.stateCount * count)
      gates = filled(shape.gateRowCount)
      dProjected = filled(shape.gateRowCount)
      dRecurrent = filled(shape.gateRowCount)
      carried = filled(cell.stateCount * count)
      dWeight = filled(weight.count, 1)
      dBias = filled(bias.count, 2)
      dHidden = filled(count, 3)
      dCell = filled(count, 4)
    }

    /// Returns the layer on `count` environments from `first` on.
    func memory(_ states: Cells<S>, from first: Int = 0, count: Int = environments)
      -> RecurrentMemory<S>
    {
      var shape = shape
      (shape.environments, shape.allEnvironments) = (count, count)
      let (start, gateStart) = (first * shape.size, first * shape.size * shape.cell.gateCount)
      return RecurrentMemory(
        shape: shape, projected: projected.read + gateStart, weight: weight.read,
        packed: packed.read, bias: bias.read, resets: resets.read + first,
        hidden: hidden.read + start, cell: cell.read + start, states: states.pointer,
        previous: previous.pointer, gates: gates.pointer)
    }

    func run() {
      let memory = memory(states)
      Kernels.recurrentForward(memory)
      Kernels.recurrentBackward(
        RecurrentGradients(
          states: dStates.pointer, projected: dProjected.pointer, weight: dWeight.pointer,
          bias: dBias.pointer, hidden: dHidden.pointer,
          cell: shape.cell == .lstm ? dCell.pointer : nil,
          recurrent: shape.cell == .lstm ? dProjected.pointer : dRecurrent.pointer,
          carried: carried.pointer),
        memory)
    }
  }

  /// The states and all gradients of a row by the formulas.
  private struct Definition {
    var states: [Double]
    var projected, recurrent, weight, bias: [Double]
    var carried: [Double]

    init<S: KernelScalar>(_ row: Row<S>) {
      let (size, gates, count) = (row.shape.size, row.shape.cell.gateCount, row.shape.rowCount)
      let isLSTM = row.shape.cell == .lstm
      let naive = NaiveRecurrent(isLSTM: isLSTM, environments: environments, size: size)
      func numbers(_ cells: Cells<S>) -> [Double] { cells.values.map { Double($0) } }
      let (x, w, bias, outer) = (
        numbers(row.projected), numbers(row.weight), numbers(row.bias), numbers(row.dStates)
      )
      let before = (isLSTM ? [row.hidden, row.cell] : [row.hidden]).map { cells in
        numbers(cells).enumerated().map { $0.offset / size == reset ? 0 : $0.element }
      }
      states = Array(repeating: 0, count: outer.count)
      projected = Array(repeating: 0, count: x.count)
      recurrent = projected
      weight = Array(repeating: 1, count: w.count)
      self.bias = Array(repeating: 2, count: bias.count)
      carried = (0..<outer.count).map { $0 < count ? 3 : 4 }
      for b in 0..<environments {
        let h = Array(before[0][b * size..<(b + 1) * size])
        for j in 0..<size {
          let rows = (0..<gates).map { $0 * size + j }
          let own = rows.map { x[b * gates * size + $0] }
          let sums = rows.map { row in
            h.indices.reduce(bias[row]) { $0 + w[row * size + $1] * h[$1] }
          }
          let state = before.map { $0[b * size + j] }
          // The derivative of the loss by one of the numbers that enter the unit.
          func slope(moving place: Int) -> Double {
            func dual(_ numbers: [Double], _ first: Int) -> [Dual] {
              numbers.enumerated().map { Dual($1, slope: first + $0 == place ? 1 : 0) }
            }
            let after = naive.unit(
              dual(own, 0), dual(sums, gates), before: dual(state, 2 * gates))
            for (index, dual) in after.enumerated() {
              states[index * count + b * size + j] = dual.value
            }
            return after.enumerated().reduce(0) {
              $0 + outer[$1.offset * count + b * size + j] * $1.element.slope
            }
          }
          for (gate, row) in rows.enumerated() {
            projected[b * gates * size + row] = slope(moving: gate)
            let d = slope(moving: gates + gate)
            recurrent[b * gates * size + row] = d
            self.bias[row] += d
            for i in 0..<size {
              weight[row * size + i] += d * h[i]
              if b != reset { carried[b * size + i] += d * w[row * size + i] }
            }
          }
          for index in state.indices where b != reset {
            carried[index * count + b * size + j] += slope(moving: 2 * gates + index)
          }
        }
      }
    }
  }

  private func check<S: KernelScalar>(_: S.Type, isLSTM: Bool) {
    var generator = SmallGenerator(seed: 9)
    for size in 1...67 {
      let row = Row<S>(isLSTM: isLSTM, size: size, &generator)
      let expected = Definition(row)
      row.run()
      // Sums of `size` terms of magnitude 1/√size, through functions of slope at most 1. For the
      // first state the sums have four times as many terms.
      let roundings = 2 * size + 16
      func failure(_ cells: Cells<S>, _ numbers: some Sequence<Double>, magnitude: Double)
        -> String?
      {
        firstFailure(
          cells, numbers.map { Expected($0, magnitude: magnitude, roundings: roundings) })
      }
      let count = row.shape.rowCount
      let failures = [
        failure(row.states, expected.states, magnitude: 2),
        failure(row.dProjected, expected.projected, magnitude: 2),
        isLSTM ? nil : failure(row.dRecurrent, expected.recurrent, magnitude: 2),
        failure(row.dWeight, expected.weight, magnitude: 4),
        failure(row.dBias, expected.bias, magnitude: 4),
        failure(row.dHidden, expected.carried[..<count], magnitude: 8),
        isLSTM ? failure(row.dCell, expected.carried[count...], magnitude: 8) : nil,
        row.previous.isIntact && row.gates.isIntact && row.carried.isIntact ? nil : "scratch",
      ]
      #expect(
        failures.allSatisfy { $0 == nil }, "\(S.self), LSTM \(isLSTM), \(size): \(failures)")

      // An environment by itself, at another address, has the same bits.
      let last = Self.environments - 1
      let alone = Cells<S>(count: row.shape.cell.stateCount * size) { _ in .nan }
      Kernels.recurrentForward(row.memory(alone, from: last, count: 1))
      var beside: [S] = []
      for index in 0..<row.shape.cell.stateCount {
        let start = index * count + last * size
        beside += row.states.values[start..<start + size]
      }
      #expect(alone.values == beside, "\(S.self), LSTM \(isLSTM), \(size)")
    }
  }

  @Test(arguments: [true, false])
  func `every size matches the definition`(isLSTM: Bool) {
    check(Float.self, isLSTM: isLSTM)
    check(Double.self, isLSTM: isLSTM)
  }
}

import Foundation

/// An LSTM and a GRU written from PyTorch's formulas, one number at a time.
///
/// A layer's parameters are weight_ih [gates · size, features], weight_hh [gates · size, size], bias_ih, bias_hh, row-major.
public struct NaiveRecurrent {
  /// Whether it has a cell beside its hidden state.
  public var isLSTM: Bool
  /// Environments, B.
  public var environments: Int
  /// Numbers of each state for each environment.
  public var size: Int

  /// A layer of these sizes.
  public init(isLSTM: Bool, environments: Int, size: Int) {
    self.isLSTM = isLSTM
    self.environments = environments
    self.size = size
  }

  /// One layer over all rows: h after each of them [T, B, size], and the states after the last one.
  ///
  /// - Parameters:
  ///   - x: [T, B, features].
  ///   - states: h, and c of an LSTM: [B, size] each.
  ///   - resets: [T, B], not 0 where the states are zero before the row.
  public func run(
    _ x: [Double], _ parameters: [[Double]], from states: [[Double]], resets: [Double]
  ) -> (output: [Double], states: [[Double]]) {
    let steps = resets.count / environments
    let features = x.count / resets.count
    var states = states
    var output: [Double] = []
    for t in 0..<steps {
      var next = states
      for b in 0..<environments {
        let row = t * environments + b
        let keep = resets[row] == 0 ? 1.0 : 0.0
        let before = states.map { $0[b * size..<(b + 1) * size].map { $0 * keep } }
        let features = Array(x[row * features..<(row + 1) * features])
        for j in 0..<size {
          let after = one(j, features, before, parameters)
          for (state, value) in after.enumerated() { next[state][b * size + j] = value }
        }
      }
      states = next
      output += states[0]
    }
    return (output, states)
  }

  /// The states of unit j after a row.
  private func one(
    _ j: Int, _ x: [Double], _ before: [[Double]], _ parameters: [[Double]]
  ) -> [Double] {
    func sum(_ gate: Int, _ kind: Int, _ factor: [Double]) -> Double {
      let row = gate * size + j
      return factor.indices.reduce(parameters[2 + kind][row]) {
        $0 + parameters[kind][row * factor.count + $1] * factor[$1]
      }
    }
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }
    let input = { sum($0, 0, x) }
    let recurrent = { sum($0, 1, before[0]) }
    if isLSTM {
      let i = sigmoid(input(0) + recurrent(0))
      let f = sigmoid(input(1) + recurrent(1))
      let g = tanh(input(2) + recurrent(2))
      let o = sigmoid(input(3) + recurrent(3))
      let c = f * before[1][j] + i * g
      return [o * tanh(c), c]
    }
    let r = sigmoid(input(0) + recurrent(0))
    let z = sigmoid(input(1) + recurrent(1))
    let n = tanh(input(2) + r * recurrent(2))
    return [(1 - z) * n + z * before[0][j]]
  }
}

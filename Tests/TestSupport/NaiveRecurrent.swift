import Foundation

/// An LSTM and a GRU written from PyTorch's formulas, one number at a time.
///
/// A layer's parameters are weight_ih [gates · size, features], weight_hh [gates · size, size],
/// bias_ih and bias_hh, row-major.
public struct NaiveRecurrent {
  /// True for an LSTM, with a cell state besides its hidden state.
  public var isLSTM: Bool
  /// The number of environments, B.
  public var environments: Int
  /// The number of elements of each state per environment.
  public var size: Int

  /// Creates a layer of these sizes.
  public init(isLSTM: Bool, environments: Int, size: Int) {
    self.isLSTM = isLSTM
    self.environments = environments
    self.size = size
  }

  /// Returns h after each row [T, B, size] and the states after the last one, for one layer.
  ///
  /// - Parameters:
  ///   - x: [T, B, features].
  ///   - states: h, and c of an LSTM: [B, size] each.
  ///   - resets: [T, B], not 0 where the states are zeroed before the row.
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

  /// Returns the states of unit j after a row.
  private func one(
    _ j: Int, _ x: [Double], _ before: [[Double]], _ parameters: [[Double]]
  ) -> [Double] {
    func sums(_ kind: Int, _ factor: [Double]) -> [Dual] {
      (0..<(isLSTM ? 4 : 3)).map { gate in
        let row = gate * size + j
        let sum = factor.indices.reduce(parameters[2 + kind][row]) {
          $0 + parameters[kind][row * factor.count + $1] * factor[$1]
        }
        return Dual(sum)
      }
    }
    return unit(sums(0, x), sums(1, before[0]), before: before.map { Dual($0[j]) }).map(\.value)
  }

  /// Returns the states of one unit after a row, h first.
  ///
  /// - Parameters:
  ///   - x: the sums over the input, bias included, one for each gate.
  ///   - h: the sums over the hidden states.
  ///   - before: the states before the row, h first.
  public func unit(_ x: [Dual], _ h: [Dual], before: [Dual]) -> [Dual] {
    if isLSTM {
      let i = (x[0] + h[0]).sigmoid
      let f = (x[1] + h[1]).sigmoid
      let g = (x[2] + h[2]).tanh
      let o = (x[3] + h[3]).sigmoid
      let c = f * before[1] + i * g
      return [o * c.tanh, c]
    }
    let r = (x[0] + h[0]).sigmoid
    let z = (x[1] + h[1]).sigmoid
    let n = (x[2] + r * h[2]).tanh
    return [(Dual(1) + Dual(-1) * z) * n + z * before[0]]
  }
}

/// A number with its derivative along one direction, for exact derivatives of formulas.
public struct Dual {
  /// The number.
  public var value: Double
  /// Its derivative.
  public var slope: Double

  /// Creates a number with a derivative.
  public init(_ value: Double, slope: Double = 0) {
    self.value = value
    self.slope = slope
  }

  /// Returns the sum.
  public static func + (a: Dual, b: Dual) -> Dual {
    Dual(a.value + b.value, slope: a.slope + b.slope)
  }

  /// Returns the product.
  public static func * (a: Dual, b: Dual) -> Dual {
    Dual(a.value * b.value, slope: a.slope * b.value + a.value * b.slope)
  }

  /// 1 / (1 + e⁻ˣ).
  public var sigmoid: Dual {
    let y = 1 / (1 + exp(-value))
    return Dual(y, slope: y * (1 - y) * slope)
  }

  /// The hyperbolic tangent.
  public var tanh: Dual {
    let y = Foundation.tanh(value)
    return Dual(y, slope: (1 - y * y) * slope)
  }
}

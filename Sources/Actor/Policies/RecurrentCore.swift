import Rollout

/// The kind of recurrent layers in a network.
public enum RecurrentCore: String, Codable, Sendable, CaseIterable {
  /// No recurrent layers.
  case none
  /// Long short-term memory.
  case lstm
  /// Gated recurrent units.
  case gru

  /// Returns the recurrent state per environment: `h`, and `c` of an LSTM, one leaf per layer.
  func state(size: Int, layers: Int) -> Nested<LeafSpecification> {
    let all: Nested<LeafSpecification> = .list(
      Array(repeating: .leaf(.init(.float32, [size])), count: layers))
    return switch self {
    case .none: .empty
    case .lstm: .fields([("h", all), ("c", all)])
    case .gru: .fields([("h", all)])
    }
  }

  /// Traces the core.
  ///
  /// - Parameters:
  ///   - x: its inputs, [T, B, features].
  ///   - hx: the recurrent state in the structure of `state`: [B, size] before the first row, or
  ///     [T, B, size] before each row, none of which then follows another.
  ///   - resets: true where an episode begins, [T, B].
  /// - Returns: its output [T, B, size] and the recurrent state after each row, [T, B, size].
  /// - Throws: `PolicyError` when `hx` is of another structure.
  func trace(
    _ x: Tensor, size: Int, layers: Int, from hx: Nested<Tensor>, resets: Tensor, name: String,
    weights: Initialization?, in graph: Graph
  ) throws(PolicyError) -> (output: Tensor, hx: Nested<Tensor>) {
    if self == .none { return (x, .empty) }
    guard hx.zip(state(size: size, layers: layers)) != nil else {
      throw PolicyError(
        "the recurrent layers '\(name)' carry h\(self == .lstm ? " and c" : ""), not \(hx.paths())")
    }
    let rows = Array(x.shape.prefix(2))
    func leaves(_ name: String) -> [Tensor] { hx[name]?.leaves ?? [] }
    // Rows that do not follow each other are the single row of as many environments.
    let areApart = hx.leaves.allSatisfy { $0.shape.count == 3 }
    let leading = areApart ? [1, rows[0] * rows[1]] : rows
    func before(_ name: String) -> [Tensor] {
      leaves(name).map { $0.reshaped([leading[1], size]) }
    }
    let (output, next) = graph.recurrent(
      self == .lstm ? .lstm : .gru, x.reshaped(leading + [x.lastAxis]), size: size,
      from: RecurrentState(hidden: before("h"), cell: before("c")),
      resets: resets.reshaped(leading), name: name, weights)
    let after = hx.filled(with: (next.hidden + next.cell).map { $0.reshaped(rows + [size]) })
    return (output.reshaped(rows + [size]), after)
  }
}

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
  ///   - hx: the recurrent state before the first row, in the structure of `state`.
  ///   - resets: true where an episode begins, [T, B].
  /// - Returns: its output [T, B, size] and the recurrent state after the last row.
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
    let state = RecurrentState(hidden: hx["h"]?.leaves ?? [], cell: hx["c"]?.leaves ?? [])
    let trace = self == .lstm ? graph.lstm : graph.gru
    let (output, next) = trace(x, size, layers, state, resets, name, weights)
    return (output, hx.filled(with: next.hidden + next.cell))
  }
}

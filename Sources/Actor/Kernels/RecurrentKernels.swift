// LSTM and GRU over all rows of a fragment. Goals in order of priority: one row at a time gives the
// same bits as all rows at once; few passes besides the matrix products; the parameters' gradient
// as one product.

/// The kind of recurrent layer.
enum RecurrentCell: BitwiseCopyable, Equatable {
  /// Long short-term memory: gates i, f, g, o.
  case lstm
  /// Gated recurrent unit: gates r, z, n.
  case gru

  /// The number of gates, each `size` rows of a weight.
  var gateCount: Int { self == .lstm ? 4 : 3 }

  /// The number of states between rows: h and, for an LSTM, c.
  var stateCount: Int { self == .lstm ? 2 : 1 }
}

/// The sizes of a recurrent layer.
struct RecurrentShape: BitwiseCopyable {
  var cell: RecurrentCell
  var steps: Int
  /// The environments to compute: all of the layer's, or those of a chunk.
  var environments: Int
  /// The environments with memory in each row.
  var allEnvironments: Int
  var size: Int
  /// True to keep gates and earlier states for a gradient; otherwise every row reuses one memory.
  var keepsRows: Bool

  /// The number of elements of one state in one row: [B, size].
  var rowCount: Int { allEnvironments &* size }
  /// The number of elements before the gates in one row: [B, gates · size].
  var gateRowCount: Int { cell.gateCount &* rowCount }
  /// The number of rows with memory.
  var keptSteps: Int { keepsRows ? steps : 1 }
}

/// The operands and results of a recurrent layer, from the first environment to compute on.
struct RecurrentMemory<S: KernelScalar> {
  var shape: RecurrentShape
  /// x W_ihᵀ + b_ih [T, B, gates · size].
  var projected: UnsafePointer<S>
  /// W_hh [gates · size, size], and the same packed.
  var weight: UnsafePointer<S>
  var packed: UnsafePointer<S>
  /// b_hh [gates · size].
  var bias: UnsafePointer<S>
  /// Not 0 where the state is zeroed before the row: [T, B].
  var resets: UnsafePointer<S>
  /// The states before the first row, [B, size] each; a GRU never reads `cell`.
  var hidden: UnsafePointer<S>
  var cell: UnsafePointer<S>
  /// The states after each row: [states, T, B, size].
  var states: UnsafeMutablePointer<S>
  /// The states before each row after resets: [states, kept rows, B, size].
  var previous: UnsafeMutablePointer<S>
  /// The activated gates [kept rows, B, gates · size]; a GRU's last one is W_hn h + b_hn.
  var gates: UnsafeMutablePointer<S>

  /// Returns a row of the projection.
  @inline(__always)
  func projected(_ t: Int) -> UnsafePointer<S> { projected + t &* shape.gateRowCount }

  /// Returns the resets before a row.
  @inline(__always)
  func resets(_ t: Int) -> UnsafePointer<S> { resets + t &* shape.allEnvironments }

  /// Returns a state after the row before, without resets.
  @inline(__always)
  func stateBefore(_ t: Int, _ state: Int) -> UnsafePointer<S> {
    if t == 0 { return state == 0 ? hidden : cell }
    return UnsafePointer(self.state(t &- 1, state))
  }

  /// Returns a state after a row.
  @inline(__always)
  func state(_ t: Int, _ state: Int) -> UnsafeMutablePointer<S> {
    states + (state &* shape.steps &+ t) &* shape.rowCount
  }

  /// Returns a state before a row, after resets.
  @inline(__always)
  func previous(_ t: Int, _ state: Int) -> UnsafeMutablePointer<S> {
    previous + (state &* shape.keptSteps &+ (shape.keepsRows ? t : 0)) &* shape.rowCount
  }

  /// Returns a row's gates.
  @inline(__always)
  func gates(_ t: Int) -> UnsafeMutablePointer<S> {
    gates + (shape.keepsRows ? t : 0) &* shape.gateRowCount
  }
}

/// The gradients of a recurrent layer; all but `states` and `carried` have the memory's shapes.
struct RecurrentGradients<S: KernelScalar> {
  /// The gradients by the outputs; those passed from row to row are added during the pass.
  var states: UnsafeMutablePointer<S>
  /// Written, not added to: only this layer reads the projection.
  var projected: UnsafeMutablePointer<S>
  /// Absent in chunks of environments: they are sums over all of them.
  var weight: UnsafeMutablePointer<S>?
  var bias: UnsafeMutablePointer<S>?
  /// Absent if the first states have no gradient.
  var hidden: UnsafeMutablePointer<S>?
  var cell: UnsafeMutablePointer<S>?
  /// By h W_hhᵀ + b_hh [T, B, gates · size]; `projected` for an LSTM, which adds the two.
  var recurrent: UnsafeMutablePointer<S>
  /// By the states before one row, after resets: [states, B, size], reused by every row.
  var carried: UnsafeMutablePointer<S>
}

extension Kernels {
  /// Runs a recurrent layer over all rows.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func recurrentForward<S: KernelScalar>(_ memory: RecurrentMemory<S>) {
    let shape = memory.shape
    let (environments, size) = (shape.environments, shape.size)
    for t in 0..<shape.steps {
      for state in 0..<shape.cell.stateCount {
        copyUnlessReset(
          memory.previous(t, state), memory.stateBefore(t, state), memory.resets(t),
          rows: environments, width: size)
      }
      linearForward(
        memory.gates(t), memory.previous(t, 0), memory.weight, memory.packed, memory.bias,
        rows: environments, inputs: size, outputs: shape.cell.gateCount &* size,
        activation: .identity)
      switch shape.cell {
      case .lstm:
        lstmRow(
          memory.state(t, 0), memory.state(t, 1), memory.gates(t), memory.projected(t),
          memory.previous(t, 1), environments: environments, size: size)
      case .gru:
        gruRow(
          memory.state(t, 0), memory.gates(t), memory.projected(t), memory.previous(t, 0),
          environments: environments, size: size)
      }
    }
  }

  /// Computes the gradients of `recurrentForward`, from the last row to the first.
  ///
  /// - Precondition: the rows were kept.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func recurrentBackward<S: KernelScalar>(
    _ gradients: RecurrentGradients<S>, _ memory: RecurrentMemory<S>
  ) {
    let shape = memory.shape
    let (environments, size) = (shape.environments, shape.size)
    let width = shape.cell.gateCount &* size
    for t in stride(from: shape.steps &- 1, through: 0, by: -1) {
      rowBackward(t, gradients, memory)
      if t > 0 || gradients.hidden != nil {
        matmul(
          gradients.carried, gradients.recurrent + t &* shape.gateRowCount, memory.weight,
          m: environments, n: size, k: width, aRowStride: width, aDepthStride: 1,
          bRowStride: size, cRowStride: size, accumulate: true)
      }
      for state in 0..<shape.cell.stateCount {
        let first = state == 0 ? gradients.hidden : gradients.cell
        let earlier =
          t == 0
          ? first : gradients.states + (state &* shape.steps &+ t &- 1) &* shape.rowCount
        guard let earlier else { continue }
        addUnlessReset(
          earlier, gradients.carried + state &* shape.rowCount, memory.resets(t),
          rows: environments, width: size)
      }
    }
    if let weight = gradients.weight {
      linearBackwardParameters(
        weight, gradients.bias, gradients.recurrent, memory.previous,
        rows: shape.steps &* environments, inputs: size, outputs: width)
    }
  }

  /// Computes one row's gradients before the gates and by its states, without the product's part.
  @inline(__always)
  private static func rowBackward<S: KernelScalar>(
    _ t: Int, _ gradients: RecurrentGradients<S>, _ memory: RecurrentMemory<S>
  ) {
    let shape = memory.shape
    let dState = gradients.states + t &* shape.rowCount
    let dProjected = gradients.projected + t &* shape.gateRowCount
    switch shape.cell {
    case .lstm:
      lstmRowBackward(
        dProjected, gradients.carried, gradients.carried + shape.rowCount, dState,
        dState + shape.steps &* shape.rowCount, memory.gates(t), memory.previous(t, 1),
        memory.state(t, 1), environments: shape.environments, size: shape.size)
    case .gru:
      gruRowBackward(
        dProjected, gradients.recurrent + t &* shape.gateRowCount, gradients.carried, dState,
        memory.gates(t), memory.projected(t), memory.previous(t, 0),
        environments: shape.environments, size: shape.size)
    }
  }

  /// Copies x to out [rows, width], with zeros in the reset rows.
  @inline(__always)
  private static func copyUnlessReset<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, _ resets: UnsafePointer<S>, rows: Int,
    width: Int
  ) {
    for row in 0..<rows {
      let start = row &* width
      // A selection, not a product with 0: a NaN ends with its episode.
      if resets[row] == 0 {
        (out + start).update(from: x + start, count: width)
      } else {
        fill(out + start, 0, width)
      }
    }
  }

  /// Adds x to out [rows, width], except in the reset rows.
  @inline(__always)
  private static func addUnlessReset<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, _ resets: UnsafePointer<S>, rows: Int,
    width: Int
  ) {
    for row in 0..<rows where resets[row] == 0 {
      accumulate(out + row &* width, x + row &* width, width) { $0 }
    }
  }
}

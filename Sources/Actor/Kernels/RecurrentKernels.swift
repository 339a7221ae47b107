// LSTM and GRU over all rows of a fragment. Ranked goals: one row at a time gives the same bits as all rows
// at once; as few passes as possible beside the matrix products; the parameters' gradient as one product.

/// Which recurrent layer it is.
enum RecurrentCell: BitwiseCopyable, Equatable {
  /// Long short-term memory: gates i, f, g, o.
  case lstm
  /// Gated recurrent unit: gates r, z, n.
  case gru

  /// How many rows of `size` a weight has.
  var gateCount: Int { self == .lstm ? 4 : 3 }

  /// What is carried from row to row: h, and c where there is one.
  var stateCount: Int { self == .lstm ? 2 : 1 }
}

/// The sizes of a recurrent layer.
struct RecurrentShape: BitwiseCopyable {
  var cell: RecurrentCell
  var steps: Int
  var environments: Int
  var size: Int
  /// Whether gates and earlier states are kept for a gradient; otherwise every row uses the same memory.
  var keepsRows: Bool

  /// Numbers of one state in one row: [B, size].
  var rowCount: Int { environments &* size }
  /// Numbers before the gates in one row: [B, gates · size].
  var gateRowCount: Int { cell.gateCount &* rowCount }
  /// Rows that there is memory for.
  var keptSteps: Int { keepsRows ? steps : 1 }
}

/// What a recurrent layer reads, and what it leaves.
struct RecurrentMemory<S: KernelScalar> {
  var shape: RecurrentShape
  /// x W_ihᵀ + b_ih [T, B, gates · size].
  var projected: UnsafePointer<S>
  /// W_hh [gates · size, size], and its transpose.
  var weight: UnsafePointer<S>
  var transposed: UnsafePointer<S>
  /// b_hh [gates · size].
  var bias: UnsafePointer<S>
  /// Not 0 where the state is zero before the row: [T, B].
  var resets: UnsafePointer<S>
  /// The states before the first row, [B, size] each; a GRU never reads `cell`.
  var hidden: UnsafePointer<S>
  var cell: UnsafePointer<S>
  /// The states after each row: [states, T, B, size].
  var states: UnsafeMutablePointer<S>
  /// The states before each row, zero where it says so: [states, kept rows, B, size].
  var previous: UnsafeMutablePointer<S>
  /// The gates, activated [kept rows, B, gates · size]; a GRU's last one is W_hn h + b_hn.
  var gates: UnsafeMutablePointer<S>

  /// A state as it was left by the row before.
  @inline(__always)
  func stateBefore(_ t: Int, _ state: Int) -> UnsafePointer<S> {
    if t == 0 { return state == 0 ? hidden : cell }
    return UnsafePointer(self.state(t &- 1, state))
  }

  /// A state after a row.
  @inline(__always)
  func state(_ t: Int, _ state: Int) -> UnsafeMutablePointer<S> {
    states + (state &* shape.steps &+ t) &* shape.rowCount
  }

  /// A state as a row begins with it.
  @inline(__always)
  func previous(_ t: Int, _ state: Int) -> UnsafeMutablePointer<S> {
    previous + (state &* shape.keptSteps &+ (shape.keepsRows ? t : 0)) &* shape.rowCount
  }

  /// A row's gates.
  @inline(__always)
  func gates(_ t: Int) -> UnsafeMutablePointer<S> {
    gates + (shape.keepsRows ? t : 0) &* shape.gateRowCount
  }
}

/// Where a recurrent layer's gradients go; all but `states` and `carried` are of the memory's shapes.
struct RecurrentGradients<S: KernelScalar> {
  /// What came from outside; what passes from row to row is added on the way.
  var states: UnsafeMutablePointer<S>
  /// Written, not added to: nothing but the layer reads the projection.
  var projected: UnsafeMutablePointer<S>
  var weight: UnsafeMutablePointer<S>
  var bias: UnsafeMutablePointer<S>
  /// Absent where the first states carry no gradient.
  var hidden: UnsafeMutablePointer<S>?
  var cell: UnsafeMutablePointer<S>?
  /// By h W_hhᵀ + b_hh [T, B, gates · size]; an LSTM's is `projected`, since it adds the two.
  var recurrent: UnsafeMutablePointer<S>
  /// By the states as one row begins with them: [states, B, size], used anew by every row.
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
          memory.previous(t, state), memory.stateBefore(t, state),
          memory.resets + t &* environments, rows: environments, width: size)
      }
      linearForward(
        memory.gates(t), memory.previous(t, 0), memory.weight, memory.transposed, memory.bias,
        rows: environments, inputs: size, outputs: shape.cell.gateCount &* size,
        activation: .identity)
      let projected = memory.projected + t &* shape.gateRowCount
      switch shape.cell {
      case .lstm:
        lstmRow(
          memory.state(t, 0), memory.state(t, 1), memory.gates(t), projected,
          memory.previous(t, 1), environments: environments, size: size)
      case .gru:
        gruRow(
          memory.state(t, 0), memory.gates(t), projected, memory.previous(t, 0),
          environments: environments, size: size)
      }
    }
  }

  /// The gradients of `recurrentForward`, from the last row to the first.
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
          earlier, gradients.carried + state &* shape.rowCount,
          memory.resets + t &* environments, rows: environments, width: size)
      }
    }
    linearBackwardParameters(
      gradients.weight, gradients.bias, gradients.recurrent, memory.previous,
      rows: shape.steps &* environments, inputs: size, outputs: width)
  }

  /// One row's gradients by what comes before its gates, and by its states but for the product's part.
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
        memory.gates(t), memory.projected + t &* shape.gateRowCount, memory.previous(t, 0),
        environments: shape.environments, size: shape.size)
    }
  }

  /// out [rows, width] = x, or zero in the rows that are reset.
  @inline(__always)
  private static func copyUnlessReset<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, _ resets: UnsafePointer<S>, rows: Int,
    width: Int
  ) {
    for row in 0..<rows {
      let start = row &* width
      // Chosen, not multiplied: what is not a number ends with its episode.
      if resets[row] == 0 {
        (out + start).update(from: x + start, count: width)
      } else {
        fill(out + start, 0, width)
      }
    }
  }

  /// out [rows, width] += x, but in the rows that are reset.
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

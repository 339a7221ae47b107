// One row of an LSTM between the matrix products, for all environments.

extension Kernels {
  /// Computes the gates and the states of one row.
  ///
  ///     i = σ(xᵢ + hᵢ)   f = σ(x_f + h_f)   g = tanh(x_g + h_g)   o = σ(x_o + h_o)
  ///     c′ = f c + i g   h′ = o tanh c′
  ///
  /// - Parameters:
  ///   - hidden: h′ [B, size].
  ///   - cell: c′ [B, size].
  ///   - gates: h W_hhᵀ + b_hh [B, 4 · size] on entry; i, f, g, o on return.
  ///   - projected: x W_ihᵀ + b_ih [B, 4 · size].
  ///   - previous: c [B, size].
  @inline(__always)
  static func lstmRow<S: KernelScalar>(
    _ hidden: UnsafeMutablePointer<S>, _ cell: UnsafeMutablePointer<S>,
    _ gates: UnsafeMutablePointer<S>, _ projected: UnsafePointer<S>, _ previous: UnsafePointer<S>,
    environments: Int, size: Int
  ) {
    for environment in 0..<environments {
      let start = environment &* size
      let gate = gates + 4 &* start
      let x = projected + 4 &* start
      // One loop for each function: in a single loop the compiler no longer inlines the calls.
      map(gate, gate, x, 2 &* size) { S.sigmoid($0 + $1) }
      map(gate + 2 &* size, gate + 2 &* size, x + 2 &* size, size) { S.tanh($0 + $1) }
      map(gate + 3 &* size, gate + 3 &* size, x + 3 &* size, size) { S.sigmoid($0 + $1) }
      map(hidden + start, gate, gate + 2 &* size, size) { $0 * $1 }
      map(cell + start, gate + size, previous + start, hidden + start, size) {
        S.multiplyAdd($0, $1, $2)
      }
      map(hidden + start, gate + 3 &* size, cell + start, size) { $0 * S.tanh($1) }
    }
  }

  /// Computes the gradients of `lstmRow`.
  ///
  /// With d the derivative of the loss and t = tanh c′:
  ///
  ///     dc′ += dh′ o (1 − t²)
  ///     before the gates: dc′ g i (1 − i), dc′ c f (1 − f), dc′ i (1 − g²), dh′ t o (1 − o)
  ///
  /// - Parameters:
  ///   - dGates: written, the gradient before the gates: [B, 4 · size].
  ///   - dPreviousHidden: written, zeros, to which the row's product is added.
  ///   - dPrevious: written, the gradient by c: dc′ f [B, size].
  ///   - gates: i, f, g, o from `lstmRow`.
  @inline(__always)
  static func lstmRowBackward<S: KernelScalar>(
    _ dGates: UnsafeMutablePointer<S>, _ dPreviousHidden: UnsafeMutablePointer<S>,
    _ dPrevious: UnsafeMutablePointer<S>, _ dHidden: UnsafePointer<S>, _ dCell: UnsafePointer<S>,
    _ gates: UnsafePointer<S>, _ previous: UnsafePointer<S>, _ cell: UnsafePointer<S>,
    environments: Int, size: Int
  ) {
    // `dPreviousHidden` first holds the tangents, computed in a separate loop as in `lstmRow`.
    map(dPreviousHidden, cell, environments &* size) { S.tanh($0) }
    for environment in 0..<environments {
      let start = environment &* size
      let gate = gates + 4 &* start
      let dGate = dGates + 4 &* start
      eachVector(of: size) { (at: VectorRange<S>) in
        let i = at.load(gate)
        let f = at.load(gate + size)
        let g = at.load(gate + 2 &* size)
        let o = at.load(gate + 3 &* size)
        let t = at.load(dPreviousHidden + start)
        let dh = at.load(dHidden + start)
        let dc = S.multiplyAdd(dh * o, 1 - t * t, at.load(dCell + start))
        at.store(dGate, dc * g * (i * (1 - i)))
        at.store(dGate + size, dc * at.load(previous + start) * (f * (1 - f)))
        at.store(dGate + 2 &* size, dc * i * (1 - g * g))
        at.store(dGate + 3 &* size, dh * t * (o * (1 - o)))
        at.store(dPrevious + start, dc * f)
      }
    }
    fill(dPreviousHidden, 0, environments &* size)
  }
}

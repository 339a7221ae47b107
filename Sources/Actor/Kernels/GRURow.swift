// One row of a GRU between the matrix products, for all environments.

extension Kernels {
  /// Computes the gates and the state of one row.
  ///
  ///     r = σ(x_r + h_r)   z = σ(x_z + h_z)   n = tanh(x_n + r h_n)   h′ = (1 − z) n + z h
  ///
  /// - Parameters:
  ///   - hidden: h′ [B, size].
  ///   - gates: h W_hhᵀ + b_hh [B, 3 · size] on entry; r, z, h_n on return.
  ///   - projected: x W_ihᵀ + b_ih [B, 3 · size].
  ///   - previous: h [B, size].
  @inline(__always)
  static func gruRow<S: KernelScalar>(
    _ hidden: UnsafeMutablePointer<S>, _ gates: UnsafeMutablePointer<S>,
    _ projected: UnsafePointer<S>, _ previous: UnsafePointer<S>, environments: Int, size: Int
  ) {
    for environment in 0..<environments {
      let start = environment &* size
      let gate = gates + 3 &* start
      let x = projected + 3 &* start
      // One loop for each function, as for an LSTM.
      map(gate, gate, x, 2 &* size) { S.sigmoid($0 + $1) }
      map(hidden + start, gate, gate + 2 &* size, x + 2 &* size, size) {
        S.tanh(S.multiplyAdd($0, $1, $2))
      }
      map(hidden + start, hidden + start, gate + size, previous + start, size) { n, z, h in
        S.multiplyAdd(z, h - n, n)
      }
    }
  }

  /// Computes the gradients of `gruRow`.
  ///
  /// With d the derivative of the loss; the two sides differ in the last gate, which is multiplied
  /// by r:
  ///
  ///     dn = dh′ (1 − z) (1 − n²), dz = dh′ (h − n) z (1 − z), dr = dn h_n r (1 − r)
  ///     by the projection: dr, dz, dn      by h W_hhᵀ + b_hh: dr, dz, dn r
  ///
  /// - Parameters:
  ///   - dProjected: written, [B, 3 · size].
  ///   - dRecurrent: written, [B, 3 · size].
  ///   - dPrevious: written, the gradient by h without the row's product: dh′ z [B, size].
  ///   - gates: r, z, h_n from `gruRow`; n is recomputed.
  @inline(__always)
  static func gruRowBackward<S: KernelScalar>(
    _ dProjected: UnsafeMutablePointer<S>, _ dRecurrent: UnsafeMutablePointer<S>,
    _ dPrevious: UnsafeMutablePointer<S>, _ dHidden: UnsafePointer<S>, _ gates: UnsafePointer<S>,
    _ projected: UnsafePointer<S>, _ previous: UnsafePointer<S>, environments: Int, size: Int
  ) {
    for environment in 0..<environments {
      let start = environment &* size
      let gate = gates + 3 &* start
      let x = projected + 3 &* start
      let dx = dProjected + 3 &* start
      let dGate = dRecurrent + 3 &* start
      // `dPrevious` first holds n, because tanh needs a separate loop.
      map(dPrevious + start, gate, gate + 2 &* size, x + 2 &* size, size) {
        S.tanh(S.multiplyAdd($0, $1, $2))
      }
      eachVector(of: size) { (at: VectorRange<S>) in
        let r = at.load(gate)
        let z = at.load(gate + size)
        let sum = at.load(gate + 2 &* size)
        let n = at.load(dPrevious + start)
        let dh = at.load(dHidden + start)
        let dn = dh * (1 - z) * (1 - n * n)
        let dz = dh * (at.load(previous + start) - n) * (z * (1 - z))
        let dr = dn * sum * (r * (1 - r))
        at.store(dx, dr)
        at.store(dx + size, dz)
        at.store(dx + 2 &* size, dn)
        at.store(dGate, dr)
        at.store(dGate + size, dz)
        at.store(dGate + 2 &* size, dn * r)
        at.store(dPrevious + start, dh * z)
      }
    }
  }
}

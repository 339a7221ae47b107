// PyTorch's linear layer. A row's result is bit-identical for any number of rows and any position
// among them, because the choice between the two methods below depends on the layer's sizes only.

extension Kernels {
  /// Applies a linear layer: y [rows, outputs] = activation(x · Wᵀ + bias [outputs]).
  ///
  /// `x` is [rows, inputs] and `weight` [outputs, inputs]. `packed` holds the same numbers; the
  /// caller updates it with `packWeight` after each change of the weights. `bias` may be absent.
  /// `y` must not overlap the inputs.
  ///
  /// - Precondition: the activation is fusible.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func linearForward<S: KernelScalar>(
    _ y: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, _ weight: UnsafePointer<S>,
    _ packed: UnsafePointer<S>, _ bias: UnsafePointer<S>?,
    rows: Int, inputs: Int, outputs: Int, activation: Activation
  ) {
    let rectifies = activation == .relu
    switch outputs {
    case 1 where inputs >= S.lanes:
      rowDots(y, x, weight, bias, rows: rows, inputs: inputs, rectifies, Constant<1>.self)
    case 2 where inputs >= S.lanes:
      rowDots(y, x, weight, bias, rows: rows, inputs: inputs, rectifies, Constant<2>.self)
    case 4 where inputs >= S.lanes:
      rowDots(y, x, weight, bias, rows: rows, inputs: inputs, rectifies, Constant<4>.self)
    default:
      packedLinear(
        y, x, packed, bias, rows: rows, inputs: inputs, outputs: outputs, rectifies: rectifies)
    }
    if activation == .elu || activation == .tanh {
      activationForward(y, y, count: rows &* outputs, activation: activation)
    }
  }

  /// Applies a linear layer with 1, 2 or 4 outputs by dot products along the inputs.
  ///
  /// It computes one vector of results at a time. Each result is accumulated in a vector, which is
  /// reduced to four sums in memory. `lanes` groups of four sums become one vector of results,
  /// which are adjacent in y.
  @inline(__always)
  private static func rowDots<S: KernelScalar, let outputs: Int>(
    _ y: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, _ weight: UnsafePointer<S>,
    _ bias: UnsafePointer<S>?, rows: Int, inputs: Int, _ rectifies: Bool, _: Constant<outputs>.Type
  ) {
    let zero = S.Vector(repeating: 0)
    let groupRows = S.lanes / outputs
    var first = zero
    if let bias {
      for j in 0..<S.lanes { first[j] = bias[j % outputs] }
    }
    var storage = InlineArray<4, S.Vector>(repeating: zero)
    withUnsafeMutableBytes(of: &storage) { bytes in
      guard let base = bytes.baseAddress else { return }
      let fours = base.assumingMemoryBound(to: S.self)
      var row = 0
      while row < rows {
        let count = min(groupRows, rows &- row)
        for r in 0..<count {
          let from = x + (row &+ r) &* inputs
          let to = fours + 4 &* r &* outputs
          if outputs == 1 {
            storeRowDots(to, from, weight, inputs, Constant<1>.self)
          }
          // Two outputs at a time: with more, the compiler interleaves their sums.
          for pair in 0..<(outputs / 2) {
            let at = weight + 2 &* pair &* inputs
            storeRowDots(to + 8 &* pair, from, at, inputs, Constant<2>.self)
          }
        }
        let totals = S.pairSums(
          S.pairSums(S.load(fours), S.load(fours + S.lanes)),
          S.pairSums(S.load(fours + 2 &* S.lanes), S.load(fours + 3 &* S.lanes)))
        var result = first + totals
        if rectifies { result = result.replacing(with: zero, where: result .< zero) }
        let at = y + row &* outputs
        if count == groupRows {
          S.store(at, result)
        } else {
          S.storeFirst(count &* outputs, at, result)
        }
        row &+= count
      }
    }
  }

  /// Multiplies one row of x with each row of the weight and reduces each to four sums.
  @inline(__always)
  private static func storeRowDots<S: KernelScalar, let outputs: Int>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, _ weight: UnsafePointer<S>,
    _ inputs: Int, _: Constant<outputs>.Type
  ) {
    var sums = InlineArray<outputs, S.Vector>(repeating: S.Vector(repeating: 0))
    var p = 0
    while p &+ S.lanes <= inputs {
      let row = S.load(x + p)
      for o in 0..<outputs {
        sums[o] = S.multiplyAdd(row, S.load(weight + (o &* inputs &+ p)), sums[o])
      }
      p &+= S.lanes
    }
    let rest = inputs &- p
    if rest > 0 {
      let row = S.loadFirst(rest, x + p)
      for o in 0..<outputs {
        sums[o] = S.multiplyAdd(row, S.loadFirst(rest, weight + (o &* inputs &+ p)), sums[o])
      }
    }
    for o in 0..<outputs {
      UnsafeMutableRawPointer(out + 4 &* o).storeBytes(
        of: S.fourSums(sums[o]), as: SIMD4<S>.self)
    }
  }
}

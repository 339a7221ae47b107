// PyTorch's linear layer. A row's result is bit-identical whatever the number of rows and the row's
// place among them: the choice between the two ways below depends on the layer's own sizes only.

extension Kernels {
  /// A linear layer: y [rows, outputs] = activation(x [rows, inputs] · Wᵀ + bias [outputs]).
  ///
  /// `weight` is [outputs, inputs], and `weightTransposed` [inputs, outputs] holds the same numbers: the
  /// caller brings it up to date (`transpose`) whenever the weights change. `bias` may be absent. `y`
  /// must not overlap the inputs.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func linearForward<S: KernelScalar>(
    _ y: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, _ weight: UnsafePointer<S>,
    _ weightTransposed: UnsafePointer<S>, _ bias: UnsafePointer<S>?,
    rows: Int, inputs: Int, outputs: Int, activation: Activation
  ) {
    let rectifies = activation == .relu
    if inputs >= S.lanes && outputs == 2 {
      rowDots(
        y, x, weight, bias, rows: rows, inputs: inputs, rectifies: rectifies, Constant<2>.self)
    } else if inputs >= S.lanes && outputs == 1 {
      rowDots(
        y, x, weight, bias, rows: rows, inputs: inputs, rectifies: rectifies, Constant<1>.self)
    } else if inputs >= S.lanes && outputs == 4 {
      rowDots(
        y, x, weight, bias, rows: rows, inputs: inputs, rectifies: rectifies, Constant<4>.self)
    } else {
      let operands = ProductOperands(
        a: x, aRowStride: inputs, aDepthStride: 1, b: weightTransposed, bRowStride: outputs,
        depth: inputs, accumulates: false, bias: bias, rectifies: rectifies)
      product(y, m: rows, n: outputs, cRowStride: outputs, operands)
    }
    if activation == .elu || activation == .tanh {
      activationForward(y, y, count: rows &* outputs, activation: activation)
    }
  }

  /// A linear layer with 1, 2 or 4 outputs: dot products along the inputs, a vector of results at a time.
  ///
  /// Each result's partial sums fill a vector; a tree of pairwise sums turns `lanes` such vectors into
  /// one vector of results, which are neighbours in y.
  @inline(__always)
  private static func rowDots<S: KernelScalar, let outputs: Int>(
    _ y: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, _ weight: UnsafePointer<S>,
    _ bias: UnsafePointer<S>?, rows: Int, inputs: Int, rectifies: Bool, _: Constant<outputs>.Type
  ) {
    let zero = S.Vector(repeating: 0)
    let groupRows = S.lanes / outputs
    var first = zero
    if let bias {
      for j in 0..<S.lanes { first[j] = bias[j % outputs] }
    }
    var row = 0
    while row < rows {
      var sums = InlineArray<16, S.Vector>(repeating: zero)
      let rest = rows &- row
      let from = x + row &* inputs
      if rest >= groupRows {
        addDots(&sums, from, weight, inputs, lastRow: groupRows &- 1, Constant<outputs>.self)
      } else {
        addDots(&sums, from, weight, inputs, lastRow: rest &- 1, Constant<outputs>.self)
      }
      var result = first + S.totals(sums)
      if rectifies { result = result.replacing(with: zero, where: result .< zero) }
      let at = y + row &* outputs
      if rest >= groupRows {
        S.store(at, result)
      } else {
        S.storeFirst(rest &* outputs, at, result)
      }
      row &+= groupRows
    }
  }

  /// Adds the products of `lanes / outputs` rows of x with the rows of the weight, lane by lane.
  ///
  /// Rows beyond `lastRow` repeat it, since nothing lies behind it.
  @inline(__always)
  private static func addDots<S: KernelScalar, let outputs: Int>(
    _ sums: inout InlineArray<16, S.Vector>, _ x: UnsafePointer<S>, _ weight: UnsafePointer<S>,
    _ inputs: Int, lastRow: Int, _: Constant<outputs>.Type
  ) {
    var p = 0
    while p &+ S.lanes <= inputs {
      for j in 0..<S.lanes {
        let row = x + (min(j / outputs, lastRow) &* inputs &+ p)
        let column = weight + (j % outputs &* inputs &+ p)
        sums[j] = S.multiplyAdd(S.load(row), S.load(column), sums[j])
      }
      p &+= S.lanes
    }
    let rest = inputs &- p
    if rest > 0 {
      for j in 0..<S.lanes {
        let row = S.loadFirst(rest, x + (min(j / outputs, lastRow) &* inputs &+ p))
        let column = S.loadFirst(rest, weight + (j % outputs &* inputs &+ p))
        sums[j] = S.multiplyAdd(row, column, sums[j])
      }
    }
  }
}

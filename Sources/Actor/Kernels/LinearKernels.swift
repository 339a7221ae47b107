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

// The gradients of a linear layer by its input and by its parameters.

extension Kernels {
  /// Computes the input's gradient: dx [rows, inputs] += dy [rows, outputs] · W [outputs, inputs],
  /// or sets it without `accumulate`.
  ///
  /// `dxRowStride` and `weightRowStride` are the row strides of dx and W. To compute a range of the
  /// input's columns alone, pass its width as `inputs`, and `weight` and `dx` at its first column.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func linearBackwardInput<S: KernelScalar>(
    _ dx: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ weight: UnsafePointer<S>,
    rows: Int, inputs: Int, outputs: Int, dxRowStride: Int, weightRowStride: Int,
    accumulate: Bool = true
  ) {
    matmul(
      dx, dy, weight, m: rows, n: inputs, k: outputs, aRowStride: outputs, aDepthStride: 1,
      bRowStride: weightRowStride, cRowStride: dxRowStride, accumulate: accumulate)
  }

  /// Computes the parameters' gradients: dW [outputs, inputs] += dyᵀ · x, dBias [outputs] += Σ dy.
  ///
  /// `dy` is [rows, outputs], the gradient before the bias was added; `x` is [rows, inputs].
  /// `dBias` may be absent.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func linearBackwardParameters<S: KernelScalar>(
    _ dWeight: UnsafeMutablePointer<S>, _ dBias: UnsafeMutablePointer<S>?,
    _ dy: UnsafePointer<S>, _ x: UnsafePointer<S>, rows: Int, inputs: Int, outputs: Int
  ) {
    if let dBias { columnSums(dBias, dy, rows: rows, columns: outputs) }
    linearWeightGradient(
      dWeight, dy, x, rows: rows, inputs: inputs, outputs: outputs, of: 0..<outputs)
  }

  /// Computes some rows of the weight's gradient: dW [outputs, inputs] += dyᵀ · x.
  ///
  /// All rows in parts give the same bits as at once, because each element is one sum over the rows
  /// of dy in either case.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func linearWeightGradient<S: KernelScalar>(
    _ dWeight: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ x: UnsafePointer<S>,
    rows: Int, inputs: Int, outputs: Int, of part: Range<Int>
  ) {
    if inputs < S.lanes && outputs > inputs {
      transposedWeightGradient(
        dWeight, dy, x, rows: rows, inputs: inputs, outputs: outputs, of: part)
    } else {
      matmul(
        dWeight + part.lowerBound &* inputs, dy + part.lowerBound, x, m: part.count, n: inputs,
        k: rows, aRowStride: 1, aDepthStride: outputs, bRowStride: inputs, cRowStride: inputs,
        accumulate: true)
    }
  }

  /// Computes dW [outputs, inputs] += (xᵀ · dy)ᵀ for fewer inputs than a vector has lanes.
  ///
  /// Vectors run along the outputs. Two vectors of outputs at a time, 32 in Float, are summed on
  /// the stack and then added.
  private static func transposedWeightGradient<S: KernelScalar>(
    _ dWeight: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ x: UnsafePointer<S>,
    rows: Int, inputs: Int, outputs: Int, of part: Range<Int>
  ) {
    var tile = InlineArray<32, S.Vector>(repeating: S.Vector(repeating: 0))
    withUnsafeMutableBytes(of: &tile) { bytes in
      guard let base = bytes.baseAddress else { return }
      let transposed = base.assumingMemoryBound(to: S.self)
      let tileWidth = 2 &* S.lanes
      var first = part.lowerBound
      while first < part.upperBound {
        let width = min(tileWidth, part.upperBound &- first)
        matmul(
          transposed, x, dy + first, m: inputs, n: width, k: rows, aRowStride: 1,
          aDepthStride: inputs, bRowStride: outputs, cRowStride: tileWidth, accumulate: false)
        for j in 0..<width {
          let to = dWeight + (first &+ j) &* inputs
          for i in 0..<inputs { to[i] += transposed[i &* tileWidth &+ j] }
        }
        first &+= width
      }
    }
  }
}

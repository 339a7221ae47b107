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

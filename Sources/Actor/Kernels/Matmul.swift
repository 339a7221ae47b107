// Matrix products. Goals in order of priority: each element is summed in the same order for any
// number of rows; the machine's peak for large matrices; little overhead for a worker's small ones.

extension Kernels {
  /// Computes a product from its definition: the specification of `matmul`, for tests.
  static func matmulNaive<S: KernelScalar>(
    _ c: UnsafeMutablePointer<S>, _ a: UnsafePointer<S>, _ b: UnsafePointer<S>,
    m: Int, n: Int, k: Int, aRowStride: Int, aDepthStride: Int, bRowStride: Int, cRowStride: Int,
    accumulate: Bool
  ) {
    for i in 0..<m {
      for j in 0..<n {
        var sum: S = accumulate ? c[i * cRowStride + j] : 0
        for p in 0..<k {
          sum += a[i * aRowStride + p * aDepthStride] * b[p * bRowStride + j]
        }
        c[i * cRowStride + j] = sum
      }
    }
  }

  /// Multiplies two matrices: C [m, n] = A [m, k] · B [k, n], or adds the product to C.
  ///
  /// A's element (i, p) lies at a[i·aRowStride + p·aDepthStride], so Aᵀ needs no copy. B and C are
  /// row-major. Any size may be zero: with k = 0, C becomes zero unless accumulating. C must not
  /// overlap A or B.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func matmul<S: KernelScalar>(
    _ c: UnsafeMutablePointer<S>, _ a: UnsafePointer<S>, _ b: UnsafePointer<S>,
    m: Int, n: Int, k: Int, aRowStride: Int, aDepthStride: Int, bRowStride: Int, cRowStride: Int,
    accumulate: Bool
  ) {
    let operands = ProductOperands(
      a: a, aRowStride: aRowStride, aDepthStride: aDepthStride, b: b, bRowStride: bRowStride,
      depth: k, accumulates: accumulate, bias: nil, rectifies: false)
    product(c, m: m, n: n, cRowStride: cRowStride, operands)
  }

  /// Multiplies two matrices as `matmul`.
  ///
  /// Panels of B are first copied to the stack if they are narrower than a block, used often
  /// enough, or part of a product deeper than `panelDepth`.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func product<S: KernelScalar>(
    _ c: UnsafeMutablePointer<S>, m: Int, n: Int, cRowStride: Int, _ operands: ProductOperands<S>
  ) {
    let blockWidth = blockVectors &* S.lanes
    let isLarge = m >= 32 && operands.depth &* n > 4096
    if m <= mostBlockRows || !isLarge && operands.depth <= panelDepth {
      // Read once, or small enough to be read in place; only the remaining columns are padded.
      let whole = n &- n % blockWidth
      var part = operands
      var rest = operands.depth
      repeat {
        part.depth = min(panelDepth, rest)
        wholeColumns(c, m: m, n: whole, cRowStride: cRowStride, part)
        part.a += part.depth &* operands.aDepthStride
        part.b += part.depth &* operands.bRowStride
        part.accumulates = true
        rest &-= part.depth
      } while rest > 0
      if whole < n {
        var right = operands
        right.b += whole
        packedProduct(c + whole, m: m, n: n &- whole, cRowStride: cRowStride, right)
      }
    } else {
      packedProduct(c, m: m, n: n, cRowStride: cRowStride, operands)
    }
  }

  /// Computes a product with a whole number of blocks of columns, without copying B.
  @inline(__always)
  private static func wholeColumns<S: KernelScalar>(
    _ c: UnsafeMutablePointer<S>, m: Int, n: Int, cRowStride: Int, _ operands: ProductOperands<S>
  ) {
    let blockWidth = blockVectors &* S.lanes
    var operands = operands
    var j = 0
    while j < n {
      #if RLPLAY_AVX512
        blockColumn(
          c + j, rows: m, cRowStride: cRowStride, operands, lastLanes: S.lanes, Constant<2>.self)
      #else
        blockColumn(
          c + j, rows: m, cRowStride: cRowStride, operands, lastLanes: S.lanes, Constant<1>.self)
      #endif
      operands.b += blockWidth
      j &+= blockWidth
    }
  }

  /// The depth summed before a result returns to memory; it bounds the panel on the stack.
  static var panelDepth: Int { 256 }

  /// The number of rows of A per panel of B: 256 × 256 Floats leave room in a 1 MB cache.
  static var panelRows: Int { 256 }

  /// Computes a product with each panel of B [panelDepth, block] copied to the stack, zero-padded.
  ///
  /// The copy is contiguous. Rows a power of two apart would map to few cache lines.
  @inline(never)
  private static func packedProduct<S: KernelScalar>(
    _ c: UnsafeMutablePointer<S>, m: Int, n: Int, cRowStride: Int, _ operands: ProductOperands<S>
  ) {
    // 32 KB for either scalar. The array counts as initialized without being written. The rows in
    // use are always packed before they are read, and clearing the panel would cost more than a
    // small product.
    var panel = InlineArray<512, S.Vector> { span in
      span.withUnsafeMutableBufferPointer { buffer, initializedCount in
        initializedCount = buffer.count
      }
    }
    withUnsafeMutableBytes(of: &panel) { bytes in
      guard let base = bytes.baseAddress else { return }
      packedProduct(
        c, m: m, n: n, cRowStride: cRowStride, operands,
        panel: base.assumingMemoryBound(to: S.self))
    }
  }

  /// Runs the loops of a packed product: depth, rows, columns.
  @inline(__always)
  private static func packedProduct<S: KernelScalar>(
    _ c: UnsafeMutablePointer<S>, m: Int, n: Int, cRowStride: Int, _ operands: ProductOperands<S>,
    panel: UnsafeMutablePointer<S>
  ) {
    let blockWidth = blockVectors &* S.lanes
    var p = 0
    repeat {
      let depth = min(panelDepth, operands.depth &- p)
      var part = operands
      part.depth = depth
      part.accumulates = operands.accumulates || p > 0
      part.b = UnsafePointer(panel)
      var i = 0
      while i < m {
        let rows = min(panelRows, m &- i)
        part.a = operands.a + (i &* operands.aRowStride &+ p &* operands.aDepthStride)
        var j = 0
        while j < n {
          let width = min(blockWidth, n &- j)
          let at = c + (i &* cRowStride &+ j)
          let source = operands.b + (p &* operands.bRowStride &+ j)
          if width > S.lanes {
            pack(panel, source, operands.bRowStride, depth: depth, width: width, Constant<2>.self)
            part.bRowStride = 2 &* S.lanes
            blockColumn(
              at, rows: rows, cRowStride: cRowStride, part, lastLanes: width &- S.lanes,
              Constant<2>.self)
          } else {
            pack(panel, source, operands.bRowStride, depth: depth, width: width, Constant<1>.self)
            part.bRowStride = S.lanes
            blockColumn(
              at, rows: rows, cRowStride: cRowStride, part, lastLanes: width, Constant<1>.self)
          }
          j &+= blockWidth
        }
        i &+= rows
      }
      p &+= depth
    } while p < operands.depth
  }

  /// Copies `depth` rows of `width` elements into rows of whole vectors, the spare lanes zero.
  @inline(__always)
  private static func pack<S: KernelScalar, let vectors: Int>(
    _ panel: UnsafeMutablePointer<S>, _ b: UnsafePointer<S>, _ bRowStride: Int,
    depth: Int, width: Int, _: Constant<vectors>.Type
  ) {
    let lastLanes = width &- (vectors &- 1) &* S.lanes
    var to = panel
    var from = b
    for _ in 0..<depth {
      for j in 0..<(vectors &- 1) { S.store(to + j &* S.lanes, S.load(from + j &* S.lanes)) }
      let lastFrom = from + (vectors &- 1) &* S.lanes
      let last = lastLanes == S.lanes ? S.load(lastFrom) : S.loadFirst(lastLanes, lastFrom)
      S.store(to + (vectors &- 1) &* S.lanes, last)
      to += vectors &* S.lanes
      from += bRowStride
    }
  }
}

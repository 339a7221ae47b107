// The innermost part of every matrix product: one block of the result in registers.

/// A number as a type, which gives loops a constant bound for the compiler to unroll.
enum Constant<let value: Int> {}

/// The factors of a product and the initial and final operations on its result.
struct ProductOperands<S: KernelScalar> {
  /// The left factor: row i, depth p lies at i·aRowStride + p·aDepthStride.
  var a: UnsafePointer<S>
  var aRowStride: Int
  var aDepthStride: Int
  /// The right factor: depth p begins at p·bRowStride, its columns are contiguous.
  var b: UnsafePointer<S>
  var bRowStride: Int
  /// The number of products summed for each element.
  var depth: Int
  /// True to add the sums to the result's previous values.
  var accumulates: Bool
  /// The initial value of each column's sums unless accumulating; nil for zero.
  var bias: UnsafePointer<S>?
  /// True to replace negative results with zero at the end.
  var rectifies: Bool
}

extension Kernels {
  /// The number of vectors of a row of the result held in registers at once.
  static var blockVectors: Int {
    #if RLPLAY_AVX512
      2
    #else
      1
    #endif
  }

  /// The number of rows of a block of the result.
  static var mostBlockRows: Int {
    #if RLPLAY_AVX512
      8
    #else
      4
    #endif
  }

  /// Computes one block: `rows` rows of `vectors` whole vectors, in C, in B and in the bias.
  ///
  /// Each element is one chain of multiply-adds in order of depth for any shape of the block. That
  /// is why a row's result does not depend on its neighbors. The previous value of C is added at
  /// the end, where only the next block waits for it to be loaded.
  @inline(__always)
  static func block<S: KernelScalar, let rows: Int, let vectors: Int>(
    _ c: UnsafeMutablePointer<S>, cRowStride: Int, _ operands: ProductOperands<S>,
    _: Constant<rows>.Type, _: Constant<vectors>.Type
  ) {
    // Only loops without branches are unrolled early enough to keep the sums in registers.
    typealias Row = InlineArray<vectors, S.Vector>
    var sums = InlineArray<rows, Row>(repeating: Row(repeating: S.Vector(repeating: 0)))
    if !operands.accumulates, let bias = operands.bias {
      for i in 0..<rows {
        for j in 0..<vectors { sums[i][j] = S.load(bias + j &* S.lanes) }
      }
    }

    // One pointer for each row: an address incremented from row to row would be a chain of
    // additions as long as the multiply-adds take.
    var starts = InlineArray<rows, UnsafePointer<S>>(repeating: operands.a)
    for i in 0..<rows { starts[i] = operands.a + i &* operands.aRowStride }
    var b = operands.b
    var offset = 0
    var p = 0
    while p < operands.depth {
      for i in 0..<rows {
        let factor = S.Vector(repeating: starts[i][offset])
        for j in 0..<vectors {
          sums[i][j] = S.multiplyAdd(factor, S.load(b + j &* S.lanes), sums[i][j])
        }
      }
      offset &+= operands.aDepthStride
      b += operands.bRowStride
      p &+= 1
    }

    if operands.accumulates {
      for i in 0..<rows {
        for j in 0..<vectors {
          let before = S.load(UnsafePointer(c + (i &* cRowStride &+ j &* S.lanes)))
          sums[i][j] = before + sums[i][j]
        }
      }
    }
    if operands.rectifies {
      let zero = S.Vector(repeating: 0)
      for i in 0..<rows {
        for j in 0..<vectors {
          sums[i][j] = sums[i][j].replacing(with: zero, where: sums[i][j] .< zero)
        }
      }
    }
    for i in 0..<rows {
      for j in 0..<vectors { S.store(c + (i &* cRowStride &+ j &* S.lanes), sums[i][j]) }
    }
  }

  /// Computes a block beside C, with only `lastLanes` lanes of its last vector in C.
  @inline(never)
  static func narrowBlock<S: KernelScalar, let rows: Int, let vectors: Int>(
    _ c: UnsafeMutablePointer<S>, cRowStride: Int, _ operands: ProductOperands<S>, lastLanes: Int,
    _: Constant<rows>.Type, _: Constant<vectors>.Type
  ) {
    typealias Row = InlineArray<vectors, S.Vector>
    var tile = InlineArray<rows, Row>(repeating: Row(repeating: S.Vector(repeating: 0)))
    withUnsafeMutableBytes(of: &tile) { bytes in
      guard let base = bytes.baseAddress else { return }
      let at = base.assumingMemoryBound(to: S.self)
      let width = vectors &* S.lanes
      let used = width &- S.lanes &+ lastLanes
      if operands.accumulates && !operands.rectifies {
        var operands = operands
        operands.accumulates = false
        operands.bias = nil
        block(at, cRowStride: width, operands, Constant<rows>.self, Constant<vectors>.self)
        accumulateStrips(
          c, outStride: cRowStride, UnsafePointer(at), xStride: width, rows: rows, width: used)
        return
      }
      if operands.accumulates {
        copyStrips(
          at, outStride: width, UnsafePointer(c), xStride: cRowStride, rows: rows, width: used)
      }
      block(at, cRowStride: width, operands, Constant<rows>.self, Constant<vectors>.self)
      copyStrips(
        c, outStride: cRowStride, UnsafePointer(at), xStride: width, rows: rows, width: used)
    }
  }

  /// Computes all rows of a product for the columns of one block: 8, 4, 2, 1 rows at a time.
  ///
  /// C's last vector has `lastLanes` lanes; B and the bias have whole vectors.
  @inline(__always)
  static func blockColumn<S: KernelScalar, let vectors: Int>(
    _ c: UnsafeMutablePointer<S>, rows: Int, cRowStride: Int, _ operands: ProductOperands<S>,
    lastLanes: Int, _ vectors: Constant<vectors>.Type
  ) {
    var operands = operands
    var i = 0
    #if RLPLAY_AVX512
      while i &+ 8 <= rows {
        blockRows(
          c, at: &i, cRowStride: cRowStride, &operands, lastLanes: lastLanes,
          Constant<8>.self, vectors)
      }
    #endif
    while i &+ 4 <= rows {
      blockRows(
        c, at: &i, cRowStride: cRowStride, &operands, lastLanes: lastLanes,
        Constant<4>.self, vectors)
    }
    if i &+ 2 <= rows {
      blockRows(
        c, at: &i, cRowStride: cRowStride, &operands, lastLanes: lastLanes,
        Constant<2>.self, vectors)
    }
    if i < rows {
      blockRows(
        c, at: &i, cRowStride: cRowStride, &operands, lastLanes: lastLanes,
        Constant<1>.self, vectors)
    }
  }

  /// Computes the block at row `i`, whole or narrow, and advances `i` and the left factor.
  @inline(__always)
  private static func blockRows<S: KernelScalar, let rows: Int, let vectors: Int>(
    _ c: UnsafeMutablePointer<S>, at i: inout Int, cRowStride: Int,
    _ operands: inout ProductOperands<S>, lastLanes: Int,
    _ rows: Constant<rows>.Type, _ vectors: Constant<vectors>.Type
  ) {
    let at = c + i &* cRowStride
    if lastLanes == S.lanes {
      block(at, cRowStride: cRowStride, operands, rows, vectors)
    } else {
      narrowBlock(at, cRowStride: cRowStride, operands, lastLanes: lastLanes, rows, vectors)
    }
    i &+= rowCount(rows)
    operands.a += rowCount(rows) &* operands.aRowStride
  }

  @inline(__always)
  private static func rowCount<let rows: Int>(_: Constant<rows>.Type) -> Int { rows }
}

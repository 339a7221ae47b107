// Kernels that follow an index, and kernels that only move elements. No kernel checks an index:
// code that creates indices checks them once.

/// The sizes of an embedding that a linear layer reads as some of its inputs.
struct TableShape: BitwiseCopyable {
  /// The number of rows looked up.
  var rows: Int
  /// The number of rows of the table.
  var count: Int
  var width: Int
  /// The first input of the layer that belongs to the embedding.
  var start: Int
  var inputs: Int
  var outputs: Int
}

extension Kernels {
  /// Computes out [rows] = x [rows, classes] at each row's index.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func pick<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, _ indices: UnsafePointer<Int32>,
    rows: Int, classes: Int
  ) {
    for r in 0..<rows { out[r] = x[r &* classes &+ Int(indices[r])] }
  }

  /// Computes dx [rows, classes] += dy [rows] at each row's index: the gradient of `pick`.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func pickBackward<S: KernelScalar>(
    _ dx: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ indices: UnsafePointer<Int32>,
    rows: Int, classes: Int
  ) {
    for r in 0..<rows { dx[r &* classes &+ Int(indices[r])] += dy[r] }
  }

  /// Copies the indexed rows of table [any, width] to out [rows, width].
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func embedding<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ table: UnsafePointer<S>, _ indices: UnsafePointer<Int32>,
    rows: Int, width: Int
  ) {
    if width == 4 {
      for r in 0..<rows { copyFour(out + 4 &* r, table + 4 &* Int(indices[r])) }
      return
    }
    for r in 0..<rows {
      let from = table + Int(indices[r]) &* width
      map(out + r &* width, from, width) { v in v }
    }
  }

  /// Copies four elements.
  @inline(__always)
  private static func copyFour<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ from: UnsafePointer<S>
  ) {
    let four = UnsafeRawPointer(from).loadUnaligned(as: SIMD4<S>.self)
    UnsafeMutableRawPointer(out).storeBytes(of: four, as: SIMD4<S>.self)
  }

  /// Computes dTable [any, width] += dy [rows, width] at the indexed rows.
  ///
  /// Rows are added in order, which makes the sum of a repeated index reproducible.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func embeddingBackward<S: KernelScalar>(
    _ dTable: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ indices: UnsafePointer<Int32>,
    rows: Int, width: Int
  ) {
    for r in 0..<rows {
      let to = dTable + Int(indices[r]) &* width
      accumulate(to, dy + r &* width, width) { v in v }
    }
  }

  /// Computes the gradient of an embedding's table through a linear layer that reads the embedding:
  /// dTable [count, width] += Σ dy [rows, outputs] over the rows of each index · W.
  ///
  /// `weight` is W [outputs, inputs] from the embedding's first column on. `sums` is memory for
  /// [2, count, outputs]: the first and the second half of the rows are summed at the same time, so
  /// that no sum waits for the one before it if an index is repeated.
  @inline(__always)
  static func embeddingBackward<S: KernelScalar>(
    _ dTable: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ indices: UnsafePointer<Int32>,
    _ weight: UnsafePointer<S>, sums: UnsafeMutablePointer<S>, _ shape: TableShape
  ) {
    let (width, half) = (shape.outputs, shape.rows / 2)
    let sumCount = shape.count &* width
    fill(sums, 0, 2 &* sumCount)
    @inline(__always) func add(_ row: Int, to sums: UnsafeMutablePointer<S>) {
      accumulate(sums + Int(indices[row]) &* width, dy + row &* width, width) { v in v }
    }
    for row in 0..<half {
      add(row, to: sums)
      add(half &+ row, to: sums + sumCount)
    }
    if !shape.rows.isMultiple(of: 2) { add(shape.rows &- 1, to: sums) }
    accumulate(sums, sums + sumCount, sumCount) { v in v }
    linearBackwardInput(
      dTable, sums, weight, rows: shape.count, inputs: shape.width, outputs: shape.outputs,
      dxRowStride: shape.width, weightRowStride: shape.inputs)
  }

  /// Copies x [rows, width] to out [rows, width], with row strides `outStride` and `xStride`.
  ///
  /// Never inlined: a truncated copy of a matrix block inlined into the block's kernel would split
  /// the block's vectors as well.
  @specialized(where S == Float)
  @specialized(where S == Double)
  @inline(never)
  static func copyStrips<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, outStride: Int, _ x: UnsafePointer<S>, xStride: Int,
    rows: Int, width: Int
  ) {
    if width == 4 {
      // Four is the width of many observations, where the pieces of a partial vector would cost
      // more than the copy.
      for r in 0..<rows { copyFour(out + r &* outStride, x + r &* xStride) }
      return
    }
    for r in 0..<rows { map(out + r &* outStride, x + r &* xStride, width) { v in v } }
  }

  /// Computes out [rows, width] += x [rows, width], with row strides `outStride` and `xStride`.
  ///
  /// Never inlined, as above.
  @specialized(where S == Float)
  @specialized(where S == Double)
  @inline(never)
  static func accumulateStrips<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, outStride: Int, _ x: UnsafePointer<S>, xStride: Int,
    rows: Int, width: Int
  ) {
    for r in 0..<rows { accumulate(out + r &* outStride, x + r &* xStride, width) { v in v } }
  }

  /// Sets out [rows, count] to a 1 at each row's index, zeros elsewhere.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func oneHot<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ indices: UnsafePointer<Int32>, rows: Int, count: Int
  ) {
    for r in 0..<rows {
      let index = Int(indices[r])
      for place in 0..<count { out[r &* count &+ place] = place == index ? 1 : 0 }
    }
  }

  /// Sets out [rows] to the index of the first maximum of each row of x [rows, count].
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func indexOfLargest<S: KernelScalar>(
    _ out: UnsafeMutablePointer<Int32>, _ x: UnsafePointer<S>, rows: Int, count: Int
  ) {
    for r in 0..<rows {
      let row = x + r &* count
      var best = 0
      for place in 1..<max(count, 1) where row[place] > row[best] { best = place }
      out[r] = Int32(best)
    }
  }

  /// Sets out [rows, bits] to each index's bits as zeros and ones, lowest first.
  ///
  /// Beyond the 31st bit the sign repeats, as in two's complement of any length.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func oneHotBits<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ indices: UnsafePointer<Int32>, rows: Int, bits: Int
  ) {
    for r in 0..<rows {
      for bit in 0..<bits {
        out[r &* bits &+ bit] = (indices[r] &>> Int32(min(bit, 31))) & 1 == 1 ? 1 : 0
      }
    }
  }

  /// Adds the transpose of x [rows, columns] to out [columns, rows]: the gradient of `transpose`.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func accumulateTransposed<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, rows: Int, columns: Int
  ) {
    for column in 0..<columns {
      for row in 0..<rows { out[column &* rows &+ row] += x[row &* columns &+ column] }
    }
  }

  /// Writes the transpose of x [rows, columns] to out [columns, rows]; not in place.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func transpose<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, rows: Int, columns: Int
  ) {
    // Tiles of 16 × 16 keep the cache lines of both sides in the first cache while in use.
    var i = 0
    while i < rows {
      let lastRow = min(i &+ 16, rows)
      var j = 0
      while j < columns {
        let lastColumn = min(j &+ 16, columns)
        for column in j..<lastColumn {
          for row in i..<lastRow {
            out[column &* rows &+ row] = x[row &* columns &+ column]
          }
        }
        j = lastColumn
      }
      i = lastRow
    }
  }
}

import Rollout

// A layer's weight in the order in which products read it, made once after each change of the
// weights. A worker's few rows would otherwise wait for the copy at every reaction.

extension Kernels {
  /// The number of columns of a block of a packed weight.
  @inline(__always)
  static func packedWidth<S: KernelScalar>(_: S.Type) -> Int { blockVectors &* S.lanes }

  /// Returns the number of elements of a packed weight [outputs, inputs], for any scalar.
  static func packedCount(outputs: Int, inputs: Int) -> Int {
    let width = max(packedWidth(Float.self), packedWidth(Double.self))
    return (outputs &+ width &- 1) / width &* width &* inputs
  }

  /// Packs a weight [outputs, inputs]: blocks of columns of its transpose [inputs, block].
  ///
  /// The spare columns of the last block are zero.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func packWeight<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ weight: UnsafePointer<S>, outputs: Int, inputs: Int
  ) {
    let width = packedWidth(S.self)
    let whole = inputs &- inputs % S.lanes
    var first = 0
    var block = out
    while first < outputs {
      let count = min(width, outputs &- first)
      let from = weight + first &* inputs
      if count < width { block.update(repeating: 0, count: width &* inputs) }
      var column = 0
      while column < count {
        let next = min(column &+ S.lanes, count)
        let tiled = next &- column == S.lanes ? whole : 0
        var i = 0
        while i < tiled {
          transposeTile(
            block + (i &* width &+ column), outStride: width, from + (column &* inputs &+ i),
            xStride: inputs)
          i &+= S.lanes
        }
        while i < inputs {
          let to = block + i &* width
          for o in column..<next { to[o] = from[o &* inputs &+ i] }
          i &+= 1
        }
        column = next
      }
      block += width &* inputs
      first &+= count
    }
  }

  /// Writes the transpose of a tile of as many rows and columns as a vector has lanes.
  ///
  /// Interleaving the first half of the vectors with the second rotates the bits of each element's
  /// place by one. As many rotations as a lane's index has bits exchange row and lane.
  @inline(__always)
  private static func transposeTile<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, outStride: Int, _ x: UnsafePointer<S>, xStride: Int
  ) {
    let half = S.lanes / 2
    var rows = InlineArray<16, S.Vector>(repeating: S.Vector(repeating: 0))
    for row in 0..<S.lanes { rows[row] = S.load(x + row &* xStride) }
    for _ in 0..<S.lanes.trailingZeroBitCount {
      var mixed = rows
      for row in 0..<half {
        let (low, high) = S.interleave(even: rows[row], odd: rows[row &+ half])
        mixed[2 &* row] = low
        mixed[2 &* row &+ 1] = high
      }
      rows = mixed
    }
    for row in 0..<S.lanes { S.store(out + row &* outStride, rows[row]) }
  }

  /// Computes y [rows, outputs] = x [rows, inputs] · Wᵀ from a packed weight, with an initial bias
  /// and a final rectification.
  ///
  /// The sums of `panelDepth` inputs return to memory, as in every other product.
  @inline(__always)
  static func packedLinear<S: KernelScalar>(
    _ y: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, _ packed: UnsafePointer<S>,
    _ bias: UnsafePointer<S>?, rows: Int, inputs: Int, outputs: Int, rectifies: Bool
  ) {
    var padding = InlineArray<2, S.Vector>(repeating: S.Vector(repeating: 0))
    withUnsafeMutableBytes(of: &padding) { bytes in
      guard let base = bytes.baseAddress else { return }
      let padded = base.assumingMemoryBound(to: S.self)
      let width = packedWidth(S.self)
      let whole = outputs &- outputs % width
      if let bias, whole < outputs {
        for i in 0..<(outputs &- whole) { padded[i] = bias[whole &+ i] }
      }
      var p = 0
      repeat {
        let depth = min(panelDepth, inputs &- p)
        var i = 0
        while i < rows {
          let count = min(panelRows, rows &- i)
          var j = 0
          while j < outputs {
            let operands = ProductOperands(
              a: x + (i &* inputs &+ p), aRowStride: inputs, aDepthStride: 1,
              b: packed + (j &* inputs &+ p &* width), bRowStride: width, depth: depth,
              accumulates: p > 0,
              bias: bias.map { j < whole ? $0 + j : UnsafePointer(padded) },
              rectifies: rectifies && p &+ depth >= inputs)
            let columns = min(width, outputs &- j)
            let at = y + (i &* outputs &+ j)
            if columns > S.lanes {
              blockColumn(
                at, rows: count, cRowStride: outputs, operands, lastLanes: columns &- S.lanes,
                Constant<2>.self)
            } else {
              blockColumn(
                at, rows: count, cRowStride: outputs, operands, lastLanes: columns,
                Constant<1>.self)
            }
            j &+= width
          }
          i &+= count
        }
        p &+= depth
      } while p < inputs
    }
  }
}

// Softmax for at most 16 classes: one vector for each class, with a row in each lane. Except in the
// forward pass of two classes, columns are stored to memory between the steps. Separated from the
// arithmetic, both the transposition and the arithmetic compile to whole-vector instructions; where
// the compiler sees the two together, it mixes them element by element.

extension Kernels {
  /// Memory for 16 columns of `lanes` rows.
  private typealias Columns<S: KernelScalar> = InlineArray<16, S.Vector>

  /// Loads `count` ≤ lanes rows of `classes` ≤ 16 elements into columns `lanes` apart.
  ///
  /// Lanes without a row keep their values or repeat other rows.
  @inline(__always)
  private static func loadColumns<S: KernelScalar>(
    _ columns: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, _ count: Int, _ classes: Int
  ) {
    if classes == 2 && count == S.lanes {
      let pairs = S.deinterleave(S.load(x), S.load(x + S.lanes))
      S.store(columns, pairs.even)
      S.store(columns + S.lanes, pairs.odd)
      return
    }
    if classes == 2 && 2 &* count == S.lanes {
      // One vector holds all pairs, and the spare lanes repeat them.
      let both = S.load(x)
      let pairs = S.deinterleave(both, both)
      S.store(columns, pairs.even)
      S.store(columns + S.lanes, pairs.odd)
      return
    }
    for j in 0..<classes {
      for lane in 0..<count { columns[j &* S.lanes &+ lane] = x[lane &* classes &+ j] }
    }
  }

  /// Stores `count` ≤ lanes rows of `classes` ≤ 16 elements from columns `lanes` apart.
  @inline(__always)
  private static func storeColumns<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ columns: UnsafePointer<S>, _ count: Int, _ classes: Int
  ) {
    if classes == 2 && count == S.lanes {
      let (low, high) = S.interleave(even: S.load(columns), odd: S.load(columns + S.lanes))
      S.store(out, low)
      S.store(out + S.lanes, high)
      return
    }
    if classes == 2 && 2 &* count == S.lanes {
      S.store(out, S.interleave(even: S.load(columns), odd: S.load(columns + S.lanes)).0)
      return
    }
    for j in 0..<classes {
      for lane in 0..<count { out[lane &* classes &+ j] = columns[j &* S.lanes &+ lane] }
    }
  }

  /// Computes `logSoftmax` for two classes, for the rows that fill whole vectors and, at the end,
  /// half of one.
  ///
  /// - Returns: the number of these rows, which are the first ones.
  @inline(__always)
  private static func logSoftmaxOfTwo<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, rows: Int
  ) -> Int {
    var row = 0
    while row &+ S.lanes <= rows {
      let at = 2 &* row
      let pairs = S.logSoftmax(S.deinterleave(S.load(x + at), S.load(x + (at &+ S.lanes))))
      let (low, high) = S.interleave(even: pairs.even, odd: pairs.odd)
      S.store(out + at, low)
      S.store(out + (at &+ S.lanes), high)
      row &+= S.lanes
    }
    if 2 &* (rows &- row) == S.lanes {
      // A worker's few environments: one vector holds all pairs, and the spare lanes repeat them.
      let both = S.load(x + 2 &* row)
      let pairs = S.logSoftmax(S.deinterleave(both, both))
      S.store(out + 2 &* row, S.interleave(even: pairs.even, odd: pairs.odd).0)
      row = rows
    }
    return row
  }

  /// Computes `logSoftmax` for at most 16 classes.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func logSoftmaxOfFew<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, rows: Int, classes: Int
  ) {
    var storage = Columns<S>(repeating: S.Vector(repeating: 0))
    withUnsafeMutableBytes(of: &storage) { bytes in
      guard let base = bytes.baseAddress else { return }
      let columns = base.assumingMemoryBound(to: S.self)
      var row = classes == 2 ? logSoftmaxOfTwo(out, x, rows: rows) : 0
      while row < rows {
        let count = min(S.lanes, rows &- row)
        loadColumns(columns, x + row &* classes, count, classes)
        var largest = S.load(columns)
        for j in 1..<max(classes, 1) {
          largest = S.maximum(largest, S.load(columns + j &* S.lanes))
        }
        var total = S.Vector(repeating: 0)
        for j in 0..<classes {
          let shifted = S.load(columns + j &* S.lanes) - largest
          S.store(columns + j &* S.lanes, shifted)
          total = total + S.exp(shifted)
        }
        let normalizer = S.log(total)
        for j in 0..<classes {
          let at = columns + j &* S.lanes
          S.store(at, S.load(at) - normalizer)
        }
        storeColumns(out + row &* classes, columns, count, classes)
        row &+= count
      }
    }
  }

  /// Computes `logSoftmaxBackward` for at most 16 classes.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func logSoftmaxOfFewBackward<S: KernelScalar>(
    _ dx: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ y: UnsafePointer<S>,
    rows: Int, classes: Int
  ) {
    var storage = InlineArray<3, Columns<S>>(
      repeating: Columns<S>(repeating: S.Vector(repeating: 0)))
    withUnsafeMutableBytes(of: &storage) { bytes in
      guard let base = bytes.baseAddress else { return }
      let gradients = base.assumingMemoryBound(to: S.self)
      let logProbabilities = gradients + 16 &* S.lanes
      let sums = gradients + 32 &* S.lanes
      var row = 0
      while row < rows {
        let count = min(S.lanes, rows &- row)
        loadColumns(gradients, dy + row &* classes, count, classes)
        loadColumns(logProbabilities, y + row &* classes, count, classes)
        loadColumns(sums, UnsafePointer(dx + row &* classes), count, classes)
        var total = S.Vector(repeating: 0)
        for j in 0..<classes {
          let at = gradients + j &* S.lanes
          let gradient = unmasked(S.load(at), S.load(logProbabilities + j &* S.lanes))
          S.store(at, gradient)
          total = total + gradient
        }
        for j in 0..<classes {
          let probability = S.exp(S.load(logProbabilities + j &* S.lanes))
          let gradient = S.load(gradients + j &* S.lanes) - probability * total
          let at = sums + j &* S.lanes
          S.store(at, S.load(at) + gradient)
        }
        storeColumns(dx + row &* classes, sums, count, classes)
        row &+= count
      }
    }
  }
}

extension KernelScalar {
  /// Returns the logarithms of the softmax of two classes, a row in each lane.
  ///
  /// One of the shifted logits is 0, and its exponential 1.
  @inline(__always)
  fileprivate static func logSoftmax(
    _ x: (even: Vector, odd: Vector)
  ) -> (even: Vector, odd: Vector) {
    let largest = maximum(x.even, x.odd)
    let even = x.even - largest
    let odd = x.odd - largest
    let normalizer = log(Vector(repeating: 1) + exp(minimum(even, odd)))
    return (even - normalizer, odd - normalizer)
  }
}

// Softmax for 3 to 16 classes: one vector for each class, with a row in each lane.

/// Up to 16 columns of a matrix, `lanes` rows of it, turned so that a column is a vector.
private typealias Columns<S: KernelScalar> = InlineArray<16, S.Vector>

extension Kernels {
  /// Reads `count` ≤ lanes rows of `classes` ≤ 16 numbers; lanes without a row are zero.
  @inline(__always)
  private static func loadColumns<S: KernelScalar>(
    _ columns: inout Columns<S>, _ x: UnsafePointer<S>, _ count: Int, _ classes: Int
  ) {
    for j in 0..<classes {
      var column = S.Vector(repeating: 0)
      if count == S.lanes {
        for lane in 0..<S.lanes { column[lane] = x[lane &* classes &+ j] }
      } else {
        for lane in 0..<count { column[lane] = x[lane &* classes &+ j] }
      }
      columns[j] = column
    }
  }

  /// Writes `count` ≤ lanes rows of `classes` ≤ 16 numbers.
  @inline(__always)
  private static func storeColumns<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ columns: Columns<S>, _ count: Int, _ classes: Int
  ) {
    for j in 0..<classes {
      let column = columns[j]
      if count == S.lanes {
        for lane in 0..<S.lanes { out[lane &* classes &+ j] = column[lane] }
      } else {
        for lane in 0..<count { out[lane &* classes &+ j] = column[lane] }
      }
    }
  }

  /// `logSoftmax` for at most 16 classes.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func logSoftmaxOfFew<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, rows: Int, classes: Int
  ) {
    var columns = Columns<S>(repeating: S.Vector(repeating: 0))
    var row = 0
    while row < rows {
      let count = min(S.lanes, rows &- row)
      loadColumns(&columns, x + row &* classes, count, classes)
      var largest = columns[0]
      for j in 1..<max(classes, 1) { largest = S.maximum(largest, columns[j]) }
      var total = S.Vector(repeating: 0)
      for j in 0..<classes {
        columns[j] = columns[j] - largest
        total = total + S.exp(columns[j])
      }
      let normaliser = S.log(total)
      for j in 0..<classes { columns[j] = columns[j] - normaliser }
      storeColumns(out + row &* classes, columns, count, classes)
      row &+= count
    }
  }

  /// `logSoftmaxBackward` for at most 16 classes.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func logSoftmaxOfFewBackward<S: KernelScalar>(
    _ dx: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ y: UnsafePointer<S>,
    rows: Int, classes: Int
  ) {
    let zero = S.Vector(repeating: 0)
    let masked = S.Vector(repeating: -S.infinity)
    var logProbabilities = Columns<S>(repeating: zero)
    var gradients = Columns<S>(repeating: zero)
    var sums = Columns<S>(repeating: zero)
    var row = 0
    while row < rows {
      let count = min(S.lanes, rows &- row)
      loadColumns(&logProbabilities, y + row &* classes, count, classes)
      loadColumns(&gradients, dy + row &* classes, count, classes)
      loadColumns(&sums, UnsafePointer(dx + row &* classes), count, classes)
      var total = zero
      for j in 0..<classes {
        let isMasked = logProbabilities[j] .== masked
        gradients[j] = gradients[j].replacing(with: zero, where: isMasked)
        total = total + gradients[j]
      }
      for j in 0..<classes {
        sums[j] = sums[j] + (gradients[j] - S.exp(logProbabilities[j]) * total)
      }
      storeColumns(dx + row &* classes, sums, count, classes)
      row &+= count
    }
  }
}

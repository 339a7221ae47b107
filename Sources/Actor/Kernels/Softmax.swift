// Log softmax. With few classes (actions) a vector holds one class of many rows, with many classes
// it holds many classes of one row. The choice depends on the number of classes only, and spare
// lanes are padding; a row's result does not depend on its neighbors.

extension Kernels {
  /// Computes the log softmax of each row: out [rows, classes] = x − log Σ exp x.
  ///
  /// A logit of −∞ marks a masked action: its log-probability is −∞ and does not affect the others.
  /// A row of −∞ only has no distribution and becomes NaN. `out` may be `x`.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func logSoftmax<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, rows: Int, classes: Int
  ) {
    guard classes > 0 else { return }
    if classes <= 16 {
      logSoftmaxOfFew(out, x, rows: rows, classes: classes)
    } else {
      logSoftmaxOfMany(out, x, rows: rows, classes: classes)
    }
  }

  /// Adds the gradient of `logSoftmax`: dx [rows, classes] += dy − exp(y)·Σ dy, from its output y.
  ///
  /// A y of −∞ is a constant: its dy counts as zero, and its dx stays unchanged.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func logSoftmaxBackward<S: KernelScalar>(
    _ dx: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ y: UnsafePointer<S>,
    rows: Int, classes: Int
  ) {
    guard classes > 0 else { return }
    if classes <= 16 {
      logSoftmaxOfFewBackward(dx, dy, y, rows: rows, classes: classes)
    } else {
      for r in 0..<rows {
        let at = r &* classes
        logSoftmaxOfManyBackward(dx + at, dy + at, y + at, classes: classes)
      }
    }
  }

  /// Returns a gradient, zeroed where the log-probability is −∞.
  @inline(__always)
  static func unmasked<V: KernelVector>(_ gradient: V, _ logProbability: V) -> V {
    gradient.replacing(with: 0, where: logProbability .== V(repeating: -V.Scalar.infinity))
  }

  /// Computes `logSoftmax` for more than 16 classes, `lanes` rows at a time with one logarithm.
  private static func logSoftmaxOfMany<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, rows: Int, classes: Int
  ) {
    var row = 0
    while row < rows {
      let count = min(S.lanes, rows &- row)
      var largest = S.Vector(repeating: 0)
      var total = S.Vector(repeating: 1)
      for r in 0..<count {
        let from = x + (row &+ r) &* classes
        let top = maximum(from, count: classes)
        largest[r] = top
        total[r] = sumOfExp(from, minus: top, count: classes)
      }
      let normalizer = S.log(total)
      for r in 0..<count {
        let at = (row &+ r) &* classes
        let top = S.Vector(repeating: largest[r])
        let logarithm = S.Vector(repeating: normalizer[r])
        @inline(__always) func normalized(_ v: S.Vector) -> S.Vector { v - top - logarithm }
        map(out + at, x + at, classes, normalized)
      }
      row &+= count
    }
  }

  /// Returns Σ exp(x[i] − top) over `count` elements.
  @inline(never)
  private static func sumOfExp<S: KernelScalar>(
    _ x: UnsafePointer<S>, minus top: S, count: Int
  ) -> S {
    let largest = S.Vector(repeating: top)
    var total = S.Vector(repeating: 0)
    var i = 0
    while i &+ S.lanes <= count {
      total = total + S.exp(S.load(x + i) - largest)
      i &+= S.lanes
    }
    var sum = S.laneSum(total)
    let rest = count &- i
    if rest > 0 {
      let last = S.exp(S.loadFirst(rest, x + i) - largest)
      for lane in 0..<rest { sum += last[lane] }
    }
    return sum
  }

  private static func logSoftmaxOfManyBackward<S: KernelScalar>(
    _ dx: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ y: UnsafePointer<S>, classes: Int
  ) {
    var total = S.Vector(repeating: 0)
    var i = 0
    while i &+ S.lanes <= classes {
      total = total + unmasked(S.load(dy + i), S.load(y + i))
      i &+= S.lanes
    }
    let rest = classes &- i
    if rest > 0 {
      total = total + unmasked(S.loadFirst(rest, dy + i), S.loadFirst(rest, y + i))
    }
    let sum = S.Vector(repeating: S.laneSum(total))
    @inline(__always) func gradient(_ d: S.Vector, _ v: S.Vector) -> S.Vector {
      unmasked(d, v) - S.exp(v) * sum
    }
    accumulate(dx, dy, y, classes, gradient)
  }
}

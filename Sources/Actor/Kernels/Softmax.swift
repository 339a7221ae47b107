// Logarithms of softmax. With few classes (actions) a vector holds one class of many rows; with many it
// holds many classes of one row. Which of the two depends on the number of classes only, and spare lanes
// are padding, so a row's result does not depend on the rows beside it.

extension Kernels {
  /// The logarithm of softmax along each row: out [rows, classes] = x − log Σ exp x.
  ///
  /// A logit of −∞ marks an action that may not be taken: its log-probability is −∞ and takes no part in
  /// the others'. A row of nothing but −∞ has no distribution, and is NaN. `out` may be `x`.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func logSoftmax<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, rows: Int, classes: Int
  ) {
    guard classes > 0 else { return }
    if classes == 2 {
      logSoftmaxOfTwo(out, x, rows: rows)
    } else if classes <= 16 {
      logSoftmaxOfFew(out, x, rows: rows, classes: classes)
    } else {
      for r in 0..<rows {
        logSoftmaxOfMany(out + r &* classes, x + r &* classes, classes: classes)
      }
    }
  }

  /// The gradient of `logSoftmax`: dx [rows, classes] += dy − exp(y)·Σ dy, from its output y.
  ///
  /// Where y is −∞ the log-probability is a constant: dy is taken as zero there, and dx stays.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func logSoftmaxBackward<S: KernelScalar>(
    _ dx: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ y: UnsafePointer<S>,
    rows: Int, classes: Int
  ) {
    guard classes > 0 else { return }
    if classes == 2 {
      logSoftmaxOfTwoBackward(dx, dy, y, rows: rows)
    } else if classes <= 16 {
      logSoftmaxOfFewBackward(dx, dy, y, rows: rows, classes: classes)
    } else {
      for r in 0..<rows {
        let at = r &* classes
        logSoftmaxOfManyBackward(dx + at, dy + at, y + at, classes: classes)
      }
    }
  }

  // MARK: Two classes

  private static func logSoftmaxOfTwo<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, rows: Int
  ) {
    mapPairs(out, x, x, x, rows) { a, _, _ in
      let largest = S.maximum(a.0, a.1)
      let shifted = (a.0 - largest, a.1 - largest)
      let normaliser = S.log(S.exp(shifted.0) + S.exp(shifted.1))
      return (shifted.0 - normaliser, shifted.1 - normaliser)
    }
  }

  private static func logSoftmaxOfTwoBackward<S: KernelScalar>(
    _ dx: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ y: UnsafePointer<S>, rows: Int
  ) {
    mapPairs(dx, UnsafePointer(dx), dy, y, rows) { sum, d, v in
      let gradient: (S.Vector, S.Vector) = (unmasked(d.0, v.0), unmasked(d.1, v.1))
      let total = gradient.0 + gradient.1
      return (
        sum.0 + (gradient.0 - S.exp(v.0) * total), sum.1 + (gradient.1 - S.exp(v.1) * total)
      )
    }
  }

  /// A gradient, but zero where the log-probability is −∞.
  @inline(__always)
  private static func unmasked<V: KernelVector>(_ gradient: V, _ logProbability: V) -> V {
    gradient.replacing(with: 0, where: logProbability .== V(repeating: -V.Scalar.infinity))
  }

  /// `body` over arrays of pairs, with the pairs' first and second numbers in vectors of their own.
  @inline(__always)
  private static func mapPairs<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ a: UnsafePointer<S>, _ b: UnsafePointer<S>,
    _ c: UnsafePointer<S>, _ rows: Int,
    _ body: ((S.Vector, S.Vector), (S.Vector, S.Vector), (S.Vector, S.Vector)) -> (
      S.Vector, S.Vector
    )
  ) {
    var i = 0
    let count = 2 &* rows
    while i < count {
      let rest = count &- i
      let results = body(
        loadPairs(a + i, rest), loadPairs(b + i, rest), loadPairs(c + i, rest))
      let (low, high) = S.interleave(even: results.0, odd: results.1)
      let highRest = rest &- S.lanes
      if rest >= S.lanes { S.store(out + i, low) } else { S.storeFirst(rest, out + i, low) }
      if highRest >= S.lanes {
        S.store(out + (i &+ S.lanes), high)
      } else if highRest > 0 {
        S.storeFirst(highRest, out + (i &+ S.lanes), high)
      }
      i &+= 2 &* S.lanes
    }
  }

  /// The first and second numbers of up to `lanes` pairs, of which `rest` numbers are there.
  @inline(__always)
  private static func loadPairs<S: KernelScalar>(
    _ pointer: UnsafePointer<S>, _ rest: Int
  ) -> (S.Vector, S.Vector) {
    let highRest = rest &- S.lanes
    let low = rest >= S.lanes ? S.load(pointer) : S.loadFirst(rest, pointer)
    var high = S.Vector(repeating: 0)
    if highRest >= S.lanes {
      high = S.load(pointer + S.lanes)
    } else if highRest > 0 {
      high = S.loadFirst(highRest, pointer + S.lanes)
    }
    let pairs = S.deinterleave(low, high)
    return (pairs.even, pairs.odd)
  }

  // MARK: Many classes

  private static func logSoftmaxOfMany<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, classes: Int
  ) {
    let largest = S.Vector(repeating: maximum(x, count: classes))
    var total = S.Vector(repeating: 0)
    var i = 0
    while i &+ S.lanes <= classes {
      total = total + S.exp(S.load(x + i) - largest)
      i &+= S.lanes
    }
    var sum = S.laneSum(total)
    let rest = classes &- i
    if rest > 0 {
      let last = S.exp(S.loadFirst(rest, x + i) - largest)
      for lane in 0..<rest { sum += last[lane] }
    }
    let normaliser = S.Vector(repeating: S.log(S.Vector(repeating: sum))[0])
    map(out, x, classes) { v in v - largest - normaliser }
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
    accumulate(dx, dy, y, classes) { d, v in unmasked(d, v) - S.exp(v) * sum }
  }
}

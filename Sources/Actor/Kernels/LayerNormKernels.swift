// Layer norm. Goals in order of priority: a row's result does not depend on its neighbors;
// deviations are squared after subtracting the mean, which avoids cancellation; few passes over a
// row, which stays in the cache.

extension Kernels {
  /// Normalizes each row: y [rows, columns] = (x − mean) / √(variance + ε) · weight + bias.
  ///
  /// `statistics` [rows, 2] keeps each row's mean and 1 / √(variance + ε) for the gradient. `y`
  /// must not overlap the inputs.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func layerNorm<S: KernelScalar>(
    _ y: UnsafeMutablePointer<S>, _ statistics: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>,
    _ weight: UnsafePointer<S>, _ bias: UnsafePointer<S>, rows: Int, columns: Int, epsilon: S
  ) {
    let count = S(columns)
    for row in 0..<rows {
      let to = y + row &* columns
      let from = x + row &* columns
      let mean = sum(from, count: columns) / count
      let center = S.Vector(repeating: mean)
      @inline(__always) func deviation(_ v: S.Vector) -> S.Vector { v - center }
      map(to, from, columns, deviation)
      let variance = sumOfSquares(UnsafePointer(to), count: columns) / count
      let inverse = 1 / (variance + epsilon).squareRoot()
      statistics[2 &* row] = mean
      statistics[2 &* row &+ 1] = inverse
      let scale = S.Vector(repeating: inverse)
      @inline(__always) func scaled(
        _ deviation: S.Vector, _ w: S.Vector, _ b: S.Vector
      ) -> S.Vector {
        S.multiplyAdd(deviation * scale, w, b)
      }
      map(to, to, weight, bias, columns, scaled)
    }
  }

  /// Adds the gradient of `layerNorm` by its input to dx [rows, columns].
  ///
  /// With x̂ = (x − mean) · s, s = 1 / √(variance + ε) and g = dy · weight, and means over the row:
  ///
  ///     dx += s · (g − mean(g) − x̂ · mean(g · x̂))
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func layerNormBackwardInput<S: KernelScalar>(
    _ dx: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, _ x: UnsafePointer<S>,
    _ weight: UnsafePointer<S>, _ statistics: UnsafePointer<S>, rows: Int, columns: Int
  ) {
    let count = S(columns)
    for row in 0..<rows {
      let start = row &* columns
      let mean = statistics[2 &* row]
      let inverse = statistics[2 &* row &+ 1]
      let gradientMean = S.Vector(repeating: dot(dy + start, weight, count: columns) / count)
      let slope = slopeSum(dy + start, weight, x + start, mean: mean, count: columns)
      // x̂ · mean(g x̂) = (x − mean) · s² · mean(g (x − mean))
      let share = S.Vector(repeating: slope / count * inverse * inverse)
      let center = S.Vector(repeating: mean)
      let scale = S.Vector(repeating: inverse)
      @inline(__always) func gradient(
        _ d: S.Vector, _ w: S.Vector, _ v: S.Vector
      ) -> S.Vector {
        scale * (d * w - gradientMean - (v - center) * share)
      }
      accumulate(dx + start, dy + start, weight, x + start, columns, gradient)
    }
  }

  /// Adds the parameters' gradients of `layerNorm`: dWeight += Σ dy · x̂, dBias += Σ dy over rows.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func layerNormBackwardParameters<S: KernelScalar>(
    _ dWeight: UnsafeMutablePointer<S>, _ dBias: UnsafeMutablePointer<S>,
    _ dy: UnsafePointer<S>, _ x: UnsafePointer<S>, _ statistics: UnsafePointer<S>,
    rows: Int, columns: Int
  ) {
    columnSums(dBias, dy, rows: rows, columns: columns)
    for row in 0..<rows {
      let center = S.Vector(repeating: statistics[2 &* row])
      let scale = S.Vector(repeating: statistics[2 &* row &+ 1])
      @inline(__always) func gradient(_ d: S.Vector, _ v: S.Vector) -> S.Vector {
        d * ((v - center) * scale)
      }
      accumulate(dWeight, dy + row &* columns, x + row &* columns, columns, gradient)
    }
  }

  /// Returns Σ dy[i] · weight[i] · (x[i] − mean) over `count` elements.
  @inline(__always)
  private static func slopeSum<S: KernelScalar>(
    _ dy: UnsafePointer<S>, _ weight: UnsafePointer<S>, _ x: UnsafePointer<S>, mean: S, count: Int
  ) -> S {
    let center = S.Vector(repeating: mean)
    var total = S.Vector(repeating: 0)
    var i = 0
    while i &+ S.lanes <= count {
      total = S.multiplyAdd(
        S.load(dy + i) * S.load(weight + i), S.load(x + i) - center, total)
      i &+= S.lanes
    }
    let rest = count &- i
    if rest > 0 {
      // The deviations of spare lanes are meaningless, but their gradient is zero.
      let gradient = S.loadFirst(rest, dy + i) * S.loadFirst(rest, weight + i)
      total = S.multiplyAdd(gradient, S.loadFirst(rest, x + i) - center, total)
    }
    return S.laneSum(total)
  }
}

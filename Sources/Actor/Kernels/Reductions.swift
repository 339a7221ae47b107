// Sums and maxima. The order of a sum depends on the sizes only: four partial vectors, then the
// lanes in pairs. Results are therefore reproducible, and in Float errors grow like count/64, not
// like count.

extension Kernels {
  /// Returns Σ x[i] over `count` elements; zero for none.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func sum<S: KernelScalar>(_ x: UnsafePointer<S>, count: Int) -> S {
    var first = S.Vector(repeating: 0)
    var second = first
    var third = first
    var fourth = first
    var i = 0
    while i &+ 4 &* S.lanes <= count {
      first = first + S.load(x + i)
      second = second + S.load(x + (i &+ S.lanes))
      third = third + S.load(x + (i &+ 2 &* S.lanes))
      fourth = fourth + S.load(x + (i &+ 3 &* S.lanes))
      i &+= 4 &* S.lanes
    }
    while i &+ S.lanes <= count {
      first = first + S.load(x + i)
      i &+= S.lanes
    }
    if i < count { second = second + S.loadFirst(count &- i, x + i) }
    return S.laneSum((first + second) + (third + fourth))
  }

  /// Returns Σ x[i]² over `count` elements; zero for none.
  @inline(__always)
  static func sumOfSquares<S: KernelScalar>(_ x: UnsafePointer<S>, count: Int) -> S {
    dot(x, x, count: count)
  }

  /// Returns Σ x[i]·y[i] over `count` elements; zero for none.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func dot<S: KernelScalar>(
    _ x: UnsafePointer<S>, _ y: UnsafePointer<S>, count: Int
  ) -> S {
    var first = S.Vector(repeating: 0)
    var second = first
    var third = first
    var fourth = first
    var i = 0
    while i &+ 4 &* S.lanes <= count {
      let next = i &+ S.lanes
      let afterNext = next &+ S.lanes
      let last = afterNext &+ S.lanes
      first = S.multiplyAdd(S.load(x + i), S.load(y + i), first)
      second = S.multiplyAdd(S.load(x + next), S.load(y + next), second)
      third = S.multiplyAdd(S.load(x + afterNext), S.load(y + afterNext), third)
      fourth = S.multiplyAdd(S.load(x + last), S.load(y + last), fourth)
      i &+= 4 &* S.lanes
    }
    while i &+ S.lanes <= count {
      first = S.multiplyAdd(S.load(x + i), S.load(y + i), first)
      i &+= S.lanes
    }
    let rest = count &- i
    if rest > 0 {
      second = S.multiplyAdd(S.loadFirst(rest, x + i), S.loadFirst(rest, y + i), second)
    }
    return S.laneSum((first + second) + (third + fourth))
  }

  /// Returns √(Σ (x[i] − mean)² / (count − 1)) over `count` elements; zero for one.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func deviation<S: KernelScalar>(_ x: UnsafePointer<S>, count: Int) -> S {
    guard count > 1 else { return 0 }
    let mean = sum(x, count: count) / S(count)
    let center = S.Vector(repeating: mean)
    var squares = S.Vector(repeating: 0)
    var i = 0
    while i &+ S.lanes <= count {
      let difference = S.load(x + i) - center
      squares = S.multiplyAdd(difference, difference, squares)
      i &+= S.lanes
    }
    var total = S.laneSum(squares)
    while i < count {
      total += (x[i] - mean) * (x[i] - mean)
      i &+= 1
    }
    return (total / S(count &- 1)).squareRoot()
  }

  /// Returns the largest of `count` elements; −∞ for none, NaN if one is NaN.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func maximum<S: KernelScalar>(_ x: UnsafePointer<S>, count: Int) -> S {
    var largest = S.Vector(repeating: -S.infinity)
    var i = 0
    while i &+ S.lanes <= count {
      largest = S.maximum(largest, S.load(x + i))
      i &+= S.lanes
    }
    var last = S.Vector(repeating: -S.infinity)
    var lane = 0
    while i < count {
      last[lane] = x[i]
      i &+= 1
      lane &+= 1
    }
    return S.laneMaximum(S.maximum(largest, last))
  }

  /// Adds the sums of x [rows, columns] over its rows to out [columns].
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func columnSums<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, rows: Int, columns: Int
  ) {
    if columns < S.lanes {
      narrowColumnSums(out, x, rows: rows, columns: columns)
      return
    }
    var j = 0
    while j < columns {
      let width = min(2 &* S.lanes, columns &- j)
      if width == 2 &* S.lanes {
        var evens = (S.Vector(repeating: 0), S.Vector(repeating: 0))
        var odds = evens
        var r = 0
        var at = x + j
        while r &+ 2 <= rows {
          evens.0 = evens.0 + S.load(at)
          evens.1 = evens.1 + S.load(at + S.lanes)
          odds.0 = odds.0 + S.load(at + columns)
          odds.1 = odds.1 + S.load(at + (columns &+ S.lanes))
          at += 2 &* columns
          r &+= 2
        }
        if r < rows {
          evens.0 = evens.0 + S.load(at)
          evens.1 = evens.1 + S.load(at + S.lanes)
        }
        S.store(out + j, S.load(out + j) + (evens.0 + odds.0))
        S.store(out + (j &+ S.lanes), S.load(out + (j &+ S.lanes)) + (evens.1 + odds.1))
        j &+= width
      } else {
        let count = min(S.lanes, width)
        var total = S.Vector(repeating: 0)
        for r in 0..<rows {
          let at = x + (r &* columns &+ j)
          total = total + (count == S.lanes ? S.load(at) : S.loadFirst(count, at))
        }
        add(out + j, total, count)
        j &+= count
      }
    }
  }

  /// Adds the column sums to out [columns] for fewer columns than a vector has lanes.
  ///
  /// `columns` consecutive vectors hold `lanes` whole rows: lane l of the v-th always belongs to
  /// column (v·lanes + l) mod columns. Whole vectors are summed first and distributed to the
  /// columns at the end.
  private static func narrowColumnSums<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, rows: Int, columns: Int
  ) {
    guard columns > 0 else { return }
    if columns == 1 || columns == 2 || columns == 4 {
      // A lane belongs to the same column in every vector.
      let four = S.laneSums(vectorSum(x, rows &* columns, step: S.lanes))
      for j in 0..<4 { out[j & (columns &- 1)] += four[j] }
      return
    }
    for v in 0..<columns {
      let start = v &* S.lanes
      let total = vectorSum(x + start, rows &* columns &- start, step: columns &* S.lanes)
      var column = start % columns
      for lane in 0..<S.lanes {
        out[column] += total[lane]
        column = column &+ 1 == columns ? 0 : column &+ 1
      }
    }
  }

  /// Returns the sum of vectors `step` elements apart, the last of `count` elements partial.
  @inline(__always)
  private static func vectorSum<S: KernelScalar>(
    _ x: UnsafePointer<S>, _ count: Int, step: Int
  ) -> S.Vector {
    var total = S.Vector(repeating: 0)
    var at = x
    var rest = count
    while rest >= S.lanes {
      total = total + S.load(at)
      at += step
      rest &-= step
    }
    return rest > 0 ? total + S.loadFirst(rest, at) : total
  }

  /// Sums x [rows, columns] along each row to out [rows].
  ///
  /// A row's sum does not depend on its neighbors.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func rowSums<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ x: UnsafePointer<S>, rows: Int, columns: Int
  ) {
    if columns < S.lanes {
      for r in 0..<rows {
        var total: S = 0
        for j in 0..<columns { total += x[r &* columns &+ j] }
        out[r] = total
      }
    } else {
      for r in 0..<rows { out[r] = sum(x + r &* columns, count: columns) }
    }
  }

  /// Computes dx [rows, columns] += dy [rows] along each row: the gradient of `rowSums`.
  @specialized(where S == Float)
  @specialized(where S == Double)
  static func rowSumsBackward<S: KernelScalar>(
    _ dx: UnsafeMutablePointer<S>, _ dy: UnsafePointer<S>, rows: Int, columns: Int
  ) {
    var r = 0
    while columns == 2 && r &+ S.lanes <= rows {
      let gradients = S.load(dy + r)
      let (low, high) = S.interleave(even: gradients, odd: gradients)
      add(dx + 2 &* r, low, S.lanes)
      add(dx + (2 &* r &+ S.lanes), high, S.lanes)
      r &+= S.lanes
    }
    while r < rows {
      let at = dx + r &* columns
      if columns < S.lanes {
        for j in 0..<columns { at[j] += dy[r] }
      } else {
        add(at, S.Vector(repeating: dy[r]), columns)
      }
      r &+= 1
    }
  }
}

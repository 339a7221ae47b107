// Loops over whole arrays with an inlined function over vectors as body. The end of an array goes
// through the same function with spare lanes, which makes a value independent of its position.
//
// A body of more than an operation or two is a local function with `@inline(__always)`. The
// compiler may call a closure for each vector, which takes as long as a tanh;
// Scripts/check_instructions.py finds such calls.

extension Kernels {
  /// Computes out[i] = body(a[i]) for `count` elements; `out` may be `a`.
  @inline(__always)
  static func map<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ a: UnsafePointer<S>, _ count: Int,
    _ body: (S.Vector) -> S.Vector
  ) {
    var i = 0
    while i &+ S.lanes <= count {
      S.store(out + i, body(S.load(a + i)))
      i &+= S.lanes
    }
    let rest = count &- i
    if rest > 0 {
      S.storeFirst(rest, out + i, body(S.loadFirst(rest, a + i)))
    }
  }

  /// Computes out[i] = body(a[i], b[i]) for `count` elements; `out` may be either input.
  @inline(__always)
  static func map<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ a: UnsafePointer<S>, _ b: UnsafePointer<S>, _ count: Int,
    _ body: (S.Vector, S.Vector) -> S.Vector
  ) {
    var i = 0
    while i &+ S.lanes <= count {
      S.store(out + i, body(S.load(a + i), S.load(b + i)))
      i &+= S.lanes
    }
    let rest = count &- i
    if rest > 0 {
      S.storeFirst(rest, out + i, body(S.loadFirst(rest, a + i), S.loadFirst(rest, b + i)))
    }
  }

  /// Computes out[i] = body(a[i], b[i], c[i]) for `count` elements; `out` may be any input.
  @inline(__always)
  static func map<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ a: UnsafePointer<S>, _ b: UnsafePointer<S>,
    _ c: UnsafePointer<S>, _ count: Int,
    _ body: (S.Vector, S.Vector, S.Vector) -> S.Vector
  ) {
    var i = 0
    while i &+ S.lanes <= count {
      S.store(out + i, body(S.load(a + i), S.load(b + i), S.load(c + i)))
      i &+= S.lanes
    }
    let rest = count &- i
    if rest > 0 {
      let value = body(
        S.loadFirst(rest, a + i), S.loadFirst(rest, b + i), S.loadFirst(rest, c + i))
      S.storeFirst(rest, out + i, value)
    }
  }

  /// Computes out[i] += body(a[i]) for `count` elements.
  @inline(__always)
  static func accumulate<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ a: UnsafePointer<S>, _ count: Int,
    _ body: (S.Vector) -> S.Vector
  ) {
    map(out, UnsafePointer(out), a, count) { sum, x in sum + body(x) }
  }

  /// Computes out[i] += body(a[i], b[i]) for `count` elements.
  @inline(__always)
  static func accumulate<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ a: UnsafePointer<S>, _ b: UnsafePointer<S>, _ count: Int,
    _ body: (S.Vector, S.Vector) -> S.Vector
  ) {
    map(out, UnsafePointer(out), a, b, count) { sum, x, y in sum + body(x, y) }
  }

  /// Computes out[i] += body(a[i], b[i], c[i]) for `count` elements.
  @inline(__always)
  static func accumulate<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ a: UnsafePointer<S>, _ b: UnsafePointer<S>,
    _ c: UnsafePointer<S>, _ count: Int,
    _ body: (S.Vector, S.Vector, S.Vector) -> S.Vector
  ) {
    var i = 0
    while i &+ S.lanes <= count {
      S.store(out + i, S.load(out + i) + body(S.load(a + i), S.load(b + i), S.load(c + i)))
      i &+= S.lanes
    }
    let rest = count &- i
    if rest > 0 {
      let value = body(
        S.loadFirst(rest, a + i), S.loadFirst(rest, b + i), S.loadFirst(rest, c + i))
      S.storeFirst(rest, out + i, S.loadFirst(rest, out + i) + value)
    }
  }

  /// Adds a vector to each vector of out, for `count` elements.
  @inline(__always)
  static func add<S: KernelScalar>(
    _ out: UnsafeMutablePointer<S>, _ value: S.Vector, _ count: Int
  ) {
    @inline(__always) func added(_ v: S.Vector) -> S.Vector { v + value }
    map(out, out, count, added)
  }

  /// Sets out[i] = value for `count` elements.
  @inline(__always)
  static func fill<S: KernelScalar>(_ out: UnsafeMutablePointer<S>, _ value: S, _ count: Int) {
    out.update(repeating: value, count: count)
  }

  /// Visits `count` elements one vector at a time, for loops over more arrays than `map` takes.
  @inline(__always)
  static func eachVector<S: KernelScalar>(
    of count: Int, _ body: (VectorRange<S>) -> Void
  ) {
    var i = 0
    while i &+ S.lanes <= count {
      body(VectorRange(start: i, count: S.lanes))
      i &+= S.lanes
    }
    if i < count { body(VectorRange(start: i, count: count &- i)) }
  }
}

/// The position of a vector in arrays.
///
/// The last one may have spare lanes, which are neither read nor written.
struct VectorRange<S: KernelScalar> {
  var start: Int
  var count: Int

  /// Returns the elements at this position, the spare lanes zero.
  @inline(__always)
  func load(_ array: UnsafePointer<S>) -> S.Vector {
    count == S.lanes ? S.load(array + start) : S.loadFirst(count, array + start)
  }

  /// Stores the elements at this position.
  @inline(__always)
  func store(_ array: UnsafeMutablePointer<S>, _ vector: S.Vector) {
    if count == S.lanes {
      S.store(array + start, vector)
    } else {
      S.storeFirst(count, array + start, vector)
    }
  }
}

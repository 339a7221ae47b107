// Partial vectors for the ends of arrays, in pieces of a power of two. Swift cannot express the
// machine's masked moves, and a bytewise copy through memory stalls the load after it.

// Public members are documented in `KernelScalar`.
// swift-format-ignore-file: AllPublicDeclarationsHaveDocumentation

/// Returns the first `count` < 8 elements at an address, the other lanes zero.
@inline(__always)
private func loadBelow8<S: SIMDScalar & BitwiseCopyable & BinaryFloatingPoint>(
  _ count: Int, _ pointer: UnsafePointer<S>
) -> SIMD8<S> {
  var result = SIMD8<S>(repeating: 0)
  if count >= 4 {
    let low = SIMD4(pointer[0], pointer[1], pointer[2], pointer[3])
    result = SIMD8(lowHalf: low, highHalf: loadBelow4(count &- 4, pointer + 4))
  } else {
    result.lowHalf = loadBelow4(count, pointer)
  }
  return result
}

/// Returns the first `count` < 4 elements at an address, the other lanes zero.
@inline(__always)
private func loadBelow4<S: SIMDScalar & BinaryFloatingPoint>(
  _ count: Int, _ pointer: UnsafePointer<S>
) -> SIMD4<S> {
  switch count {
  case 1: SIMD4(pointer[0], 0, 0, 0)
  case 2: SIMD4(pointer[0], pointer[1], 0, 0)
  case 3: SIMD4(pointer[0], pointer[1], pointer[2], 0)
  default: SIMD4(repeating: 0)
  }
}

/// Stores the first `count` < 8 lanes.
@inline(__always)
private func storeBelow8<S: SIMDScalar>(
  _ count: Int, _ pointer: UnsafeMutablePointer<S>, _ vector: SIMD8<S>
) {
  if count >= 4 {
    storeAll4(pointer, vector.lowHalf)
    storeBelow4(count &- 4, pointer + 4, vector.highHalf)
  } else {
    storeBelow4(count, pointer, vector.lowHalf)
  }
}

/// Stores the first `count` < 4 lanes.
@inline(__always)
private func storeBelow4<S: SIMDScalar>(
  _ count: Int, _ pointer: UnsafeMutablePointer<S>, _ vector: SIMD4<S>
) {
  if count >= 1 { pointer[0] = vector[0] }
  if count >= 2 { pointer[1] = vector[1] }
  if count >= 3 { pointer[2] = vector[2] }
}

/// Stores four lanes.
@inline(__always)
private func storeAll4<S: SIMDScalar>(_ pointer: UnsafeMutablePointer<S>, _ vector: SIMD4<S>) {
  pointer[0] = vector[0]
  pointer[1] = vector[1]
  pointer[2] = vector[2]
  pointer[3] = vector[3]
}

extension Float {
  @inline(__always)
  package static func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {
    #if RLPLAY_FMA
      c.addingProduct(a, b)
    #else
      a * b + c
    #endif
  }

  @inline(__always)
  package static func magnitude(_ x: Vector) -> Vector {
    unsafeBitCast(unsafeBitCast(x, to: SIMD16<UInt32>.self) & 0x7fff_ffff, to: Vector.self)
  }

  @inline(__always)
  package static func pairSums(_ a: Vector, _ b: Vector) -> Vector {
    Vector(lowHalf: a.evenHalf, highHalf: b.evenHalf)
      + Vector(lowHalf: a.oddHalf, highHalf: b.oddHalf)
  }

  @inline(__always)
  package static func fourSums(_ x: Vector) -> SIMD4<Float> {
    let eight = x.lowHalf + x.highHalf
    return eight.lowHalf + eight.highHalf
  }

  @inline(__always)
  package static func deinterleave(_ a: Vector, _ b: Vector) -> (even: Vector, odd: Vector) {
    (
      Vector(lowHalf: a.evenHalf, highHalf: b.evenHalf),
      Vector(lowHalf: a.oddHalf, highHalf: b.oddHalf)
    )
  }

  @inline(__always)
  package static func interleave(even: Vector, odd: Vector) -> (Vector, Vector) {
    var low = even
    var high = odd
    low.evenHalf = even.lowHalf
    low.oddHalf = odd.lowHalf
    high.evenHalf = even.highHalf
    high.oddHalf = odd.highHalf
    return (low, high)
  }

  @inline(__always)
  package static func loadFirst(_ count: Int, _ pointer: UnsafePointer<Float>) -> Vector {
    if count >= 8 {
      let low = UnsafeRawPointer(pointer).loadUnaligned(as: SIMD8<Float>.self)
      return Vector(lowHalf: low, highHalf: loadBelow8(count &- 8, pointer + 8))
    }
    return Vector(lowHalf: loadBelow8(count, pointer), highHalf: SIMD8(repeating: 0))
  }

  @inline(__always)
  package static func storeFirst(
    _ count: Int, _ pointer: UnsafeMutablePointer<Float>, _ vector: Vector
  ) {
    if count >= 8 {
      UnsafeMutableRawPointer(pointer).storeBytes(of: vector.lowHalf, as: SIMD8<Float>.self)
      storeBelow8(count &- 8, pointer + 8, vector.highHalf)
    } else {
      storeBelow8(count, pointer, vector.lowHalf)
    }
  }
}

extension Double {
  @inline(__always)
  package static func multiplyAdd(_ a: Vector, _ b: Vector, _ c: Vector) -> Vector {
    #if RLPLAY_FMA
      c.addingProduct(a, b)
    #else
      a * b + c
    #endif
  }

  @inline(__always)
  package static func magnitude(_ x: Vector) -> Vector {
    unsafeBitCast(
      unsafeBitCast(x, to: SIMD8<UInt64>.self) & 0x7fff_ffff_ffff_ffff, to: Vector.self)
  }

  @inline(__always)
  package static func pairSums(_ a: Vector, _ b: Vector) -> Vector {
    Vector(lowHalf: a.evenHalf, highHalf: b.evenHalf)
      + Vector(lowHalf: a.oddHalf, highHalf: b.oddHalf)
  }

  @inline(__always)
  package static func fourSums(_ x: Vector) -> SIMD4<Double> {
    x.lowHalf + x.highHalf
  }

  @inline(__always)
  package static func deinterleave(_ a: Vector, _ b: Vector) -> (even: Vector, odd: Vector) {
    (
      Vector(lowHalf: a.evenHalf, highHalf: b.evenHalf),
      Vector(lowHalf: a.oddHalf, highHalf: b.oddHalf)
    )
  }

  @inline(__always)
  package static func interleave(even: Vector, odd: Vector) -> (Vector, Vector) {
    var low = even
    var high = odd
    low.evenHalf = even.lowHalf
    low.oddHalf = odd.lowHalf
    high.evenHalf = even.highHalf
    high.oddHalf = odd.highHalf
    return (low, high)
  }

  @inline(__always)
  package static func loadFirst(_ count: Int, _ pointer: UnsafePointer<Double>) -> Vector {
    loadBelow8(count, pointer)
  }

  @inline(__always)
  package static func storeFirst(
    _ count: Int, _ pointer: UnsafeMutablePointer<Double>, _ vector: Vector
  ) {
    storeBelow8(count, pointer, vector)
  }
}

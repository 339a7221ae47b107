import Testing

@testable import Actor

/// A reproducible random generator (SplitMix64), to make a failing case fail again.
struct SmallGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// Returns a number in [low, high).
  mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * Double(next() >> 11) * 0x1p-53
  }

  /// Returns an integer in [0, bound).
  mutating func index(below bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// An array aligned to one element only, with guard elements on both sides.
///
/// It begins 1 to lanes − 1 elements beyond a vector's alignment, increasing with its size. Tests
/// of every size up to 67 cover every such address.
final class Cells<S: KernelScalar> {
  private let base: UnsafeMutablePointer<S>
  private let guards: Int
  let count: Int

  private static var untouched: S { 12345 }

  init(count: Int, _ value: (Int) -> S) {
    self.count = count
    // At least a vector of guards, to detect a whole vector too many on either side.
    guards = S.lanes + 1 + count % (S.lanes - 1)
    let byteCount = (count + 2 * guards) * MemoryLayout<S>.stride
    base = UnsafeMutableRawPointer.allocate(
      byteCount: byteCount, alignment: MemoryLayout<S.Vector>.alignment
    ).bindMemory(to: S.self, capacity: count + 2 * guards)
    base.initialize(repeating: Self.untouched, count: count + 2 * guards)
    for i in 0..<count { pointer[i] = value(i) }
  }

  convenience init(count: Int, from generator: inout SmallGenerator, low: Double = -1) {
    var local = generator
    self.init(count: count) { _ in S(local.uniform(low, 1)) }
    generator = local
  }

  convenience init(_ values: [S]) { self.init(count: values.count) { values[$0] } }

  deinit { base.deallocate() }

  /// The first element.
  var pointer: UnsafeMutablePointer<S> { base + guards }
  var read: UnsafePointer<S> { UnsafePointer(pointer) }
  var values: [S] { (0..<count).map { pointer[$0] } }

  /// True if no kernel wrote outside.
  var isIntact: Bool {
    (0..<guards).allSatisfy {
      base[$0] == Self.untouched && base[guards + count + $0] == Self.untouched
    }
  }
}

/// A value from the definition and the bound of a kernel's error.
struct Expected {
  var value: Double
  /// Σ|terms|: rounding errors are relative to this, not to a result after cancellation.
  var magnitude: Double
  /// The number of roundings that may add up.
  var roundings: Int

  init(_ value: Double, magnitude: Double? = nil, roundings: Int = 1) {
    self.value = value
    self.magnitude = magnitude ?? abs(value)
    self.roundings = roundings
  }

  /// Creates the sum of terms, added in any order.
  ///
  /// Any order of n terms is within n·ulp·Σ|terms| of the exact sum. The bound is twice that, since
  /// the expectation in Double is itself rounded.
  init(sum terms: [Double]) {
    self.init(
      terms.reduce(0, +), magnitude: terms.reduce(0) { $0 + abs($1) },
      roundings: 2 * terms.count + 2)
  }
}

/// Describes the first element whose error exceeds its bound.
func firstFailure<S: KernelScalar>(_ observed: Cells<S>, _ expected: [Expected]) -> String? {
  guard observed.isIntact else { return "cells outside the array were written" }
  guard observed.count == expected.count else { return "\(observed.count) values" }
  for (i, value) in observed.values.enumerated() {
    let want = expected[i]
    let got = Double(value)
    if got == want.value || (got.isNaN && want.value.isNaN) { continue }
    let ulp = Double(S.ulpOfOne) * want.magnitude
    if !(abs(got - want.value) <= Double(want.roundings) * ulp) {
      return "at \(i): \(got), expected \(want.value), \(abs(got - want.value) / ulp) ulp"
    }
  }
  return nil
}

/// Describes the first element of two arrays with different bits.
func firstDifferentBits<S: KernelScalar>(_ a: [S], _ b: [S]) -> String? {
  guard a.count == b.count else { return "\(a.count) and \(b.count) values" }
  for i in a.indices where !(a[i] == b[i] || (a[i].isNaN && b[i].isNaN)) {
    return "at \(i): \(a[i]) and \(b[i])"
  }
  return nil
}

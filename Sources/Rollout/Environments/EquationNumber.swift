/// The operations of equations of motion, for one environment or for eight.
@usableFromInline
protocol EquationNumber {
  init(all number: Double)
  static func + (left: Self, right: Self) -> Self
  static func - (left: Self, right: Self) -> Self
  static func * (left: Self, right: Self) -> Self
  static func / (left: Self, right: Self) -> Self
  static func + (left: Double, right: Self) -> Self
  static func - (left: Double, right: Self) -> Self
  static func - (left: Self, right: Double) -> Self
  static func * (left: Double, right: Self) -> Self
}

extension Double: EquationNumber {
  @inlinable
  @inline(__always)
  init(all number: Double) { self = number }
}

extension SIMD8<Double>: EquationNumber {
  @inlinable
  @inline(__always)
  init(all number: Double) { self.init(repeating: number) }
}

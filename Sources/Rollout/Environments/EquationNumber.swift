/// What equations of motion need of a number, so that they are written once for one environment and for eight.
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

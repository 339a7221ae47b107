/// A parameter with which an environment can be made, declared at registration.
///
/// ```swift
/// EnvironmentParameter.integer("size", default: 5, in: 2...10_000, "Cells in the corridor.")
/// ```
public struct EnvironmentParameter: Sendable, Equatable {
  /// The type of a parameter, with its default and its range.
  package enum Kind: Sendable, Equatable {
    /// An integer.
    case integer(default: Int, range: ClosedRange<Int>)
    /// Any number.
    case number(default: Double, range: ClosedRange<Double>)
    /// A word without commas; the environment itself checks its value.
    case text(default: String)
    /// True or false.
    case flag(default: Bool)
    /// A range of numbers, from its first to its last.
    case interval(default: ClosedRange<Double>)
  }

  /// The name on a command line.
  package let name: String
  /// The type, default and range.
  package internal(set) var kind: Kind
  /// One sentence for a list of parameters.
  package let summary: String

  /// Declares an integer parameter.
  ///
  /// - Precondition: the default lies in the range.
  public static func integer(
    _ name: String, default value: Int, in range: ClosedRange<Int>, _ summary: String
  ) -> EnvironmentParameter {
    precondition(range.contains(value), "the default \(name)=\(value) is outside of \(range)")
    return EnvironmentParameter(
      name: name, kind: .integer(default: value, range: range), summary: summary)
  }

  /// Declares a number parameter.
  ///
  /// - Precondition: the default lies in the range.
  public static func number(
    _ name: String, default value: Double, in range: ClosedRange<Double>, _ summary: String
  ) -> EnvironmentParameter {
    precondition(range.contains(value), "the default \(name)=\(value) is outside of \(range)")
    return EnvironmentParameter(
      name: name, kind: .number(default: value, range: range), summary: summary)
  }

  /// Declares a text parameter.
  public static func text(
    _ name: String, default value: String, _ summary: String
  ) -> EnvironmentParameter {
    EnvironmentParameter(name: name, kind: .text(default: value), summary: summary)
  }

  /// Declares a parameter that is true or false.
  public static func flag(
    _ name: String, default value: Bool, _ summary: String
  ) -> EnvironmentParameter {
    EnvironmentParameter(name: name, kind: .flag(default: value), summary: summary)
  }

  /// Declares a range of numbers, which is written like `[-1,inf]`.
  public static func interval(
    _ name: String, default value: ClosedRange<Double>, _ summary: String
  ) -> EnvironmentParameter {
    EnvironmentParameter(name: name, kind: .interval(default: value), summary: summary)
  }

  /// The default, as written on a command line.
  package var defaultText: String {
    switch kind {
    case .integer(let value, _): "\(value)"
    case .number(let value, _): "\(value)"
    case .text(let value): value
    case .flag(let value): "\(value)"
    case .interval(let value): "[\(value.lowerBound),\(value.upperBound)]"
    }
  }

  /// The range, such as `2 to 100`; `nil` for a text parameter and a range.
  package var rangeText: String? {
    switch kind {
    case .integer(_, let range): "\(range.lowerBound) to \(range.upperBound)"
    case .number(_, let range): "\(range.lowerBound) to \(range.upperBound)"
    case .flag: "true or false"
    case .text, .interval: nil
    }
  }
}

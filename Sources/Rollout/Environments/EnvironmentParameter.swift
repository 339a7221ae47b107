/// A number or a word that an environment can be made with, as it is declared at registration.
///
///     EnvironmentParameter.integer("size", default: 5, in: 2...10_000, "Cells in the corridor.")
public struct EnvironmentParameter: Sendable, Equatable {
  /// What a value is, the one that holds where none is given, and the values that are taken.
  public enum Kind: Sendable, Equatable {
    /// A whole number.
    case integer(default: Int, range: ClosedRange<Int>)
    /// Any number.
    case number(default: Double, range: ClosedRange<Double>)
    /// A word without commas; the environment itself says which ones it takes.
    case text(default: String)
  }

  /// What it is called on a command line.
  public let name: String
  /// What a value is.
  public let kind: Kind
  /// One sentence for a list of parameters.
  public let summary: String

  /// Declares a parameter that is a whole number.
  ///
  /// - Precondition: the default lies in the range.
  public static func integer(
    _ name: String, default value: Int, in range: ClosedRange<Int>, _ summary: String
  ) -> EnvironmentParameter {
    precondition(range.contains(value), "the default \(name)=\(value) is outside of \(range)")
    return EnvironmentParameter(
      name: name, kind: .integer(default: value, range: range), summary: summary)
  }

  /// Declares a parameter that is a number.
  ///
  /// - Precondition: the default lies in the range.
  public static func number(
    _ name: String, default value: Double, in range: ClosedRange<Double>, _ summary: String
  ) -> EnvironmentParameter {
    precondition(range.contains(value), "the default \(name)=\(value) is outside of \(range)")
    return EnvironmentParameter(
      name: name, kind: .number(default: value, range: range), summary: summary)
  }

  /// Declares a parameter that is a word.
  public static func text(
    _ name: String, default value: String, _ summary: String
  ) -> EnvironmentParameter {
    EnvironmentParameter(name: name, kind: .text(default: value), summary: summary)
  }

  /// The default as a command line would spell it.
  public var defaultText: String {
    switch kind {
    case .integer(let value, _): "\(value)"
    case .number(let value, _): "\(value)"
    case .text(let value): value
    }
  }

  /// The values that are taken, such as `2 to 100`; `nil` for a word.
  public var rangeText: String? {
    switch kind {
    case .integer(_, let range): "\(range.lowerBound) to \(range.upperBound)"
    case .number(_, let range): "\(range.lowerBound) to \(range.upperBound)"
    case .text: nil
    }
  }
}

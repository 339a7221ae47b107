/// The values with which an environment is made: those of its parameters, and its episode limit.
///
/// ```swift
/// let arguments = try EnvironmentArguments("size=8", for: parameters, of: "Corridor-v0")
/// arguments.integer("size")    // 8
/// ```
public struct EnvironmentArguments: Sendable, Equatable {
  /// The number of steps after which an episode is truncated; `nil` for no limit.
  package let maximumEpisodeSteps: Int?

  /// The parameters, with the given values in place of the defaults.
  private var values: [EnvironmentParameter]

  /// Parses `name=value` pairs separated by commas; an empty text gives the defaults.
  ///
  /// - Parameters:
  ///   - text: the text, as on a command line.
  ///   - parameters: the declared parameters.
  ///   - id: the environment's id, for error messages.
  ///   - maximumEpisodeSteps: the number of steps after which an episode is truncated; `nil` for no
  ///     limit.
  /// - Throws: `InvalidEnvironmentArguments` for a name that is not declared or is given twice, or
  ///   a value that is malformed or out of range.
  public init(
    _ text: String, for parameters: [EnvironmentParameter], of id: String,
    maximumEpisodeSteps: Int? = nil
  ) throws(InvalidEnvironmentArguments) {
    self.maximumEpisodeSteps = maximumEpisodeSteps
    values = parameters
    for (name, value) in try ArgumentText.pairs(text) {
      guard let place = parameters.firstIndex(where: { $0.name == name }) else {
        throw .unknown(name, parameters: parameters, of: id)
      }
      values[place].kind = try Self.value(value, of: parameters[place], environment: id)
    }
  }

  private static func value(
    _ text: String, of parameter: EnvironmentParameter, environment: String
  ) throws(InvalidEnvironmentArguments) -> EnvironmentParameter.Kind {
    let outOfRange = InvalidEnvironmentArguments(
      """
      \(parameter.name)=\(text) is out of range for \(environment): use \
      \(parameter.rangeText ?? "another word").
      """)
    switch parameter.kind {
    case .integer(_, let range):
      guard let number = Int(text) else {
        if let number = Double(text), number.rounded() == number { throw outOfRange }
        throw InvalidEnvironmentArguments(
          "\(parameter.name)=\(text) is not a whole number: use \(parameter.rangeText ?? "one").")
      }
      guard range.contains(number) else { throw outOfRange }
      return .integer(default: number, range: range)
    case .number(_, let range):
      guard let number = Double(text), !number.isNaN else {
        throw InvalidEnvironmentArguments(
          "\(parameter.name)=\(text) is not a number: use \(parameter.rangeText ?? "one").")
      }
      guard range.contains(number) else { throw outOfRange }
      return .number(default: number, range: range)
    case .text: return .text(default: text)
    case .flag:
      switch text {
      case "true", "True": return .flag(default: true)
      case "false", "False": return .flag(default: false)
      default:
        throw InvalidEnvironmentArguments(
          "\(parameter.name)=\(text) is neither true nor false: use one of them.")
      }
    case .interval:
      let bounds = text.dropFirst().dropLast().split(separator: ",")
        .compactMap { Double($0.trimmingPrefix(while: \.isWhitespace)) }
      guard text.first == "[", text.last == "]", bounds.count == 2, bounds[0] <= bounds[1] else {
        throw InvalidEnvironmentArguments(
          "\(parameter.name)=\(text) is not a range: write its bounds like [-1,0.5] or [0,inf].")
      }
      return .interval(default: bounds[0]...bounds[1])
    }
  }

  /// Returns the value of an integer parameter.
  ///
  /// - Precondition: an integer parameter with this name is declared.
  public func integer(_ name: String) -> Int {
    guard case .integer(let value, _) = kind(name) else { refuse(name, "whole number") }
    return value
  }

  /// Returns the value of a number parameter.
  ///
  /// - Precondition: a number parameter with this name is declared.
  public func number(_ name: String) -> Double {
    guard case .number(let value, _) = kind(name) else { refuse(name, "number") }
    return value
  }

  /// Returns the value of a text parameter.
  ///
  /// - Precondition: a text parameter with this name is declared.
  public func text(_ name: String) -> String {
    guard case .text(let value) = kind(name) else { refuse(name, "word") }
    return value
  }

  /// Returns the value of a parameter that is true or false.
  ///
  /// - Precondition: such a parameter with this name is declared.
  public func flag(_ name: String) -> Bool {
    guard case .flag(let value) = kind(name) else { refuse(name, "flag") }
    return value
  }

  /// Returns the value of a range of numbers.
  ///
  /// - Precondition: a range with this name is declared.
  public func interval(_ name: String) -> ClosedRange<Double> {
    guard case .interval(let value) = kind(name) else { refuse(name, "range") }
    return value
  }

  private func kind(_ name: String) -> EnvironmentParameter.Kind? {
    values.first { $0.name == name }?.kind
  }

  private func refuse(_ name: String, _ kind: String) -> Never {
    fatalError("no parameter '\(name)' that is a \(kind) is declared at registration")
  }
}

/// Arguments that an environment does not accept.
public struct InvalidEnvironmentArguments: Error, Equatable, CustomStringConvertible {
  /// The problem and the remedy, as a sentence with its period.
  public let description: String
  /// The option with the arguments.
  package private(set) var option = "env-args"

  /// Creates an error, also for arguments that are invalid only in combination.
  public init(_ description: String) { self.description = description }

  /// Creates an error about another option.
  init(_ description: String, option: String) {
    (self.description, self.option) = (description, option)
  }

  fileprivate static func unknown(
    _ name: String, parameters: [EnvironmentParameter], of id: String
  ) -> InvalidEnvironmentArguments {
    guard !parameters.isEmpty else {
      return InvalidEnvironmentArguments("\(id) has no parameters: leave '\(name)' out.")
    }
    let names = parameters.map(\.name)
    let nearest = NearestMatch.find(name, among: names).map { " Did you mean '\($0)'?" } ?? ""
    return InvalidEnvironmentArguments(
      "\(id) has no parameter '\(name)'; it has \(names.joined(separator: ", ")).\(nearest)")
  }
}

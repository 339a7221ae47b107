import Rollout

/// What a user asked for and cannot have: a mistake in an option, a file of options or their combination.
///
/// The message is a whole sentence: what, the value, the limit, the remedy. A command shows it beside
/// the option's help and ends with exit code 64.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// The sentence to show.
  public let message: String

  /// The name of the option that is to blame, without dashes, where there is one.
  public let option: String?

  /// The sentence to show.
  public var description: String { message }

  /// Creates the error from its sentence.
  ///
  /// - Parameters:
  ///   - message: a sentence with its full stop: what, the value, the limit, the remedy.
  ///   - option: the name of the option that is to blame, without dashes.
  public init(_ message: String, option: String? = nil) {
    // It may quote text from a file.
    self.message = message.escapingControls
    self.option = option
  }

  /// Refuses a whole number out of its range.
  package static func check(
    _ option: String, _ value: Int, in range: ClosedRange<Int>
  ) throws(ConfigurationError) {
    guard !range.contains(value) else { return }
    throw ConfigurationError(
      "--\(option) \(value) is out of range: use \(range.lowerBound) to \(range.upperBound).",
      option: option)
  }
}

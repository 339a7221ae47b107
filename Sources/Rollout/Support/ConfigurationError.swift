/// A mistake in an option, a file of options or a combination of options.
///
/// The message is a whole sentence with the subject, the value, the limit and the remedy. A command
/// shows it beside the option's help and ends with exit code 64.
public struct ConfigurationError: Error, Equatable, CustomStringConvertible {
  /// The sentence to show.
  public let message: String

  /// The name of the wrong option, without dashes, if there is one.
  package let option: String?

  /// The sentence to show.
  public var description: String { message }

  /// Creates the error from its sentence.
  ///
  /// - Parameters:
  ///   - message: a sentence with its period: the subject, the value, the limit and the remedy.
  ///   - option: the name of the wrong option, without dashes.
  public init(_ message: String, option: String? = nil) {
    // The message may quote text from a file.
    self.message = message.escapingControls
    self.option = option
  }

  /// Refuses an integer that is out of range.
  package static func check(
    _ option: String, _ value: Int, in range: ClosedRange<Int>
  ) throws(ConfigurationError) {
    guard !range.contains(value) else { return }
    throw ConfigurationError(
      "--\(option) \(value) is out of range: use \(range.lowerBound) to \(range.upperBound).",
      option: option)
  }
}

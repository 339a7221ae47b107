/// The interval between two evaluations of a run.
///
/// An integer literal is a number of environment steps.
public enum EvaluationInterval: Sendable, Equatable, ExpressibleByIntegerLiteral {
  /// A number of environment steps; 0 for no evaluation.
  case steps(Int)
  /// A number of seconds.
  case seconds(Double)
  /// A number of updates.
  case updates(Int)

  /// Creates an interval of environment steps.
  public init(integerLiteral value: Int) { self = .steps(value) }

  /// True if there is no evaluation.
  package var isNever: Bool { self == .steps(0) }

  /// Returns the position of a run as this interval counts: steps, updates or whole milliseconds.
  ///
  /// The clock is read only for an interval of seconds.
  func position(steps: Int, updates: Int, seconds: @autoclosure () -> Double) -> Int {
    switch self {
    case .steps: steps
    case .updates: updates
    case .seconds: Int(seconds() * 1000)
    }
  }

  /// Returns the first multiple of the interval after a position.
  func next(after position: Int) -> Int {
    let length =
      switch self {
      case .steps(let count), .updates(let count): count
      case .seconds(let seconds): max(1, Int((seconds * 1000).rounded()))
      }
    return length == 0 ? .max : (position / length + 1) * length
  }
}

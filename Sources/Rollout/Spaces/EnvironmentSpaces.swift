/// The spaces of an environment.
public struct EnvironmentSpaces: Sendable, Equatable {
  /// The space of observations.
  public var observation: Space
  /// The space of actions.
  public var action: Space
  /// The space of information, a Dict; empty if there is none.
  public var information: Space

  /// The spaces as Gymnasium declares them, before any wrapper; `nil` for an environment in Swift.
  package var declared: DeclaredSpaces?
  /// The bounds of each element, by leaf of the action, for Boxes with different ones.
  package var elementBounds: [Int: [(low: Double, high: Double)]] = [:]

  /// Creates the spaces of an environment.
  public init(observation: Space, action: Space, information: Space = .dict([])) {
    self.observation = observation
    self.action = action
    self.information = information
  }

  /// Returns true if the observation and action spaces are equal; no policy sees information.
  public static func == (first: EnvironmentSpaces, second: EnvironmentSpaces) -> Bool {
    first.observation == second.observation && first.action == second.action
  }
}

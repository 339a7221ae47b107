/// A wrapper that truncates the episodes of another environment after a number of steps.
///
/// The step that reaches the limit is `truncated`. It is also `terminated` if the task ended the
/// episode on that step, as in Gymnasium.
public struct TimeLimit<Base: Environment>: Environment {
  /// The wrapped environment.
  public var base: Base
  /// The maximum number of steps of an episode; `Int.max` for no limit.
  public let maximumEpisodeSteps: Int
  /// The number of steps since the episode began.
  public var elapsedSteps = 0

  /// Limits an environment; `nil` sets no limit.
  ///
  /// - Precondition: the limit is positive.
  @inlinable
  public init(_ base: Base, maximumEpisodeSteps: Int?) {
    precondition(
      maximumEpisodeSteps ?? 1 > 0, "a limit of \(maximumEpisodeSteps ?? 0) steps: use at least 1")
    self.base = base
    self.maximumEpisodeSteps = maximumEpisodeSteps ?? .max
  }

  /// The base's observation space.
  @inlinable
  public var observationSpace: Space { base.observationSpace }
  /// The base's action space.
  @inlinable
  public var actionSpace: Space { base.actionSpace }
  /// The base's number of lives.
  @inlinable
  public var lives: Int? { base.lives }
  /// The base's observation.
  @inlinable
  public var observation: Base.Observation { base.observation }

  /// Starts a new episode and counts from 0.
  @inlinable
  public mutating func reset(using random: inout PCG64) throws {
    elapsedSteps = 0
    try base.reset(using: &random)
  }

  /// Plays one action and counts it.
  @inlinable
  public mutating func step(
    _ action: Base.Action, using random: inout PCG64
  ) throws -> StepOutcome {
    var outcome = try base.step(action, using: &random)
    elapsedSteps &+= 1
    if elapsedSteps >= maximumEpisodeSteps { outcome.truncated = true }
    return outcome
  }
}

extension TimeLimit: Sendable where Base: Sendable {}

extension TimeLimit {
  /// Returns true if the limit is the same and not reached, and the base's state is possible.
  public func isPossible(for fresh: TimeLimit) -> Bool {
    maximumEpisodeSteps == fresh.maximumEpisodeSteps
      && (0..<maximumEpisodeSteps).contains(elapsedSteps) && base.isPossible(for: fresh.base)
  }
}

/// A task that an actor can play: the one protocol to conform to for an environment of one's own.
///
/// `reset` and `step` change the state; `observation` tells what can be seen of it. Randomness
/// comes only from the stream that is handed in, so that one seed gives one episode. A step limit
/// is not the environment's business: it is given at registration.
public protocol Environment: SendableMetatype {
  /// What the actor sees.
  associatedtype Observation: Recordable
  /// What the actor does.
  associatedtype Action: Recordable

  /// The values that observations take.
  var observationSpace: Space { get }
  /// The values that actions take.
  var actionSpace: Space { get }
  /// What can be seen now.
  var observation: Observation { get }
  /// How many lives the player has left, 0 before the first episode; `nil`, as by default, in a task
  /// without lives. For the wrapper `end-on-lost-life`.
  var lives: Int? { get }

  /// Begins a new episode.
  ///
  /// - Throws: anything that makes going on impossible; the worker then ends with that error's
  ///   text.
  mutating func reset(using random: inout PCG64) throws

  /// Plays one action.
  ///
  /// In a batch the elements of a Box of float32 or float64 come clipped to its bounds; the fragment
  /// records what was drawn. NaN stays NaN.
  ///
  /// - Throws: anything that makes going on impossible; the worker then ends with that error's
  ///   text.
  mutating func step(_ action: Action, using random: inout PCG64) throws -> StepOutcome
}

extension Environment {
  /// A task without lives.
  @inlinable
  public var lives: Int? { nil }
}

/// What a step tells beside the next observation.
public struct StepOutcome: Sendable, Equatable {
  /// The reward; recorded as a Float.
  public var reward: Double
  /// Whether the task ended the episode.
  public var terminated: Bool
  /// Whether a limit cut the episode.
  public var truncated: Bool

  /// Describes how a step went.
  @inlinable
  public init(reward: Double, terminated: Bool = false, truncated: Bool = false) {
    self.reward = reward
    self.terminated = terminated
    self.truncated = truncated
  }

  /// Whether the episode is over, one way or the other.
  @inlinable
  public var isOver: Bool { terminated || truncated }
}

/// What an environment emits and accepts.
public struct EnvironmentSpaces: Sendable, Equatable {
  /// The values that observations take.
  public var observation: Space
  /// The values that actions take.
  public var action: Space

  /// Pairs the two spaces.
  public init(observation: Space, action: Space) {
    self.observation = observation
    self.action = action
  }
}

/// A task for an actor: the one protocol to which a custom environment conforms.
///
/// `reset` and `step` change the state; `observation` returns its observable part. Randomness comes
/// only from the stream that is passed in, so one random seed gives one episode. The environment
/// does not implement a step limit; the limit is given at registration.
public protocol Environment: SendableMetatype {
  /// The type of observations.
  associatedtype Observation: Recordable
  /// The type of actions.
  associatedtype Action: Recordable
  /// The type of information; `NoInformation`, the default, for none.
  associatedtype Information: Recordable = NoInformation

  /// The space of observations.
  var observationSpace: Space { get }
  /// The space of actions.
  var actionSpace: Space { get }
  /// The space of information: a Dict that names it; an empty one, the default, for none.
  var informationSpace: Space { get }
  /// The names of discrete actions in their order, for people; empty, the default, for none.
  static var actionNames: [String] { get }
  /// The current observation.
  var observation: Observation { get }
  /// The numbers besides observation and reward that describe the last step, such as a success.
  ///
  /// It is read after each step and before any reset, and recorded in the fragment's `info`. No
  /// policy sees it.
  var information: Information { get }
  /// The number of lives left, 0 before the first episode; `nil`, the default, if there are none.
  ///
  /// The wrapper `end-on-lost-life` uses it.
  var lives: Int? { get }

  /// Starts a new episode.
  ///
  /// - Throws: any error after which the environment cannot continue; the worker then ends with the
  ///   error's text.
  mutating func reset(using random: inout PCG64) throws

  /// Plays one action.
  ///
  /// In a batch, elements of a float32 or float64 Box have been clipped to its bounds. The fragment
  /// records the unclipped action. NaN stays NaN.
  ///
  /// - Throws: any error after which the environment cannot continue; the worker then ends with the
  ///   error's text.
  mutating func step(_ action: Action, using random: inout PCG64) throws -> StepOutcome

  /// Returns true if the environment can be in a state that was read from a file.
  ///
  /// A file may hold any bytes. An environment with an index, a count or a loop condition in its
  /// state must reject values that would trap or never end. By default, every state is possible.
  ///
  /// - Parameter fresh: a newly made environment with the same parameters.
  func isPossible(for fresh: Self) -> Bool
}

extension Environment {
  /// Returns true: by default, every state is possible.
  @inlinable
  public func isPossible(for fresh: Self) -> Bool { true }

  /// An empty Dict: by default there is no information.
  public var informationSpace: Space { .dict([]) }

  /// Returns no names: by default actions are numbers.
  public static var actionNames: [String] { [] }

  /// Returns nil: by default a task has no lives.
  @inlinable
  public var lives: Int? { nil }
}

extension Environment where Information == NoInformation {
  /// Nothing.
  @inlinable
  public var information: NoInformation { NoInformation() }
}

/// The information of environments that have none.
public struct NoInformation: Recordable {
  /// No leaf.
  public static var leafTypes: [ElementType] { [] }

  @inlinable
  init() {}

  /// Loads nothing.
  @inlinable
  public init(loading leaves: LeafRow) {}

  /// Stores nothing.
  @inlinable
  public func store(in leaves: LeafRow) {}
}

/// The results of a step besides the next observation.
public struct StepOutcome: Sendable, Equatable {
  /// The reward; recorded as a Float.
  public var reward: Double
  /// True if the task terminated the episode.
  public var terminated: Bool
  /// True if a limit truncated the episode.
  public var truncated: Bool

  /// Creates an outcome.
  @inlinable
  public init(reward: Double, terminated: Bool = false, truncated: Bool = false) {
    self.reward = reward
    self.terminated = terminated
    self.truncated = truncated
  }

  /// True if the episode was terminated or truncated.
  @inlinable
  public var isOver: Bool { terminated || truncated }
}

/// An environment with references that can transfer its state to and from a snapshot.
///
/// With snapshots, a run can resume in the middle of episodes. An environment without references
/// needs no conformance, because its bytes are its state. `transfer` covers everything that the
/// environment's next steps depend on. It transfers the same number of bytes every time:
///
/// ```swift
/// extension Maze: SnapshotEnvironment {
///   mutating func transfer(_ snapshot: inout SnapshotCursor) {
///     snapshot.transfer(&position)
///     snapshot.transfer(&walls)  // an array with the length that `make` gave it
///   }
/// }
/// ```
public protocol SnapshotEnvironment: Environment {
  /// Measures, saves or restores the state.
  ///
  /// Measuring and restoring happen in a newly made environment that has not been reset.
  mutating func transfer(_ snapshot: inout SnapshotCursor)
}

extension SnapshotEnvironment where Self: BitwiseCopyable {
  /// Transfers all bytes of the value.
  public mutating func transfer(_ snapshot: inout SnapshotCursor) {
    snapshot.transfer(&self)
  }
}

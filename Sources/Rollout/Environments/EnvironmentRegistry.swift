import Synchronization

/// The environments that can be selected by id, for example on a command line.
///
/// ```swift
/// try EnvironmentRegistry.shared.register("Mine-v0", summary: "My own task.") { Mine() }
/// let batch = try EnvironmentConfiguration("Mine-v0").makeBatch(count: 8, streams: streams)
/// ```
///
/// A worker is the same executable as the learner, so environments that `main` registers first are
/// known to both.
public final class EnvironmentRegistry: Sendable {
  /// The registry that the command line uses.
  public static let shared = EnvironmentRegistry()

  private let environments: Mutex<[RegisteredEnvironment]>

  /// Creates a registry with the built-in environments only.
  public init() { environments = Mutex(Self.builtIn) }

  /// The registered ids, in the order of registration.
  package var ids: [String] { all.map(\.id) }

  /// All environments, in the order of registration.
  public var all: [RegisteredEnvironment] { environments.withLock { $0 } }

  /// Registers an environment that is written in Swift and has no parameters.
  ///
  /// - Parameters:
  ///   - id: the id, by convention with a version: `Mine-v0`.
  ///   - summary: one sentence for a list of environments.
  ///   - maximumEpisodeSteps: the number of steps after which an episode is truncated; `nil` for no
  ///     limit.
  ///   - rewardThreshold: the mean return at which the task counts as solved.
  ///   - make: makes one environment; called once for each environment of a batch.
  /// - Throws: `DuplicateEnvironment` if the id is taken.
  @inlinable
  public func register<Member: Environment>(
    _ id: String, summary: String = "", maximumEpisodeSteps: Int? = nil,
    rewardThreshold: Double? = nil, make: @escaping @Sendable () throws -> Member
  ) throws(DuplicateEnvironment) {
    try register(
      RegisteredEnvironment(
        id: id, summary: summary, maximumEpisodeSteps: maximumEpisodeSteps,
        rewardThreshold: rewardThreshold, make: { _ in try make() }))
  }

  /// Registers an environment, which may have parameters or step in batches of its own.
  ///
  /// - Throws: `DuplicateEnvironment` if the id is taken.
  public func register(_ environment: RegisteredEnvironment) throws(DuplicateEnvironment) {
    let isNew = environments.withLock { known in
      if known.contains(where: { $0.id == environment.id }) { return false }
      known.append(environment)
      return true
    }
    if !isNew { throw DuplicateEnvironment(id: environment.id) }
  }

  /// Returns the environment with an id.
  ///
  /// An id that begins with `gym:` selects Gymnasium, and one that begins with `mujoco:` MuJoCo, as
  /// does the name of one of its tasks if nothing is registered under it.
  ///
  /// - Throws: `UnknownEnvironment` with the known ids.
  public func environment(_ id: String) throws(UnknownEnvironment) -> RegisteredEnvironment {
    try environment(for: EnvironmentConfiguration(id))
  }

  /// Returns the environment for a configuration, with its Python if it is Gymnasium's.
  func environment(
    for configuration: EnvironmentConfiguration
  ) throws(UnknownEnvironment) -> RegisteredEnvironment {
    let all = all
    if let environment = all.first(where: { $0.id == configuration.id }) { return environment }
    if let environment = RegisteredEnvironment(gymnasium: configuration) { return environment }
    if let environment = try RegisteredEnvironment(mujoco: configuration) { return environment }
    throw UnknownEnvironment(id: configuration.id, known: all.map(\.id))
  }

  /// The tasks of MuJoCo; their spaces are known only with its library.
  package static var mujoco: [RegisteredEnvironment] {
    MuJoCoDescription.ids.compactMap { try? RegisteredEnvironment(mujoco: .init($0)) }
  }

  /// Returns true for an environment of this module.
  package static func isBuiltIn(_ id: String) -> Bool { builtIn.contains { $0.id == id } }

  // Limits and thresholds are those of Gymnasium's registration. CartPoleNoVel is named after the
  // environment of the RL Zoo, which sets the velocities to 0 instead of omitting them. It has
  // CartPole-v1's limit and threshold.
  private static let builtIn = [
    cartPole("CartPole-v0", steps: 200, threshold: 195),
    cartPole("CartPole-v1", steps: 500, threshold: 475),
    cartPoleWithoutVelocities,
    eightAtATime(
      RegisteredEnvironment(
        id: "MountainCar-v0", summary: "Swing a car with a weak engine up a hill.",
        maximumEpisodeSteps: 200, rewardThreshold: -110, make: { _ in MountainCar() }),
      as: MountainCarGroup.self),
    eightAtATime(
      RegisteredEnvironment(
        id: "MountainCarContinuous-v0",
        summary: "Swing a car up a hill with an engine that can be throttled.",
        maximumEpisodeSteps: 999, rewardThreshold: 90, make: { _ in MountainCarContinuous() }),
      as: MountainCarContinuousGroup.self),
    eightAtATime(
      RegisteredEnvironment(
        id: "Acrobot-v1", summary: "Swing the end of two links above a line.",
        maximumEpisodeSteps: 500, rewardThreshold: -100, make: { _ in Acrobot() }),
      as: AcrobotGroup.self),
    eightAtATime(
      RegisteredEnvironment(
        id: "Pendulum-v1", summary: "Swing a pendulum up and hold it upright.",
        maximumEpisodeSteps: 200, make: { _ in Pendulum() }),
      as: PendulumGroup.self),
    // The corridor and the cube are tasks of rlplay's founding documents. The corridor's loop there
    // stops at 100 steps. Any cube can be solved in 14 turns; the limit is twice that.
    RegisteredEnvironment(
      id: "Corridor-v0", summary: "Walk along a corridor to the goal at its end.",
      maximumEpisodeSteps: 100, parameters: Corridor.parameters, make: { try Corridor($0) }),
    RegisteredEnvironment(
      id: "Cube2x2-v0", summary: "Solve a scrambled 2×2×2 cube by quarter turns.",
      maximumEpisodeSteps: 28, parameters: Cube2x2.parameters, make: { try Cube2x2($0) }),
  ]

  /// Returns an environment that steps groups of eight if there are at least eight environments.
  private static func eightAtATime<Group: EnvironmentGroup>(
    _ single: RegisteredEnvironment, as group: Group.Type
  ) -> RegisteredEnvironment {
    RegisteredEnvironment(
      id: single.id, summary: single.summary, maximumEpisodeSteps: single.maximumEpisodeSteps,
      rewardThreshold: single.rewardThreshold, actionNames: single.actionNames,
      spaces: { _ in try single.spaces },
      makeBatch: { arguments, streams, marker in
        guard streams.count >= 8, Group.isExact else {
          return try single.make(arguments, streams, marker)
        }
        return GroupedBatch<Group>(streams: streams)
      })
  }

  private static var cartPoleWithoutVelocities: RegisteredEnvironment {
    let whole = cartPole("CartPole-v1", steps: 500, threshold: 475)
    @Sendable func make(
      _ arguments: EnvironmentArguments, _ streams: [PCG64], _ marker: OwnedPositionMarker
    ) throws -> any EnvironmentBatch {
      try ObservationMaskBatch(whole.make(arguments, streams, marker), keeping: [0, 2])
    }
    return RegisteredEnvironment(
      id: "CartPoleNoVel-v1", summary: "Balance a pole on a cart without seeing velocities.",
      maximumEpisodeSteps: 500, rewardThreshold: 475,
      spaces: { try make($0, [PCG64(seed: 0)], .unread).spaces }, makeBatch: make)
  }

  private static func cartPole(
    _ id: String, steps: Int, threshold: Double
  ) -> RegisteredEnvironment {
    eightAtATime(
      RegisteredEnvironment(
        id: id, summary: "Balance a pole on a cart for \(steps) steps.",
        maximumEpisodeSteps: steps, rewardThreshold: threshold, make: { _ in CartPole() }),
      as: CartPoleGroup.self)
  }
}

// A configuration's environment, which the registry looks up by its id.
extension EnvironmentConfiguration {
  /// The names of the environment's discrete actions; empty if they have none.
  ///
  /// No environment is made and no program started.
  package var actionNames: [String] {
    (try? EnvironmentRegistry.shared.environment(for: self))?.actionNames ?? []
  }

  /// Returns the observation and action spaces of the environment with its options and wrappers.
  ///
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `WrapperError`, or an error
  ///   from making an environment.
  public func spaces(
    in registry: EnvironmentRegistry = .shared
  ) throws -> EnvironmentSpaces {
    try registry.environment(for: self).spaces(self)
  }

  /// Makes a batch of one environment per stream.
  ///
  /// - Throws: as `spaces` does.
  /// - Precondition: there is at least one stream.
  public func makeBatch(
    streams: [PCG64], in registry: EnvironmentRegistry = .shared,
    marking marker: OwnedPositionMarker = .unread
  ) throws -> any EnvironmentBatch {
    try registry.environment(for: self).makeBatch(self, streams: streams, marking: marker)
  }

  /// Makes a batch whose environments draw from a worker's streams.
  ///
  /// - Throws: as `spaces` does.
  /// - Precondition: the count is positive.
  public func makeBatch(
    count: Int, streams: RandomStreams, in registry: EnvironmentRegistry = .shared,
    marking marker: OwnedPositionMarker = .unread
  ) throws -> any EnvironmentBatch {
    try makeBatch(streams: (0..<count).map(streams.environment), in: registry, marking: marker)
  }

  /// Checks that a worker process can make this environment.
  ///
  /// The id has to be registered, the values must suit its parameters, and each wrapper needs a
  /// text on the command line. Normalization is refused, because it does not wrap an environment.
  /// No environment is made, so errors that occur only then are not found.
  ///
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `WrapperError`.
  public func validate(in registry: EnvironmentRegistry = .shared) throws {
    let environment = try registry.environment(for: self)
    _ = try environment.arguments(self)
    if let wrapper = wrappers.first(where: { $0.normalization != nil }) {
      throw Wrapper.misplaced(wrapper.description)
    }
    for wrapper in wrappers where (try? Wrapper(parsing: wrapper.description)) != wrapper {
      throw WrapperError(
        "the wrapper \(wrapper) cannot be sent to workers: use one that --wrap accepts")
    }
  }

  /// Returns the largest number of steps of an episode, as the environment counts them.
  ///
  /// - Parameter spaces: the spaces of the environment with its wrappers.
  /// - Returns: nil if there is no limit, or if the environment does not tell of one.
  /// - Throws: `UnknownEnvironment`.
  package func longestEpisode(
    _ spaces: EnvironmentSpaces, in registry: EnvironmentRegistry = .shared
  ) throws(UnknownEnvironment) -> Int? {
    let environment = try registry.environment(for: self)
    return stepLimit(registered: environment.maximumEpisodeSteps ?? spaces.declared?.episodeSteps)
  }
}

/// An id that is already taken.
public struct DuplicateEnvironment: Error, Equatable, CustomStringConvertible {
  /// The id.
  package let id: String

  /// One sentence with the remedy.
  public var description: String {
    "an environment named '\(id)' is registered already: choose another name or version"
  }
}

/// An id under which nothing is registered.
public struct UnknownEnvironment: Error, Equatable, CustomStringConvertible {
  /// The requested id.
  package let id: String
  /// The known ids.
  package let known: [String]

  /// One sentence with the known ids.
  public var description: String {
    let mujoco = MuJoCoDescription.ids
    let prefix = RegisteredEnvironment.mujocoPrefix
    let nearest =
      NearestMatch.find(id, among: known + mujoco) ?? NearestMatch.find(prefix + id, among: mujoco)
    let others =
      known == mujoco
      ? "and mujoco:FILE.xml for a model of your own"
      : "gym:ID for those of Gymnasium, and mujoco:ID for those of MuJoCo"
    return """
      there is no environment '\(id.escapingControls)'; there are \
      \(known.joined(separator: ", ")), \(others).\
      \(nearest.map { " Did you mean '\($0)'?" } ?? "")
      """
  }
}

import Synchronization

/// The environments that can be selected by id, for example on a command line.
///
/// ```swift
/// try EnvironmentRegistry.shared.register("Mine-v0", summary: "My own task.") { Mine() }
/// let batch = try EnvironmentChoice("Mine-v0").makeBatch(count: 8, streams: streams)
/// ```
///
/// A worker is the same executable as the learner, so environments that `main` registers first are
/// known to both.
public final class EnvironmentRegistry: Sendable {
  /// The registry that the command line uses.
  public static let shared = EnvironmentRegistry()

  private let specifications: Mutex<[EnvironmentSpecification]>

  /// Creates a registry with the built-in environments only.
  public init() { specifications = Mutex(Self.builtIn) }

  /// The registered ids, in the order of registration.
  public var ids: [String] { all.map(\.id) }

  /// All specifications, in the order of registration.
  public var all: [EnvironmentSpecification] { specifications.withLock { $0 } }

  /// Registers an environment that is written in Swift.
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
      EnvironmentSpecification(
        id: id, summary: summary, maximumEpisodeSteps: maximumEpisodeSteps,
        rewardThreshold: rewardThreshold, make: make))
  }

  /// Registers an environment that is written in Swift and has parameters.
  ///
  /// ```swift
  /// try EnvironmentRegistry.shared.register(
  ///   "Mine-v0", parameters: [.integer("size", default: 5, in: 2...100, "Cells.")]
  /// ) { Mine(size: $0.integer("size")) }
  /// ```
  ///
  /// - Parameters:
  ///   - id: the id, by convention with a version: `Mine-v0`.
  ///   - summary: one sentence for a list of environments.
  ///   - maximumEpisodeSteps: the number of steps after which an episode is truncated; `nil` for no
  ///     limit.
  ///   - rewardThreshold: the mean return at which the task counts as solved.
  ///   - parameters: the environment's parameters, which `--env-args` sets.
  ///   - make: makes one environment with the given values; called once for each environment of a
  ///     batch.
  /// - Throws: `DuplicateEnvironment` if the id is taken.
  @inlinable
  public func register<Member: Environment>(
    _ id: String, summary: String = "", maximumEpisodeSteps: Int? = nil,
    rewardThreshold: Double? = nil, parameters: [EnvironmentParameter],
    make: @escaping @Sendable (EnvironmentArguments) throws -> Member
  ) throws(DuplicateEnvironment) {
    try register(
      EnvironmentSpecification(
        id: id, summary: summary, maximumEpisodeSteps: maximumEpisodeSteps,
        rewardThreshold: rewardThreshold, parameters: parameters, make: make))
  }

  /// Registers an environment by its specification.
  ///
  /// - Throws: `DuplicateEnvironment` if the id is taken.
  public func register(
    _ specification: EnvironmentSpecification
  ) throws(DuplicateEnvironment) {
    let isNew = specifications.withLock { known in
      if known.contains(where: { $0.id == specification.id }) { return false }
      known.append(specification)
      return true
    }
    if !isNew { throw DuplicateEnvironment(id: specification.id) }
  }

  /// Returns the specification for an id; an id that begins with `gym:` selects Gymnasium.
  ///
  /// - Throws: `UnknownEnvironment` with the known ids.
  public func specification(
    _ id: String
  ) throws(UnknownEnvironment) -> EnvironmentSpecification {
    try specification(for: EnvironmentChoice(id))
  }

  /// Returns the specification for a choice, with the chosen Python if it is Gymnasium's.
  func specification(
    for choice: EnvironmentChoice
  ) throws(UnknownEnvironment) -> EnvironmentSpecification {
    if let specification = EnvironmentSpecification(gymnasium: choice) { return specification }
    let all = all
    guard let specification = all.first(where: { $0.id == choice.id }) else {
      throw UnknownEnvironment(id: choice.id, known: all.map(\.id))
    }
    return specification
  }

  /// Returns true for an environment of this module.
  package static func isBuiltIn(_ id: String) -> Bool { builtIn.contains { $0.id == id } }

  // Limits and thresholds are those of Gymnasium's registration. CartPoleNoVel is named after the
  // environment of the RL Zoo, which sets the velocities to 0 instead of omitting them. It has
  // CartPole-v1's limit and threshold.
  private static let builtIn = [
    cartPole("CartPole-v0", steps: 200, threshold: 195),
    cartPole("CartPole-v1", steps: 500, threshold: 475),
    EnvironmentSpecification(
      id: "CartPoleNoVel-v1", summary: "Balance a pole on a cart without seeing velocities.",
      maximumEpisodeSteps: 500, rewardThreshold: 475,
      make: { try ObservationMask(CartPole(), keeping: [0, 2]) }),
    EnvironmentSpecification(
      id: "MountainCar-v0", summary: "Swing a car with a weak engine up a hill.",
      maximumEpisodeSteps: 200, rewardThreshold: -110, make: { MountainCar() }),
    EnvironmentSpecification(
      id: "MountainCarContinuous-v0",
      summary: "Swing a car up a hill with an engine that can be throttled.",
      maximumEpisodeSteps: 999, rewardThreshold: 90, make: { MountainCarContinuous() }),
    eightAtATime(
      EnvironmentSpecification(
        id: "Acrobot-v1", summary: "Swing the end of two links above a line.",
        maximumEpisodeSteps: 500, rewardThreshold: -100, make: { Acrobot() }),
      as: AcrobotGroup.self),
    EnvironmentSpecification(
      id: "Pendulum-v1", summary: "Swing a pendulum up and hold it upright.",
      maximumEpisodeSteps: 200, make: { Pendulum() }),
    // The corridor and the cube are tasks of rlplay's founding documents. The corridor's loop there
    // stops at 100 steps. Any cube can be solved in 14 turns; the limit is twice that.
    EnvironmentSpecification(
      id: "Corridor-v0", summary: "Walk along a corridor to the goal at its end.",
      maximumEpisodeSteps: 100, parameters: Corridor.parameters, make: { try Corridor($0) }),
    EnvironmentSpecification(
      id: "Cube2x2-v0", summary: "Solve a scrambled 2×2×2 cube by quarter turns.",
      maximumEpisodeSteps: 28, parameters: Cube2x2.parameters, make: { try Cube2x2($0) }),
  ]

  /// Returns a specification that steps groups of eight if there are at least eight environments.
  private static func eightAtATime<Group: EnvironmentGroup>(
    _ single: EnvironmentSpecification, as group: Group.Type
  ) -> EnvironmentSpecification {
    EnvironmentSpecification(
      id: single.id, summary: single.summary, maximumEpisodeSteps: single.maximumEpisodeSteps,
      rewardThreshold: single.rewardThreshold, spaces: { try single.spaces },
      makeBatch: { request in
        guard request.streams.count >= 8, Group.isExact else {
          let limit = request.maximumEpisodeSteps.map { EpisodeLimit.steps($0) } ?? .unlimited
          return try single.makeBatch(
            EnvironmentChoice(single.id, limit: limit), streams: request.streams,
            marking: request.marker)
        }
        return GroupedBatch<Group>(
          streams: request.streams, maximumEpisodeSteps: request.maximumEpisodeSteps)
      })
  }

  private static func cartPole(
    _ id: String, steps: Int, threshold: Double
  ) -> EnvironmentSpecification {
    eightAtATime(
      EnvironmentSpecification(
        id: id, summary: "Balance a pole on a cart for \(steps) steps.",
        maximumEpisodeSteps: steps, rewardThreshold: threshold, make: { CartPole() }),
      as: CartPoleGroup.self)
  }
}

/// An id that is already taken.
public struct DuplicateEnvironment: Error, Equatable, CustomStringConvertible {
  /// The id.
  public let id: String

  /// One sentence with the remedy.
  public var description: String {
    "an environment named '\(id)' is registered already: choose another name or version"
  }
}

/// An id under which nothing is registered.
public struct UnknownEnvironment: Error, Equatable, CustomStringConvertible {
  /// The requested id.
  public let id: String
  /// The known ids.
  public let known: [String]

  /// One sentence with the known ids.
  public var description: String {
    let nearest = NearestMatch.find(id, among: known).map { " Did you mean '\($0)'?" } ?? ""
    return """
      there is no environment '\(id.escapingControls)'; there are \
      \(known.joined(separator: ", ")), and gym:ID for those of Gymnasium.\(nearest)
      """
  }
}

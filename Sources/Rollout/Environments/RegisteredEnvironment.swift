/// A registered environment: its properties, and a function that makes batches of it.
///
/// ```swift
/// try EnvironmentRegistry.shared.register(
///   RegisteredEnvironment(
///     id: "Mine-v0", parameters: [.integer("size", default: 5, in: 2...100, "Cells.")]
///   ) { Mine(size: $0.integer("size")) })
/// ```
///
/// The id selects it in an `EnvironmentConfiguration`, which says how it is asked for.
public struct RegisteredEnvironment: Sendable {
  /// Makes a batch with one environment per random stream.
  ///
  /// The marker marks the environment that is made, reset or closed.
  public typealias MakeBatch =
    @Sendable (
      _ arguments: EnvironmentArguments, _ streams: [PCG64], _ marker: OwnedPositionMarker
    ) throws -> any EnvironmentBatch

  /// The name with its version, such as `CartPole-v1`.
  public let id: String
  /// One sentence for a list of environments.
  public let summary: String
  /// The maximum number of steps of an episode; `nil` for no limit.
  public let maximumEpisodeSteps: Int?
  /// The mean return at which the task counts as solved.
  package let rewardThreshold: Double?
  /// The parameters with which the environment can be made.
  package let parameters: [EnvironmentParameter]
  /// The names of discrete actions in their order; empty if they have none.
  package let actionNames: [String]

  /// True if batches may support snapshots; only then is one made in order to ask.
  package let maySnapshot: Bool

  private let describe: @Sendable (EnvironmentArguments) throws -> EnvironmentSpaces
  let make: MakeBatch

  /// Describes an environment that steps in batches.
  ///
  /// - Parameters:
  ///   - id: the name with its version, such as `CartPole-v1`.
  ///   - summary: one sentence for a list of environments.
  ///   - maximumEpisodeSteps: the number of steps after which an episode is truncated; `nil` for no
  ///     limit.
  ///   - rewardThreshold: the mean return at which the task counts as solved.
  ///   - parameters: the parameters with which the environment can be made.
  ///   - actionNames: the names of discrete actions in their order, for people.
  ///   - maySnapshot: false if batches do not support snapshots and are costly to make.
  ///   - spaces: returns a batch's spaces, without making a batch if that is costly.
  ///   - makeBatch: makes a batch with one environment per stream. A batch that is not a
  ///     `SingleResetBatch` ends episodes at the arguments' limit itself. It receives Box actions
  ///     already clipped, and its action masks are checked.
  public init(
    id: String, summary: String = "", maximumEpisodeSteps: Int? = nil,
    rewardThreshold: Double? = nil, parameters: [EnvironmentParameter] = [],
    actionNames: [String] = [], maySnapshot: Bool = true,
    spaces: @escaping @Sendable (EnvironmentArguments) throws -> EnvironmentSpaces,
    makeBatch: @escaping MakeBatch
  ) {
    precondition(!id.isEmpty, "an environment without an id")
    precondition(
      maximumEpisodeSteps ?? 1 > 0,
      "a limit of \(maximumEpisodeSteps ?? 0) steps for \(id): use at least 1, or nil for none")
    self.id = id
    self.summary = summary
    self.maximumEpisodeSteps = maximumEpisodeSteps
    self.rewardThreshold = rewardThreshold
    self.parameters = parameters
    self.actionNames = actionNames
    self.maySnapshot = maySnapshot
    describe = spaces
    make = makeBatch
  }

  /// Describes an environment that is written in Swift.
  ///
  /// The initializer is inlinable, so the loop over a batch is specialized in the environment's
  /// module.
  ///
  /// - Parameters:
  ///   - id: the id that selects the environment, such as `Mine-v0`.
  ///   - summary: one sentence for the list of environments.
  ///   - maximumEpisodeSteps: the step at which an unfinished episode is truncated; nil for none.
  ///   - rewardThreshold: the mean return at which the task counts as solved; nil if unknown.
  ///   - parameters: the parameters that a user can set.
  ///   - make: makes one environment with the values of the parameters; called once for each
  ///     environment of a batch.
  @inlinable
  public init<Member: Environment>(
    id: String, summary: String = "", maximumEpisodeSteps: Int? = nil,
    rewardThreshold: Double? = nil, parameters: [EnvironmentParameter] = [],
    make: @escaping @Sendable (EnvironmentArguments) throws -> Member
  ) {
    self.init(
      id: id, summary: summary, maximumEpisodeSteps: maximumEpisodeSteps,
      rewardThreshold: rewardThreshold, parameters: parameters,
      actionNames: Member.actionNames, maySnapshot: haveSnapshots(Member.self),
      spaces: { try checkedSpaces(of: [make($0)]) },
      makeBatch: { arguments, streams, marker in
        try NativeEnvironmentBatch(streams: streams, marker: marker) { _ in try make(arguments) }
      })
  }

  /// The observation and action spaces with the parameters' defaults.
  ///
  /// - Throws: the error of making the environment.
  public var spaces: EnvironmentSpaces {
    get throws { try spaces(EnvironmentConfiguration(id)) }
  }

  /// Returns the observation and action spaces for a configuration.
  func spaces(_ configuration: EnvironmentConfiguration) throws -> EnvironmentSpaces {
    try KnownSpaces.shared.spaces(configuration) {
      guard configuration.wrappers.isEmpty else {
        return try makeBatch(configuration, streams: [PCG64(seed: 0)]).spaces
      }
      return try describe(arguments(configuration))
    }
  }

  /// Parses the values of the parameters, and refuses options of Gymnasium for others.
  ///
  /// - Throws: `InvalidEnvironmentArguments`.
  func arguments(
    _ configuration: EnvironmentConfiguration
  ) throws(InvalidEnvironmentArguments) -> EnvironmentArguments {
    let isGymnasium = configuration.startsProgram
    if isGymnasium {
      _ = try KeywordArguments(parsing: configuration.arguments)
      _ = try configuration.pythonWrappers
    } else if !configuration.information.isEmpty {
      throw InvalidEnvironmentArguments(
        """
        --info is for environments of Gymnasium; \(id) records all information that it declares: \
        leave it out.
        """, option: "info")
    } else if !configuration.gymnasiumWrappers.isEmpty {
      throw InvalidEnvironmentArguments(
        "--gym-wrap is for environments of Gymnasium: leave it out, and train \(id) with --wrap.",
        option: "gym-wrap")
    }
    return try EnvironmentArguments(
      isGymnasium ? "" : configuration.arguments, for: parameters, of: id,
      maximumEpisodeSteps: configuration.stepLimit(registered: maximumEpisodeSteps))
  }

  /// Makes a batch with one environment per stream, for a configuration.
  func makeBatch(
    _ configuration: EnvironmentConfiguration, streams: [PCG64],
    marking marker: OwnedPositionMarker = .unread
  ) throws -> any EnvironmentBatch {
    precondition(!streams.isEmpty, "a batch of \(id) without environments")
    let arguments = try arguments(configuration)
    return try finished(
      make(arguments, streams, marker), stepLimit: arguments.maximumEpisodeSteps,
      wrappers: configuration.wrappers, actionBounds: configuration.actionBounds, streams: streams)
  }
}

/// Returns a batch with a time limit, the guards of its spaces, and wrappers.
///
/// - Parameter stepLimit: the limit with the innermost ones of the wrappers.
@usableFromInline
func finished(
  _ batch: any EnvironmentBatch, stepLimit: Int?, wrappers: [Wrapper], actionBounds: ActionBounds,
  streams: [PCG64]
) throws -> any EnvironmentBatch {
  var batch = batch
  if let stepLimit, batch.capability((any SingleResetBatch).self) != nil {
    batch = try TimeLimitBatch(batch, steps: stepLimit)
  }
  return try wrappers.wrap(
    GuardedBatch.around(batch, actionBounds: actionBounds), streams: streams)
}

extension Environment {
  /// Makes a batch of instances that behaves as that of a registered environment.
  ///
  /// ```swift
  /// let instances = [try Corridor(size: 5), try Corridor(size: 5)]
  /// let environments = try Corridor.batch(
  ///   streams: [PCG64(seed: 1), PCG64(seed: 2)], stepLimit: 100) { instances[$0] }
  /// ```
  ///
  /// Episodes are truncated at the limit, actions of a Box are played within its bounds, and action
  /// masks are checked.
  ///
  /// - Parameters:
  ///   - streams: one random stream for each environment.
  ///   - stepLimit: the number of steps after which an episode is truncated; `nil` for no limit.
  ///   - wrappers: the wrappers around the batch, the innermost first.
  ///   - actionBounds: the use of the bounds of a Box of actions.
  ///   - make: returns one environment, given its index.
  /// - Throws: `SpaceMismatch` if the types do not fit the spaces or the spaces differ,
  ///   `WrapperError`, or an error of `make`.
  /// - Precondition: there is at least one stream, and a limit is positive.
  @inlinable
  public static func batch(
    streams: [PCG64], stepLimit: Int? = nil, wrappers: [Wrapper] = [],
    actionBounds: ActionBounds = .scale, make: (Int) throws -> Self
  ) throws -> any EnvironmentBatch {
    try finished(
      NativeEnvironmentBatch(streams: streams, make: make),
      stepLimit: wrappers.innermostLimit(stepLimit), wrappers: wrappers,
      actionBounds: actionBounds, streams: streams)
  }
}

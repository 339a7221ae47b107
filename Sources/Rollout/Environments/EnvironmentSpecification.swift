/// The properties of a registered environment, and a function that makes batches of it.
public struct EnvironmentSpecification: Sendable {
  /// The input for making a batch.
  public struct Request: Sendable {
    /// One random stream per environment.
    public var streams: [PCG64]
    /// The maximum number of steps of an episode; `nil` for no limit.
    public var maximumEpisodeSteps: Int?
    /// The requested limit, for batches that look up the registered limit themselves.
    public var limit: EpisodeLimit
    /// The values of the environment's parameters.
    public var arguments: EnvironmentArguments
    /// Marks the environment that is made, reset or closed.
    public var marker = OwnedPositionMarker.unread
  }

  /// The name with its version, such as `CartPole-v1`.
  public let id: String
  /// One sentence for a list of environments.
  public let summary: String
  /// The maximum number of steps of an episode; `nil` for no limit.
  public let maximumEpisodeSteps: Int?
  /// The mean return at which the task counts as solved.
  public let rewardThreshold: Double?
  /// The parameters with which the environment can be made.
  public let parameters: [EnvironmentParameter]

  /// True if batches may support snapshots; only then is one made in order to ask.
  package let maySnapshot: Bool

  private let describe: @Sendable (EnvironmentArguments) throws -> EnvironmentSpaces
  private let make: @Sendable (Request) throws -> any EnvironmentBatch

  /// Specifies an environment that steps in batches.
  ///
  /// - Parameters:
  ///   - id: the name with its version, such as `CartPole-v1`.
  ///   - summary: one sentence for a list of environments.
  ///   - maximumEpisodeSteps: the number of steps after which an episode is truncated; `nil` for no
  ///     limit.
  ///   - rewardThreshold: the mean return at which the task counts as solved.
  ///   - parameters: the parameters with which the environment can be made.
  ///   - maySnapshot: false if batches do not support snapshots and are costly to make.
  ///   - spaces: returns a batch's spaces, without making a batch if that is costly.
  ///   - makeBatch: makes a batch with one environment per stream of the request. The batch ends
  ///     episodes at the request's limit. It receives Box actions already clipped, and its action
  ///     masks are checked.
  public init(
    id: String, summary: String, maximumEpisodeSteps: Int? = nil, rewardThreshold: Double? = nil,
    parameters: [EnvironmentParameter], maySnapshot: Bool = true,
    spaces: @escaping @Sendable (EnvironmentArguments) throws -> EnvironmentSpaces,
    makeBatch: @escaping @Sendable (Request) throws -> any EnvironmentBatch
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
    self.maySnapshot = maySnapshot
    describe = spaces
    make = makeBatch
  }

  /// Specifies an environment without parameters that steps in batches.
  public init(
    id: String, summary: String, maximumEpisodeSteps: Int? = nil, rewardThreshold: Double? = nil,
    spaces: @escaping @Sendable () throws -> EnvironmentSpaces,
    makeBatch: @escaping @Sendable (Request) throws -> any EnvironmentBatch
  ) {
    self.init(
      id: id, summary: summary, maximumEpisodeSteps: maximumEpisodeSteps,
      rewardThreshold: rewardThreshold, parameters: [], spaces: { _ in try spaces() },
      makeBatch: makeBatch)
  }

  /// Specifies an environment that is written in Swift.
  ///
  /// The initializer is inlinable, so the loop over a batch is specialized in the environment's
  /// module.
  @inlinable
  public init<Member: Environment>(
    id: String, summary: String, maximumEpisodeSteps: Int? = nil, rewardThreshold: Double? = nil,
    make: @escaping @Sendable () throws -> Member
  ) {
    self.init(
      id: id, summary: summary, maximumEpisodeSteps: maximumEpisodeSteps,
      rewardThreshold: rewardThreshold, parameters: [], make: { _ in try make() })
  }

  /// Specifies an environment that is written in Swift and has parameters.
  @inlinable
  public init<Member: Environment>(
    id: String, summary: String, maximumEpisodeSteps: Int? = nil, rewardThreshold: Double? = nil,
    parameters: [EnvironmentParameter],
    make: @escaping @Sendable (EnvironmentArguments) throws -> Member
  ) {
    self.init(
      id: id, summary: summary, maximumEpisodeSteps: maximumEpisodeSteps,
      rewardThreshold: rewardThreshold, parameters: parameters,
      maySnapshot: haveSnapshots(Member.self),
      spaces: { try checkedSpaces(of: [make($0)]) },
      makeBatch: { request in
        try NativeEnvironmentBatch(streams: request.streams, marker: request.marker) { _ in
          TimeLimit(
            try make(request.arguments), maximumEpisodeSteps: request.maximumEpisodeSteps)
        }
      })
  }

  /// The observation and action spaces with the parameters' defaults.
  ///
  /// - Throws: the error of making the environment.
  public var spaces: EnvironmentSpaces {
    get throws { try spaces(EnvironmentChoice(id)) }
  }

  /// Returns the observation and action spaces for a choice.
  func spaces(_ choice: EnvironmentChoice) throws -> EnvironmentSpaces {
    guard choice.wrappers.isEmpty else {
      return try makeBatch(choice, streams: [PCG64(seed: 0)]).spaces
    }
    return try describe(EnvironmentArguments(choice.arguments, for: parameters, of: id))
  }

  /// Makes a batch with one environment per stream, for a choice.
  func makeBatch(
    _ choice: EnvironmentChoice, streams: [PCG64], marking marker: OwnedPositionMarker = .unread
  ) throws -> any EnvironmentBatch {
    precondition(!streams.isEmpty, "a batch of \(id) without environments")
    let own = choice.limit.steps(registered: maximumEpisodeSteps)
    let steps = choice.wrappers.innermostLimit(own)
    let request = Request(
      streams: streams, maximumEpisodeSteps: steps,
      limit: steps == own ? choice.limit : steps.map { .steps($0) } ?? .unlimited,
      arguments: try EnvironmentArguments(choice.arguments, for: parameters, of: id),
      marker: marker)
    let batch = try make(request)
    (batch as? any SelfGuardedBatch)?.actionBounds = choice.actionBounds
    return try choice.wrappers.wrap(
      GuardedBatch.around(batch, actionBounds: choice.actionBounds), streams: streams)
  }
}

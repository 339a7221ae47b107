/// What is known of an environment by its id, and how to make a batch of it.
public struct EnvironmentSpecification: Sendable {
  /// What a batch is made from.
  public struct Request: Sendable {
    /// One random stream per environment.
    public var streams: [PCG64]
    /// Steps that an episode may have; `nil` for no limit.
    public var maximumEpisodeSteps: Int?
    /// What was asked for, where the registered limit is known only to whoever makes the batch.
    public var limit: EpisodeLimit
    /// The values of the environment's parameters.
    public var arguments: EnvironmentArguments
  }

  /// The name with its version, such as `CartPole-v1`.
  public let id: String
  /// One sentence for a list of environments.
  public let summary: String
  /// Steps that an episode may have; `nil` for no limit.
  public let maximumEpisodeSteps: Int?
  /// The mean return from which the task counts as solved.
  public let rewardThreshold: Double?
  /// What the environment can be made with.
  public let parameters: [EnvironmentParameter]

  /// Whether a batch may have snapshots, so that one is made to be asked.
  package let maySnapshot: Bool

  private let describe: @Sendable (EnvironmentArguments) throws -> EnvironmentSpaces
  private let make: @Sendable (Request) throws -> any EnvironmentBatch

  /// Specifies an environment that batches itself.
  ///
  /// - Parameters:
  ///   - parameters: what the environment can be made with.
  ///   - maySnapshot: false where batches have no snapshots and one is costly to make only to hear so.
  ///   - spaces: what a batch will emit and accept, found without making one where that is costly.
  ///   - make: makes a batch of as many environments as the request has streams, which end their
  ///     episodes at the limit that it names. It finds actions of a Box clipped, and its action masks
  ///     are looked at.
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

  /// Specifies an environment without parameters that batches itself.
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
  /// Inlinable so that the loop over a batch is specialised in the module of the environment.
  @inlinable
  public init<Member: Environment>(
    id: String, summary: String, maximumEpisodeSteps: Int? = nil, rewardThreshold: Double? = nil,
    make: @escaping @Sendable () throws -> Member
  ) {
    self.init(
      id: id, summary: summary, maximumEpisodeSteps: maximumEpisodeSteps,
      rewardThreshold: rewardThreshold, parameters: [], make: { _ in try make() })
  }

  /// Specifies an environment that is written in Swift and can be made with parameters.
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
        try NativeEnvironmentBatch(streams: request.streams) { _ in
          TimeLimit(
            try make(request.arguments), maximumEpisodeSteps: request.maximumEpisodeSteps)
        }
      })
  }

  /// What the environment emits and accepts, made with its parameters' defaults.
  ///
  /// - Throws: what making an environment throws.
  public var spaces: EnvironmentSpaces {
    get throws { try spaces(EnvironmentChoice(id)) }
  }

  /// What the environment emits and accepts as it was chosen.
  func spaces(_ choice: EnvironmentChoice) throws -> EnvironmentSpaces {
    guard choice.wrappers.isEmpty else {
      return try makeBatch(choice, streams: [PCG64(seed: 0)]).spaces
    }
    return try describe(EnvironmentArguments(choice.arguments, for: parameters, of: id))
  }

  /// Makes a batch of one environment per stream, as it was chosen.
  func makeBatch(_ choice: EnvironmentChoice, streams: [PCG64]) throws -> any EnvironmentBatch {
    precondition(!streams.isEmpty, "a batch of \(id) without environments")
    let own = choice.limit.steps(registered: maximumEpisodeSteps)
    let steps = choice.wrappers.innermostLimit(own)
    let request = Request(
      streams: streams, maximumEpisodeSteps: steps,
      limit: steps == own ? choice.limit : steps.map { .steps($0) } ?? .unlimited,
      arguments: try EnvironmentArguments(choice.arguments, for: parameters, of: id))
    return try choice.wrappers.wrap(GuardedBatch.around(make(request)), streams: streams)
  }
}

/// A check of an environment for mistakes, by playing it with random actions.
///
/// ```swift
/// let report = try EnvironmentCheck(stepCount: 10_000).run("Mine-v0")
/// for finding in report.findings { print(finding.subject, finding.verdict) }
/// ```
///
/// The check uses `EnvironmentBatch`, for a custom `Environment` as for any other batch. Two
/// batches play with the same random seed and the same actions, and have to agree byte by byte. A
/// third batch plays with another seed. If nothing is wrong, two more batches play with a short
/// episode limit. A failed precondition ends the program here as well.
public struct EnvironmentCheck: Sendable, Equatable {
  /// The number of steps of each environment.
  package var stepCount: Int
  /// The seed of all random streams.
  package var seed: UInt64

  /// The number of environments in each batch.
  static let environmentCount = 2
  /// The short episode limit, for the check that limits are kept.
  static let shortLimit = 7

  /// Creates a check.
  ///
  /// - Precondition: there is at least one step.
  public init(stepCount: Int = 1000, seed: UInt64 = 0) {
    precondition(stepCount > 0, "a check of \(stepCount) steps: use at least 1")
    self.stepCount = stepCount
    self.seed = seed
  }

  /// Checks an environment and reports its mistakes as findings.
  ///
  /// - Throws: an error about the configuration rather than the environment: `UnknownEnvironment`,
  ///   `InvalidEnvironmentArguments`, `WrapperError`, or a `GymnasiumError` about a missing Python
  ///   interpreter.
  public func run(
    _ configuration: EnvironmentConfiguration, in registry: EnvironmentRegistry = .shared
  ) throws -> EnvironmentCheckReport {
    let environment = try registry.environment(for: configuration)
    var notes = CheckNotes()
    var report = EnvironmentCheckReport(environment: configuration)
    var played = configuration
    // Random actions are drawn from within the bounds, so they need no scaling.
    played.actionBounds = .clip
    try play(environment, played, stepCount, alsoDifferently: true, &notes)
    if notes.wrong.isEmpty {
      if notes.episodeCount == 0 {
        notes.miss(
          [.flags, .finals, .limit],
          """
          no episode ended within \(stepCount) steps, except those truncated after \
          \(Self.shortLimit) to check the limit: give more --steps
          """)
      }
      let space = try? environment.spaces(configuration).action
      if let remark = space?.oddBounds(configuration.actionBounds).first {
        notes.doubt(.actions, remark)
      }
      // A vector environment keeps its limit itself, and may have no argument for another one.
      if try !environment.spaces(played).stepTogether {
        var short = played
        short.limit = .steps(Self.shortLimit)
        try play(
          environment, short, min(stepCount, 5 * Self.shortLimit), alsoDifferently: false, &notes)
      }
      report.stepsPerSecond = try? played.stepsPerSecond(
        environmentCount: 8, seconds: 0.25, stepCount: stepCount, seed: seed, in: registry)
    }
    report.findings = notes.findings
    report.stepCount = notes.stepCount
    report.episodeCount = notes.episodeCount
    return report
  }

  /// Plays two copies of an environment with one random seed and the same random actions.
  ///
  /// - Parameters:
  ///   - configuration: the environment.
  ///   - stepCount: the number of steps of each copy.
  ///   - marker: marks the environment at work.
  /// - Returns: the first difference, as a sentence without a period; nil if there is none.
  /// - Throws: any error of the environment.
  package static func difference(
    between configuration: EnvironmentConfiguration, stepCount: Int = 20,
    registry: EnvironmentRegistry = .shared,
    marking marker: OwnedPositionMarker = .unread
  ) throws -> String? {
    var played = configuration
    played.actionBounds = .clip
    let streams = RandomStreams(seed: 0, worker: 0, incarnation: 0)
    func batch(filler: UInt8) throws -> CheckedBatch {
      CheckedBatch(
        try played.makeBatch(streams: [streams.environment(0)], in: registry, marking: marker),
        filler: filler, samplers: [streams.action(0)])
    }
    let (one, twin) = (try batch(filler: 0xA5), try batch(filler: 0x5A))
    let rows = RowCheck(one: one, twin: twin, limit: nil)
    var notes = CheckNotes()
    for batch in [one, twin] { try batch.reset() }
    rows.checkReset(&notes)
    for step in 0..<stepCount where notes.wrong[.equalSeeds] == nil {
      for batch in [one, twin] { try batch.step() }
      rows.checkStep(step + 1, &notes)
      for batch in [one, twin] { batch.advance() }
    }
    return notes.wrong[.equalSeeds]
  }

  /// Plays a batch, an equal batch, and optionally a batch with another random seed.
  private func play(
    _ environment: RegisteredEnvironment, _ configuration: EnvironmentConfiguration,
    _ stepCount: Int,
    alsoDifferently: Bool, _ notes: inout CheckNotes
  ) throws {
    var place = "when it is made"
    var subject = EnvironmentCheckReport.Subject.spaces
    do {
      notes.look(at: .spaces)
      let spaces = try environment.spaces(configuration)
      notes.blame(.spaces, spaces.observation.flaw.map { "the observation space \($0)" })
      notes.blame(.spaces, spaces.action.flaw.map { "the action space \($0)" })
      if !spaces.information.leaves.leaves.isEmpty {
        notes.blame(.spaces, spaces.information.flaw.map { "the information space \($0)" })
      }
      guard notes.wrong.isEmpty else { return }
      func batch(seed: UInt64, filler: UInt8) throws -> CheckedBatch? {
        let batch = try environment.makeBatch(
          configuration, streams: streams(seed: seed, count: Self.environmentCount))
        notes.blame(.spaces, Self.flaw(of: batch, spaces))
        guard notes.wrong.isEmpty else { return nil }
        return CheckedBatch(
          batch, filler: filler,
          samplers: (0..<Self.environmentCount).map {
            RandomStreams(seed: self.seed, worker: 0, incarnation: 0).action($0)
          })
      }
      guard let one = try batch(seed: seed, filler: 0xA5),
        let twin = try batch(seed: seed, filler: 0x5A)
      else { return }
      let other = alsoDifferently ? try batch(seed: seed &+ 1, filler: 0xA5) : nil
      let limit = configuration.stepLimit(registered: environment.maximumEpisodeSteps)
      let rows = RowCheck(one: one, twin: twin, limit: limit)

      (place, subject) = ("in a reset", .reset)
      for batch in [one, twin, other] { try batch?.reset() }
      rows.checkReset(&notes)
      var differs = other.map { one.differs(from: $0, row: 0) } ?? true
      for step in 0..<stepCount {
        (place, subject) = ("in step \(step + 1)", .actions)
        for batch in [one, twin, other] { try batch?.step() }
        rows.checkStep(step + 1, &notes)
        if let other, !differs { differs = one.differs(from: other, row: 1) }
        for batch in [one, twin, other] { batch?.advance() }
      }
      (place, subject) = ("in a reset after \(stepCount) steps", .reset)
      for batch in [one, twin] { try batch.reset() }
      rows.checkReset(&notes)
      rows.checkNames(&notes)
      if alsoDifferently {
        notes.look(at: .differentSeeds)
        if !differs {
          notes.doubt(
            .differentSeeds,
            "the seed changes nothing in \(stepCount) steps: the environment may be deterministic")
        }
      }
    } catch {
      if EnvironmentConfiguration.isToBlame(for: error) { throw error }
      notes.blame(subject, "\(place): \(error)")
    }
  }

  /// Returns the difference between a batch and its registration; nil if there is none.
  private static func flaw(of batch: any EnvironmentBatch, _ spaces: EnvironmentSpaces) -> String? {
    if batch.count != environmentCount {
      return "a batch for \(environmentCount) random streams has \(batch.count) environments"
    }
    if batch.spaces != spaces {
      return """
        a batch has the spaces \(batch.spaces.observation) and \(batch.spaces.action), but its \
        specification has \(spaces.observation) and \(spaces.action)
        """
    }
    if batch.spaces.information != spaces.information {
      return """
        a batch has the information \(batch.spaces.information), but its specification has \
        \(spaces.information)
        """
    }
    return nil
  }

  private func streams(seed: UInt64, count: Int) -> [PCG64] {
    let streams = RandomStreams(seed: seed, worker: 0, incarnation: 0)
    return (0..<count).map(streams.environment)
  }
}

extension CheckedBatch {
  /// Returns true if the state of any environment in a row differs from that in another batch.
  fileprivate func differs(from other: CheckedBatch, row: Int) -> Bool {
    layout.stateColumns.contains { column in
      (0..<batch.count).contains { index in
        bytes(column, row: row, environment: index)
          != other.bytes(column, row: row, environment: index)
      }
    }
  }
}

/// Looks for mistakes in an environment by playing it with random actions.
///
///     let report = try EnvironmentCheck(stepCount: 10_000).run("Mine-v0")
///     for finding in report.findings { print(finding.subject, finding.verdict) }
///
/// Works through `EnvironmentBatch`, for an `Environment` of one's own as for any other batch. Two batches
/// play the same seed and the same actions and have to agree byte by byte, a third plays another seed, and
/// two more have their episodes cut early. What a precondition stops, stops the program here as well.
public struct EnvironmentCheck: Sendable, Equatable {
  /// Steps of each of two environments.
  public var stepCount: Int
  /// The root of all random streams.
  public var seed: UInt64

  /// Environments in each batch.
  static let environmentCount = 2
  /// The limit that episodes are cut at to see whether limits are kept.
  static let shortLimit = 7

  /// Sets a check up.
  ///
  /// - Precondition: there is at least one step.
  public init(stepCount: Int = 1000, seed: UInt64 = 0) {
    precondition(stepCount > 0, "a check of \(stepCount) steps")
    self.stepCount = stepCount
    self.seed = seed
  }

  /// Checks an environment; what is wrong with it is among the findings.
  ///
  /// - Throws: `UnknownEnvironment`, `InvalidEnvironmentArguments`, `WrapperError`, or a
  ///   `GymnasiumError` that there is no such Python: what is wrong with the choice.
  public func run(
    _ choice: EnvironmentChoice, in registry: EnvironmentRegistry = .shared
  ) throws -> EnvironmentCheckReport {
    let specification = try registry.specification(for: choice)
    var notes = CheckNotes()
    var report = EnvironmentCheckReport(environment: choice)
    var played = choice
    // Random actions are drawn between the bounds.
    played.actionBounds = .clip
    try play(specification, played, stepCount, alsoDifferently: true, &notes)
    if notes.wrong.isEmpty {
      if notes.episodeCount == 0 {
        notes.miss(
          [.flags, .finals, .limit],
          """
          no episode ended within \(stepCount) steps, but for those cut at \(Self.shortLimit) to see whether \
          limits are kept: give more --steps
          """)
      }
      let space = try? specification.spaces(choice).action
      if let remark = space?.oddBounds(choice.actionBounds).first { notes.doubt(.actions, remark) }
      var short = played
      short.limit = .steps(Self.shortLimit)
      try play(
        specification, short, min(stepCount, 5 * Self.shortLimit), alsoDifferently: false, &notes)
      report.stepsPerSecond = try? measure(specification, played)
    }
    report.findings = notes.findings
    report.stepCount = notes.stepCount
    report.episodeCount = notes.episodeCount
    return report
  }

  /// Plays one environment twice for some steps with one seed and the same random actions.
  ///
  /// - Parameters:
  ///   - choice: the environment.
  ///   - stepCount: steps of each.
  ///   - marker: where the environment at work is marked.
  /// - Returns: the first difference, as a sentence without a full stop; nil when there is none.
  /// - Throws: any error of the environment.
  package static func difference(
    between choice: EnvironmentChoice, stepCount: Int = 20, registry: EnvironmentRegistry = .shared,
    marking marker: OwnedPositionMarker = .unread
  ) throws -> String? {
    var played = choice
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

  /// Plays a batch, its twin, and perhaps another one.
  private func play(
    _ specification: EnvironmentSpecification, _ choice: EnvironmentChoice, _ stepCount: Int,
    alsoDifferently: Bool, _ notes: inout CheckNotes
  ) throws {
    var place = "when it is made"
    var subject = EnvironmentCheckReport.Subject.spaces
    do {
      notes.look(at: .spaces)
      let spaces = try specification.spaces(choice)
      notes.blame(.spaces, spaces.observation.flaw.map { "the observation space: \($0)" })
      notes.blame(.spaces, spaces.action.flaw.map { "the action space: \($0)" })
      guard notes.wrong.isEmpty else { return }
      func batch(seed: UInt64, filler: UInt8) throws -> CheckedBatch? {
        let batch = try specification.makeBatch(
          choice, streams: streams(seed: seed, count: Self.environmentCount))
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
      // No wrapper makes an episode longer than it is without.
      let limit = choice.limit.steps(registered: specification.maximumEpisodeSteps)
      let rows = RowCheck(one: one, twin: twin, limit: choice.wrappers.innermostLimit(limit))

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
      if alsoDifferently {
        notes.look(at: .differentSeeds)
        if !differs {
          notes.doubt(
            .differentSeeds,
            "the seed changes nothing in \(stepCount) steps, as if nothing happened by chance")
        }
      }
    } catch {
      if EnvironmentChoice.isToBlame(for: error) { throw error }
      notes.blame(subject, "\(place): \(error)")
    }
  }

  /// What a batch declares that its specification does not.
  private static func flaw(of batch: any EnvironmentBatch, _ spaces: EnvironmentSpaces) -> String? {
    if batch.count != environmentCount {
      return "a batch for \(environmentCount) random streams has \(batch.count) environments"
    }
    if batch.spaces != spaces {
      return """
        a batch has \(batch.spaces.observation) and \(batch.spaces.action), its specification \
        \(spaces.observation) and \(spaces.action)
        """
    }
    return nil
  }

  private func streams(seed: UInt64, count: Int) -> [PCG64] {
    let streams = RandomStreams(seed: seed, worker: 0, incarnation: 0)
    return (0..<count).map(streams.environment)
  }

  /// Environment steps a second, from a quarter of a second or `stepCount` steps, whatever is less.
  private func measure(
    _ specification: EnvironmentSpecification, _ choice: EnvironmentChoice
  ) throws -> Double {
    let count = 8
    let batch = try specification.makeBatch(
      choice, streams: streams(seed: seed, count: count))
    let actions = RandomStreams(seed: seed, worker: 0, incarnation: 0)
    // Drawn before the clock starts; where a mask decides, one step at a time.
    let block = ActionMaskCheck(batch.spaces) == nil ? 32 : 1
    return try TimedBatch(batch, samplers: (0..<count).map(actions.action), block: block)
      .stepsPerSecond(seconds: 0.25, stepCount: max(stepCount, block))
  }
}

extension CheckedBatch {
  /// Whether any environment's state at a row is another one than in another batch.
  fileprivate func differs(from other: CheckedBatch, row: Int) -> Bool {
    layout.stateColumns.contains { column in
      (0..<batch.count).contains { index in
        bytes(column, row: row, environment: index)
          != other.bytes(column, row: row, environment: index)
      }
    }
  }
}

/// A batch of Gymnasium environments, played by one Python process.
///
/// ```swift
/// let batch = try GymnasiumBatch("CartPole-v1", streams: [PCG64(seed: 1), PCG64(seed: 2)])
/// ```
///
/// The Python process ends with the batch. docs/gymnasium.md describes the protocol between the two
/// processes.
package final class GymnasiumBatch: OverlappingBatch, SingleResetBatch, DrawingBatch, LivesBatch,
  ConditionalBatch
{
  /// B, the number of environments.
  package let count: Int
  /// The observation and action spaces.
  package let spaces: EnvironmentSpaces

  private let process: BridgeProcess
  private let isRendering: Bool
  private let memory: BridgeMemory
  private let marker: OwnedPositionMarker
  private let checkedLayout = CheckedLayout()
  /// The steps of each environment's episode before the last request to Python [B].
  private let elapsed: FlatVector<Int32>
  /// The request number of the step that is under way [B].
  ///
  /// It is stored at the first environment of the request's range.
  private let requests: FlatVector<Int>

  /// Starts Python and makes one environment per random stream.
  ///
  /// - Parameters:
  ///   - id: the environment's id for Gymnasium, as described in docs/gymnasium.md.
  ///   - streams: random streams; each gives the random seed of one environment's first episode.
  ///   - arguments: the keyword arguments of `gymnasium.make`, as `name=value,name=value`.
  ///   - wrappers: the wrappers in Python, the innermost first.
  ///   - limit: the step at which an unfinished episode is truncated.
  ///   - python: the interpreter: a path, or a name to look up on `PATH`.
  ///   - rendering: true if pictures will be requested.
  ///   - hangTimeoutSeconds: the time without an answer for one environment after which Python is
  ///     killed; nil for no limit.
  ///   - closeTimeoutSeconds: the time in seconds for closing one environment; nil for no limit.
  ///   - needsLives: true if `info["lives"]` must be a number of lives.
  ///   - information: the paths of the numbers in `info` to record.
  ///   - marker: marks the environment at work outside of steps.
  /// - Throws: `GymnasiumError`, `InvalidEnvironmentArguments`, `OpenFileLimitError`,
  ///   `SystemError`.
  /// - Precondition: there is at least one stream.
  package init(
    _ id: String, streams: [PCG64], arguments: String = "", wrappers: [String] = [],
    limit: EpisodeLimit = .registered, python: String = "python3", rendering: Bool = false,
    hangTimeoutSeconds: Double? = nil,
    closeTimeoutSeconds: Double? = EnvironmentConfiguration.usualCloseTimeoutSeconds,
    needsLives: Bool = false, information: [String] = [],
    marker: OwnedPositionMarker = .unread
  ) throws {
    precondition(!streams.isEmpty, "a batch without environments")
    count = streams.count
    elapsed = FlatVector(repeating: 0, count: count)
    requests = FlatVector(repeating: 0, count: count)
    isRendering = rendering
    let steps: Int? =
      switch limit {
      case .registered: nil
      case .steps(let count): count
      case .unlimited: 0
      }
    process = try BridgeProcess(
      python: PythonInterpreter.path(python),
      settings: .init(
        id: id, count: streams.count, limit: steps, rendering: rendering,
        arguments: KeywordArguments(parsing: arguments),
        wrappers: wrappers.map { try PythonCall(parsing: $0) }, needsLives: needsLives,
        information: information),
      limits: .init(answering: hangTimeoutSeconds, closing: closeTimeoutSeconds), marker: marker)
    self.marker = marker
    let description = try BridgeProcess.decode(
      EnvironmentsDescription.self, Self.result(process.receive()))
    guard var spaces = description.spaces else {
      throw GymnasiumError(.process, "the Python bridge sent no valid spaces: \(description)")
    }
    spaces.information = .numbers(named: information)
    self.spaces = spaces
    memory = try BridgeMemory(spaces: spaces, count: streams.count)
    process.attach(memory.place)
    _ = try Self.result(process.receive())
    process.finishStart()
    restart(streams: streams)
  }

  /// Returns the random seed of an environment's first episode.
  ///
  /// It has 31 bits, so any environment accepts it.
  package static func seed(from stream: PCG64) -> Int {
    var stream = stream
    return Int(stream.next() >> 33)
  }

  /// Returns false for what needs environments that can step alone, if they are a vector.
  package func has<Capability>(_ capability: Capability.Type) -> Bool {
    guard spaces.stepTogether else { return true }
    return capability != (any OverlappingBatch).self && capability != (any SingleResetBatch).self
  }

  /// The pid of the Python process.
  package var pythonProcess: Int32 { process.pid }

  /// Begins an episode in every environment and writes the state of one row.
  package func reset(into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try fragment.withStateRow(row) { state in
      try request(.reset, 0..<count)
      for index in 0..<count {
        memory.seeds[index] = -1
        state.begin(index, actionLeafCount: fragment.layout.actPlaces.count)
        try refuseUnusable(index, step: 0, isFinal: false)
      }
      memory.takeObservations(state, of: 0..<count)
    }
  }

  /// Starts a step of some environments with their actions in row t+1.
  package func beginStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>
  ) {
    checkedLayout.check(fragment.layout, of: self)
    checkStep(t, of: fragment.layout)
    fragment.withStepRows(from: t, sticky: sticky) { rows in
      memory.putActions(rows.after, of: range)
      for index in range {
        memory.frozen[index] = rows.isFrozen(index)
        elapsed[index] = rows.before.stepno[index]
      }
      requests[range.lowerBound] = process.send(.step, range)
    }
  }

  /// Waits for the step of some environments and writes their rows.
  package func finishStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>,
    position: PositionMarker
  ) throws {
    try fragment.withStepRows(from: t, sticky: sticky) { rows in
      position.mark(environment: range.lowerBound, step: elapsed[range.lowerBound])
      do {
        try receive(requests[range.lowerBound], of: range, position)
        memory.takeObservations(rows.after, of: range)
        for index in range { try finish(index, rows) }
      } catch let fault as EnvironmentFault {
        position.mark(environment: fault.environment, step: Int32(fault.step))
        throw fault
      }
    }
  }

  /// Begins an episode in one environment and writes its first observation to a row.
  ///
  /// - Throws: `EnvironmentFault` with the environment that failed.
  package func reset(_ index: Int, into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try fragment.withStateRow(row) { state in
      try request(.reset, index..<index + 1)
      state.stepno[index] = 0
      try refuseUnusable(index, step: 0, isFinal: false)
      memory.takeObservations(state, of: index..<index + 1)
    }
  }

  /// Returns the number of lives from `info["lives"]`; `nil` if there is none.
  ///
  /// It is 0 before the first report if the unwrapped environment has an attribute `ale` or
  /// `lives`.
  ///
  /// - Precondition: the index is below `count`.
  package func lives(of index: Int) -> Int? {
    precondition(index >= 0 && index < count, "\(index) is outside a batch of \(count)")
    let lives = memory.lives[index]
    return lives < 0 ? nil : Int(lives)
  }

  /// Draws the current state of one environment.
  ///
  /// - Returns: nil if the batch was made without `rendering`.
  /// - Throws: `EnvironmentFault` if the environment cannot be drawn.
  /// - Precondition: the index is below `count`.
  package func picture(of index: Int) throws -> Picture? {
    precondition(index >= 0 && index < count, "\(index) is outside a batch of \(count)")
    guard isRendering else { return nil }
    return Picture(reply: try request(.picture, index..<index + 1))
  }

  /// Returns a picture of the final state of one environment's last episode.
  ///
  /// - Returns: nil if no picture of the environment had been requested before the episode ended,
  ///   or the batch was made without `rendering`.
  /// - Throws: `EnvironmentFault` if Python ended.
  /// - Precondition: the index is below `count`.
  package func finalPicture(of index: Int) throws -> Picture? {
    precondition(index >= 0 && index < count, "\(index) is outside a batch of \(count)")
    guard isRendering else { return nil }
    return Picture(reply: try request(.finalPicture, index..<index + 1))
  }

  /// Completes one environment's row after Python has stepped.
  private func finish(_ index: Int, _ rows: StepRows) throws {
    if rows.isFrozen(index) {
      rows.repeatState(index)
      return
    }
    if memory.idle[index] {
      rows.begin(index)
      return try refuseUnusable(index, step: 0, isFinal: false)
    }
    let elapsed = rows.before.stepno[index]
    let (terminated, truncated) = (memory.terminated[index], memory.truncated[index])
    let isOver = terminated || truncated
    rows.terminated[index] = terminated
    rows.truncated[index] = truncated
    memory.takeInformation(index, rows)
    rows.after.rew[index] = memory.rewards[index]
    rows.after.fin[index] = isOver
    rows.after.stepno[index] = isOver ? 0 : elapsed &+ 1
    if isOver {
      memory.takeFinalObservation(index, rows)
      try refuseUnusable(index, step: Int(elapsed), isFinal: true)
    }
    try refuseUnusable(index, step: Int(elapsed) + (isOver ? 1 : 0), isFinal: false)
  }

  /// Throws an error if an observation contains a number that networks cannot use.
  private func refuseUnusable(_ index: Int, step: Int, isFinal: Bool) throws {
    guard let number = memory.unusable(index, isFinal: isFinal) else { return }
    let part = number.path.isEmpty ? "" : " '\(number.path)'"
    let space = spaces.declared?.observation.text ?? "\(spaces.observation)"
    let flaw =
      number.value.isNaN
      ? "is NaN at element \(number.element), but its space is \(space)"
      : """
      is \(number.value) at element \(number.element), which is beyond the range of float32, the \
      type that networks compute with: scale it down
      """
    throw fault(index, step, GymnasiumError(.exception, "the observation\(part) \(flaw)"))
  }

  // MARK: Requests

  /// Sends a request other than a step and waits for the reply.
  ///
  /// - Throws: `EnvironmentFault`.
  @discardableResult
  private func request(_ request: BridgeProcess.Request, _ range: Range<Int>) throws -> [UInt8] {
    for index in range { elapsed[index] = 0 }
    return try receive(process.send(request, range), of: range, marker.position)
  }

  /// Waits for the reply to a request.
  ///
  /// Meanwhile Python may work on an earlier request for other environments.
  ///
  /// - Throws: `EnvironmentFault`.
  @discardableResult
  private func receive(
    _ request: Int, of range: Range<Int>, _ position: PositionMarker
  ) throws -> [UInt8] {
    var last = range.lowerBound
    do {
      let outcome = try process.receive(request) {
        guard let (current, isReset) = self.memory.activity, (0..<self.count).contains(current)
        else { return nil }
        last = current
        if isReset {
          position.mark(.resetting, environment: current)
          return PositionMarker.Position(.resetting, environment: current)
        }
        let step = self.elapsed[current]
        position.mark(environment: current, step: step)
        return PositionMarker.Position(environment: current, step: Int(step))
      }
      switch outcome {
      case .done(let data): return data
      case .fault(let fault):
        let index = max(range.lowerBound, min(fault.environment, range.upperBound - 1))
        let steps =
          Int(elapsed[index]) + (fault.phase == "reset after step" ? 1 : 0)
        throw self.fault(index, steps, fault.error)
      }
    } catch let error as GymnasiumError {
      throw fault(last, Int(elapsed[last]), error)
    }
  }

  private func fault(_ index: Int, _ step: Int, _ error: GymnasiumError) -> EnvironmentFault {
    process.noteFault()
    return EnvironmentFault(environment: index, step: step, cause: error)
  }

  /// Returns the data of a reply that concerns no environment in particular.
  private static func result(_ outcome: BridgeProcess.Outcome) throws(GymnasiumError) -> [UInt8] {
    switch outcome {
    case .done(let data): return data
    case .fault(let fault): throw fault.error
    }
  }
}

extension Picture {
  /// Decodes a picture from a reply; nil if the reply is empty.
  ///
  /// A reply consists of the width and the height (uint32 each, little-endian) and the pixels.
  fileprivate init?(reply bytes: [UInt8]) {
    guard !bytes.isEmpty else { return nil }
    let size = bytes.span.word(at: 0)
    self.init(
      width: Int(size & 0xFFFF_FFFF), height: Int(size >> 32), pixels: Array(bytes[8...]))
  }
}

extension GymnasiumBatch: RestartableBatch {
  /// Sets the random seeds of the episodes that the next `reset` begins.
  package func restart(streams: [PCG64]) {
    precondition(streams.count == count, "\(streams.count) streams for a batch of \(count)")
    for index in 0..<count { memory.seeds[index] = Int64(Self.seed(from: streams[index])) }
  }
}

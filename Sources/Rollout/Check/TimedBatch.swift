extension EnvironmentConfiguration {
  /// Measures the speed of a batch with random actions, recorded into a fragment.
  ///
  /// Actions are drawn outside of the measured time, within the bounds of their space.
  ///
  /// - Parameters:
  ///   - environmentCount: B, the number of environments in the batch.
  ///   - seconds: the longest time to measure.
  ///   - stepCount: the largest number of steps of the batch; at least a block of 32 is played.
  ///   - seed: the root of every random stream.
  /// - Returns: the environment steps per second, those of all environments together.
  /// - Throws: any error of the environment.
  package func stepsPerSecond(
    environmentCount: Int, seconds: Double, stepCount: Int = .max, seed: UInt64,
    in registry: EnvironmentRegistry = .shared
  ) throws -> Double {
    var played = self
    played.actionBounds = .clip
    let streams = RandomStreams(seed: seed, worker: 0, incarnation: 0)
    let batch = try played.makeBatch(
      streams: (0..<environmentCount).map(streams.environment), in: registry)
    // With a mask, actions are drawn one step at a time.
    let block = ActionMaskCheck(batch.spaces) == nil ? 32 : 1
    return try TimedBatch(
      batch, samplers: (0..<environmentCount).map(streams.action), block: block
    ).stepsPerSecond(seconds: seconds, stepCount: max(stepCount, block))
  }
}

/// A batch that is played with random actions to measure its speed.
private struct TimedBatch {
  private let batch: any EnvironmentBatch
  private let storage: FragmentStorage
  private let maskCheck: ActionMaskCheck?
  private var samplers: [PCG64]

  /// Creates a fragment for a batch.
  ///
  /// - Parameter block: the number of steps with actions drawn in advance; 1 if a mask restricts
  ///   them.
  init(_ batch: any EnvironmentBatch, samplers: [PCG64], block: Int) {
    self.batch = batch
    self.samplers = samplers
    maskCheck = ActionMaskCheck(batch.spaces)
    storage = FragmentStorage(
      FragmentLayout(
        stepCount: block, environmentCount: batch.count,
        contents: FragmentContents(spaces: batch.spaces, reaction: .empty)))
  }

  /// Plays until one of the limits is reached.
  ///
  /// The clock is read after each step at first, and less often if steps are short. A step is one
  /// of the whole batch; the result counts the steps of its environments.
  consuming func stepsPerSecond(seconds: Double, stepCount: Int) throws -> Double {
    let (fragment, layout) = (storage.view, storage.layout)
    let limit = UInt64(seconds * 1e9)
    var (elapsed, steps): (UInt64, Int) = (0, 0)
    var (row, rowCount) = (0, 1)
    try batch.reset(into: fragment, row: 0)
    while elapsed < limit, steps < stepCount {
      if row == 0 { drawActions() }
      let end = min(row + rowCount, layout.stepCount)
      let began = SystemCalls.monotonicNanoseconds()
      for t in row..<end {
        try batch.step(fragment, from: t, sticky: false, position: .unread)
      }
      let took = SystemCalls.monotonicNanoseconds() - began
      elapsed += took
      steps += end - row
      if took < 1_000_000 { rowCount = min(2 * rowCount, layout.stepCount) }
      row = end
      guard row == layout.stepCount else { continue }
      fragment.copyState(row: row, to: fragment, row: 0)
      row = 0
    }
    return Double(steps * batch.count) / (Double(max(elapsed, 1)) / 1e9)
  }

  private mutating func drawActions() {
    let state = StateRow(storage, row: 0)
    for t in 1...storage.layout.stepCount {
      let row = StateRow(storage, row: t)
      for index in 0..<batch.count {
        batch.spaces.action.sample(
          into: row.act(index), using: &samplers[index],
          where: { choice, action in
            maskCheck?.allows(action, of: choice, state, environment: index) ?? true
          })
      }
    }
  }
}

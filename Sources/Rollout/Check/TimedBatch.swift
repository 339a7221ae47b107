/// A batch that is played with random actions to measure its speed.
struct TimedBatch {
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
  /// The time is checked after each step, the number of steps after each block. A step is one of
  /// the whole batch; the result counts the steps of its environments.
  consuming func stepsPerSecond(seconds: Double, stepCount: Int) throws -> Double {
    let (fragment, layout) = (storage.view, storage.layout)
    let limit = UInt64(seconds * 1e9)
    var (elapsed, steps): (UInt64, Int) = (0, 0)
    try batch.reset(into: fragment, row: 0)
    while elapsed < limit, steps < stepCount {
      drawActions()
      for t in 0..<layout.stepCount where elapsed < limit {
        let began = SystemCalls.monotonicNanoseconds()
        try batch.step(fragment, from: t, sticky: false, position: .unread)
        elapsed += SystemCalls.monotonicNanoseconds() - began
        steps += 1
      }
      fragment.copyState(row: layout.stepCount, to: fragment, row: 0)
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

import Rollout

/// A batch and a fragment for it, with the loop that a worker would run around them.
final class Stage {
  let batch: any EnvironmentBatch
  let storage: FragmentStorage
  let position: PositionMarker
  private let cell: UnsafeMutableRawPointer

  init(_ batch: any EnvironmentBatch, stepCount: Int) {
    self.batch = batch
    let contents = FragmentContents(spaces: batch.spaces, reaction: .empty)
    storage = FragmentStorage(
      FragmentLayout(stepCount: stepCount, environmentCount: batch.count, contents: contents))
    cell = .allocate(byteCount: 64, alignment: 64)
    cell.initializeMemory(as: UInt64.self, repeating: 0, count: 8)
    position = PositionMarker(cell.word(at: 0))
  }

  deinit { cell.deallocate() }

  var fragment: FragmentView { storage.view }

  /// The last marked environment and step.
  var marked: PositionMarker.Position? { position.position }

  /// Resets the batch into row 0.
  func reset() throws { try batch.reset(into: fragment, row: 0) }

  /// Fills the fragment from row 0, with the actions that `act` returns for row and environment.
  func collect(sticky: Bool = false, act: (Int, Int) -> Int = { t, _ in 10 + t }) throws {
    let actions = fragment.act(as: Int32.self)
    for t in 0..<storage.layout.stepCount {
      for index in 0..<batch.count { actions[t + 1, index] = Int32(act(t, index)) }
      try batch.step(fragment, from: t, sticky: sticky, position: position)
    }
  }

  /// Fills all rows with alternating actions 0 and 1, for a space of one choice or one number.
  func fillActions() {
    for t in 0..<storage.layout.stepCount {
      for index in 0..<batch.count {
        switch batch.spaces.action {
        case .discrete: fragment.act(as: Int32.self)[t + 1, index] = Int32(t & 1)
        default: fragment.act(as: Float.self)[t + 1, index] = Float(t & 1)
        }
      }
    }
  }

  /// Copies the last row to the first one, as between fragments.
  func carry() {
    fragment.copyState(row: storage.layout.stepCount, to: fragment, row: 0)
  }

  /// Returns all rows of a field for environment 0.
  func column<Element>(_ view: ColumnView<Element>, element: Int = 0) -> [Element] {
    (0..<view.rowCount).map { view[$0, 0, element] }
  }
}

/// Returns a batch of counters, one per member, without a time limit.
func batch(_ members: [Counter]) throws -> NativeEnvironmentBatch<Counter> {
  try NativeEnvironmentBatch(
    streams: members.indices.map { PCG64(seed: UInt64($0)) }, make: { members[$0] })
}

/// Returns a batch as a registry makes it: actions stay within bounds, and masks are checked.
func registered(
  _ batch: any EnvironmentBatch, bounds: ActionBounds = .clip
) throws -> any EnvironmentBatch {
  nonisolated(unsafe) let batch = batch
  let registry = EnvironmentRegistry()
  try registry.register(
    RegisteredEnvironment(
      id: "Own-v0", spaces: { _ in batch.spaces }, makeBatch: { _, _, _ in batch }))
  return try EnvironmentConfiguration("Own-v0", actionBounds: bounds)
    .makeBatch(streams: (0..<batch.count).map { PCG64(seed: UInt64($0)) }, in: registry)
}

extension EnvironmentBatch {
  /// Draws an environment, if the batch draws.
  func picture(of index: Int) throws -> Picture? {
    try capability((any DrawingBatch).self)?.picture(of: index)
  }

  /// Returns the final picture of an environment, if the batch draws.
  func finalPicture(of index: Int) throws -> Picture? {
    try capability((any DrawingBatch).self)?.finalPicture(of: index)
  }

  /// Returns the lives of an environment, if the batch has any.
  func lives(of index: Int) -> Int? { capability((any LivesBatch).self)?.lives(of: index) }

  /// Begins an episode in one environment.
  func reset(_ index: Int, into fragment: FragmentView, row: Int) throws {
    guard let batch = capability((any SingleResetBatch).self) else {
      preconditionFailure("\(self) cannot reset one environment")
    }
    try batch.reset(index, into: fragment, row: row)
  }

  var restartsSingly: Bool { capability((any SingleResetBatch).self) != nil }

  var canSnapshot: Bool { capability((any SnapshotBatch).self) != nil }

  var canRestart: Bool { capability((any RestartableBatch).self) != nil }
}

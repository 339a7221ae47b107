/// A batch around another one, with the inner batch's capabilities; the base class of wrappers.
public class ForwardingBatch: ConditionalBatch, SingleResetBatch, SnapshotBatch, DrawingBatch,
  LivesBatch
{
  /// The inner batch.
  public let inner: any EnvironmentBatch
  /// B, the number of environments.
  public let count: Int
  /// The observation and action spaces, which may differ from the inner ones.
  public let spaces: EnvironmentSpaces

  let overlapping: (any OverlappingBatch)?
  private let resetting: (any SingleResetBatch)?
  private let saved: (any SnapshotBatch)?
  private let drawing: (any DrawingBatch)?
  private let mortal: (any LivesBatch)?

  init(_ inner: any EnvironmentBatch, spaces: EnvironmentSpaces) {
    self.inner = inner
    self.spaces = spaces
    count = inner.count
    overlapping = inner.capability((any OverlappingBatch).self)
    resetting = inner.capability((any SingleResetBatch).self)
    saved = inner.capability((any SnapshotBatch).self)
    drawing = inner.capability((any DrawingBatch).self)
    mortal = inner.capability((any LivesBatch).self)
  }

  /// Returns true if the inner batch has the capability.
  public final func has<Capability>(_ capability: Capability.Type) -> Bool {
    inner.capability(capability) != nil
  }

  /// Begins an episode in every environment and writes the state of one row.
  public func reset(into fragment: FragmentView, row: Int) throws {
    try inner.reset(into: fragment, row: row)
  }

  /// Plays the actions in row t+1, and writes the rest of that row.
  public func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    try inner.step(fragment, from: t, sticky: sticky, position: position)
  }

  /// Begins an episode in one environment and writes its first observation to a row.
  ///
  /// - Precondition: the inner batch is a `SingleResetBatch`.
  public func reset(_ index: Int, into fragment: FragmentView, row: Int) throws {
    guard let resetting else { preconditionFailure("\(inner) cannot reset one environment") }
    try resetting.reset(index, into: fragment, row: row)
  }

  /// Measures, saves or restores the inner batch.
  ///
  /// - Precondition: the inner batch is a `SnapshotBatch`.
  public func transfer(_ snapshot: inout SnapshotCursor) {
    guard let saved else { preconditionFailure("\(inner) has no snapshots") }
    saved.transfer(&snapshot)
  }

  /// Makes the next `reset` behave like that of a new batch with these streams.
  ///
  /// A subclass that keeps nothing between episodes is a `RestartableBatch` by it.
  ///
  /// - Precondition: the inner batch is a `RestartableBatch`.
  package final func restart(streams: [PCG64]) {
    guard let batch = inner.capability((any RestartableBatch).self) else {
      preconditionFailure("\(inner) cannot restart")
    }
    batch.restart(streams: streams)
  }

  /// Draws the inner environment.
  public func picture(of index: Int) throws -> Picture? { try drawing?.picture(of: index) }

  /// Returns a picture of the final state of one environment's last episode.
  public func finalPicture(of index: Int) throws -> Picture? {
    try drawing?.finalPicture(of: index)
  }

  /// Returns the number of lives in the inner environment.
  public func lives(of index: Int) -> Int? { mortal?.lives(of: index) }
}

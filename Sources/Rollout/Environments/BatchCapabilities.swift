extension EnvironmentBatch {
  /// Returns this batch as one with a capability, such as `(any SnapshotBatch).self`, or `nil`.
  ///
  /// Every capability is a protocol that refines `EnvironmentBatch`. A wrapper conforms to it and
  /// has it only if the batch inside has it, so a cast with `as?` does not tell.
  public func capability<Capability>(_ type: Capability.Type) -> Capability? {
    if let batch = self as? any ConditionalBatch, !batch.has(type) { return nil }
    return self as? Capability
  }
}

/// A batch with capabilities that depend on its contents, as those of a wrapper do.
public protocol ConditionalBatch: EnvironmentBatch {
  /// Returns true if a capability can be used, given that this type conforms to its protocol.
  func has<Capability>(_ capability: Capability.Type) -> Bool
}

/// A batch in which an episode can begin in one environment alone.
///
/// Time limits around a batch need it.
public protocol SingleResetBatch: EnvironmentBatch {
  /// Begins an episode in one environment and writes its first observation to a row.
  ///
  /// The step number in the row becomes 0. The rest of the row, including the states of all other
  /// environments, has been written before and stays unchanged.
  ///
  /// - Throws: as `step` does.
  func reset(_ index: Int, into fragment: FragmentView, row: Int) throws
}

/// A batch that is costly to make, and that can restart with new random streams instead.
public protocol RestartableBatch: EnvironmentBatch {
  /// Makes the next `reset` behave like that of a new batch with these streams.
  ///
  /// - Precondition: there is one stream for each environment.
  func restart(streams: [PCG64])
}

/// A batch with a state that can be saved, so a run can resume in the middle of episodes.
public protocol SnapshotBatch: EnvironmentBatch {
  /// Measures, saves or restores everything that the next steps depend on: states, random streams.
  ///
  /// It is called only between steps. A newly made batch is restored instead of being reset. The
  /// size is the same in every call, and nothing is allocated.
  func transfer(_ snapshot: inout SnapshotCursor)
}

/// A batch that draws its environments.
public protocol DrawingBatch: EnvironmentBatch {
  /// Draws the current state of one environment; `nil` if it does not draw.
  ///
  /// After a step that ended an episode, this is the first state of the next episode.
  ///
  /// - Throws: an error if an environment that draws cannot be drawn.
  func picture(of index: Int) throws -> Picture?

  /// Returns a picture of the final state of one environment's last episode.
  ///
  /// It is `nil` if the environment does not draw. It may be `nil` if no picture of the environment
  /// had been requested before that episode ended. The default keeps no pictures.
  ///
  /// - Throws: as `picture(of:)` does.
  func finalPicture(of index: Int) throws -> Picture?
}

extension DrawingBatch {
  /// Returns nil: by default a batch does not keep pictures of final states.
  public func finalPicture(of index: Int) throws -> Picture? { nil }
}

/// A batch of environments with lives, for the wrapper `end-on-lost-life`.
public protocol LivesBatch: EnvironmentBatch {
  /// Returns the number of lives left in one environment, 0 before the first episode.
  ///
  /// It is `nil` if the environment does not report lives.
  func lives(of index: Int) -> Int?
}

/// A batch with environments that can step while a policy reacts to others.
///
/// The environments step outside of the calling thread. A step of some environments is begun and
/// later finished. Other environments may step or be read in between without effect on it: two
/// halves write the same rows as a step of the whole batch.
package protocol OverlappingBatch: EnvironmentBatch {
  /// Begins a step of some environments with their actions in row t+1, without waiting for it.
  ///
  /// The values of these environments in the rows t and t+1 must stay unchanged until the step is
  /// finished.
  ///
  /// - Precondition: no step of these environments is under way.
  /// - Throws: as `step` does.
  func beginStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>) throws

  /// Waits for a step of some environments, and writes for them what `step` writes.
  ///
  /// - Precondition: the step was begun with the same fragment, row and range.
  /// - Throws: as `step` does. Steps of other environments may then still be under way, and only
  ///   `reset` can be called next.
  func finishStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>,
    position: PositionMarker) throws
}

extension OverlappingBatch {
  /// Begins and finishes a step of all environments.
  package func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    try beginStep(fragment, from: t, sticky: sticky, of: 0..<count)
    try finishStep(fragment, from: t, sticky: sticky, of: 0..<count, position: position)
  }
}

extension EnvironmentBatch {
  /// The groups of environments for which a policy is evaluated together.
  ///
  /// These are two halves if one can step while the policy reacts to the other, otherwise all
  /// environments.
  package var parts: [Range<Int>] {
    guard count > 1, capability((any OverlappingBatch).self) != nil else { return [0..<count] }
    let half = (count + 1) / 2
    return [0..<half, half..<count]
  }
}

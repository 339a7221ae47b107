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

/// A batch whose environments step elsewhere, so that some of them can step while a policy reacts to the others.
///
/// A step of some environments is handed over and later finished, and what others do meanwhile changes nothing in it: halves
/// write the same rows as a whole step does.
public protocol OverlappingBatch: EnvironmentBatch {
  /// Hands over the actions that some environments have in row t+1, and does not wait for their step.
  ///
  /// What the rows t and t+1 hold of these environments stays as it is until the step is finished.
  ///
  /// - Precondition: no step of any of them is under way.
  /// - Throws: as `step` does.
  func beginStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>) throws

  /// Waits for the step that some environments have begun, and writes what `step` writes of them.
  ///
  /// - Precondition: the same fragment, row and range have begun.
  /// - Throws: as `step` does; a step of others may then still be under way, and only `reset` goes on from there.
  func finishStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>,
    position: PositionMarker) throws
}

extension OverlappingBatch {
  /// The batch itself.
  public var overlapping: (any OverlappingBatch)? { self }

  /// A step of all environments, begun and finished.
  public func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    try beginStep(fragment, from: t, sticky: sticky, of: 0..<count)
    try finishStep(fragment, from: t, sticky: sticky, of: 0..<count, position: position)
  }
}

extension EnvironmentBatch {
  /// No environment steps by itself.
  public var overlapping: (any OverlappingBatch)? { nil }

  /// Which environments a policy reacts to together: two halves where one of them can step meanwhile, otherwise all.
  public var parts: [Range<Int>] {
    guard overlapping != nil, count > 1 else { return [0..<count] }
    let half = (count + 1) / 2
    return [0..<half, half..<count]
  }
}

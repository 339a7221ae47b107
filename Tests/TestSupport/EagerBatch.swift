import Rollout

/// A batch that overlaps, made of one that does not: a step is played when it is begun and shown when it is finished.
///
/// Whoever looks at an environment in between sees too much, as of one in another process.
public final class EagerBatch: OverlappingBatch {
  /// What was asked for: a step from that row, of these environments.
  public enum Event: Equatable {
    case begin(Int, Range<Int>)
    case finish(Int, Range<Int>)
  }

  /// What was asked for since the beginning.
  public private(set) var events: [Event] = []

  private let inner: any EnvironmentBatch
  /// What a part's step came to, by its first environment: row 2 of memory of its own.
  private var steps: [Int: (storage: FragmentStorage, fault: (any Error)?)] = [:]

  /// Plays with a batch.
  public init(_ inner: any EnvironmentBatch) { self.inner = inner }

  /// How many environments there are.
  public var count: Int { inner.count }
  /// What they emit and accept.
  public var spaces: EnvironmentSpaces { inner.spaces }

  /// Begins an episode in every environment.
  public func reset(into fragment: FragmentView, row: Int) throws {
    try inner.reset(into: fragment, row: row)
  }

  /// Plays at once, as a sticky step in which all others stand still.
  public func beginStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>
  ) {
    events.append(.begin(t, range))
    let storage = FragmentStorage(
      FragmentLayout(
        stepCount: 2, environmentCount: count,
        contents: FragmentContents(spaces: spaces, reaction: .empty)))
    fragment.copyState(row: t, to: storage.view, row: 1)
    fragment.copyState(row: t + 1, to: storage.view, row: 2)
    for index in 0..<count {
      storage.view.fin[1, index] =
        !range.contains(index) || sticky && t > 0 && fragment.fin[t, index]
    }
    var fault: (any Error)?
    do {
      try inner.step(storage.view, from: 1, sticky: true, position: .unread)
    } catch {
      fault = error
    }
    precondition(
      steps.updateValue((storage, fault), forKey: range.lowerBound) == nil, "begun twice")
  }

  /// Shows what was played.
  public func finishStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>,
    position: PositionMarker
  ) throws {
    events.append(.finish(t, range))
    guard let (storage, fault) = steps.removeValue(forKey: range.lowerBound) else {
      preconditionFailure("no step of \(range) has begun")
    }
    if let fault {
      if let fault = fault as? EnvironmentFault {
        position.mark(environment: fault.environment, step: Int32(fault.step))
      }
      throw fault
    }
    storage.view.copyState(row: 2, to: fragment, row: t + 1, of: range)
    let (own, shown) = (storage.layout, fragment.layout)
    own.terminated.copy(
      range, from: storage.view.base, row: 1, to: shown.terminated, of: fragment.base, row: t)
    own.truncated.copy(
      range, from: storage.view.base, row: 1, to: shown.truncated, of: fragment.base, row: t)
    for index in range where fragment.terminated[t, index] || fragment.truncated[t, index] {
      for (from, into) in zip(own.finalObs.leaves, shown.finalObs.leaves) {
        from.copy(
          index..<index + 1, from: storage.view.base, row: 1, to: into, of: fragment.base, row: t)
      }
    }
  }

  /// What the environment says.
  public func lives(of index: Int) -> Int? { inner.lives(of: index) }

  /// Whether the inner environments can.
  public var restartsSingly: Bool { inner.restartsSingly }

  /// Begins an episode in one environment.
  public func restart(_ index: Int, into fragment: FragmentView, row: Int) throws {
    try inner.restart(index, into: fragment, row: row)
  }
}

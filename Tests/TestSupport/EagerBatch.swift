import Rollout

/// An overlapping batch made from one that is not, which plays each step as soon as it begins.
///
/// The results are shown when the step is finished, but the inner environments have already
/// advanced. A test that inspects one in between sees too much, as with an environment in another
/// process.
package final class EagerBatch: OverlappingBatch, ConditionalBatch, SingleResetBatch, LivesBatch {
  /// A call: a step from that row for that range of environments.
  package enum Event: Equatable {
    case begin(Int, Range<Int>)
    case finish(Int, Range<Int>)
  }

  /// All calls so far.
  package private(set) var events: [Event] = []

  private let inner: any EnvironmentBatch
  /// The result of a part's step by its first environment, in row 2 of a separate fragment.
  private var steps: [Int: (storage: FragmentStorage, fault: (any Error)?)] = [:]

  /// Wraps a batch.
  package init(_ inner: any EnvironmentBatch) { self.inner = inner }

  /// The number of environments.
  package var count: Int { inner.count }
  /// The observation and action spaces.
  package var spaces: EnvironmentSpaces { inner.spaces }

  /// Begins an episode in every environment.
  package func reset(into fragment: FragmentView, row: Int) throws {
    try inner.reset(into: fragment, row: row)
  }

  /// Plays at once, as a sticky step in which all other environments wait.
  package func beginStep(
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

  /// Shows the results of the step.
  package func finishStep(
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

  /// Returns the lives of an environment.
  package func lives(of index: Int) -> Int? {
    inner.capability((any LivesBatch).self)?.lives(of: index)
  }

  /// True for a step in parts, and for the capabilities of the inner batch.
  package func has<Capability>(_ capability: Capability.Type) -> Bool {
    capability == (any OverlappingBatch).self || inner.capability(capability) != nil
  }

  /// Begins an episode in one environment.
  package func reset(_ index: Int, into fragment: FragmentView, row: Int) throws {
    try inner.capability((any SingleResetBatch).self)?.reset(index, into: fragment, row: row)
  }
}

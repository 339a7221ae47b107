/// A batch of environments that are written in Swift.
///
/// The batch owns the memory of the environments and of their random streams, each in one array.
/// The loop over the environments is specialized for their type in the module that makes the batch.
/// A step is therefore inlined and calls nothing through a witness table.
@usableFromInline
package final class NativeEnvironmentBatch<Member: Environment>: ConditionalBatch,
  SingleResetBatch, SnapshotBatch, DrawingBatch, LivesBatch
{
  /// Plays one row for all environments.
  @usableFromInline
  typealias Loop = (
    inout MutableSpan<Member>, inout MutableSpan<PCG64>, FinalPictures, StepRows, PositionMarker
  ) throws -> Void

  /// B, the number of environments.
  @usableFromInline
  package let count: Int
  /// The observation and action spaces.
  @usableFromInline
  package let spaces: EnvironmentSpaces

  private var environments: [Member]
  private let streams: FlatVector<PCG64>
  private let loop: Loop
  private let marker: OwnedPositionMarker
  private let memberTransfer: MemberSnapshots<Member>.Transfer?
  private let checkedLayout = CheckedLayout()
  private let finalPictures: FinalPictures

  /// Makes one environment per random stream.
  ///
  /// - Throws: `SpaceMismatch` if the environments' types do not fit their spaces; an error of
  ///   `make`.
  /// - Precondition: there is at least one stream.
  @inlinable
  package convenience init(
    streams: [PCG64], marker: OwnedPositionMarker = .unread, make: (Int) throws -> Member
  ) throws {
    // The closure brings the specialized loop into the class. A generic class's methods that are
    // called through a protocol are not specialized.
    let environments = try streams.indices.map { index in
      marker.position.mark(.making, environment: index)
      return try make(index)
    }
    try self.init(environments: environments, streams: streams, marker: marker) {
      environments, streams, pictures, rows, position in
      try playRow(&environments, &streams, pictures, rows, position)
    }
  }

  @usableFromInline
  init(
    environments: [Member], streams: [PCG64], marker: OwnedPositionMarker, loop: @escaping Loop
  ) throws {
    precondition(!streams.isEmpty, "a batch without environments")
    spaces = try checkedSpaces(of: environments)
    count = environments.count
    finalPictures = FinalPictures(count: count)
    self.environments = environments
    self.streams = FlatVector(streams)
    self.loop = loop
    self.marker = marker
    memberTransfer = MemberSnapshots<Member>.transfer
  }

  /// Returns a copy of one environment.
  ///
  /// - Precondition: the index is below `count`.
  package subscript(index: Int) -> Member {
    precondition(index >= 0 && index < count, "\(index) is outside a batch of \(count)")
    return environments[index]
  }

  /// Begins an episode in every environment and writes the state of one row.
  @usableFromInline
  package func reset(into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try fragment.withStateRow(row) { state in
      for index in 0..<count {
        try begin(index, in: state)
        state.begin(index, actionLeafCount: fragment.layout.actPlaces.count)
      }
    }
  }

  /// Begins an episode in one environment and writes its first observation to a row.
  @usableFromInline
  package func reset(_ index: Int, into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try fragment.withStateRow(row) { state in
      try begin(index, in: state)
      state.stepno[index] = 0
    }
  }

  /// Returns true for snapshots if the environments hold no references or transfer their state,
  /// and for pictures if the environments draw.
  @usableFromInline
  package func has<Capability>(_ capability: Capability.Type) -> Bool {
    if capability == (any SnapshotBatch).self { return memberTransfer != nil }
    if capability == (any DrawingBatch).self { return Member.self is any Drawable.Type }
    return true
  }

  /// Measures, saves or restores the environments and their streams.
  ///
  /// - Precondition: the environments hold no references or conform to `SnapshotEnvironment`.
  @usableFromInline
  package func transfer(_ snapshot: inout SnapshotCursor) {
    guard let memberTransfer else { preconditionFailure("\(Member.self) has no snapshots") }
    memberTransfer(&environments, &snapshot)
    snapshot.transfer(streams: streams)
  }

  private func begin(_ index: Int, in state: StateRow) throws {
    marker.position.mark(.resetting, environment: index)
    do {
      try environments[index].reset(using: &streams[index])
    } catch {
      throw EnvironmentFault(environment: index, step: 0, cause: error)
    }
    environments[index].observation.store(in: state.obs(index))
  }

  /// Returns the number of lives in one environment.
  @usableFromInline
  package func lives(of index: Int) -> Int? { environments[index].lives }

  /// Plays the actions in row t+1, and writes the rest of that row.
  @usableFromInline
  package func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkStep(t, of: fragment.layout)
    try fragment.withStepRows(from: t, sticky: sticky) { rows in
      try play(&environments, streams, rows, position)
    }
  }

  private func play(
    _ environments: inout [Member], _ streams: FlatVector<PCG64>, _ rows: StepRows,
    _ position: PositionMarker
  ) throws {
    var environments = environments.mutableSpan
    var streams = streams.mutableSpan
    try loop(&environments, &streams, finalPictures, rows, position)
  }

  /// Draws the current state of one environment if it is `Drawable`.
  ///
  /// - Precondition: the index is below `count`.
  @usableFromInline
  package func picture(of index: Int) -> Picture? {
    guard let member = self[index] as? any Drawable else { return nil }
    finalPictures.keep()
    return member.draw()
  }

  /// Returns a picture of the final state of one environment's last episode, if pictures are kept.
  ///
  /// - Precondition: the index is below `count`.
  @usableFromInline
  package func finalPicture(of index: Int) -> Picture? { finalPictures[index] }
}

/// Plays one row for all environments: the loop in which a worker spends its environment time.
@inlinable
func playRow<Member: Environment>(
  _ environments: inout MutableSpan<Member>, _ streams: inout MutableSpan<PCG64>,
  _ pictures: FinalPictures, _ rows: StepRows, _ position: PositionMarker
) throws {
  for index in 0..<rows.count {
    if rows.isFrozen(index) {
      rows.repeatState(index)
      continue
    }
    let elapsed = rows.before.stepno[index]
    position.mark(environment: index, step: elapsed)
    let action = Member.Action(loading: rows.after.act(index))
    let outcome: StepOutcome
    do {
      outcome = try environments[index].step(action, using: &streams[index])
    } catch {
      throw EnvironmentFault(environment: index, step: Int(elapsed), cause: error)
    }
    rows.terminated[index] = outcome.terminated
    rows.truncated[index] = outcome.truncated
    environments[index].information.store(in: rows.info(index))
    rows.after.rew[index] = Float(outcome.reward)
    rows.after.fin[index] = outcome.isOver
    rows.after.stepno[index] = outcome.isOver ? 0 : elapsed &+ 1
    if outcome.isOver {
      environments[index].observation.store(in: rows.finalObs(index))
      if pictures.areKept {
        pictures[index] = (environments[index] as? any Drawable)?.draw()
      }
      position.mark(.resetting, environment: index)
      do {
        try environments[index].reset(using: &streams[index])
      } catch {
        throw EnvironmentFault(environment: index, step: Int(elapsed) + 1, cause: error)
      }
    }
    environments[index].observation.store(in: rows.after.obs(index))
  }
}

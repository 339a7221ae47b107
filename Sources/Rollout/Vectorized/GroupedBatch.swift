/// A batch that steps eight environments at a time, bitwise equal to a `NativeEnvironmentBatch`.
///
/// If the number of environments is not a multiple of eight, the last group has idle lanes.
final class GroupedBatch<Group: EnvironmentGroup>: SingleResetBatch, SnapshotBatch, DrawingBatch {
  let count: Int
  let spaces: EnvironmentSpaces

  private let groups: UnsafeMutablePointer<Group>
  private let groupCount: Int
  private let streams: UnsafeMutablePointer<PCG64>
  private let table = SineTable.shared
  private let checkedLayout = CheckedLayout()
  private let finalPictures: FinalPictures

  /// Creates one environment per stream.
  init(streams: [PCG64]) {
    precondition(!streams.isEmpty, "a batch without environments")
    spaces = EnvironmentSpaces(of: Group()[0])
    count = streams.count
    finalPictures = FinalPictures(count: count)
    groupCount = (count + 7) / 8
    groups = .allocate(capacity: groupCount)
    groups.initialize(repeating: Group(), count: groupCount)
    self.streams = .allocate(capacity: count)
    self.streams.initialize(from: streams, count: count)
  }

  deinit {
    groups.deallocate()
    streams.deallocate()
  }

  func reset(into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    fragment.withStateRow(row) { state in
      for index in 0..<count {
        reset(index)
        groups[index / 8][index % 8].observation.store(in: state.obs(index))
        state.begin(index, actionLeafCount: fragment.layout.actPlaces.count)
      }
    }
  }

  func reset(_ index: Int, into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    fragment.withStateRow(row) { state in
      reset(index)
      groups[index / 8][index % 8].observation.store(in: state.obs(index))
      state.stepno[index] = 0
    }
  }

  func transfer(_ snapshot: inout SnapshotCursor) {
    let groups = UnsafeMutableBufferPointer(start: groups, count: groupCount)
    let streams = UnsafeMutableBufferPointer(start: streams, count: count)
    snapshot.transfer(UnsafeMutableRawBufferPointer(groups))
    let fresh = Group()[0]
    // Idle lanes are stepped as well.
    for index in 0..<8 * groupCount {
      snapshot.require(
        groups[index / 8][index % 8].isPossible(for: fresh), "the state of environment \(index)")
    }
    snapshot.transfer(streams: streams)
  }

  @specialized(where Group == CartPoleGroup)
  @specialized(where Group == AcrobotGroup)
  @specialized(where Group == PendulumGroup)
  @specialized(where Group == MountainCarGroup)
  @specialized(where Group == MountainCarContinuousGroup)
  func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    checkStep(t, of: fragment.layout)
    checkedLayout.check(fragment.layout, of: self)
    fragment.withStepRows(from: t, sticky: sticky) { rows in
      let trigonometry = VectorTrigonometry(table)
      for group in 0..<groupCount {
        position.mark(environment: 8 &* group, step: rows.before.stepno[8 &* group])
        let first = 8 &* group
        if first &+ 8 <= count, !rows.freezesAny(first) {
          playWhole(group, rows, trigonometry)
        } else {
          playSome(group, min(8, count &- first), rows, trigonometry)
        }
      }
    }
  }

  /// Steps eight environments that are not frozen.
  @inline(__always)
  private func playWhole(_ group: Int, _ rows: StepRows, _ trigonometry: VectorTrigonometry) {
    let first = 8 &* group
    let actions = UnsafeRawPointer(rows.after.actions(as: Group.Actions.Scalar.self) + first)
      .loadUnaligned(as: Group.Actions.self)
    let outcome = groups[group].step(actions, trigonometry)
    let elapsed =
      UnsafeRawPointer(rows.before.stepno.base + first).loadUnaligned(as: SIMD8<Int32>.self) &+ 1
    let over = outcome.terminated
    rows.store(first, over, rows.terminated)
    rows.store(first, .zero, rows.truncated)
    rows.store(first, over, rows.after.fin)
    UnsafeMutableRawPointer(rows.after.rew.base + first)
      .storeBytes(of: outcome.rewards, as: SIMD8<Float>.self)
    UnsafeMutableRawPointer(rows.after.stepno.base + first)
      .storeBytes(of: elapsed &* (1 &- over), as: SIMD8<Int32>.self)
    groups[group].storeObservations(rows.after.observations(from: first))
    if over.wrappedSum() > 0 {
      for lane in 0..<8 where over[lane] == 1 { begin(first &+ lane, rows) }
    }
  }

  /// Steps the environments of a group that is incomplete or may have frozen environments.
  private func playSome(
    _ group: Int, _ lanes: Int, _ rows: StepRows, _ trigonometry: VectorTrigonometry
  ) {
    let first = 8 &* group
    var actions = Group.Actions()
    let played = rows.after.actions(as: Group.Actions.Scalar.self) + first
    for lane in 0..<lanes where !rows.isFrozen(first &+ lane) { actions[lane] = played[lane] }
    let before = groups[group]
    let outcome = groups[group].step(actions, trigonometry)
    for lane in 0..<lanes {
      let index = first &+ lane
      let isTerminated = outcome.terminated[lane] == 1
      if rows.isFrozen(index) {
        groups[group][lane] = before[lane]
        rows.repeatState(index)
        continue
      }
      rows.terminated[index] = isTerminated
      rows.truncated[index] = false
      rows.after.fin[index] = isTerminated
      rows.after.rew[index] = outcome.rewards[lane]
      rows.after.stepno[index] = isTerminated ? 0 : rows.before.stepno[index] &+ 1
      groups[group][lane].observation.store(in: rows.after.obs(index))
      if isTerminated { begin(index, rows) }
    }
    // Idle lanes keep their state.
    for lane in lanes..<8 { groups[group][lane] = before[lane] }
  }

  /// Stores the final observation of an episode, and starts the next one.
  @inline(never)
  private func begin(_ index: Int, _ rows: StepRows) {
    rows.after.obs(index).copy(to: rows.finalObs(index))
    if finalPictures.areKept { finalPictures[index] = groups[index / 8][index % 8].draw() }
    reset(index)
    groups[index / 8][index % 8].observation.store(in: rows.after.obs(index))
  }

  private func reset(_ index: Int) {
    groups[index / 8].reset(index % 8, using: &streams[index])
  }

  /// Draws the current state of one environment.
  ///
  /// - Precondition: the index is below `count`.
  func picture(of index: Int) -> Picture? {
    precondition(index >= 0 && index < count, "\(index) is outside a batch of \(count)")
    finalPictures.keep()
    return groups[index / 8][index % 8].draw()
  }

  /// Returns a picture of the final state of one environment's last episode, if pictures are kept.
  ///
  /// - Precondition: the index is below `count`.
  func finalPicture(of index: Int) -> Picture? { finalPictures[index] }
}

extension StateRow {
  /// Returns the actions of a row, one number per environment.
  @inline(__always)
  fileprivate func actions<Scalar>(as type: Scalar.Type) -> UnsafePointer<Scalar> {
    UnsafePointer(
      (base + actColumns.pointee.offset(row: row)).assumingMemoryBound(to: Scalar.self))
  }

  /// Returns the float32 observations of a row, beginning with one environment's.
  @inline(__always)
  fileprivate func observations(from index: Int) -> UnsafeMutablePointer<Float> {
    (base + obsColumns.pointee.offset(row: row, environment: index))
      .assumingMemoryBound(to: Float.self)
  }
}

extension StepRows {
  /// Returns true if one of eight environments, beginning at one, is frozen.
  @inline(__always)
  fileprivate func freezesAny(_ first: Int) -> Bool {
    freezes
      && UnsafeRawPointer(before.fin.base + first).loadUnaligned(as: UInt64.self) != 0
  }

  /// Stores eight flags, 0 or 1 each, beginning at one environment.
  @inline(__always)
  fileprivate func store(
    _ first: Int, _ flags: SIMD8<Int32>, _ column: RowValues<Bool>
  ) {
    UnsafeMutableRawPointer(column.base + first)
      .storeBytes(of: SIMD8<UInt8>(truncatingIfNeeded: flags), as: SIMD8<UInt8>.self)
  }
}

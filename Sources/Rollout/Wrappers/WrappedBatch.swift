/// A batch that plays another one in a fragment of its own, the base class of most wrappers.
///
/// The class owns a fragment of two steps with the inner spaces. The inner batch steps from row 1
/// to row 2, always sticky: an environment with `fin` set in row 1 is left alone. One step of the
/// wrapper can therefore consist of several inner steps, each of only some environments. Wrappers
/// override single operations; the base class itself changes nothing. The table of wrappers is in
/// `docs/environments.md`.
///
/// The batch overlaps if the inner one does: `beginStep` begins the first inner step, and
/// `finishStep` does everything else. Environments outside of its range wait meanwhile.
package class WrappedBatch: ForwardingBatch, OverlappingBatch {
  /// The position of an observation in its episode.
  enum Moment {
    /// The first observation of an episode.
    case first
    /// The observation between two steps of an episode.
    case next
    /// The final observation of an episode.
    case last
  }

  /// The inner rows 1 and 2, and the results of the inner step between them.
  let rows: StepRows
  /// Set for environments that take no part in the call.
  ///
  /// They are frozen in a sticky fragment, or outside the range of the call.
  let waits: RowValues<Bool>
  /// Set for environments that begin an episode in the call.
  let begins: RowValues<Bool>
  /// Set for environments that have been reset because their inner episode ended in the step.
  let isReset: RowValues<Bool>
  /// The rewards of the step.
  let rewards: RowValues<Double>
  /// Set if the task terminates the episode on the step.
  let terminated: RowValues<Bool>
  /// Set if a limit truncates the episode on the step.
  let truncated: RowValues<Bool>

  /// The environments with inner rows that the call may change.
  ///
  /// The rows of other environments may belong to a step that is under way.
  private var members: Range<Int>
  private let storage: FragmentStorage
  private let flags: FlatVector<Bool>
  private let sums: FlatVector<Double>
  private var checkedLayout = CheckedLayout()
  /// True if an inner step may only reset an environment.
  private let mayIdle: Bool
  /// The pictures of final states, kept after the first request for a picture.
  private var finalPictures: [Picture?]?

  /// Wraps a batch before its first `reset`.
  ///
  /// - Parameter observation: the space of the shown observations; `nil` for that of the batch.
  init(_ inner: any EnvironmentBatch, observation: Space? = nil) {
    let count = inner.count
    members = 0..<count
    var spaces = inner.spaces
    let layout = FragmentLayout(
      stepCount: 2, environmentCount: count,
      contents: FragmentContents(spaces: spaces, reaction: .empty))
    if let observation { spaces.observation = observation }
    mayIdle = spaces.mayIdle
    let storage = FragmentStorage(layout)
    self.storage = storage
    rows = StepRows(storage, from: 1, sticky: true)
    flags = FlatVector(repeating: false, count: 5 * count)
    sums = FlatVector(repeating: 0, count: count)
    waits = RowValues(flags, 0..<count)
    begins = RowValues(flags, count..<2 * count)
    isReset = RowValues(flags, 2 * count..<3 * count)
    terminated = RowValues(flags, 3 * count..<4 * count)
    truncated = RowValues(flags, 4 * count..<5 * count)
    rewards = RowValues(sums)
    super.init(inner, spaces: spaces)
  }

  // MARK: Operations that a wrapper overrides

  /// Makes the inner steps after the first one.
  func play(_ position: PositionMarker) throws {}

  /// Changes the rewards and flags of the step for environments that do not wait.
  func judge() {}

  /// Runs between the final observation of an episode and the first one of the next.
  ///
  /// `begins` is set for the environments concerned. Their inner environments may be stepped or
  /// restarted.
  func settle(_ position: PositionMarker) throws {}

  /// Reads inner observations of row 2 before they are shown, for environments that do not wait.
  func survey() {}

  /// Writes the shown observation, given the inner one.
  func observe(_ index: Int, _ moment: Moment, from source: LeafRow, into target: LeafRow) {
    for leaf in 0..<rows.obsLeafCount {
      source.dropping(leaf).copy(to: target.dropping(leaf))
    }
  }

  /// Measures, saves or restores the state that the wrapper itself keeps between steps.
  func transferOwn(_ snapshot: inout SnapshotCursor) {}

  // MARK: Operations that a wrapper calls

  /// Makes one inner step and adds its rewards and flags to those of the step.
  final func stepOnce(
    waiting: RowValues<Bool>, _ position: PositionMarker
  ) throws {
    try stepInner(waiting: waiting, position)
    addStep(waiting: waiting)
  }

  private func addStep(waiting: RowValues<Bool>) {
    for index in 0..<count where !waiting[index] {
      rewards[index] += Double(rows.after.rew[index])
      terminated[index] = rows.terminated[index]
      truncated[index] = rows.truncated[index]
      isReset[index] = rows.after.fin[index]
    }
  }

  /// Makes one inner step of the environments that do not wait, with the actions in row 2.
  final func stepInner(
    waiting: RowValues<Bool>, _ position: PositionMarker
  ) throws {
    try beginInner(waiting: waiting, of: members)
    try finishInner(waiting: waiting, of: members, position)
  }

  private func beginInner(
    waiting: RowValues<Bool>, of range: Range<Int>
  ) throws {
    let view = storage.view
    view.copyState(row: 2, to: view, row: 1, of: range)
    for index in range { rows.before.fin[index] = waiting[index] }
    try overlapping?.beginStep(view, from: 1, sticky: true, of: range)
  }

  private func finishInner(
    waiting: RowValues<Bool>, of range: Range<Int>, _ position: PositionMarker
  ) throws {
    if let overlapping {
      try overlapping.finishStep(
        storage.view, from: 1, sticky: true, of: range, position: position)
    } else {
      try inner.step(storage.view, from: 1, sticky: true, position: position)
    }
    // A frozen environment's `stepno` is 0, but an environment that waits here may be within an
    // episode.
    for index in range where waiting[index] {
      rows.after.stepno[index] = rows.before.stepno[index]
    }
  }

  /// Begins an inner episode in one environment.
  final func restartInner(_ index: Int) throws {
    try super.reset(index, into: storage.view, row: 2)
  }

  /// Returns the inner observation after the step of one environment, before any reset.
  final func arrival(_ index: Int) -> LeafRow {
    isReset[index] ? rows.finalObs(index) : rows.after.obs(index)
  }

  // MARK: EnvironmentBatch

  /// Begins an episode in every environment and writes the state of one row.
  package final override func reset(into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try inner.reset(into: storage.view, row: 2)
    members = 0..<count
    waits.fill(false)
    begins.fill(true)
    isReset.fill(true)
    try show(in: fragment, row: row) { state, index in
      state.begin(index, actionLeafCount: rows.actLeafCount)
    }
  }

  /// Begins an episode in one environment and writes its first observation to a row.
  package final override func reset(_ index: Int, into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try restartInner(index)
    members = overlapping == nil ? 0..<count : index..<index + 1
    waits.fill(true)
    begins.fill(false)
    (waits[index], begins[index], isReset[index]) = (false, true, true)
    try show(in: fragment, row: row) { state, index in state.stepno[index] = 0 }
  }

  /// Shows the first observations of the episodes that begin.
  private func show(
    in fragment: FragmentView, row: Int, _ mark: (StateRow, Int) -> Void
  ) throws {
    try settle(.unread)
    survey()
    fragment.withStateRow(row) { state in
      for index in 0..<count where begins[index] {
        observe(index, .first, from: rows.after.obs(index), into: state.obs(index))
        mark(state, index)
      }
    }
  }

  /// Begins and finishes a step of all environments.
  package final override func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    try beginStep(fragment, from: t, sticky: sticky, of: 0..<count)
    try finishStep(fragment, from: t, sticky: sticky, of: 0..<count, position: position)
  }

  /// Begins the first inner step of some environments with their actions in row t+1.
  package final func beginStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>
  ) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkStep(t, of: fragment.layout)
    try fragment.withStepRows(from: t, sticky: sticky) { outer in
      outer.after.copyActions(to: rows.after, leafCount: rows.actLeafCount, of: range)
      for index in range { waits[index] = outer.isFrozen(index) }
      try beginInner(waiting: waits, of: range)
    }
  }

  /// Finishes the first inner step of some environments, makes the others, and writes the rows.
  package final func finishStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>,
    position: PositionMarker
  ) throws {
    try fragment.withStepRows(from: t, sticky: sticky) { outer in
      members = range
      for index in 0..<count {
        waits[index] = !range.contains(index) || outer.isFrozen(index)
        (rewards[index], isReset[index], begins[index]) = (0, false, false)
        (terminated[index], truncated[index]) = (false, false)
      }
      try finishInner(waiting: waits, of: range, position)
      addStep(waiting: waits)
      try play(position)
      judge()
      // Copied before further steps at the end of an episode, such as no-ops of the next one.
      for leaf in 0..<rows.infoLeafCount {
        for index in range where !waits[index] && !isIdle(index) {
          rows.info(index).dropping(leaf).copy(to: outer.info(index).dropping(leaf))
        }
      }
      for index in range {
        begins[index] = !waits[index] && (terminated[index] || truncated[index])
        guard begins[index] else { continue }
        observe(index, .last, from: arrival(index), into: outer.finalObs(index))
        if finalPictures != nil { try keepFinalPicture(of: index) }
      }
      try settle(position)
      survey()
      for index in range { write(index, to: outer) }
    }
  }

  /// Returns true if the inner step only reset one environment.
  private func isIdle(_ index: Int) -> Bool {
    mayIdle && isReset[index] && !waits[index] && rows.isIdle(index)
  }

  private func write(_ index: Int, to outer: StepRows) {
    if waits[index] {
      outer.repeatState(index)
      return
    }
    if isIdle(index) {
      outer.begin(index)
      observe(index, .first, from: rows.after.obs(index), into: outer.after.obs(index))
      return
    }
    outer.terminated[index] = terminated[index]
    outer.truncated[index] = truncated[index]
    outer.after.rew[index] = Float(rewards[index])
    outer.after.fin[index] = begins[index]
    outer.after.stepno[index] = begins[index] ? 0 : outer.before.stepno[index] &+ 1
    observe(
      index, begins[index] ? .first : .next, from: rows.after.obs(index),
      into: outer.after.obs(index))
  }

  /// Draws the inner environment.
  package final override func picture(of index: Int) throws -> Picture? {
    let picture = try super.picture(of: index)
    if picture != nil, finalPictures == nil { finalPictures = Array(repeating: nil, count: count) }
    return picture
  }

  /// Returns a picture of the state in which the wrapper's last episode ended.
  package final override func finalPicture(of index: Int) -> Picture? { finalPictures?[index] }

  /// Keeps a picture of the state after the step, before the next episode begins.
  private func keepFinalPicture(of index: Int) throws {
    finalPictures?[index] =
      try isReset[index] ? super.finalPicture(of: index) : super.picture(of: index)
  }

  /// Measures, saves or restores the inner batch, its current row, and the wrapper's own state.
  package final override func transfer(_ snapshot: inout SnapshotCursor) {
    super.transfer(&snapshot)
    snapshot.transferState(of: storage.view, row: 2)
    transferOwn(&snapshot)
  }
}

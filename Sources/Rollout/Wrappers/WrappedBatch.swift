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
  /// True if `waits` is set for any environment.
  private var isAnyWaiting = false
  private let storage: FragmentStorage
  private let view: FragmentView
  private let flags: FlatVector<Bool>
  /// All flags but `waits`.
  private let results: RowValues<Bool>
  private let sums: FlatVector<Double>
  private let checkedLayout = CheckedLayout()
  /// True if an inner step may only reset an environment.
  private let mayIdle: Bool
  private let finalPictures: FinalPictures

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
    view = storage.view
    rows = StepRows(storage, from: 1, sticky: true)
    flags = FlatVector(repeating: false, count: 5 * count)
    sums = FlatVector(repeating: 0, count: count)
    finalPictures = FinalPictures(count: count)
    waits = RowValues(flags, 0..<count)
    results = RowValues(flags, count..<5 * count)
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
  /// `begins` is set for the environments concerned, at least one. Their inner environments may be
  /// stepped or restarted.
  func settle(_ position: PositionMarker) throws {}

  /// Reads inner observations of row 2 before they are shown, for environments that do not wait.
  func survey() {}

  /// Writes the shown observations of some environments, given the inner ones.
  func observe(
    _ range: Range<Int>, _ moment: Moment, from source: ObservationRow, into target: ObservationRow
  ) {
    for leaf in 0..<source.leafCount {
      source.dropping(leaf).copy(range, to: target.dropping(leaf))
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
    if waiting.containsTrue { keepSteps(waiting: waiting, of: members) }
  }

  /// Restores the step numbers of environments that waited in an inner step.
  ///
  /// That of a frozen environment is 0, but an environment that waits here may be within an
  /// episode.
  private func keepSteps(waiting: RowValues<Bool>, of range: Range<Int>) {
    for index in range where waiting[index] {
      rows.after.stepno[index] = rows.before.stepno[index]
    }
  }

  private func beginInner(
    waiting: RowValues<Bool>, of range: Range<Int>
  ) throws {
    rows.carryState(of: range)
    rows.before.fin.copy(waiting, of: range)
    try overlapping?.beginStep(view, from: 1, sticky: true, of: range)
  }

  private func finishInner(
    waiting: RowValues<Bool>, of range: Range<Int>, _ position: PositionMarker
  ) throws {
    if let overlapping {
      try overlapping.finishStep(
        view, from: 1, sticky: true, of: range, position: position)
    } else {
      try inner.step(view, from: 1, sticky: true, position: position)
    }
  }

  /// Begins an inner episode in one environment.
  final func restartInner(_ index: Int) throws {
    try super.reset(index, into: view, row: 2)
  }

  /// Returns the row with one environment's inner observation after the step, before any reset.
  final func arrivals(_ index: Int) -> ObservationRow {
    isReset[index] ? rows.finalObservations : rows.after.observations
  }

  // MARK: EnvironmentBatch

  /// Begins an episode in every environment and writes the state of one row.
  package final override func reset(into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try inner.reset(into: view, row: 2)
    members = 0..<count
    markWaiting(false)
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
    markWaiting(true)
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
        observe(
          index..<index + 1, .first, from: rows.after.observations, into: state.observations)
        mark(state, index)
      }
    }
  }

  /// Begins and finishes a step of all environments.
  package final override func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkStep(t, of: fragment.layout)
    try fragment.withStepRows(from: t, sticky: sticky) { outer in
      try begin(outer, of: 0..<count)
      try finish(outer, of: 0..<count, position)
    }
  }

  /// Begins the first inner step of some environments with their actions in row t+1.
  package final func beginStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>
  ) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkStep(t, of: fragment.layout)
    try fragment.withStepRows(from: t, sticky: sticky) { try begin($0, of: range) }
  }

  private func begin(_ outer: StepRows, of range: Range<Int>) throws {
    outer.after.copyActions(to: rows.after, leafCount: rows.actLeafCount, of: range)
    if outer.freezes || isAnyWaiting {
      for index in range { waits[index] = outer.isFrozen(index) }
    }
    try beginInner(waiting: waits, of: range)
  }

  /// Finishes the first inner step of some environments, makes the others, and writes the rows.
  package final func finishStep(
    _ fragment: FragmentView, from t: Int, sticky: Bool, of range: Range<Int>,
    position: PositionMarker
  ) throws {
    try fragment.withStepRows(from: t, sticky: sticky) { try finish($0, of: range, position) }
  }

  private func finish(
    _ outer: StepRows, of range: Range<Int>, _ position: PositionMarker
  ) throws {
    members = range
    markWaiting(exceptFor: range, frozenIn: outer)
    try finishInner(waiting: waits, of: range, position)
    if isAnyWaiting {
      keepSteps(waiting: waits, of: range)
      rewards.fill(0)
      results.fill(false)
      addStep(waiting: waits)
    } else {
      rows.storeResults(rewards, terminated, truncated, isReset)
    }
    try play(position)
    judge()
    // Copied before further steps at the end of an episode, such as no-ops of the next one.
    for leaf in 0..<rows.infoLeafCount {
      for index in range where !waits[index] && !isIdle(index) {
        rows.info(index).dropping(leaf).copy(to: outer.info(index).dropping(leaf))
      }
    }
    if findEnds(in: range) {
      for index in range where begins[index] {
        observe(
          index..<index + 1, .last, from: arrivals(index), into: outer.finalObservations)
        if finalPictures.areKept { try keepFinalPicture(of: index) }
      }
      try settle(position)
    }
    survey()
    if isAnyWaiting || mayIdle {
      for index in range { write(index, to: outer) }
    } else {
      writeAll(to: outer)
    }
  }

  private func markWaiting(_ waiting: Bool) {
    waits.fill(waiting)
    isAnyWaiting = waiting
  }

  /// Marks the environments that take no part in a step of some environments.
  private func markWaiting(exceptFor range: Range<Int>, frozenIn outer: StepRows) {
    guard outer.freezes || isAnyWaiting || range != 0..<count else { return }
    for index in 0..<count { waits[index] = !range.contains(index) || outer.isFrozen(index) }
    isAnyWaiting = waits.containsTrue
  }

  /// Marks the environments that begin an episode after the step, and returns true if any does.
  private func findEnds(in range: Range<Int>) -> Bool {
    if !isAnyWaiting {
      begins.setUnion(terminated, truncated)
    } else {
      for index in range {
        begins[index] = !waits[index] && (terminated[index] || truncated[index])
      }
    }
    return begins.containsTrue
  }

  /// Returns true if the inner step only reset one environment.
  private func isIdle(_ index: Int) -> Bool {
    mayIdle && isReset[index] && !waits[index] && rows.isIdle(index)
  }

  /// Writes the results of all environments, which all played.
  private func writeAll(to outer: StepRows) {
    outer.record(rewards, terminated, truncated, begins)
    let (source, target) = (rows.after.observations, outer.after.observations)
    var start = 0
    for index in 0..<count where begins[index] {
      // The first observation of an episode comes alone, the others together.
      if start < index { observe(start..<index, .next, from: source, into: target) }
      observe(index..<index + 1, .first, from: source, into: target)
      start = index + 1
    }
    if start < count { observe(start..<count, .next, from: source, into: target) }
  }

  private func write(_ index: Int, to outer: StepRows) {
    if waits[index] {
      outer.repeatState(index)
      return
    }
    let (source, target) = (rows.after.observations, outer.after.observations)
    if isIdle(index) {
      outer.begin(index)
      observe(index..<index + 1, .first, from: source, into: target)
      return
    }
    outer.terminated[index] = terminated[index]
    outer.truncated[index] = truncated[index]
    outer.after.rew[index] = Float(rewards[index])
    outer.after.fin[index] = begins[index]
    outer.after.stepno[index] = begins[index] ? 0 : outer.before.stepno[index] &+ 1
    observe(index..<index + 1, begins[index] ? .first : .next, from: source, into: target)
  }

  /// Draws the inner environment.
  package final override func picture(of index: Int) throws -> Picture? {
    let picture = try super.picture(of: index)
    if picture != nil { finalPictures.keep() }
    return picture
  }

  /// Returns a picture of the state in which the wrapper's last episode ended.
  package final override func finalPicture(of index: Int) -> Picture? { finalPictures[index] }

  /// Keeps a picture of the state after the step, before the next episode begins.
  private func keepFinalPicture(of index: Int) throws {
    finalPictures[index] =
      try isReset[index] ? super.finalPicture(of: index) : super.picture(of: index)
  }

  /// Measures, saves or restores the inner batch, its current row, and the wrapper's own state.
  package final override func transfer(_ snapshot: inout SnapshotCursor) {
    super.transfer(&snapshot)
    snapshot.transferState(of: view, row: 2)
    transferOwn(&snapshot)
  }
}

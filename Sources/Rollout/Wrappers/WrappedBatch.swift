/// A batch of environments around another one: what every wrapper is made from.
///
/// It owns a fragment of two steps of the inner spaces and has the inner batch step from row 1 to
/// row 2, always sticky: an environment whose `fin` is set in row 1 is left alone. So one step here
/// may be several inner steps, of some environments only. A wrapper overrides what it changes;
/// as it stands this class changes nothing. `docs/environments.md` has the table of wrappers.
///
/// It overlaps where the inner batch does: `beginStep` begins the first inner step, and `finishStep` does all the rest, in
/// which environments outside of its range wait.
public class WrappedBatch: OverlappingBatch {
  /// Where an observation stands in its episode.
  enum Moment {
    /// The one that an episode begins with.
    case first
    /// One that a step led to and that the next step follows.
    case next
    /// The one that an episode ended with.
    case last
  }

  /// What is wrapped.
  public let inner: any EnvironmentBatch
  /// B, how many environments there are.
  public let count: Int
  /// What they emit and accept.
  public let spaces: EnvironmentSpaces

  /// The inner rows 1 and 2, and what the inner step between them tells.
  let rows: StepRows
  /// Which environments take no part in the call: frozen in a sticky fragment, or not those that the call is for.
  let waits: UnsafeMutablePointer<Bool>
  /// Which environments begin an episode in the call.
  let begins: UnsafeMutablePointer<Bool>
  /// Which environments' inner episodes ended in the step, so that they are reset already.
  let isReset: UnsafeMutablePointer<Bool>
  /// The rewards of the step.
  let rewards: UnsafeMutablePointer<Double>
  /// Whether the task ends the episode on the step.
  let terminated: UnsafeMutablePointer<Bool>
  /// Whether a limit cuts the episode on the step.
  let truncated: UnsafeMutablePointer<Bool>

  private let overlappingInner: (any OverlappingBatch)?
  /// Which environments' inner rows are the call's to change; the others' may be those of a step that is under way.
  private var members: Range<Int>
  private let storage: FragmentStorage
  private let flags: FlatVector<Bool>
  private let sums: FlatVector<Double>
  private var checkedLayout = CheckedLayout()

  /// Wraps a batch, whose first `reset` is still to come.
  ///
  /// - Parameter observation: the observations' space; `nil` for that of the batch.
  init(_ inner: any EnvironmentBatch, observation: Space? = nil) {
    self.inner = inner
    overlappingInner = inner.overlapping
    count = inner.count
    members = 0..<count
    var spaces = inner.spaces
    let layout = FragmentLayout(
      stepCount: 2, environmentCount: count,
      contents: FragmentContents(spaces: spaces, reaction: .empty))
    if let observation { spaces.observation = observation }
    self.spaces = spaces
    let storage = FragmentStorage(layout)
    self.storage = storage
    // The columns are the layout's own array, which lives as long as the storage.
    rows = layout.columns.withUnsafeBufferPointer { columns in
      StepRows(
        storage.view, columns: columns.baseAddress.unsafelyUnwrapped, from: 1, sticky: true)
    }
    flags = FlatVector(repeating: false, count: 5 * count)
    sums = FlatVector(repeating: 0, count: count)
    waits = flags.base
    begins = waits + count
    isReset = begins + count
    terminated = isReset + count
    truncated = terminated + count
    rewards = sums.base
  }

  // MARK: What a wrapper overrides

  /// Makes the inner steps of one step that come after the first one.
  func play(_ position: PositionMarker) throws {}

  /// Changes the rewards and ends of the step, of environments that do not wait.
  func judge() {}

  /// Does what comes between the last observation of an episode and the first one of the next.
  ///
  /// `begins` says whose; the inner state may be stepped, or restarted.
  func settle(_ position: PositionMarker) throws {}

  /// Sees the inner observations of row 2, of environments that do not wait, before each is shown.
  func survey() {}

  /// Writes what is shown of an inner observation.
  func observe(_ index: Int, _ moment: Moment, from source: LeafRow, into target: LeafRow) {
    for leaf in 0..<rows.obsLeafCount {
      source.dropping(leaf).unsafeCopy(to: target.dropping(leaf))
    }
  }

  /// Measures, saves or restores what the wrapper itself keeps from step to step.
  func transferOwn(_ snapshot: inout SnapshotCursor) {}

  // MARK: What a wrapper calls

  /// Makes one inner step and adds what it told to that of the step.
  final func stepOnce(
    waiting: UnsafeMutablePointer<Bool>, _ position: PositionMarker
  ) throws {
    try stepInner(waiting: waiting, position)
    addStep(waiting: waiting)
  }

  private func addStep(waiting: UnsafeMutablePointer<Bool>) {
    for index in 0..<count where !waiting[index] {
      rewards[index] += Double(rows.after.rew[index])
      terminated[index] = rows.terminated[index]
      truncated[index] = rows.truncated[index]
      isReset[index] = rows.after.fin[index]
    }
  }

  /// Makes one inner step with the actions that lie in row 2, of all environments but some.
  final func stepInner(
    waiting: UnsafeMutablePointer<Bool>, _ position: PositionMarker
  ) throws {
    try beginInner(waiting: waiting, of: members)
    try finishInner(waiting: waiting, of: members, position)
  }

  private func beginInner(
    waiting: UnsafeMutablePointer<Bool>, of range: Range<Int>
  ) throws {
    let view = storage.view
    view.copyState(row: 2, to: view, row: 1, of: range)
    for index in range { rows.before.fin[index] = waiting[index] }
    try overlappingInner?.beginStep(view, from: 1, sticky: true, of: range)
  }

  private func finishInner(
    waiting: UnsafeMutablePointer<Bool>, of range: Range<Int>, _ position: PositionMarker
  ) throws {
    if let overlappingInner {
      try overlappingInner.finishStep(
        storage.view, from: 1, sticky: true, of: range, position: position)
    } else {
      try inner.step(storage.view, from: 1, sticky: true, position: position)
    }
    // A frozen environment's row begins an episode; who waits here may be in the middle of one.
    for index in range where waiting[index] {
      rows.after.stepno[index] = rows.before.stepno[index]
    }
  }

  /// Begins an inner episode in one environment.
  final func restartInner(_ index: Int) throws {
    try inner.restart(index, into: storage.view, row: 2)
  }

  /// The inner observation that the step of one environment led to, before any reset.
  final func arrival(_ index: Int) -> LeafRow {
    isReset[index] ? rows.finalObs(index) : rows.after.obs(index)
  }

  // MARK: As any batch

  /// Begins an episode in every environment and writes the state of one row.
  public final func reset(into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try inner.reset(into: storage.view, row: 2)
    members = 0..<count
    waits.update(repeating: false, count: count)
    begins.update(repeating: true, count: count)
    isReset.update(repeating: true, count: count)
    try show(in: fragment, row: row) { state, index in
      state.begin(index, actionLeafCount: rows.actLeafCount)
    }
  }

  /// Begins an episode in one environment and writes its first observation to a row.
  public final func restart(_ index: Int, into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    try restartInner(index)
    members = overlappingInner == nil ? 0..<count : index..<index + 1
    waits.update(repeating: true, count: count)
    begins.update(repeating: false, count: count)
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

  /// Whether this is so follows from what is wrapped.
  public var overlapping: (any OverlappingBatch)? { overlappingInner == nil ? nil : self }

  /// Begins the first inner step with the actions that some environments have in row t+1.
  public final func beginStep(
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

  /// Finishes the first inner step of some environments, makes the others, and writes their rows.
  public final func finishStep(
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
      for index in range {
        begins[index] = !waits[index] && (terminated[index] || truncated[index])
        guard begins[index] else { continue }
        observe(index, .last, from: arrival(index), into: outer.finalObs(index))
      }
      try settle(position)
      survey()
      for index in range { write(index, to: outer) }
    }
  }

  private func write(_ index: Int, to outer: StepRows) {
    if waits[index] {
      outer.repeatState(index)
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

  /// The inner environment's own.
  public func lives(of index: Int) -> Int? { inner.lives(of: index) }

  /// Whether the inner environments can.
  public final var restartsSingly: Bool { inner.restartsSingly }

  /// Whether the inner environments have snapshots.
  public final var canSnapshot: Bool { inner.canSnapshot }

  /// Measures, saves or restores the inner environments, the row that they step from, and what the wrapper keeps.
  public final func transfer(_ snapshot: inout SnapshotCursor) {
    inner.transfer(&snapshot)
    snapshot.transferState(of: storage.view, row: 2)
    transferOwn(&snapshot)
  }
}

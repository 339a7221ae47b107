import Glibc

/// Carts and poles eight at a time, bit for bit what `CartPole` makes of each.
///
/// Positions of eight carts lie in one vector, their velocities in the next, and so on. Every operation is `CartPole`'s, in its order.
/// The last group has idle lanes when there are not a multiple of eight.
final class CartPoleBatch: EnvironmentBatch {
  let count: Int
  let spaces: EnvironmentSpaces

  private let groups: UnsafeMutablePointer<CartPoleGroup>
  private let groupCount: Int
  private let streams: UnsafeMutablePointer<PCG64>
  private let table: UnsafeMutablePointer<SIMD4<Double>>
  private let maximumEpisodeSteps: Int32
  private var checkedLayout = CheckedLayout()

  /// Whether batches are made here: sines and cosines must be the C library's.
  static var isExact: Bool { SmallAngles.agreesWithLibrary }

  /// Makes a cart for each stream; `nil` for the limit sets none.
  init(streams: [PCG64], maximumEpisodeSteps: Int?) {
    precondition(!streams.isEmpty, "a batch without environments")
    spaces = EnvironmentSpaces(of: CartPole())
    count = streams.count
    groupCount = (count + 7) / 8
    groups = .allocate(capacity: groupCount)
    groups.initialize(repeating: CartPoleGroup(), count: groupCount)
    self.streams = .allocate(capacity: count)
    self.streams.initialize(from: streams, count: count)
    table = .allocate(capacity: SmallAngles.table.count)
    table.initialize(from: SmallAngles.table, count: SmallAngles.table.count)
    self.maximumEpisodeSteps = Int32(clamping: maximumEpisodeSteps ?? .max)
  }

  deinit {
    groups.deallocate()
    streams.deallocate()
    table.deallocate()
  }

  func reset(into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    fragment.layout.columns.withUnsafeBufferPointer { columns in
      guard let columns = columns.baseAddress else { return }
      let state = StateRow(fragment, columns: columns, row: row)
      for index in 0..<count {
        reset(index)
        groups[index / 8].observation(index % 8).store(in: state.obs(index))
        state.begin(index, actionLeafCount: fragment.layout.actPlaces.count)
      }
    }
  }

  var restartsSingly: Bool { true }

  func restart(_ index: Int, into fragment: FragmentView, row: Int) throws {
    checkedLayout.check(fragment.layout, of: self)
    checkRow(row, of: fragment.layout)
    fragment.layout.columns.withUnsafeBufferPointer { columns in
      guard let columns = columns.baseAddress else { return }
      let state = StateRow(fragment, columns: columns, row: row)
      reset(index)
      state.numbers[index] = groups[index / 8].observation(index % 8)
      state.stepno[index] = 0
    }
  }

  func step(
    _ fragment: FragmentView, from t: Int, sticky: Bool, position: PositionMarker
  ) throws {
    checkStep(t, of: fragment.layout)
    checkedLayout.check(fragment.layout, of: self)
    fragment.layout.columns.withUnsafeBufferPointer { columns in
      guard let columns = columns.baseAddress else { return }
      let rows = StepRows(fragment, columns: columns, from: t, sticky: sticky)
      for group in 0..<groupCount {
        position.mark(environment: 8 &* group, step: rows.before.stepno[8 &* group])
        let first = 8 &* group
        if first &+ 8 <= count, !rows.freezes {
          playWhole(group, rows)
        } else {
          playSome(group, min(8, count &- first), rows)
        }
      }
    }
  }

  /// Plays eight carts, none of which waits.
  @inline(__always)
  private func playWhole(_ group: Int, _ rows: StepRows) {
    let first = 8 &* group
    let actions = UnsafeRawPointer(rows.after.actions + first)
      .loadUnaligned(as: SIMD8<Int32>.self)
    let fell = groups[group].step(actions, table)
    let elapsed =
      UnsafeRawPointer(rows.before.stepno + first).loadUnaligned(as: SIMD8<Int32>.self) &+ 1
    let cut = SIMD8<Int32>.zero.replacing(with: 1, where: elapsed .>= maximumEpisodeSteps)
    let over = fell | cut
    rows.store(first, fell, rows.terminated)
    rows.store(first, cut, rows.truncated)
    rows.store(first, over, rows.after.fin)
    UnsafeMutableRawPointer(rows.after.rew + first)
      .storeBytes(of: SIMD8<Float>(repeating: 1), as: SIMD8<Float>.self)
    UnsafeMutableRawPointer(rows.after.stepno + first)
      .storeBytes(of: elapsed &* (1 &- over), as: SIMD8<Int32>.self)
    let observations = rows.after.numbers + first
    groups[group].storeObservations(observations)
    if over.wrappedSum() > 0 {
      for lane in 0..<8 where over[lane] == 1 { begin(first &+ lane, rows) }
    }
  }

  /// Plays those of a group that are there and do not wait.
  private func playSome(_ group: Int, _ lanes: Int, _ rows: StepRows) {
    let first = 8 &* group
    var actions = SIMD8<Int32>()
    for lane in 0..<lanes where !rows.isFrozen(first &+ lane) {
      actions[lane] = rows.after.actions[first &+ lane]
    }
    let before = groups[group]
    let flags = groups[group].step(actions, table)
    for lane in 0..<lanes {
      let index = first &+ lane
      let fell = flags[lane] == 1
      if rows.isFrozen(index) {
        groups[group].restore(lane, from: before)
        rows.repeatState(index)
        continue
      }
      let elapsed = rows.before.stepno[index] &+ 1
      let cut = elapsed >= maximumEpisodeSteps
      rows.terminated[index] = fell
      rows.truncated[index] = cut
      rows.after.fin[index] = fell || cut
      rows.after.rew[index] = 1
      rows.after.stepno[index] = fell || cut ? 0 : elapsed
      rows.after.numbers[index] = groups[group].observation(lane)
      if fell || cut { begin(index, rows) }
    }
    // Idle lanes go nowhere.
    for lane in lanes..<8 { groups[group].restore(lane, from: CartPoleGroup()) }
  }

  /// Keeps the last observation of an episode that is over, and begins the next one.
  @inline(never)
  private func begin(_ index: Int, _ rows: StepRows) {
    rows.after.numbers[index].store(in: rows.finalObs(index))
    reset(index)
    rows.after.numbers[index] = groups[index / 8].observation(index % 8)
  }

  private func reset(_ index: Int) {
    var cart = CartPole()
    cart.reset(using: &streams[index])
    groups[index / 8].place(cart.state, at: index % 8)
  }
}

/// Eight carts with their poles.
struct CartPoleGroup {
  private var position = SIMD8<Double>()
  private var velocity = SIMD8<Double>()
  private var angle = SIMD8<Double>()
  private var angularVelocity = SIMD8<Double>()

  /// Pushes each cart; 1 for those that are beyond the limits then, 0 for the others.
  @inline(__always)
  mutating func step(
    _ actions: SIMD8<Int32>, _ table: UnsafePointer<SIMD4<Double>>
  ) -> SIMD8<Int32> {
    typealias Constants = CartPole.Constants
    precondition(
      (actions &>> 1) == SIMD8<Int32>.zero, "CartPole has the actions 0 and 1, not \(actions)")
    let force = SIMD8<Double>(actions) * (2 * Constants.force) - Constants.force
    let (sine, cosine) = SmallAngles.sineAndCosine(angle, table)
    let (acceleration, angularAcceleration) = CartPole.accelerations(
      force: force, angularVelocity: angularVelocity, sine: sine, cosine: cosine)
    position += Constants.interval * velocity
    velocity += Constants.interval * acceleration
    angle += Constants.interval * angularVelocity
    angularVelocity += Constants.interval * angularAcceleration
    return beyond(position, Constants.positionLimit) | beyond(angle, Constants.angleLimit)
  }

  /// One cart's state in single precision.
  func observation(_ lane: Int) -> SIMD4<Float> {
    SIMD4(
      Float(position[lane]), Float(velocity[lane]), Float(angle[lane]),
      Float(angularVelocity[lane]))
  }

  /// All states in single precision, one cart's four numbers behind the other's.
  @inline(__always)
  func storeObservations(_ observations: UnsafeMutablePointer<SIMD4<Float>>) {
    let (x, v) = (SIMD8<Float>(position), SIMD8<Float>(velocity))
    let (a, w) = (SIMD8<Float>(angle), SIMD8<Float>(angularVelocity))
    for lane in 0..<8 { observations[lane] = SIMD4(x[lane], v[lane], a[lane], w[lane]) }
  }

  mutating func place(_ state: SIMD4<Double>, at lane: Int) {
    (position[lane], velocity[lane]) = (state.x, state.y)
    (angle[lane], angularVelocity[lane]) = (state.z, state.w)
  }

  mutating func restore(_ lane: Int, from other: CartPoleGroup) {
    (position[lane], velocity[lane]) = (other.position[lane], other.velocity[lane])
    (angle[lane], angularVelocity[lane]) = (other.angle[lane], other.angularVelocity[lane])
  }

  /// 1 where a number's magnitude is above the limit.
  @inline(__always)
  private func beyond(_ x: SIMD8<Double>, _ limit: Double) -> SIMD8<Int32> {
    let magnitude = unsafeBitCast(
      unsafeBitCast(x, to: SIMD8<UInt64>.self) & ~(1 << 63), to: SIMD8<Double>.self)
    return SIMD8<Int32>(
      truncatingIfNeeded: SIMD8<Int64>.zero.replacing(with: 1, where: magnitude .> limit))
  }
}

extension StateRow {
  /// The actions that led here, of a space of one choice.
  @inline(__always)
  fileprivate var actions: UnsafeMutablePointer<Int32> {
    (base + actColumns.pointee.offset(row: row)).assumingMemoryBound(to: Int32.self)
  }

  /// Observations of four numbers.
  @inline(__always)
  fileprivate var numbers: UnsafeMutablePointer<SIMD4<Float>> {
    (base + obsColumns.pointee.offset(row: row)).assumingMemoryBound(to: SIMD4<Float>.self)
  }
}

extension StepRows {
  /// Writes eight flags, 0 or 1 each, from one environment on.
  @inline(__always)
  fileprivate func store(
    _ first: Int, _ flags: SIMD8<Int32>, _ column: UnsafeMutablePointer<Bool>
  ) {
    UnsafeMutableRawPointer(column + first)
      .storeBytes(of: SIMD8<UInt8>(truncatingIfNeeded: flags), as: SIMD8<UInt8>.self)
  }
}

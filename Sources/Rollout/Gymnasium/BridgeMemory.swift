/// The memory that a batch shares with its Python process: a fragment of one step, seeds, and who is at work.
final class BridgeMemory {
  /// Where the fragment's fields lie.
  let layout: FragmentLayout
  private let memory: SharedMemory
  private let seedOffset: Int
  private let livesOffset: Int
  private let currentOffset: Int

  /// What Python is told: offsets in bytes from the beginning.
  struct Place: Encodable {
    var process: Int32
    var descriptor: Int32
    var byteCount: Int
    var obs: [Int]
    var finalObs: [Int]
    var act: [Int]
    var rewards: Int
    var terminated: Int
    var truncated: Int
    var frozen: Int
    var seeds: Int
    var lives: Int
    var current: Int
  }

  /// Makes the memory for a batch.
  ///
  /// - Throws: `SystemError` when the machine has no room for it.
  init(spaces: EnvironmentSpaces, count: Int) throws(SystemError) {
    layout = FragmentLayout(
      stepCount: 1, environmentCount: count,
      contents: FragmentContents(spaces: spaces, reaction: .empty))
    seedOffset = layout.byteCount
    livesOffset = aligned(seedOffset + count * MemoryLayout<Int64>.stride)
    currentOffset = aligned(livesOffset + count * MemoryLayout<Int64>.stride)
    memory = try SharedMemory(creating: currentOffset + 64)
    current.pointee = -1
    for index in 0..<count { seeds[index] = -1 }
  }

  /// Where everything lies.
  var place: Place {
    Place(
      process: SystemCalls.processIdentifier, descriptor: memory.descriptor,
      byteCount: memory.byteCount,
      obs: layout.columns[layout.obsPlaces].map { $0.offset(row: 1) },
      finalObs: layout.columns[layout.finalObsPlaces].map { $0.offset(row: 0) },
      act: layout.columns[layout.actPlaces].map { $0.offset(row: 1) },
      rewards: layout.rew.offset(row: 1), terminated: layout.terminated.offset(row: 0),
      truncated: layout.truncated.offset(row: 0), frozen: layout.fin.offset(row: 0),
      seeds: seedOffset, lives: livesOffset, current: currentOffset)
  }

  /// What the next reset is seeded with, −1 for nothing [B].
  var seeds: UnsafeMutablePointer<Int64> { at(seedOffset) }
  /// How many lives each environment's player has left, −1 where it does not say [B].
  var lives: UnsafeMutablePointer<Int64> { at(livesOffset) }
  /// The environment in Python's hands, with 2³² added while it is reset; −1 for none.
  var current: UnsafeMutablePointer<Int64> { at(currentOffset) }
  /// Which environments the next step leaves alone [B].
  var frozen: UnsafeMutablePointer<Bool> { at(layout.fin.offset(row: 0)) }
  /// What the last step was rewarded by [B].
  var rewards: UnsafeMutablePointer<Float> { at(layout.rew.offset(row: 1)) }
  /// Whether the last step ended the task [B].
  var terminated: UnsafeMutablePointer<Bool> { at(layout.terminated.offset(row: 0)) }
  /// Whether the last step was cut by a limit [B].
  var truncated: UnsafeMutablePointer<Bool> { at(layout.truncated.offset(row: 0)) }

  /// Hands Python the actions that some environments have in a row.
  func putActions(_ row: StateRow, of range: Range<Int>) {
    for leaf in 0..<layout.actPlaces.count {
      row.actColumns[leaf].copy(
        range, from: row.base, row: row.row,
        to: layout.columns[layout.actPlaces.lowerBound + leaf], of: memory.base, row: 1)
    }
  }

  /// Takes some environments' observations into a row.
  func takeObservations(_ row: StateRow, of range: Range<Int>) {
    for leaf in 0..<layout.obsPlaces.count {
      layout.columns[layout.obsPlaces.lowerBound + leaf].copy(
        range, from: memory.base, row: 1, to: row.obsColumns[leaf], of: row.base, row: row.row)
    }
  }

  /// Takes the observation that one environment's reset overwrote.
  func takeFinalObservation(_ index: Int, _ rows: StepRows) {
    for leaf in 0..<layout.finalObsPlaces.count {
      layout.columns[layout.finalObsPlaces.lowerBound + leaf].copy(
        index..<index + 1, from: memory.base, row: 0, to: rows.finalObsColumns[leaf],
        of: rows.before.base, row: rows.before.row)
    }
  }

  /// The environment that Python has in its hands, and the work; nil for none.
  var activity: (environment: Int, isReset: Bool)? {
    let word = current.pointee
    guard word >= 0 else { return nil }
    return (Int(word & 0xFFFF_FFFF), word >> 32 != 0)
  }

  /// The first element of an environment's observation that nothing can be computed with.
  ///
  /// - Parameter isFinal: whether to look at the one that a reset overwrote.
  /// - Returns: nil when there is none.
  func unusable(_ index: Int, isFinal: Bool) -> UnusableNumber? {
    let places = isFinal ? layout.finalObsPlaces : layout.obsPlaces
    for (leaf, space) in observationLeaves.enumerated() {
      let column = layout.columns[places.lowerBound + leaf]
      let start = memory.base + column.offset(row: isFinal ? 0 : 1, environment: index)
      let found: (Int, Double)? =
        switch space.elementType {
        case .float32: firstUnusable(start.assumingMemoryBound(to: Float.self), column.elementCount)
        case .float64:
          firstUnusable(start.assumingMemoryBound(to: Double.self), column.elementCount)
        default: nil
        }
      if let (element, value) = found {
        return UnusableNumber(path: observationPaths[leaf], element: element, value: value)
      }
    }
    return nil
  }

  private lazy var observationLeaves = layout.contents.spaces.observation.leaves.leaves
  private lazy var observationPaths = layout.contents.spaces.observation.leaves.paths()

  @inline(__always)
  private func at<Element>(_ offset: Int) -> UnsafeMutablePointer<Element> {
    (memory.base + offset).assumingMemoryBound(to: Element.self)
  }
}

/// A number of an observation that is NaN, or beyond the type that networks compute with.
struct UnusableNumber {
  var path: String
  var element: Int
  var value: Double
}

/// The first number that is NaN, or finite and beyond float32.
@inline(__always)
private func firstUnusable<Element: BinaryFloatingPoint>(
  _ start: UnsafeMutablePointer<Element>, _ count: Int
) -> (Int, Double)? {
  for index in 0..<count {
    let value = start[index]
    guard value.isNaN || Element.self == Double.self else { continue }
    if value.isNaN || value.isFinite && Float(value).isInfinite { return (index, Double(value)) }
  }
  return nil
}

/// The memory that a batch shares with its Python process.
///
/// It contains a fragment of one step, the random seeds and the numbers of lives of the
/// environments, and a word for the environment at work.
final class BridgeMemory {
  /// The layout of the fragment.
  let layout: FragmentLayout
  private let memory: SharedMemory
  private let seedOffset: Int
  private let livesOffset: Int
  private let currentOffset: Int

  /// The description of the memory for Python, with offsets in bytes from its start.
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
    var idle: Int
    var info: [Int]
    var seeds: Int
    var lives: Int
    var current: Int
  }

  /// Creates the memory for a batch.
  ///
  /// - Throws: `SystemError` if the machine has not enough memory for it.
  init(spaces: EnvironmentSpaces, count: Int) throws(SystemError) {
    layout = FragmentLayout(
      stepCount: 1, environmentCount: count,
      contents: FragmentContents(spaces: spaces, reaction: .empty))
    seedOffset = layout.byteCount
    livesOffset = aligned(seedOffset + count * MemoryLayout<Int64>.stride)
    currentOffset = aligned(livesOffset + count * MemoryLayout<Int64>.stride)
    memory = try SharedMemory(creating: currentOffset + 64)
    current[0] = -1
    for index in 0..<count { seeds[index] = -1 }
  }

  /// The location of the memory and the offsets of its parts.
  var place: Place {
    Place(
      process: SystemCalls.processIdentifier, descriptor: memory.descriptor,
      byteCount: memory.byteCount,
      obs: layout.columns[layout.obsPlaces].map { $0.offset(row: 1) },
      finalObs: layout.columns[layout.finalObsPlaces].map { $0.offset(row: 0) },
      act: layout.columns[layout.actPlaces].map { $0.offset(row: 1) },
      rewards: layout.rew.offset(row: 1), terminated: layout.terminated.offset(row: 0),
      truncated: layout.truncated.offset(row: 0), frozen: layout.fin.offset(row: 0),
      idle: layout.fin.offset(row: 1),
      info: layout.columns[layout.infoPlaces].map { $0.offset(row: 0) }, seeds: seedOffset,
      lives: livesOffset,
      current: currentOffset)
  }

  /// The random seed of each environment's next reset, −1 for none [B].
  var seeds: RowValues<Int64> { at(seedOffset) }
  /// The number of lives left in each environment, −1 if it reports none [B].
  var lives: RowValues<Int64> { at(livesOffset) }
  /// The environment that Python works on, plus 2³² during a reset; −1 for none.
  private var current: RowValues<Int64> { at(currentOffset, count: 1) }
  /// Set for environments that the next step skips [B].
  var frozen: RowValues<Bool> { at(layout.fin.offset(row: 0)) }
  /// Set for environments that the last step only reset [B].
  var idle: RowValues<Bool> { at(layout.fin.offset(row: 1)) }
  /// The rewards of the last step [B].
  var rewards: RowValues<Float> { at(layout.rew.offset(row: 1)) }
  /// Set if the last step terminated the episode [B].
  var terminated: RowValues<Bool> { at(layout.terminated.offset(row: 0)) }
  /// Set if a limit truncated the episode on the last step [B].
  var truncated: RowValues<Bool> { at(layout.truncated.offset(row: 0)) }

  /// Copies the actions of some environments from a row to the memory.
  func putActions(_ row: StateRow, of range: Range<Int>) {
    for leaf in 0..<layout.actPlaces.count {
      row.actColumns[leaf].copy(
        range, from: row.base, row: row.row,
        to: layout.columns[layout.actPlaces.lowerBound + leaf], of: memory.base, row: 1)
    }
  }

  /// Copies the observations of some environments from the memory to a row.
  func takeObservations(_ row: StateRow, of range: Range<Int>) {
    for leaf in 0..<layout.obsPlaces.count {
      layout.columns[layout.obsPlaces.lowerBound + leaf].copy(
        range, from: memory.base, row: 1, to: row.obsColumns[leaf], of: row.base, row: row.row)
    }
  }

  /// Copies the final observation of one environment's episode from the memory to a step's row.
  func takeFinalObservation(_ index: Int, _ rows: StepRows) {
    for leaf in 0..<layout.finalObsPlaces.count {
      layout.columns[layout.finalObsPlaces.lowerBound + leaf].copy(
        index..<index + 1, from: memory.base, row: 0, to: rows.finalObsColumns[leaf],
        of: rows.before.base, row: rows.before.row)
    }
  }

  /// Copies the information of one environment's step from the memory to the step's row.
  func takeInformation(_ index: Int, _ rows: StepRows) {
    for leaf in 0..<layout.infoPlaces.count {
      layout.columns[layout.infoPlaces.lowerBound + leaf].copy(
        index..<index + 1, from: memory.base, row: 0, to: rows.infoColumns[leaf],
        of: rows.before.base, row: rows.before.row)
    }
  }

  /// The environment that Python works on, and true for a reset; nil for none.
  var activity: (environment: Int, isReset: Bool)? {
    let word = current[0]
    guard word >= 0 else { return nil }
    return (Int(word & 0xFFFF_FFFF), word >> 32 != 0)
  }

  /// Returns the first element of an environment's observation that networks cannot use.
  ///
  /// - Parameter isFinal: true for the final observation, false for the current one.
  /// - Returns: nil if there is none.
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
  private func at<Element>(_ offset: Int, count: Int? = nil) -> RowValues<Element> {
    RowValues(
      (memory.base + offset).assumingMemoryBound(to: Element.self),
      count: count ?? layout.environmentCount)
  }
}

/// An observed number that is NaN or exceeds float32, the type of the networks.
struct UnusableNumber {
  var path: String
  var element: Int
  var value: Double
}

/// Returns the first number that is NaN, or finite and beyond the range of float32.
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

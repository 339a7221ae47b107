/// The actions of one row as environments are handed them: what is beyond a Box's bounds is clipped.
///
/// A fragment keeps actions as they were drawn, since their density is that of what was drawn.
/// Only Boxes of float32 and float64 are clipped, and only at bounds that are finite.
final class ClippedActions {
  private let storage: FragmentStorage
  private let leaves: [ClippedLeaf]
  private let row: StateRow

  /// Prepares the row of a batch; `nil` when the actions have nothing to clip.
  init?(_ spaces: EnvironmentSpaces, environmentCount: Int) {
    let leaves = spaces.action.parts.leaves.map(ClippedLeaf.init)
    guard leaves.contains(where: { $0 != .asDrawn }) else { return nil }
    self.leaves = leaves
    let layout = FragmentLayout(
      stepCount: 0, environmentCount: environmentCount,
      contents: FragmentContents(spaces: spaces, reaction: .empty))
    let storage = FragmentStorage(layout)
    self.storage = storage
    // The columns are the layout's own array, which lives as long as the storage.
    row = layout.columns.withUnsafeBufferPointer { columns in
      StateRow(storage.view, columns: columns.baseAddress.unsafelyUnwrapped, row: 0)
    }
  }

  /// Copies some environments' actions of a row, clipped, and tells where they lie; valid until the next call.
  func clip(_ drawn: StateRow, of range: Range<Int>) -> StateRow {
    let first = range.lowerBound
    for index in leaves.indices {
      let (from, into) = (drawn.actColumns[index], row.actColumns[index])
      leaves[index].clip(
        drawn.base + from.offset(row: drawn.row, environment: first),
        into: row.base + into.offset(row: 0, environment: first),
        byteCount: range.count &* into.environmentStride)
    }
    return row
  }

  /// Clips the actions of a row where they lie, and keeps what was drawn for `restore`.
  func clipInPlace(_ drawn: StateRow) {
    drawn.copyActions(
      to: row, leafCount: leaves.count, of: 0..<storage.layout.environmentCount)
    for index in leaves.indices {
      let (from, into) = (row.actColumns[index], drawn.actColumns[index])
      leaves[index].clip(
        row.base + from.offset, into: drawn.base + into.offset(row: drawn.row),
        byteCount: from.rowStride)
    }
  }

  /// Puts one environment's action back into the row as it was drawn.
  func restore(_ index: Int, in played: StateRow) {
    for leaf in leaves.indices {
      row.act(index).dropping(leaf).unsafeCopy(to: played.act(index).dropping(leaf))
    }
  }
}

/// What becomes of the elements of one leaf of an action.
private enum ClippedLeaf: Equatable {
  case asDrawn
  case float(ClippingBounds<Float>)
  case double(ClippingBounds<Double>)

  init(_ space: Space) {
    guard case .box(_, let low, let high, let elementType) = space, low.isFinite || high.isFinite
    else {
      self = .asDrawn
      return
    }
    switch elementType {
    case .float32: self = .float(ClippingBounds(low, high))
    case .float64: self = .double(ClippingBounds(low, high))
    default: self = .asDrawn
    }
  }

  func clip(
    _ source: UnsafeMutableRawPointer, into target: UnsafeMutableRawPointer, byteCount: Int
  ) {
    switch self {
    case .asDrawn: target.copyMemory(from: source, byteCount: byteCount)
    case .float(let bounds): bounds.clip(source, into: target, byteCount: byteCount)
    case .double(let bounds): bounds.clip(source, into: target, byteCount: byteCount)
    }
  }
}

/// A Box's bounds in the type of its elements: the outermost values that lie within them.
struct ClippingBounds<Element: BinaryFloatingPoint & BitwiseCopyable>: Equatable {
  let low: Element
  let high: Element

  /// Rounds inwards; where no value lies within the bounds, to the nearest one.
  init(_ low: Double, _ high: Double) {
    let nearest = (low: Element(low), high: Element(high))
    let inner = (
      low: Double(nearest.low) < low ? nearest.low.nextUp : nearest.low,
      high: Double(nearest.high) > high ? nearest.high.nextDown : nearest.high
    )
    (self.low, self.high) = inner.low > inner.high ? nearest : inner
  }

  /// The nearest value within the bounds; NaN stays NaN.
  @inline(__always)
  func clip(_ value: Element) -> Element { value < low ? low : value > high ? high : value }

  @inline(__always)
  func clip(
    _ source: UnsafeMutableRawPointer, into target: UnsafeMutableRawPointer, byteCount: Int
  ) {
    let source = source.assumingMemoryBound(to: Element.self)
    let target = target.assumingMemoryBound(to: Element.self)
    for index in 0..<byteCount / MemoryLayout<Element>.stride {
      target[index] = clip(source[index])
    }
  }
}

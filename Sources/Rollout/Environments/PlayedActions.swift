/// The use of the bounds of a Box of actions.
public enum ActionBounds: String, Sendable, Codable, CaseIterable {
  /// Actions from −1 to 1 span the range between finite bounds; what lies beyond is clipped.
  case scale
  /// Actions are played as they were drawn, clipped to the bounds.
  case clip
}

/// The actions of one row as environments are handed them: scaled or clipped to the bounds of a
/// Box.
///
/// A fragment keeps actions as they were drawn, since their density is that of what was drawn.
/// Only Boxes of float32 and float64 are changed, and only at bounds that are finite. Every batch
/// of this module goes through here, so that native and Gymnasium environments are handed the same.
final class PlayedActions {
  /// The bounds of one element.
  typealias Range = (low: Double, high: Double)

  private let storage: FragmentStorage
  private let leaves: [PlayedLeaf]
  private let row: StateRow

  /// Prepares the row of a batch; `nil` when the actions have no bounds to keep.
  ///
  /// - Parameters:
  ///   - spaces: the spaces of the environments.
  ///   - environmentCount: B.
  ///   - bounds: the use of bounds.
  ///   - elements: the bounds of each element, by leaf, where a Box has different ones.
  init?(
    _ spaces: EnvironmentSpaces, environmentCount: Int, bounds: ActionBounds = .clip,
    elements: [Int: [Range]] = [:]
  ) {
    let leaves = spaces.action.parts.leaves.enumerated().map { index, space in
      PlayedLeaf(space, bounds, elements[index])
    }
    guard leaves.contains(where: \.changes) else { return nil }
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

  deinit {
    for leaf in leaves { leaf.deallocate() }
  }

  /// Copies some environments' actions of a row as they are played, and tells where they lie; valid
  /// until the next call.
  func play(_ drawn: StateRow, of range: Swift.Range<Int>) -> StateRow {
    let first = range.lowerBound
    for index in leaves.indices {
      let (from, into) = (drawn.actColumns[index], row.actColumns[index])
      leaves[index].play(
        drawn.base + from.offset(row: drawn.row, environment: first),
        into: row.base + into.offset(row: 0, environment: first),
        byteCount: range.count &* into.environmentStride)
    }
    return row
  }

  /// Changes the actions of a row where they lie, and keeps what was drawn for `restore`.
  func playInPlace(_ drawn: StateRow) {
    drawn.copyActions(
      to: row, leafCount: leaves.count, of: 0..<storage.layout.environmentCount)
    for index in leaves.indices {
      let (from, into) = (row.actColumns[index], drawn.actColumns[index])
      leaves[index].play(
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

/// The use of the elements of one leaf of an action.
///
/// The bounds are those of each element in turn, or one for all elements.
private enum PlayedLeaf {
  case asDrawn
  case float(UnsafeMutableBufferPointer<PlayedBounds<Float>>)
  case double(UnsafeMutableBufferPointer<PlayedBounds<Double>>)

  init(_ space: Space, _ use: ActionBounds, _ elements: [PlayedActions.Range]?) {
    guard case .box(_, let low, let high, let elementType) = space, low.isFinite || high.isFinite
    else {
      self = .asDrawn
      return
    }
    let ranges = elements ?? [(low, high)]
    func bounds<Element>() -> UnsafeMutableBufferPointer<PlayedBounds<Element>> {
      let bounds = UnsafeMutableBufferPointer<PlayedBounds<Element>>.allocate(
        capacity: ranges.count)
      _ = bounds.initialize(from: ranges.map { PlayedBounds($0.low, $0.high, use) })
      return bounds
    }
    switch elementType {
    case .float32: self = .float(bounds())
    case .float64: self = .double(bounds())
    default: self = .asDrawn
    }
  }

  var changes: Bool {
    if case .asDrawn = self { false } else { true }
  }

  func deallocate() {
    switch self {
    case .asDrawn: break
    case .float(let bounds): bounds.deallocate()
    case .double(let bounds): bounds.deallocate()
    }
  }

  func play(
    _ source: UnsafeMutableRawPointer, into target: UnsafeMutableRawPointer, byteCount: Int
  ) {
    switch self {
    case .asDrawn: target.copyMemory(from: source, byteCount: byteCount)
    case .float(let bounds): bounds.play(source, into: target, byteCount: byteCount)
    case .double(let bounds): bounds.play(source, into: target, byteCount: byteCount)
    }
  }
}

/// The bounds of an element, and how far a unit of the policy's actions goes between them.
private struct PlayedBounds<Element: BinaryFloatingPoint & BitwiseCopyable>: BitwiseCopyable {
  let bounds: ClippingBounds<Element>
  let low: Double
  /// Half the distance between the bounds; 0 for actions that are clipped only.
  let half: Double

  /// Scales only between finite bounds, and not where the range is −1 to 1 already.
  init(_ low: Double, _ high: Double, _ use: ActionBounds) {
    bounds = ClippingBounds(low, high)
    self.low = low
    let scales = use == .scale && low.isFinite && high.isFinite && (low, high) != (-1, 1)
    half = scales ? high / 2 - low / 2 : 0
  }

  @inline(__always)
  func play(_ drawn: Element) -> Element {
    half == 0 ? bounds.clip(drawn) : bounds.clip(Element(low + (Double(drawn) + 1) * half))
  }
}

extension UnsafeMutableBufferPointer {
  @inline(__always)
  fileprivate func play<Value: BinaryFloatingPoint & BitwiseCopyable>(
    _ source: UnsafeMutableRawPointer, into target: UnsafeMutableRawPointer, byteCount: Int
  ) where Element == PlayedBounds<Value> {
    let source = source.assumingMemoryBound(to: Value.self)
    let target = target.assumingMemoryBound(to: Value.self)
    let count = byteCount / MemoryLayout<Value>.stride
    if self.count == 1 {
      let bounds = self[0]
      for index in 0..<count { target[index] = bounds.play(source[index]) }
      return
    }
    for index in 0..<count { target[index] = self[index % self.count].play(source[index]) }
  }
}

/// A Box's bounds in the type of its elements: the outermost values that lie within them.
struct ClippingBounds<Element: BinaryFloatingPoint & BitwiseCopyable>: Equatable,
  BitwiseCopyable
{
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
}

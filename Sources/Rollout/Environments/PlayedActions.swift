/// The use of the bounds of a Box of actions.
public enum ActionBounds: String, Sendable, Codable, CaseIterable {
  /// Actions from −1 to 1 are scaled to the range between finite bounds, and then clipped.
  case scale
  /// Drawn actions are clipped to the bounds.
  case clip
}

/// The actions of one row as environments receive them, scaled or clipped to the bounds of a Box.
///
/// A fragment keeps the drawn actions, because their probability density is that of the drawn
/// values. Only Boxes of float32 and float64 are changed, and only at finite bounds.
final class PlayedActions {
  /// The bounds of one element.
  typealias Range = (low: Double, high: Double)

  private let storage: FragmentStorage
  private let leaves: [PlayedLeaf]
  private let row: StateRow

  /// Creates the row of a batch; `nil` if the actions have no bounds.
  ///
  /// - Parameters:
  ///   - spaces: the spaces of the environments.
  ///   - environmentCount: B.
  ///   - bounds: the use of bounds.
  init?(
    _ spaces: EnvironmentSpaces, environmentCount: Int, bounds: ActionBounds = .clip
  ) {
    let leaves = spaces.action.parts.leaves.enumerated().map { index, space in
      PlayedLeaf(space, bounds, spaces.elementBounds[index])
    }
    guard leaves.contains(where: \.changes) else { return nil }
    self.leaves = leaves
    let layout = FragmentLayout(
      stepCount: 0, environmentCount: environmentCount,
      contents: FragmentContents(spaces: spaces, reaction: .empty))
    let storage = FragmentStorage(layout)
    self.storage = storage
    row = StateRow(storage, row: 0)
  }

  /// Scales or clips the actions of some environments, and keeps the drawn ones for `restore`.
  func play(_ actions: StateRow, of range: Swift.Range<Int>) {
    for index in leaves.indices { leaves[index].play(index, of: range, actions, keeping: row) }
  }

  /// Restores the drawn actions of some environments.
  ///
  /// A frozen environment repeats the drawn action of the previous row.
  func restore(_ rows: StepRows, of range: Swift.Range<Int>) {
    guard rows.freezes else { return restore(rows.after, of: range) }
    for index in range where !rows.isFrozen(index) {
      restore(rows.after, of: index..<index + 1)
    }
  }

  private func restore(_ actions: StateRow, of range: Swift.Range<Int>) {
    for index in leaves.indices { leaves[index].restore(index, of: range, actions, from: row) }
  }
}

/// The treatment of one leaf of an action.
///
/// The bounds are given for each element, or once for all elements.
private enum PlayedLeaf {
  case asDrawn
  case float(FlatVector<PlayedBounds<Float>>)
  case double(FlatVector<PlayedBounds<Double>>)

  init(_ space: Space, _ use: ActionBounds, _ elements: [PlayedActions.Range]?) {
    guard case .box(_, let low, let high, let elementType) = space, low.isFinite || high.isFinite
    else {
      self = .asDrawn
      return
    }
    let ranges = elements ?? [(low, high)]
    func bounds<Element>() -> FlatVector<PlayedBounds<Element>> {
      FlatVector(ranges.map { PlayedBounds($0.low, $0.high, use) })
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

  /// Changes the actions of some environments at the place of the leaf, and keeps the drawn ones.
  func play(_ leaf: Int, of range: Range<Int>, _ actions: StateRow, keeping kept: StateRow) {
    switch self {
    case .asDrawn: break
    case .float(let bounds):
      bounds.play(
        actions.actions(leaf, of: range, as: Float.self),
        keeping: kept.actions(leaf, of: range, as: Float.self))
    case .double(let bounds):
      bounds.play(
        actions.actions(leaf, of: range, as: Double.self),
        keeping: kept.actions(leaf, of: range, as: Double.self))
    }
  }

  /// Restores the drawn actions of some environments at the place of the leaf.
  func restore(_ leaf: Int, of range: Range<Int>, _ actions: StateRow, from kept: StateRow) {
    switch self {
    case .asDrawn: break
    case .float:
      actions.actions(leaf, of: range, as: Float.self)
        .copy(kept.actions(leaf, of: range, as: Float.self))
    case .double:
      actions.actions(leaf, of: range, as: Double.self)
        .copy(kept.actions(leaf, of: range, as: Double.self))
    }
  }
}

/// The bounds of an element and the scale from a policy's actions to the range between them.
private struct PlayedBounds<Element: BinaryFloatingPoint & BitwiseCopyable>: BitwiseCopyable {
  let bounds: ClippingBounds<Element>
  let low: Double
  /// Half the distance between the bounds; 0 for actions that are only clipped.
  let half: Double

  /// Sets up scaling only between finite bounds that are not −1 and 1 already.
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

extension FlatVector {
  @inline(__always)
  fileprivate func play<Value: BinaryFloatingPoint & BitwiseCopyable>(
    _ values: RowValues<Value>, keeping kept: RowValues<Value>
  ) where Element == PlayedBounds<Value> {
    kept.copy(values)
    if count == 1 {
      let bounds = self[0]
      if bounds.half == 0 {
        for index in 0..<values.count { values[index] = bounds.bounds.clip(kept[index]) }
      } else {
        for index in 0..<values.count { values[index] = bounds.play(kept[index]) }
      }
      return
    }
    for index in 0..<values.count { values[index] = self[index % count].play(kept[index]) }
  }
}

/// A Box's bounds in the type of its elements: the outermost values that lie within them.
package struct ClippingBounds<Element: BinaryFloatingPoint & BitwiseCopyable>: Equatable,
  BitwiseCopyable
{
  package let low: Element
  package let high: Element

  /// Rounds the bounds inwards, or to the nearest value if none lies between them.
  package init(_ low: Double, _ high: Double) {
    let nearest = (low: Element(low), high: Element(high))
    let inner = (
      low: Double(nearest.low) < low ? nearest.low.nextUp : nearest.low,
      high: Double(nearest.high) > high ? nearest.high.nextDown : nearest.high
    )
    (self.low, self.high) = inner.low > inner.high ? nearest : inner
  }

  /// Returns the nearest value within the bounds; NaN stays NaN.
  @inline(__always)
  func clip(_ value: Element) -> Element { value < low ? low : value > high ? high : value }
}

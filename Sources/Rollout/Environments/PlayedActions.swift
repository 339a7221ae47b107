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

  private let floats: PlayedLeaves<Float>
  private let doubles: PlayedLeaves<Double>

  /// Prepares a batch's actions; `nil` if the actions have no bounds.
  ///
  /// - Parameters:
  ///   - spaces: the spaces of the environments.
  ///   - environmentCount: B.
  ///   - bounds: the use of bounds.
  init?(
    _ spaces: EnvironmentSpaces, environmentCount: Int, bounds: ActionBounds = .clip
  ) {
    floats = PlayedLeaves(spaces, environmentCount, bounds, .float32)
    doubles = PlayedLeaves(spaces, environmentCount, bounds, .float64)
    if floats.isEmpty, doubles.isEmpty { return nil }
  }

  /// Scales or clips the actions of some environments, and keeps the drawn ones for `restore`.
  @inline(__always)
  func play(_ actions: StateRow, of range: Swift.Range<Int>) {
    floats.play(actions, of: range)
    doubles.play(actions, of: range)
  }

  /// Restores the drawn actions of some environments.
  @inline(__always)
  func restore(_ actions: StateRow, of range: Swift.Range<Int>) {
    floats.restore(actions, of: range)
    doubles.restore(actions, of: range)
  }
}

/// The leaves of an action with elements of one type and with bounds.
private struct PlayedLeaves<Element: BinaryFloatingPoint & RecordableScalar> {
  /// The place of a leaf, its bounds, and its drawn actions.
  private struct Leaf: BitwiseCopyable {
    let place: Int
    /// The number of elements per environment.
    let size: Int
    /// The bounds of each element, or one for all.
    let bounds: RowValues<PlayedBounds<Element>>
    /// The drawn elements of all environments.
    let drawn: RowValues<Element>
  }

  private let leaves: FlatVector<Leaf>
  // The owners of what `leaves` views.
  private let bounds: [FlatVector<PlayedBounds<Element>>]
  private let drawn: [FlatVector<Element>]

  init(
    _ spaces: EnvironmentSpaces, _ environmentCount: Int, _ use: ActionBounds, _ type: ElementType
  ) {
    var leaves: [Leaf] = []
    var (bounds, drawn) = ([FlatVector<PlayedBounds<Element>>](), [FlatVector<Element>]())
    for (place, space) in spaces.action.parts.leaves.enumerated() {
      guard case .box(let shape, let low, let high, type) = space, low.isFinite || high.isFinite
      else { continue }
      let ranges = spaces.elementBounds[place] ?? [(low, high)]
      bounds.append(FlatVector(ranges.map { PlayedBounds($0.low, $0.high, use) }))
      let size = shape.reduce(1, *)
      drawn.append(FlatVector(repeating: 0, count: environmentCount * size))
      leaves.append(
        Leaf(
          place: place, size: size, bounds: RowValues(bounds[leaves.count]),
          drawn: RowValues(drawn[leaves.count])))
    }
    (self.bounds, self.drawn) = (bounds, drawn)
    self.leaves = FlatVector(leaves)
  }

  var isEmpty: Bool { leaves.count == 0 }

  @inline(__always)
  func play(_ actions: StateRow, of range: Range<Int>) {
    for index in 0..<leaves.count {
      let leaf = leaves[index]
      let values = actions.actions(leaf.place, of: range, as: Element.self)
      let drawn = leaf.drawn.elements(of: range, size: leaf.size)
      let bounds = leaf.bounds
      if bounds.count == 1 {
        let common = bounds[0]
        if common.half == 0 {
          values.replace(keeping: drawn) { common.bounds.clip($0) }
        } else {
          values.replace(keeping: drawn) { common.scale($0) }
        }
      } else {
        drawn.copy(values)
        for place in 0..<values.count {
          values[place] = bounds[place % bounds.count].play(drawn[place])
        }
      }
    }
  }

  @inline(__always)
  func restore(_ actions: StateRow, of range: Range<Int>) {
    for index in 0..<leaves.count {
      let leaf = leaves[index]
      actions.actions(leaf.place, of: range, as: Element.self)
        .copy(leaf.drawn.elements(of: range, size: leaf.size))
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
  func play(_ drawn: Element) -> Element { half == 0 ? bounds.clip(drawn) : scale(drawn) }

  @inline(__always)
  func scale(_ drawn: Element) -> Element {
    bounds.clip(Element(low + (Double(drawn) + 1) * half))
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

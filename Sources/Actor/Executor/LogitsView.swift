import Rollout

/// The logits of one row, [B, width]; valid during the call that receives it.
public struct LogitsView {
  /// The number of environments, B.
  public let environmentCount: Int
  /// The number of logits per environment.
  public let width: Int
  /// The distance between two environments' logits; above `width` in a part of a composition.
  let stride: Int
  let base: UnsafePointer<Float>

  init(environmentCount: Int, width: Int, stride: Int, base: UnsafePointer<Float>) {
    self.environmentCount = environmentCount
    self.width = width
    self.stride = stride
    self.base = base
  }

  /// The logit of an environment at an index.
  ///
  /// - Precondition: both are within the row.
  @inline(__always)
  public subscript(environment: Int, index: Int) -> Float {
    precondition(
      environment >= 0 && environment < environmentCount && index >= 0 && index < width,
      "[\(environment), \(index)] is outside [\(environmentCount), \(width)]")
    return base[environment &* stride &+ index]
  }

  /// Calls the body with the probabilities of consecutive outcomes: e to the power of the logits.
  ///
  /// - Parameters:
  ///   - environment: the environment.
  ///   - start: the first outcome.
  ///   - count: the number of outcomes. They may belong to several environments if the logits of
  ///     all environments are contiguous.
  ///   - body: receives one probability after the other.
  @inline(__always)
  func forEachProbability(
    _ environment: Int, from start: Int, _ count: Int, _ body: (Float) -> Void
  ) {
    let offset = environment &* stride &+ start
    precondition(
      offset >= 0 && offset &+ count <= (environmentCount &- 1) &* stride &+ width,
      "\(count) logits from \(start) of environment \(environment)")
    let logits = base + offset
    withUnsafeTemporaryAllocation(of: Float.self, capacity: Float.lanes) { probabilities in
      guard let probabilities = probabilities.baseAddress else { return }
      var start = 0
      while start < count {
        let width = min(Float.lanes, count &- start)
        Kernels.map(probabilities, logits + start, width) { Float.exp($0) }
        for lane in 0..<width { body(probabilities[lane]) }
        start &+= width
      }
    }
  }

  /// Returns a part of every environment's logits, for a part of a composition.
  ///
  /// - Precondition: the columns are within the row.
  func columns(_ range: Range<Int>) -> LogitsView {
    precondition(range.lowerBound >= 0 && range.upperBound <= width, "\(range) of \(width) logits")
    return LogitsView(
      environmentCount: environmentCount, width: range.count, stride: stride,
      base: base + range.lowerBound)
  }
}

/// The destination of one row's actions, leaf by leaf in declared order.
///
/// Valid during the call that receives it.
public struct ActionRow {
  private let fragment: UnsafeMutableRawPointer
  /// The column of the leaf to be written, followed by those of the remaining leaves.
  private let columns: UnsafePointer<Column>
  private let leafCount: Int
  private let row: Int
  /// The number in the fragment of the policy's first environment.
  private let firstEnvironment: Int

  /// Creates the destination of the actions in a row of a fragment.
  ///
  /// - Parameters:
  ///   - fragment: the fragment, which outlives the destination.
  ///   - columns: the columns of the leaves of its actions, which outlive the destination as well.
  ///   - row: the row.
  ///   - firstEnvironment: the policy's first environment.
  init(_ fragment: FragmentView, _ columns: FlatVector<Column>, row: Int, firstEnvironment: Int) {
    self.init(
      fragment: fragment.base, columns: UnsafePointer(columns.base), leafCount: columns.count,
      row: row, firstEnvironment: firstEnvironment)
  }

  private init(
    fragment: UnsafeMutableRawPointer, columns: UnsafePointer<Column>, leafCount: Int, row: Int,
    firstEnvironment: Int
  ) {
    self.fragment = fragment
    self.columns = columns
    self.leafCount = leafCount
    self.row = row
    self.firstEnvironment = firstEnvironment
  }

  /// The number of elements per environment in the first leaf.
  public var elementCount: Int { column.elementCount }

  /// The size of one environment's elements in the first leaf, in bytes.
  var byteCount: Int { column.environmentStride }

  private var column: Column {
    precondition(leafCount > 0, "an action with fewer leaves")
    return columns.pointee
  }

  /// Writes one element of the first leaf.
  ///
  /// - Precondition: the size of `Element` is that of the leaf's elements, and the environment and
  ///   the index are within the leaf.
  @inline(__always)
  public func store<Element: RecordableScalar>(
    _ element: Element, environment: Int, index: Int = 0
  ) {
    leaf(as: Element.self)[environment &* elementCount &+ index] = element
  }

  /// Returns the elements of the first leaf, [B, elementCount], to the end of the row.
  @inline(__always)
  func leaf<Element: RecordableScalar>(as type: Element.Type) -> RowValues<Element> {
    let column = column
    precondition(
      column.environmentStride == column.elementCount &* MemoryLayout<Element>.stride
        && row < column.rowCount && firstEnvironment <= column.environmentCount,
      "actions of another type than their space's")
    return RowValues(
      (fragment + column.offset(row: row, environment: firstEnvironment))
        .assumingMemoryBound(to: Element.self),
      count: (column.environmentCount &- firstEnvironment) &* column.elementCount)
  }

  /// Returns the leaves from the `count`-th on, for the next part of a composition.
  public func dropping(_ count: Int) -> ActionRow {
    ActionRow(
      fragment: fragment, columns: columns + count, leafCount: leafCount - count, row: row,
      firstEnvironment: firstEnvironment)
  }
}

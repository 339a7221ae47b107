import Rollout

/// Names and shapes of all parameters and buffers, each a slice of one flat vector.
public struct ParameterLayout: Sendable, Equatable {
  /// One parameter, or a buffer.
  public struct Entry: Sendable, Equatable {
    /// PyTorch's name for it.
    public var name: String
    /// Its shape, row-major; a linear layer's weight is [out, in].
    public var shape: [Int]
    /// Where its slice starts.
    public var offset: Int
    /// How its first values are drawn.
    public var initialisation: Initialisation
    /// Whether gradients move it; not so a buffer, which only travels with the weights.
    public var isLearnt = true

    /// How many numbers it has.
    public var elementCount: Int { shape.reduce(1, *) }
    /// Its slice.
    public var range: Range<Int> { offset..<offset + elementCount }
  }

  /// Parameters and buffers in the order in which the network named them.
  public private(set) var entries: [Entry] = []

  /// Numbers in all of them together: the length of the flat vector.
  public var elementCount: Int { entries.last?.range.upperBound ?? 0 }

  /// Numbers that are learnt.
  public var learntCount: Int {
    entries.reduce(0) { $0 + ($1.isLearnt ? $1.elementCount : 0) }
  }

  /// The slice of a parameter or buffer; `nil` when there is none of that name.
  public func range(of name: String) -> Range<Int>? { entries.first { $0.name == name }?.range }

  /// No parameters.
  public init() {}

  mutating func add(
    _ name: String, _ shape: [Int], _ initialisation: Initialisation, isLearnt: Bool
  ) -> Int {
    let offset = elementCount
    entries.append(
      Entry(
        name: name, shape: shape, offset: offset, initialisation: initialisation,
        isLearnt: isLearnt))
    return offset
  }

  /// Draws first values for all of them, one stream for all in declared order.
  public func initialise<Scalar: KernelScalar>(
    _ weights: FlatVector<Scalar>, using random: inout PCG64
  ) {
    precondition(weights.count == elementCount, "\(weights.count) weights for \(elementCount)")
    for entry in entries {
      let range = entry.range
      switch entry.initialisation {
      case .constant(let value):
        for index in range { weights[index] = Scalar(value) }
      case .uniform(let bound):
        for index in range { weights[index] = Scalar(random.uniform(-bound, bound)) }
      case .normal(let deviation):
        for index in range { weights[index] = Scalar(deviation * random.standardNormal()) }
      case .orthogonal(let gain):
        let rows = entry.shape.first ?? 1
        let numbers = OrthogonalMatrix.draw(
          rows: rows, columns: entry.elementCount / max(rows, 1), gain: gain, using: &random)
        for (index, number) in zip(range, numbers) { weights[index] = Scalar(number) }
      }
    }
  }
}

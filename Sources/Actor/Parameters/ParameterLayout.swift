import Rollout

/// The names and shapes of all parameters and buffers, each a slice of one flat vector.
public struct ParameterLayout: Sendable, Equatable {
  /// A parameter or a buffer.
  public struct Entry: Sendable, Equatable {
    /// The name, as in PyTorch.
    public var name: String
    /// The shape, row-major; a linear layer's weight is [out, in].
    public var shape: [Int]
    /// The start of its slice.
    package var offset: Int
    /// The distribution of its first values.
    public var initialization: Initialization
    /// True for a learned parameter, false for a buffer.
    public var isLearned = true

    /// The number of elements.
    package var elementCount: Int { shape.reduce(1, *) }
    /// The slice of the flat vector.
    public var range: Range<Int> { offset..<offset + elementCount }
  }

  /// Parameters and buffers in order of first use.
  public private(set) var entries: [Entry] = []

  /// The number of elements of all entries, the length of the flat vector.
  public var elementCount: Int { entries.last?.range.upperBound ?? 0 }

  /// The number of elements of all learned parameters.
  package var learnedCount: Int {
    entries.reduce(0) { $0 + ($1.isLearned ? $1.elementCount : 0) }
  }

  /// Returns the slice of a parameter or buffer; `nil` for an unknown name.
  public func range(of name: String) -> Range<Int>? { entries.first { $0.name == name }?.range }

  /// Creates an empty layout.
  package init() {}

  /// Returns the layout with only some of its learned parameters as learned.
  ///
  /// - Parameter isChosen: returns true for the parameters that stay learned.
  package func learning(only isChosen: (Entry) -> Bool) -> ParameterLayout {
    var layout = self
    for index in entries.indices where !isChosen(entries[index]) {
      layout.entries[index].isLearned = false
    }
    return layout
  }

  mutating func add(
    _ name: String, _ shape: [Int], _ initialization: Initialization, isLearned: Bool
  ) -> Int {
    let offset = elementCount
    entries.append(
      Entry(
        name: name, shape: shape, offset: offset, initialization: initialization,
        isLearned: isLearned))
    return offset
  }

  /// Draws the first values of all entries in declared order from one random stream.
  package func initialize<Scalar: KernelScalar>(
    _ weights: FlatVector<Scalar>, using random: inout PCG64
  ) {
    precondition(weights.count == elementCount, "\(weights.count) weights for \(elementCount)")
    for entry in entries {
      let range = entry.range
      switch entry.initialization {
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

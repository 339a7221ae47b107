/// The distribution of a parameter's first values.
public enum Initialization: Sendable, Equatable {
  /// One number for all elements.
  case constant(Double)
  /// A uniform distribution between −bound and +bound.
  case uniform(Double)
  /// A normal distribution of mean zero and the given standard deviation.
  case normal(Double)
  /// A random orthogonal matrix times the gain: PyTorch's `orthogonal_`.
  ///
  /// The matrix has the first axis as rows and all other axes joined as columns. Its rows are
  /// orthogonal to each other, or its columns if it has more rows than columns.
  case orthogonal(gain: Double)
}

/// How a parameter's first values are drawn.
public enum Initialisation: Sendable, Equatable {
  /// All the same number.
  case constant(Double)
  /// Uniformly between minus and plus that bound.
  case uniform(Double)
  /// From a normal distribution around zero with that standard deviation.
  case normal(Double)
  /// A random orthogonal matrix times that gain: PyTorch's `orthogonal_`.
  ///
  /// The first axis by all others joined; the rows are orthogonal to each other, or the columns where
  /// there are more rows than columns.
  case orthogonal(gain: Double)
}

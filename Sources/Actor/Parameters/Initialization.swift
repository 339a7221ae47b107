import Rollout

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

/// A random matrix with orthogonal rows, or columns if these are fewer, of equal length.
///
/// It is drawn uniformly among such matrices. The vectors are those of a QR decomposition of normal
/// numbers with a positive diagonal of R. PyTorch achieves the same by changing signs. The
/// decomposition is the modified Gram–Schmidt process. Each vector is made orthogonal to the
/// earlier ones twice, since rounding leaves errors after the first pass.
enum OrthogonalMatrix {
  /// Returns a matrix [rows, columns], row-major, with rows or columns of length `gain`.
  static func draw(rows: Int, columns: Int, gain: Double, using random: inout PCG64) -> [Double] {
    let count = min(rows, columns)
    let length = max(rows, columns)
    var vectors = (0..<count * length).map { _ in random.standardNormal() }
    for index in 0..<count { Kernels.orthogonalize(&vectors, index, length) }
    return (0..<rows * columns).map { index in
      let (row, column) = (index / columns, index % columns)
      return gain * vectors[rows <= columns ? index : column * length + row]
    }
  }
}

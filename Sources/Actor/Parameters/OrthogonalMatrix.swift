import Rollout

/// A matrix drawn uniformly among those with orthogonal rows or columns of one length, whichever are fewer.
///
/// The vectors are those of a QR decomposition of normal numbers whose R has a positive diagonal, as PyTorch
/// makes it by turning signs. The decomposition is Gram and Schmidt's, modified, each vector cleared of the
/// earlier ones twice: once would leave what rounding lets through.
enum OrthogonalMatrix {
  /// The matrix [rows, columns], row-major, whose rows or columns have the length `gain`.
  static func draw(rows: Int, columns: Int, gain: Double, using random: inout PCG64) -> [Double] {
    let count = min(rows, columns)
    let length = max(rows, columns)
    var vectors = (0..<count * length).map { _ in random.standardNormal() }
    vectors.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for index in 0..<count { orthogonalise(base, index, length) }
    }
    return (0..<rows * columns).map { index in
      let (row, column) = (index / columns, index % columns)
      return gain * vectors[rows <= columns ? index : column * length + row]
    }
  }

  /// Makes a vector orthogonal to those before it, and one long.
  private static func orthogonalise(
    _ vectors: UnsafeMutablePointer<Double>, _ index: Int, _ length: Int
  ) {
    let vector = vectors + index * length
    for _ in 0..<2 {
      for earlier in 0..<index {
        let other = UnsafePointer(vectors + earlier * length)
        let share = Double.Vector(
          repeating: Kernels.dot(UnsafePointer(vector), other, count: length))
        Kernels.accumulate(vector, other, length) { 0 - share * $0 }
      }
    }
    let square = Kernels.sumOfSquares(UnsafePointer(vector), count: length)
    let scale = Double.Vector(repeating: 1 / square.squareRoot())
    Kernels.map(vector, UnsafePointer(vector), length) { $0 * scale }
  }
}

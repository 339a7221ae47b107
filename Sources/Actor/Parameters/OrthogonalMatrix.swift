import Rollout

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
    vectors.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      for index in 0..<count { orthogonalise(base, index, length) }
    }
    return (0..<rows * columns).map { index in
      let (row, column) = (index / columns, index % columns)
      return gain * vectors[rows <= columns ? index : column * length + row]
    }
  }

  /// Makes a vector orthogonal to those before it and scales it to length 1.
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

extension Kernels {
  /// Makes a vector of a list orthogonal to those before it and scales it to length 1.
  ///
  /// - Parameters:
  ///   - vectors: the vectors one after the other, those before `index` of length 1.
  ///   - index: the vector.
  ///   - length: the number of elements of a vector.
  static func orthogonalize(_ vectors: inout [Double], _ index: Int, _ length: Int) {
    precondition(index >= 0 && (index + 1) * length <= vectors.count, "no vector \(index)")
    vectors.withUnsafeMutableBufferPointer { buffer in
      guard let vectors = buffer.baseAddress else { return }
      let vector = vectors + index * length
      // The second pass removes what rounding leaves.
      for _ in 0..<2 {
        for earlier in 0..<index {
          let other = UnsafePointer(vectors + earlier * length)
          let share = Double.Vector(repeating: dot(UnsafePointer(vector), other, count: length))
          accumulate(vector, other, length) { 0 - share * $0 }
        }
      }
      let square = sumOfSquares(UnsafePointer(vector), count: length)
      let scale = Double.Vector(repeating: 1 / square.squareRoot())
      map(vector, UnsafePointer(vector), length) { $0 * scale }
    }
  }
}

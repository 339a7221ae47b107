import Rollout

extension Graph {
  /// Applies PyTorch's `Embedding`: returns the row of a learned table for each index.
  ///
  /// The parameter is `<name>.weight` [count, width], drawn from N(0, 1).
  ///
  /// - Precondition: `indices` is int32; at run time each is within 0 ..< count.
  public func embedding(_ indices: Tensor, count: Int, width: Int, name: String) -> Tensor {
    precondition(indices.elementType == .int32, "an embedding needs int32 indices")
    let table = parameter("\(name).weight", [count, width], .normal(1))
    return append(.embedding, [table, indices], indices.shape + [width])
  }

  /// Returns a 1 at each index and zeros elsewhere: [.., count].
  ///
  /// - Precondition: `indices` is int32; at run time each is within 0 ..< count.
  public func oneHot(_ indices: Tensor, count: Int) -> Tensor {
    precondition(indices.elementType == .int32, "one-hot needs int32 indices")
    return append(.oneHot, [indices], indices.shape + [count])
  }

  /// Returns the bits of each integer as zeros and ones, lowest first.
  ///
  /// This is the `OneHotBits` of rlplay's overview.
  ///
  /// - Precondition: `indices` is int32 and `bits` is within 1 ..< 64; bits beyond 31 repeat the
  ///   sign.
  public func oneHotBits(_ indices: Tensor, bits: Int = 63) -> Tensor {
    precondition(indices.elementType == .int32, "bits are taken of int32")
    precondition((1..<64).contains(bits), "\(bits) bits: take 1 to 63")
    return append(.oneHotBits, [indices], indices.shape + [bits])
  }
}

import Rollout

extension NetworkPolicy {
  /// The largest number of units, numbers or layers, far beyond practical use.
  static let largest = (width: 1 << 20, hidden: 64, layers: 64, inputs: 64)

  /// Throws an error for sizes with which arithmetic could overflow or tracing would never end.
  public func checkSizes() throws(PolicyError) {
    func check(_ name: String, _ value: Int, upTo limit: Int) throws(PolicyError) {
      guard !(1...limit).contains(value) else { return }
      throw PolicyError("the policy's '\(name)' is \(value): use 1 to \(limit)")
    }
    try check("embeddingWidth", embeddingWidth, upTo: Self.largest.width)
    try check("recurrentSize", recurrentSize, upTo: Self.largest.width)
    try check("recurrentLayers", recurrentLayers, upTo: Self.largest.layers)
    for size in hidden { try check("hidden", size, upTo: Self.largest.width) }
    guard hidden.count <= Self.largest.hidden, inputs.count <= Self.largest.inputs else {
      throw PolicyError(
        """
        the policy has \(hidden.count) hidden layers and \(inputs.count) inputs: use at most \
        \(Self.largest.hidden) and \(Self.largest.inputs)
        """)
    }
  }
}

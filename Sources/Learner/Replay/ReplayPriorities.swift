import Glibc
import Rollout

/// The priorities of replayed environments, as a sum tree that draws them in proportion.
///
///     p_i = |δ_i| + ε
///     P(i) = p_i^α / Σ_k p_k^α
///     w_i = (N P(i))^−β / max_j w_j,   the maximum over a sample
///
/// δ_i is the mean magnitude of the temporal-difference errors of a sample's steps, ε is 10⁻⁶. A
/// new environment has the largest priority so far, and so is soon drawn once.
///
/// Source: Schaul, Quan, Antonoglou and Silver (2016), "Prioritized experience replay", equation 1
/// and algorithm 1, the proportional variant.
struct ReplayPriorities {
  /// ε, the priority of a step without an error.
  static let smallest = 1e-6

  /// α, the exponent of priorities.
  let exponent: Double
  /// The largest p^α so far, 1 at first.
  private(set) var largest = 1.0
  /// The sums of a binary tree: the root has index 1, and node n the children 2n and 2n + 1.
  private var sums: [Double]
  /// The number of leaves, a power of two; they follow the inner nodes.
  private let leafCount: Int

  /// Creates priorities of 0.
  ///
  /// - Parameters:
  ///   - exponent: α, above 0.
  ///   - count: the number of places for environments.
  init(exponent: Double, count: Int) {
    self.exponent = exponent
    var leafCount = 1
    while leafCount < count { leafCount *= 2 }
    self.leafCount = leafCount
    sums = Array(repeating: 0, count: 2 * leafCount)
  }

  /// The sum of all p^α.
  var total: Double { sums[1] }

  /// The p^α of a place; 0 if it is empty.
  subscript(place: Int) -> Double {
    get { sums[leafCount + place] }
    set {
      var node = leafCount + place
      sums[node] = newValue
      // Sums are made anew, so that they depend on the leaves alone.
      while node > 1 {
        node /= 2
        sums[node] = sums[2 * node] + sums[2 * node + 1]
      }
    }
  }

  /// Sets the priority of a place from the error of its sample.
  mutating func update(_ place: Int, error: Double) {
    let priority = pow(error + Self.smallest, exponent)
    self[place] = priority
    largest = max(largest, priority)
  }

  /// Returns the place at which the running sum of p^α exceeds a number.
  ///
  /// - Parameter sum: a number from 0 to below `total`.
  func place(at sum: Double) -> Int {
    var (node, rest) = (1, sum)
    while node < leafCount {
      node *= 2
      // A subtree without priority is never entered, whatever rounding leaves of the rest.
      if rest >= sums[node], sums[node + 1] > 0 {
        rest -= sums[node]
        node += 1
      }
    }
    return node - leafCount
  }

  /// Draws the place of one of several samples.
  ///
  /// The sum of all priorities is divided into equal ranges, one for each sample (appendix B.2.1).
  func draw(_ sample: Int, of count: Int, using random: inout PCG64) -> Int {
    place(at: (Double(sample) + random.nextDouble()) / Double(count) * total)
  }

  /// Saves or restores the priorities of the first places.
  mutating func transfer(_ archive: inout StateArchive, count: Int) throws(CheckpointError) {
    var leaves = Array(sums[leafCount..<leafCount + count])
    try archive.transfer("replay.largest_priority", &largest)
    try archive.transfer("replay.priorities", &leaves, count: count)
    try archive.require(
      "replay.priorities", (leaves + [largest]).allSatisfy { $0 > 0 && $0.isFinite },
      "has a priority that is not a positive number")
    guard archive.isRestoring else { return }
    for (place, priority) in leaves.enumerated() { self[place] = priority }
  }
}

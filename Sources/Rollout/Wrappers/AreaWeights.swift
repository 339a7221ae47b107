/// The weights of an area average along one axis of an image.
///
/// Target i of m covers the sources from i·n/m to (i+1)·n/m. Its weights add up to 1.
struct AreaWeights {
  /// The number of targets.
  let count: Int
  /// The first source that each target covers.
  private let starts: FlatVector<Int>
  /// The start of each target's weights, followed by the end of the last one's.
  private let offsets: FlatVector<Int>
  private let weights: FlatVector<Float>

  /// Computes the weights for `count` targets; there have to be at least as many sources.
  init(of sourceCount: Int, by count: Int) {
    self.count = count
    var (starts, offsets, weights): ([Int], [Int], [Float]) = ([], [0], [])
    for target in 0..<count {
      // In units of 1/m of a source, which makes all boundaries integers.
      let covered = target * sourceCount..<(target + 1) * sourceCount
      let sources = covered.lowerBound / count...(covered.upperBound - 1) / count
      starts.append(sources.lowerBound)
      for source in sources {
        let overlap = covered.clamped(to: source * count..<(source + 1) * count).count
        weights.append(Float(overlap) / Float(sourceCount))
      }
      offsets.append(weights.count)
    }
    self.starts = FlatVector(starts)
    self.offsets = FlatVector(offsets)
    self.weights = FlatVector(weights)
  }

  /// Calls the body with each source that a target covers, and its weight.
  @inline(__always)
  func forEach(of target: Int, _ body: (_ source: Int, _ weight: Float) -> Void) {
    let start = starts[target]
    let offset = offsets[target]
    for place in 0..<offsets[target &+ 1] &- offset {
      body(start &+ place, weights[offset &+ place])
    }
  }
}

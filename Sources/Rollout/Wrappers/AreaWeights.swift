/// The weights of an area average along one axis of an image, as OpenCV computes them.
///
/// Target i of m covers the sources from i·n/m to (i+1)·n/m. Its weights add up to 1. A source of
/// which less than a thousandth is covered is left out.
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
    let scale = Double(sourceCount) / Double(count)
    var (starts, offsets, weights): ([Int], [Int], [Float]) = ([], [0], [])
    for target in 0..<count {
      let low = Double(target) * scale
      let high = low + scale
      let width = min(scale, Double(sourceCount) - low)
      // The sources that are covered as a whole; one before and one after them may be in part.
      let end = min(Int(high), sourceCount - 1)
      let start = min(Int(low.rounded(.up)), end)
      let hasPartBefore = Double(start) - low > 1e-3
      starts.append(hasPartBefore ? start - 1 : start)
      if hasPartBefore { weights.append(Float((Double(start) - low) / width)) }
      weights.append(contentsOf: repeatElement(Float(1 / width), count: end - start))
      let after = high - Double(end)
      if after > 1e-3 { weights.append(Float(min(after, 1, width) / width)) }
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

import Actor
import Rollout

/// Running means and variances of observations, written into the weights of a normalizing network.
///
/// A sample is an observation that was acted upon: rows 0…T−1, without the rows of waiting
/// environments (`sticky`). An observation that contains a number which is not finite is no sample.
final class ObservationStatistics: Restorable {
  private struct Leaf {
    var path: String
    var column: Column
    var isDouble: Bool
    var moments: RunningMoments
    var mean: Range<Int>
    var scale: Range<Int>
  }

  private let leaves: [Leaf]
  private let weights: FlatVector<Float>
  /// True for each observation of the batch that is a sample, [T, B].
  private let isSample: FlatVector<Bool>
  private let sums: FlatVector<Double>
  private let squares: FlatVector<Double>

  /// Creates the statistics for which the weights have buffers; nil if they have none.
  ///
  /// - Parameters:
  ///   - layout: the layout of the batches, [T, n·B].
  ///   - parameters: the policy's parameters, including its buffers.
  ///   - weights: the weights that means and scales are written into.
  init?(_ layout: FragmentLayout, _ parameters: ParameterLayout, _ weights: FlatVector<Float>) {
    let observation = layout.contents.spaces.observation
    leaves = NetworkNormalization.leaves(of: observation).compactMap { place, path in
      guard let mean = parameters.range(of: NetworkNormalization.meanName(of: path)),
        let scale = parameters.range(of: NetworkNormalization.scaleName(of: path))
      else { return nil }
      let column = layout.obs.leaves[place]
      precondition(
        mean.count == column.elementCount && scale.count == column.elementCount,
        "\(path) has \(column.elementCount) elements and buffers of \(mean.count), \(scale.count)")
      return Leaf(
        path: path, column: column,
        isDouble: observation.leaves.leaves[place].elementType == .float64,
        moments: RunningMoments(count: column.elementCount), mean: mean, scale: scale)
    }
    guard let width = leaves.map(\.column.elementCount).max() else { return nil }
    self.weights = weights
    isSample = FlatVector(repeating: false, count: layout.stepCount * layout.environmentCount)
    sums = FlatVector(repeating: 0, count: width)
    squares = FlatVector(repeating: 0, count: width)
  }

  /// Adds a batch's observations and writes the new statistics into the weights.
  ///
  /// - Parameter exchange: the exchange with other ranks, whose observations count too.
  func add(_ batch: FragmentView, over exchange: UpdateExchange? = nil) {
    for leaf in leaves {
      if leaf.isDouble {
        add(leaf, of: batch, as: Double.self, over: exchange)
      } else {
        add(leaf, of: batch, as: Float.self, over: exchange)
      }
      for index in 0..<leaf.moments.count {
        weights[leaf.mean.lowerBound + index] = Float(leaf.moments.mean(index))
        weights[leaf.scale.lowerBound + index] = Float(leaf.moments.scale(index))
      }
    }
  }

  /// Adds a batch in two passes, means first, to avoid cancellation.
  @inline(__always)
  private func add<Element: RecordableScalar & BinaryFloatingPoint>(
    _ leaf: Leaf, of batch: FragmentView, as type: Element.Type, over exchange: UpdateExchange?
  ) {
    let (allSums, allSquares, samples) = (sums, squares, isSample)
    let width = leaf.column.elementCount
    var sums = allSums.mutableSpan
    var squares = allSquares.mutableSpan
    var isSample = samples.mutableSpan
    let steps = batch.layout.stepCount * batch.layout.environmentCount
    let played = PlayedSteps(batch)
    // The observations of all environments and rows are contiguous.
    let observations = batch.values(leaf.column, as: Element.self)
    var count = 0
    for element in 0..<width { (sums[element], squares[element]) = (0, 0) }
    for step in 0..<steps {
      let values = observations.extracting(step * width..<(step + 1) * width)
      var isFinite = true
      // The network reads Float: a Double beyond its range counts as not finite.
      for element in 0..<width where !Float(values[element]).isFinite { isFinite = false }
      isSample[step] = isFinite && played.contains(step)
      guard isSample[step] else { continue }
      count &+= 1
      for element in 0..<width { sums[element] += Double(values[element]) }
    }
    for element in 0..<width { sums[element] /= Double(max(count, 1)) }
    for step in 0..<steps where isSample[step] {
      let values = observations.extracting(step * width..<(step + 1) * width)
      for element in 0..<width {
        let difference = Double(values[element]) - sums[element]
        squares[element] += difference * difference
      }
    }
    leaf.moments.merge(count: count, over: exchange) {
      (allSums[$0], allSquares[$0] / Double(count))
    }
  }

  /// Saves or restores counts, means and variances by the leaf's path: `statistics.obs.mean`.
  func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
    for leaf in leaves { try leaf.moments.transfer("statistics.\(leaf.path)", &archive) }
  }
}

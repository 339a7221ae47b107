import Actor
import Rollout

/// The running variance of discounted returns, written into the weights to scale rewards.
///
///     R ← γ R + r, from 0 at the beginning of each episode
///
/// R is followed for every environment of every worker through the worker's fragments, in the order
/// in which they are taken. Each value is a sample.
///
/// R is reset to 0 if the first row of a fragment begins an episode, as after a worker was
/// replaced; a worker restored from a snapshot keeps its R. R is also reset to 0 after dropped
/// fragments. A reward that is not finite is left out.
final class ReturnStatistics: Restorable {
  private static let name = "statistics.return"

  private let discount: Double
  private let weights: FlatVector<Float>
  private let place: Int
  private let moments = RunningMoments(count: 1)
  /// R of the environments of each known worker.
  private var returns: [UInt32: FlatVector<Double>] = [:]
  /// The index of each known worker's next fragment.
  private var next: [UInt32: UInt64] = [:]
  /// The values of R in the batch.
  private let samples: FlatVector<Double>

  /// Creates the statistics; nil if the weights have no buffer for them.
  ///
  /// - Parameters:
  ///   - layout: the layout of the batches, [T, n·B].
  ///   - parameters: the policy's parameters, including its buffers.
  ///   - weights: the weights that the scale is written into.
  ///   - discount: γ.
  init?(
    _ layout: FragmentLayout, _ parameters: ParameterLayout, _ weights: FlatVector<Float>,
    discount: Double
  ) {
    guard let range = parameters.range(of: NetworkNormalization.returnScaleName) else { return nil }
    self.discount = discount
    self.weights = weights
    place = range.lowerBound
    samples = FlatVector(repeating: 0, count: layout.stepCount * layout.environmentCount)
  }

  /// Adds a batch's rewards and writes the new scale into the weights.
  ///
  /// - Parameter exchange: the exchange with other ranks, whose returns count too.
  func add(_ batch: FragmentBatch, over exchange: UpdateExchange? = nil) {
    let count = batch.layout.environmentCount / batch.fragmentCount
    var sampleCount = 0
    for (position, header) in batch.headers.enumerated() {
      // The rewards in dropped fragments are unknown.
      if let expected = next[header.worker], header.index > expected {
        returns[header.worker] = nil
      }
      next[header.worker] = header.index + 1
      sampleCount = follow(
        batch.view, from: position * count, returns(of: header.worker, count: count),
        behind: sampleCount)
    }
    var (sum, squares) = (0.0, 0.0)
    for index in 0..<sampleCount { sum += samples[index] }
    let mean = sum / Double(max(sampleCount, 1))
    for index in 0..<sampleCount {
      let difference = samples[index] - mean
      squares += difference * difference
    }
    moments.merge(count: sampleCount, over: exchange) { _ in
      (mean, squares / Double(sampleCount))
    }
    weights[place] = Float(moments.scale(0))
  }

  /// Follows R through one fragment and returns the new number of samples.
  ///
  /// - Parameters:
  ///   - first: the fragment's first environment in the batch.
  ///   - returns: R of the fragment's environments, updated in place.
  ///   - earlierCount: the number of samples so far.
  private func follow(
    _ batch: FragmentView, from first: Int, _ returns: FlatVector<Double>,
    behind earlierCount: Int
  ) -> Int {
    let played = PlayedSteps(batch)
    let (count, samples, discount) = (returns.count, samples, discount)
    var sampleCount = earlierCount
    for index in 0..<count where batch.fin[0, first + index] { returns[index] = 0 }
    for t in 0..<batch.layout.stepCount {
      for index in 0..<count {
        let step = t &* batch.layout.environmentCount &+ first &+ index
        let reward = played.rewards[step]
        if reward.isFinite, played.contains(step) {
          returns[index] = discount * returns[index] + Double(reward)
          samples[sampleCount] = returns[index]
          sampleCount &+= 1
        }
        if played.ends[step] { returns[index] = 0 }
      }
    }
    return sampleCount
  }

  private func returns(of worker: UInt32, count: Int) -> FlatVector<Double> {
    if let known = returns[worker], known.count == count { return known }
    let new = FlatVector(repeating: 0.0, count: count)
    returns[worker] = new
    return new
  }

  /// Saves or restores the moments and R of each worker's environments.
  ///
  /// The latter have names such as `statistics.return.worker.3`.
  func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
    try moments.transfer(Self.name, &archive)
    var open = returns.sorted { $0.key < $1.key }.map { worker, returns in
      (name: "\(worker)", values: returns.elements)
    }
    try archive.transfer(below: "\(Self.name).worker.", &open)
    guard archive.isRestoring else { return }
    returns = [:]
    for (name, values) in open {
      guard let worker = UInt32(name) else {
        throw CheckpointError(.malformed, "'\(Self.name).worker.\(name)' belongs to no worker")
      }
      try archive.require(
        "\(Self.name).worker.\(name)", values.count < 1 << 30 && values.allSatisfy(\.isFinite),
        "has a number that is not finite")
      returns(of: worker, count: values.count).assign(values)
    }
  }
}

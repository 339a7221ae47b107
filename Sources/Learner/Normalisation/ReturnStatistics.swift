import Actor
import Rollout

/// The variance of discounted returns, written into the weights for learning from rewards of a common scale.
///
///     R = γ R + r, from 0 at the beginning of each episode
///
/// is followed for every environment of every worker through its fragments, in the order in which they are taken; each value
/// is a sample. A worker that is replaced begins with 0. A reward that is not finite is left out.
final class ReturnStatistics: RunningStatistics {
  private final class Worker {
    var incarnation: UInt32
    let returns: FlatVector<Double>

    init(incarnation: UInt32, count: Int) {
      self.incarnation = incarnation
      returns = FlatVector(repeating: 0, count: count)
    }
  }

  private static let name = "return"

  private let discount: Double
  private let weights: FlatVector<Float>
  private let place: Int
  private let moments = RunningMoments(count: 1)
  private var workers: [UInt32: Worker] = [:]
  /// The batch's values of R.
  private let samples: FlatVector<Double>

  /// Prepares the statistics; `nil` where the weights have no buffer for them.
  ///
  /// - Parameters:
  ///   - layout: the batches, [T, n·B].
  ///   - parameters: the policy's, with its buffers.
  ///   - weights: where the scale is written.
  ///   - discount: γ.
  init?(
    _ layout: FragmentLayout, _ parameters: ParameterLayout, _ weights: FlatVector<Float>,
    discount: Double
  ) {
    guard let range = parameters.range(of: NetworkNormalisation.returnScaleName) else { return nil }
    self.discount = discount
    self.weights = weights
    place = range.lowerBound
    samples = FlatVector(repeating: 0, count: layout.stepCount * layout.environmentCount)
  }

  /// Adds a batch's rewards; the weights know of them when it returns.
  func add(_ batch: FragmentBatch) {
    let count = batch.layout.environmentCount / batch.fragmentCount
    var sampleCount = 0
    for (position, header) in batch.headers.enumerated() {
      let worker = worker(of: header, environmentCount: count)
      sampleCount = follow(
        batch.view, from: position * count, worker.returns, behind: sampleCount)
    }
    var (sum, squares) = (0.0, 0.0)
    for index in 0..<sampleCount { sum += samples.base[index] }
    let mean = sum / Double(max(sampleCount, 1))
    for index in 0..<sampleCount {
      let difference = samples.base[index] - mean
      squares += difference * difference
    }
    moments.merge(count: sampleCount) { _ in (mean, squares / Double(sampleCount)) }
    weights.base[place] = Float(moments.scale(0))
  }

  /// Follows one fragment, whose environments begin at `first` of the batch; how many samples there are then.
  private func follow(
    _ batch: FragmentView, from first: Int, _ returns: FlatVector<Double>,
    behind earlierCount: Int
  ) -> Int {
    let (played, samples, count) = (PlayedSteps(batch), samples.base, returns.count)
    let (returns, discount) = (returns.base, discount)
    var sampleCount = earlierCount
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

  private func worker(of header: FragmentHeader, environmentCount: Int) -> Worker {
    if let worker = workers[header.worker], worker.incarnation == header.incarnation,
      worker.returns.count == environmentCount
    {
      return worker
    }
    let worker = Worker(incarnation: header.incarnation, count: environmentCount)
    workers[header.worker] = worker
    return worker
  }

  /// The moments, and for each worker its number, its incarnation and the returns of its environments so far.
  var state: [(name: String, values: [Double])] {
    let open = workers.sorted { $0.key < $1.key }.map { number, worker in
      (
        name: "\(Self.name).worker.\(number)",
        values: [Double(worker.incarnation)] + worker.returns.elements
      )
    }
    return moments.state(Self.name) + open
  }

  func restore(_ state: [(name: String, values: [Double])]) throws(CheckpointError) {
    try moments.restore(state, Self.name)
    workers = [:]
    let prefix = "\(Self.name).worker."
    for (name, values) in state where name.hasPrefix(prefix) {
      guard let number = UInt32(name.dropFirst(prefix.count)), let first = values.first,
        let incarnation = UInt32(exactly: first)
      else { throw CheckpointError(.malformed, "its statistics '\(name)' are of no worker") }
      let worker = Worker(incarnation: incarnation, count: values.count - 1)
      worker.returns.assign(Array(values.dropFirst()))
      workers[number] = worker
    }
  }
}

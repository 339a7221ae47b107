import Actor
import Rollout
import Testing

@testable import Learner

/// Running statistics of observations compared with those of all observations at once.
struct ObservationStatisticsTests {
  private static let spaces = EnvironmentSpaces(
    observation: .dict([
      SpaceField("camera", .box(shape: [2, 3], low: -1, high: 1)),
      SpaceField("mode", .discrete(5)),
      SpaceField("precise", .box(shape: [2], low: -1, high: 1, elementType: .float64)),
    ]),
    action: .discrete(3))

  /// Batches of 5 steps of 4 environments, and weights with buffers for them.
  private struct Stage {
    let storage: FragmentStorage
    let parameters: ParameterLayout
    let weights: FlatVector<Float>
    let statistics: ObservationStatistics
    var random = PCG64(seed: 4)

    init() throws {
      let signature = try PolicySignature(
        NetworkPolicy(normalization: .init(observations: true)), for: spaces)
      storage = FragmentStorage(
        FragmentLayout(stepCount: 5, environmentCount: 4, contents: signature.contents(spaces)))
      parameters = signature.parameters
      weights = FlatVector(repeating: 0, count: parameters.elementCount)
      statistics = try #require(ObservationStatistics(storage.layout, parameters, weights))
    }

    /// Fills the batch with random numbers and appends samples to `seen`, by leaf and element.
    mutating func fill(_ number: Int, seen: inout [String: [[Double]]]) {
      let (view, layout) = (storage.view, storage.layout)
      for t in 0...5 {
        for b in 0..<4 {
          // Environment 1 waits from row 2 of odd batches on.
          let waits = number % 2 == 1 && b == 1 && t >= 2
          if t > 0 {
            view.fin[t, b] = random.integer(below: 4) == 0 || (waits && t > 2)
            view.terminated[t - 1, b] = view.fin[t, b] && !(waits && t > 2)
          }
          let camera: ColumnView<Float> = view.column(layout.obs.leaves[0])
          let precise: ColumnView<Double> = view.column(layout.obs.leaves[2])
          for i in 0..<6 {
            camera[t, b, i] = Float(100 * Double(i) + Double(number) * random.standardNormal())
          }
          for i in 0..<2 { precise[t, b, i] = 1e-3 * random.standardNormal() - Double(i) }
          // One NaN excludes the observation of its leaf, and of no other leaf.
          let isBroken = number == 2 && t == 3 && b == 0
          if isBroken { camera[t, b, 4] = .nan }
          if t == 5 || waits { continue }
          if !isBroken { for i in 0..<6 { seen["obs.camera"]![i].append(Double(camera[t, b, i])) } }
          for i in 0..<2 { seen["obs.precise"]![i].append(precise[t, b, i]) }
        }
      }
    }

    /// Returns the contents of a leaf's buffers.
    func buffers(_ path: String) throws -> (mean: [Float], scale: [Float]) {
      let mean = try #require(parameters.range(of: "normalizer.\(path).mean"))
      let scale = try #require(parameters.range(of: "normalizer.\(path).scale"))
      return (mean.map { weights[$0] }, scale.map { weights[$0] })
    }
  }

  private static let nothing = [
    "obs.camera": Array(repeating: [Double](), count: 6),
    "obs.precise": Array(repeating: [Double](), count: 2),
  ]

  @Test func `means and scales are those of all that was acted upon, at once`() throws {
    var stage = try Stage()
    var seen = Self.nothing
    for number in 0..<6 {
      stage.fill(number, seen: &seen)
      stage.statistics.add(stage.storage.view)
      for (path, elements) in seen {
        let (mean, scale) = try stage.buffers(path)
        for (element, samples) in elements.enumerated() {
          let expected = NaiveMoments(samples)
          // The results are Floats of sums in Double that differ only in their order.
          #expect(
            abs(Double(mean[element]) - expected.mean) <= 1e-6 * max(1e-3, abs(expected.mean)),
            "\(path) \(element) of batch \(number): \(mean[element]), \(expected.mean)")
          #expect(
            abs(Double(scale[element]) / expected.scale - 1) <= 1e-6,
            "\(path) \(element) of batch \(number): \(scale[element]), \(expected.scale)")
        }
      }
    }
  }

  @Test func `what was saved goes on to the same bits`() throws {
    var (one, other) = (try Stage(), try Stage())
    var (seen, same) = (Self.nothing, Self.nothing)
    for number in 0..<3 {
      one.fill(number, seen: &seen)
      one.statistics.add(one.storage.view)
    }
    let saved = try one.statistics.saved()
    #expect(
      saved.map(\.name)
        == ["camera", "precise"].flatMap { path in
          ["count", "mean", "variance"].map { "statistics.obs.\(path).\($0)" }
        })
    try other.statistics.restore(saved)
    other.random = one.random
    one.fill(3, seen: &seen)
    one.statistics.add(one.storage.view)
    other.fill(3, seen: &same)
    other.statistics.add(other.storage.view)
    for path in seen.keys {
      #expect(try one.buffers(path) == other.buffers(path))
    }
    #expect(try one.statistics.saved() == other.statistics.saved())
    #expect(throws: CheckpointError.self) { try other.statistics.restore([]) }
    #expect(throws: CheckpointError.self) {
      try other.statistics.restore(
        saved.map {
          SafetensorsFile.Tensor(
            name: $0.name, shape: [999], values: Array(repeating: 0.0, count: 999))
        })
    }
  }

  @Test func `a policy that normalizes nothing has no statistics`() throws {
    let signature = try PolicySignature(NetworkPolicy(), for: Self.spaces)
    let layout = FragmentLayout(
      stepCount: 5, environmentCount: 4, contents: signature.contents(Self.spaces))
    let weights = FlatVector<Float>(repeating: 0, count: signature.parameters.elementCount)
    #expect(ObservationStatistics(layout, signature.parameters, weights) == nil)
    #expect(ReturnStatistics(layout, signature.parameters, weights, discount: 0.9) == nil)
  }
}

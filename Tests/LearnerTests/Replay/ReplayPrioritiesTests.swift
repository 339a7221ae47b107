import Actor
import Foundation
import Rollout
import TestSupport
import Testing

@testable import Learner

/// Prioritized replay compared with its definition and with linear scans.
struct ReplayPrioritiesTests {
  @Test(arguments: [1, 2, 7, 8, 13])
  func `a place is the one at which a linear scan ends`(count: Int) {
    var priorities = ReplayPriorities(exponent: 1, count: count)
    var plain = Array(repeating: 0.0, count: count)
    var random = PCG64(seed: 4)
    for turn in 0..<200 {
      // Multiples of 1/64 add up without rounding in any order; some places stay empty.
      let place = random.integer(below: count)
      plain[place] = Double(random.integer(below: 40)) / 64
      priorities[place] = plain[place]
      let total = plain.reduce(0, +)
      #expect(priorities.total == total && priorities[place] == plain[place])
      guard total > 0 else { continue }
      for sum in [0, total * random.nextDouble(), total - 1 / 64, total.nextDown] {
        var (expected, rest) = (0, sum)
        while rest >= plain[expected] {
          rest -= plain[expected]
          expected += 1
        }
        #expect(priorities.place(at: sum) == expected, "\(sum) in turn \(turn)")
      }
    }
  }

  private static let layout = FragmentLayout(
    stepCount: 1, environmentCount: 3,
    contents: FragmentContents(
      spaces: EnvironmentSpaces(
        observation: .box(shape: [2], low: -1, high: 1), action: .discrete(2)),
      reaction: .empty))

  /// Returns a batch with the rewards 3 · number + environment.
  private static func batch(_ number: Int) -> FragmentView {
    let view = FragmentStorage(layout).view
    for environment in 0..<3 { view.rew[0, environment] = Float(3 * number + environment) }
    return view
  }

  /// Returns a full buffer of nine environments, each of which was drawn once and has an error.
  private static func buffer(exponent: Double, errors: [Double]) -> ReplayBuffer {
    let buffer = ReplayBuffer(steps: 9, of: layout, priorityExponent: exponent)
    for number in 0..<3 { buffer.add(batch(number)) }
    let all = FragmentStorage(layout.resized(environmentCount: 9)).view
    var random = PCG64(seed: 1)
    // New environments have equal priorities, and each of nine ranges is that of one of them.
    buffer.sample(into: all, using: &random)
    #expect((0..<9).map { all.rew[0, $0] } == (0..<9).map { Float($0) })
    buffer.prioritize { errors[Int(all.rew[0, $0])] }
    return buffer
  }

  private static let errors = [0.5, 0, 2, 0.1, 0.1, 3, 1, 0.01, 7]

  @Test(arguments: [0.6, 1])
  func `environments are drawn in proportion, and weighed as defined`(exponent: Double) throws {
    let buffer = Self.buffer(exponent: exponent, errors: Self.errors)
    let priorities = Self.errors.map { pow($0 + 1e-6, exponent) }
    let chances = priorities.map { $0 / priorities.reduce(0, +) }
    let sample = FragmentStorage(Self.layout.resized(environmentCount: 4)).view
    var random = PCG64(seed: 8)
    var counts = Array(repeating: 0, count: 9)
    var weights = Array(repeating: Float(0), count: 4)
    for _ in 0..<5000 {
      buffer.sample(into: sample, using: &random)
      let drawn = (0..<4).map { Int(sample.rew[0, $0]) }
      for place in drawn { counts[place] += 1 }
      buffer.weigh(&weights, correction: 0.7)
      let raw = drawn.map { pow(9 * chances[$0], -0.7) }
      let largest = try #require(raw.max())
      for (weight, expected) in zip(weights, raw) {
        // The weights are in Float.
        #expect(isClose(Double(weight), expected / largest, relative: 1e-6))
      }
    }
    for (count, chance) in zip(counts, chances) {
      let expected = 20_000 * chance
      // Ranges make the deviation smaller than that of independent draws; the bound is five of it.
      #expect(abs(Double(count) - expected) <= 5 * expected.squareRoot() + 1, "\(counts)")
    }
  }

  @Test func `a new environment has the largest priority so far, and takes an old one's place`()
    throws
  {
    let buffer = Self.buffer(exponent: 1, errors: Self.errors)
    func priorities() throws -> [Double] {
      var archive = StateArchive()
      _ = try buffer.transfer(&archive)
      let tensor = archive.tensors.first { $0.name == "replay.priorities" }
      return try #require(tensor?.values(of: Double.self))
    }
    let before = try priorities()
    buffer.add(Self.batch(3))
    let after = try priorities()
    #expect(after == Array(repeating: 7 + 1e-6, count: 3) + before[3...])
    buffer.forgetNewest()
    #expect(try priorities() == before)
  }

  @Test func `a restored buffer draws what the saved one would have drawn`() throws {
    let buffer = Self.buffer(exponent: 0.6, errors: Self.errors)
    var saved = StateArchive()
    #expect(try buffer.transfer(&saved))
    let other = ReplayBuffer(steps: 9, of: Self.layout, priorityExponent: 0.6)
    var archive = StateArchive(restoring: saved.tensors)
    #expect(try other.transfer(&archive))
    try archive.finish()
    let samples = try [buffer, other].map { buffer in
      let sample = FragmentStorage(Self.layout.resized(environmentCount: 30)).view
      var random = PCG64(seed: 2)
      buffer.sample(into: sample, using: &random)
      buffer.add(Self.batch(5))
      var state = StateArchive()
      _ = try buffer.transfer(&state)
      return ((0..<30).map { sample.rew[0, $0] }, state.tensors.map(\.bytes))
    }
    #expect(samples[0] == samples[1])
    for damage in [0, -1, Double.nan] {
      let damaged = saved.tensors.map { tensor in
        guard tensor.name == "replay.priorities" else { return tensor }
        return SafetensorsFile.Tensor(
          name: tensor.name, type: tensor.type, shape: tensor.shape,
          bytes: Data(bytesOf: Array(repeating: damage, count: 9).span))
      }
      var archive = StateArchive(restoring: damaged)
      let error = #expect(throws: CheckpointError.self) { try other.transfer(&archive) }
      #expect(error?.description.contains("'replay.priorities' has a priority") == true)
    }
  }

  /// Checks that a loss is the sum of its steps' shares, each times its weight, with the gradient.
  ///
  /// - Parameters:
  ///   - share: the share of a step in the loss by its error; nil if the error does not define it.
  private func check(
    _ loss: TracedLoss, _ executor: Executor<Double>, plain: (loss: Double, gradient: [Double]),
    share: ((Double) -> Double)?
  ) throws {
    let prioritization = try #require(loss.prioritization)
    let count = prioritization.weights.elementCount
    func run(_ weights: [Double]) -> (loss: Double, gradient: [Double]) {
      executor.set(prioritization.weights, to: weights)
      executor.weightsChanged()
      executor.forward()
      executor.backward()
      return (executor.value(of: loss.loss), executor.gradients.elements)
    }
    let parts = (0..<count).map { step in run((0..<count).map { $0 == step ? 1 : 0 }) }
    func expectSum(_ weights: [Double], is whole: (loss: Double, gradient: [Double])) {
      let sum = zip(weights, parts).map { $0 * $1.loss }.reduce(0, +)
      #expect(isClose(whole.loss, sum, relative: 1e-12))
      let gradient = whole.gradient.indices.map { index in
        zip(weights, parts).map { $0 * $1.gradient[index] }.reduce(0, +)
      }
      let difference = firstDifference(
        whole.gradient, gradient, absolute: 1e-12, relative: 1e-10)
      #expect(difference == nil, "\(difference ?? "")")
    }
    expectSum(Array(repeating: 1, count: count), is: plain)
    var random = PCG64(seed: 6)
    let weights = (0..<count).map { _ in random.nextDouble() }
    expectSum(weights, is: run(weights))
    let errors = executor.values(of: prioritization.errors)
    #expect(errors.contains { $0 > 0 } && errors.allSatisfy { $0 >= 0 })
    guard let share else { return }
    for (part, error) in zip(parts, errors) {
      #expect(isClose(part.loss, share(error) / Double(count), absolute: 1e-15, relative: 1e-12))
    }
  }

  @Test func `Q-learning's loss and gradient are weighed step by step`() throws {
    let policy = QNetworkPolicy(NetworkPolicy(inputs: [.obs], hidden: [5], activation: .tanh))
    var objective = QLearning(policy, discount: 0.9, multiStep: 2)
    let plain = try ObjectiveScene(objective, policy, mayWait: false)
    plain.executor.backward()
    objective.isPrioritized = true
    let scene = try ObjectiveScene(objective, policy, mayWait: false)
    try check(
      scene.loss, scene.executor,
      plain: (plain.executor.value(of: plain.loss.loss), plain.executor.gradients.elements)
    ) { $0 <= 1 ? $0 * $0 / 2 : $0 - 0.5 }
  }

  @Test func `the loss of two critics and its gradient are weighed step by step`() throws {
    let scene = try TwinCriticScene("sac", actor: .stochastic)
    var objective = SoftActorCritic(scene.policy)
    let noise = scene.reference["noise", "next"].elements[0]
    let plain = try TwinCriticScene.Part(objective, scene) { _ in true }
    plain.run(noise: noise)
    objective.isPrioritized = true
    let part = try TwinCriticScene.Part(objective, scene) { _ in true }
    part.run(noise: noise)
    try check(
      part.loss, part.executor, plain: (plain.value, plain.executor.gradients.elements),
      share: nil)
    // The error of a step is the mean magnitude of both critics' errors, which is reported too.
    let errors = part.executor.values(of: try #require(part.loss.prioritization).errors)
    #expect(
      isClose(
        errors.reduce(0, +) / Double(errors.count), try plain.metric("td_error"),
        relative: 1e-12))
  }

  /// The replay of a plain loop: environments in a list, searched from its beginning.
  private struct Plain {
    var places: [(batch: Int, environment: Int, priority: Double)] = []
    var largest = 1.0
    var drawn: [Int] = []

    mutating func add(_ batch: Int, environments: Int, capacity: Int) {
      let new = (0..<environments).map { (batch, $0, largest) }
      guard places.count == capacity else { return places += new }
      let first = batch * environments % capacity
      places.replaceSubrange(first..<first + environments, with: new)
    }

    mutating func draw(_ count: Int, _ random: inout PCG64) {
      let total = places.map(\.priority).reduce(0, +)
      drawn = (0..<count).map { sample in
        var rest = (Double(sample) + random.nextDouble()) / Double(count) * total
        for (index, place) in places.enumerated() {
          if rest < place.priority { return index }
          rest -= place.priority
        }
        return places.count - 1
      }
    }

    func weights(_ correction: Double) -> [Double] {
      let total = places.map(\.priority).reduce(0, +)
      let raw = drawn.map {
        pow(Double(places.count) * places[$0].priority / total, -correction)
      }
      let largest = raw.max() ?? 1
      return raw.map { $0 / largest }
    }
  }

  @Test func `a learner draws, weighs and sets priorities as a plain loop does`() throws {
    var configuration = TrainingConfiguration(.dqn)
    configuration.hiddenSizes = [8]
    (configuration.environmentsPerActor, configuration.fragmentSteps) = (4, 2)
    (configuration.replaySteps, configuration.replayBatch) = (40, 12)
    (configuration.learningStarts, configuration.multiStep, configuration.tau) = (0, 2, 0.01)
    (configuration.learningRate, configuration.totalSteps) = (0.01, 80)
    (configuration.replayPriority, configuration.replayCorrection) = (
      0.6, .linear(from: 0.4, to: 1)
    )
    configuration.updatesPerBatch = 2
    try configuration.validate()
    let setup = try configuration.makeSetup(seed: 3)
    let rollout = try SameProcess(setup)
    let learner = try configuration.makeLearner(
      setup, batchLayout: rollout.batchLayout, valueParameters: [])
    // The learner's weights up to now, of which it has copied the target network.
    let weights = FlatVector(setup.weights.elements)
    let sample = FragmentStorage(rollout.batchLayout.resized(environmentCount: 6))
    let function = try LossFunction(
      setup.policy, configuration.objective, layout: sample.view.layout, weights: weights)
    let optimizer = Adam<Float>(
      count: weights.count, learningRate: 0.01, groups: setup.parameters.groups())
    var random = RandomStreams.learning(seed: 3, rank: 0)
    var (plain, batches) = (Plain(), [FragmentStorage]())
    for batch in 0..<9 {
      rollout.publish(setup.weights)
      let next = try rollout.next()
      let copy = FragmentStorage(next.view.layout)
      copy.view.copy(next.view)
      batches.append(copy)
      #expect(learner.learn(from: next) == .learned)
      plain.add(batch, environments: 4, capacity: 20)
      for _ in 0..<2 {
        plain.draw(6, &random)
        for (place, index) in plain.drawn.enumerated() {
          let source = plain.places[index]
          sample.view.copy(source.environment, of: batches[source.batch].view, to: place)
        }
        let correction = 0.4 + 0.6 * Double(8 * (batch + 1)) / 80
        let importance = plain.weights(correction).map { Float($0) }
        function.weigh(importance + importance)
        let loss = function(sample.view)
        function.zeroGradients()
        loss.backward()
        function.gradients.clipNorm(to: 10)
        optimizer.step(weights, function.gradients)
        for (place, index) in plain.drawn.enumerated() {
          let priority = pow(function.meanError(of: place) + 1e-6, 0.6)
          plain.places[index].priority = priority
          plain.largest = max(plain.largest, priority)
        }
        for entry in setup.parameters.entries where entry.name.hasPrefix("target.") {
          let source = try #require(setup.parameters.range(of: String(entry.name.dropFirst(7))))
          for (target, place) in zip(entry.range, source) {
            weights[target] += 0.01 * (weights[place] - weights[target])
          }
        }
      }
      // Importance weights are rounded to Float from another order of operations.
      let networks = setup.parameters.entries.filter { $0.name != "epsilon" }.flatMap(\.range)
      let difference = firstDifference(
        networks.map { Double(setup.weights[$0]) }, networks.map { Double(weights[$0]) },
        absolute: 1e-5)
      #expect(difference == nil, "batch \(batch): \(difference ?? "")")
    }
  }
}

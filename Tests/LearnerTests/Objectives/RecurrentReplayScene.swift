import Actor
import Foundation
import Learner
import Rollout
import TestSupport
import Testing

/// A loss from replay with a recurrent network, beside the same networks written as plain loops.
///
/// The fragment has five rows of three environments. The first one's episode continues behind the
/// last row. The second begins one at row 0, which hides its recorded state, and terminates in the
/// middle. The third is truncated in the middle and terminates at the last row. Observations are a
/// Dict.
final class RecurrentReplayScene {
  static let (steps, count) = (5, 3)
  /// Returns a network with an observation of two numbers and the last reward as inputs.
  static func network(_ core: RecurrentCore, layers: Int = 1, hidden: [Int]) -> NetworkPolicy {
    NetworkPolicy(
      inputs: [.obs, .rew], hidden: hidden, activation: .tanh, recurrent: core, recurrentSize: 3,
      recurrentLayers: layers)
  }

  let loss: TracedLoss
  /// The rewards and ends of the steps.
  let recorded: NaiveTrajectory
  /// The actions of the steps, and the normal numbers of the loss.
  let (actions, noise): ([[Double]], [[Double]])
  private let executor: Executor<Double>
  private let parameters: ParameterLayout
  private let network: NetworkPolicy
  /// The inputs of each step [T · B]: at the row it starts from, and in the state it leads to.
  private let (rows, arrivals): ([[Double]], [[Double]])
  /// True where an episode begins, and h and c of all layers of each environment before row 0.
  private let (begins, states): ([Bool], [[[Double]]])

  /// Traces an objective in Double.
  init(_ objective: any Objective, _ policy: any Policy, _ network: NetworkPolicy, _ action: Space)
    throws
  {
    let (steps, count) = (Self.steps, Self.count)
    let total = steps * count
    let graph = Graph()
    var random = PCG64(seed: 23)
    func numbers(_ count: Int) -> [Double] { (0..<count).map { _ in random.uniform(-1, 1) } }
    var inputs: [(Tensor, [Double])] = []
    func input(_ numbers: [Double], _ rest: Int...) -> Tensor {
      let tensor = graph.input([steps, count] + rest)
      inputs.append((tensor, numbers))
      return tensor
    }
    var endings = Array(repeating: NaiveTrajectory.Ending.none, count: total)
    (endings[2 * count + 1], endings[1 * count + 2]) = (.terminated, .truncated)
    endings[4 * count + 2] = .terminated
    let rewards = numbers(total)
    recorded = NaiveTrajectory(
      environments: count, rewards: rewards, endings: endings, values: [], last: [], final: [],
      ratios: [])
    let ends = recorded.ends
    let observations = (0..<total + count).map { _ in numbers(2) }
    let finals = (0..<total).map { ends[$0] ? numbers(2) : [.nan, .nan] }
    let before = numbers(count) + rewards
    let begins = [false, true, false] + ends.dropLast(count)
    rows = (0..<total).map { observations[$0] + [before[$0]] }
    arrivals = (0..<total).map {
      (ends[$0] ? finals[$0] : observations[$0 + count]) + [rewards[$0]]
    }

    let isDiscrete = if case .discrete = action { true } else { false }
    let choices = (0..<total).map { _ in Int32(random.integer(below: 3)) }
    actions = isDiscrete ? choices.map { [Double($0)] } : (0..<total).map { _ in numbers(2) }
    let act =
      isDiscrete
      ? graph.input([steps, count], elementType: .int32)
      : input(actions.flatMap(\.self), 2)
    let stepno = graph.input([steps, count], elementType: .int32)
    let states = policy.recurrentState.leaves.map { _ in (0..<count).map { _ in numbers(3) } }
    let hx = policy.recurrentState.map { graph.input([count] + $0.shape) }
    let element: Space = .box(shape: [1], low: -1, high: 1)
    func dict(_ obs: some Sequence<[Double]>) -> Nested<Tensor> {
      .fields([
        ("angle", .leaf(input(obs.map { $0[0] }, 1))),
        ("speed", .leaf(input(obs.map { $0[1] }, 1))),
      ])
    }
    func state(
      _ obs: ArraySlice<[Double]>, _ rew: [Double], _ fin: [Bool], _ hx: Nested<Tensor>
    ) -> TracedState {
      TracedState(
        stepno: stepno, obs: dict(obs), act: .leaf(act), rew: input(rew),
        fin: input(fin.map { $0 ? 1 : 0 }), hx: hx,
        spaces: EnvironmentSpaces(
          observation: .dict([SpaceField("angle", element), SpaceField("speed", element)]),
          action: action))
    }
    let fragment = TracedFragment(
      current: state(observations.prefix(total), Array(before.prefix(total)), begins, hx),
      next: state(observations.dropFirst(count), rewards, ends, .empty), actor: .empty,
      terminated: input(recorded.terminated.map { $0 ? 1 : 0 }),
      truncated: input(recorded.truncated.map { $0 ? 1 : 0 }),
      finalObs: dict(finals))
    let distribution = try policy.distribution(for: action)
    let reaction = try policy.react(to: fragment.current, choosing: distribution, in: graph)
    loss = try objective.loss(of: fragment, reaction: reaction, distribution: distribution)
    noise = loss.noise.isEmpty ? [] : (0..<total).map { _ in numbers(2) }
    executor = Executor(graph, outputs: loss.metrics.map(\.tensor), loss: loss.loss)
    for (tensor, numbers) in inputs { executor.set(tensor, to: numbers) }
    if isDiscrete { executor.set(act, toIntegers: choices) }
    for (tensor, leaf) in zip(hx.leaves, states) {
      executor.set(tensor, to: leaf.flatMap(\.self))
    }
    for tensor in loss.noise { executor.set(tensor, to: noise.flatMap(\.self)) }
    executor.weights.assign(numbers(executor.weights.count))
    parameters = graph.parameters
    self.network = network
    self.begins = begins
    self.states = (0..<count).map { environment in states.map { $0[environment] } }
  }

  /// The weights.
  var weights: [Double] { executor.weights.elements }

  /// Returns the place of a parameter of one number.
  func place(of name: String) throws -> Int { try #require(parameters.range(of: name)).lowerBound }

  /// Checks that the loss equals a formula and its gradient the formula's central differences.
  ///
  /// - Parameter formula: the loss by some weights; what passes no gradient is computed beforehand.
  func check(
    _ formula: (_ weights: [Double]) throws -> Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    executor.weightsChanged()
    executor.forward()
    executor.backward()
    let (observed, expected) = (executor.value(of: loss.loss), try formula(weights))
    // Sums of at most 100 terms in Double.
    #expect(
      isClose(observed, expected, absolute: 1e-12, relative: 1e-11),
      "\(observed), not \(expected)", sourceLocation: sourceLocation)
    let step = 1e-5
    let differences = try weights.indices.map { index in
      let sides = try [step, -step].map { move in
        var moved = weights
        moved[index] += move
        return try formula(moved)
      }
      return (sides[0] - sides[1]) / (2 * step)
    }
    // Central differences with h = 1e-5 are off by up to 1e-9 here (h²/6 · f''' and rounding).
    let difference = firstDifference(
      executor.gradients.elements, differences, absolute: 1e-8, relative: 1e-6)
    #expect(difference == nil, "\(difference ?? "")", sourceLocation: sourceLocation)
    for entry in parameters.entries where entry.name.contains("core.weight_hh") {
      let isMoved = entry.range.contains { executor.gradients[$0] != 0 }
      // The loss of values moves the core, and that of an actor does not.
      let learns = entry.isLearned && loss.metrics.contains { $0.name == "q_mean" }
      #expect(isMoved == learns, "\(entry.name)", sourceLocation: sourceLocation)
    }
  }

  // MARK: Networks in plain numbers

  /// Returns a linear layer's outputs.
  func linear(_ x: [Double], _ name: String, _ weights: [Double]) throws -> [Double] {
    let weight = try #require(parameters.range(of: "\(name).weight"), "\(name)")
    let bias = try #require(parameters.range(of: "\(name).bias"))
    return bias.enumerated().map { output, place in
      x.indices.reduce(weights[place]) {
        $0 + x[$1] * weights[weight.lowerBound + output * x.count + $1]
      }
    }
  }

  /// Returns the core's output for each row, and for the state that its step led to.
  ///
  /// - Parameters:
  ///   - root: the prefix of the names, with its point.
  ///   - hidden: the names of the hidden layers before the core.
  func memories(
    _ root: String, hidden: [String], _ weights: [Double]
  ) throws -> (rows: [[Double]], arrivals: [[Double]]) {
    let isLSTM = network.recurrent == .lstm
    let layer = NaiveRecurrent(isLSTM: isLSTM, environments: 1, size: 3)
    /// Returns the output and the states, h of all layers before c of all layers, after one row.
    func one(
      _ input: [Double], _ states: [[Double]], resets: Bool
    ) throws -> (output: [Double], states: [[Double]]) {
      var x = try hidden.reduce(input) { try linear($0, root + $1, weights).map(tanh) }
      var after = states
      for depth in 0..<network.recurrentLayers {
        let places = isLSTM ? [depth, network.recurrentLayers + depth] : [depth]
        let parts = try ["weight_ih", "weight_hh", "bias_ih", "bias_hh"].map {
          weights[try #require(parameters.range(of: "\(root)core.\($0)_l\(depth)"))]
        }
        let (output, next) = layer.run(
          x, parts.map { Array($0) }, from: places.map { states[$0] }, resets: [resets ? 1 : 0])
        x = output
        for (place, state) in zip(places, next) { after[place] = state }
      }
      return (x, after)
    }
    var (atRows, atArrivals) = (Array(repeating: [Double](), count: rows.count), [[Double]]())
    atArrivals = atRows
    for environment in 0..<Self.count {
      var states = self.states[environment]
      for index in stride(from: environment, to: rows.count, by: Self.count) {
        (atRows[index], states) = try one(rows[index], states, resets: begins[index])
        // No reset comes before the state that the step led to, and what follows does not see it.
        atArrivals[index] = try one(arrivals[index], states, resets: false).output
      }
    }
    return (atRows, atArrivals)
  }

  /// Returns the outputs of a head with a hidden layer for itself.
  func head(
    _ x: [Double], _ root: String, _ output: String, _ weights: [Double]
  ) throws -> [Double] {
    try linear(try linear(x, "\(root).hidden", weights).map(tanh), "\(root).\(output)", weights)
  }
}

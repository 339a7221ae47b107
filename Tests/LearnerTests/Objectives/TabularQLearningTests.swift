import Actor
import Learner
import Rollout
import TestSupport
import Testing

/// Tabular Q-learning compared with Watkins' rule and the corridor's true action values.
struct TabularQLearningTests {
  private static let policy = QNetworkPolicy(
    NetworkPolicy(inputs: [.obs], hidden: [], integers: .oneHot))

  /// Q(s, a) of five cells in the network's layout: left, then right.
  ///
  /// All numbers here are exact in binary.
  private static let online: [Double] = [0.25, -0.5, 0.5, 0.5, 0, 1, 0.5, 0.25, 0.75, 0]
  private static let target: [Double] = [0.5, 0, 0.25, -0.25, 8, 0.75, 1, 0.5, 0.25, 8]

  /// Returns the table after one SGD step of ½ from one transition, with γ = ½.
  ///
  /// - Parameters:
  ///   - arrival: s′, before any reset.
  ///   - row: the cell of the fragment's next row.
  private func learn(
    from cell: Int32, _ action: Int32, reward: Double, arrival: Int32, row: Int32,
    terminated: Bool = false, truncated: Bool = false, isDouble: Bool = false
  ) throws -> [Double] {
    let graph = Graph()
    func cells() -> Tensor { graph.input([1, 1], elementType: .int32) }
    let (obs, nextObs, finalObs, act) = (cells(), cells(), cells(), cells())
    let (rew, fin, end, cut) = (
      graph.input([1, 1]), graph.input([1, 1]), graph.input([1, 1]), graph.input([1, 1])
    )
    let spaces = EnvironmentSpaces(observation: .discrete(5), action: .discrete(2))
    func state(_ obs: Tensor) -> TracedState {
      TracedState(
        stepno: act, obs: .leaf(obs), act: .leaf(act), rew: rew, fin: fin, spaces: spaces)
    }
    let fragment = TracedFragment(
      current: state(obs), next: state(nextObs), actor: .empty, terminated: end, truncated: cut,
      finalObs: .leaf(finalObs))
    let distribution = Categorical(count: 2)
    let reaction = try Self.policy.react(
      to: fragment.current, choosing: distribution, in: graph)
    let loss = try QLearning(Self.policy, discount: 0.5, isDouble: isDouble).loss(
      of: fragment, reaction: reaction, distribution: distribution)
    let executor = Executor<Double>(graph, outputs: [], loss: loss.loss)
    let entries = graph.parameters.entries
    #expect(entries.map(\.name) == ["q.weight", "target.q.weight", "epsilon"])
    #expect(entries[0].shape == [2, 5])
    executor.weights.assign(Self.online + Self.target + [1])
    for (tensor, number) in [(obs, cell), (nextObs, row), (finalObs, arrival), (act, action)] {
      executor.set(tensor, toIntegers: [number])
    }
    executor.set(rew, to: [reward])
    executor.set(fin, to: [terminated || truncated ? 1 : 0])
    executor.set(end, to: [terminated ? 1 : 0])
    executor.set(cut, to: [truncated ? 1 : 0])
    executor.weightsChanged()
    executor.forward()
    executor.backward()
    let descent = SGD<Double>(
      count: executor.weights.count, learningRate: 0.5, groups: graph.parameters.groups())
    descent.step(executor.weights, executor.gradients)
    #expect(Array(executor.weights.elements[entries[1].range]) == Self.target)
    return Array(executor.weights.elements[entries[0].range])
  }

  /// Returns the table with one entry changed.
  private func moved(_ cell: Int, _ action: Int, to value: Double) -> [Double] {
    var table = Self.online
    table[5 * action + cell] = value
    return table
  }

  @Test func `one step moves one entry, by Watkins' rule`() throws {
    // ½ + ½ (1 + ½ max(¼, ½) − ½)
    #expect(
      try learn(from: 1, 1, reward: 1, arrival: 2, row: 2) == moved(1, 1, to: 0.875))
    // The trained table would choose left in cell 2: ½ + ½ (1 + ½ ¼ − ½).
    #expect(
      try learn(from: 1, 1, reward: 1, arrival: 2, row: 2, isDouble: true)
        == moved(1, 1, to: 0.8125))
    // The wall stops the move: ¼ + ½ (−1 + ½ max(½, ¾) − ¼).
    #expect(
      try learn(from: 0, 0, reward: -1, arrival: 0, row: 0) == moved(0, 0, to: -0.1875))
  }

  @Test func `nothing follows the goal, and what a limit cuts goes on`() throws {
    // ¾ + ½ (1 − ¾), independent of the table's entries for the goal and for the row after the
    // reset.
    #expect(
      try learn(from: 3, 1, reward: 1, arrival: 4, row: 0, terminated: true)
        == moved(3, 1, to: 0.875))
    #expect(
      try learn(from: 3, 1, reward: 1, arrival: 4, row: 0, terminated: true, truncated: true)
        == moved(3, 1, to: 0.875))
    // Truncated in cell 1, with cell 0 after the reset: ½ + ½ (−1 + ½ max(0, 1) − ½).
    #expect(
      try learn(from: 2, 0, reward: -1, arrival: 1, row: 0, truncated: true)
        == moved(2, 0, to: 0))
  }

  @Test func `an error beyond one moves an entry as one of one does`() throws {
    // The error 7 + ¼ − ½ is far above 1.
    #expect(try learn(from: 1, 1, reward: 7, arrival: 2, row: 2) == moved(1, 1, to: 1))
  }

  @Test func `a network that sees more than one choice, or has a layer, keeps its bias`() throws {
    let spaces = EnvironmentSpaces(observation: .discrete(5), action: .discrete(2))
    func names(_ change: (inout NetworkPolicy) -> Void) throws -> [String] {
      var network = Self.policy.network
      change(&network)
      return try PolicySignature(QNetworkPolicy(network), for: spaces).parameters.entries.map(
        \.name)
    }
    #expect(try !names { _ in }.contains("q.bias"))
    #expect(try names { $0.inputs = [.obs, .act] }.contains("q.bias"))
    #expect(try names { $0.hidden = [4] }.contains("q.bias"))
    #expect(try names { $0.integers = .bits }.contains("q.bias"))
    #expect(try names { $0.integers = .embedding }.contains("q.bias"))
    #expect(try !names { $0.integers = .joint }.contains("q.bias"))
  }

  @Test func `several choices are a table of their combinations`() throws {
    func entries(_ observation: Space) throws -> [String] {
      var network = Self.policy.network
      network.integers = .joint
      let spaces = EnvironmentSpaces(observation: observation, action: .discrete(2))
      return try PolicySignature(QNetworkPolicy(network), for: spaces).parameters.entries.map {
        "\($0.name) \($0.shape)"
      }
    }
    #expect(
      try entries(.tuple([.discrete(32), .discrete(11), .discrete(2)]))
        == ["q.weight [2, 704]", "target.q.weight [2, 704]", "epsilon []"])
    #expect(
      try entries(.dict([SpaceField("a", .multiDiscrete([3, 4])), SpaceField("b", .discrete(5))]))
        == ["q.weight [2, 60]", "target.q.weight [2, 60]", "epsilon []"])
    // A further number beside the combinations: the scores are no table.
    #expect(
      try entries(.tuple([.discrete(3), .box(shape: [2], low: -1, high: 1)])) == [
        "q.weight [2, 5]", "q.bias [2]", "target.q.weight [2, 5]", "target.q.bias [2]",
        "epsilon []",
      ])
    #expect(
      throws: PolicyError(
        """
        the choices in 'obs' have more than 1048576 combinations, too many for joint: use one-hot, \
        embedding or bits
        """)
    ) { try entries(.multiDiscrete([1024, 1024, 2])) }
    #expect(throws: PolicyError.self) {
      try entries(.multiDiscrete([Int](repeating: 1 << 20, count: 4)))
    }
  }

  /// One step of learning moves the entry of NumPy's `ravel_multi_index` and no other.
  @Test func `the last choice varies fastest`() throws {
    let graph = Graph()
    let counts = [3, 4, 2]
    let choices = graph.input([1, 1, 3], elementType: .int32)
    let (act, flags) = (graph.input([1, 1], elementType: .int32), graph.input([1, 1]))
    var network = Self.policy.network
    network.integers = .joint
    let state = TracedState(
      stepno: act, obs: .leaf(choices), act: .leaf(act), rew: flags, fin: flags,
      spaces: EnvironmentSpaces(observation: .multiDiscrete(counts), action: .discrete(2)))
    let q = try QNetworkPolicy(network).values(of: state, by: .online, in: graph).q
    let executor = Executor<Double>(graph, outputs: [q])
    executor.weights.assign((0..<48).map(Double.init))
    executor.weightsChanged()
    for index in 0..<24 {
      executor.set(
        choices, toIntegers: [index / 8, index / 2 % 4, index % 2].map(Int32.init))
      executor.forward()
      #expect(executor.values(of: q) == [Double(index), Double(24 + index)])
    }
  }

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func `the recipe's table holds the true values, and the best actions go straight`(
    seed: UInt64
  ) throws {
    let configuration = try TrainingConfiguration(
      contentsOf: RecipeTests.path(of: "corridor-q-table.json"))
    let setup = try configuration.makeSetup(seed: seed)
    let rollout = try SameProcess(setup, fragmentsPerBatch: configuration.fragmentsPerBatch)
    defer { rollout.close() }
    let learner = try configuration.makeLearner(
      setup, batchLayout: rollout.batchLayout, valueParameters: [])
    while learner.stepCount < configuration.totalSteps {
      rollout.publish(setup.weights)
      #expect(learner.learn(from: try rollout.next()) == .learned)
    }
    #expect(learner.updateCount == configuration.totalSteps)
    let entry = try #require(setup.parameters.entries.first { $0.name == "q.weight" })
    let table = setup.weights.elements[entry.range].map { Double($0) }
    // γ = 0.9. Right: 1 plus the discounted rest, 1, 1.9, 2.71, 3.439 from the last cell to the
    // first. Left: −1 plus 0.9 times the best value of the cell before, where the cell before the
    // first is the first itself. The goal's values are never learned.
    let left = [2.0951, 2.0951, 1.439, 0.71]
    let right = [3.439, 2.71, 1.9, 1]
    // Fixed point of sums near 3 in Float: 2e-7 per rounding, which γ amplifies tenfold.
    let difference = firstDifference(
      Array(table[0..<4]) + Array(table[5..<9]), left + right, absolute: 1e-5)
    #expect(difference == nil, "\(difference ?? "")")
    let evaluator = try Evaluator(
      environment: configuration.evaluationEnvironment, policy: setup.policy, seed: seed + 100)
    let result = try evaluator.evaluate(setup.weights, episodes: 0..<10)
    #expect(result.returns.allSatisfy { $0 == 4 } && result.lengths.allSatisfy { $0 == 4 })
  }
}

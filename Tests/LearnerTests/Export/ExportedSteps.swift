import Actor
import Foundation
import Learner
import Rollout
import Testing

/// Steps of an exported policy: its inputs, and its outputs by rlplay's own executor.
struct ExportedSteps {
  /// The values of each input and output by name, [T, B, …] flattened.
  private(set) var values: [String: [Double]] = [:]
  let exported: ExportedPolicy
  let environmentCount: Int
  static let stepCount = PythonReactions.stepCount

  /// Plays greedily from random observations, from a recurrent state of zeros.
  init(_ example: ExportExample, environmentCount: Int = 7) throws {
    self.environmentCount = environmentCount
    let played = try PythonReactions(
      example.policy, example.spaces, environmentCount: environmentCount, choice: .greedy)
    try example.prepare(played)
    exported = try ExportedPolicy(
      example.policy, weights: played.actor.weights, for: example.spaces,
      actionBounds: example.bounds, facts: [("environment", "Random */ \n\\")])
    let layout = played.storage.layout
    let outputs = exported.outputs.map(\.name)
    played.actor.reset(environment: nil)
    for t in 0..<Self.stepCount {
      let starts = (0..<environmentCount).map { played.storage.view.fin[t, $0] }
      for (column, path) in zip(layout.hx.leaves, layout.hx.paths(below: "hx")) {
        played.actor.recordState(into: played.storage.view)
        let width = column.elementCount
        let before = Self.row(played, column, .float32, 0)
        // The caller zeroes the state.
        add(path, before.indices.map { starts[$0 / width] ? 0 : before[$0] })
      }
      add("rew", Self.row(played, layout.rew, .float32, t))
      add("fin", Self.row(played, layout.fin, .bool, t))
      add("stepno", Self.row(played, layout.stepno, .int32, t))
      for (space, columns, root) in [
        (example.spaces.observation, layout.obs, "obs"), (example.spaces.action, layout.act, "act"),
      ] {
        for (index, path) in columns.paths(below: root).enumerated() {
          let type = space.leaves.leaves[index].elementType
          add(path, Self.row(played, columns.leaves[index], type, t))
        }
      }
      played.actor.react(to: played.storage.view, at: t, virtual: false)
      for (column, path) in zip(layout.actor.leaves, layout.actor.paths()) {
        add(path, Self.row(played, column, .float32, t))
      }
      if !layout.hx.leaves.isEmpty { played.actor.recordState(into: played.storage.view) }
      for (column, path) in zip(layout.hx.leaves, layout.hx.paths(below: "next.hx")) {
        add(path, Self.row(played, column, .float32, 0))
      }
      for (index, path) in layout.act.paths(below: "act").enumerated() {
        let type = example.spaces.action.leaves.leaves[index].elementType
        let drawn = Self.row(played, layout.act.leaves[index], type, t + 1)
        if outputs.contains("next.\(path)") { add("next.\(path)", drawn) }
        add(
          "action" + path.dropFirst(3),
          example.played(drawn, example.spaces.action.parts.leaves[index], index))
      }
    }
  }

  private mutating func add(_ name: String, _ row: [Double]) { values[name, default: []] += row }

  /// Returns a row of a column as numbers.
  private static func row(
    _ played: PythonReactions, _ column: Column, _ type: ElementType, _ t: Int
  ) -> [Double] {
    func numbers<S: RecordableScalar>(_: S.Type, _ number: (S) -> Double) -> [Double] {
      let view: ColumnView<S> = played.storage.view.column(column)
      return view[rows: t..<t + 1].elements.map(number)
    }
    return switch type {
    case .float32: numbers(Float.self) { Double($0) }
    case .float64: numbers(Double.self) { $0 }
    case .int32: numbers(Int32.self) { Double($0) }
    case .int64: numbers(Int64.self) { Double($0) }
    case .uint8: numbers(UInt8.self) { Double($0) }
    case .bool: numbers(Bool.self) { $0 ? 1 : 0 }
    }
  }

  /// Writes inputs and outputs for `Scripts/check_onnx.py`.
  func record(to url: URL) throws {
    let tensors = (exported.inputs + exported.outputs).map { value in
      SafetensorsFile.Tensor(
        name: value.name, shape: [Self.stepCount, environmentCount] + value.shape,
        values: values[value.name] ?? [])
    }
    try AtomicFile.write(SafetensorsFile(tensors: tensors, metadata: [:]).encoded(), to: url)
  }

  /// Returns the values of one environment in one row.
  func value(_ value: ExportedPolicy.Value, row t: Int, environment b: Int) -> ArraySlice<Double> {
    let width = value.shape.reduce(1, *)
    let start = (t * environmentCount + b) * width
    return (values[value.name] ?? [])[start..<start + width]
  }
}

/// A policy to export, with its spaces.
struct ExportExample: CustomTestStringConvertible, Sendable {
  var testDescription: String
  var policy: any Policy
  var observation: Space = PythonNetworkTests.Example.numbers
  var action: Space = .discrete(3)
  var bounds = ActionBounds.scale
  /// The bounds of the elements of the action's first leaf if they differ.
  var elementBounds: [(low: Double, high: Double)]?

  var spaces: EnvironmentSpaces {
    var spaces = EnvironmentSpaces(observation: observation, action: action)
    if let elementBounds { spaces.elementBounds = [0: elementBounds] }
    return spaces
  }

  /// Replaces the first values of buffers, which would hide mistakes, and masks without a choice.
  func prepare(_ played: PythonReactions) throws {
    if let column = played.storage.layout.obs["action_mask"]?.value {
      let view: ColumnView<UInt8> = played.storage.view.column(column)
      for t in 0..<view.rowCount {
        for b in 0..<view.environmentCount { view[t, b, 0] = 1 }
      }
    }
    var random = PCG64(seed: 5)
    for entry in try PolicySignature(policy, for: spaces).parameters.entries where !entry.isLearned
    {
      for index in entry.range { played.actor.weights[index] = Float(random.uniform(0.1, 0.9)) }
    }
    played.actor.weightsChanged()
  }

  /// Returns drawn actions of a leaf as the environment receives them, by the definition.
  func played(_ drawn: [Double], _ space: Space, _ leaf: Int) -> [Double] {
    guard case .box(let shape, let low, let high, _) = space else { return drawn }
    let count = shape.reduce(1, *)
    return drawn.enumerated().map { index, action in
      let (low, high) = leaf == 0 ? elementBounds?[index % count] ?? (low, high) : (low, high)
      let scales = bounds == .scale && low.isFinite && high.isFinite
      let scaled = scales ? low + (action + 1) / 2 * (high - low) : action
      return min(max(scaled, low), high)
    }
  }

  private static func box(
    _ shape: [Int], _ low: Double, _ high: Double, _ type: ElementType = .float32
  ) -> Space { .box(shape: shape, low: low, high: high, elementType: type) }

  private static let everything = PythonNetworkTests.lstm.policy
  private static let images = PythonNetworkTests.Example.image

  /// Networks without convolutions.
  static let small: [ExportExample] =
    [
      ExportExample(testDescription: "the default network", policy: NetworkPolicy()),
      ExportExample(
        testDescription: "statistics of a Dict's doubles",
        policy: NetworkPolicy(
          inputs: [.obs], hidden: [16], activation: .tanh, value: .shared,
          normalization: .init(observations: true, rewards: true)),
        observation: .dict([
          SpaceField("joint angles", box([2, 3], -1, 1, .float64)),
          SpaceField("bytes", box([4], 0, 255, .uint8)), SpaceField("level", box([], 0, 9, .int32)),
        ])),
      ExportExample(testDescription: "an LSTM that sees everything", policy: everything),
      ExportExample(
        testDescription: "a GRU with a value of its own, one-hot",
        policy: PythonNetworkTests.gru.policy, observation: PythonNetworkTests.Example.choices),
      ExportExample(
        testDescription: "a Q-network", policy: QNetworkPolicy(NetworkPolicy(hidden: [16, 16]))),
      ExportExample(
        testDescription: "a dueling Q-network",
        policy: QNetworkPolicy(NetworkPolicy(hidden: [16, 16]), isDueling: true)),
      ExportExample(
        testDescription: "a recurrent dueling Q-network",
        policy: QNetworkPolicy(
          NetworkPolicy(hidden: [16, 8], recurrent: .lstm, recurrentSize: 6), isDueling: true)),
      ExportExample(
        testDescription: "soft actor-critic with a GRU",
        policy: TwinCriticPolicy(
          NetworkPolicy(inputs: [.obs], hidden: [16, 8], recurrent: .gru, recurrentSize: 6)),
        action: box([2], -1, 2)),
      ExportExample(
        testDescription: "soft actor-critic with choices",
        policy: TwinCriticPolicy(NetworkPolicy(inputs: [.obs], hidden: [16]))),
      ExportExample(
        testDescription: "a Q-table",
        policy: QNetworkPolicy(NetworkPolicy(inputs: [.obs], hidden: [], integers: .oneHot)),
        observation: .discrete(6)),
      ExportExample(
        testDescription: "a Q-table of combinations",
        policy: QNetworkPolicy(NetworkPolicy(inputs: [.obs], hidden: [], integers: .joint)),
        observation: .tuple([.discrete(6), .multiDiscrete([3, 2])])),
      ExportExample(
        testDescription: "soft actor-critic with bounds of each element",
        policy: TwinCriticPolicy(NetworkPolicy(inputs: [.obs, .act], hidden: [16, 16])),
        action: box([3], -2, 3), elementBounds: [(-2, 1), (-2, 1), (0, 3)]),
      ExportExample(
        testDescription: "twin delayed, doubles",
        policy: TwinCriticPolicy(
          NetworkPolicy(inputs: [.obs], hidden: [16]), actor: .deterministic),
        action: box([2, 2], -1, 1, .float64)),
      ExportExample(
        testDescription: "a Box that is clipped", policy: NetworkPolicy(value: .separate),
        action: box([2], -0.01, 0.005), bounds: .clip),
      ExportExample(
        testDescription: "yes or no, bits", policy: NetworkPolicy(integers: .bits),
        observation: .tuple([.discrete(9), .multiBinary(3)]), action: .multiBinary(3)),
      ExportExample(
        testDescription: "a Dict of actions that is an input", policy: NetworkPolicy(),
        action: .dict([
          SpaceField("arm", box([2], -4, 4)), SpaceField("hand", .discrete(3)),
          SpaceField("int", .multiDiscrete([2, 5])),
        ])),
      ExportExample(
        testDescription: "an action mask", policy: NetworkPolicy(value: .shared),
        observation: .dict([
          SpaceField("action_mask", .multiBinary(3)), SpaceField("obs", box([4], -1, 1)),
        ])),
      ExportExample(testDescription: "every operation", policy: OperationsPolicy()),
    ]
    + Activation.allCases.map {
      ExportExample(
        testDescription: "two \($0) layers, a value of its own",
        policy: NetworkPolicy(hidden: [16, 8], activation: $0, value: .separate))
    }

  /// Networks with convolutions.
  static let convolutional: [ExportExample] = [
    ExportExample(
      testDescription: "nature on shades and a GRU",
      policy: NetworkPolicy(
        torso: .nature, hidden: [], recurrent: .gru, recurrentSize: 5, recurrentLayers: 2,
        value: .separate),
      observation: images([36, 44])),
    ExportExample(
      testDescription: "nature on an image among others", policy: PythonNetworkTests.robot.policy,
      observation: PythonNetworkTests.Example.robot),
  ]

  /// DQN's network on four frames.
  static let frames = ExportExample(
    testDescription: "nature on four frames", policy: PythonNetworkTests.frames.policy,
    observation: images([4, 84, 84]))
}

/// A policy with the operations that the built-in ones do not have.
struct OperationsPolicy: Policy {
  static let kind = "operations"

  var recurrentState: Nested<LeafSpecification> {
    .fields([("left", .leaf(.init(.float32, [4]))), ("right", .leaf(.init(.float32, [4])))])
  }

  func react(
    to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> Reaction {
    guard let obs = state.obs.value?.numeric, let left = state.hx["left"]?.value,
      let right = state.hx["right"]?.value, let act = state.act.value
    else { throw PolicyError("one array and one choice, please") }
    let leading = Array(obs.shape.prefix(2))
    // The state counts as zero where an episode begins.
    let goes = 1 - state.fin.numeric.reshaped([leading[1]])
    let before = graph.delayed(obs, from: left, resets: state.fin.numeric)
    let weight = graph.parameter("scale", [3, 4], .normal(1))
    let factor = weight.mean() + weight.sum() * weight.standardDeviation() - weight.largest()
    let row = graph.parameter("row", [4], .normal(1)).repeated(over: leading)
    var x = graph.layerNorm(obs * row + 0.3 * before, name: "norm") + factor
    x = x.minimum(before).maximum(-0.2 * obs) / (obs.squared() + 1.5)
    x = state.fin.numeric.choosing(x, otherwise: x.sigmoid() - 0.5)
    x = (obs - 0.1).atLeast(0).choosing(x, otherwise: graph.constant(-0.25))
    let pairs = x.reshaped(leading + [2, 2]).swappingLastAxes().reshaped(leading + [4])
    let best = graph.embedding(x.indexOfLargest(), count: 4, width: 3, name: "best")
    let picked = exp(x.logSoftmax()).pick(act).reshaped(leading + [1])
    let mean = pairs.meanOverLastAxis()
    let features = graph.concatenate([
      pairs - mean, x.oneHotOfLargest(), best, picked,
      log(mean.squared() + 1).reshaped(leading + [1]),
      graph.oneHotBits(state.stepno, bits: 40),
    ])
    let chosen = state.fin.choosing(act, otherwise: x.indexOfLargest())
    let scores =
      graph.linear(features, outputs: 3, name: "logits", bias: false)
      + graph.oneHot(chosen, count: 4).columns(1..<4)
    return Reaction(
      logits: distribution.logits(from: scores),
      information: [("heads.double", mean), ("row", x.reshaped(leading + [2, 2]))],
      hx: .fields([
        ("left", .leaf((right + 0.5 * left) * goes)), ("right", .leaf((left + 1) * goes)),
      ]))
  }
}

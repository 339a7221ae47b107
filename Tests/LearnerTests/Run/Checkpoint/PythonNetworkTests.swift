import Actor
import Foundation
import Learner
import Rollout
import TestSupport
import Testing

/// Tests that the networks of the command line equal PyTorch modules of the same names.
///
/// Checkpoints are exchanged in both directions.
@Suite(.serialized) struct PythonNetworkTests {
  /// A network with the spaces of its observations and actions.
  struct Example: CustomTestStringConvertible {
    var testDescription: String
    var policy: NetworkPolicy
    var observation: Space = numbers
    var action: Space = .discrete(3)

    var spaces: EnvironmentSpaces { EnvironmentSpaces(observation: observation, action: action) }

    static let numbers: Space = .box(shape: [4], low: -1, high: 1)

    /// A robot's observation: an image with channels last, and every other kind of space.
    static let robot: Space = .dict([
      SpaceField("camera", image([52, 44, 3])),
      SpaceField("distance", .box(shape: [2, 3], low: 0, high: 1, elementType: .float64)),
      SpaceField("mode", .discrete(5)),
      SpaceField("switches", .tuple([.multiDiscrete([4, 9]), .multiBinary(3)])),
    ])

    static func image(_ shape: [Int]) -> Space {
      .box(shape: shape, low: 0, high: 255, elementType: .uint8)
    }

    /// The choices among a robot's observations, with one more of a single option.
    static let choices: Space = .dict([
      SpaceField("mode", .discrete(5)),
      SpaceField("switches", .tuple([.multiDiscrete([4, 9, 1]), .multiBinary(3)])),
    ])
  }

  static let lstm = Example(
    testDescription: "LSTM of two layers that sees everything",
    policy: NetworkPolicy(
      inputs: [.obs, .act, .rew, .fin, .stepno], hidden: [9], activation: .tanh, recurrent: .lstm,
      recurrentSize: 6, recurrentLayers: 2, value: .shared))
  static let gru = Example(
    testDescription: "GRU, one-hot, a value of its own",
    policy: NetworkPolicy(
      recurrent: .gru, recurrentSize: 6, value: .separate, integers: .oneHot),
    observation: Example.choices)
  static let robot = Example(
    testDescription: "nature on an image among others",
    policy: NetworkPolicy(
      torso: .nature, hidden: [24], activation: .elu, value: .shared, embeddingWidth: 3),
    observation: Example.robot)

  static let frames = Example(
    testDescription: "nature on four frames, channels first",
    policy: NetworkPolicy(inputs: [.obs], torso: .nature, hidden: [32], value: .shared),
    observation: Example.image([4, 84, 84]))

  static let examples: [Example] =
    [Example(testDescription: "the seed's", policy: NetworkPolicy()), lstm, gru, robot, frames]
    + Activation.allCases.map {
      Example(
        testDescription: "two \($0) layers, orthogonal, a value of its own",
        policy: NetworkPolicy(
          hidden: [16, 8], activation: $0, value: .separate, initialization: .orthogonal))
    } + [
      Example(
        testDescription: "nature on shades, a GRU and a value of its own",
        policy: NetworkPolicy(
          torso: .nature, hidden: [], recurrent: .gru, recurrentSize: 5, recurrentLayers: 2,
          value: .separate),
        observation: Example.image([36, 44])),
      Example(
        testDescription: "bits, pixels without convolutions, several choices as action",
        policy: NetworkPolicy(integers: .bits),
        observation: .tuple([Example.choices, Example.image([3, 2])]),
        action: .multiDiscrete([2, 5])),
      Example(
        testDescription: "all combinations of choices, several choices as action",
        policy: NetworkPolicy(value: .separate, integers: .joint),
        observation: .tuple([Example.choices, .box(shape: [2], low: -1, high: 1)]),
        action: .multiDiscrete([2, 5])),
      Example(
        testDescription: "a Box as action",
        policy: NetworkPolicy(recurrent: .lstm, recurrentSize: 5, value: .separate),
        action: .box(shape: [2], low: -1, high: 1)),
      Example(
        testDescription: "yes or no as action", policy: NetworkPolicy(), action: .multiBinary(3)),
      Example(
        testDescription: "a container as action", policy: NetworkPolicy(hidden: []),
        action: .dict([
          SpaceField("arm", .box(shape: [2], low: -1, high: 1)), SpaceField("hand", .discrete(3)),
        ])),
    ]

  /// Compares reactions to PyTorch's, and saves networks that PyTorch initialized to `drawn`.
  ///
  /// The process imports PyTorch once for all comparisons.
  @discardableResult
  private func check(_ comparisons: [(checkpoint: URL, reactions: URL, drawn: URL?)]) throws
    -> String
  {
    let arguments = comparisons.map { comparison in
      [comparison.checkpoint, comparison.reactions, comparison.drawn].compactMap(\.?.path)
    }
    return try Python.run(
      [Python.script("check_network.py")] + arguments.joined(separator: ["--"]))
  }

  @Test(.enabled(if: Python.hasTorch, "\(Python.absenceOfTorch)"))
  func `PyTorch says the same, and networks of its weights say the same here`() throws {
    try withTemporaryDirectory { directory in
      let cases = try Self.examples.enumerated().map { number, example in
        func file(_ name: String) -> URL {
          directory.appendingPathComponent("\(number)-\(name).safetensors")
        }
        return (
          example: example, reactions: try PythonReactions(example.policy, example.spaces),
          ours: file("ours"), theirs: file("theirs"), file: file("reactions")
        )
      }
      for each in cases {
        try each.reactions.checkpoint.save(to: each.ours)
        try each.reactions.record(to: each.file)
      }
      let output = try check(cases.map { ($0.ours, $0.file, $0.theirs) })
      #expect(output.matches(of: /PyTorch: logits/).count == cases.count)

      for each in cases {
        let drawn = try Checkpoint.load(from: each.theirs)
        let comment: Comment = "\(each.example.testDescription)"
        #expect(try TrainedPolicy(drawn).policy as? NetworkPolicy == each.example.policy, comment)
        #expect(drawn.parameters != each.reactions.checkpoint.parameters, comment)
        try each.reactions.load(drawn)
        try each.reactions.record(to: each.file)
      }
      try check(cases.map { ($0.theirs, $0.file, nil) })
    }
  }

  /// A mistake that keeps every name and shape.
  struct Exchange: CustomTestStringConvertible {
    var testDescription: String
    var example: Example
    /// Parts of the names of the affected parameters.
    var names: [String]
    /// The shape in which to view the parameter's values, from the parameter's shape.
    var seenAs: @Sendable ([Int]) -> [Int]
    /// Returns the values in another order.
    var reorder: @Sendable ([Float], [Int]) -> [Float]

    /// Exchanges two gates of the core, in all four parameters of each layer.
    static func gates(_ first: Int, _ second: Int, of count: Int, in example: Example) -> Exchange {
      Exchange(
        testDescription: "gates \(first) and \(second) of \(count)", example: example,
        names: ["core."], seenAs: { [count, $0.reduce(1, *) / count] }
      ) { values, shape in
        var order = Array(0..<count)
        order.swapAt(first, second)
        return order.flatMap { values[$0 * shape[1]..<($0 + 1) * shape[1]] }
      }
    }

    /// Permutes axes.
    static func axes(
      _ order: [Int], of names: [String], in example: Example, _ description: String,
      seenAs: @escaping @Sendable ([Int]) -> [Int] = { $0 }
    ) -> Exchange {
      Exchange(testDescription: description, example: example, names: names, seenAs: seenAs) {
        values, shape in
        let strides = shape.indices.map { shape[($0 + 1)...].reduce(1, *) }
        return values.indices.map { index in
          var (rest, source) = (index, 0)
          for axis in order.reversed() {
            source += rest % shape[axis] * strides[axis]
            rest /= shape[axis]
          }
          return values[source]
        }
      }
    }

    /// Returns the checkpoint with the mistake.
    func made(in checkpoint: Checkpoint) -> Checkpoint {
      var result = checkpoint
      result.parameters = checkpoint.parameters.map { parameter in
        guard names.contains(where: parameter.name.contains) else { return parameter }
        return .init(
          name: parameter.name, shape: parameter.shape,
          values: reorder(parameter.values, seenAs(parameter.shape)))
      }
      return result
    }
  }

  static let exchanges: [Exchange] = [
    .gates(0, 1, of: 4, in: lstm), .gates(1, 2, of: 4, in: lstm), .gates(2, 3, of: 4, in: lstm),
    .gates(0, 1, of: 3, in: gru), .gates(1, 2, of: 3, in: gru),
    .axes([0, 1, 3, 2], of: ["camera.0.weight"], in: robot, "a kernel's height and width"),
    .axes([2, 3, 0, 1], of: ["camera.0.weight"], in: robot, "a kernel with its outputs last"),
    .axes([0, 2, 3, 1], of: ["hidden.weight"], in: frames, "flattened with the channels last") {
      [$0[0], 64, 7, 7]
    },
    .axes([0, 1, 3, 2], of: ["hidden.weight"], in: frames, "flattened by columns") {
      [$0[0], 64, 7, 7]
    },
  ]

  @Test(.enabled(if: Python.hasTorch, "\(Python.absenceOfTorch)"), arguments: exchanges)
  func `what is exchanged under the same names is told apart`(exchange: Exchange) throws {
    try withTemporaryDirectory { directory in
      let wrong = directory.appendingPathComponent("wrong.safetensors")
      let file = directory.appendingPathComponent("reactions.safetensors")
      let reactions = try PythonReactions(exchange.example.policy, exchange.example.spaces)
      try exchange.made(in: reactions.checkpoint).save(to: wrong)
      try reactions.record(to: file)
      let failure = try #require(throws: Python.Failure.self) {
        try check([(wrong, file, nil)])
      }
      let differences = failure.description.matches(of: /largest difference ([-+.e0-9]+)/)
        .compactMap { Double($0.1) }
      // The script's documentation promises this: 500 times its tolerance.
      #expect(try #require(differences.max()) >= 1e-3)
    }
  }
}

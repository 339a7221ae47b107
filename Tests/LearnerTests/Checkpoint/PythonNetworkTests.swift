import Actor
import Foundation
import Rollout
import Testing

@testable import Learner

/// Every network that the command line can ask for is PyTorch's modules of the same names, there and back.
@Suite(.serialized) struct PythonNetworkTests {
  /// A network and the spaces that it stands between.
  struct Example: CustomTestStringConvertible {
    var testDescription: String
    var policy: NetworkPolicy
    var observation: Space = numbers
    var action: Space = .discrete(3)

    var spaces: EnvironmentSpaces { EnvironmentSpaces(observation: observation, action: action) }

    static let numbers: Space = .box(shape: [4], low: -1, high: 1)

    /// A robot's view: an image with its channels last, and every other kind of space.
    static let robot: Space = .dict([
      SpaceField("camera", image([40, 36, 3])),
      SpaceField("distance", .box(shape: [2, 3], low: 0, high: 1, elementType: .float64)),
      SpaceField("mode", .discrete(5)),
      SpaceField("switches", .tuple([.multiDiscrete([4, 9]), .multiBinary(3)])),
    ])

    static func image(_ shape: [Int]) -> Space {
      .box(shape: shape, low: 0, high: 255, elementType: .uint8)
    }

    /// Everything but the image.
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

  static let examples: [Example] =
    [Example(testDescription: "the seed's", policy: NetworkPolicy()), lstm, gru, robot]
    + Activation.allCases.map {
      Example(
        testDescription: "two \($0) layers, orthogonal, a value of its own",
        policy: NetworkPolicy(
          hidden: [16, 8], activation: $0, value: .separate, initialisation: .orthogonal))
    } + [
      Example(
        testDescription: "nature on four frames, channels first",
        policy: NetworkPolicy(inputs: [.obs], torso: .nature, hidden: [32], value: .shared),
        observation: Example.image([4, 84, 84])),
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

  /// Asks PyTorch; with `drawn` it leaves a network of its own there.
  @discardableResult
  private func check(_ checkpoint: URL, _ reactions: URL, drawn: URL? = nil) throws -> String {
    try Python.run(
      [Python.script("check_network.py"), checkpoint.path, reactions.path]
        + (drawn.map { [$0.path] } ?? []))
  }

  @Test(.enabled(if: Python.hasTorch, "\(Python.absenceOfTorch)"), arguments: examples)
  func `PyTorch says the same, and a network of its weights says the same here`(
    example: Example
  ) throws {
    try withTemporaryDirectory { directory in
      let ours = directory.appendingPathComponent("ours.safetensors")
      let theirs = directory.appendingPathComponent("theirs.safetensors")
      let file = directory.appendingPathComponent("reactions.safetensors")
      let reactions = try PythonReactions(example.policy, example.spaces)
      try reactions.checkpoint.save(to: ours)
      try reactions.record(to: file)
      #expect(try check(ours, file, drawn: theirs).contains("PyTorch: logits"))

      let drawn = try Checkpoint.load(from: theirs)
      #expect(try TrainedPolicy(drawn).policy as? NetworkPolicy == example.policy)
      #expect(drawn.parameters != reactions.checkpoint.parameters)
      try reactions.load(drawn)
      try reactions.record(to: file)
      try check(theirs, file)
    }
  }
}

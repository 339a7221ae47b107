import Actor
import Foundation
import Rollout
import TestSupport
import Testing

/// Tests that exported ONNX models compute what rlplay's own executor does.
struct ONNXTests {
  private static let examples =
    ExportExample.small + ExportExample.convolutional + [ExportExample.frames]

  @Test(.enabled(if: Python.hasONNX, "\(Python.onnxAbsence)"), .timeLimit(.minutes(10)))
  func `onnxruntime says the same as rlplay, for several environments and for one`() throws {
    try withTemporaryDirectory { directory in
      var arguments = [Python.script("check_onnx.py")]
      for (number, example) in Self.examples.enumerated() {
        let steps = try ExportedSteps(example)
        let model = directory.appendingPathComponent("\(number).onnx")
        let values = directory.appendingPathComponent("\(number).safetensors")
        try Data(steps.exported.onnx()).write(to: model)
        try steps.record(to: values)
        arguments += [model.path, values.path]
      }
      let output = try Python.run(arguments)
      #expect(output.matches(of: /numbers, largest difference/).count == Self.examples.count)
    }
  }

  @Test func `only what the step needs is in the model`() throws {
    let policy = TwinCriticPolicy(NetworkPolicy(inputs: [.obs], hidden: [4]))
    let example = ExportExample(
      testDescription: "", policy: policy, action: .box(shape: [1], low: -2, high: 2))
    let exported = try ExportedSteps(example, environmentCount: 1).exported
    let model = Fields(try exported.onnx())
    #expect(model.numbers(1) == [8])
    #expect(model.messages(8).map { $0.numbers(2) } == [[17]])
    #expect(
      model.messages(14).map { $0.texts(1) + $0.texts(2) } == [
        ["environment", "Random */ \n\\"]
      ])
    let graph = try #require(model.messages(7).first)
    #expect(graph.messages(11).flatMap { $0.texts(1) } == ["obs"])
    #expect(graph.messages(12).flatMap { $0.texts(1) } == ["action", "logits"])
    let weights = graph.messages(5).filter { $0.numbers(2) == [1] && $0.numbers(1).count > 0 }
    #expect(
      weights.flatMap { $0.texts(8) }.sorted() == [
        "actor.hidden.bias", "actor.hidden.weight", "actor.logits.bias", "actor.logits.weight",
        "warm_up",
      ])
    let hidden = try #require(weights.first { $0.texts(8) == ["actor.hidden.weight"] })
    #expect(hidden.numbers(1) == [4, 4] && hidden.bytes(9).first?.count == 4 * 16)
  }

  @Test func `inputs and outputs follow from what the policy reads`() throws {
    func values(_ policy: any Policy, _ observation: Space = .discrete(4)) throws -> [String] {
      let example = ExportExample(testDescription: "", policy: policy, observation: observation)
      let exported = try ExportedSteps(example, environmentCount: 1).exported
      return (exported.inputs + exported.outputs).map {
        "\($0.name) \($0.elementType) \($0.shape)\($0.isCarried ? " carried" : "")"
      }
    }
    #expect(
      try values(NetworkPolicy(inputs: [.obs], hidden: [])) == [
        "obs int64 []", "action int64 []", "logits float32 [3]",
      ])
    // `fin` only zeroes the state, which the caller does.
    #expect(
      try values(
        NetworkPolicy(inputs: [.act, .rew], recurrent: .lstm, recurrentSize: 2, value: .shared))
        == [
          "act int64 [] carried", "rew float32 []", "hx.h.0 float32 [2] carried",
          "hx.c.0 float32 [2] carried", "action int64 []", "logits float32 [3]", "value float32 []",
          "next.act int64 []", "next.hx.h.0 float32 [2]", "next.hx.c.0 float32 [2]",
        ])
    #expect(
      try values(NetworkPolicy(inputs: [.fin, .stepno], recurrent: .gru, recurrentSize: 2)) == [
        "fin bool []", "stepno int64 []", "hx.h.0 float32 [2] carried", "action int64 []",
        "logits float32 [3]", "next.hx.h.0 float32 [2]",
      ])
  }

  @Test func `a checkpoint's spaces keep the bounds of each element of an action`() throws {
    let box: Space = .box(shape: [2], low: -2, high: 3)
    var spaces = EnvironmentSpaces(
      observation: .discrete(2), action: .tuple([.discrete(3), .dict([SpaceField("arm", box)])]))
    #expect(!spaces.json.contains("lows"))
    spaces.elementBounds = [1: [(low: -2, high: 1), (low: -.infinity, high: 3)]]
    let stored = spaces.json
    let read = try EnvironmentSpaces(json: stored)
    #expect(read == spaces && read.elementBounds.keys.sorted() == [1])
    #expect(read.elementBounds[1]?.map(\.low) == [-2, -.infinity])
    #expect(read.elementBounds[1]?.map(\.high) == [1, 3])
    for (bounds, others) in [("[1,3]", "[1,3,3]"), ("[1,3]", "[-4,3]"), ("\"lows\"", "\"low_\"")] {
      #expect(stored.contains(bounds))
      #expect(throws: SpaceMismatch.self) {
        try EnvironmentSpaces(json: stored.replacing(bounds, with: others))
      }
    }
  }

  @Test func `a step that mixes environments is refused`() throws {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [3], low: -1, high: 1), action: .discrete(3))
    for (kind, words) in [
      (MixingPolicy.Kind.mean, "over several environments"), (.constant, "depends on an input"),
      (.name, "two inputs or outputs 'obs'"),
    ] {
      let policy = MixingPolicy(mixes: kind)
      let weights = try PolicySignature(policy, for: spaces).initialWeights(seed: 1)
      let error = try #require(throws: PolicyError.self) {
        try ExportedPolicy(policy, weights: weights, for: spaces)
      }
      #expect(error.description.contains(words))
    }
  }
}

/// A policy that cannot be exported.
private struct MixingPolicy: Policy {
  static let kind = "mixing"
  enum Kind: String, Codable { case mean, constant, name }

  var mixes: Kind

  func react(
    to state: TracedState, choosing distribution: any ActionDistribution, in graph: Graph
  ) throws(PolicyError) -> Reaction {
    guard let obs = state.obs.value else { throw PolicyError("one array, please") }
    let row = graph.parameter("row", [3], .constant(1)).repeated(over: Array(obs.shape.prefix(2)))
    return switch mixes {
    case .mean: Reaction(logits: distribution.logits(from: obs - obs.mean()))
    case .constant: Reaction(logits: distribution.logits(from: row))
    case .name: Reaction(logits: distribution.logits(from: obs), information: [("obs", row)])
    }
  }
}

/// The fields of a message of Protocol Buffers, read by the definition of its encoding.
private struct Fields {
  private enum Content {
    case number(UInt64)
    case bytes(ArraySlice<UInt8>)
  }

  private var contents: [(field: Int, content: Content)] = []

  init(_ bytes: some Sequence<UInt8>) {
    var rest = Array(bytes)[...]
    func varint() -> UInt64 {
      var (value, shift) = (UInt64(0), UInt64(0))
      while let byte = rest.popFirst() {
        value |= UInt64(byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 { break }
      }
      return value
    }
    while !rest.isEmpty {
      let key = varint()
      let field = Int(key >> 3)
      switch key & 7 {
      case 0: contents.append((field, .number(varint())))
      case 2:
        let count = Int(varint())
        contents.append((field, .bytes(rest.prefix(count))))
        rest = rest.dropFirst(count)
      default: rest = rest.dropFirst(key & 7 == 1 ? 8 : 4)
      }
    }
  }

  func numbers(_ field: Int) -> [UInt64] {
    contents.compactMap {
      if case .number(let value) = $0.content, $0.field == field { value } else { nil }
    }
  }

  func bytes(_ field: Int) -> [ArraySlice<UInt8>] {
    contents.compactMap {
      if case .bytes(let value) = $0.content, $0.field == field { value } else { nil }
    }
  }

  func texts(_ field: Int) -> [String] { bytes(field).map { String(decoding: $0, as: UTF8.self) } }

  func messages(_ field: Int) -> [Fields] { bytes(field).map { Fields($0) } }
}

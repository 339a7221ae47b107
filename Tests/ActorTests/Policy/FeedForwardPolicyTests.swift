import Rollout
import Testing

@testable import Actor

/// The seed's policy: what its parameters are called, and what it refuses.
struct FeedForwardPolicyTests {
  private func parameters(
    _ policy: FeedForwardPolicy, _ spaces: EnvironmentSpaces
  ) throws -> [String] {
    try PolicySignature(policy, for: spaces).parameters.entries.map { "\($0.name) \($0.shape)" }
  }

  @Test func `one hidden layer has the seed's names and shapes`() throws {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [4], low: -1, high: 1), action: .discrete(2))
    #expect(
      try parameters(FeedForwardPolicy(), spaces) == [
        "act.weight [2, 4]", "hidden.weight [32, 8]", "hidden.bias [32]", "logits.weight [2, 32]",
        "logits.bias [2]",
      ])
    let signature = try PolicySignature(FeedForwardPolicy(), for: spaces)
    #expect(signature.parameters.elementCount == 8 + 256 + 32 + 64 + 2)
    #expect(signature.reaction == .fields([("logits", .leaf(.init(.float32, [2])))]))
  }

  @Test func `several hidden layers are numbered, none leaves the output layer alone`() throws {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [2, 3], low: -1, high: 1), action: .discrete(3))
    #expect(
      try parameters(FeedForwardPolicy(hidden: [5, 7], embeddingWidth: 1), spaces) == [
        "act.weight [3, 1]", "hidden.0.weight [5, 7]", "hidden.0.bias [5]",
        "hidden.1.weight [7, 5]", "hidden.1.bias [7]", "logits.weight [3, 7]", "logits.bias [3]",
      ])
    #expect(
      try parameters(FeedForwardPolicy(hidden: [], embeddingWidth: 2), spaces) == [
        "act.weight [3, 2]", "logits.weight [3, 8]", "logits.bias [3]",
      ])
  }

  @Test func `nested observations stand side by side under their paths`() throws {
    #expect(
      try parameters(Scene.policy, Scene.spaces) == [
        "obs.mode.weight [5, 3]", "obs.bytes.1.0.weight [4, 3]", "obs.bytes.1.1.weight [9, 3]",
        "act.weight [3, 3]", "hidden.0.weight [6, 23]", "hidden.0.bias [6]",
        "hidden.1.weight [5, 6]", "hidden.1.bias [5]", "logits.weight [3, 5]", "logits.bias [3]",
      ])
  }

  @Test func `several choices at once come back in as an embedding each, or as they are`() throws {
    let observation: Space = .box(shape: [4], low: -1, high: 1)
    #expect(
      try parameters(
        FeedForwardPolicy(hidden: []),
        EnvironmentSpaces(observation: observation, action: .multiDiscrete([2, 3]))) == [
          "act.0.weight [2, 4]", "act.1.weight [3, 4]", "logits.weight [5, 12]", "logits.bias [5]",
        ])
    #expect(
      try parameters(
        FeedForwardPolicy(hidden: []),
        EnvironmentSpaces(observation: observation, action: .multiBinary(3))) == [
          "logits.weight [3, 7]", "logits.bias [3]",
        ])
    #expect(
      try parameters(
        FeedForwardPolicy(hidden: []),
        EnvironmentSpaces(
          observation: observation, action: .box(shape: [2], low: -1, high: 1))) == [
          "logits.weight [2, 6]", "logits.bias [2]", "logits.log_std [2]",
        ])
  }

  @Test func `an action space without a distribution is an error that names it`() {
    for action: Space in [
      .box(shape: [2], low: -1, high: 1, elementType: .int32), .tuple([]),
    ] {
      let spaces = EnvironmentSpaces(
        observation: .box(shape: [4], low: -1, high: 1), action: action)
      let error = #expect(throws: PolicyError.self) {
        try PolicySignature(FeedForwardPolicy(), for: spaces)
      }
      #expect(error?.description.contains("\(action)") == true)
      #expect(error?.description.contains("distribution") == true)
    }
  }
}

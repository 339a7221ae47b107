import Actor
import Rollout
import Testing

/// Tests of the network of rlplay's overview: parameter names and rejected settings.
struct NetworkPolicyTests {
  private func parameters(
    _ policy: NetworkPolicy, _ spaces: EnvironmentSpaces
  ) throws -> [String] {
    try PolicySignature(policy, for: spaces).parameters.entries.map { "\($0.name) \($0.shape)" }
  }

  @Test func `one hidden layer has the seed's names and shapes`() throws {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [4], low: -1, high: 1), action: .discrete(2))
    #expect(
      try parameters(NetworkPolicy(), spaces) == [
        "act.weight [2, 4]", "hidden.weight [32, 8]", "hidden.bias [32]", "logits.weight [2, 32]",
        "logits.bias [2]",
      ])
    let signature = try PolicySignature(NetworkPolicy(), for: spaces)
    #expect(signature.parameters.elementCount == 8 + 256 + 32 + 64 + 2)
    #expect(signature.reaction == .fields([("logits", .leaf(.init(.float32, [2])))]))
  }

  @Test func `several hidden layers are numbered, none leaves the output layer alone`() throws {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [2, 3], low: -1, high: 1), action: .discrete(3))
    #expect(
      try parameters(NetworkPolicy(hidden: [5, 7], embeddingWidth: 1), spaces) == [
        "act.weight [3, 1]", "hidden.0.weight [5, 7]", "hidden.0.bias [5]",
        "hidden.1.weight [7, 5]", "hidden.1.bias [7]", "logits.weight [3, 7]", "logits.bias [3]",
      ])
    #expect(
      try parameters(NetworkPolicy(hidden: [], embeddingWidth: 2), spaces) == [
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
        NetworkPolicy(hidden: []),
        EnvironmentSpaces(observation: observation, action: .multiDiscrete([2, 3]))) == [
          "act.0.weight [2, 4]", "act.1.weight [3, 4]", "logits.weight [5, 12]", "logits.bias [5]",
        ])
    #expect(
      try parameters(
        NetworkPolicy(hidden: []),
        EnvironmentSpaces(observation: observation, action: .multiBinary(3))) == [
          "logits.weight [3, 7]", "logits.bias [3]",
        ])
    #expect(
      try parameters(
        NetworkPolicy(hidden: []),
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
        try PolicySignature(NetworkPolicy(), for: spaces)
      }
      #expect(error?.description.contains("\(action)") == true)
      #expect(error?.description.contains("distribution") == true)
    }
  }

  /// The spaces of a robot that observes two images, a distance and a mode.
  private static let robot = EnvironmentSpaces(
    observation: .dict([
      SpaceField(
        "camera", .box(shape: [84, 84, 4], low: 0, high: 255, elementType: .uint8)),
      SpaceField("distance", .box(shape: [3], low: 0, high: 1)),
      SpaceField("mode", .discrete(5)),
    ]),
    action: .discrete(2))

  @Test func `every input can be seen, in the order that is asked for`() throws {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [4], low: -1, high: 1), action: .discrete(3))
    #expect(
      try parameters(
        NetworkPolicy(inputs: [.stepno, .fin, .rew, .act, .obs], hidden: []), spaces) == [
          "stepno.weight [4, 63]", "act.weight [3, 4]", "logits.weight [3, 14]",
          "logits.bias [3]",
        ])
    #expect(
      try parameters(NetworkPolicy(inputs: [.obs], hidden: []), spaces) == [
        "logits.weight [3, 4]", "logits.bias [3]",
      ])
  }

  @Test(arguments: [(IntegerEncoding.oneHot, 5 + 2), (.bits, 3 + 1), (.joint, 5 + 2)])
  func `choices can be places or bits`(encoding: IntegerEncoding, width: Int) throws {
    let spaces = EnvironmentSpaces(observation: .discrete(5), action: .discrete(2))
    #expect(
      try parameters(NetworkPolicy(hidden: [], integers: encoding), spaces) == [
        "logits.weight [2, \(width)]", "logits.bias [2]",
      ])
  }

  @Test func `images go through DQN's convolutions, the rest stands beside them`() throws {
    #expect(
      try parameters(NetworkPolicy(torso: .nature, hidden: [512]), Self.robot) == [
        "obs.camera.0.weight [32, 4, 8, 8]", "obs.camera.0.bias [32]",
        "obs.camera.2.weight [64, 32, 4, 4]", "obs.camera.2.bias [64]",
        "obs.camera.4.weight [64, 64, 3, 3]", "obs.camera.4.bias [64]", "obs.mode.weight [5, 4]",
        // 64 · 7 · 7 + 3 + 4 for the mode + 4 for the last action.
        "act.weight [2, 4]", "hidden.weight [512, 3147]", "hidden.bias [512]",
        "logits.weight [2, 512]", "logits.bias [2]",
      ])
  }

  @Test func `a value stands on the same features, or on its own`() throws {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [4], low: -1, high: 1), action: .discrete(2))
    let shared = NetworkPolicy(inputs: [.obs], hidden: [8], value: .shared)
    #expect(
      try parameters(shared, spaces) == [
        "hidden.weight [8, 4]", "hidden.bias [8]", "logits.weight [2, 8]", "logits.bias [2]",
        "value.weight [1, 8]", "value.bias [1]",
      ])
    #expect(
      try PolicySignature(shared, for: spaces).reaction
        == .fields([
          ("logits", .leaf(.init(.float32, [2]))), ("value", .leaf(.init(.float32, []))),
        ]))
    #expect(
      try parameters(NetworkPolicy(hidden: [8, 6], value: .separate), spaces) == [
        "act.weight [2, 4]", "hidden.0.weight [8, 8]", "hidden.0.bias [8]",
        "hidden.1.weight [6, 8]", "hidden.1.bias [6]", "logits.weight [2, 6]", "logits.bias [2]",
        "critic.act.weight [2, 4]", "critic.hidden.0.weight [8, 8]", "critic.hidden.0.bias [8]",
        "critic.hidden.1.weight [6, 8]", "critic.hidden.1.bias [6]", "value.weight [1, 6]",
        "value.bias [1]",
      ])
  }

  @Test func `orthogonal first weights have the customary gains`() throws {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [4], low: -1, high: 1), action: .discrete(2))
    let policy = NetworkPolicy(
      inputs: [.obs], hidden: [8], value: .shared, initialization: .orthogonal)
    #expect(
      try PolicySignature(policy, for: spaces).parameters.entries.map(\.initialization) == [
        .orthogonal(gain: 2.0.squareRoot()), .constant(0), .orthogonal(gain: 0.01), .constant(0),
        .orthogonal(gain: 1), .constant(0),
      ])
  }

  /// Returns the scores for one image, with weights that depend on the random seed alone.
  private func scores(_ shape: [Int], _ pixel: (_ c: Int, _ y: Int, _ x: Int) -> UInt8) throws
    -> [Float]
  {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: shape, low: 0, high: 255, elementType: .uint8),
      action: .discrete(3))
    let policy = NetworkPolicy(inputs: [.obs], torso: .nature, hidden: [])
    let layout = FragmentLayout(
      stepCount: 1, environmentCount: 1,
      contents: try PolicySignature(policy, for: spaces).contents(spaces))
    let storage = FragmentStorage(layout)
    let pixels = storage.view.obs(as: UInt8.self)
    let isLast = shape.count == 3 && shape[2] < shape[0]
    for index in 0..<shape.reduce(1, *) {
      let (height, width) =
        isLast ? (shape[0], shape[1]) : (shape[shape.count - 2], shape[shape.count - 1])
      let channels = shape.reduce(1, *) / height / width
      pixels[0, 0, index] =
        isLast
        ? pixel(index % channels, index / channels / width, index / channels % width)
        : pixel(index / (height * width), index / width % height, index % width)
    }
    let actor = try Scene.actor(layout, policy: policy)
    actor.react(to: storage.view, at: 0, virtual: true)
    return try #require(storage.view.actor("logits")).elements.prefix(3).map { $0 }
  }

  @Test func `an image is the same image with its channels first or last`() throws {
    func pixel(_ c: Int, _ y: Int, _ x: Int) -> UInt8 {
      UInt8(truncatingIfNeeded: 31 * c + 7 * y + 3 * x + y * x)
    }
    let first = try scores([3, 40, 36], pixel)
    #expect(try scores([40, 36, 3], pixel) == first)
    #expect(try scores([3, 40, 36]) { c, y, x in pixel(c, x, y) } != first)
    // Pixels are scaled to at most 1: unscaled ones would saturate the softmax of these scores.
    #expect(first.allSatisfy { $0 > -3 })
    #expect(try scores([36, 40]) { c, y, x in pixel(c, y, x) }.count == 3)
  }

  @Test func `a torso for images refuses what is none, or too small`() {
    let numbers = EnvironmentSpaces(
      observation: .box(shape: [4], low: -1, high: 1), action: .discrete(2))
    let small = EnvironmentSpaces(
      observation: .box(shape: [3, 35, 36], low: 0, high: 255, elementType: .uint8),
      action: .discrete(2))
    for (spaces, word) in [(numbers, "mlp"), (small, "36 by 36")] {
      let error = #expect(throws: PolicyError.self) {
        try PolicySignature(NetworkPolicy(torso: .nature), for: spaces)
      }
      #expect(error?.description.contains(word) == true)
    }
    let blind = #expect(throws: PolicyError.self) {
      try PolicySignature(NetworkPolicy(inputs: []), for: numbers)
    }
    #expect(blind?.description.contains("inputs") == true)
  }

  @Test func `a core stands behind the hidden layers, with PyTorch's names`() throws {
    let spaces = EnvironmentSpaces(
      observation: .box(shape: [4], low: -1, high: 1), action: .discrete(2))
    let lstm = NetworkPolicy(
      inputs: [.obs], hidden: [8], recurrent: .lstm, recurrentSize: 5, recurrentLayers: 2)
    #expect(
      try parameters(lstm, spaces) == [
        "hidden.weight [8, 4]", "hidden.bias [8]",
        "core.weight_ih_l0 [20, 8]", "core.weight_hh_l0 [20, 5]", "core.bias_ih_l0 [20]",
        "core.bias_hh_l0 [20]", "core.weight_ih_l1 [20, 5]", "core.weight_hh_l1 [20, 5]",
        "core.bias_ih_l1 [20]", "core.bias_hh_l1 [20]", "logits.weight [2, 5]", "logits.bias [2]",
      ])
    let layer = Nested.leaf(LeafSpecification(.float32, [5]))
    #expect(
      try PolicySignature(lstm, for: spaces).recurrentState
        == .fields([("h", .list([layer, layer])), ("c", .list([layer, layer]))]))
    let gru = NetworkPolicy(
      inputs: [.obs], hidden: [], recurrent: .gru, recurrentSize: 5, value: .separate)
    #expect(
      try parameters(gru, spaces).filter { $0.contains("core") } == [
        "core.weight_ih_l0 [15, 4]", "core.weight_hh_l0 [15, 5]", "core.bias_ih_l0 [15]",
        "core.bias_hh_l0 [15]", "critic.core.weight_ih_l0 [15, 4]",
        "critic.core.weight_hh_l0 [15, 5]", "critic.core.bias_ih_l0 [15]",
        "critic.core.bias_hh_l0 [15]",
      ])
    let core: Nested<LeafSpecification> = .fields([("h", .list([layer]))])
    #expect(
      try PolicySignature(gru, for: spaces).recurrentState
        == .fields([("actor", core), ("critic", core)]))
  }
}

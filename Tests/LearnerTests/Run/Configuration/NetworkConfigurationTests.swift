import Actor
import Learner
import Rollout
import Testing

/// Tests of the effect of network options, and of contradictions between them.
struct NetworkConfigurationTests {
  typealias Configuration = TrainingConfiguration

  private func network(_ change: (inout Configuration) -> Void) throws -> NetworkPolicy {
    var configuration = Configuration()
    change(&configuration)
    return try #require(configuration.policy as? NetworkPolicy)
  }

  @Test func `the default network has tanh and a value with a torso of its own`() throws {
    #expect(try network { _ in } == NetworkPolicy(activation: .tanh, value: .separate))
  }

  @Test func `every option of the network reaches the policy`() throws {
    let policy = try network {
      $0.networkInputs = [.stepno, .obs]
      $0.integerInputs = .bits
      $0.embeddingSize = 9
      $0.torso = .nature
      $0.hiddenSizes = [7, 8]
      $0.activation = .gelu
      $0.recurrent = .lstm
      $0.recurrentSize = 5
      $0.recurrentLayers = 3
      $0.initialization = .orthogonal
    }
    #expect(
      policy
        == NetworkPolicy(
          inputs: [.stepno, .obs], torso: .nature, hidden: [7, 8], activation: .gelu,
          recurrent: .lstm, recurrentSize: 5, recurrentLayers: 3, value: .separate,
          integers: .bits, embeddingWidth: 9, initialization: .orthogonal))
  }

  @Test func `hidden layers follow the torso unless they are named`() throws {
    #expect(try network { $0.torso = .nature }.hidden == [512])
    #expect(try network { $0.torso = .mlp }.hidden == [32])
    #expect(try network { $0.hiddenSizes = [] }.hidden == [])
  }

  @Test func `nothing has a value where none is learned`() throws {
    #expect(try network { $0.baseline = .none }.value == .none)
    #expect(try network { $0.baseline = .mean }.value == .none)
  }

  @Test func `a value that is learned shares the torso or has its own`() throws {
    #expect(try network { $0.sharedTorso = true }.value == .shared)
    #expect(try network { $0.sharedTorso = false }.value == .separate)
    var configuration = Configuration()
    configuration.valueCost = 1
    try configuration.validate()
    #expect((configuration.objective as? Reinforce)?.valueCost == 1)
  }

  static let contradictions:
    [(change: @Sendable (inout Configuration) -> Void, option: String, sentence: String)] = [
      (
        { $0.networkInputs = [] }, "inputs",
        "--inputs names nothing: use some of obs, act, rew, fin, stepno."
      ),
      (
        {
          $0.embeddingSize = 8
          $0.integerInputs = .oneHot
        }, "embedding-size",
        "--embedding-size 8 has no effect with --integer-inputs one-hot: leave it out, "
          + "or use --integer-inputs embedding."
      ),
      (
        {
          $0.torso = .nature
          $0.networkInputs = [.act]
        }, "torso",
        "--torso nature is for images and --inputs leaves observations out: "
          + "add obs to --inputs, or use --torso mlp."
      ),
      (
        {
          $0.hiddenSizes = []
          $0.activation = .relu
        }, "activation",
        "--activation relu applies to hidden layers and --hidden none has none: "
          + "leave it out, or give --hidden."
      ),
    ]

  @Test(arguments: contradictions.indices)
  func `what would be ignored is refused`(index: Int) {
    let (change, option, sentence) = Self.contradictions[index]
    var configuration = Configuration()
    change(&configuration)
    #expect(throws: ConfigurationError(sentence, option: option)) { try configuration.validate() }
  }

  @Test func `an embedding's size counts for the step number as well`() throws {
    var configuration = Configuration()
    configuration.embeddingSize = 8
    configuration.integerInputs = .oneHot
    configuration.networkInputs = [.obs, .stepno]
    try configuration.validate()
  }
}

import Testing

@testable import Learner

struct AlgorithmRegistryTests {
  private static let own = Algorithm(
    name: "own", options: Algorithm.policyOptions, objective: { _, _ in Reinforce() })

  @Test func `a name is registered once`() throws {
    let registry = AlgorithmRegistry()
    try registry.register(Self.own)
    #expect(registry.all == AlgorithmRegistry.builtIn + [Self.own])
    let taken = Algorithm(name: "ppo", options: [], objective: { _, _ in Reinforce() })
    for (algorithm, name) in [(Self.own, "own"), (taken, "ppo")] {
      let error = #expect(throws: DuplicateAlgorithm(name: name)) {
        try registry.register(algorithm)
      }
      #expect(
        error?.description
          == "an algorithm named '\(name)' is registered already: choose another name")
    }
    #expect(registry.all.count == AlgorithmRegistry.builtIn.count + 1)
  }

  @Test func `an algorithm is found by its name alone`() {
    #expect(Algorithm(rawValue: "vtrace") == .vtrace)
    #expect(Algorithm(rawValue: "V-trace") == nil)
    #expect(Set(Algorithm.allCases.map(\.name)).count == Algorithm.allCases.count)
  }

  @Test func `an algorithm without arguments of its own trains the configured network in passes`()
    throws
  {
    var configuration = TrainingConfiguration(Self.own)
    configuration.epochs = 2
    let setup = try configuration.makeSetup(seed: 1)
    let learner = try configuration.makeLearner(
      setup, batchLayout: setup.layout, valueParameters: [])
    #expect(learner is MinibatchLearner)
  }
}

import Actor
import Foundation
import Rollout
import Testing

@testable import Learner

/// Tests of lists of wrappers that end with normalizations.
struct WrapperListTests {
  typealias Configuration = TrainingConfiguration

  @Test func `normalisations at the end are the learner's, and read back as they were`() throws {
    for discount in [nil, 0.5] {
      let rewards = Wrapper.rewardNormalisation(discount: discount)
      var configuration = Configuration()
      configuration.wrappers = [.frameStack(2), .observationNormalisation, rewards]
      #expect(configuration.environment.wrappers == [.frameStack(2)])
      #expect(configuration.normalisesObservations && configuration.normalisesRewards)
      #expect(configuration.rewardNormalisationDiscount == discount)
      try configuration.validate()
      let json = configuration.json()
      #expect(
        String(decoding: json, as: UTF8.self).contains(
          "\"wrap\": [\"frame-stack=2\", \"observation-normalisation\", \"\(rewards)\"]"))
      #expect(try Configuration(json: json, over: Configuration(), source: "x") == configuration)
      let network = try #require(configuration.policy as? NetworkPolicy)
      #expect(network.normalisation == NetworkNormalisation(observations: true, rewards: true))
      configuration.wrappers = [.frameStack(2)]
      #expect(!configuration.normalisesObservations && !configuration.normalisesRewards)
      #expect(configuration.rewardNormalisationDiscount == nil)
    }
  }

  @Test func `both orders mean the same, and one goes without the other`() throws {
    var (one, other) = (Configuration(), Configuration())
    one.wrappers = [.rewardNormalisation(), .observationNormalisation]
    other.wrappers = [.observationNormalisation, .rewardNormalisation()]
    #expect(one == other)
    one.wrappers = [.rewardNormalisation()]
    #expect(!one.normalisesObservations && one.normalisesRewards)
    #expect((one.policy as? NetworkPolicy)?.normalisation == .init(rewards: true))
  }

  @Test(arguments: [
    [Wrapper.observationNormalisation, .frameStack(2)],
    [.rewardNormalisation(), .rewardSign, .observationNormalisation],
    [.observationNormalisation, .observationNormalisation],
    [.rewardNormalisation(discount: 0.5), .rewardNormalisation()],
  ])
  func `a normalisation further in or named twice is refused`(wrappers: [Wrapper]) {
    var configuration = Configuration()
    configuration.wrappers = wrappers
    let error = #expect(throws: ConfigurationError.self) { try configuration.validate() }
    #expect(error?.description.contains("name it once, behind them") == true)
  }
}

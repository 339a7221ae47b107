import Actor
import Foundation
import Learner
import Rollout
import Testing

/// Tests of lists of wrappers that end with normalizations.
struct WrapperListTests {
  typealias Configuration = TrainingConfiguration

  @Test func `normalizations at the end are the learner's, and read back as they were`() throws {
    for discount in [nil, 0.5] {
      let rewards = Wrapper.rewardNormalization(discount: discount)
      var configuration = Configuration()
      configuration.wrappers = [.frameStack(2), .observationNormalization, rewards]
      #expect(configuration.environment.wrappers == [.frameStack(2)])
      #expect(configuration.normalizesObservations && configuration.normalizesRewards)
      #expect(configuration.rewardNormalizationDiscount == discount)
      try configuration.validate()
      let json = configuration.json()
      #expect(
        String(decoding: json, as: UTF8.self).contains(
          "\"wrap\": [\"frame-stack=2\", \"observation-normalization\", \"\(rewards)\"]"))
      #expect(try Configuration(json: json, over: Configuration(), source: "x") == configuration)
      let network = try #require(configuration.policy as? NetworkPolicy)
      #expect(network.normalization == NetworkNormalization(observations: true, rewards: true))
      configuration.wrappers = [.frameStack(2)]
      #expect(!configuration.normalizesObservations && !configuration.normalizesRewards)
      #expect(configuration.rewardNormalizationDiscount == nil)
    }
  }

  @Test func `both orders mean the same, and one goes without the other`() throws {
    var (one, other) = (Configuration(), Configuration())
    one.wrappers = [.rewardNormalization(), .observationNormalization]
    other.wrappers = [.observationNormalization, .rewardNormalization()]
    #expect(one == other)
    one.wrappers = [.rewardNormalization()]
    #expect(!one.normalizesObservations && one.normalizesRewards)
    #expect((one.policy as? NetworkPolicy)?.normalization == .init(rewards: true))
  }

  @Test(arguments: [
    [Wrapper.observationNormalization, .frameStack(2)],
    [.rewardNormalization(), .rewardSign, .observationNormalization],
    [.observationNormalization, .observationNormalization],
    [.rewardNormalization(discount: 0.5), .rewardNormalization()],
  ])
  func `a normalization further in or named twice is refused`(wrappers: [Wrapper]) {
    var configuration = Configuration()
    configuration.wrappers = wrappers
    let error = #expect(throws: ConfigurationError.self) { try configuration.validate() }
    #expect(error?.description.contains("name it once, after them") == true)
  }
}

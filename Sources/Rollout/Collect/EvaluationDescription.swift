import Foundation

/// The task of an evaluation process, which the learner writes once, as JSON in their memory.
package struct EvaluationDescription: Codable, Sendable, Equatable {
  /// The environment.
  package var environment: EnvironmentChoice
  /// The policy, as the policy registry encodes it.
  package var policy: String
  /// The root of every random stream.
  package var seed: UInt64

  /// Describes evaluations.
  package init(environment: EnvironmentChoice, policy: String, seed: UInt64) {
    self.environment = environment
    self.policy = policy
    self.seed = seed
  }

  /// The text that lies in shared memory.
  package var encoded: [UInt8] {
    guard let data = try? JSONEncoder().encode(self) else {
      preconditionFailure("no JSON of \(self)")
    }
    return [UInt8](data)
  }

  /// Reads the text back.
  package init(decoding bytes: [UInt8]) throws {
    self = try JSONDecoder().decode(EvaluationDescription.self, from: Data(bytes))
  }
}

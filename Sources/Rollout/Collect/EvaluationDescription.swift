import Foundation

/// The task of an evaluation process.
///
/// The learner writes it once, as JSON in the memory that both share.
package struct EvaluationDescription: Codable, Sendable, Equatable {
  /// The environment.
  package var environment: EnvironmentConfiguration
  /// The policy, as the policy registry encodes it.
  package var policy: String
  /// The random seed from which every random stream is derived.
  package var seed: UInt64

  /// Creates a description.
  package init(environment: EnvironmentConfiguration, policy: String, seed: UInt64) {
    self.environment = environment.located
    self.policy = policy
    self.seed = seed
  }

  /// The JSON text that is stored in shared memory.
  package var encoded: [UInt8] {
    guard let data = try? JSONEncoder().encode(self) else {
      preconditionFailure("\(self) cannot be encoded as JSON")
    }
    return [UInt8](data)
  }

  /// Decodes the JSON text.
  package init(decoding bytes: [UInt8]) throws {
    self = try JSONDecoder().decode(EvaluationDescription.self, from: Data(bytes))
  }
}

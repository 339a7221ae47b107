import Actor
import Rollout

extension TrainingConfiguration {
  /// Refuses sizes out of range, and options that the network would ignore.
  func validateNetwork() throws(ConfigurationError) {
    if networkInputs.isEmpty {
      let known = NetworkInput.allCases.map(\.rawValue).joined(separator: ", ")
      throw ConfigurationError("--inputs names nothing: use some of \(known).", option: "inputs")
    }
    try ConfigurationError.check("embedding-size", embeddingSize, in: 1...65_536)
    if embeddingSize != Self().embeddingSize, integerInputs != .embedding,
      !networkInputs.contains(.stepno)
    {
      throw ConfigurationError(
        "--embedding-size \(embeddingSize) has no effect with --integer-inputs "
          + "\(integerInputs.rawValue): leave it out, or use --integer-inputs embedding.",
        option: "embedding-size")
    }
    if torso == .nature, !networkInputs.contains(.obs) {
      throw ConfigurationError(
        "--torso nature is for images and --inputs leaves observations out: add obs to --inputs, "
          + "or use --torso mlp.",
        option: "torso")
    }
    try validateHidden(hiddenSizes ?? [32])
    try refuse(
      "initial-deviation", initialDeviation,
      unless: initialDeviation > 0 && initialDeviation.isFinite,
      "use a positive number, such as 0.5")
    try validateCore("recurrent-size", \.recurrentSize, in: 1...65_536)
    try validateCore("recurrent-layers", \.recurrentLayers, in: 1...64)
  }

  private func validateCore(
    _ option: String, _ field: KeyPath<Self, Int>, in range: ClosedRange<Int>
  ) throws(ConfigurationError) {
    let value = self[keyPath: field]
    try ConfigurationError.check(option, value, in: range)
    guard recurrent == .none, value != Self()[keyPath: field] else { return }
    throw ConfigurationError(
      "--\(option) \(value) has no effect with --recurrent none: leave it out, "
        + "or add --recurrent lstm or gru.",
      option: option)
  }

  private func validateHidden(_ sizes: [Int]) throws(ConfigurationError) {
    if sizes.count > 16 {
      throw ConfigurationError(
        "--hidden names \(sizes.count) layers: use at most 16, or none.", option: "hidden")
    }
    for size in sizes { try ConfigurationError.check("hidden", size, in: 1...16_384) }
    if sizes.isEmpty, activation != Self(algorithm).activation {
      throw ConfigurationError(
        "--activation \(activation.rawValue) applies to hidden layers and --hidden none has none: "
          + "leave it out, or give --hidden.",
        option: "activation")
    }
  }
}

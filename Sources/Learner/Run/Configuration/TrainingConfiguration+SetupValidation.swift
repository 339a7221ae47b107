import Actor
import Rollout

// The checks of the options that make a `RolloutSetup`: collection and network.
extension TrainingConfiguration {
  /// Refuses numbers out of range, and a pool that is too small for its workers.
  func validateCollection() throws(ConfigurationError) {
    // The upper limits are far beyond any use, and keep computed sizes from overflowing.
    try ConfigurationError.check("actors", actorCount, in: 1...1024)
    try ConfigurationError.check("envs-per-actor", environmentsPerActor, in: 1...65_536)
    try ConfigurationError.check("fragment-steps", fragmentSteps, in: 1...65_536)
    try ConfigurationError.check("buffers", bufferCount, in: 1...65_536)
    try ConfigurationError.check("fragments-per-batch", fragmentsPerBatch, in: 1...4096)
    if let policyLag {
      try ConfigurationError.check("lag", policyLag, in: 0...4096)
      if collector == .multi, !deterministic {
        throw ConfigurationError(
          "--lag \(policyLag) cannot be held by asynchronous workers: "
            + "add --deterministic, or use --collector same or single.",
          option: "lag")
      }
    }
    if let maximumPolicyLag {
      try ConfigurationError.check("max-lag", maximumPolicyLag, in: 0...1_000_000)
      if let policyLag, policyLag > maximumPolicyLag {
        throw ConfigurationError(
          "--max-lag \(maximumPolicyLag) is below --lag \(policyLag): leave one of them out.",
          option: "max-lag")
      }
    }
    try ConfigurationError.checkTimeouts(
      hang: environment.hangTimeoutSeconds, close: environment.closeTimeoutSeconds)
    guard collector == .multi else { return }
    // A worker without a buffer of its own could only wait until others are freed.
    if bufferCount < actorCount {
      throw ConfigurationError(
        "--buffers \(bufferCount) is too few for --actors \(actorCount): "
          + "use at least \(actorCount), one for each actor, and preferably some more.",
        option: "buffers")
    }
    if bufferCount < fragmentsPerBatch {
      throw ConfigurationError(
        "--buffers \(bufferCount) is too few for --fragments-per-batch \(fragmentsPerBatch): "
          + "use at least \(fragmentsPerBatch), or smaller batches.",
        option: "buffers")
    }
  }

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

  /// Refuses a network that is too large to be trained in the machine's memory.
  ///
  /// Training needs six vectors of the network's size: weights, gradients, two of the optimizer,
  /// the weights before a step and the weights of an actor.
  ///
  /// - Parameters:
  ///   - parameters: the network's parameters.
  ///   - physicalByteCount: the machine's memory in bytes.
  func validateNetworkMemory(
    _ parameters: ParameterLayout, physicalByteCount: Int = SystemCalls.physicalByteCount
  ) throws(ConfigurationError) {
    let copyCount = 6
    let limit = physicalByteCount / (copyCount * MemoryLayout<Float>.size)
    guard parameters.elementCount > limit else { return }
    throw ConfigurationError(
      "the network has \(NumberText.short(Double(parameters.elementCount))) parameters, and this "
        + "machine's memory holds at most \(NumberText.short(Double(limit))): use smaller layers "
        + "(--hidden, --recurrent-size, --embedding-size) or smaller observations.",
      option: "hidden")
  }
}

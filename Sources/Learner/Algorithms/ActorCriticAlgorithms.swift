import Actor

// The parts that several algorithms share.

extension Algorithm {
  /// The options of algorithms that learn a policy from batches as they come.
  public static let policyOptions: Set<String> = [
    "entropy-cost", "bootstrap", "normalize-advantages", "value-cost", "epochs", "minibatches",
    "value-learning-rate", "sticky", "shared-torso",
  ]

  /// The options of algorithms that learn a policy by the advantages of a value estimate.
  public static let criticOptions = policyOptions.union([
    "lambda", "target-kl", "normalize-over", "minibatch-size", "minibatch-of",
  ])
}

extension TrainingConfiguration {
  /// Sets what actor-critic algorithms have in common: a policy and a value estimate that do not
  /// disturb each other.
  public mutating func adoptCriticDefaults() {
    networkInputs = [.obs]
    hiddenSizes = [64, 64]
    activation = .tanh
    initialization = .orthogonal
    sharedTorso = false
    learningRate = 0.0025
    maximumGradientNorm = 0.5
  }

  /// Sets 16 environments, or 8 with images, and for images the network.
  package mutating func adoptWorkersAndNetwork(_ traits: EnvironmentTraits) {
    adoptWorkers(traits, environmentCount: traits.imageSize == nil ? 16 : 8)
    if traits.imageSize != nil { adoptImageNetwork() }
  }

  /// The settings that all actor-critic objectives share.
  public var actorCriticSettings: ActorCriticSettings {
    ActorCriticSettings(
      discount: gamma, lambda: lambda, entropyCost: entropyCost, valueCost: valueCost,
      normalizesAdvantages: normalizeAdvantages, normalizationScope: normalizationScope)
  }

  /// The bounds of `--clip` and `--value-clip`.
  package var clippedSurrogate: ClippedSurrogate {
    ClippedSurrogate(clip: clip, valueClip: valueClip)
  }

  /// The upper limits of `--rho-clip` and `--trace-clip`.
  package var importanceClips: ImportanceClips { ImportanceClips(rho: rhoClip, trace: traceClip) }
}

import Actor
import Foundation
import Rollout

/// The metadata of a checkpoint and the layers of its policy.
package struct PolicyDescription {
  /// The environment that the policy was trained for.
  package let environment: EnvironmentConfiguration
  /// The names of the environment's discrete actions; empty if they have none.
  package let actionNames: [String]
  /// The autoreset mode of a vector environment; nil for others.
  let autoreset: DeclaredSpaces.Autoreset?
  /// The algorithm that trained the policy.
  package let algorithm: String
  /// The registered name of the policy's type.
  package let kind: String
  /// Environment steps that the policy has learned from.
  package let steps: Int
  /// Optimizer steps.
  package let updates: Int
  /// The policy's layers; nil if neither the checkpoint nor this program knows the spaces.
  package let layers: LayerTable?
  /// The number of elements in the checkpoint's tensors.
  let elementCount: Int

  /// The policy's settings, by name.
  let settings: OrderedJSON
}

extension TrainedPolicy {
  /// Traces the policy and combines its layers with the checkpoint's metadata.
  ///
  /// Starts no program. The spaces are those in the checkpoint. For a checkpoint of an earlier
  /// release without spaces, they are those of the environment, unless it starts a program.
  ///
  /// - Throws: `UnknownEnvironment`; `PolicyError`; `CheckpointError` if the weights do not match
  ///   the network or a number in the metadata is malformed.
  package func describe() throws -> PolicyDescription {
    let layers = try knownSpaces().map { try LayerTable(policy, for: $0) }
    if let layers { _ = try weights(of: layers.parameters) }
    for parameter in checkpoint.parameters { try parameter.checkFinite() }
    func count(_ key: String) throws -> Int {
      let text = try checkpoint.requiredMetadata(key)
      guard let number = Int(text), number >= 0 else {
        throw CheckpointError(.malformed, "its \(key) '\(text)' is not a whole number")
      }
      return number
    }
    let parts = PolicyRegistry.encode(policy).split(separator: " ", maxSplits: 1)
    let settings =
      switch try? JSONReader.value(of: Data(parts[1].utf8)) {
      case .object(let object): object
      default: OrderedJSON()
      }
    return PolicyDescription(
      environment: environment, actionNames: environment.actionNames,
      autoreset: checkpoint.metadata[Checkpoint.Key.autoreset].flatMap { .init(rawValue: $0) },
      algorithm: try checkpoint.requiredMetadata(Checkpoint.Key.algorithm),
      kind: String(parts[0]), steps: try count(Checkpoint.Key.environmentSteps),
      updates: try count(Checkpoint.Key.updates), layers: layers,
      elementCount: checkpoint.parameters.reduce(0) { $0 + $1.values.count }, settings: settings)
  }
}

extension OrderedJSON {
  /// Sets an environment's name, arguments and wrappers, those in Python first.
  package mutating func set(_ environment: EnvironmentConfiguration) {
    set("environment", environment.id)
    if !environment.arguments.isEmpty { set("env_args", environment.arguments) }
    if !environment.gymnasiumWrappers.isEmpty { set("gym_wrappers", environment.gymnasiumWrappers) }
    if !environment.wrappers.isEmpty { set("wrappers", environment.wrappers.map(\.description)) }
  }
}

extension PolicyDescription {
  /// The JSON object that ends standard output with `--json`.
  package var json: OrderedJSON {
    var policy = OrderedJSON()
    policy.set("kind", kind)
    policy.set("settings", settings)
    var object = OrderedJSON()
    object.set(environment)
    if let autoreset { object.set("autoreset", autoreset.rawValue) }
    if !actionNames.isEmpty { object.set("action_names", actionNames) }
    object.set("algorithm", algorithm)
    object.set("policy", policy)
    object.set("env_steps", steps)
    object.set("updates", updates)
    object.set("parameters", layers?.parameters.learnedCount)
    object.set(
      "layers",
      layers?.rows.map { row in
        var layer = OrderedJSON()
        layer.set("name", row.name)
        layer.set("kind", row.kind)
        layer.set("output", row.output)
        layer.set("parameters", row.parameterCount)
        if !row.isLearned { layer.set("learned", false) }
        return layer
      })
    return object
  }

  /// The description for display, without a trailing newline.
  package var text: String {
    let parameters = environment.arguments.isEmpty ? [] : [("with", environment.arguments)]
    let wrappers = (environment.gymnasiumWrappers + environment.wrappers.map(\.description))
      .joined(separator: ", ")
    let wrapping = wrappers.isEmpty ? [] : [("wrappers", wrappers)]
    let names = actionNames.joined(separator: ", ")
    let facts =
      [("environment", environment.id)] + parameters + wrapping
      + (autoreset.map { [("vector", $0.remark)] } ?? [])
      + (names.isEmpty ? [] : [("actions", names)]) + [
        ("algorithm", algorithm),
        (
          "learned from",
          "\(NumberText.grouped(steps)) steps in \(NumberText.grouped(updates)) updates"
        ),
        ("policy", kind),
      ]
    let settings = settings.entries.map { ("  \($0.key)", $0.value.text) }
    let rows = (facts + settings).map { ($0.0.escapingControls, $0.1.escapingControls) }
    let width = rows.map(\.0.count).max() ?? 0
    let lines = rows.map { "\(NumberText.left($0.0, width))   \($0.1)" }
    return (lines + ["", layers?.text ?? absence]).joined(separator: "\n")
  }

  /// The sentence in place of the table if the layers are unknown.
  private var absence: String {
    """
    \(NumberText.grouped(elementCount)) numbers; the layers are unknown, since an earlier release \
    wrote the checkpoint without the spaces of its environment
    """
  }
}

import Actor
import Foundation
public import Rollout

/// The parameters of a network, with metadata about their training.
public struct Checkpoint: Equatable, Sendable {
  /// A parameter with the name that PyTorch gives it.
  package struct NamedTensor: Equatable, Sendable {
    /// The name, unique within a checkpoint.
    package let name: String
    /// The extent of each axis.
    package let shape: [Int]
    /// The values, row-major.
    package let values: [Float]

    /// Creates a parameter.
    ///
    /// - Precondition: `values` has as many elements as `shape`.
    package init(name: String, shape: [Int], values: [Float]) {
      precondition(
        shape.reduce(1, *) == values.count,
        "parameter '\(name)' of shape \(shape) cannot have \(values.count) values")
      self.name = name
      self.shape = shape
      self.values = values
    }
  }

  /// The keys of the metadata.
  package enum Key {
    /// The kind of file; always ``Checkpoint/format`` in checkpoints.
    package static let format = "format"
    /// The environment's name.
    package static let environment = "environment"
    /// The environment's arguments, in the format of `--env-args`; absent if none were given.
    package static let environmentArguments = "env-args"
    /// The environment's step limit: `default`, `none` or a decimal integer.
    package static let maxEpisodeSteps = "max-episode-steps"
    /// The environment's wrappers, innermost first, separated by commas; absent if there are none.
    package static let wrappers = "wrappers"
    /// The spaces of the wrapped environment as JSON; absent in files of earlier releases.
    package static let spaces = "spaces"
    /// The recorded names of `info`, separated by commas; absent if there are none.
    package static let information = "info"
    /// The wrappers in Python, innermost first, separated by commas; absent if there are none.
    package static let gymnasiumWrappers = "gym-wrap"
    /// The autoreset mode of a vector environment, such as `NEXT_STEP`; absent for others.
    package static let autoreset = "autoreset"
    /// The use of action bounds, `scale` or `clip`.
    ///
    /// It is absent if actions have no bounds, and in older checkpoints.
    package static let actionBounds = "action-bounds"
    /// The description of the network as JSON, encoded by `PolicyRegistry`.
    package static let policy = "policy"
    /// The number of environment steps learned from, a decimal integer.
    package static let environmentSteps = "env_steps"
    /// The number of optimizer steps, a decimal integer.
    package static let updates = "updates"
    /// The name of the algorithm.
    package static let algorithm = "algorithm"
  }

  /// The value under ``Key/format``.
  package static let format = "rlplay"

  /// The metadata, under the keys in `Key`.
  public var metadata: [String: String]
  /// The parameters; after reading, in the order of the file.
  package var parameters: [NamedTensor]

  /// Creates a checkpoint, and adds the format to its metadata.
  package init(metadata: [String: String], parameters: [NamedTensor]) {
    self.metadata = metadata
    self.metadata[Key.format] = Checkpoint.format
    self.parameters = parameters
  }

  /// Returns the bytes of the file; equal content gives equal bytes.
  package func encoded() -> Data {
    SafetensorsFile(
      tensors: parameters.map { parameter in
        SafetensorsFile.Tensor(
          name: parameter.name, shape: parameter.shape, values: parameter.values)
      },
      metadata: metadata
    ).encodedWithChecksum()
  }

  /// Writes the file atomically.
  ///
  /// - Throws: `RecordError` if writing fails. An earlier checkpoint at the same place is then
  ///   unchanged, so training may continue and save again later.
  public func save(to url: URL) throws(RecordError) {
    try AtomicFile.write(encoded(), to: url)
  }

  /// Reads a file written by ``save(to:)`` or by another writer of safetensors.
  ///
  /// - Throws: ``CheckpointError`` with the file's name if the file cannot be read, is damaged, is
  ///   not a safetensors file, or has tensors that are not F32.
  public static func load(from url: URL) throws(CheckpointError) -> Checkpoint {
    try url.decoded { data throws(CheckpointError) in try Checkpoint(decoding: data) }
  }

  /// Decodes the bytes of a file.
  ///
  /// - Throws: ``CheckpointError`` as ``load(from:)`` does, without the file's name.
  public init(decoding data: Data) throws(CheckpointError) {
    let file = try SafetensorsFile(decoding: data)
    metadata = file.metadata
    parameters = []
    for tensor in file.tensors {
      guard let values = tensor.values(of: Float.self) else {
        throw CheckpointError(
          .mismatched,
          "tensor '\(tensor.name)' is \(tensor.type.rawValue), and parameters are F32")
      }
      parameters.append(NamedTensor(name: tensor.name, shape: tensor.shape, values: values))
    }
  }

  /// Returns the metadata under a required key.
  ///
  /// - Throws: ``CheckpointError`` if the key is absent.
  package func requiredMetadata(_ key: String) throws(CheckpointError) -> String {
    guard let value = metadata[key] else {
      throw CheckpointError(
        .mismatched, "its metadata lack '\(key)', which rlplay train writes")
    }
    return value
  }
}

extension Checkpoint {
  /// Returns the parameters as one flat vector, in the order of a network.
  ///
  /// - Parameter expected: the network's parameters, with unique names.
  /// - Throws: ``CheckpointError`` if the checkpoint is of another network. It names tensors that
  ///   are missing, unknown or of another shape, up to four of each kind. Values that are not
  ///   finite are refused as well.
  /// - Complexity: linear in the number of values.
  public func parameters(
    matching expected: [(name: String, shape: [Int])]
  ) throws(CheckpointError) -> [Float] {
    let present = Dictionary(
      parameters.map { (Array($0.name.utf8), $0) }, uniquingKeysWith: { first, _ in first })
    var missing: [String] = []
    var reshaped: [String] = []
    var vector: [Float] = []
    for (name, shape) in expected {
      guard let parameter = present[Array(name.utf8)] else {
        missing.append("'\(name)' \(shape)")
        continue
      }
      if parameter.shape != shape {
        reshaped.append("'\(name)' \(parameter.shape) and not \(shape)")
      }
      try parameter.checkFinite()
      vector.append(contentsOf: parameter.values)
    }
    let expectedNames = Set(expected.map { Array($0.name.utf8) })
    let superfluous = parameters.filter { !expectedNames.contains(Array($0.name.utf8)) }
      .map { "'\($0.name)' \($0.shape)" }

    let differences = [
      Checkpoint.enumerated("it lacks", missing),
      Checkpoint.enumerated("it has the unknown", superfluous),
      Checkpoint.enumerated("it has", reshaped),
    ].compactMap { $0 }
    guard differences.isEmpty else {
      throw CheckpointError(
        .mismatched, "it belongs to another network: " + differences.joined(separator: "; "))
    }
    return vector
  }

  private static func enumerated(_ opening: String, _ names: [String]) -> String? {
    guard !names.isEmpty else { return nil }
    let more = names.count > 4 ? " and \(names.count - 4) more" : ""
    return "\(opening) \(names.prefix(4).joined(separator: ", "))\(more)"
  }
}

extension Checkpoint.NamedTensor {
  /// Refuses values that are NaN or infinite.
  ///
  /// - Throws: ``CheckpointError`` with the parameter's name and the value.
  func checkFinite() throws(CheckpointError) {
    guard let place = values.firstIndex(where: { !$0.isFinite }) else { return }
    throw CheckpointError(
      .malformed, "its parameter '\(name)' is \(values[place]) at element \(place)")
  }
}

extension Checkpoint {
  /// Creates the checkpoint of weights, as `rlplay evaluate`, `describe` and `report` read it.
  ///
  /// - Parameters:
  ///   - weights: the weights, in the order of the setup's parameters.
  ///   - setup: the environment and the policy.
  ///   - algorithm: the algorithm's name.
  ///   - steps: the environment steps that the weights have learned from.
  ///   - updates: the number of updates behind them.
  public init(
    _ weights: FlatVector<Float>, of setup: RolloutSetup, algorithm: String, steps: Int,
    updates: Int
  ) {
    let environment = setup.environment
    var metadata = [
      Key.environment: environment.id,
      Key.maxEpisodeSteps: SettingFormat.episodeLimit.value(environment.limit).text,
      Key.spaces: setup.layout.contents.spaces.json,
      Key.policy: PolicyRegistry.encode(setup.policy),
      Key.algorithm: algorithm,
      Key.environmentSteps: "\(steps)",
      Key.updates: "\(updates)",
    ]
    // The following keys are left out if they have no content.
    if !environment.arguments.isEmpty {
      metadata[Key.environmentArguments] = environment.arguments
    }
    if !environment.wrappers.isEmpty {
      metadata[Key.wrappers] = SettingFormat.wrappers.value(environment.wrappers).text
    }
    if !environment.information.isEmpty {
      metadata[Key.information] = environment.information.joined(separator: ",")
    }
    if !environment.gymnasiumWrappers.isEmpty {
      metadata[Key.gymnasiumWrappers] = environment.gymnasiumWrappers.joined(separator: ",")
    }
    if let mode = setup.layout.contents.spaces.declared?.autoreset {
      metadata[Key.autoreset] = mode.rawValue
    }
    if setup.layout.contents.spaces.action.hasBounds {
      metadata[Key.actionBounds] = environment.actionBounds.rawValue
    }
    self.init(
      metadata: metadata,
      parameters: setup.parameters.entries.map { entry in
        .init(name: entry.name, shape: entry.shape, values: entry.range.map { weights[$0] })
      })
  }
}

import Foundation
import Rollout

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

import Foundation
import Rollout

/// The parameters of a network, and words about how they came to be.
public struct Checkpoint: Equatable, Sendable {
  /// A parameter under the name that PyTorch would give it.
  public struct NamedTensor: Equatable, Sendable {
    /// The name, unique within a checkpoint.
    public let name: String
    /// The extent of each axis.
    public let shape: [Int]
    /// The values, row by row.
    public let values: [Float]

    /// A parameter of these values.
    ///
    /// - Precondition: `values` has as many elements as `shape` promises.
    public init(name: String, shape: [Int], values: [Float]) {
      precondition(
        shape.reduce(1, *) == values.count,
        "parameter '\(name)' of shape \(shape) cannot have \(values.count) values")
      self.name = name
      self.shape = shape
      self.values = values
    }
  }

  /// The keys of the metadata.
  public enum Key {
    /// Who wrote the file; always ``Checkpoint/format``.
    public static let format = "format"
    /// The environment's name.
    public static let environment = "environment"
    /// Values of the environment's parameters, as `--env-args` takes them; missing where none were given.
    public static let environmentArguments = "env-args"
    /// The environment's step limit, a decimal integer.
    public static let maxEpisodeSteps = "max-episode-steps"
    /// The wrappers around it, the innermost first, with commas between them; absent where there is none.
    public static let wrappers = "wrappers"
    /// The spaces of the environment with its wrappers, JSON; absent in files of earlier releases.
    public static let spaces = "spaces"
    /// The use of the bounds of actions, `scale` or `clip`; missing where actions have none, and in
    /// older checkpoints.
    public static let actionBounds = "action-bounds"
    /// The network's description, JSON that this module does not look into.
    public static let policy = "policy"
    /// Environment steps learnt from, a decimal integer.
    public static let environmentSteps = "env_steps"
    /// Optimiser steps, a decimal integer.
    public static let updates = "updates"
    /// The name of the algorithm.
    public static let algorithm = "algorithm"
  }

  /// The value under ``Key/format``.
  public static let format = "rlplay"

  /// Words about the parameters, under the names in ``Key``.
  public var metadata: [String: String]
  /// The parameters; a checkpoint that was read has them in the file's order.
  public var parameters: [NamedTensor]

  /// A checkpoint of these parameters; the format is added to the metadata.
  public init(metadata: [String: String], parameters: [NamedTensor]) {
    self.metadata = metadata
    self.metadata[Key.format] = Checkpoint.format
    self.parameters = parameters
  }

  /// The bytes of the file; equal content gives equal bytes.
  public func encoded() -> Data {
    SafetensorsFile(
      tensors: parameters.map { parameter in
        SafetensorsFile.Tensor(
          name: parameter.name, shape: parameter.shape, values: parameter.values)
      },
      metadata: metadata
    ).encodedWithChecksum()
  }

  /// Writes the file, whole or not at all.
  ///
  /// - Throws: ``RecordError``; an earlier checkpoint at this place is then as it was, so training may
  ///   go on and save again later.
  public func save(to url: URL) throws(RecordError) {
    try AtomicFile.write(encoded(), to: url)
  }

  /// Reads a file that ``save(to:)`` or another writer of safetensors has left.
  ///
  /// - Throws: ``CheckpointError`` when the file cannot be read, is damaged or no safetensors, or has
  ///   tensors that are not F32; the sentence names the file.
  public static func load(from url: URL) throws(CheckpointError) -> Checkpoint {
    try url.decoded { data throws(CheckpointError) in try Checkpoint(decoding: data) }
  }

  /// Reads the bytes of a file.
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

  /// The metadata under a key that this purpose cannot do without.
  ///
  /// - Throws: ``CheckpointError`` when the key is not there.
  public func requiredMetadata(_ key: String) throws(CheckpointError) -> String {
    guard let value = metadata[key] else {
      throw CheckpointError(
        .mismatched, "its metadata do not have '\(key)', which rlplay train writes")
    }
    return value
  }
}

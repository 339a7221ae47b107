public import Actor
import Foundation
public import Rollout

/// The parts of a run that a program provides itself, in place of those that the options describe.
///
/// ```swift
/// var parts = TrainingParts()
/// parts.objective = Reinforce(discount: 0.97)
/// parts.optimizer = PartMaker(encoding: "sgd 0.9") { parameters in
///   SGD<Float>(count: parameters.elementCount, learningRate: 0.01, momentum: 0.9)
/// }
/// let run = try TrainingRun(configuration, parts: parts)
/// ```
///
/// A part that is nil comes from the configuration. Environments are registered with
/// `EnvironmentRegistry`. The distribution of actions is part of the policy, see
/// `Policy.distribution(for:)`.
///
/// The state of the run holds the encoding of each part. A run is resumed with parts of the same
/// encodings. A run with a part that has no encoding cannot be resumed.
public struct TrainingParts {
  /// The policy to train, of a kind that is registered with `PolicyRegistry`.
  ///
  /// Worker processes decode it, and so does the resumed run if it is given none.
  public var policy: (any Policy)?

  /// The loss to minimize, which has an encoding if its type is `Encodable`.
  public var objective: (any Objective)?

  /// The maker of the optimizer, for the parameters to train.
  ///
  /// `TrainingConfiguration.learningRate` sets its step size before each update.
  public var optimizer: PartMaker<ParameterLayout, any Optimizer<Float>>?

  /// The maker of the collector, which starts its workers if it has any.
  ///
  /// A collector without a `state` can be trained with, but such a run cannot be resumed.
  public var collector: PartMaker<CollectorContext, any RolloutCollector>?

  /// The receivers of metrics besides the files of `--log`; they do not affect learning.
  public var sinks: [any MetricsSink] = []

  /// Creates a set without any part: all come from the configuration.
  public init() {}

  /// Creates the collector and starts its workers.
  ///
  /// - Throws: `ConfigurationError` if its batches have another layout than the context's, and the
  ///   errors of making it.
  func makeCollector(_ context: CollectorContext) throws -> any RolloutCollector {
    guard let collector = try collector?.make(context) else {
      return try context.configuration.makeCollector(
        context.setup, context.processes, resuming: context.state)
    }
    let (found, wanted) = (collector.batchLayout, context.batchLayout)
    if found.byteCount == wanted.byteCount, found.environmentCount == wanted.environmentCount {
      return collector
    }
    collector.close()
    throw ConfigurationError(
      "the collector makes batches of \(found.environmentCount) environments and "
        + "\(found.byteCount) bytes, and the options give \(wanted.environmentCount) and "
        + "\(wanted.byteCount): use the layout of the context.")
  }
}

/// A function that creates a part of a run, with a text by which equal functions are recognized.
public struct PartMaker<Input, Part> {
  /// The text that is equal for functions that make equal parts; nil if there is none.
  package let encoding: String?

  let make: (Input) throws -> Part

  /// Describes a function.
  ///
  /// - Parameters:
  ///   - encoding: the name of the part and its settings, such as `lion 0.9 0.99`; nil for a run
  ///     that is never to be resumed.
  ///   - make: creates the part.
  public init(encoding: String?, _ make: @escaping (Input) throws -> Part) {
    self.encoding = encoding
    self.make = make
  }
}

/// The material that a collector is made of.
public struct CollectorContext {
  /// The options of the run.
  public let configuration: TrainingConfiguration
  /// The environment, the policy and the weights that collection begins with.
  public let setup: RolloutSetup
  /// The layout that batches are expected in, [T, n·B].
  public let batchLayout: FragmentLayout
  /// The program to start as workers, and the receiver of their messages.
  public let processes: WorkerProcesses
  /// The state to resume from; nil for a new collection.
  public let state: CollectorState?
}

/// The encodings of the parts that a program provides, as the state of a run holds them.
struct PartEncodings: Codable, Equatable, Sendable {
  /// The encoding of each part by its name in messages; nil for a part that has none.
  private(set) var encodings: [String: String?] = [:]

  /// True if all parts come from the configuration.
  var isEmpty: Bool { encodings.isEmpty }

  /// Encodes parts.
  init(_ parts: TrainingParts = TrainingParts()) {
    if let policy = parts.policy { encodings["policy"] = PolicyRegistry.encode(policy) }
    if let objective = parts.objective { encodings["objective"] = .some(Self.text(objective)) }
    if let optimizer = parts.optimizer { encodings["optimizer"] = .some(optimizer.encoding) }
    if let collector = parts.collector { encodings["collector"] = .some(collector.encoding) }
  }

  private static func text(_ objective: any Objective) -> String? {
    guard let settings = objective as? any Encodable else { return nil }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let data = try? encoder.encode(settings) else { return nil }
    return "\(type(of: objective).name) \(String(decoding: data, as: UTF8.self))"
  }

  /// Returns the parts to resume with, in which a policy that is not given is decoded.
  ///
  /// - Throws: `ConfigurationError` if a part differs from the recorded one, or if nobody can tell.
  func resuming(with parts: TrainingParts) throws -> TrainingParts {
    var parts = parts
    if parts.policy == nil, case .some(.some(let text)) = encodings["policy"] {
      parts.policy = try PolicyRegistry.decode(text)
    }
    let given = Self(parts)
    for name in ["policy", "objective", "optimizer", "collector"] {
      switch (encodings[name], given.encodings[name]) {
      case (nil, nil): continue
      case (.some(nil), _):
        throw ConfigurationError(
          "the run cannot be resumed: the \(name) came from its program and has no encoding, so "
            + "another one cannot be compared with it; begin a new run with an encoding.")
      case (.some(.some(let recorded)), nil):
        throw ConfigurationError(
          "the run was trained with the \(name) '\(recorded)' of its program, and none is given: "
            + "resume it with that program, in the 'parts' of its TrainingRun.")
      case (nil, .some):
        throw ConfigurationError(
          "the run was trained with the \(name) of its options, and the program gives another one: "
            + "leave it out.")
      case (.some(.some(let recorded)), .some(let other)):
        guard recorded != other else { continue }
        throw ConfigurationError(
          "the run was trained with the \(name) '\(recorded)', and "
            + "\(other.map { "'\($0)'" } ?? "one without an encoding") is given: give the same.")
      }
    }
    return parts
  }
}

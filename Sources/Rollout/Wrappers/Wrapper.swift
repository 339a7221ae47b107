/// A modification of a batch's observations, actions, rewards or episode ends.
///
/// ```swift
/// let environment = EnvironmentConfiguration(
///   "CartPole-v1", wrappers: [.observationMask(keeping: [0, 2]), .frameStack(4)])
/// ```
///
/// The first wrapper of a list is the innermost. `docs/environments.md` describes each wrapper.
public struct Wrapper: Sendable, Equatable, CustomStringConvertible {
  /// Wraps a batch, given a separate random stream for each environment.
  public typealias Wrap =
    @Sendable (_ batch: any EnvironmentBatch, _ streams: [PCG64]) throws -> any EnvironmentBatch

  /// The name and its argument, as written on a command line: `frame-stack=4`.
  public let description: String

  /// The steps that a time limit allows.
  ///
  /// An innermost time limit becomes the limit of the environment itself.
  let stepLimit: Int?
  /// The quantity that the wrapper normalizes; the learner removes such a wrapper from the list.
  package let normalization: Normalization?
  /// The number of observations in a stack along a new first axis of the whole observation.
  package let stackDepth: Int?
  private let wrap: Wrap

  /// Creates a custom wrapper.
  ///
  /// - Parameters:
  ///   - description: a text that distinguishes the wrapper from others.
  ///   - wrap: wraps a batch; throws an error with a sentence if the spaces are not suitable.
  public init(_ description: String, wrap: @escaping Wrap) {
    self.init(description, stepLimit: nil, wrap: wrap)
  }

  init(
    _ description: String, stepLimit: Int? = nil, normalization: Normalization? = nil,
    stackDepth: Int? = nil, wrap: @escaping Wrap
  ) {
    self.description = description
    self.stackDepth = stackDepth
    self.stepLimit = stepLimit
    self.normalization = normalization
    self.wrap = wrap
  }

  /// Returns true if both have the same description.
  public static func == (left: Wrapper, right: Wrapper) -> Bool {
    left.description == right.description
  }
}

extension [Wrapper] {
  /// Returns the smallest of an environment's own limit and the innermost time limits.
  @usableFromInline
  package func innermostLimit(_ steps: Int?) -> Int? {
    prefix { $0.stepLimit != nil }.compactMap(\.stepLimit).reduce(steps) {
      Swift.min($0 ?? .max, $1)
    }
  }

  /// Wraps a batch to which the innermost time limits have already been applied.
  ///
  /// - Parameter streams: the environments' random streams; each wrapper's are derived from copies.
  package func wrap(
    _ batch: any EnvironmentBatch, streams: [PCG64]
  ) throws -> any EnvironmentBatch {
    var batch = batch
    for (place, wrapper) in enumerated().drop(while: { $0.element.stepLimit != nil }) {
      batch = try wrapper.wrapped(batch, streams: streams.map { $0.derived(UInt32(place)) })
    }
    return batch
  }
}

extension Wrapper {
  fileprivate func wrapped(
    _ batch: any EnvironmentBatch, streams: [PCG64]
  ) throws -> any EnvironmentBatch {
    do {
      return try wrap(batch, streams)
    } catch let error as SpaceMismatch {
      throw WrapperError("the wrapper \(self) cannot be applied: \(error)")
    }
  }
}

/// An unknown wrapper, or one that is not suitable for an environment.
public struct WrapperError: Error, Equatable, CustomStringConvertible {
  /// One sentence with the remedy.
  public let description: String

  /// Creates an error with a sentence about the problem.
  public init(_ description: String) { self.description = description.escapingControls }
}

extension PCG64 {
  /// Returns a separate stream derived from this one's next numbers, which are not consumed.
  fileprivate func derived(_ key: UInt32) -> PCG64 {
    var copy = self
    let words = (0..<2).map { _ in copy.next() }
    return PCG64(
      SeedSequence(
        entropy: words.flatMap {
          [UInt32(truncatingIfNeeded: $0), UInt32(truncatingIfNeeded: $0 >> 32)]
        }, spawnKey: [key]))
  }
}

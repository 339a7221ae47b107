/// What goes around a batch of environments and changes what they show, reward or end.
///
///     let choice = EnvironmentChoice(
///       "CartPole-v1", wrappers: [.observationMask(keeping: [0, 2]), .frameStack(4)])
///
/// The first of a list is the innermost. `docs/environments.md` says what each does.
public struct Wrapper: Sendable, Equatable, CustomStringConvertible {
  /// Makes a wrapped batch of a batch, with a random stream of its own for each environment.
  public typealias Wrap =
    @Sendable (_ batch: any EnvironmentBatch, _ streams: [PCG64]) throws -> any EnvironmentBatch

  /// The name and its argument, as a command line spells them: `frame-stack=4`.
  public let description: String

  /// The steps that a time limit allows; such a wrapper, innermost, is the environment's own limit.
  let stepLimit: Int?
  /// What it normalises; such a wrapper is the learner's to take off the list.
  package let normalisation: Normalisation?
  private let wrap: Wrap

  /// Describes a wrapper of one's own.
  ///
  /// - Parameters:
  ///   - description: what tells it from others.
  ///   - wrap: wraps a batch; throws a sentence where the spaces do not suit.
  public init(_ description: String, wrap: @escaping Wrap) {
    self.init(description, stepLimit: nil, wrap: wrap)
  }

  init(
    _ description: String, stepLimit: Int? = nil, normalisation: Normalisation? = nil,
    wrap: @escaping Wrap
  ) {
    self.description = description
    self.stepLimit = stepLimit
    self.normalisation = normalisation
    self.wrap = wrap
  }

  /// Whether both are spelled alike.
  public static func == (left: Wrapper, right: Wrapper) -> Bool {
    left.description == right.description
  }
}

extension [Wrapper] {
  /// The limit that the innermost time limits leave of an environment's own.
  func innermostLimit(_ steps: Int?) -> Int? {
    prefix { $0.stepLimit != nil }.compactMap(\.stepLimit).reduce(steps) {
      Swift.min($0 ?? .max, $1)
    }
  }

  /// Wraps a batch whose own limit is the innermost one.
  ///
  /// - Parameter streams: those of the environments, from copies of which each wrapper's are derived.
  func wrap(
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
      throw WrapperError("the wrapper \(self) does not suit: \(error)")
    }
  }
}

/// A wrapper that there is not, or that does not suit an environment.
public struct WrapperError: Error, Equatable, CustomStringConvertible {
  /// One sentence with the remedy.
  public let description: String

  /// Describes what is wrong in a sentence.
  public init(_ description: String) { self.description = description }
}

extension PCG64 {
  /// A stream of its own that follows from this one's next numbers, which are not used up.
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

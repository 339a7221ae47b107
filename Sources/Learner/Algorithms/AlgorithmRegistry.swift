import Rollout
import Synchronization

/// The algorithms that can be selected by name.
///
/// ```swift
/// try AlgorithmRegistry.shared.register(.simple)
/// ```
///
/// A program registers its own algorithms first of all, as it does with environments and policies:
/// command lines and files of options are read with those that are known by then.
public final class AlgorithmRegistry: Sendable {
  /// The registry of the command line and of configurations.
  public static let shared = AlgorithmRegistry()

  /// The algorithms of this module; the first one is the default.
  static let builtIn: [Algorithm] = [
    .reinforce, .a2c, .ppo, .vtrace, .appo, .dqn, .sac, .td3,
  ]

  /// The options that are not for every algorithm.
  static let optionsOfSome = builtIn.reduce(into: Set()) { $0.formUnion($1.options) }

  private let algorithms: Mutex<[Algorithm]>

  /// Creates a registry with the built-in algorithms only.
  package init() { algorithms = Mutex(Self.builtIn) }

  /// The registered algorithms, in the order of registration.
  public var all: [Algorithm] { algorithms.withLock { $0 } }

  /// Registers an algorithm.
  ///
  /// - Throws: `DuplicateAlgorithm` if the name is taken.
  public func register(_ algorithm: Algorithm) throws(DuplicateAlgorithm) {
    let isNew = algorithms.withLock { known in
      if known.contains(algorithm) { return false }
      known.append(algorithm)
      return true
    }
    if !isNew { throw DuplicateAlgorithm(name: algorithm.name) }
  }
}

/// A name that is already taken.
public struct DuplicateAlgorithm: Error, Equatable, CustomStringConvertible {
  /// The name.
  package let name: String

  /// One sentence with the remedy.
  public var description: String {
    "an algorithm named '\(name.escapingControls)' is registered already: choose another name"
  }
}

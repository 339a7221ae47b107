import Actor
import Rollout

/// The properties of an environment and of the machine that determine the defaults of options.
public struct EnvironmentTraits: Sendable, Equatable {
  /// The height and width of the smallest image in the observation.
  ///
  /// It is nil if there is no image, or one that is too small for convolutions.
  public var imageSize: [Int]?

  /// The number of bytes of an observation.
  package var observationByteCount: Int

  /// True if an action is a Box or has one.
  public var hasBoxActions: Bool

  /// True if the observation has floats, which `observation-normalization` applies to.
  public var hasFloatObservations: Bool

  /// True if Python plays the environment.
  public var isPython: Bool

  /// The largest number of steps of an episode; nil if it is not known.
  public var episodeSteps: Int?

  /// The number of processors that this process may use.
  package var processorCount: Int

  /// The number of bytes of the machine's memory.
  package var physicalByteCount: Int

  /// Derives the properties from the environment's spaces.
  package init(
    _ spaces: EnvironmentSpaces, isPython: Bool, episodeSteps: Int?,
    processorCount: Int = SystemCalls.allowedCoreCount,
    physicalByteCount: Int = SystemCalls.physicalByteCount
  ) {
    let images = spaces.observation.parts.leaves.compactMap { ImageShape($0) }
    if images.allSatisfy(\.suitsConvolutions) {
      imageSize = images.map { [$0.height, $0.width] }.min { $0[0] * $0[1] < $1[0] * $1[1] }
    }
    observationByteCount = spaces.observation.leaves.leaves.map(\.byteCount).reduce(0, +)
    hasBoxActions = spaces.action.parts.leaves.contains {
      if case .box = $0 { true } else { false }
    }
    hasFloatObservations = !NetworkNormalization.leaves(of: spaces.observation).isEmpty
    self.isPython = isPython
    self.episodeSteps = episodeSteps
    self.processorCount = processorCount
    self.physicalByteCount = physicalByteCount
  }

  /// The properties in words.
  var text: String {
    [
      isPython ? "played by Python" : "not built in",
      imageSize.map { "images of \($0[0])×\($0[1])" } ?? "no images",
      hasBoxActions ? "actions of a Box" : "discrete actions",
      episodeSteps.map { "episodes of at most \(NumberText.grouped($0)) steps" }
        ?? "episodes without a known limit",
      processorCount == 1 ? "1 processor" : "\(processorCount) processors",
    ].joined(separator: ", ")
  }
}

/// Who recorded a fragment, when, and with which weights.
///
/// The worker writes it before it publishes the fragment; the learner reads it after it took the fragment.
public struct FragmentHeader: Sendable, Equatable, BitwiseCopyable {
  /// Bytes kept for the header at the start of every fragment.
  public static let byteCount = 64

  /// The worker's index.
  public var worker: UInt32 = 0
  /// How often that worker had been replaced before.
  public var incarnation: UInt32 = 0
  /// The fragment's number among those of its worker.
  public var index: UInt64 = 0
  /// The version of the weights that the actor reacted with, the same for the whole fragment.
  public var policyVersion: UInt64 = 0
  /// Episodes that the worker had finished when the fragment ended.
  public var episodes: UInt64 = 0
  /// Nanoseconds that collecting it took.
  public var collectNanoseconds: UInt64 = 0

  /// A header of zeros.
  public init() {}
}

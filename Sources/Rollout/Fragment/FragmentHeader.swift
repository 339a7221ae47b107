/// The origin of a fragment: its worker, its number, the weights used and the time taken.
///
/// The worker writes the header before it publishes the fragment. The learner reads it after taking
/// the fragment.
public struct FragmentHeader: Sendable, Equatable, BitwiseCopyable {
  /// The bytes reserved for the header at the start of every fragment.
  package static let byteCount = 64

  /// The worker's index.
  public var worker: UInt32 = 0
  /// The number of times that worker had been replaced before.
  public var incarnation: UInt32 = 0
  /// The fragment's number among those of its worker.
  public var index: UInt64 = 0
  /// The version of the weights that the actor used, the same for the whole fragment.
  public var policyVersion: UInt64 = 0
  /// The number of episodes that the worker had finished at the end of the fragment.
  public var episodes: UInt64 = 0
  /// The time taken to collect the fragment, in nanoseconds.
  package var collectNanoseconds: UInt64 = 0

  /// A header of zeros.
  package init() {}
}

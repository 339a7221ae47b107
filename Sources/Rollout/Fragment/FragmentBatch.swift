/// The fragments of one update, copied side by side along the environment axis: [1+T, n·B].
///
/// Copying costs little compared with learning. It returns the fragments' memory to the workers at
/// once, and makes the batch one row-major matrix for any number of fragments.
public final class FragmentBatch {
  /// The number of fragments in the batch.
  public let fragmentCount: Int
  /// The headers of the fragments, in batch order.
  package private(set) var headers: [FragmentHeader]

  private let storage: FragmentStorage
  private let source: FragmentLayout

  /// Allocates room for `count` fragments of a layout.
  public init(_ count: Int, of layout: FragmentLayout) {
    fragmentCount = count
    source = layout
    storage = FragmentStorage(layout.batched(count))
    headers = Array(repeating: FragmentHeader(), count: count)
  }

  /// The layout of the batch: a fragment with n·B environments.
  public var layout: FragmentLayout { storage.layout }

  /// The batch as one fragment, valid until the next update.
  public var view: FragmentView { storage.view }

  /// The number of environment steps in the batch.
  public var stepCount: Int { layout.stepCount * layout.environmentCount }

  /// Copies a fragment to the `position`-th place.
  package func gather(_ fragment: FragmentView, at position: Int) {
    precondition(fragment.layout.byteCount == source.byteCount, "a fragment of another layout")
    headers[position] = fragment.header
    if fragmentCount == 1 {
      view.copy(fragment)
    } else {
      view.copy(fragment, to: position * source.environmentCount)
    }
  }
}

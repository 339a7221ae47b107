/// The fragments of one turn, copied side by side along the environment axis: [1+T, n·B].
///
/// Copying costs little beside learning, gives the fragments' memory back to the workers at once, and makes the batch one
/// row-major matrix whatever the number of fragments.
public final class FragmentBatch {
  /// Fragments in the batch.
  public let fragmentCount: Int
  /// Each fragment's header, in the order in which they lie.
  public private(set) var headers: [FragmentHeader]

  private let storage: FragmentStorage
  private let source: FragmentLayout

  /// Makes room for `count` fragments of a layout.
  public init(_ count: Int, of layout: FragmentLayout) {
    fragmentCount = count
    source = layout
    storage = FragmentStorage(layout.batched(count))
    headers = Array(repeating: FragmentHeader(), count: count)
  }

  /// Where the fields of the batch lie: a fragment of n·B environments.
  public var layout: FragmentLayout { storage.layout }

  /// The batch as one fragment, valid until the next turn.
  public var view: FragmentView { storage.view }

  /// Environment steps that the batch holds.
  public var stepCount: Int { layout.stepCount * layout.environmentCount }

  /// Copies a fragment to the `position`-th place.
  public func gather(_ fragment: FragmentView, at position: Int) {
    precondition(fragment.layout.byteCount == source.byteCount, "a fragment of another layout")
    headers[position] = fragment.header
    let target = view.base
    if fragmentCount == 1 {
      target.copyMemory(from: fragment.base, byteCount: source.byteCount)
      return
    }
    for (from, into) in zip(source.columns, layout.columns) {
      var read = fragment.base + from.offset
      var write = target + into.offset + position * from.rowStride
      for _ in 0..<from.rowCount {
        write.copyMemory(from: read, byteCount: from.rowStride)
        read += from.rowStride
        write += into.rowStride
      }
    }
  }
}

/// Owns the memory of one fragment inside a process: a batch, or the row that is carried along.
public final class FragmentStorage {
  /// Where the fields lie.
  public let layout: FragmentLayout
  private let base: UnsafeMutableRawPointer

  /// Allocates a fragment of zeros.
  public init(_ layout: FragmentLayout) {
    self.layout = layout
    base = .allocate(byteCount: layout.byteCount, alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: layout.byteCount)
  }

  deinit { base.deallocate() }

  /// The fragment.
  public var view: FragmentView { FragmentView(layout: layout, base: base, owner: self) }
}

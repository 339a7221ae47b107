/// The private memory of fragments: a batch, the row carried between fragments, or many for replay.
package final class FragmentStorage {
  /// The layout of a fragment.
  package let layout: FragmentLayout
  private let count: Int
  private let base: UnsafeMutableRawPointer

  /// Allocates fragments of one layout, filled with zeros.
  package init(_ layout: FragmentLayout, count: Int = 1) {
    self.layout = layout
    self.count = count
    base = .allocate(byteCount: layout.byteCount * count, alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: layout.byteCount * count)
  }

  deinit { base.deallocate() }

  /// A view of the first fragment.
  package var view: FragmentView { view(at: 0) }

  /// Returns a view of a fragment.
  package func view(at index: Int) -> FragmentView {
    precondition(index >= 0 && index < count, "no fragment \(index) of \(count)")
    return FragmentView(layout: layout, base: base + index * layout.byteCount, owner: self)
  }
}

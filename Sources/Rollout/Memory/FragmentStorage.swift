/// The private memory of one fragment: a batch, or the row carried between fragments.
package final class FragmentStorage {
  /// The layout of the fragment.
  package let layout: FragmentLayout
  private let base: UnsafeMutableRawPointer

  /// Allocates a fragment filled with zeros.
  package init(_ layout: FragmentLayout) {
    self.layout = layout
    base = .allocate(byteCount: layout.byteCount, alignment: 64)
    base.initializeMemory(as: UInt8.self, repeating: 0, count: layout.byteCount)
  }

  deinit { base.deallocate() }

  /// A view of the fragment.
  package var view: FragmentView { FragmentView(layout: layout, base: base, owner: self) }
}

/// The layout that a batch has checked last.
///
/// A layout is checked in full once, and later recognized by identity.
struct CheckedLayout {
  private var layout: FragmentLayout?

  /// Checks the layout of a fragment that a batch writes.
  ///
  /// - Precondition: it has the batch's size and spaces.
  mutating func check(_ layout: FragmentLayout, of batch: some EnvironmentBatch) {
    if layout === self.layout { return }
    batch.checkFits(layout)
    self.layout = layout
  }
}

/// The layout that a batch of environments has seen to be its own: looked at once, then known by identity.
struct CheckedLayout {
  private var layout: FragmentLayout?

  /// Checks the layout of a fragment that a batch is to write to.
  ///
  /// - Precondition: it is of the batch's size and spaces.
  mutating func check(_ layout: FragmentLayout, of batch: some EnvironmentBatch) {
    if layout === self.layout { return }
    batch.checkFits(layout)
    self.layout = layout
  }
}

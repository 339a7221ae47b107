/// The layout that a batch has checked last.
///
/// A layout is checked in full once, and later recognized by identity.
///
/// A class, because a change of a structure within another class is guarded at run time.
final class CheckedLayout {
  private var layout: FragmentLayout?

  /// Checks the layout of a fragment that a batch writes.
  ///
  /// - Precondition: it has the batch's size and spaces.
  func check(_ layout: FragmentLayout, of batch: some EnvironmentBatch) {
    if layout === self.layout { return }
    batch.checkFits(layout)
    self.layout = layout
  }
}

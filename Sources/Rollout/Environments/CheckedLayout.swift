/// The layout that a batch of environments has seen to be its own: looked at once, then known by identity.
struct CheckedLayout {
  private var layout: FragmentLayout?

  /// Checks the layout of a fragment that a batch of `count` environments of these spaces is to write to.
  ///
  /// - Precondition: it is of that size and those spaces.
  mutating func check(_ layout: FragmentLayout, count: Int, spaces: EnvironmentSpaces) {
    if layout === self.layout { return }
    precondition(
      layout.environmentCount == count,
      "a fragment of \(layout.environmentCount) environments for a batch of \(count)")
    precondition(
      layout.contents.spaces == spaces,
      "a fragment of \(layout.contents.spaces) for environments of \(spaces)")
    self.layout = layout
  }
}

/// An environment that can draw its state.
///
/// Pictures are requested between steps. Drawing depends on the state alone and changes nothing.
/// All pictures of one environment have the same size. `Canvas` provides drawing operations.
public protocol Drawable {
  /// Draws the state.
  func draw() -> Picture
}

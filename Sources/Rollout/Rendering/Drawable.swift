/// An environment that can show the state that it is in.
///
/// A picture is asked for between two steps and changes nothing: what is drawn follows from the state
/// alone. All pictures of one environment have one size. `Canvas` helps to draw.
public protocol Drawable {
  /// Draws the state.
  func draw() -> Picture
}

extension TimeLimit: Drawable where Base: Drawable {
  /// The base's own.
  public func draw() -> Picture { base.draw() }
}

extension ObservationMask: Drawable where Base: Drawable {
  /// The base's own: what the actor does not see can still be looked at.
  public func draw() -> Picture { base.draw() }
}

extension EnvironmentBatch {
  /// Nothing: this batch does not draw.
  public func picture(of index: Int) throws -> Picture? { nil }

  /// Nothing: this batch does not keep how an episode ended.
  public func finalPicture(of index: Int) throws -> Picture? { nil }
}

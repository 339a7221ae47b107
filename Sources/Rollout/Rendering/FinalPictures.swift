/// The pictures of the states in which the last episodes of a batch's environments ended.
///
/// They are kept from the first request for a picture on, so that a batch that nobody watches draws
/// nothing.
@usableFromInline
final class FinalPictures {
  /// True if pictures are kept.
  @usableFromInline var areKept: Bool { isWatched }

  // Reading a private property is not guarded at run time, and each step of a batch reads it.
  private var isWatched = false
  private var pictures: [Picture?]

  /// Creates the pictures of a batch of environments.
  init(count: Int) { pictures = Array(repeating: nil, count: count) }

  /// Keeps the pictures of episodes that end from now on.
  func keep() { isWatched = true }

  /// The picture of one environment's last episode; nil if none was kept.
  ///
  /// - Precondition: the environment exists.
  @usableFromInline
  subscript(index: Int) -> Picture? {
    get {
      precondition(pictures.indices.contains(index), "no environment \(index)")
      return pictures[index]
    }
    set {
      precondition(pictures.indices.contains(index), "no environment \(index)")
      pictures[index] = newValue
    }
  }
}

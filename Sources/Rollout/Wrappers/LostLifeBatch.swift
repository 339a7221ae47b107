/// A wrapper that ends an episode when the player loses a life, without resetting the environment.
///
/// If the environment itself ended the episode, it has been reset as usual.
package final class LostLifeBatch: WrappedBatch {
  private let left: FlatVector<Int>

  /// Wraps a batch.
  ///
  /// - Throws: `SpaceMismatch` if the environments do not report the number of lives.
  package init(endingEpisodesOf inner: any EnvironmentBatch) throws(SpaceMismatch) {
    guard let mortal = inner.capability((any LivesBatch).self), mortal.lives(of: 0) != nil else {
      throw SpaceMismatch(
        description: "the environments do not report the number of lives, which it needs")
    }
    left = FlatVector(repeating: 0, count: inner.count)
    super.init(inner)
  }

  override func transferOwn(_ snapshot: inout SnapshotCursor) { snapshot.transfer(left) }

  override func judge() {
    for index in 0..<count where !waits[index] && !isReset[index] {
      if lives(of: index) ?? 0 < left[index] { terminated[index] = true }
    }
  }

  override func survey() {
    for index in 0..<count where !waits[index] { left[index] = lives(of: index) ?? 0 }
  }
}

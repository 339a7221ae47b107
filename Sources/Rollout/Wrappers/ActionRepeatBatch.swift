/// A wrapper that repeats each action and sums the rewards; it stops at the end of an episode.
package class ActionRepeatBatch: WrappedBatch {
  private let times: Int
  private let stands: FlatVector<Bool>

  /// Wraps a batch.
  ///
  /// - Precondition: `times` is positive.
  package init(_ inner: any EnvironmentBatch, times: Int) {
    precondition(times > 0, "an action played \(times) times: use at least 1")
    self.times = times
    stands = FlatVector(repeating: false, count: inner.count)
    super.init(inner)
  }

  override func play(_ position: PositionMarker) throws {
    for _ in 1..<times {
      var isAnyLeft = false
      for index in 0..<count {
        let stands = waits[index] || isReset[index]
        self.stands[index] = stands
        if !stands { isAnyLeft = true }
      }
      guard isAnyLeft else { return }
      try stepOnce(waiting: RowValues(stands), position)
      finishRound(stood: RowValues(stands))
    }
  }

  /// Processes the result of a repetition after the first, for environments that took part in it.
  func finishRound(stood: RowValues<Bool>) {}
}

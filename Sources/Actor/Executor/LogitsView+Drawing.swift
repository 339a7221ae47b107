import Rollout

extension LogitsView {
  /// Draws an action for each environment from log-probabilities, by inversion.
  ///
  /// All environments are passed in memory order, one vector of probabilities at a time.
  ///
  /// - Parameters:
  ///   - streams: one for each environment.
  ///   - actions: the destination, [B].
  /// - Precondition: the logits of all environments are contiguous.
  @inline(__always)
  func draw(_ streams: RowValues<PCG64>, into actions: RowValues<Int32>) {
    precondition(
      stride == width && streams.count >= environmentCount && actions.count >= environmentCount,
      "\(actions.count) actions for \(environmentCount) environments")
    let (streams, actions, count) = (streams.base, actions.base, width)
    let total = environmentCount &* count
    withUnsafeTemporaryAllocation(of: Float.self, capacity: Float.lanes) { probabilities in
      guard let probabilities = probabilities.baseAddress else { return }
      var environment = 0
      var action: Int32 = 0
      var choice = CategoricalDraw()
      var start = 0
      while start < total {
        let width = min(Float.lanes, total &- start)
        Kernels.map(probabilities, base + start, width) { Float.exp($0) }
        for lane in 0..<width {
          if action == 0 { choice = CategoricalDraw(uniform: streams[environment].nextFloat()) }
          choice.pass(probabilities[lane], action)
          action &+= 1
          if action == count {
            actions[environment] = choice.action
            environment &+= 1
            action = 0
          }
        }
        start &+= width
      }
    }
  }
}

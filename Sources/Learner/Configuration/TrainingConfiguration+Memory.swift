import Rollout

extension TrainingConfiguration {
  /// Refuses a replay buffer that is larger than the machine's memory, which would end the process by a signal while it is made.
  ///
  /// - Parameters:
  ///   - batchLayout: the batches, [T, n·B].
  ///   - physicalByteCount: bytes of memory that the machine has.
  func validateReplayMemory(
    _ batchLayout: FragmentLayout, physicalByteCount: Int = SystemCalls.physicalByteCount
  ) throws(ConfigurationError) {
    guard algorithm == .dqn else { return }
    let byteCount = ReplayBuffer.byteCount(steps: replaySteps, of: batchLayout)
    guard byteCount > physicalByteCount else { return }
    let batchCount = physicalByteCount / 2 / batchLayout.byteCount
    let steps = batchCount * batchLayout.stepCount * batchLayout.environmentCount
    let remedy =
      steps > 0
      ? "use at most \(steps), which take half of it"
      : "a single batch takes more than half of it, so use fewer --envs-per-actor or --fragment-steps"
    throw ConfigurationError(
      "--replay-steps \(replaySteps) wants \(NumberText.short(Double(byteCount)))B of memory, and "
        + "this machine has \(NumberText.short(Double(physicalByteCount)))B: \(remedy).",
      option: "replay-steps")
  }
}

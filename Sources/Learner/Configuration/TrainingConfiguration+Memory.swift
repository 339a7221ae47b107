import Actor
import Rollout

extension TrainingConfiguration {
  /// Refuses a network that cannot be learned in the machine's memory.
  ///
  /// Weights, gradients, what the optimizer remembers, the weights before a step and those of an
  /// actor are as many numbers each.
  ///
  /// - Parameters:
  ///   - parameters: the network's.
  ///   - physicalByteCount: bytes of memory that the machine has.
  func validateNetworkMemory(
    _ parameters: ParameterLayout, physicalByteCount: Int = SystemCalls.physicalByteCount
  ) throws(ConfigurationError) {
    let copyCount = 6
    let limit = physicalByteCount / (copyCount * MemoryLayout<Float>.size)
    guard parameters.elementCount > limit else { return }
    throw ConfigurationError(
      "the network has \(NumberText.short(Double(parameters.elementCount))) parameters, and this "
        + "machine's memory is for \(NumberText.short(Double(limit))) at most: use smaller layers "
        + "(--hidden, --recurrent-size, --embedding-size) or smaller observations.",
      option: "hidden")
  }

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

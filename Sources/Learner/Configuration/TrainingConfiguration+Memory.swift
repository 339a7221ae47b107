import Actor
import Rollout

extension TrainingConfiguration {
  /// Refuses a network that is too large to be trained in the machine's memory.
  ///
  /// Training needs six vectors of the network's size: weights, gradients, two of the optimizer,
  /// the weights before a step and the weights of an actor.
  ///
  /// - Parameters:
  ///   - parameters: the network's parameters.
  ///   - physicalByteCount: the machine's memory in bytes.
  func validateNetworkMemory(
    _ parameters: ParameterLayout, physicalByteCount: Int = SystemCalls.physicalByteCount
  ) throws(ConfigurationError) {
    let copyCount = 6
    let limit = physicalByteCount / (copyCount * MemoryLayout<Float>.size)
    guard parameters.elementCount > limit else { return }
    throw ConfigurationError(
      "the network has \(NumberText.short(Double(parameters.elementCount))) parameters, and this "
        + "machine's memory holds at most \(NumberText.short(Double(limit))): use smaller layers "
        + "(--hidden, --recurrent-size, --embedding-size) or smaller observations.",
      option: "hidden")
  }

  /// Refuses a replay buffer that is larger than the machine's memory.
  ///
  /// Allocating it would end the process by a signal.
  ///
  /// - Parameters:
  ///   - batchLayout: the layout of the batches, [T, n·B].
  ///   - physicalByteCount: the machine's memory in bytes.
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
      : "a single batch takes more than half of it, so use fewer --envs-per-actor or "
        + "--fragment-steps"
    throw ConfigurationError(
      "--replay-steps \(replaySteps) needs \(NumberText.short(Double(byteCount)))B of memory, and "
        + "this machine has \(NumberText.short(Double(physicalByteCount)))B: \(remedy).",
      option: "replay-steps")
  }
}

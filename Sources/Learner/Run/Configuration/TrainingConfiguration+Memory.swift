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
}

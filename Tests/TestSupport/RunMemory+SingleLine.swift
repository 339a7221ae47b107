import Rollout

extension RunMemory {
  /// Returns memory with the line of one worker, for a collect loop without a collector.
  package static func singleLine() throws -> RunMemory {
    try RunMemory(
      creating: RunLayout(
        workerCount: 1, bufferCount: 1, fragmentByteCount: 64, weightCount: 0,
        descriptionByteCount: 0),
      description: [])
  }
}

import Foundation
import Rollout

/// Calls the body with the memory of a small run, which lives until the body returns.
func withRunMemory<Result>(
  workerCount: Int = 2, bufferCount: Int = 4, fragmentByteCount: Int = 64, slotCount: Int = 2,
  weightCount: Int = 8, description: [UInt8] = [],
  _ body: (RunMemory) throws -> Result
) throws -> Result {
  let layout = RunLayout(
    workerCount: workerCount, bufferCount: bufferCount, fragmentByteCount: fragmentByteCount,
    slotCount: slotCount, weightCount: weightCount, descriptionByteCount: description.count)
  let memory = try RunMemory(creating: layout, description: description)
  return try withExtendedLifetime(memory) { try body(memory) }
}

/// Runs every body on its own thread and returns when all have ended.
func onThreads(_ bodies: [@Sendable () -> Void]) { _ = values(onThreads: bodies) }

/// Runs every body on its own thread and returns their values when all have ended.
///
/// These are threads instead of tasks, because the bodies block on each other, which the task pool
/// does not support.
func values<Value: Sendable>(onThreads bodies: [@Sendable () -> Value]) -> [Value] {
  let ended = NSCondition()
  nonisolated(unsafe) var values = [Value?](repeating: nil, count: bodies.count)
  nonisolated(unsafe) var running = bodies.count
  for (index, body) in bodies.enumerated() {
    Thread {
      let value = body()
      ended.withLock {
        values[index] = value
        running -= 1
        ended.signal()
      }
    }.start()
  }
  return ended.withLock {
    while running > 0 { ended.wait() }
    return values.map { $0! }
  }
}

import Foundation
import Glibc
import Rollout

// Periodic checkpoints, such as `step-25000.safetensors`.
extension RunDirectory {
  private static let stepPrefix = "step-"
  private static let suffix = ".safetensors"

  /// Returns the file of the checkpoint at an environment step.
  public func checkpoint(atStep steps: Int) -> URL {
    checkpoints.appendingPathComponent("\(Self.stepPrefix)\(steps)\(Self.suffix)")
  }

  /// The environment steps of the periodic checkpoints, in ascending order.
  package var keptSteps: [Int] {
    FileLookup.entries(of: checkpoints.path).compactMap { name in
      guard name.hasPrefix(Self.stepPrefix), name.hasSuffix(Self.suffix) else { return nil }
      return Int(name.dropFirst(Self.stepPrefix.count).dropLast(Self.suffix.count))
    }.sorted()
  }

  /// Deletes all periodic checkpoints except the newest `count`.
  func removeSteps(keeping count: Int) {
    for steps in keptSteps.dropLast(count) {
      try? SystemCalls.unlink(checkpoint(atStep: steps).path)
    }
  }

  /// Deletes the periodic checkpoints after an environment step.
  func removeSteps(beyond last: Int) {
    for steps in keptSteps where steps > last {
      try? SystemCalls.unlink(checkpoint(atStep: steps).path)
    }
  }
}

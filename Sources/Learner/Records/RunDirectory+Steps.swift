import Foundation
import Glibc

// Checkpoints that are kept by the way: `step-25000.safetensors`.
extension RunDirectory {
  private static let stepPrefix = "step-"
  private static let suffix = ".safetensors"

  /// The parameters after so many environment steps.
  public func checkpoint(atStep steps: Int) -> URL {
    checkpoints.appendingPathComponent("\(Self.stepPrefix)\(steps)\(Self.suffix)")
  }

  /// The steps after which parameters were kept, in order.
  public var keptSteps: [Int] {
    FileLookup.entries(of: checkpoints.path).compactMap { name in
      guard name.hasPrefix(Self.stepPrefix), name.hasSuffix(Self.suffix) else { return nil }
      return Int(name.dropFirst(Self.stepPrefix.count).dropLast(Self.suffix.count))
    }.sorted()
  }

  /// Deletes all but the newest of the checkpoints by step.
  func removeSteps(keeping count: Int) {
    for steps in keptSteps.dropLast(count) { unlink(checkpoint(atStep: steps).path) }
  }

  /// Deletes the checkpoints by step beyond so many steps.
  func removeSteps(beyond last: Int) {
    for steps in keptSteps where steps > last { unlink(checkpoint(atStep: steps).path) }
  }
}

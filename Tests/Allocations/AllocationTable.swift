import Foundation
import Glibc
import Rollout

/// Counts allocations, prints a row for each count, and compares it with a threshold.
struct AllocationTable {
  /// The count of the library that Scripts/check_allocations.sh preloads.
  private let counter: UnsafeMutablePointer<Int>

  /// True if a count was above its threshold.
  private(set) var isAbove = false

  /// Prints the names of the columns.
  init() {
    guard let counter = dlsym(nil, "allocation_count") else {
      fatalError("nothing counts allocations: use Scripts/check_allocations.sh")
    }
    self.counter = counter.assumingMemoryBound(to: Int.self)
    row("operation", "times", "allocations", "threshold")
  }

  /// Counts the allocations of all repetitions together, after one that is not counted.
  mutating func check(
    _ name: String, times: Int, threshold: Int = 0, _ body: () throws -> Void
  ) throws {
    try body()
    let before = counter.pointee
    for _ in 0..<times { try body() }
    let count = counter.pointee - before
    row(name, "\(times)", "\(count)", "\(threshold)")
    guard count > threshold else { return }
    isAbove = true
    reportOnStandardError("\(name): \(count) allocations, and the threshold is \(threshold)")
  }

  private func row(_ name: String, _ columns: String...) {
    let padded = columns.map { String(repeating: " ", count: max(0, 13 - $0.count)) + $0 }
    print(name.padding(toLength: 44, withPad: " ", startingAt: 0) + padded.joined())
  }
}

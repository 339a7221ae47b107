import Glibc
import Rollout

/// The ranks of a run with a single learner process.
package final class Alone: Ranks {
  package let rank = 0
  package let count = 1
  package let hostCount = 1
  package let library: String? = nil

  package init() {}

  package func sum(_ values: FlatVector<Float>, attend: () -> Void) {}
  package func sum(_ values: FlatVector<Double>, attend: () -> Void) {}
  package func broadcast(_ bytes: [UInt8]) -> [UInt8] { bytes }
  package func gather(_ bytes: [UInt8]) -> [[UInt8]] { [bytes] }
  package func leave() {}
  package func abort(code: Int32) -> Never { exit(code) }
}

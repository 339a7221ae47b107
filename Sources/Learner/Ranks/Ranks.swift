import Glibc
import Rollout

/// The learner processes of one run, each with workers of its own, that train one policy together.
///
/// Every rank calls the same functions in the same order: a call returns when all ranks have made
/// it. `docs/machines.md` describes what is exchanged and when.
package protocol Ranks: AnyObject {
  /// The number of this process among the ranks, from 0.
  var rank: Int { get }
  /// The number of ranks, at least 1.
  var count: Int { get }
  /// The number of machines on which the ranks run.
  var hostCount: Int { get }
  /// The name and version of the library that connects the ranks; nil for a process alone.
  var library: String? { get }

  /// Adds vectors of equal length over all ranks, element by element and in place.
  ///
  /// All ranks receive the same bytes.
  ///
  /// - Parameter attend: called now and then while this rank waits for others.
  func sum(_ values: FlatVector<Float>, attend: () -> Void) throws(RankError)

  /// Adds vectors of equal length over all ranks in the order of the ranks, in place.
  ///
  /// - Parameter attend: called now and then while this rank waits for others.
  func sum(_ values: FlatVector<Double>, attend: () -> Void) throws(RankError)

  /// Returns the bytes that rank 0 passed; those of other ranks are ignored.
  func broadcast(_ bytes: [UInt8]) throws(RankError) -> [UInt8]

  /// Returns the bytes of all ranks in their order at rank 0, and an empty array at the others.
  func gather(_ bytes: [UInt8]) throws(RankError) -> [[UInt8]]

  /// Leaves the other ranks in peace; no function is called afterwards.
  func leave()

  /// Ends all ranks at once, as an error that cannot be shared with them requires.
  func abort(code: Int32) -> Never
}

extension Ranks {
  /// The number of ranks, their machines and the library, such as
  /// "4 ranks on 2 hosts by Open MPI 4.1.4".
  package var summary: String {
    let hosts = hostCount == 1 ? "1 host" : "\(hostCount) hosts"
    return "\(count) ranks on \(hosts)\(library.map { " by \($0)" } ?? "")"
  }
}

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

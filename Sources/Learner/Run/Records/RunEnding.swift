import Foundation
import Rollout

/// The end of a run as `ending.json` records it.
struct RunEnding: Decodable {
  /// The state of the run since then.
  var state: RunOverview.State
  /// The sentence of the error that ended it; nil without one.
  var error: String?
  /// True if the run reached its target return; nil if it had none, or in older files.
  var hasReachedReturn: Bool?

  private enum CodingKeys: String, CodingKey {
    case state, error
    case hasReachedReturn = "reached_return"
  }

  /// Writes the file; a failure leaves the run without it, as if it had been killed.
  func write(to directory: RunDirectory) {
    var object = OrderedJSON()
    object.set("state", state.rawValue)
    object.set("error", error)
    object.set("reached_return", hasReachedReturn)
    try? AtomicFile.write(Data((object.encoded() + "\n").utf8), to: directory.ending)
  }

  /// Reads the file; nil if there is none, or none that can be read.
  static func read(from directory: RunDirectory) -> RunEnding? {
    guard let data = try? SystemCalls.contents(of: directory.ending.path, atMost: 1 << 16) else {
      return nil
    }
    return try? JSONDecoder().decode(RunEnding.self, from: Data(data))
  }
}

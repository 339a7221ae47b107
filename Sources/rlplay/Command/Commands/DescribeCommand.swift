import Actor
import Foundation
import Learner
import Rollout

/// Runs `rlplay describe`.
enum DescribeCommand {
  static func run(_ options: DescribeOptions) throws -> Int32 {
    let source = try RunDirectory.resolve(options.target)
    let (description, states) = try source.using { player in
      (try player.describe(), options.showsStates ? try StateTable(player) : nil)
    }
    if options.endsWithJSON {
      var object = description.json
      if let states { object.set("states", states.json) }
      print(object.encoded())
      return 0
    }
    print("\(source.checkpoint.relativePath.escapingControls)\n\(description.text)")
    if let states { print("\n\(states.text)") }
    return 0
  }
}

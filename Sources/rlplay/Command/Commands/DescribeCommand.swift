import Actor
import Foundation
import Learner
import Rollout

/// Runs `rlplay describe`.
enum DescribeCommand {
  static func run(_ options: DescribeOptions) throws -> Int32 {
    let source = try RunDirectory.resolve(options.target)
    let checkpoint = try Checkpoint.load(from: source.checkpoint)
    let description: PolicyDescription
    do {
      description = try TrainedPolicy(checkpoint).describe()
    } catch let error as CheckpointError {
      throw error.located(in: source.checkpoint)
    } catch let error as PolicyError {
      throw CheckpointError(error).located(in: source.checkpoint)
    }
    print(
      options.endsWithJSON
        ? description.json
        : "\(source.checkpoint.relativePath.escapingControls)\n\(description.text)")
    return 0
  }
}

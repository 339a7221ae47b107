import Foundation
import Rollout

/// Event files of TensorBoard: scalars and histograms of each record, and texts at the start.
///
/// A resumed run begins another file, because a program that reads the earlier one does not notice
/// that its end was removed.
final class TensorBoardSink: MetricsSink {
  private var file: EventFile?

  func begin(_ run: RecordedRun) throws(RecordError) {
    let directory = RunDirectory(existing: run.directory)
    if let position = run.position {
      for url in directory.eventFiles { try EventFile.cut(url, beyond: position.steps) }
    }
    let file = try EventFile(in: directory)
    if let position = run.position {
      var restart = Self.event(at: position.steps + 1)
      restart.setRestart()
      try file.append(restart)
    }
    var texts = Self.event(at: run.position?.steps ?? 0)
    texts.set([
      Event.text("configuration", "```json\n\(run.configuration)```"),
      Event.text("network", "```\n\(run.network)\n```"),
    ])
    try file.append(texts)
    try file.flush()
    self.file = file
  }

  func append(_ record: MetricsRecord) throws(RecordError) {
    let values = record.entries.compactMap { entry -> ProtocolBuffer? in
      let tag = Self.tag(of: entry.name)
      switch entry.value {
      case .integer(let value): return Event.scalar(tag, Double(value))
      case .number(let value):
        // SB3 reports the entropy's part in the loss, which is minimized.
        return Event.scalar(tag, entry.name == "entropy" ? -value : value)
      case .histogram(let value): return Event.histogram(tag, value)
      case .text(let value): return Event.text(tag, value)
      }
    }
    var event = Self.event(at: Int(record["env_steps"] ?? 0))
    event.set(values)
    try file?.append(event)
  }

  func flush() throws(RecordError) { try file?.flush() }

  private static func event(at step: Int) -> Event {
    Event(time: Date().timeIntervalSince1970, step: step)
  }

  /// The tags of names, as Stable-Baselines3 calls the same quantities.
  private static let tags = [
    "env_steps": "time/total_timesteps", "seconds": "time/time_elapsed",
    "steps_per_second": "time/fps", "episodes": "time/episodes", "updates": "train/n_updates",
    "episode_return": "rollout/ep_rew_mean", "episode_length": "rollout/ep_len_mean",
    "episode_return_histogram": "rollout/ep_rew", "episode_length_histogram": "rollout/ep_len",
    "epsilon": "rollout/exploration_rate", "entropy": "train/entropy_loss",
    "policy_loss": "train/policy_gradient_loss", "rho_histogram": "train/rho",
    "lag_mean": "rollout/lag_mean", "lag_max": "rollout/lag_max", "lag_histogram": "rollout/lag",
    "dropped_fragments": "rollout/dropped_fragments",
    "worker_restarts": "rollout/worker_restarts", "eval_return": "eval/mean_reward",
    "eval_length": "eval/mean_ep_length", "info/is_success": "rollout/success_rate",
    "eval_info/is_success": "eval/success_rate",
  ]

  /// Returns the tag of a name: one of the table, or the name behind `eval/`, `rollout/`, `train/`.
  static func tag(of name: String) -> String {
    if let tag = tags[name] { return tag }
    if name.hasPrefix("eval_") { return "eval/" + name.dropFirst(5) }
    return (name.hasPrefix("info") ? "rollout/" : "train/") + name
  }
}

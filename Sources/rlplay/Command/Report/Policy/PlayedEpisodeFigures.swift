import Actor
import Foundation
import Learner
import Rollout

/// The figures of an episode that a policy played with sampled actions.
struct PlayedEpisodeFigures {
  let figures: [Figure]
  /// The animation as a GIF; nil if the environment does not draw.
  let animation: [UInt8]?
  /// Length, return and end in one sentence.
  let summary: String

  let animationCaption: String

  /// Plays an episode.
  ///
  /// - Parameters:
  ///   - policy: the policy; its environment has the consent to be started.
  ///   - seed: the seed of the episode.
  ///   - configuration: the options of the training; nil if they are unknown.
  /// - Throws: `Interrupted` after a signal, and the errors of `TrainedPolicy.evaluate`.
  init(
    _ policy: ReportedPolicy, player: TrainedPolicy, seed: UInt64,
    configuration: TrainingConfiguration?
  ) throws {
    let recorder = EpisodeRecorder(
      draws: !player.environment.startsProgram || player.environment.rendersPictures)
    do {
      _ = try player.evaluate(
        episodes: 1, choice: .sample, seed: seed, before: [recorder],
        isInterrupted: { recorder.isFull || Interruption.requested != nil })
    } catch _ where recorder.isFull && Interruption.requested == nil {
      // The figures show the steps until then.
    }
    let sum = recorder.rewards.reduce(0, +)
    let steps = NumberText.grouped(recorder.rewards.count)
    summary =
      "Sampled actions, seed \(seed): \(steps) steps, return \(NumberText.significant(sum))"
      + (recorder.isOver ? "." : "; the episode was not played to its end.")
    animation = recorder.picture
    animationCaption =
      recorder.rewards.count > EpisodeRecorder.pictureLimit
      ? "The first \(EpisodeRecorder.pictureLimit) steps." : ""
    let description = policy.description
    let probabilities = Self.logProbabilities(of: recorder, policy)
    figures = [
      Self.entropy(probabilities), Self.logRatios(probabilities, description.actionNames),
      Self.values(recorder, configuration),
      Self.actions(recorder, names: description.actionNames, of: policy),
      Self.line("rewards", "Reward of each step", recorder.rewards),
    ].filter { !$0.isEmpty }
  }

  /// Returns log π(a | s) of each step; empty if the action is not Discrete.
  private static func logProbabilities(
    of recorder: EpisodeRecorder, _ policy: ReportedPolicy
  ) -> [[Double]] {
    guard case .discrete(let count)? = policy.player.spaces?.action,
      recorder.logits.allSatisfy({ $0.count == count })
    else { return [] }
    return recorder.logits
  }

  private static func line(
    _ name: String, _ title: String, _ numbers: [Double], caption: String? = nil
  ) -> Figure {
    Figure(
      name: "episode-\(name)", title: title, caption: caption, x: Axis(label: "step"), y: Axis(),
      marks: [Mark(name: "", shape: .line, color: 0, points: points(numbers))])
  }

  private static func points(_ numbers: [Double]) -> [Point] {
    Curve.thinned(numbers.enumerated().map { Point(x: Double($0 + 1), y: $1) })
  }

  /// Returns the entropy of the policy at each step against that of even chances.
  private static func entropy(_ probabilities: [[Double]]) -> Figure {
    let entropies = probabilities.map { logits in
      logits.reduce(0) { $0 - ($1 == -.infinity ? 0 : exp($1) * $1) }
    }
    var figure = line("entropy", "Entropy of the policy in the episode", entropies)
    figure.y.includesZero = true
    guard let count = probabilities.first?.count, !figure.isEmpty else { return figure }
    figure.marks[0].name = "entropy"
    figure.marks.append(
      Mark(
        name: "log \(count)", shape: .level, color: 7,
        points: [Point(x: 0, y: log(Double(count)))]))
    return figure
  }

  /// Returns the histogram of the log-ratios of two actions: all steps in 51 bins.
  ///
  /// With more than two actions it is the ratio of the two likeliest ones.
  private static func logRatios(_ probabilities: [[Double]], _ names: [String]) -> Figure {
    let isPair = probabilities.first?.count == 2
    let ratios = probabilities.compactMap { logits -> Double? in
      let sorted = isPair ? [logits[1], logits[0]] : logits.sorted(by: >)
      guard sorted.count > 1, sorted[0].isFinite, sorted[1].isFinite else { return nil }
      return sorted[0] - sorted[1]
    }
    var figure = Figure(
      name: "episode-log-ratios", title: "Log-ratios of the policy",
      caption: isPair
        ? "log π(1) − log π(0) at each step."
        : "log π of the likeliest action minus that of the second, at each step.",
      x: Axis(label: "log-ratio"), y: Axis(includesZero: true), marks: [])
    if isPair, names.count == 2 {
      figure.caption = "log π(\(names[1])) − log π(\(names[0])) at each step."
    }
    guard let low = ratios.min(), let high = ratios.max(), high > low else { return figure }
    let binCount = 51
    let width = (high - low) / Double(binCount)
    var counts = Array(repeating: 0, count: binCount)
    for ratio in ratios { counts[min(Int((ratio - low) / width), binCount - 1)] += 1 }
    let points = counts.enumerated().map { bin, count in
      let start = low + Double(bin) * width
      return Point(
        x: start + width / 2, y: Double(count), range: start...start + width,
        label: "\(NumberText.significant(start)) to \(NumberText.significant(start + width)): "
          + "\(count) steps")
    }
    figure.marks = [Mark(name: "", shape: .bars, color: 0, points: points)]
    return figure
  }

  /// Returns the value estimates against the discounted rewards that followed.
  private static func values(
    _ recorder: EpisodeRecorder, _ configuration: TrainingConfiguration?
  ) -> Figure {
    let discount = configuration?.gamma ?? 1
    var figure = Figure(
      name: "episode-values", title: "Value estimate and return",
      caption: "The return is discounted by \(NumberText.significant(discount)) from each step "
        + "to the end\(recorder.isOver ? "" : " of the steps that were played")."
        + (configuration?.normalizesRewards == true
          ? " The value is one of normalized rewards, and has another scale." : ""),
      x: Axis(label: "step"), y: Axis(), marks: [])
    guard !recorder.values.isEmpty, recorder.values.count == recorder.rewards.count else {
      return figure
    }
    var returns: [Double] = []
    var sum = 0.0
    for reward in recorder.rewards.reversed() {
      sum = reward + discount * sum
      returns.append(sum)
    }
    figure.marks = [
      Mark(name: "value estimate", shape: .line, color: 0, points: points(recorder.values)),
      Mark(name: "return", shape: .dashes, color: 1, points: points(returns.reversed())),
    ]
    return figure
  }

  /// Returns the actions: dots for the choices of a Discrete space, lines for numbers.
  private static func actions(
    _ recorder: EpisodeRecorder, names: [String], of policy: ReportedPolicy
  ) -> Figure {
    var figure = Figure(
      name: "episode-actions", title: "Actions", x: Axis(label: "step"), y: Axis(), marks: [])
    guard let width = recorder.actions.first?.count, width > 0 else { return figure }
    if case .discrete(let count)? = policy.player.spaces?.action {
      let step = max(1, recorder.actions.count / 600)
      let dots = stride(from: 0, to: recorder.actions.count, by: step).map {
        Point(x: Double($0 + 1), y: recorder.actions[$0][0])
      }
      figure.marks = [Mark(name: "", shape: .dots, color: 0, points: dots)]
      figure.y.limits = -0.5...Double(count) - 0.5
      if count <= 12 {
        figure.y.ticks = (0..<count).map { action in
          (Double(action), names.count == count ? names[action] : "\(action)")
        }
      }
    } else {
      figure.marks = (0..<min(width, 4)).map { element in
        Mark(
          name: width > 1 ? "element \(element)" : "", shape: .line, color: element,
          points: points(recorder.actions.map { $0[element] }))
      }
    }
    return figure
  }
}

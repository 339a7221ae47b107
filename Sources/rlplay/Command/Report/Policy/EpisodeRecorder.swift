import Learner
import Rollout

/// A spectator that keeps the numbers of an episode, and its pictures as an animation.
final class EpisodeRecorder: EpisodeSpectator {
  /// The largest number of steps that are played.
  static let stepLimit = 5000
  /// The largest number of pictures in the animation.
  static let pictureLimit = 600

  private(set) var rewards: [Double] = []
  /// The chosen action of each step as numbers.
  private(set) var actions: [[Double]] = []
  /// The logits of each step; log-probabilities of the actions for a Discrete space.
  private(set) var logits: [[Double]] = []
  /// The value estimate of each step: the output `value`, or the largest element of `q`.
  private(set) var values: [Double] = []
  private(set) var isOver = false

  private var animation: AnimatedGIF?
  /// False as soon as the environment turned out not to draw.
  private var draws: Bool

  /// Creates a recorder without steps.
  ///
  /// - Parameter draws: true to record pictures.
  init(draws: Bool) { self.draws = draws }

  /// True if as many steps were played as figures show.
  var isFull: Bool { rewards.count >= Self.stepLimit }

  /// The animation as a GIF; nil if the environment does not draw.
  var picture: [UInt8]? { animation?.encoded }

  func watch(_ moment: EpisodeMoment) throws {
    record(pictureOf: moment)
    guard let reward = moment.reward else { return }
    rewards.append(Double(reward))
    actions.append(moment.action?.leaves.flatMap { $0 } ?? [])
    if let output = moment.output("logits") { logits.append(output.map(Double.init)) }
    if let value = moment.output("value")?.first ?? moment.output("q")?.max() {
      values.append(Double(value))
    }
    isOver = moment.isOver
  }

  private func record(pictureOf moment: EpisodeMoment) {
    guard draws, moment.step < Self.pictureLimit else { return }
    do {
      guard let picture = try moment.picture() else { return }
      if animation == nil {
        animation = AnimatedGIF(width: picture.width, height: picture.height)
      }
      // Pictures of another size end the animation.
      draws = picture.width == animation?.width && picture.height == animation?.height
      // 25 pictures a second; browsers show faster animations at their own speed.
      if draws { animation?.append(picture, centiseconds: moment.isLast ? 100 : 4) }
    } catch {
      draws = false
    }
  }
}

import Foundation
import Learner
import Rollout
import TestSupport

/// PPO's passes over a batch written from their definition in Double, for linear policies.
///
/// Logits are W x + b and values v · x + c of 4 observed numbers and 2 actions, as in CartPole. A
/// minibatch is drawn by the same random stream as the learner's.
struct ProximalTwin {
  /// W [2, 4], b [2], v [4] and c.
  var weights: [Double]
  var settings: ActorCriticSettings
  var clip = 0.2
  var epochs: Int
  /// The number of environments or steps in a minibatch.
  var size: Int
  var unit: MinibatchUnit
  var rate = 0.01
  var epsilon = 1e-5
  var maximumNorm = 0.5

  private var order: [Int] = []
  private var random = PCG64(seed: 3)
  private var means = Array(repeating: 0.0, count: 15)
  private var squares = Array(repeating: 0.0, count: 15)
  private(set) var updateCount = 0

  init(
    weights: [Double], _ settings: ActorCriticSettings, epochs: Int, size: Int,
    of unit: MinibatchUnit
  ) {
    self.weights = weights
    self.settings = settings
    self.epochs = epochs
    self.size = size
    self.unit = unit
  }

  /// Learns from a batch, step by step in the order of the learner.
  mutating func learn(from batch: FragmentView) {
    let steps = Self.trajectory(of: batch)
    let count = steps.environments
    var advantages = steps.advantages(discount: settings.discount, lambda: settings.lambda)
    let targets = zip(advantages, steps.values).map { $0 + $1 }
    if settings.normalizesAdvantages, settings.normalizationScope == .batch {
      advantages = steps.normalized(advantages)
    }
    let unitCount = unit == .steps ? steps.rewards.count : count
    if order.isEmpty { order = Array(0..<unitCount) }
    for _ in 0..<epochs {
      for index in stride(from: unitCount - 1, to: 0, by: -1) {
        order.swapAt(index, random.integer(below: index + 1))
      }
      for first in stride(from: 0, through: unitCount - size, by: size) {
        var chosen = Array(order[first..<first + size])
        if unit == .environments {
          chosen = (0..<steps.steps).flatMap { row in chosen.map { row * count + $0 } }
        }
        chosen.removeAll { steps.endings[$0] == .waiting }
        var weighed = chosen.map { advantages[$0] }
        if settings.normalizesAdvantages, settings.normalizationScope == .minibatch {
          weighed = Self.normalized(weighed)
        }
        step(chosen, weighed, chosen.map { targets[$0] }, of: batch)
      }
    }
  }

  /// Makes an optimizer step from the played steps of a minibatch.
  private mutating func step(
    _ chosen: [Int], _ advantages: [Double], _ targets: [Double], of batch: FragmentView
  ) {
    var gradient = Array(repeating: 0.0, count: 15)
    let share = 1 / Double(max(1, chosen.count))
    for (index, place) in chosen.enumerated() {
      let t = place / batch.layout.environmentCount
      let b = place % batch.layout.environmentCount
      let x: [Double] = (0..<4).map { Double(batch.obs(as: Float.self)[t, b, $0]) }
      let action = Int(batch.act(as: Int32.self)[t + 1, b])
      let scores: [Double] = [
        weights[8] + product(of: 0, x), weights[9] + product(of: 4, x),
      ]
      let total: Double = log(exp(scores[0]) + exp(scores[1]))
      let logits: [Double] = scores.map { $0 - total }
      let value: Double = weights[14] + product(of: 10, x)
      let behavior = Double(batch.actor("logits")?[t, b, action] ?? .nan)
      let ratio: Double = exp(logits[action] - behavior)
      let free: Double = ratio * advantages[index]
      let held: Double = min(max(ratio, 1 - clip), 1 + clip) * advantages[index]
      // The gradient passes through the unclipped product where it is the smaller one.
      let slope: Double = free <= held ? -free : 0
      let chances: [Double] = logits.map { exp($0) }
      let entropy: Double = -(logits[0] * chances[0] + logits[1] * chances[1])
      for output in 0..<2 {
        let taken: Double = output == action ? 1 : 0
        let bonus: Double = settings.entropyCost.first * chances[output]
        let change: Double =
          share * (slope * (taken - chances[output]) + bonus * (logits[output] + entropy))
        for input in 0..<4 { gradient[output * 4 + input] += change * x[input] }
        gradient[8 + output] += change
      }
      let error: Double = share * settings.valueCost * 2 * (value - targets[index])
      for input in 0..<4 { gradient[10 + input] += error * x[input] }
      gradient[14] += error
    }
    let norm: Double = gradient.map { $0 * $0 }.reduce(0, +).squareRoot()
    let scale = min(1, maximumNorm / (norm + 1e-6))
    updateCount += 1
    for index in gradient.indices {
      let slope: Double = scale * gradient[index]
      means[index] += 0.1 * (slope - means[index])
      squares[index] += 0.001 * (slope * slope - squares[index])
      let mean: Double = means[index] / (1 - pow(0.9, Double(updateCount)))
      let square: Double = squares[index] / (1 - pow(0.999, Double(updateCount)))
      weights[index] -= rate * mean / (square.squareRoot() + epsilon)
    }
  }

  /// The product of four numbers with the weights from a place on.
  private func product(of start: Int, _ x: [Double]) -> Double {
    var sum = 0.0
    for index in 0..<4 { sum += weights[start + index] * x[index] }
    return sum
  }

  private static func normalized(_ numbers: [Double]) -> [Double] {
    let center = numbers.reduce(0, +) / Double(max(1, numbers.count))
    let squares: Double = numbers.map { ($0 - center) * ($0 - center) }.reduce(0, +)
    let deviation: Double = (squares / Double(max(1, numbers.count - 1))).squareRoot()
    return numbers.map { ($0 - center) / (deviation + 1e-8) }
  }

  /// The steps of a batch with the value estimates that the actor recorded.
  private static func trajectory(of batch: FragmentView) -> NaiveTrajectory {
    let (steps, count) = (batch.layout.stepCount, batch.layout.environmentCount)
    func each<Number>(_ read: (Int, Int) -> Number) -> [Number] {
      (0..<steps).flatMap { t in (0..<count).map { read(t, $0) } }
    }
    let value = batch.actor("value")
    return NaiveTrajectory(
      environments: count, rewards: each { Double(batch.rew[$0 + 1, $1]) },
      endings: each { t, b in
        switch (batch.terminated[t, b], batch.truncated[t, b]) {
        case (true, true): .both
        case (true, false): .terminated
        case (false, true): .truncated
        case (false, false): batch.fin[t + 1, b] ? .waiting : .none
        }
      },
      values: each { Double(value?[$0, $1] ?? .nan) },
      last: (0..<count).map { Double(value?[steps, $0] ?? .nan) },
      final: each { Double(batch.final("value")?[$0, $1] ?? .nan) }, ratios: [])
  }
}

import Actor
import Foundation
import Rollout
import TestSupport
import Testing

@testable import Learner

/// Tests that updates that would spoil the weights are skipped and reported.
struct SkippedUpdateTests {
  private struct Case {
    let update: PolicyUpdate
    let optimizer: Adam<Float>
    let weights: FlatVector<Float>
    let storage: FragmentStorage

    init(learningRate: Float = 0.01) throws {
      let figures = try ReinforceFigures("reinforce_1")
      storage = try figures.storage()
      weights = try PolicyUpdateTests.weights(figures)
      optimizer = Adam<Float>(count: weights.count, learningRate: learningRate)
      update = try PolicyUpdate(
        ReinforceFigures.policy, figures.objective, layout: storage.layout, weights: weights,
        optimizer: optimizer)
    }

    /// The bits of all numbers that an update may change.
    var bits: [UInt32] {
      ([weights] + optimizer.state.map(\.values)).flatMap { $0.elements.map(\.bitPattern) }
    }
  }

  @Test(arguments: [Float.nan, .infinity, -.infinity])
  func `a reward that is not finite moves nothing, and the next batch is learned from`(
    reward: Float
  ) throws {
    let test = try Case()
    let view = test.storage.view
    #expect(test.update.learn(from: view) == .learned)
    let before = test.bits
    let sound = view.rew[3, 1]
    view.rew[3, 1] = reward
    #expect(test.update.learn(from: view) == .skipped)
    #expect(test.bits == before)
    #expect(test.optimizer.stepCount == 1)
    #expect(test.update.updateCount == 1 && test.update.skippedCount == 1)
    let perUpdate = test.storage.layout.stepCount * test.storage.layout.environmentCount
    #expect(test.update.stepCount == 2 * perUpdate)
    view.rew[3, 1] = sound
    #expect(test.update.learn(from: view) == .learned)
    #expect(test.bits != before)
    #expect(test.update.takeMetrics().allSatisfy { $0.value.isFinite })
  }

  @Test func `an observation that is no number moves nothing`() throws {
    let test = try Case()
    let before = test.bits
    test.storage.view.obs(as: Float.self)[2, 0, 3] = .nan
    #expect(test.update.learn(from: test.storage.view) == .skipped)
    #expect(test.bits == before)
  }

  @Test func `a step that makes weights huge is taken back`() throws {
    let test = try Case(learningRate: 1e8)
    let before = test.weights.elements.map(\.bitPattern)
    guard case .diverged(.size(let largest)) = test.update.learn(from: test.storage.view) else {
      Issue.record("learned with weights of 1e8")
      return
    }
    // Adam's first step is the learning rate.
    #expect(largest > 9e7)
    #expect(test.weights.elements.map(\.bitPattern) == before)
    #expect(test.update.updateCount == 0)
  }

  @Test func `a step that moves a weight far is taken back, however small the weight stays`() throws
  {
    let test = try Case(learningRate: 2000)
    let before = test.weights.elements.map(\.bitPattern)
    guard case .diverged(.move(let distance)) = test.update.learn(from: test.storage.view) else {
      Issue.record("learned by a step of 2000")
      return
    }
    // Adam's first step is the learning rate, slightly reduced by rounding and, for small
    // gradients, by its ε.
    #expect(distance > 1999 && distance < 2001)
    #expect(test.weights.elements.map(\.bitPattern) == before)
    #expect(try Case(learningRate: 900).update.learn(from: test.storage.view) == .learned)
  }

  // MARK: Messages

  /// Returns two fragments of two steps and three environments: worker 4's 17 and worker 2's 5.
  private func batch(
    _ observation: Space = .box(shape: [2], low: -1, high: 1),
    recurrentState: Nested<LeafSpecification> = .empty
  ) -> FragmentBatch {
    let layout = FragmentLayout(
      stepCount: 2, environmentCount: 3,
      contents: FragmentContents(
        spaces: EnvironmentSpaces(observation: observation, action: .discrete(2)), reaction: .empty,
        recurrentState: recurrentState)
    )
    let batch = FragmentBatch(2, of: layout)
    let storage = FragmentStorage(layout)
    for (position, header) in [(4, 17), (2, 5)].enumerated() {
      storage.view.header.worker = UInt32(header.0)
      storage.view.header.index = UInt64(header.1)
      batch.gather(storage.view, at: position)
    }
    for row in 0...2 {
      for environment in 0..<6 { batch.view.stepno[row, environment] = Int32(40 + row) }
    }
    return batch
  }

  @Test func `a batch of finite numbers has none to name`() {
    #expect(EnvironmentNumber.firstNonFinite(in: batch()) == nil)
  }

  @Test func `a reward is named by worker, environment, step and row`() throws {
    let batch = batch()
    batch.view.rew[2, 4] = .nan
    let number = try #require(EnvironmentNumber.firstNonFinite(in: batch))
    #expect(
      number.sentence
        == "environment 1 of worker 2 gave the reward nan at step 42 of its episode "
        + "(row 2 of the worker's fragment 5)")
    // An earlier row has precedence.
    batch.view.rew[1, 5] = -.infinity
    #expect(EnvironmentNumber.firstNonFinite(in: batch)?.value == -.infinity)
  }

  @Test func `the reward that ended an episode belongs to its last step`() {
    let batch = batch()
    batch.view.rew[1, 0] = .infinity
    batch.view.fin[1, 0] = true
    batch.view.stepno[1, 0] = 0
    #expect(EnvironmentNumber.firstNonFinite(in: batch)?.step == 41)
  }

  @Test func `a part of an observation is named by its path`() throws {
    let batch = batch(
      .dict([
        SpaceField("mode", .discrete(3)),
        SpaceField("speed", .box(shape: [2], low: -1, high: 1, elementType: .float64)),
      ]))
    let column = try #require(batch.layout.obs["speed"]?.value)
    let numbers: ColumnView<Double> = batch.view.column(column)
    numbers[0, 2, 1] = .nan
    let number = try #require(EnvironmentNumber.firstNonFinite(in: batch))
    #expect(number.field == "observation.speed" && number.value.isNaN)
    #expect(number.worker == 4 && number.environment == 2 && number.row == 0)
    #expect(number.fragment == 17 && number.step == 40)
  }

  @Test(arguments: [false, true])
  func `a final observation is named where an episode ended, and nowhere else`(
    isCut: Bool
  ) throws {
    let batch = batch()
    let numbers: ColumnView<Float> = batch.view.column(try #require(batch.layout.finalObs.value))
    // Final observations are undefined if no episode ended.
    for environment in 0..<6 { numbers[1, environment, 1] = .nan }
    #expect(EnvironmentNumber.firstNonFinite(in: batch) == nil)
    (isCut ? batch.view.truncated : batch.view.terminated)[1, 4] = true
    let number = try #require(EnvironmentNumber.firstNonFinite(in: batch))
    #expect(
      number.sentence
        == "environment 1 of worker 2 gave the final observation nan at step 42 of its episode "
        + "(row 1 of the worker's fragment 5)")
    numbers[1, 4, 1] = -9
    #expect(EnvironmentNumber.firstNonFinite(in: batch) == nil)
    #expect(EnvironmentNumber.largest(in: batch)?.value == -9)
  }

  @Test func `a recurrent state that is no number has its reason in an earlier fragment`() throws {
    let batch = batch(recurrentState: .leaf(LeafSpecification(.float32, [3])))
    let states: ColumnView<Float> = batch.view.column(try #require(batch.layout.hx.value))
    states[0, 5, 2] = .nan
    #expect(
      EnvironmentNumber.firstNonFinite(in: batch)?.sentence
        == "the recurrent state that environment 2 of worker 2 carried into its fragment 5 is not "
        + "finite because of an earlier fragment")
    #expect(EnvironmentNumber.largest(in: batch) == nil)
    // A new number of an environment has precedence.
    batch.view.rew[2, 0] = .infinity
    #expect(EnvironmentNumber.firstNonFinite(in: batch)?.field == "reward")
  }

  @Test func `the largest number is named, and none where all are 0`() throws {
    let batch = batch()
    #expect(EnvironmentNumber.largest(in: batch) == nil)
    batch.view.rew[1, 2] = 3
    batch.view.obs(as: Float.self)[2, 4, 1] = -7
    batch.view.rew[2, 5] = .nan
    let number = try #require(EnvironmentNumber.largest(in: batch))
    #expect(
      number.phrase
        == "the observation -7.0, which environment 1 of worker 2 gave at step 42 of its episode "
        + "(row 2 of the worker's fragment 5)")
  }

  @Test(arguments: [
    (WeightFault.move(1234.5), "would have moved a weight by 1234.5, which is more than 1,000"),
    (.size(2.5e6), "would have made a weight 2500000.0, which is more than 1,000,000"),
    (.size(.nan), "would have made a weight NaN"),
  ])
  func `learning that diverges ends the run with who gave the largest number`(
    fault: WeightFault, phrase: String
  ) throws {
    var skipped = SkippedUpdates()
    let batch = batch()
    batch.view.rew[2, 4] = 50
    let error = #expect(throws: TrainingError.self) {
      try skipped.note(.diverged(fault), of: batch, loss: 1, at: 12_000)
    }
    #expect(
      error?.description
        == "learning diverges: an update at step 12,000 \(phrase) (the largest number of the "
        + "newest batch is the reward 50.0, which environment 1 of worker 2 gave at step 42 of its "
        + "episode (row 2 of the worker's fragment 5)); lower --learning-rate, or bound "
        + "--max-grad-norm")
  }

  @Test func `a policy that stays certain is said once, after a hundred batches in a row`() throws {
    var skipped = SkippedUpdates()
    let batch = batch()
    for _ in 0..<99 { #expect(try skipped.note(.certain, of: batch, loss: 0, at: 600) == nil) }
    #expect(try skipped.note(.learned, of: batch, loss: 0, at: 600) == nil)
    for _ in 0..<99 { #expect(try skipped.note(.certain, of: batch, loss: 0, at: 600) == nil) }
    #expect(
      try skipped.note(.certain, of: batch, loss: 0, at: 120_000)
        == "the policy is certain of every action: its entropy and its gradient were exactly 0 in "
        + "100 batches in a row up to step 120,000, and nothing more is learned; if it is not good "
        + "enough, start a new run with a lower --learning-rate or a higher --entropy-cost")
    for _ in 0..<300 { #expect(try skipped.note(.certain, of: batch, loss: 0, at: 600) == nil) }
  }

  /// Notes batches of a policy that is nearly certain.
  private func noteNearlyCertain(_ count: Int, in skipped: inout SkippedUpdates) throws {
    let batch = batch()
    for _ in 0..<count {
      #expect(try skipped.note(.nearlyCertain, of: batch, loss: 0, at: 600) == nil)
    }
  }

  @Test(arguments: [(500.0, 9.4), (-80.0, -500.0)])
  func `a policy that collapsed is reported once, also after a state was read`(
    best: Double, now: Double
  ) throws {
    var skipped = SkippedUpdates()
    try noteNearlyCertain(99, in: &skipped)
    #expect(skipped.noteEvaluation(now, best: best, at: 40_000) == nil)
    try noteNearlyCertain(1, in: &skipped)
    #expect(
      skipped.noteEvaluation(now, best: best, at: 80_000)
        == "the policy has collapsed: its entropy and its gradient were close to 0 in 100 batches "
        + "in a row up to step 80,000, and its mean return fell from \(best) to \(now); it is "
        + "unlikely to recover: start a new run with a lower --learning-rate or one that falls, "
        + "a smaller --max-grad-norm or a higher --entropy-cost")
    var read = try JSONDecoder().decode(
      SkippedUpdates.self, from: try JSONEncoder().encode(skipped))
    #expect(read == skipped)
    #expect(read.noteEvaluation(now, best: best, at: 120_000) == nil)
    #expect(read.collapseStep == 80_000)
    #expect(read.noteEvaluation(best, best: best, at: 160_000) == nil)
    #expect(read.collapseStep == nil)
  }

  @Test func `a policy that is still good, or still learns, has not collapsed`() throws {
    var skipped = SkippedUpdates()
    try noteNearlyCertain(300, in: &skipped)
    for (mean, best) in [(126.0, 500.0), (500, 500), (-300, -80), (0, 0)] {
      #expect(skipped.noteEvaluation(mean, best: best, at: 600) == nil, "\(mean) of \(best)")
    }
    #expect(try skipped.note(.learned, of: batch(), loss: 0, at: 600) == nil)
    try noteNearlyCertain(99, in: &skipped)
    #expect(skipped.noteEvaluation(9, best: 500, at: 600) == nil)
    #expect(skipped.collapseStep == nil)
  }

  @Test func `a run without an update says why by the first reason`() throws {
    var skipped = SkippedUpdates()
    #expect(
      skipped.nothingLearned(skippedCount: 0, steps: 2000)
        == "nothing was learned in 2,000 steps: no batch was learned from: check --target-kl and "
        + "--learning-starts")
    let (sound, poisoned) = (batch(), batch())
    poisoned.view.rew[1, 0] = .infinity
    _ = try skipped.note(.skipped, of: poisoned, loss: .infinity, at: 600)
    _ = try skipped.note(.skipped, of: sound, loss: .nan, at: 600)
    let sentence = skipped.nothingLearned(skippedCount: 2, steps: 2000)
    #expect(
      sentence.hasPrefix(
        "nothing was learned in 2,000 steps: 2 updates were skipped, the first one because "
          + "environment 0 of worker 4 gave the reward inf"), "\(sentence)")
  }

  @Test func `each reason is said once`() throws {
    var skipped = SkippedUpdates()
    let (sound, poisoned) = (batch(), batch())
    poisoned.view.rew[1, 0] = .nan
    let first = try skipped.note(.skipped, of: poisoned, loss: .nan, at: 600)
    #expect(first?.contains("environment 0 of worker 4 gave the reward nan") == true)
    #expect(try skipped.note(.skipped, of: poisoned, loss: .nan, at: 600) == nil)
    let second = try skipped.note(.skipped, of: sound, loss: .infinity, at: 600)
    #expect(second?.contains("lower --learning-rate, or bound --max-grad-norm") == true)
    #expect(try skipped.note(.skipped, of: sound, loss: .infinity, at: 600) == nil)
  }

  @Test func `a hundred in a row end the run, and one that is learned from begins the count anew`()
    throws
  {
    var skipped = SkippedUpdates()
    let batch = batch()
    for _ in 0..<3 {
      for _ in 0..<99 { _ = try skipped.note(.skipped, of: batch, loss: .nan, at: 600) }
      #expect(try skipped.note(.learned, of: batch, loss: 1, at: 600) == nil)
    }
    for _ in 0..<99 { _ = try skipped.note(.skipped, of: batch, loss: .nan, at: 600) }
    let error = #expect(throws: TrainingError.self) {
      try skipped.note(.skipped, of: batch, loss: .nan, at: 600)
    }
    let beginning = "nothing was learned from 100 batches in a row: the loss"
    #expect(error?.description.hasPrefix(beginning) == true)
  }

  @Test func `a batch learned from in part is said once and counts as learned from`() throws {
    var skipped = SkippedUpdates()
    let batch = batch()
    for _ in 0..<99 { _ = try skipped.note(.skipped, of: batch, loss: .nan, at: 600) }
    for _ in 0..<300 {
      #expect(try skipped.note(.learnedInPart, of: batch, loss: 1, at: 600) == nil)
    }
    for _ in 0..<99 { #expect(try skipped.note(.skipped, of: batch, loss: .nan, at: 600) == nil) }

    var another = SkippedUpdates()
    let sentence = try another.note(.learnedInPart, of: batch, loss: 1, at: 600)
    #expect(
      sentence?.hasPrefix(
        "an update was skipped: the loss or its gradient became infinite or NaN though all ")
        == true, "\(sentence ?? "")")
    batch.view.rew[1, 0] = .nan
    let reward = try another.note(.learnedInPart, of: batch, loss: 1, at: 600)
    #expect(reward?.contains("environment 0 of worker 4 gave the reward nan") == true)
    #expect(try another.note(.learnedInPart, of: batch, loss: 1, at: 600) == nil)
  }
}

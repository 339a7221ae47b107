import Learner
import Rollout
import Testing

@Suite struct ProgressTests {
  private let progress = TrainingProgress(
    steps: 1_204_000, totalSteps: 4_000_000, stepsPerSecond: 5_312_345, episodeReturn: 187.34,
    loss: -0.012345, entropy: 0.6123, meanLag: 3.14, maxLag: 7, restarts: 2, secondsElapsed: 12,
    evaluationReturn: 475)

  @Test func `a wide terminal shows everything`() {
    #expect(
      progress.text(width: 200)
        == "1.20M/4.00M steps  5.31M SPS  return 187.3  evaluation 475.0  loss -0.0123"
        + "  entropy 0.612  lag 3.1 (max 7)  2 restarts  0:01 left")
  }

  @Test func `a narrower one drops the least important items whole`() {
    #expect(
      progress.text(width: 90)
        == "1.20M/4.00M steps  5.31M SPS  return 187.3  evaluation 475.0  2 restarts  0:01 left")
    #expect(
      progress.text(width: 60) == "1.20M/4.00M steps  5.31M SPS  return 187.3  0:01 left")
    #expect(progress.text(width: 33) == "1.20M/4.00M steps  return 187.3")
    #expect(progress.text(width: 20) == "1.20M/4.00M steps")
  }

  @Test(arguments: 0...200)
  func `no text is wider than the terminal`(width: Int) {
    #expect(progress.text(width: width).count <= width)
  }

  @Test func `what is not known is not shown`() {
    #expect(TrainingProgress(steps: 0).text(width: 80) == "0 steps  0 SPS")
    #expect(
      TrainingProgress(steps: 0, totalSteps: 4_000_000).text(width: 80) == "0/4.00M steps  0 SPS")
    #expect(
      TrainingProgress(steps: 950, stepsPerSecond: 999_960, restarts: 1).text(width: 80)
        == "950 steps  1.00M SPS  1 restart")
  }

  @Test func `a loss that is no number is shown as such`() {
    let text = TrainingProgress(steps: 1, loss: .nan, entropy: .infinity).text(width: 80)
    #expect(text == "1 steps  0 SPS  loss nan  entropy inf")
  }

  @Test func `lines for a log file stand below each other`() {
    var early = TrainingProgress(steps: 40_000, totalSteps: 4_000_000, stepsPerSecond: 950_000.4)
    #expect(
      early.alignedText
        == "steps      40,000 of 4,000,000  steps per second    950,000  return       -"
        + "  evaluation       -  loss         -  entropy      -  lag     -  largest    -"
        + "  time left 0:05")
    #expect(
      progress.alignedText
        == "steps   1,204,000 of 4,000,000  steps per second  5,312,345  return   187.3"
        + "  evaluation   475.0  loss   -0.0123  entropy  0.612  lag   3.1  largest    7"
        + "  worker restarts 2  time left 0:01")
    early.stepsPerSecond = 0
    #expect(early.secondsLeft == nil)
  }

  @Test(arguments: [
    (0.0, "0:00"), (0.2, "0:01"), (59.5, "1:00"), (754.0, "12:34"), (3723.0, "1:02:03"),
    (.infinity, "inf s"),
  ])
  func `durations have hours only when there are any`(seconds: Double, text: String) {
    #expect(NumberText.duration(seconds) == text)
  }

  @Test(arguments: [
    (0.0, "0"), (999.4, "999"), (999.6, "1.0k"), (12_345, "12.3k"), (999_949, "999.9k"),
    (999_951, "1.00M"), (3_450_000_000, "3.45G"), (.nan, "nan"),
  ])
  func `short numbers never show a thousand of a unit`(value: Double, text: String) {
    #expect(NumberText.short(value) == text)
  }

  @Test(arguments: [(0, "0"), (999, "999"), (1000, "1,000"), (-1_234_567, "-1,234,567")])
  func `thousands are set apart`(value: Int, text: String) {
    #expect(NumberText.grouped(value) == text)
  }
}

import Rollout
import Testing

@testable import Learner

struct RecentInformationTests {
  private static let layout = layout(mayWait: false)

  private static func layout(mayWait: Bool) -> FragmentLayout {
    FragmentLayout(
      stepCount: 4, environmentCount: 1,
      contents: FragmentContents(
        spaces: EnvironmentSpaces(
          observation: .discrete(2), action: .discrete(2),
          information: .dict([
            .init("is_success", .box(shape: [], low: 0, high: 1, elementType: .bool)),
            .init("cost", .box(shape: [], low: -9, high: 9)),
            .init("pair", .box(shape: [2], low: -9, high: 9)),
          ])), reaction: .empty, mayWait: mayWait))
  }

  /// Returns a batch of one fragment with the given steps numbers, ends, successes and costs.
  private func batch(
    _ index: Int, worker: Int = 0, of layout: FragmentLayout = layout, stepno: [Int32], fin: [Bool],
    success: [Bool], cost: [Float]
  ) -> FragmentBatch {
    let fragment = FragmentStorage(layout)
    let view = fragment.view
    for (t, value) in stepno.enumerated() { view.stepno[t, 0] = value }
    for (t, value) in fin.enumerated() { view.fin[t + 1, 0] = value }
    for (t, value) in success.enumerated() { view.info("is_success", as: Bool.self)?[t, 0] = value }
    for (t, value) in cost.enumerated() { view.info("cost")?[t, 0] = value }
    var header = FragmentHeader()
    header.index = UInt64(index)
    header.worker = UInt32(worker)
    view.header = header
    let batch = FragmentBatch(1, of: layout)
    batch.gather(view, at: 0)
    return batch
  }

  private func means(_ information: RecentInformation) -> [String: Double] {
    Dictionary(uniqueKeysWithValues: information.means.map { ($0.name, $0.value) })
  }

  @Test func `an episode counts with its last step and with its sum`() {
    var information = RecentInformation(of: Self.layout, fragmentCount: 1, resuming: [:])
    information.add(
      batch(
        0, stepno: [0, 1, 2, 0], fin: [false, false, true, false],
        success: [false, false, true, false], cost: [1, 2, .nan, 4]))
    // The last step has no cost.
    #expect(
      means(information) == ["info/is_success": 1, "info_sum/is_success": 1, "info_sum/cost": 3])
    information.add(
      batch(
        1, stepno: [1, 0, 1, 2], fin: [true, false, false, false],
        success: [false, true, true, true], cost: [5, 7, 100, 100]))
    // The second episode extends over two fragments.
    #expect(
      means(information) == [
        "info/is_success": 0.5, "info_sum/is_success": 0.5, "info/cost": 5, "info_sum/cost": 6,
      ])
    #expect(information.episodeCount == 2)
    #expect(information.means.map(\.name).first == "info/is_success")
  }

  @Test func `rows of an environment that waits do not count`() {
    let layout = Self.layout(mayWait: true)
    var information = RecentInformation(of: layout, fragmentCount: 1, resuming: [:])
    for index in 0..<2 {
      information.add(
        batch(
          index, of: layout, stepno: [0, 1, 0, 0], fin: [false, true, true, true],
          success: [false, true, false, false], cost: [1, 2, 100, 100]))
    }
    #expect(information.episodeCount == 2)
    #expect(
      means(information) == [
        "info/is_success": 1, "info_sum/is_success": 1, "info/cost": 2, "info_sum/cost": 3,
      ])
  }

  @Test func `an episode with a gap has no sum`() {
    var information = RecentInformation(of: Self.layout, fragmentCount: 1, resuming: [:])
    func add(_ index: Int, worker: Int = 0) {
      information.add(
        batch(
          index, worker: worker, stepno: [8, 9, 0, 1], fin: [false, true, false, false],
          success: [false, false, false, false], cost: [1, 1, 1, 1]))
    }
    add(0)
    #expect(means(information)["info_sum/cost"] == nil)
    #expect(means(information)["info/cost"] == 1)
    add(1)
    #expect(means(information)["info_sum/cost"] == 4)
    add(3)
    add(0, worker: 1)
    #expect(information.recent["info_sum/cost"]?.mean == 4)
    add(4)
    #expect(information.recent["info_sum/cost"]?.mean == 4)
    #expect(information.episodeCount == 5)
  }

  @Test func `names without any number are known, and a run goes on with its means`() {
    var information = RecentInformation(of: Self.layout, fragmentCount: 1, resuming: [:])
    #expect(information.unheard == ["is_success", "cost"])
    information.add(
      batch(
        0, stepno: [0, 1, 2, 3], fin: [false, false, false, true],
        success: [true, true, true, true], cost: [.nan, .nan, .infinity, .nan]))
    #expect(information.unheard == ["cost"])
    let next = RecentInformation(
      of: Self.layout, fragmentCount: 1, resuming: information.recent)
    #expect(means(next) == means(information))
  }

  @Test func `information has the tags of the rollout`() {
    #expect(TensorBoardSink.tag(of: "info/is_success") == "rollout/success_rate")
    #expect(TensorBoardSink.tag(of: "info/cost") == "rollout/info/cost")
    #expect(TensorBoardSink.tag(of: "info_sum/cost") == "rollout/info_sum/cost")
    #expect(TensorBoardSink.tag(of: "eval_info/is_success") == "eval/success_rate")
    #expect(TensorBoardSink.tag(of: "eval_info/cost") == "eval/info/cost")
  }
}

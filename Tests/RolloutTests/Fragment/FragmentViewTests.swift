import Rollout
import Testing

struct FragmentViewTests {
  @Test func `a column is read as the type it holds`() async {
    let layout = FragmentLayout(
      stepCount: 1, environmentCount: 1, contents: FragmentLayoutTests.contents)
    let storage = FragmentStorage(layout)
    #expect(storage.view.actor("value")?.elementCount == 1)
    #expect(storage.view.actor("logits")?.elementCount == 5)
    #expect(storage.view.actor("nothing") == nil)
    await #expect(processExitsWith: .failure) {
      let layout = FragmentLayout(
        stepCount: 1, environmentCount: 1, contents: FragmentLayoutTests.contents)
      let _: ColumnView<Double> = FragmentStorage(layout).view.column(layout.stepno)
    }
  }

  @Test func `an index outside a column traps`() async {
    await #expect(processExitsWith: .failure) {
      let layout = FragmentLayout(
        stepCount: 1, environmentCount: 1, contents: FragmentLayoutTests.contents)
      _ = FragmentStorage(layout).view.rew[2, 0]
    }
  }

  @Test func `rows of a column are a column`() async {
    let layout = FragmentLayout(
      stepCount: 5, environmentCount: 2, contents: FragmentLayoutTests.contents)
    let rewards = FragmentStorage(layout).view.rew
    for t in 0...5 { for b in 0..<2 { rewards[t, b] = Float(10 * t + b) } }
    let part = rewards[rows: 2..<5]
    #expect(part.rowCount == 3 && part.environmentCount == 2)
    #expect(part.elements == [20, 21, 30, 31, 40, 41] && part[1, 1] == 31)
    #expect(part[rows: 1..<2].elements == [30, 31] && rewards[rows: 6..<6].elements.isEmpty)
    part[0, 1] = -1
    #expect(rewards[2, 1] == -1)
    await #expect(processExitsWith: .failure) {
      let layout = FragmentLayout(
        stepCount: 1, environmentCount: 1, contents: FragmentLayoutTests.contents)
      _ = FragmentStorage(layout).view.rew[rows: 1..<3]
    }
    await #expect(processExitsWith: .failure) {
      let layout = FragmentLayout(
        stepCount: 2, environmentCount: 1, contents: FragmentLayoutTests.contents)
      _ = FragmentStorage(layout).view.rew[rows: 0..<2][2, 0]
    }
  }
}

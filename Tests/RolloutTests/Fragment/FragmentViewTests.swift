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
}

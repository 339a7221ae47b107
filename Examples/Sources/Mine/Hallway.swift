import Rollout

/// Eight cells in a row; the reward is at the right end.
struct Hallway: Environment, Drawable {
  var cell = 0

  var observationSpace: Space { .discrete(8) }
  var actionSpace: Space { .discrete(2) }
  var observation: Int { cell }

  mutating func reset(using random: inout PCG64) { cell = random.integer(below: 4) }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    cell = max(0, cell + (action == 1 ? 1 : -1))
    return StepOutcome(reward: cell == 7 ? 1 : 0, terminated: cell == 7)
  }

  func draw() -> Picture {
    var canvas = Canvas(width: 160, height: 40)
    canvas.fillCircle(.init(10 + 20 * Double(cell), 20), radius: 8, .black)
    return canvas.picture
  }
}

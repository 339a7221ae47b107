import Rollout

/// The results of one step of a reference task.
struct Played {
  var observation: [Float]
  var reward: Double
  var terminated = false
  var truncated = false
  var isOver: Bool { terminated || truncated }
}

/// A task for one environment, written after the wrapper's definition and without regard to speed.
protocol ReferenceTask {
  var lives: Int { get }
  mutating func begin(_ random: inout PCG64) -> [Float]
  mutating func play(_ action: Int, _ random: inout PCG64) -> Played
}

/// A flickering, partly random observation, with episodes of a chosen length.
///
/// It has three lives, which last two steps each.
struct Flicker: ReferenceTask {
  var length: Int
  var truncates = false
  var steps = 0

  var lives: Int { max(0, 3 - steps / 2) }

  mutating func begin(_ random: inout PCG64) -> [Float] {
    steps = 0
    return observation(&random)
  }

  mutating func play(_ action: Int, _ random: inout PCG64) -> Played {
    steps += 1
    let isOver = steps == length
    return Played(
      observation: observation(&random), reward: Double(action) - 40,
      terminated: isOver && !truncates, truncated: isOver && truncates)
  }

  private func observation(_ random: inout PCG64) -> [Float] {
    [steps % 2 == 0 ? 5 : -5, Float(steps * 37 % 11) - 5, random.nextFloat()]
  }
}

/// The last three actions of an episode, the newest last; −1 before there are as many.
struct LastActions: ReferenceTask {
  var heard: [Float] = []

  var lives: Int { 1 }

  mutating func begin(_ random: inout PCG64) -> [Float] {
    heard = [-1, -1, -1]
    return heard
  }

  mutating func play(_ action: Int, _ random: inout PCG64) -> Played {
    heard = heard.dropFirst() + [Float(action)]
    return Played(observation: heard, reward: 1)
  }
}

/// A reference task as an environment.
struct DefinedTask: Environment {
  var task: any ReferenceTask
  var actionCount = 100
  var observationSpace: Space = .box(shape: [3], low: -.infinity, high: .infinity)
  var observation: [Float] = []

  var actionSpace: Space { .discrete(actionCount) }
  var lives: Int? { task.lives }

  mutating func reset(using random: inout PCG64) { observation = task.begin(&random) }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    let played = task.play(action, &random)
    observation = played.observation
    return StepOutcome(
      reward: played.reward, terminated: played.terminated, truncated: played.truncated)
  }
}

/// Repeats one action, with the last observation or the maximum of the last two.
struct Repeating: ReferenceTask {
  var base: any ReferenceTask
  let times: Int
  let showsMaximum: Bool

  var lives: Int { base.lives }

  mutating func begin(_ random: inout PCG64) -> [Float] { base.begin(&random) }

  mutating func play(_ action: Int, _ random: inout PCG64) -> Played {
    var frames: [[Float]] = []
    var reward = 0.0
    while true {
      var played = base.play(action, &random)
      frames.append(played.observation)
      reward += played.reward
      guard played.isOver || frames.count == times else { continue }
      played.reward = reward
      if showsMaximum, let last = frames.last {
        played.observation = frames.suffix(2).reduce(last) { zip($0, $1).map { max($0, $1) } }
      }
      return played
    }
  }
}

/// The last few observations.
struct Stacking: ReferenceTask {
  var base: any ReferenceTask
  let depth: Int
  var frames: [[Float]] = []

  var lives: Int { base.lives }

  mutating func begin(_ random: inout PCG64) -> [Float] {
    frames = Array(repeating: base.begin(&random), count: depth)
    return frames.flatMap(\.self)
  }

  mutating func play(_ action: Int, _ random: inout PCG64) -> Played {
    var played = base.play(action, &random)
    frames = frames.dropFirst() + [played.observation]
    played.observation = frames.flatMap(\.self)
    return played
  }
}

/// A limit of steps.
struct Limited: ReferenceTask {
  var base: any ReferenceTask
  let limit: Int
  var steps = 0

  var lives: Int { base.lives }

  mutating func begin(_ random: inout PCG64) -> [Float] {
    steps = 0
    return base.begin(&random)
  }

  mutating func play(_ action: Int, _ random: inout PCG64) -> Played {
    var played = base.play(action, &random)
    steps += 1
    if steps >= limit { played.truncated = true }
    return played
  }
}

/// Episodes that end with a life and continue from there, unless the task itself ends them.
struct Mortal: ReferenceTask {
  var base: any ReferenceTask
  var lost: [Float]?

  var lives: Int { base.lives }

  mutating func begin(_ random: inout PCG64) -> [Float] {
    if let lost { return lost }
    return base.begin(&random)
  }

  mutating func play(_ action: Int, _ random: inout PCG64) -> Played {
    let before = base.lives
    var played = base.play(action, &random)
    lost = !played.isOver && base.lives < before ? played.observation : nil
    if lost != nil { played.terminated = true }
    return played
  }
}

/// No-ops at the beginning of each episode; their number is drawn from a separate stream.
struct Idling: ReferenceTask {
  var base: any ReferenceTask
  let largest: Int
  var stream: PCG64

  var lives: Int { base.lives }

  mutating func begin(_ random: inout PCG64) -> [Float] {
    var observation = base.begin(&random)
    for _ in 0..<stream.integer(below: largest + 1) {
      let played = base.play(0, &random)
      observation = played.isOver ? base.begin(&random) : played.observation
    }
    return observation
  }

  mutating func play(_ action: Int, _ random: inout PCG64) -> Played { base.play(action, &random) }
}

/// Actions 1 and 2 at the beginning of each episode.
struct Firing: ReferenceTask {
  var base: any ReferenceTask

  var lives: Int { base.lives }

  mutating func begin(_ random: inout PCG64) -> [Float] {
    var observation = base.begin(&random)
    for action in [1, 2] {
      let played = base.play(action, &random)
      observation = played.isOver ? base.begin(&random) : played.observation
    }
    return observation
  }

  mutating func play(_ action: Int, _ random: inout PCG64) -> Played { base.play(action, &random) }
}

/// Rewards shaped by minus the distance from the origin.
struct Shaping: ReferenceTask {
  var base: any ReferenceTask
  let discount: Double
  var endsAsTutorial = false
  var potential = 0.0

  var lives: Int { base.lives }

  private func worth(_ observation: [Float]) -> Double {
    let (x, y) = (Double(observation[0]), Double(observation[1]))
    return -(x * x + y * y).squareRoot()
  }

  mutating func begin(_ random: inout PCG64) -> [Float] {
    let observation = base.begin(&random)
    potential = worth(observation)
    return observation
  }

  mutating func play(_ action: Int, _ random: inout PCG64) -> Played {
    var played = base.play(action, &random)
    let next = worth(played.observation)
    if endsAsTutorial, played.isOver {
      played.reward += -discount * potential
    } else {
      played.reward += discount * (played.terminated ? 0 : next) - potential
    }
    potential = next
    return played
  }
}

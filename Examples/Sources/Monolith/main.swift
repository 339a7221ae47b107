// The design of rlplay on one page: a learner and a worker process that share memory and no lock.
//
// The worker claims a free fragment, fills it with T steps of CartPole by its copy of the policy,
// and publishes it. The learner takes a published fragment, learns from it, releases it, and
// publishes new weights. rlplay does the same with many workers, networks, waiting without
// spinning, and workers that are replaced if they die: docs/architecture.md begins where this page
// ends.

import Foundation
import Glibc
import Synchronization

let fragmentCount = 4, stepCount = 128, inputCount = 5, updateCount = 10_000

/// The owner of a fragment, who alone may touch it and gives it away.
enum Owner: UInt32 { case nobody, worker, ready, learner }

/// One step: the observation (with a 1 for the bias), the action, μ(a | s), and an episode's end.
struct Step { var obs = SIMD8<Float>(), act: Float = 0, probability: Float = 0, fin = false }

// MARK: Shared memory

/// The views of the mapped file: ownership words, the version of the weights, weights, fragments.
struct SharedMemory: @unchecked Sendable {
  let owners: UnsafeMutablePointer<Atomic<UInt32>>
  let version: UnsafeMutablePointer<Atomic<UInt64>>  // odd while the learner writes the weights
  let weights: UnsafeMutablePointer<Float>
  let steps: UnsafeMutablePointer<Step>

  init(file: Int32) {
    let byteCount = 256 + fragmentCount * stepCount * MemoryLayout<Step>.stride
    precondition(file >= 0 && ftruncate(file, byteCount) == 0, "no shared memory: \(errno)")
    let base = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)!
    owners = base.assumingMemoryBound(to: Atomic<UInt32>.self)
    version = (base + 64).assumingMemoryBound(to: Atomic<UInt64>.self)
    weights = (base + 128).assumingMemoryBound(to: Float.self)
    steps = (base + 256).assumingMemoryBound(to: Step.self)
  }

  /// Waits until a fragment changes its owner; returns its number, nil if the other process died.
  ///
  /// The memory order makes all reads and writes of the owner before visible to the new one.
  func take(_ from: Owner, for to: Owner, while otherLives: () -> Bool) -> Int? {
    while otherLives() {
      for number in 0..<fragmentCount
      where owners[number].compareExchange(
        expected: from.rawValue, desired: to.rawValue, ordering: .acquiringAndReleasing
      ).exchanged { return number }
      sched_yield()
    }
    return nil
  }

  func give(_ number: Int, to owner: Owner) {
    owners[number].store(owner.rawValue, ordering: .releasing)
  }

  /// Publishes weights; a reader that overlaps sees an odd or a changed version and reads again.
  func publish(_ new: SIMD8<Float>) {
    version.pointee.add(1, ordering: .acquiringAndReleasing)
    for index in 0..<inputCount { weights[index] = new[index] }
    version.pointee.add(1, ordering: .releasing)
  }

  func read() -> SIMD8<Float> {
    while true {
      let before = version.pointee.load(ordering: .acquiring)
      var copy = SIMD8<Float>()
      for index in 0..<inputCount { copy[index] = weights[index] }
      atomicMemoryFence(ordering: .acquiring)
      if before % 2 == 0, version.pointee.load(ordering: .relaxed) == before { return copy }
    }
  }
}

// MARK: Environment and policy

struct CartPole {
  var x: Float = 0, v: Float = 0, angle: Float = 0, spin: Float = 0, age = 0
  var obs: SIMD8<Float> { SIMD8(x, v, angle, spin, 1, 0, 0, 0) }

  mutating func reset() {
    self = CartPole(
      x: .random(in: -0.05...0.05), v: .random(in: -0.05...0.05), angle: .random(in: -0.05...0.05),
      spin: .random(in: -0.05...0.05))
  }

  /// Returns true if the pole fell, the cart left the track, or 500 steps are over.
  mutating func step(right: Bool) -> Bool {
    let push = ((right ? 10 : -10) + 0.05 * spin * spin * sin(angle)) / 1.1
    let turn =
      (9.8 * sin(angle) - cos(angle) * push) / (0.5 * (4 / 3 - 0.1 * cos(angle) * cos(angle) / 1.1))
    (x, v, angle, spin, age) = (
      x + 0.02 * v, v + 0.02 * (push - 0.05 * turn * cos(angle) / 1.1), angle + 0.02 * spin,
      spin + 0.02 * turn, age + 1
    )
    return abs(x) > 2.4 || abs(angle) > 0.2095 || age >= 500
  }
}

/// The probability of a push to the right: a logistic unit.
func probabilityOfRight(_ weights: SIMD8<Float>, _ obs: SIMD8<Float>) -> Float {
  1 / (1 + exp(-(weights * obs).sum()))
}

// MARK: Worker: claim, fill, publish

func work(_ memory: SharedMemory) -> Never {
  var environment = CartPole()
  environment.reset()
  let learner = getppid()
  while let number = memory.take(.nobody, for: .worker, while: { getppid() == learner }) {
    let weights = memory.read()
    for t in 0..<stepCount {
      let obs = environment.obs
      let right = probabilityOfRight(weights, obs)
      let act: Float = .random(in: 0..<1) < right ? 1 : 0
      let fin = environment.step(right: act == 1)
      memory.steps[number * stepCount + t] = Step(
        obs: obs, act: act, probability: act == 1 ? right : 1 - right, fin: fin)
      if fin { environment.reset() }
    }
    memory.give(number, to: .ready)
  }
  exit(0)
}

// MARK: Learner: take, learn, release, publish

func learn(_ memory: SharedMemory, from worker: Process) {
  var weights = SIMD8<Float>(), length: Float = 0, recent: Float = 0
  memory.publish(weights)
  for update in 1...updateCount {
    guard let number = memory.take(.ready, for: .learner, while: { worker.isRunning }) else {
      return
    }
    let steps = UnsafeBufferPointer(start: memory.steps + number * stepCount, count: stepCount)
    // Returns of rewards of 1 until the pole falls, backwards through the fragment.
    var returns = [Float](repeating: 0, count: stepCount), after: Float = 0
    for t in (0..<stepCount).reversed() {
      after = 1 + 0.98 * (steps[t].fin ? 0 : after)
      returns[t] = after
    }
    let mean = returns.reduce(0, +) / Float(stepCount)
    // REINFORCE with importance weights: the fragment may be by an older policy.
    var gradient = SIMD8<Float>()
    for (step, value) in zip(steps, returns) {
      let right = probabilityOfRight(weights, step.obs)
      let rho = min(1, (step.act == 1 ? right : 1 - right) / step.probability)
      gradient += rho * (value - mean) * (step.act - right) * step.obs
      length += 1
      if step.fin { (recent, length) = (recent == 0 ? length : 0.9 * recent + 0.1 * length, 0) }
    }
    memory.give(number, to: .nobody)
    let rate = 0.1 * (1 - Float(update) / Float(updateCount))
    weights += rate / Float(stepCount) * gradient
    memory.publish(weights)
    if update % 1000 == 0 { print("update \(update)  episode length \(Int(recent))") }
  }
}

// MARK: The two processes

if CommandLine.arguments.count == 2 {  // Started by the learner with the place of the memory.
  work(SharedMemory(file: open(CommandLine.arguments[1], O_RDWR)))
}
let name = "/dev/shm/monolith-\(getpid())"
let file = open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
unlink(name)  // The memory lives as long as a process has it.
let worker = Process()
worker.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
worker.arguments = ["/proc/\(getpid())/fd/\(file)"]
let memory = SharedMemory(file: file)
try worker.run()
learn(memory, from: worker)
worker.terminate()
worker.waitUntilExit()

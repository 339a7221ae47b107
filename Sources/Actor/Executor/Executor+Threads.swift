import Rollout

extension Executor: ChunkedWork {
  /// Runs all phases forwards.
  func runPhases(_ threads: ThreadPool) {
    threads.wake()
    for phase in phases {
      if phase.rowChunks.isEmpty {
        run(UnsafeMutableBufferPointer(rebasing: body[phase.steps]))
      } else {
        run(phase.rowChunks, isBackward: false, threads)
      }
    }
  }

  /// Propagates gradients back through all phases, last phase first.
  func runPhasesBackward(_ threads: ThreadPool) {
    threads.wake()
    for phase in phases.reversed() {
      if phase.rowChunks.isEmpty {
        runBackward(UnsafeMutableBufferPointer(rebasing: body[phase.steps]))
      } else {
        run(phase.rowChunks, isBackward: true, threads)
        run(phase.parameterChunks, isBackward: true, threads)
      }
    }
  }

  /// Runs chunks of the plan, in any order.
  func run(_ chunks: Range<Int>, isBackward: Bool, _ threads: ThreadPool) {
    present = (chunks.lowerBound, isBackward)
    threads.run(chunks.count, of: self)
  }

  /// Runs the steps of one of the present chunks.
  package func run(chunk: Int) {
    let steps = UnsafeMutableBufferPointer(
      rebasing: chunkSteps[chunks[present.firstChunk + chunk]])
    if present.isBackward { runBackward(steps) } else { run(steps) }
  }
}

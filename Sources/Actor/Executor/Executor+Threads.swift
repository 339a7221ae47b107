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
    present = isBackward ? .backward(chunks.lowerBound) : .forward(chunks.lowerBound)
    threads.run(chunks.count, of: self)
  }

  /// Clears the gradients of all values that a backward pass adds to.
  func clearGradients() {
    present = .clearing
    run(gradientParts.count, on: threads)
  }

  /// Does one chunk of the present work.
  package func run(chunk: Int) {
    switch present {
    case .forward(let first): run(steps(first + chunk))
    case .backward(let first): runBackward(steps(first + chunk))
    case .clearing: gradientArena.clear(gradientParts[chunk])
    }
  }

  private func steps(_ chunk: Int) -> UnsafeMutableBufferPointer<Instruction> {
    UnsafeMutableBufferPointer(rebasing: chunkSteps[chunks[chunk]])
  }
}

/// The work whose chunks threads share.
enum SharedWork {
  /// A pass over chunks of the plan, from one of them on.
  case forward(Int)
  /// A backward pass over chunks of the plan, from one of them on.
  case backward(Int)
  /// The clearing of the parts of the arena of gradients.
  case clearing
}

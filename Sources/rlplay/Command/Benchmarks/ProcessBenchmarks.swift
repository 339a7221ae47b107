import Glibc
import Learner
import Rollout

/// The times to start the worker processes and to replace one of them.
enum ProcessBenchmarks {
  static let all: [Benchmark] = [
    Benchmark(
      "start", .milliseconds,
      "from no process to the first update, with 16 workers"
    ) { .init(try start($0)) },
    Benchmark(
      "replace", .milliseconds,
      "from SIGKILL of one of 16 workers to its replacement's first fragment, in training"
    ) { .init(try replacement($0)) },
  ]

  private static func start(_ settings: BenchmarkSettings) throws -> Double {
    try settings.repeated {
      var trial: Trial?
      // The trial outlives the clock, because ending the workers is not part of the figure.
      return try secondsElapsed {
        trial = try Trial(.measured, learns: true, settings.processes())
        try trial?.advance()
      } * 1e3
    }.median
  }

  private static func replacement(_ settings: BenchmarkSettings) throws -> Double {
    // No report of a death that was caused on purpose.
    let trial = try Trial(
      .measured, learns: true, settings.processes(say: { _ in }))
    guard let workers = trial.collector as? MultiWorker else { return .nan }
    try trial.settle()
    var victim = 0
    return try settings.repeated {
      let killed = workers.status(ofWorker: victim)
      let seconds = try secondsElapsed {
        try SystemCalls.kill(killed.pid, signal: SIGKILL)
        var status = killed
        while status.incarnation == killed.incarnation || status.fragmentCount == 0 {
          try trial.advance()
          status = workers.status(ofWorker: victim)
        }
      }
      victim = (victim + 1) % workers.workerCount
      return seconds * 1e3
    }.median
  }
}

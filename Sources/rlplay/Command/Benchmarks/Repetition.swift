import Rollout

// Other programs can only slow down work on one core, so the fastest repetition is the most
// accurate one. The throughput of many processes together varies in both directions, so the median
// is used.

/// A loop around short work that is long enough for the clock.
struct TimedLoop {
  private let body: (Int) throws -> Void
  private let count: Int

  /// Determines the number of iterations that fill a time.
  ///
  /// - Parameters:
  ///   - seconds: the duration of one repetition.
  ///   - body: does the work a given number of times.
  init(seconds: Double, _ body: @escaping (Int) throws -> Void) throws {
    var count = 1
    while true {
      let elapsed = try secondsElapsed { try body(count) }
      if elapsed >= seconds { break }
      // The first run is slower than later ones, so one attempt is not enough.
      let factor = elapsed > 0 ? 1.2 * seconds / elapsed : 10
      count = max(count + 1, Int(Double(count) * min(10, factor)))
    }
    self.count = count
    self.body = body
  }

  /// Runs one repetition and returns the nanoseconds of one iteration.
  func nanoseconds() throws -> Double {
    try secondsElapsed { try body(count) } * 1e9 / Double(count)
  }
}

extension BenchmarkSettings {
  /// The number of repetitions that share the time of a measurement.
  static let repetitionCount = 10

  /// The duration of one such repetition.
  var secondsPerRepetition: Double { seconds / Double(Self.repetitionCount) }

  /// The duration of one repetition of work on one core.
  ///
  /// It is short enough to fall between two interruptions by other programs.
  var secondsPerLoop: Double { min(secondsPerRepetition, 0.002) }

  /// Repeats until the time has passed, at least `minimumRepetitions` times.
  func repeated(_ body: () throws -> Double) rethrows -> [Double] {
    let began = SystemCalls.monotonicNanoseconds()
    var samples: [Double] = []
    while samples.count < minimumRepetitions
      || Double(SystemCalls.monotonicNanoseconds() - began) < seconds * 1e9
    {
      samples.append(try body())
    }
    return samples
  }

  /// Returns the nanoseconds of one iteration in the fastest repetition.
  ///
  /// - Parameter body: does the work a given number of times.
  func bestNanoseconds(_ body: @escaping (Int) throws -> Void) throws -> Double {
    let loop = try TimedLoop(seconds: secondsPerLoop, body)
    return try repeated { try loop.nanoseconds() }.min() ?? .nan
  }
}

/// Returns the duration of a function call in seconds.
func secondsElapsed(_ body: () throws -> Void) rethrows -> Double {
  let began = SystemCalls.monotonicNanoseconds()
  try body()
  return Double(SystemCalls.monotonicNanoseconds() - began) / 1e9
}

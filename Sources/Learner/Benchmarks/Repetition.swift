import Rollout

// How figures are taken. Other programs only ever make work slower, so that of work on one core the
// quickest repetition is the truest; what many processes do together is a matter of luck in both
// directions, so that there the one in the middle counts.

/// Short work in a loop that is long enough for the clock.
struct TimedLoop {
  private let body: (Int) throws -> Void
  private let count: Int

  /// Finds out how many iterations fill a time.
  ///
  /// - Parameters:
  ///   - seconds: how long one repetition should take.
  ///   - body: does the work so many times.
  init(seconds: Double, _ body: @escaping (Int) throws -> Void) throws {
    var count = 1
    while true {
      let elapsed = try secondsElapsed { try body(count) }
      if elapsed >= seconds { break }
      // A first run is slow for reasons of its own, so that one look is not enough.
      let factor = elapsed > 0 ? 1.2 * seconds / elapsed : 10
      count = max(count + 1, Int(Double(count) * min(10, factor)))
    }
    self.count = count
    self.body = body
  }

  /// Nanoseconds of one iteration in one repetition.
  func nanoseconds() throws -> Double {
    try secondsElapsed { try body(count) } * 1e9 / Double(count)
  }
}

extension BenchmarkSettings {
  /// How many repetitions there are where each one can be given a share of the time.
  static let repetitionCount = 10

  /// How long one such repetition takes.
  var secondsPerRepetition: Double { seconds / Double(Self.repetitionCount) }

  /// How long one repetition of work on one core takes: short enough to fall between two moments at
  /// which the machine does something else.
  var secondsPerLoop: Double { min(secondsPerRepetition, 0.002) }

  /// Repeats until the time is over, and often enough.
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

  /// Nanoseconds of one iteration in the quickest repetition.
  ///
  /// - Parameter body: does the work so many times.
  func bestNanoseconds(_ body: @escaping (Int) throws -> Void) throws -> Double {
    let loop = try TimedLoop(seconds: secondsPerLoop, body)
    return try repeated { try loop.nanoseconds() }.min() ?? .nan
  }
}

/// How long something takes.
func secondsElapsed(_ body: () throws -> Void) rethrows -> Double {
  let began = SystemCalls.monotonicNanoseconds()
  try body()
  return Double(SystemCalls.monotonicNanoseconds() - began) / 1e9
}

extension [Double] {
  /// The number in the middle, of an even count the mean of the two.
  var median: Double {
    let sorted = sorted()
    return isEmpty ? .nan : (sorted[count / 2] + sorted[(count - 1) / 2]) / 2
  }
}

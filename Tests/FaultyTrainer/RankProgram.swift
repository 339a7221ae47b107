import Foundation
import Learner
import Rollout

/// A program that `mpirun` starts as several ranks, for the tests of their connection.
///
/// Its second argument is one of the functions below; rank 0 prints.
enum RankProgram {
  static func run(_ name: String) throws {
    let environment = ProcessInfo.processInfo.environment
    guard let launcher = Launcher(environment) else { throw RankError("started alone") }
    // Longer vectors take several operations.
    let world = try MPIWorld(
      MPILibrary(environment, launcher: launcher), launcher: launcher, addsInRankOrder: true,
      largestCount: name == "exchange" ? 1000 : 1 << 28)
    func say(_ text: String) { if world.rank == 0 { print(text) } }
    switch name {
    case "exchange": say(try exchange(world))
    case "late": say(try late(world))
    case "child": say(try child(world))
    case "kill": try sum(world, killing: true)
    case "abort":
      if world.rank == 1 { world.abort(code: 7) }
      try sum(world, killing: false)
    default: throw RankError("\(name) is no test of ranks")
    }
    world.leave()
  }

  /// Compares sums with those computed here, and passes bytes in both directions.
  private static func exchange(_ world: MPIWorld) throws -> String {
    func value(_ rank: Int, _ index: Int) -> Double {
      1 / Double(3 + rank) * Double((index * 7919) % 1000 + 1)
    }
    // The last two are not short: 64 KB for two ranks. The end of the last one is a single element.
    for count in [0, 1, 2, 3, 4, 100, 1000, 1001, 8500, 9001] {
      for inRankOrder in [true, false] {
        world.addsInRankOrder = inRankOrder
        let values = FlatVector((0..<count).map { Float(value(world.rank, $0)) })
        try world.sum(values) {}
        for index in 0..<count {
          let sum = (1..<world.count).reduce(Float(value(0, index))) {
            $0 + Float(value($1, index))
          }
          // In another order each addition may round otherwise.
          guard abs(values[index] - sum) <= (inRankOrder ? 0 : 4 * sum.ulp) else {
            throw RankError("\(values[index]) for \(sum) at \(index) of \(count)")
          }
        }
      }
      let numbers = FlatVector((0..<count).map { value(world.rank, $0) })
      try world.sum(numbers) {}
      for index in 0..<count {
        let sum = (1..<world.count).reduce(value(0, index)) { $0 + value($1, index) }
        guard numbers[index] == sum else { throw RankError("\(numbers[index]) for \(sum)") }
      }
    }
    for count in [0, 1, 7, 1000, 2001] {
      let sent = (0..<count).map { UInt8(truncatingIfNeeded: $0 + 1) }
      guard try world.broadcast(world.rank == 0 ? sent : [9]) == sent else {
        throw RankError("\(count) bytes were not broadcast")
      }
      // Rank 0 has none.
      let all = try world.gather([UInt8](repeating: UInt8(world.rank), count: count * world.rank))
      let expected = (0..<world.count).map { [UInt8](repeating: UInt8($0), count: count * $0) }
      guard all == (world.rank == 0 ? expected : []) else { throw RankError("gathered \(all)") }
    }
    return "\(world.count) ranks on \(world.hostCount) host by \(world.library ?? "nothing")"
  }

  /// Returns the processor time and the calls of `attend` of a rank that waits for a second.
  private static func late(_ world: MPIWorld) throws -> String {
    let values = FlatVector<Float>(repeating: 1, count: 362)
    for _ in 0..<20 { try world.sum(values) {} }
    var attendedCount = 0
    let before = clock()
    if world.rank == 1 { sleep(1) }
    try world.sum(values) { attendedCount += 1 }
    return "\(Double(clock() - before) / Double(CLOCKS_PER_SEC)) \(attendedCount)"
  }

  /// Returns the variables of the launcher that a child process has.
  private static func child(_ world: MPIWorld) throws -> String {
    let child = try ChildProcess(executable: "/usr/bin/env", arguments: [])
    guard child.waitForEnd(seconds: 10) == .exited(0) else { throw RankError("env failed") }
    var text = ""
    _ = child.take(from: child.output) { text += String(decoding: $0, as: UTF8.self) }
    let names = text.split(separator: "\n").map { String($0.prefix { $0 != "=" }) }
    return "\(names.contains("PATH")) \(names.filter { Launcher.isForRanks(variable: $0) })"
  }

  private static func sum(_ world: MPIWorld, killing: Bool) throws {
    let values = FlatVector<Float>(repeating: 0, count: 1000)
    for round in 0..<1_000_000 {
      if killing && world.rank == 1 && round == 100 {
        try SystemCalls.kill(SystemCalls.processIdentifier, signal: SIGKILL)
      }
      try world.sum(values) {}
    }
  }
}

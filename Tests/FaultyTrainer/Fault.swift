import Foundation
import Glibc
import Learner
import Rollout

/// What an environment can do to the process that it runs in.
enum Fault: String, CaseIterable {
  /// Ends the process as if all were well.
  case exits = "Exits"
  /// Stops the Swift program.
  case traps = "Traps"
  /// Says that it cannot go on.
  case fails = "Throws"
  /// Writes where nothing is.
  case segfaults = "Segfaults"
  /// Is killed, as by the kernel when memory is short.
  case dies = "Dies"
  /// Never comes back, but can be asked to leave.
  case hangs = "Hangs"
  /// Never comes back and does not listen.
  case ignoresTermination = "IgnoresTermination"
  /// Is stopped, as by a debugger.
  case stops = "Stops"
  /// Writes more to its log than a pipe holds, and goes on.
  case shouts = "Shouts"
  /// Leaves a process of its own behind, which holds the log open, and dies.
  case diesBesideChild = "DiesBesideChild"
  /// Kills all workers of the process.
  case killsWorkers = "KillsWorkers"
  /// Asks its own process to stop, once, as Ctrl-C does.
  case interrupts = "Interrupts"
  /// Fills 2 GB of memory, gives it back, and continues.
  case allocates = "Allocates"
  /// Gives a reward that is no number: in a step only; with `Always` in each one from then on.
  case rewardsNothing = "RewardsNaN"
  /// Shows an observation that is no number: in a step only; with `Always` in each one from then on.
  case showsNothing = "ShowsNaN"

  func strike() throws {
    switch self {
    case .exits: exit(0)
    case .traps: fatalError("the pole is gone")
    case .fails: throw Cannot(description: "the simulator lost its licence")
    case .segfaults: UnsafeMutablePointer<Int>(bitPattern: 8)?.pointee = 1
    case .dies: raise(SIGKILL)
    case .hangs: while true { pause() }
    case .ignoresTermination:
      signal(SIGTERM, SIG_IGN)
      while true { pause() }
    case .stops: raise(SIGSTOP)
    case .shouts: shout()
    case .diesBesideChild:
      let child = Process()
      child.executableURL = URL(fileURLWithPath: "/bin/sleep")
      child.arguments = ["5"]
      try child.run()
      raise(SIGKILL)
    case .killsWorkers: killWorkers()
    case .allocates: allocate()
    case .rewardsNothing, .showsNothing: break
    case .interrupts: if Interruption.requested == nil { raise(SIGINT) }
    }
  }

  private func allocate() {
    let byteCount = 2 << 30
    let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: 1, count: byteCount)
    memory.deallocate()
  }

  private func shout() {
    let line = String(repeating: "la ", count: 100) + "\n"
    for _ in 0..<1000 { FileHandle.standardError.write(Data(line.utf8)) }
  }

  private func killWorkers() {
    let own = getpid()
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let pid = Int32(name),
        let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        text.split(separator: ")").last?.split(separator: " ").dropFirst().first == "\(own)"
      else { continue }
      kill(pid, SIGKILL)
    }
  }

  struct Cannot: Error, CustomStringConvertible {
    var description: String
  }
}

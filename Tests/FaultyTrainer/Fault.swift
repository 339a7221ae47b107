import Foundation
import Glibc
import Learner
import Rollout
import Worker

/// A fault that an environment causes in its process.
enum Fault: String, CaseIterable {
  /// Does nothing, for comparison.
  case idles = "Idles"
  /// Exits with code 0.
  case exits = "Exits"
  /// Traps.
  case traps = "Traps"
  /// Throws an error.
  case fails = "Throws"
  /// Writes to an invalid address.
  case segfaults = "Segfaults"
  /// Gets SIGKILL, as from a kernel that is out of memory.
  case dies = "Dies"
  /// Never returns, but ends on SIGTERM.
  case hangs = "Hangs"
  /// Never returns and ignores SIGTERM.
  case ignoresTermination = "IgnoresTermination"
  /// Gets SIGSTOP, as from a debugger.
  case stops = "Stops"
  /// Writes more to its log than a pipe holds, and continues.
  case shouts = "Shouts"
  /// Starts a child process, which keeps the log open, and gets SIGKILL.
  case diesBesideChild = "DiesBesideChild"
  /// Kills all other child processes of the learner.
  case killsWorkers = "KillsWorkers"
  /// Sends SIGINT to the learner once, as Ctrl-C does.
  case interrupts = "Interrupts"
  /// Fills 2 GB of memory, frees it, and continues.
  case allocates = "Allocates"
  /// Gives a reward of NaN in one step, or with `Always` in each step from then on.
  case rewardsNothing = "RewardsNaN"
  /// Gives an observation of NaN in one step, or with `Always` in each step from then on.
  case showsNothing = "ShowsNaN"

  func strike() throws {
    switch self {
    case .idles: break
    case .exits: exit(0)
    case .traps: fatalError("the pole is gone")
    case .fails: throw Cannot(description: "the simulator lost its license")
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
    case .interrupts:
      if !Self.hasInterrupted { kill(Self.learner, SIGINT) }
      Self.hasInterrupted = true
    }
  }

  private func allocate() {
    let byteCount = 2 << 30
    let memory = UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 4096)
    memory.initializeMemory(as: UInt8.self, repeating: 1, count: byteCount)
    memory.deallocate()
  }

  /// True once this process has interrupted the learner.
  nonisolated(unsafe) private static var hasInterrupted = false

  /// The learner's process: this one, or the one that started this one to evaluate.
  private static var learner: Int32 {
    WorkerArguments.own.flatMap { $0.work == .evaluations ? $0.learner : nil } ?? getpid()
  }

  private func shout() {
    let line = String(repeating: "la ", count: 100) + "\n"
    for _ in 0..<1000 { FileHandle.standardError.write(Data(line.utf8)) }
  }

  private func killWorkers() {
    let learner = Self.learner
    for name in (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let pid = Int32(name), pid != getpid(),
        let text = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
        text.split(separator: ")").last?.split(separator: " ").dropFirst().first == "\(learner)"
      else { continue }
      kill(pid, SIGKILL)
    }
  }

  struct Cannot: Error, CustomStringConvertible {
    var description: String
  }
}

extension WorkerArguments {
  /// The arguments of this process; nil in a learner.
  static var own: WorkerArguments? { WorkerArguments(Array(CommandLine.arguments.dropFirst())) }
}

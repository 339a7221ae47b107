import Actor
import Foundation
import Learner
import Rollout
import RolloutCommand
import Worker

// A custom trainer with faulty environments, for the tests of faults. It takes one argument, a JSON
// object of options as in config.json. Output and exit codes are those of `rlplay train --json`,
// but every error ends with 1.

try FaultyEnvironment.registerAll()
try CrashingEnvironment.register()
try UnlikeEnvironment.register()
try WideEnvironment.register()
try RestlessEnvironment.register()
try UnmarkedBatch.register()
try OddTask.registerAll()
PolicyRegistry.register(TemperedPolicy.self)
try AlgorithmRegistry.shared.register(.tempered)
if CommandLine.arguments.count == 3, CommandLine.arguments[1] == "ranks" {
  do {
    try RankProgram.run(CommandLine.arguments[2])
    exit(0)
  } catch {
    reportOnStandardError("Error: \(error)")
    exit(1)
  }
}
// With a command and its options it is the whole command, for these environments and algorithms.
if CommandLine.arguments.count > 2 { Program.main(name: "faulty") }
WorkerMain.runIfAsked()

Interruption.listen()
do {
  let configuration = try TrainingConfiguration(json: Data(CommandLine.arguments[1].utf8))
  try configuration.validate()
  let summary = try TrainingRun(configuration, isQuiet: true).train()
  print(summary.json)
  if case .interrupted(let signal) = summary.ending { exit(128 + signal) }
} catch {
  reportOnStandardError("Error: \(error)")
  exit(1)
}

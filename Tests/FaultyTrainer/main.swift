import Foundation
import Learner
import Worker

// A custom trainer with faulty environments, for the tests of faults. It takes one argument, a JSON
// object of options as in config.json. Output and exit codes are those of `rlplay train --json`,
// but every error ends with 1.

try FaultyEnvironment.registerAll()
try CrashingEnvironment.register()
try UnlikeEnvironment.register()
try WideEnvironment.register()
try RestlessEnvironment.register()
try OddTask.registerAll()
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

import Foundation
import Learner
import Rollout
import Worker

// First of all, before anything is opened.
ProcessStart.prepare()
if let problem = ProcessStart.missingProc {
  reportOnStandardError("Error: \(problem).")
  exit(1)
}

// A learner starts this same program as its workers.
WorkerMain.runIfAsked()

exit(StandardOutput.finish(Program.run(Array(CommandLine.arguments.dropFirst()))))

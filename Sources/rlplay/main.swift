import Foundation
import Learner
import Rollout
import Worker

// This must run before any file is opened.
ProcessStart.prepare()
if let problem = ProcessStart.missingProc {
  reportOnStandardError("Error: \(problem).")
  exit(1)
}

// Workers are processes of this same program.
WorkerMain.runIfAsked()

exit(StandardOutput.finish(Program.run(Array(CommandLine.arguments.dropFirst()))))

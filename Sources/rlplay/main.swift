import Foundation
import Worker

// A learner starts this same program as its workers.
WorkerMain.runIfAsked()

exit(Program.run(Array(CommandLine.arguments.dropFirst())))

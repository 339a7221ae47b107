/// The command line of an evaluation process: the location of its memory and its incarnation.
///
/// All other information is in that memory.
public struct EvaluationArguments: Sendable, Equatable {
  /// The process identifier of the learner.
  public var learner: Int32
  /// The memory's file descriptor in the learner.
  public var descriptor: Int32
  /// The number of earlier replacements of the process.
  public var incarnation: UInt32

  /// Parses `evaluator --learner PID --descriptor N --incarnation K`, without the program's name.
  ///
  /// - Returns: nil if a learner would not start an evaluation process with these arguments.
  public init?(_ arguments: [String]) {
    guard arguments.count == 7, arguments[0] == "evaluator", arguments[1] == "--learner",
      let learner = Int32(arguments[2]), arguments[3] == "--descriptor",
      let descriptor = Int32(arguments[4]), arguments[5] == "--incarnation",
      let incarnation = UInt32(arguments[6])
    else { return nil }
    self.learner = learner
    self.descriptor = descriptor
    self.incarnation = incarnation
  }
}

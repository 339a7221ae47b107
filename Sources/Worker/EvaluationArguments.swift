/// The command line of an evaluation process: the place of its memory, and its incarnation.
///
/// Everything else lies in that memory.
public struct EvaluationArguments: Sendable, Equatable {
  /// The learner's process.
  public var learner: Int32
  /// The memory's descriptor in that process.
  public var descriptor: Int32
  /// The replacements of the process before this one.
  public var incarnation: UInt32

  /// Reads `evaluator --learner PID --descriptor N --incarnation K`, the program's name left out.
  ///
  /// - Returns: nil when this is not how a learner starts an evaluation process.
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

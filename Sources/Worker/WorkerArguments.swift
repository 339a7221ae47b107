/// The command line of a worker process: the location of the run's memory and its number.
///
/// All other information is in that memory.
public struct WorkerArguments: Sendable, Equatable {
  /// The process identifier of the learner.
  public var learner: Int32
  /// The memory's file descriptor in the learner.
  public var descriptor: Int32
  /// The worker's number.
  public var index: Int
  /// The number of earlier replacements of the worker.
  public var incarnation: UInt32

  /// Creates the arguments of a worker.
  public init(learner: Int32, descriptor: Int32, index: Int, incarnation: UInt32) {
    self.learner = learner
    self.descriptor = descriptor
    self.index = index
    self.incarnation = incarnation
  }

  /// Parses the arguments of a worker, without the program's name.
  ///
  /// The form is `worker --learner PID --descriptor N --index I --incarnation K`.
  ///
  /// - Returns: nil if a learner would not start a worker with these arguments.
  public init?(_ arguments: [String]) {
    guard arguments.first == "worker", arguments.count == 9 else { return nil }
    var values: [String: String] = [:]
    for position in stride(from: 1, to: 9, by: 2) {
      values[arguments[position]] = arguments[position + 1]
    }
    guard let learner = values["--learner"].flatMap(Int32.init),
      let descriptor = values["--descriptor"].flatMap(Int32.init),
      let index = values["--index"].flatMap(Int.init),
      let incarnation = values["--incarnation"].flatMap(UInt32.init)
    else { return nil }
    self.init(learner: learner, descriptor: descriptor, index: index, incarnation: incarnation)
  }
}

/// What a worker process is told on its command line: where the run's memory is and which worker it is.
///
/// Everything else lies in that memory.
public struct WorkerArguments: Sendable, Equatable {
  /// The learner's process.
  public var learner: Int32
  /// The memory's descriptor in that process.
  public var descriptor: Int32
  /// The worker's number.
  public var index: Int
  /// How often it had been replaced before.
  public var incarnation: UInt32

  /// Describes a worker.
  public init(learner: Int32, descriptor: Int32, index: Int, incarnation: UInt32) {
    self.learner = learner
    self.descriptor = descriptor
    self.index = index
    self.incarnation = incarnation
  }

  /// Reads `worker --learner PID --descriptor N --index I --incarnation K`, the program's name left out.
  ///
  /// - Returns: nil when this is not how a learner starts a worker.
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

/// What is kept of all that was learnt from so far, and a run that goes on has to be given again.
public protocol RunningStatistics: AnyObject {
  /// All of it: numbers under names, in a fixed order.
  var state: [(name: String, values: [Double])] { get }

  /// Takes over what `state` of one that was made alike said, so that this one goes on to the same bits.
  ///
  /// - Throws: `CheckpointError` when something is missing or of another size; nothing is to be learnt with it then.
  func restore(_ state: [(name: String, values: [Double])]) throws(CheckpointError)
}

extension [(name: String, values: [Double])] {
  /// The numbers under a name.
  ///
  /// - Throws: `CheckpointError` when there are none, or not as many as expected.
  func values(_ name: String, count: Int) throws(CheckpointError) -> [Double] {
    guard let entry = first(where: { $0.name == name }) else {
      throw CheckpointError(.mismatched, "it holds no statistics '\(name)'")
    }
    guard entry.values.count == count else {
      throw CheckpointError(
        .mismatched, "its statistics '\(name)' are \(entry.values.count) numbers and not \(count)")
    }
    return entry.values
  }
}

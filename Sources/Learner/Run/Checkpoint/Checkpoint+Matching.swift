extension Checkpoint {
  /// Returns the parameters as one flat vector, in the order of a network.
  ///
  /// - Parameter expected: the network's parameters, with unique names.
  /// - Throws: ``CheckpointError`` if the checkpoint is of another network. It names tensors that
  ///   are missing, unknown or of another shape, up to four of each kind. Values that are not
  ///   finite are refused as well.
  /// - Complexity: linear in the number of values.
  public func parameters(
    matching expected: [(name: String, shape: [Int])]
  ) throws(CheckpointError) -> [Float] {
    let present = Dictionary(
      parameters.map { (Array($0.name.utf8), $0) }, uniquingKeysWith: { first, _ in first })
    var missing: [String] = []
    var reshaped: [String] = []
    var vector: [Float] = []
    for (name, shape) in expected {
      guard let parameter = present[Array(name.utf8)] else {
        missing.append("'\(name)' \(shape)")
        continue
      }
      if parameter.shape != shape {
        reshaped.append("'\(name)' \(parameter.shape) and not \(shape)")
      }
      try parameter.checkFinite()
      vector.append(contentsOf: parameter.values)
    }
    let expectedNames = Set(expected.map { Array($0.name.utf8) })
    let superfluous = parameters.filter { !expectedNames.contains(Array($0.name.utf8)) }
      .map { "'\($0.name)' \($0.shape)" }

    let differences = [
      Checkpoint.enumerated("it lacks", missing),
      Checkpoint.enumerated("it has the unknown", superfluous),
      Checkpoint.enumerated("it has", reshaped),
    ].compactMap { $0 }
    guard differences.isEmpty else {
      throw CheckpointError(
        .mismatched, "it belongs to another network: " + differences.joined(separator: "; "))
    }
    return vector
  }

  private static func enumerated(_ opening: String, _ names: [String]) -> String? {
    guard !names.isEmpty else { return nil }
    let more = names.count > 4 ? " and \(names.count - 4) more" : ""
    return "\(opening) \(names.prefix(4).joined(separator: ", "))\(more)"
  }
}

extension Checkpoint.NamedTensor {
  /// Refuses values that are NaN or infinite.
  ///
  /// - Throws: ``CheckpointError`` with the parameter's name and the value.
  func checkFinite() throws(CheckpointError) {
    guard let place = values.firstIndex(where: { !$0.isFinite }) else { return }
    throw CheckpointError(
      .malformed, "its parameter '\(name)' is \(values[place]) at element \(place)")
  }
}

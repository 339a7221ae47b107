import Glibc

/// A model that MuJoCo has read from an XML file.
final class MuJoCoModel {
  let library: MuJoCoLibrary
  let model: MuJoCoFunctions.Model
  let layout: MuJoCoLayout
  /// The bits of all parts of a state.
  let wholeState: UInt32
  /// The bounds of each control, rounded to float32 as in Gymnasium; infinite if it has none.
  let controlRanges: [PlayedActions.Range]

  static let outOfMemory = GymnasiumError(
    .process, "MuJoCo has no memory for the data of a model")

  /// Reads a model.
  ///
  /// - Parameters:
  ///   - library: the library.
  ///   - file: the path of the XML file.
  /// - Throws: `InvalidEnvironmentArguments` with MuJoCo's reason if the file is no model,
  ///   `GymnasiumError`, `SystemError`.
  init(_ library: MuJoCoLibrary, file: String) throws {
    let capacity = 1024
    let (model, reason) = withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) {
      $0.initialize(repeating: 0)
      guard let text = $0.baseAddress else { return (MuJoCoFunctions.Model?.none, "") }
      let model = library.functions.loadXML(file, nil, text, CInt(capacity))
      return (model, String(cString: text))
    }
    guard let model else {
      let words = reason.split(whereSeparator: \.isWhitespace).joined(separator: " ")
      throw InvalidEnvironmentArguments(
        "'\(file.escapingControls)' is no model for MuJoCo \(library.version): "
          + "\(words.escapingControls).")
    }
    do {
      layout = try MuJoCoLayout(library, model)
      controlRanges = try Self.controlRanges(library, model)
    } catch {
      library.functions.deleteModel(model)
      throw error
    }
    self.library = library
    self.model = model
    wholeState = library.wholeState(of: model)
  }

  deinit { library.functions.deleteModel(model) }

  /// The number of bodies, including the world.
  var bodyCount: Int { layout.count(of: .bodyOrigins) / 3 }

  /// Returns the index of a body; nil if no body has this name.
  func body(named name: String) -> Int? {
    let index = library.functions.index(model, 1, name)
    return index < 0 ? nil : Int(index)
  }

  /// Returns the bounds of controls, which the library only prints.
  private static func controlRanges(
    _ library: MuJoCoLibrary, _ model: MuJoCoFunctions.Model
  ) throws(SystemError) -> [PlayedActions.Range] {
    let text = try library.text { library.functions.printModel(model, $0, $1) }
    var numbers: [String: [[Double]]] = [:]
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
      let words = Substring(line).split(separator: " ")
      guard let name = words.first, name.hasPrefix("actuator_ctrl") else { continue }
      numbers[String(name), default: []].append(words.dropFirst().compactMap { Double($0) })
    }
    let limited = numbers["actuator_ctrllimited"] ?? []
    return zip(numbers["actuator_ctrlrange"] ?? [], limited).flatMap { range, isLimited in
      stride(from: 0, to: range.count - 1, by: 2).map { index in
        let hasBounds = isLimited.indices.contains(index / 2) ? isLimited[index / 2] != 0 : true
        return hasBounds
          ? (low: Double(Float(range[index])), high: Double(Float(range[index + 1])))
          : (low: -.infinity, high: .infinity)
      }
    }
  }
}

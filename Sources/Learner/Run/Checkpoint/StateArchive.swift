import Foundation
public import Rollout

/// An object that can be saved and restored.
///
/// ```swift
/// func transfer(_ archive: inout StateArchive) throws(CheckpointError) {
///   try archive.transfer("example.count", &count)
///   try inner.transfer(&archive)
/// }
/// ```
public protocol Restorable: AnyObject {
  /// Saves or restores the state: the same parts under the same names in both directions.
  ///
  /// - Throws: `CheckpointError` while restoring, if a part is missing, has another shape or is
  ///   invalid.
  func transfer(_ archive: inout StateArchive) throws(CheckpointError)
}

/// The named arrays of a state; it saves or restores the values that are transferred.
///
/// Elements in a file are those in memory, little-endian.
public struct StateArchive: Sendable {
  /// The arrays that were saved or are to be restored.
  package private(set) var tensors: [SafetensorsFile.Tensor] = []
  /// True if values are restored from the archive; false if they are saved.
  public let isRestoring: Bool
  /// Phrases for the parts that could not be saved, such as `the replay buffer starts empty`.
  package private(set) var losses: [String] = []
  /// The number of ranks that save it or, if that is larger, of those that restore it.
  package internal(set) var rankCount = 1
  /// True for a run that goes on with another number of ranks, whose replay buffers begin empty.
  var beginsReplay = false
  /// True for a rank that joins a run, and keeps the random streams that it begins with.
  var beginsStreams = false
  /// The environment steps of the run, if its number of ranks may have changed; nil otherwise.
  var steps: Int?
  /// The indices of the tensors that have not been restored yet, by name.
  private var remaining: [String: Int] = [:]

  /// Creates an archive to save into.
  package init() { isRestoring = false }

  /// Creates an archive to restore from.
  package init(restoring tensors: [SafetensorsFile.Tensor]) {
    isRestoring = true
    self.tensors = tensors
    remaining = Dictionary(
      tensors.indices.map { (tensors[$0].name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  // MARK: Values

  /// Saves or restores an integer: I64 [1].
  public mutating func transfer(_ name: String, _ value: inout Int) throws(CheckpointError) {
    var values = [Int64(value)]
    try transfer(name, &values, count: 1)
    value = Int(values[0])
  }

  /// Saves or restores a count from 0 to a limit: I64 [1].
  ///
  /// - Throws: `CheckpointError` while restoring, also if the count is out of range.
  public mutating func transfer(
    _ name: String, count: inout Int, upTo limit: Int
  ) throws(CheckpointError) {
    try transfer(name, &count)
    try require(name, (0...limit).contains(count), "is \(count), outside 0 to \(limit)")
  }

  /// Refuses a restored part unless a condition holds; does nothing while saving.
  ///
  /// - Parameters:
  ///   - name: the name of the part.
  ///   - isSound: the condition; false if the part is refused.
  ///   - finding: the fault, which follows the name of the part.
  /// - Throws: `CheckpointError` with the name of the part.
  public func require(
    _ name: String, _ isSound: @autoclosure () -> Bool, _ finding: @autoclosure () -> String
  ) throws(CheckpointError) {
    guard isRestoring, !isSound() else { return }
    throw CheckpointError(.malformed, "its '\(name)' \(finding())")
  }

  /// The largest valid count of steps or updates, far beyond any run.
  static let largestCount = 1 << 53

  /// Saves or restores a number: F64 [1].
  public mutating func transfer(_ name: String, _ value: inout Double) throws(CheckpointError) {
    var values = [value]
    try transfer(name, &values, count: 1)
    value = values[0]
  }

  /// Saves or restores a random stream, its 32 bytes: U8 [32].
  public mutating func transfer(_ name: String, _ stream: inout PCG64) throws(CheckpointError) {
    var bytes = stream.bytes
    try transfer(name, &bytes, count: bytes.count)
    if beginsStreams { return }
    stream = PCG64(bytes: bytes)
    try require(name, stream.isSound, "is a random stream that repeats itself")
  }

  /// Saves or restores an array of numbers: F64 [elements].
  ///
  /// - Parameters:
  ///   - name: the name of the array.
  ///   - values: the array to save, or the array to replace by the saved one.
  ///   - count: the number of elements required to restore it; nil for any number.
  public mutating func transfer(
    _ name: String, _ values: inout [Double], count: Int? = nil
  ) throws(CheckpointError) {
    try transfer(name, elements: &values, count: count)
  }

  /// Saves or restores an array of integers: I64 [elements].
  ///
  /// - Parameters:
  ///   - name: the name of the array.
  ///   - values: the array to save, or the array to replace by the saved one.
  ///   - count: the number of elements required to restore it; nil for any number.
  public mutating func transfer(
    _ name: String, _ values: inout [Int64], count: Int? = nil
  ) throws(CheckpointError) {
    try transfer(name, elements: &values, count: count)
  }

  /// Saves or restores bytes: U8 [elements].
  ///
  /// - Parameters:
  ///   - name: the name of the array.
  ///   - bytes: the bytes to save, or the array to replace by the saved ones.
  ///   - count: the number of bytes required to restore them; nil for any number.
  public mutating func transfer(
    _ name: String, _ bytes: inout [UInt8], count: Int? = nil
  ) throws(CheckpointError) {
    try transfer(name, elements: &bytes, count: count)
  }

  /// Saves or restores an array: [elements].
  ///
  /// - Parameters:
  ///   - name: the name of the array.
  ///   - values: the array to save, or the array to replace by the saved one.
  ///   - count: the number of elements required to restore it; nil for any number.
  package mutating func transfer<Element: SafetensorsElement & BitwiseCopyable>(
    _ name: String, elements values: inout [Element], count: Int? = nil
  ) throws(CheckpointError) {
    guard isRestoring else {
      add(name, Element.safetensorsType, [values.count], Data(bytesOf: values.span))
      return
    }
    let tensor = try take(name, Element.safetensorsType)
    guard tensor.shape.count == 1, count == nil || tensor.shape[0] == count else {
      throw mismatch(name, tensor.shape, count.map { "[\($0)]" } ?? "one axis")
    }
    values = tensor.values(of: Element.self) ?? []
  }

  /// Saves or restores any number of arrays with names behind a prefix: F64 [elements] each.
  public mutating func transfer(
    below prefix: String, _ arrays: inout [(name: String, values: [Double])]
  ) throws(CheckpointError) {
    if isRestoring {
      arrays = remaining.keys.filter { $0.hasPrefix(prefix) }.sorted().map {
        (String($0.dropFirst(prefix.count)), [])
      }
    }
    for index in arrays.indices {
      try transfer(prefix + arrays[index].name, &arrays[index].values)
    }
  }

  /// Saves or restores a vector of numbers in place: F32 of a shape.
  ///
  /// - Parameters:
  ///   - name: the name of the vector.
  ///   - vector: the vector to save, or to restore in place.
  ///   - range: the part of the vector; nil for all of it.
  ///   - shape: the shape in the file; nil for one axis.
  public mutating func transfer(
    _ name: String, _ vector: FlatVector<Float>, _ range: Range<Int>? = nil, shape: [Int]? = nil
  ) throws(CheckpointError) {
    try transfer(name, elementsOf: vector, range, shape: shape)
  }

  /// Saves or restores a vector in place.
  ///
  /// - Parameters:
  ///   - name: the name of the vector.
  ///   - vector: the vector to save, or to restore in place.
  ///   - range: the part of the vector; nil for all of it.
  ///   - shape: the shape in the file; nil for one axis.
  package mutating func transfer<Element: SafetensorsElement & BitwiseCopyable>(
    _ name: String, elementsOf vector: FlatVector<Element>, _ range: Range<Int>? = nil,
    shape: [Int]? = nil
  ) throws(CheckpointError) {
    let range = range ?? 0..<vector.count
    let shape = shape ?? [range.count]
    guard isRestoring else {
      add(name, Element.safetensorsType, shape, Data(bytesOf: vector.span(range)))
      return
    }
    let tensor = try take(name, Element.safetensorsType)
    guard tensor.shape == shape else { throw mismatch(name, tensor.shape, "\(shape)") }
    var target = vector.mutableSpan(range)
    for (index, value) in (tensor.values(of: Element.self) ?? []).enumerated() {
      target[index] = value
    }
    if let numbers = vector as? FlatVector<Float> {
      try requireNumbers(name, numbers.span(range))
    } else if let numbers = vector as? FlatVector<Double> {
      try requireNumbers(name, numbers.span(range))
    }
  }

  /// Refuses NaN and infinity, which no part of a learner may contain.
  private func requireNumbers<Number: BinaryFloatingPoint>(
    _ name: String, _ numbers: Span<Number>
  ) throws(CheckpointError) {
    guard let place = numbers.indices.first(where: { !numbers[$0].isFinite }) else { return }
    try require(name, false, "is \(numbers[place]) at element \(place)")
  }

  /// Saves or restores the bytes of fragments of equal size in place: U8 [fragments, bytes].
  mutating func transfer(
    _ name: String, _ fragments: [FragmentView]
  ) throws(CheckpointError) {
    let byteCount = fragments.first?.layout.byteCount ?? 0
    let shape = [fragments.count, byteCount]
    guard isRestoring else {
      var data = Data(capacity: fragments.count * byteCount)
      for fragment in fragments { data.append(contentsOf: fragment.bytes) }
      add(name, .uint8, shape, data)
      return
    }
    let tensor = try take(name, .uint8)
    guard tensor.shape == shape else { throw mismatch(name, tensor.shape, "\(shape)") }
    var start = tensor.bytes.startIndex
    for fragment in fragments {
      fragment.assign(tensor.bytes[start..<start + byteCount])
      start += byteCount
    }
  }

  /// Adds a phrase about a part that is not saved or was not.
  public mutating func lose(_ phrase: String) { losses.append(phrase) }

  /// Leaves out parts by their names.
  mutating func drop(where isDropped: (String) -> Bool) {
    for name in remaining.keys where isDropped(name) { remaining[name] = nil }
  }

  /// Refuses an archive with parts that were not restored; it is the state of something else.
  ///
  /// - Throws: `CheckpointError` with the name of such a part.
  package func finish() throws(CheckpointError) {
    guard let name = remaining.keys.min() else { return }
    throw CheckpointError(
      .mismatched, "it has the tensor '\(name)', which its options do not use")
  }

  // MARK: Parts

  private mutating func add(
    _ name: String, _ type: SafetensorsType, _ shape: [Int], _ data: Data
  ) {
    tensors.append(SafetensorsFile.Tensor(name: name, type: type, shape: shape, bytes: data))
  }

  private mutating func take(
    _ name: String, _ type: SafetensorsType
  ) throws(CheckpointError) -> SafetensorsFile.Tensor {
    guard let index = remaining.removeValue(forKey: name) else {
      throw CheckpointError(.mismatched, "it lacks the tensor '\(name)'")
    }
    guard tensors[index].type == type else {
      throw CheckpointError(
        .mismatched,
        "tensor '\(name)' is \(tensors[index].type.rawValue) and not \(type.rawValue)")
    }
    return tensors[index]
  }

  private func mismatch(_ name: String, _ shape: [Int], _ wanted: String) -> CheckpointError {
    CheckpointError(.mismatched, "tensor '\(name)' has the shape \(shape) and not \(wanted)")
  }
}

import Rollout
import Testing

struct RecordableTests {
  /// Stores values in the middle of a fragment, loads them, and checks for writes elsewhere.
  func roundTrip<Value: Recordable & Equatable>(_ values: [Value], _ space: Space) {
    let layout = FragmentLayout(
      stepCount: 2, environmentCount: values.count + 2,
      contents: FragmentContents(
        spaces: EnvironmentSpaces(observation: space, action: .discrete(2)), reaction: .empty))
    let storage = FragmentStorage(layout)
    let base = storage.view.base
    #expect(Value.leafTypes == space.leaves.leaves.map(\.elementType))

    layout.columns.withUnsafeBufferPointer { columns in
      guard let start = columns.baseAddress else { return }
      func leaves(_ index: Int) -> LeafRow {
        LeafRow(
          base: base, columns: start + layout.obsPlaces.lowerBound, row: 1, environment: index)
      }
      let bytes = UnsafeMutableRawBufferPointer(start: base, count: layout.byteCount)
      bytes.initializeMemory(as: UInt8.self, repeating: 0xAA)
      for (index, value) in values.enumerated() { value.store(in: leaves(1 + index)) }
      for (index, value) in values.enumerated() {
        #expect(Value(loading: leaves(1 + index)) == value)
      }

      for column in layout.columns[layout.obsPlaces] {
        let written =
          column.offset(
            row: 1, environment: 1)..<column.offset(row: 1, environment: 1 + values.count)
        for byte in written { bytes[byte] = 0xAA }
      }
      #expect(bytes.allSatisfy { $0 == 0xAA })
    }
    withExtendedLifetime(storage) {}
  }

  @Test func `numbers come back`() {
    roundTrip([Float.pi, -.infinity, 0], .box(shape: [], low: 0, high: 1))
    roundTrip([Double.pi, .leastNonzeroMagnitude], box([1], .float64))
    roundTrip([Int32.min, .max], box([], .int32))
    roundTrip([Int64.min, .max], box([], .int64))
    roundTrip([UInt8.min, .max], box([], .uint8))
    roundTrip([false, true], box([], .bool))
  }

  @Test func `choices come back`() {
    roundTrip([0, 5, Int(Int32.max), -1], .discrete(6))
  }

  @Test func `vectors come back`() {
    roundTrip([SIMD2<Float>(1, 2)], box([2], .float32))
    roundTrip([SIMD3<Float>(1, 2, 3), SIMD3(4, 5, 6)], box([3], .float32))
    roundTrip([SIMD4<Float>(1, 2, 3, 4), SIMD4(5, 6, 7, 8)], box([2, 2], .float32))
    roundTrip([SIMD3<UInt8>(1, 2, 3)], box([3], .uint8))
    roundTrip([SIMD8<Double>(repeating: 0.1)], box([8], .float64))
    roundTrip([SIMD16<Int32>(repeating: 7)], .multiDiscrete(Array(repeating: 9, count: 16)))
  }

  @Test func `arrays come back`() {
    roundTrip([[Float](repeating: 0.5, count: 7), [1, 2, 3, 4, 5, 6, 7]], box([7], .float32))
    roundTrip([(0..<12).map { UInt8($0) }], box([3, 4], .uint8))
    roundTrip([[true, false, true]], box([3], .bool))
  }

  @Test func `structures come back`() {
    roundTrip((0..<5).map(Dashboard.init), Dashboard.space)
    roundTrip([Controls(gear: 3, stick: [0.5, -1])], Cockpit().actionSpace)
  }

  /// A structure with a structure, an array and a property that is not recorded.
  struct Panel: RecordableStructure, Equatable {
    var name = "panel"
    var alarms: [UInt8] = []
    var controls = Controls()
    var level: Double = 0

    var halfLevel: Double {
      get { level / 2 }
      set { level = 2 * newValue }
    }

    static let parts: [RecordablePart<Panel>] = [
      .init(\.controls), .init(\.alarms), .init(\.level),
    ]
  }

  @Test func `a structure of structures stores its parts in their order`() {
    let space = Space.tuple([
      .tuple([.discrete(5), box([2], .float32)]), .multiBinary(3), box([], .float64),
    ])
    roundTrip(
      (0..<4).map {
        Panel(
          alarms: [UInt8($0), 1, 0], controls: Controls(gear: $0, stick: [Float($0), -1]),
          level: Double($0) + 0.25)
      }, space)
  }

  @Test func `a computed property is refused as a part`() async {
    await #expect(processExitsWith: .failure) { _ = RecordablePart(\Panel.halfLevel) }
    await #expect(processExitsWith: .success) { _ = RecordablePart(\Panel.level) }
  }

  @Test func `single elements are checked against their leaf`() async {
    await #expect(processExitsWith: .failure) {
      RecordableTests.withLeaf { $0.store(Float(1), at: 3) }
    }
    await #expect(processExitsWith: .failure) {
      RecordableTests.withLeaf { $0.store(Float(1), at: -1) }
    }
    await #expect(processExitsWith: .failure) {
      RecordableTests.withLeaf { $0.store(Double(1)) }
    }
    await #expect(processExitsWith: .failure) {
      RecordableTests.withLeaf { [Float](repeating: 1, count: 2).store(in: $0) }
    }
    await #expect(processExitsWith: .success) {
      RecordableTests.withLeaf { $0.store(Float(1), at: 2) }
    }
  }

  /// Calls the body with a leaf of three float32.
  static func withLeaf(_ body: (LeafRow) -> Void) {
    let layout = FragmentLayout(
      stepCount: 0, environmentCount: 1,
      contents: FragmentContents(
        spaces: EnvironmentSpaces(
          observation: .box(shape: [3], low: 0, high: 1), action: .discrete(2)),
        reaction: .empty))
    let storage = FragmentStorage(layout)
    layout.columns.withUnsafeBufferPointer { columns in
      guard let start = columns.baseAddress else { return }
      let first = start + layout.obsPlaces.lowerBound
      body(LeafRow(base: storage.view.base, columns: first, row: 0, environment: 0))
    }
    withExtendedLifetime(storage) {}
  }

  private func box(_ shape: [Int], _ type: ElementType) -> Space {
    .box(shape: shape, low: 0, high: 1, elementType: type)
  }
}

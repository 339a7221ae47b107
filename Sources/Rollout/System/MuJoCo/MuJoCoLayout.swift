import Foundation
import Glibc

/// The arrays of MuJoCo's data that environments read or write, by the names that the library
/// prints.
enum MuJoCoArray: String, CaseIterable {
  /// The positions of joints, the velocities of degrees of freedom, and the controls of actuators.
  case positions = "QPOS"
  case velocities = "QVEL"
  case controls = "CTRL"
  /// The origins of bodies [bodies, 3], their centers of mass [bodies, 3], and sites [sites, 3].
  case bodyOrigins = "XPOS"
  case bodyCenters = "XIPOS"
  case sites = "SITE_XPOS"
  /// The inertia and mass of bodies [bodies, 10], and their velocities [bodies, 6].
  case inertias = "CINERT"
  case bodyVelocities = "CVEL"
  /// The forces of actuators and of constraints, by degree of freedom.
  case actuatorForces = "QFRC_ACTUATOR"
  case constraintForces = "QFRC_CONSTRAINT"
  /// The external forces on bodies [bodies, 6].
  case externalForces = "CFRC_EXT"
}

/// The offsets of the arrays' pointers in `mjData`, and the number of elements of each array.
///
/// Offsets differ between versions, and nothing in the library tells them. They are learned from
/// data that is thrown away afterwards. The library prints all arrays with their names, so an
/// address belongs to a name if a change at the address changes what is printed below the name.
/// One print for each bit of an address's number tells the addresses of all names.
struct MuJoCoLayout {
  private var offsets: [MuJoCoArray: Int] = [:]
  private var counts: [MuJoCoArray: Int] = [:]

  /// Learns the layout for a model.
  ///
  /// - Throws: `GymnasiumError` if an array is not found, `SystemError`.
  init(_ library: MuJoCoLibrary, _ model: MuJoCoFunctions.Model) throws {
    let (data, blocks) = try Self.traced(library, model)
    defer { library.functions.deleteData(data) }
    library.functions.forward(model, data)
    let text = try Self.printed(library, model, data)
    let pointers = Self.pointers(of: data, in: blocks)
    let candidates = Self.candidates(pointers, text)

    // Candidates are numbered from 1, so each changes at least one print.
    var numbers: [MuJoCoArray: Int] = [:]
    for bit in 0..<(Int.bitWidth - candidates.count.leadingZeroBitCount) {
      func invertLowestBits() {
        for (index, address) in candidates.enumerated() where (index + 1) >> bit & 1 == 1 {
          address.pointee ^= 1
        }
      }
      invertLowestBits()
      defer { invertLowestBits() }
      for (array, values) in try Self.printed(library, model, data)
      where values.first?.bitPattern != text[array]?.first?.bitPattern {
        numbers[array, default: 0] |= 1 << bit
      }
    }
    for (array, values) in text where !values.isEmpty {
      // Empty arrays share the address of the array that follows them, whose pointer comes last.
      guard let number = numbers[array], candidates.indices.contains(number - 1),
        let pointer = pointers.last(where: { $0.address == candidates[number - 1] })
      else {
        throw GymnasiumError(
          .environment,
          "MuJoCo \(library.version) does not show where \(array.rawValue) is: install another "
            + "with '\(MuJoCoLocation.remedy)'")
      }
      offsets[array] = pointer.offset
      counts[array] = values.count
    }
  }

  /// Returns the number of elements of an array; 0 if the model has none.
  func count(of array: MuJoCoArray) -> Int { counts[array] ?? 0 }

  /// Returns an array of data that was made for the same model; an empty one if it has none.
  func values(_ array: MuJoCoArray, of data: MuJoCoFunctions.Data) -> RowValues<Double> {
    guard let offset = offsets[array], let count = counts[array] else {
      return RowValues(UnsafeMutablePointer(bitPattern: 8).unsafelyUnwrapped, count: 0)
    }
    let address = UnsafeRawPointer(data)
      .load(fromByteOffset: offset, as: UnsafeMutablePointer<Double>.self)
    return RowValues(address, count: count)
  }

  /// A word of `mjData` that points into the data's memory.
  private struct Pointer {
    let offset: Int
    let address: UnsafeMutablePointer<UInt64>
    /// The number of words from the address to the end of its block.
    let room: Int
  }

  /// Makes data and returns it with the blocks of memory that were allocated for it.
  private static func traced(
    _ library: MuJoCoLibrary, _ model: MuJoCoFunctions.Model
  ) throws(GymnasiumError) -> (MuJoCoFunctions.Data, [UnsafeMutableRawBufferPointer]) {
    library.allocation.lock()
    defer { library.allocation.unlock() }
    AllocationTrace.blocks = []
    // The library frees the memory by `free`.
    library.functions.userAllocate.pointee = { AllocationTrace.allocate($0) }
    defer { library.functions.userAllocate.pointee = nil }
    guard let data = library.functions.makeData(model) else { throw MuJoCoModel.outOfMemory }
    return (data, AllocationTrace.blocks)
  }

  private static func pointers(
    of data: MuJoCoFunctions.Data, in blocks: [UnsafeMutableRawBufferPointer]
  ) -> [Pointer] {
    let start = UnsafeMutableRawPointer(data)
    let byteCount = blocks.first { $0.baseAddress == start }?.count ?? 0
    let buffers = blocks.filter { $0.baseAddress != start }
    return stride(from: 0, to: byteCount - 7, by: 8).compactMap { offset in
      let word = UnsafeRawPointer(start).load(fromByteOffset: offset, as: UInt.self)
      guard word & 7 == 0, let address = UnsafeMutablePointer<UInt64>(bitPattern: word) else {
        return nil
      }
      for buffer in buffers {
        guard let base = buffer.baseAddress else { continue }
        let distance = UnsafeMutableRawPointer(address) - base
        if (0..<buffer.count).contains(distance) {
          return Pointer(offset: offset, address: address, room: (buffer.count - distance) / 8)
        }
      }
      return nil
    }
  }

  /// Returns the addresses at which the numbers of some name lie, in order and without repetition.
  private static func candidates(
    _ pointers: [Pointer], _ text: [MuJoCoArray: [Double]]
  ) -> [UnsafeMutablePointer<UInt64>] {
    let fitting = pointers.filter { pointer in
      text.values.contains { values in
        !values.isEmpty && values.count <= pointer.room
          && values.indices.allSatisfy { pointer.address[$0] == values[$0].bitPattern }
      }
    }
    return Set(fitting.map(\.address)).sorted()
  }

  /// Returns the numbers that the library prints below the name of each array.
  ///
  /// A name stands alone in its line. The rows of its numbers begin with blanks.
  private static func printed(
    _ library: MuJoCoLibrary, _ model: MuJoCoFunctions.Model, _ data: MuJoCoFunctions.Data
  ) throws(SystemError) -> [MuJoCoArray: [Double]] {
    let text = try library.text { library.functions.printData(model, data, $0, $1) }
    var sections: [MuJoCoArray: [Double]] = [:]
    var current: MuJoCoArray?
    for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
      if line.first != UInt8(ascii: " ") {
        current = MuJoCoArray(rawValue: String(Substring(line)))
      } else if let current {
        let words = Substring(line).split(separator: " ")
        sections[current, default: []] += words.compactMap { Double($0) }
      }
    }
    return sections
  }
}

/// The memory that the library allocates while data is made.
private enum AllocationTrace {
  /// Used only under the lock of ``MuJoCoLibrary/allocation``.
  nonisolated(unsafe) static var blocks: [UnsafeMutableRawBufferPointer] = []

  static func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
    guard let block = aligned_alloc(64, (byteCount + 63) & ~63) else { return nil }
    blocks.append(UnsafeMutableRawBufferPointer(start: block, count: byteCount))
    return block
  }
}

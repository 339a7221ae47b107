import Foundation
import Rollout
import TestSupport
import Testing

struct NumPyNormalTests {
  /// The seeds of the reference file.
  static let seeds: [UInt64] = [0, 1, 7, 42, 1_099_511_627_779]

  func reference(_ seed: UInt64) throws -> Reference {
    try Reference("numpy_normal")["seeds", "\(seed)"]
  }

  @Test(arguments: seeds)
  func `numbers are NumPy's, also among uniform ones`(seed: UInt64) throws {
    let reference = try reference(seed)
    var random = PCG64(seed: seed)
    for expected in reference["standard_normal"].numbers {
      #expect(random.numpyStandardNormal() == expected)
    }
    let mixed = reference["uniform_then_normal_then_random"].elements.map(\.numbers)
    for expected in mixed[0] { #expect(random.uniform(-0.1, 0.1) == expected) }
    for expected in mixed[1] { #expect(random.numpyStandardNormal() == expected) }
    for expected in mixed[2] { #expect(random.nextDouble() == expected) }
  }

  @Test(arguments: seeds)
  func `numbers in the tail are NumPy's`(seed: UInt64) throws {
    let reference = try reference(seed)["of_200000_from_seed_plus_1"]
    var random = PCG64(seed: seed + 1)
    let numbers = (0..<200_000).map { _ in random.numpyStandardNormal() }
    #expect(numbers.max() == reference["largest"].number)
    #expect(numbers.min() == reference["smallest"].number)
    let beyond = numbers.indices.filter { abs(numbers[$0]) > 3.654 }
    let expected = reference["beyond_3_654"].elements.map(\.numbers)
    #expect(expected.count == 20)
    for (index, pair) in zip(beyond, expected) { #expect([Double(index), numbers[index]] == pair) }
    // The reference adds up in pairs, which rounds otherwise.
    #expect(isClose(numbers.reduce(0, +), reference["sum"].number, absolute: 1e-9))
  }

  /// A million numbers touch every entry of the tables; single bits are compared.
  @Test(
    .enabled(if: Python.mayBeAsked, Comment(rawValue: Python.absence)),
    arguments: [0, 123, 1 << 40, UInt64.max])
  func `a million numbers are those of the installed NumPy`(seed: UInt64) throws {
    var random = PCG64(seed: seed)
    var numbers: [Double] = []
    numbers.reserveCapacity(1_000_000)
    for _ in 0..<1_000_000 { numbers.append(random.numpyStandardNormal()) }
    let file = FileManager.default.temporaryDirectory
      .appendingPathComponent("rlplay-normal-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    try numbers.withUnsafeBytes { try Data($0).write(to: file) }
    let script = """
      import numpy, sys
      numbers = numpy.random.default_rng(int(sys.argv[1])).standard_normal(1_000_000)
      print((numbers.view('u8') != numpy.fromfile(sys.argv[2], 'u8')).sum())
      """
    let output = try Python.run(["-c", script, "\(seed)", file.path])
    #expect(output == "0\n", "the number of different draws")
  }
}

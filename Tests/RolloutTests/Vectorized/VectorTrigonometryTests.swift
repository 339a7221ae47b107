import Glibc
import Testing

@testable import Rollout

struct VectorTrigonometryTests {
  private let trigonometry = VectorTrigonometry(.shared)

  /// Returns the number of results that differ from the C library's, for angles within a limit.
  private func differences(
    within limit: Double, _ evaluate: (SIMD8<Double>) -> (SIMD8<Double>, SIMD8<Double>)
  ) -> Int {
    var random = PCG64(seed: 8)
    var count = 0
    for round in 0..<50_000 {
      // Magnitudes down to 2⁻⁶⁰ of the limit are tested too.
      let scale = round % 4 == 0 ? exp2(-random.uniform(0, 60)) : 1
      var angles = SIMD8<Double>()
      for lane in 0..<8 { angles[lane] = scale * random.uniform(-limit, limit) }
      let (sine, cosine) = evaluate(angles)
      for lane in 0..<8 {
        if sine[lane].bitPattern != sin(angles[lane]).bitPattern { count += 1 }
        if cosine[lane].bitPattern != cos(angles[lane]).bitPattern { count += 1 }
      }
    }
    return count
  }

  @Test(
    .enabled(
      if: VectorTrigonometry.agreesOnSmallAngles, "another C library, or no fused multiply-add"))
  func `small angles have the C library's sines and cosines, bit for bit`() {
    #expect(differences(within: 0.21) { trigonometry.smallSineAndCosine($0) } == 0)
    #expect(
      differences(within: VectorTrigonometry.smallLimit) { trigonometry.smallSineAndCosine($0) }
        == 0)
  }

  @Test(
    .enabled(
      if: VectorTrigonometry.agreesOnAllAngles, "another C library, or no fused multiply-add"),
    arguments: [VectorTrigonometry.smallLimit, 4, 13, 1000, 1e6])
  func `any angles have the C library's sines and cosines, bit for bit`(limit: Double) {
    #expect(differences(within: limit) { trigonometry.sineAndCosine($0) } == 0)
  }

  @Test(
    .enabled(
      if: VectorTrigonometry.agreesOnAllAngles, "another C library, or no fused multiply-add"))
  func `angles beside each multiple of an eighth of a turn are the C library's`() {
    var count = 0
    for multiple in -64...64 {
      var angle = Double(multiple) * .pi / 4
      for _ in 0..<20 { angle = angle.nextDown }
      for _ in 0..<40 {
        let (sine, cosine) = trigonometry.sineAndCosine(SIMD8(repeating: angle))
        if sine[3] != sin(angle) || cosine[3] != cos(angle) { count += 1 }
        angle = angle.nextUp
      }
    }
    for limit in [VectorTrigonometry.smallLimit, 0x1.368fdp1, 0.126] {
      for angle in [limit.nextDown, limit, limit.nextUp, -limit] {
        let (sine, cosine) = trigonometry.sineAndCosine(SIMD8(repeating: angle))
        if sine[3] != sin(angle) || cosine[3] != cos(angle) { count += 1 }
      }
    }
    #expect(count == 0)
  }

  @Test func `rows of the table have twice the precision`() {
    let rows = SineTable.shared.rows
    // Computed by mpmath with 400 bits. A tail may be off in its last places, 2⁻¹⁰⁴ of the number.
    let expected: [(Int, SIMD4<Double>)] = [
      (0, [0, 0, 1, 0]),
      (
        1,
        [
          0x1.fffeaaaaeeeefp-8, -0x1.e45e2ec67b77cp-62, 0x1.fffc000155552p-1,
          0x1.f4a01a0196daep-55,
        ]
      ),
      (
        64,
        [
          0x1.eaee8744b05f0p-2, -0x1.789b43c9b027dp-58, 0x1.c1528065b7d50p-1,
          -0x1.892111312e828p-55,
        ]
      ),
      (
        109,
        [
          0x1.812ede9ae4ba4p-1, -0x1.7830adf402ddap-55, 0x1.514f57d7bf3dap-1,
          0x1.47a108073c259p-56,
        ]
      ),
    ]
    for (place, row) in expected {
      #expect(rows[place].x == row.x && rows[place].z == row.z)
      #expect(abs(rows[place].y - row.y) <= 0x1p-104 * row.x)
      #expect(abs(rows[place].w - row.w) <= 0x1p-104 * row.z)
    }
    for place in 0..<110 {
      // The C library is within 0.55 ulp. Its result is the nearest Double, except for rare angles,
      // where it is a neighbor.
      let angle = Double(place) / 128
      #expect(abs(rows[place].x - sin(angle)) <= sin(angle).ulp)
      #expect(abs(rows[place].z - cos(angle)) <= cos(angle).ulp)
    }
  }
}

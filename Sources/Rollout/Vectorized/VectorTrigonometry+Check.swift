import Glibc

extension VectorTrigonometry {
  /// True if the C library agrees on some thousands of angles that need no argument reduction.
  static let agreesOnSmallAngles = agrees(upTo: smallLimit) { $0.smallSineAndCosine($1) }

  /// True if the C library agrees on some thousands of any angles, half of them within two turns.
  static let agreesOnAllAngles =
    agrees(upTo: 4 * .pi) { $0.sineAndCosine($1) } && agrees(upTo: 1000) { $0.sineAndCosine($1) }

  private static func agrees(
    upTo limit: Double,
    _ evaluate: (VectorTrigonometry, Number) -> (sine: Number, cosine: Number)
  ) -> Bool {
    #if RLPLAY_FMA
      let trigonometry = VectorTrigonometry(.shared)
      var random = PCG64(seed: 0)
      for _ in 0..<1024 {
        var angles = Number()
        for lane in 0..<8 { angles[lane] = random.uniform(-limit, limit) }
        let (sine, cosine) = evaluate(trigonometry, angles)
        for lane in 0..<8 {
          guard sine[lane] == sin(angles[lane]), cosine[lane] == cos(angles[lane]) else {
            return false
          }
        }
      }
      return true
    #else
      return false
    #endif
  }
}

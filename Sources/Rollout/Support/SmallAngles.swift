// Goals, most important first: the C library's sine and cosine, bit for bit; eight at a time.
//
// glibc (2.28 and later, on processors with fused multiply-add) works out both from the nearest multiple of 1/128, whose sine
// and cosine it knows to twice the precision, and a polynomial in what is left; a sine below 0.126 is a polynomial alone. The
// polynomials, their order of operations, and where a product and a sum are rounded once, are those of its machine code. Another
// C library, or another version, may round otherwise once in a million times: `agreesWithLibrary` compares.

import Glibc

/// Sines and cosines of angles up to 0.21 in magnitude, eight at a time.
enum SmallAngles {
  /// The largest angle that the table reaches.
  static let limit = 0.21

  /// Both, of each angle.
  ///
  /// - Precondition: no angle is beyond the limit.
  @inline(__always)
  static func sineAndCosine(
    _ x: SIMD8<Double>, _ table: UnsafePointer<SIMD4<Double>>
  ) -> (sine: SIMD8<Double>, cosine: SIMD8<Double>) {
    let sign = SIMD8<UInt64>(repeating: 1 << 63)
    let bits = unsafeBitCast(x, to: SIMD8<UInt64>.self)
    let magnitude = unsafeBitCast(bits & ~sign, to: SIMD8<Double>.self)
    // Adding it leaves the nearest multiple of 1/128 in the lowest bits.
    let shifter = SIMD8<Double>(repeating: 0x1.8p45)
    let shifted = magnitude + shifter
    let place = unsafeBitCast(shifted, to: SIMD8<UInt64>.self) & 31
    let rest = magnitude - (shifted - shifter)

    var (sine, sineTail) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
    var (cosine, cosineTail) = (SIMD8<Double>.zero, SIMD8<Double>.zero)
    for lane in 0..<8 {
      let row = table[Int(truncatingIfNeeded: place[lane])]
      sine[lane] = row.x
      sineTail[lane] = row.y
      cosine[lane] = row.z
      cosineTail[lane] = row.w
    }

    let square = rest * rest
    let cube = rest * square
    let cubic = fused(all(0x1.11110e829872fp-7), square, all(-0x1.5555555555515p-3))
    let sinePart = rest + cube * cubic
    let sinePartOnce = fused(cube, cubic, rest)
    let cosinePart =
      square
      * fused(
        fused(all(0x1.6c16bedd9e239p-10), square, all(-0x1.5555555555535p-5)), square, all(0.5))

    let sineRest = fused(
      sinePart, cosine, fused(-cosinePart, sine, fused(sinePart, cosineTail, sineTail)))
    let cosineRest = fused(
      -sinePartOnce, sine, fused(-cosinePart, cosine, fused(-sinePartOnce, sineTail, cosineTail)))
    let far = unsafeBitCast(sine + sineRest, to: SIMD8<UInt64>.self) | (bits & sign)

    let squared = x * x
    var polynomial = all(-0x1.addffc2fcdf59p-26)
    polynomial = fused(polynomial, squared, all(0x1.71de27b9a7ed9p-19))
    polynomial = fused(polynomial, squared, all(-0x1.a01a019db08b8p-13))
    polynomial = fused(polynomial, squared, all(0x1.1111111110ecep-7))
    polynomial = fused(polynomial, squared, all(-0x1.5555555555555p-3))
    let near = x + polynomial * x * squared
    return (
      unsafeBitCast(far, to: SIMD8<Double>.self)
        .replacing(with: near, where: magnitude .< all(0x1.020c49ba5e354p-3)),
      cosine + cosineRest
    )
  }

  /// Whether the C library at hand says the same of some thousands of angles, up to the limit.
  static let agreesWithLibrary: Bool = {
    #if RLPLAY_FMA
      let rows = UnsafeMutablePointer<SIMD4<Double>>.allocate(capacity: table.count)
      rows.initialize(from: table, count: table.count)
      defer { rows.deallocate() }
      var random = PCG64(seed: 0)
      for _ in 0..<1024 {
        var angles = SIMD8<Double>()
        for lane in 0..<8 { angles[lane] = random.uniform(-limit, limit) }
        let (sine, cosine) = sineAndCosine(angles, rows)
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
  }()

  @inline(__always)
  private static func all(_ number: Double) -> SIMD8<Double> { SIMD8(repeating: number) }

  /// a b + c, rounded once.
  @inline(__always)
  private static func fused(
    _ a: SIMD8<Double>, _ b: SIMD8<Double>, _ c: SIMD8<Double>
  ) -> SIMD8<Double> {
    c.addingProduct(a, b)
  }

  /// Sine and cosine of k / 128, each as a Double and what a Double leaves of it: sine, its rest, cosine, its rest.
  ///
  /// 32 rows, so that any five bits name one; those beyond the limit are never asked for.
  static let table: [SIMD4<Double>] =
    [
      SIMD4(
        0, 0,
        1, 0),
      SIMD4(
        0x1.fffeaaaaeeeefp-8, -0x1.e45e2ec67b77cp-62,
        0x1.fffc000155552p-1, 0x1.f4a01a0196daep-55),
      SIMD4(
        0x1.fffaaaaeeeed5p-7, -0x1.2ab639a9f0777p-63,
        0x1.fff000155549fp-1, 0x1.28a28a03a5ef3p-55),
      SIMD4(
        0x1.7ff7001033255p-6, 0x1.efe2b51527336p-64,
        0x1.ffdc006bff7e6p-1, 0x1.ae6dae86977bdp-55),
      SIMD4(
        0x1.ffeaaaeeee86fp-6, -0x1.cd406fb224ae2p-60,
        0x1.ffc00155527d3p-1, -0x1.3b54492d89b5bp-55),
      SIMD4(
        0x1.3feb2b12d45d5p-5, 0x1.4ec54203d1c11p-60,
        0x1.ff9c03414a7bap-1, 0x1.991f4be6c59bfp-57),
      SIMD4(
        0x1.7fdc01032fba9p-5, -0x1.599bdf46e997ap-59,
        0x1.ff7006bfdf99fp-1, -0x1.8b3b560648d5fp-56),
      SIMD4(
        0x1.bfc6d78586dacp-5, 0x1.8e4fd03dbf236p-62,
        0x1.ff3c0c8103a31p-1, 0x1.4856dbddc0e66p-56),
      SIMD4(
        0x1.ffaaaeeed4edbp-5, -0x1.2d16d32684b69p-59,
        0x1.ff0015549f4d3p-1, 0x1.328387b99426fp-55),
      SIMD4(
        0x1.1fc343d808befp-4, -0x1.f3d32e6f3be4fp-58,
        0x1.febc222a8ef9fp-1, 0x1.7934934f54c77p-58),
      SIMD4(
        0x1.3facb12d1755bp-4, -0x1.921915299468cp-58,
        0x1.fe7034129ef6fp-1, -0x1.cbf4337c96f97p-57),
      SIMD4(
        0x1.5f911fd10b737p-4, -0x1.0184f02be9102p-58,
        0x1.fe1c4c3c873ebp-1, -0x1.5a9c9057c4a02p-60),
      SIMD4(
        0x1.7f701032550e4p-4, 0x1.afc2d1800501ap-60,
        0x1.fdc06bf7e6b9bp-1, 0x1.31902b535f8dbp-55),
      SIMD4(
        0x1.9f4902d55d1f9p-4, 0x1.2696d7eac1dc1p-58,
        0x1.fd5c94b43e000p-1, -0x1.2e768cb4f92f9p-57),
      SIMD4(
        0x1.bf1b78568391dp-4, 0x1.e91841dea4cc8p-58,
        0x1.fcf0c800e99b1p-1, 0x1.ea3d786d186acp-57),
      SIMD4(
        0x1.dee6f16c1cce6p-4, -0x1.50f8e2fb71673p-59,
        0x1.fc7d078d1bc88p-1, 0x1.075d2447db685p-55),
      SIMD4(
        0x1.feaaeee86ee36p-4, -0x1.afcb2bcc6f03bp-59,
        0x1.fc015527d5bd3p-1, 0x1.b68f35094efb8p-55),
      SIMD4(
        0x1.0f3378ddd71d1p-3, 0x1.d8468724f0f9ep-57,
        0x1.fb7db2bfe0695p-1, 0x1.21dadf4f65ab1p-55),
      SIMD4(
        0x1.1f0d3d7afceafp-3, -0x1.6ef95099769a5p-57,
        0x1.faf22263c4bd3p-1, -0x1.52ace133a2769p-58),
      SIMD4(
        0x1.2ee285e4ab88fp-3, -0x1.e4d0f05dee058p-57,
        0x1.fa5ea641c36f2p-1, 0x1.04da6ed17cc7cp-59),
      SIMD4(
        0x1.3eb312c5d66cbp-3, 0x1.47d666b66cb91p-57,
        0x1.f9c340a7cc428p-1, 0x1.c5b6b063b7462p-55),
      SIMD4(
        0x1.4e7ea4dc5f27bp-3, 0x1.949db2ac072fcp-58,
        0x1.f91ff40374d01p-1, -0x1.7d03f4d3a9e4cp-57),
      SIMD4(
        0x1.5e44fcfa126f3p-3, -0x1.6f443063f89b6p-57,
        0x1.f874c2e1eecf6p-1, -0x1.c6514e1332b16p-55),
      SIMD4(
        0x1.6e05dc05a4d4cp-3, -0x1.32c5c8b81c940p-66,
        0x1.f7c1afeffde24p-1, -0x1.8f55bc47540b1p-56),
      SIMD4(
        0x1.7dc102fbaf2b5p-3, 0x1.5ab50e23c97c3p-59,
        0x1.f706bdf9ece1cp-1, -0x1.698c80c36dcb4p-55),
      SIMD4(
        0x1.8d7632efaa944p-3, -0x1.20fa262cbb953p-57,
        0x1.f643efeb82acdp-1, 0x1.6b00ac1fe28acp-56),
      SIMD4(
        0x1.9d252d0cec312p-3, 0x1.9c43d80b1137dp-58,
        0x1.f57948cff6797p-1, 0x1.e3a0d3e03b1d5p-57),
      SIMD4(
        0x1.accdb297a0765p-3, -0x1.9883b57d6cdebp-58,
        0x1.f4a6cbd1e3a79p-1, 0x1.13df0edaebb57p-55),
    ] + Array(repeating: SIMD4(), count: 4)
}

/// The quarter turns of a 2×2×2 cube as permutations of its 24 stickers.
///
/// The faces are U, D, L, R, F, B, with four stickers each, row by row as seen facing the face. U's
/// upper edge is at B, D's at F, and the four sides have U above. The permutations are computed
/// from the positions of the stickers in space.
package enum CubeTurns {
  /// The turns in order, clockwise (+) or counterclockwise (−) as seen facing the face.
  package static let names = [
    "U+", "U-", "D+", "D-", "L+", "L-", "R+", "R-", "F+", "F-", "B+", "B-",
  ]

  /// For each turn and each place, the place from which its new sticker comes.
  package static let sources: InlineArray<12, InlineArray<24, UInt8>> = {
    let places = Self.places
    return InlineArray { turn in
      let normal = faces[turn / 2].normal
      return InlineArray { place in
        // Turn this place back to find the place that its sticker comes from.
        let sticker = places[place]
        guard dot(sticker.corner, normal) > 0 else { return UInt8(place) }
        let isClockwise = turn % 2 == 0
        let corner = turned(sticker.corner, about: normal, clockwise: !isClockwise)
        let facing = turned(sticker.facing, about: normal, clockwise: !isClockwise)
        let source = places.firstIndex { $0.corner == corner && $0.facing == facing }
        return UInt8(source ?? place)
      }
    }
  }()

  /// The position of a sticker: its corner and its direction.
  ///
  /// x points to R, y to U, z to F.
  struct Place: Equatable {
    let corner: SIMD3<Int>
    let facing: SIMD3<Int>
  }

  /// The faces by normal, and by the right and up directions as seen facing them.
  private static let faces: [(normal: SIMD3<Int>, right: SIMD3<Int>, up: SIMD3<Int>)] = [
    ([0, 1, 0], [1, 0, 0], [0, 0, -1]), ([0, -1, 0], [1, 0, 0], [0, 0, 1]),
    ([-1, 0, 0], [0, 0, 1], [0, 1, 0]), ([1, 0, 0], [0, 0, -1], [0, 1, 0]),
    ([0, 0, 1], [1, 0, 0], [0, 1, 0]), ([0, 0, -1], [-1, 0, 0], [0, 1, 0]),
  ]

  /// The 24 places in the order of the stickers.
  static var places: [Place] {
    faces.flatMap { face in
      [(1, -1), (1, 1), (-1, -1), (-1, 1)].map { up, right in
        Place(
          corner: face.normal &+ face.up &* SIMD3(repeating: up)
            &+ face.right &* SIMD3(repeating: right),
          facing: face.normal)
      }
    }
  }

  /// Returns a vector after a quarter turn about an axis, seen from the axis' tip.
  private static func turned(
    _ vector: SIMD3<Int>, about axis: SIMD3<Int>, clockwise: Bool
  ) -> SIMD3<Int> {
    // v → (v·n) n ± n × v: counterclockwise with plus.
    let cross: SIMD3<Int> = [
      axis.y * vector.z - axis.z * vector.y, axis.z * vector.x - axis.x * vector.z,
      axis.x * vector.y - axis.y * vector.x,
    ]
    let along = axis &* SIMD3(repeating: dot(vector, axis))
    return clockwise ? along &- cross : along &+ cross
  }

  private static func dot(_ first: SIMD3<Int>, _ second: SIMD3<Int>) -> Int {
    (first &* second).wrappedSum()
  }
}

import Rollout
import TestSupport
import Testing

/// An environment with a new random picture at each step.
private struct Gallery: Environment {
  let shape: [Int]
  var observation: [UInt8] = []

  var observationSpace: Space { .box(shape: shape, low: 0, high: 255, elementType: .uint8) }
  var actionSpace: Space { .discrete(2) }

  mutating func reset(using random: inout PCG64) {
    observation = (0..<shape.reduce(1, *)).map { _ in UInt8(random.integer(below: 256)) }
  }

  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    reset(using: &random)
    return StepOutcome(reward: 0)
  }
}

/// An environment with one picture: (31 y² + 47 x + 5 x y) mod 256 in row y and column x.
private struct Drawing: Environment {
  let shape: [Int]

  var observationSpace: Space { .box(shape: shape, low: 0, high: 255, elementType: .uint8) }
  var actionSpace: Space { .discrete(2) }
  var observation: [UInt8] {
    var pixels: [UInt8] = []
    for y in 0..<shape[0] {
      for x in 0..<shape[1] { pixels.append(UInt8((31 * y * y + 47 * x + 5 * x * y) % 256)) }
    }
    return pixels
  }

  mutating func reset(using random: inout PCG64) {}
  mutating func step(_ action: Int, using random: inout PCG64) -> StepOutcome {
    StepOutcome(reward: 0)
  }
}

struct ImageWrapperTests {
  /// Returns the pictures of a few steps, before and after the wrapper.
  private func pictures(
    _ shape: [Int], _ wrapper: Wrapper
  ) throws -> (whole: [[UInt8]], shown: [[UInt8]], space: Space) {
    func stage(_ wrappers: [Wrapper]) throws -> Stage {
      let streams = [PCG64(seed: 5)]
      let batch = try NativeEnvironmentBatch(streams: streams) { _ in Gallery(shape: shape) }
      let stage = Stage(try wrappers.wrap(batch, streams: streams), stepCount: 3)
      try stage.reset()
      try stage.collect { _, _ in 0 }
      return stage
    }
    func rows(_ stage: Stage) -> [[UInt8]] {
      let view = stage.fragment.obs(as: UInt8.self)
      return (0..<4).map { row in (0..<view.elementCount).map { view[row, 0, $0] } }
    }
    let wrapped = try stage([wrapper])
    return (rows(try stage([])), rows(wrapped), wrapped.batch.spaces.observation)
  }

  private func image(_ shape: [Int]) -> Space {
    .box(shape: shape, low: 0, high: 255, elementType: .uint8)
  }

  @Test(arguments: [[5, 7, 3], [3, 5, 7]])
  func `gray is the weighted sum of the colors, rounded to the nearest`(shape: [Int]) throws {
    let (whole, shown, space) = try pictures(shape, .grayScale)
    #expect(space == image([5, 7]))
    for (colors, gray) in zip(whole, shown) {
      for pixel in 0..<35 {
        let (red, green, blue) =
          shape[2] == 3
          ? (colors[3 * pixel], colors[3 * pixel + 1], colors[3 * pixel + 2])
          : (colors[pixel], colors[35 + pixel], colors[70 + pixel])
        let exact = 0.299 * Double(red) + 0.587 * Double(green) + 0.114 * Double(blue)
        // Half a unit of rounding, and 255 times the weights' own rounding to 15 bits.
        #expect(abs(Double(gray[pixel]) - exact) <= 0.5 + 255 * 3 * 0x1p-16)
      }
    }
  }

  /// Returns the mean over the area of each new pixel, by its definition.
  private func resized(_ pixels: (Int, Int) -> Double, _ from: (Int, Int), _ into: (Int, Int))
    -> [Double]
  {
    func overlap(_ place: Int, _ source: Int, _ count: Int, _ targetCount: Int) -> Double {
      let scale = Double(count) / Double(targetCount)
      let low = max(Double(place) * scale, Double(source))
      return max(0, min(Double(place + 1) * scale, Double(source + 1)) - low) / scale
    }
    var result: [Double] = []
    for row in 0..<into.0 {
      for column in 0..<into.1 {
        var sum = 0.0
        for y in 0..<from.0 {
          for x in 0..<from.1 {
            sum +=
              overlap(row, y, from.0, into.0) * overlap(column, x, from.1, into.1) * pixels(y, x)
          }
        }
        result.append(sum)
      }
    }
    return result
  }

  @Test(arguments: [
    ([9, 7], [4, 3]), ([6, 8, 3], [3, 2, 3]), ([2, 9, 7], [2, 5, 7]), ([21, 16], [21, 16]),
    ([50, 40], [1, 1]),
  ])
  func `a smaller picture has the means of areas`(shape: [Int], smaller: [Int]) throws {
    let isChannelsLast = shape.count == 3 && shape[2] <= 4
    let axis = shape.count == 3 && !isChannelsLast ? 1 : 0
    let (from, into) = ((shape[axis], shape[axis + 1]), (smaller[axis], smaller[axis + 1]))
    let channels = shape.count == 2 ? 1 : isChannelsLast ? shape[2] : shape[0]
    let (whole, shown, space) = try pictures(shape, .resize(height: into.0, width: into.1))
    #expect(space == image(smaller))
    for (source, target) in zip(whole, shown) {
      for channel in 0..<channels {
        func place(_ row: Int, _ column: Int, _ size: (Int, Int)) -> Int {
          isChannelsLast
            ? (row * size.1 + column) * channels + channel
            : (channel * size.0 + row) * size.1 + column
        }
        let exact = resized({ Double(source[place($0, $1, from)]) }, from, into)
        for row in 0..<into.0 {
          for column in 0..<into.1 {
            // Half a unit of rounding, and some for sums of at most a few thousand Floats.
            let difference = Double(target[place(row, column, into)]) - exact[row * into.1 + column]
            #expect(abs(difference) <= 0.501)
          }
        }
      }
    }
  }

  /// The bytes of OpenCV 5's `resize` with `INTER_AREA`, of a picture given by a formula.
  @Test(arguments: [
    ([9, 7], [4, 3], [64, 158, 119, 116, 139, 125, 106, 154, 129, 132, 140, 148]),
    ([8, 6], [4, 3], [40, 139, 174, 103, 158, 85, 94, 169, 116, 141, 172, 139]),
    ([9, 8], [3, 4], [78, 139, 158, 91, 81, 172, 93, 184, 130, 166, 117, 110]),
    (
      [10, 8], [4, 4],
      [63, 139, 164, 87, 110, 160, 106, 156, 100, 175, 122, 146, 123, 171, 91, 139]
    ),
  ])
  func `a smaller picture has OpenCV's bytes`(
    shape: [Int], smaller: [Int], expected: [UInt8]
  ) throws {
    let streams = [PCG64(seed: 0)]
    let batch = try NativeEnvironmentBatch(streams: streams) { _ in Drawing(shape: shape) }
    let stage = Stage(
      try [.resize(height: smaller[0], width: smaller[1])].wrap(batch, streams: streams),
      stepCount: 1)
    try stage.reset()
    #expect(stage.fragment.obs(as: UInt8.self)[rows: 0..<1].elements == expected)
  }

  @Test func `pictures are not made larger`() {
    let error = #expect(throws: WrapperError.self) {
      try pictures([20, 30], .resize(height: 21, width: 30))
    }
    #expect(error?.description.contains("20x30 pixels and cannot be enlarged") == true)
    #expect(throws: WrapperError.self) { try pictures([20, 30], .grayScale) }
  }
}

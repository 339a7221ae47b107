import Foundation
import TestSupport
import Testing

@testable import Rollout

struct AnimatedGIFTests {
  private func picture(_ width: Int, _ height: Int, _ color: (Int, Int) -> [Int]) -> Picture {
    Picture(
      width: width, height: height,
      pixels: (0..<width * height).flatMap { place in
        color(place % width, place / width).map { UInt8(truncatingIfNeeded: $0) }
      })
  }

  private func decoded(_ pictures: [Picture]) throws -> NaiveGIF {
    var animation = AnimatedGIF(width: pictures[0].width, height: pictures[0].height)
    for picture in pictures { animation.append(picture, centiseconds: 3) }
    return try NaiveGIF(animation.encoded)
  }

  /// From one pixel to several times the size of the code table, with few and with many strings.
  @Test(arguments: [0, 1, 2, 3, 255, 256, 3838, 3839, 3840, 3841, 5000, 40_000], [1, 2, 5, 256])
  func `what is compressed is what comes out`(count: Int, colors: Int) throws {
    var random = PCG64(seed: UInt64(count * 1000 + colors))
    let pixels = (0..<count).map { _ in UInt8(random.integer(below: colors)) }
    let file = LZWEncoder.encode(pixels)
    #expect(file[0] == 8 && file.last == 0)
    var (bytes, place): ([UInt8], Int) = ([], 1)
    while file[place] > 0 {
      bytes += file[place + 1...place + Int(file[place])]
      place += Int(file[place]) + 1
    }
    #expect(place == file.count - 1)
    #expect(try NaiveGIF.unpacked(bytes, minimumWidth: 8) == pixels.map { Int($0) })
  }

  @Test func `frames are the pictures, exactly, and only what changed is in them`() throws {
    let pictures = (0..<6).map { frame in
      picture(20, 15) { x, y in
        x >= 3 * frame && x < 3 * frame + 4 && y > 5 && y < 9 ? [255, 0, frame] : [10, 20, 30]
      }
    }
    let gif = try decoded(pictures)
    #expect(gif.width == 20 && gif.height == 15 && gif.loops)
    #expect(gif.pictures == pictures.map(\.pixels))
    #expect(gif.centiseconds == [3, 3, 3, 3, 3, 3])
    // Two adjacent squares of 4 × 3 that overlap by one column: 7 × 3.
    #expect(gif.areas == [300, 21, 21, 21, 21, 21])
    #expect(gif.ownTableCount == 0)
  }

  @Test func `a picture that changes nothing lengthens the one before`() throws {
    let (one, two) = (picture(4, 4) { _, _ in [1, 1, 1] }, picture(4, 4) { x, _ in [x, 0, 0] })
    let gif = try decoded([one, one, one, two, one, one])
    #expect(gif.pictures == [one.pixels, two.pixels, one.pixels])
    #expect(gif.centiseconds == [9, 3, 6])
  }

  @Test func `colors beyond 256 get a table of their own and stay exact`() throws {
    // 200 colors each; no two frames share a color.
    let pictures = (0..<3).map { frame in picture(20, 10) { x, y in [x, y, frame] } }
    let gif = try decoded(pictures + [pictures[0]])
    #expect(gif.pictures == (pictures + [pictures[0]]).map(\.pixels))
    #expect(gif.ownTableCount == 2)
  }

  @Test func `a picture of many colors comes out nearly as it was`() throws {
    let source = picture(64, 64) { x, y in [4 * x, 4 * y, 2 * (x + y)] }
    let gif = try decoded([source])
    let errors = zip(source.pixels, gif.pictures[0]).map { abs(Int($0) - Int($1)) }
    // 4096 colors on a plane in 256 boxes of 4 × 4 pixels. If all boxes were square, the largest
    // error would be 8, in the middle of a box's side; long boxes have twice that.
    #expect(errors.max() ?? 255 <= 24)
    #expect(Double(errors.reduce(0, +)) / Double(errors.count) < 6)
  }

  @Test func `Pillow sees the same`() throws {
    guard (try? Python.run(["-c", "import PIL.Image"])) != nil else { return }
    let directory = try ScratchDirectory()
    let pictures = (0..<40).map { frame -> Picture in
      var cartPole = CartPole()
      cartPole.state = [0.05 * Double(frame), 0, 0.005 * Double(frame), 0]
      return cartPole.draw()
    }
    var animation = AnimatedGIF(width: 600, height: 400)
    for picture in pictures { animation.append(picture, centiseconds: 3) }
    try Data(animation.encoded).write(to: directory.url.appendingPathComponent("a.gif"))
    try Data(pictures.flatMap(\.pixels)).write(to: directory.url.appendingPathComponent("a.raw"))
    let script = """
      import sys
      from PIL import Image, ImageSequence
      gif = Image.open(sys.argv[1])
      assert gif.info["loop"] == 0 and gif.info["duration"] == 30
      frames = b"".join(f.convert("RGB").tobytes() for f in ImageSequence.Iterator(gif))
      assert frames == open(sys.argv[2], "rb").read()
      print("equal", gif.n_frames)
      """
    let output = try Python.run(
      ["-c", script, directory.path("a.gif"), directory.path("a.raw")])
    #expect(output == "equal 40\n")
  }

  @Test func `the file of an animation without a picture is still one`() throws {
    let gif = try NaiveGIF(AnimatedGIF(width: 3, height: 2).encoded)
    #expect(gif.pictures.isEmpty && gif.width == 3)
  }
}

import Rollout
import Testing

/// One gray pixel with the number of steps as its brightness.
extension Counter: Drawable {
  func draw() -> Picture {
    Picture(
      width: 1, height: 1, pixels: Array(repeating: UInt8(clamping: episodeSteps), count: 3))
  }
}

struct DrawableTests {
  private func color(_ picture: Picture, _ x: Int, _ y: Int) -> [UInt8] {
    let start = (y * picture.width + x) * 3
    return Array(picture.pixels[start..<start + 3])
  }

  /// The coordinates are those of Gymnasium's `cartpole.py`, with y upward.
  @Test func `CartPole at rest is drawn as Gymnasium draws it`() {
    let picture = CartPole().draw()
    #expect(picture.width == 600 && picture.height == 400)
    #expect(color(picture, 10, 10) == [255, 255, 255])
    // The track across the whole width, at y = 100 from below.
    #expect(color(picture, 0, 300) == [0, 0, 0] && color(picture, 599, 300) == [0, 0, 0])
    #expect(color(picture, 10, 298) == [255, 255, 255])
    // The cart is 50 × 30 around (300, 100).
    #expect(color(picture, 276, 286) == [0, 0, 0] && color(picture, 323, 313) == [0, 0, 0])
    #expect(color(picture, 274, 290) == [255, 255, 255])
    // The pole reaches from 5 below the axle at y = 107.5 to 120 above it.
    #expect(color(picture, 300, 200) == [202, 152, 101])
    #expect(color(picture, 300, 174) == [202, 152, 101])
    #expect(color(picture, 300, 171) == [255, 255, 255])
    #expect(color(picture, 300, 292) == [129, 132, 203])
  }

  @Test func `a positive angle leans to the right and a position moves all`() {
    var cartPole = CartPole()
    cartPole.state = [1.2, 0, 0.2, 0]
    let picture = cartPole.draw()
    // 1.2 · 125 = 150 to the right of the center; 100 along the pole is 19.9 to the right.
    #expect(color(picture, 450 + 19, 292 - 98) == [202, 152, 101])
    #expect(color(picture, 450 - 19, 292 - 98) == [255, 255, 255])
    #expect(color(picture, 450, 310) == [0, 0, 0])
  }

  @Test func `MountainCar is drawn as Gymnasium draws it`() {
    var car = MountainCar()
    car.state = [-Double.pi / 6, 0]
    let picture = car.draw()
    #expect(picture.width == 600 && picture.height == 400)
    // At the bottom the track is 0.1 · 600 / 1.8 = 33.3 high. The car stands 10 above it, level.
    let (x, y) = (Int((-Double.pi / 6 + 1.2) / 1.8 * 600), 400 - 43)
    #expect(
      color(picture, x, y - 15) == [0, 0, 0] && color(picture, x, y - 22) == [255, 255, 255])
    #expect(color(picture, x + 10, y) == [128, 128, 128])
    #expect(color(picture, x, y + 9) == [0, 0, 0])
    // The flag's top is 50 above the track at 0.5: 566.7 from the left, 382.5 from below.
    #expect(color(picture, 570, 400 - 378) == [204, 204, 0])
    // The goal of MountainCarContinuous is at 0.45.
    var other = MountainCarContinuous()
    other.state = car.state
    #expect(color(other.draw(), 553, 400 - 376) == [204, 204, 0])
  }

  @Test func `Acrobot hangs from its pivot, below the line to reach`() {
    let picture = Acrobot().draw()
    #expect(picture.width == 500 && picture.height == 500)
    // A link of length 1 is 113.6 pixels; both hang down from the middle.
    #expect(
      color(picture, 250, 250) == [204, 204, 0] && color(picture, 250, 363) == [204, 204, 0])
    #expect(
      color(picture, 250, 310) == [0, 204, 204] && color(picture, 250, 476) == [0, 204, 204])
    #expect(color(picture, 250, 480) == [255, 255, 255])
    #expect(color(picture, 3, 136) == [0, 0, 0])
  }

  @Test func `Pendulum stands up at 0 and leans to the left from there`() {
    var pendulum = Pendulum()
    pendulum.state = [0, 0]
    #expect(color(pendulum.draw(), 250, 140) == [204, 77, 77])
    #expect(color(pendulum.draw(), 250, 250) == [0, 0, 0])
    pendulum.state = [.pi / 2, 0]
    #expect(color(pendulum.draw(), 140, 250) == [204, 77, 77])
    #expect(color(pendulum.draw(), 360, 250) == [255, 255, 255])
  }

  @Test func `a corridor shows where the actor and the goal are`() throws {
    var corridor = try Corridor(size: 4, goal: 2)
    corridor.state = 1
    let picture = corridor.draw()
    // Four cells of 140 pixels, from 20 on.
    #expect(
      color(picture, 230, 60) == [50, 90, 180] && color(picture, 90, 60) == [255, 255, 255])
    #expect(color(picture, 370, 60) == [150, 210, 150])
    #expect(color(picture, 510, 60) == [255, 255, 255])
    #expect(try Corridor(size: 10_000).draw().width == 600)
  }

  @Test func `a cube is unfolded about its front`() throws {
    var cube = try Cube2x2()
    // The upper left stickers of U, L, F, R, B and D.
    let places = [(110, 30), (30, 110), (110, 110), (190, 110), (270, 110), (110, 190)]
    let solved = cube.draw()
    let colors: [[UInt8]] = [
      [255, 255, 255], [255, 110, 0], [0, 155, 72], [200, 20, 40], [0, 70, 173], [255, 213, 0],
    ]
    #expect(places.map { color(solved, $0.0, $0.1) } == colors)
    // F turns clockwise: U's lower row goes to R's left column, L's right one to U.
    cube.turn(8)
    let turned = cube.draw()
    #expect(color(turned, 190, 110) == colors[0] && color(turned, 110, 67) == colors[1])
    #expect(color(turned, 110, 30) == colors[0] && color(turned, 110, 110) == colors[2])
  }

  @Test(arguments: EnvironmentRegistry.shared.ids)
  func `every environment that is built in draws pictures of one size`(id: String) throws {
    let batch = try EnvironmentConfiguration(id).makeBatch(streams: [PCG64(seed: 8)])
    let storage = FragmentStorage(
      FragmentLayout(
        stepCount: 1, environmentCount: 1,
        contents: FragmentContents(spaces: batch.spaces, reaction: .empty)))
    try batch.reset(into: storage.view, row: 0)
    let first = try #require(try batch.picture(of: 0))
    for _ in 0..<5 {
      // Action 0, which every built-in space contains.
      try batch.step(storage.view, from: 0, sticky: false, position: .unread)
      let next = try #require(try batch.picture(of: 0))
      #expect(next.width == first.width && next.height == first.height)
    }
  }

  @Test func `wrapped environments show what they wrap`() throws {
    let carts = try NativeEnvironmentBatch(streams: [PCG64(seed: 0)]) { _ in
      var cart = CartPole()
      cart.state = [0.5, 0, -0.1, 0]
      return cart
    }
    let limited = try TimeLimitBatch(ObservationMaskBatch(carts, keeping: [0, 2]), steps: 7)
    #expect(try limited.picture(of: 0) == carts[0].draw())
  }

  @Test(arguments: EnvironmentRegistry.shared.ids.filter { $0.hasPrefix("CartPole") })
  func `a registered CartPole draws whatever limits and hides it`(id: String) throws {
    let batch = try EnvironmentConfiguration(id).makeBatch(streams: [PCG64(seed: 3)])
    let stage = Stage(batch, stepCount: 1)
    try stage.reset()
    let before = try #require(try batch.picture(of: 0))
    try stage.collect(act: { _, _ in 1 })
    let after = try #require(try batch.picture(of: 0))
    #expect(before.width == 600 && before != after)
  }

  @Test func `an environment that does not draw has no picture`() throws {
    let batch = try NativeEnvironmentBatch(streams: [PCG64(seed: 0)]) { _ in Cockpit() }
    #expect(batch.picture(of: 0) == nil && batch.finalPicture(of: 0) == nil)
  }

  @Test func `how an episode ended is kept once somebody looks`() throws {
    let stage = try Stage(batch([Counter(length: 2), Counter(length: 3)]), stepCount: 6)
    func brightness(_ picture: Picture?) -> UInt8? { picture?.pixels[0] }
    try stage.reset()
    try stage.collect()
    // No picture has been requested yet.
    #expect(try stage.batch.finalPicture(of: 0) == nil)
    #expect(brightness(try stage.batch.picture(of: 0)) == 0)
    #expect(try stage.batch.finalPicture(of: 0) == nil)
    stage.carry()
    try stage.collect()
    #expect(brightness(try stage.batch.picture(of: 1)) == 0)
    #expect(brightness(try stage.batch.finalPicture(of: 0)) == 2)
    #expect(brightness(try stage.batch.finalPicture(of: 1)) == 3)
  }
}

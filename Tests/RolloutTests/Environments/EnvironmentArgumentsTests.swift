import Rollout
import Testing

struct EnvironmentArgumentsTests {
  static let parameters: [EnvironmentParameter] = [
    .integer("size", default: 5, in: 2...100, "Cells."),
    .number("threshold", default: 0.9, in: 0...1, "A share."),
    .text("map", default: "plain", "A map."),
    .flag("hard", default: true, "A flag."),
    .interval("range", default: -1...(.infinity), "A range."),
  ]

  func read(
    _ text: String, _ parameters: [EnvironmentParameter] = Self.parameters
  ) throws(InvalidEnvironmentArguments) -> EnvironmentArguments {
    try EnvironmentArguments(text, for: parameters, of: "Mine-v0")
  }

  @Test func `what is not given has its default`() throws {
    let arguments = try read("")
    #expect(arguments.integer("size") == 5)
    #expect(arguments.number("threshold") == 0.9)
    #expect(arguments.text("map") == "plain")
    #expect(arguments.flag("hard"))
    #expect(arguments.interval("range") == -1...(.infinity))
    #expect(Self.parameters.map(\.defaultText) == ["5", "0.9", "plain", "true", "[-1.0,inf]"])
  }

  @Test func `what is given holds, in any order`() throws {
    let arguments = try read("map=a=b,threshold=5e-1,size=100")
    #expect(arguments.integer("size") == 100)
    #expect(arguments.number("threshold") == 0.5)
    #expect(arguments.text("map") == "a=b")
  }

  @Test(arguments: [
    ("hard=False,range=[-inf, 2.5]", false, -Double.infinity...2.5),
    ("range=[0,0],hard=true", true, 0...0),
  ])
  func `flags and ranges are written as in Python`(
    text: String, flag: Bool, range: ClosedRange<Double>
  ) throws {
    let arguments = try read(text)
    #expect(arguments.flag("hard") == flag)
    #expect(arguments.interval("range") == range)
  }

  @Test(arguments: [
    (
      "siez=8",
      "Mine-v0 has no parameter 'siez'; it has size, threshold, map, hard, range. "
        + "Did you mean 'size'?"
    ),
    ("zebra=8", "Mine-v0 has no parameter 'zebra'; it has size, threshold, map, hard, range."),
    ("size=1", "size=1 is out of range for Mine-v0: use 2 to 100."),
    ("size=8.5", "size=8.5 is not a whole number: use 2 to 100."),
    ("threshold=1.5", "threshold=1.5 is out of range for Mine-v0: use 0.0 to 1.0."),
    ("threshold=nan", "threshold=nan is not a number: use 0.0 to 1.0."),
    ("hard=maybe", "hard=maybe is neither true nor false: use one of them."),
    ("range=3", "range=3 is not a range: write its bounds like [-1,0.5] or [0,inf]."),
    ("range=[2,1]", "range=[2,1] is not a range: write its bounds like [-1,0.5] or [0,inf]."),
    ("range=[1,2,3]", "range=[1,2,3] is not a range: write its bounds like [-1,0.5] or [0,inf]."),
    ("range=[1,nan]", "range=[1,nan] is not a range: write its bounds like [-1,0.5] or [0,inf]."),
    ("size", "'size' is not an argument of an environment: write it like size=8,goal=4."),
    ("size=8,", "'' is not an argument of an environment: write it like size=8,goal=4."),
    ("size=8,size=8", "size is given more than once: give it once."),
  ])
  func `what is not declared so is refused in a sentence`(text: String, sentence: String) {
    #expect(throws: InvalidEnvironmentArguments(sentence)) { try read(text) }
  }

  @Test func `an environment without parameters takes none`() {
    #expect(
      throws: InvalidEnvironmentArguments("Mine-v0 has no parameters: leave 'size' out.")
    ) { try read("size=8", []) }
  }

  @Test func `an environment of one's own is made with what is given`() throws {
    let registry = EnvironmentRegistry()
    try registry.register(
      RegisteredEnvironment(
        id: "Counter-v0", parameters: [.integer("length", default: 3, in: 1...9, "Steps.")]
      ) { Counter(length: $0.integer("length")) })
    for (arguments, length) in [("", 3), ("length=7", 7)] {
      let stage = Stage(
        try EnvironmentConfiguration("Counter-v0", arguments: arguments)
          .makeBatch(streams: [PCG64(seed: 0)], in: registry),
        stepCount: 8)
      try stage.reset()
      try stage.collect()
      #expect(stage.column(stage.fragment.fin).dropFirst().firstIndex(of: true) == length)
    }
    #expect(throws: InvalidEnvironmentArguments.self) {
      try EnvironmentConfiguration("Counter-v0", arguments: "length=10")
        .makeBatch(streams: [PCG64(seed: 0)], in: registry)
    }
  }
}

/// A wrapper with its name and syntax on a command line.
package struct WrapperName: Sendable {
  /// The name with a placeholder for its argument: `frame-stack=K`.
  package let usage: String
  /// The effect in one sentence.
  package let summary: String
  /// The end of the error message for an invalid argument: the correct syntax.
  let remedy: String
  /// True if a part of the observation can be named after an `@`.
  package let takesPart: Bool
  let make: @Sendable (_ argument: String?, _ part: String?) -> Wrapper?

  /// The name alone.
  package var name: String { String(usage.prefix { $0 != "=" && $0 != "[" }) }

  private init(
    _ usage: String, _ summary: String, _ remedy: String,
    _ make: @escaping @Sendable (String?) -> Wrapper?
  ) {
    self.usage = usage
    self.summary = summary
    self.remedy = remedy
    takesPart = false
    self.make = { argument, part in part == nil ? make(argument) : nil }
  }

  private init(
    _ usage: String, _ summary: String, _ remedy: String,
    ofPart make: @escaping @Sendable (String?, String?) -> Wrapper?
  ) {
    self.usage = usage
    self.summary = summary
    self.remedy = remedy
    takesPart = true
    self.make = make
  }

  private static func counted(
    _ usage: String, _ summary: String, from lowest: Int = 1, example: Int,
    _ make: @escaping @Sendable (Int) -> Wrapper
  ) -> WrapperName {
    WrapperName(usage, summary, remedy(usage, from: lowest, example: example)) {
      count($0, from: lowest).map(make)
    }
  }

  private static let largestCount = 1_000_000_000

  /// The largest number of frames: each environment keeps as many observations.
  private static let largestStack = 10_000

  private static func count(
    _ text: String?, from lowest: Int, upTo largest: Int = largestCount
  ) -> Int? {
    text.flatMap { Int($0) }.flatMap { (lowest...largest).contains($0) ? $0 : nil }
  }

  private static func remedy(
    _ usage: String, from lowest: Int, example: Int, upTo largest: Int = largestCount
  ) -> String {
    let name = usage.prefix { $0 != "=" }
    return
      "needs a whole number from \(lowest) to \(largest): write it like \(name)=\(example)."
  }

  private static func plain(_ name: String, _ summary: String, _ wrapper: Wrapper) -> WrapperName {
    WrapperName(name, summary, "takes no argument: write \(name).") { $0 == nil ? wrapper : nil }
  }

  private static func parts(
    _ usage: String, _ summary: String, _ make: @escaping @Sendable ([String]) -> Wrapper
  ) -> WrapperName {
    let name = usage.prefix { $0 != "=" }
    return WrapperName(
      usage, summary, "needs different names of parts: write it like \(name)=image,direction."
    ) { argument in
      let names = (argument ?? "").split(separator: ",", omittingEmptySubsequences: false)
      guard !names.contains(""), Set(names).count == names.count else { return nil }
      return make(names.map(String.init))
    }
  }

  private static func discount(_ text: String) -> Double? {
    Double(text).flatMap { (0...1).contains($0) ? $0 : nil }
  }

  private static func shaping(_ text: String) -> Wrapper? {
    let mark = ":tutorial"
    let end: ShapingEnd = text.hasSuffix(mark) ? .tutorial : .policyInvariant
    let number = end == .tutorial ? String(text.dropLast(mark.count)) : text
    return discount(number).map { .shaping(discount: $0, end: end) }
  }

  /// The wrappers of environments, in the order of `docs/environments.md`.
  package static let all: [WrapperName] = [
    counted("time-limit=N", "Truncate episodes after N steps.", example: 200, Wrapper.timeLimit),
    counted(
      "action-repeat=K", "Play each action K times and add up the rewards.", example: 4,
      Wrapper.actionRepeat),
    counted(
      "frame-skip=K", "Like action-repeat, but show the maximum of the last two observations.",
      example: 4, Wrapper.frameSkip),
    counted(
      "random-noops=N", "Begin each episode with 0 to N times action 0.", from: 0, example: 30,
      Wrapper.randomNoOps),
    plain("end-on-lost-life", "End an episode when a life is lost.", .endOnLostLife),
    plain(
      "fire-on-reset", "Begin each episode with action 1, FIRE in games of Atari's, and action 2.",
      .fireOnReset),
    parts("only=NAME,...", "Show only these parts of a Dict or Tuple.", Wrapper.only),
    parts("without=NAME,...", "Leave these parts of a Dict or Tuple out.", Wrapper.without),
    WrapperName(
      "observation-mask=I,J,...", "Show only these elements of the observation, counted from 0.",
      "needs distinct whole numbers, at least 0: write it like observation-mask=0,2.",
      ofPart: { argument, part in
        let parts = (argument ?? "").split(separator: ",", omittingEmptySubsequences: false)
        let indices = parts.compactMap { Int($0) }.filter { $0 >= 0 }
        guard indices.count == parts.count, Set(indices).count == indices.count else { return nil }
        return .observationMask(keeping: indices, at: part)
      }),
    WrapperName(
      "gray-scale", "Show color images in gray.", "takes no argument: write gray-scale.",
      ofPart: { $0 == nil ? .grayScale(at: $1) : nil }),
    WrapperName(
      "resize=HxW", "Shrink images to H rows and W columns by averaging areas.",
      "needs a height and a width: write it like resize=84x84.",
      ofPart: { argument, part in
        let sides = (argument ?? "").split(separator: "x", omittingEmptySubsequences: false)
        let numbers = sides.compactMap { Int($0) }.filter { (1...65_536).contains($0) }
        guard sides.count == 2, numbers.count == 2 else { return nil }
        return .resize(height: numbers[0], width: numbers[1], at: part)
      }),
    WrapperName(
      "frame-stack=K", "Show the last K observations, the oldest first.",
      remedy("frame-stack=K", from: 1, example: 4, upTo: largestStack),
      ofPart: { argument, part in
        count(argument, from: 1, upTo: largestStack).map { .frameStack($0, at: part) }
      }),
    WrapperName(
      "reward-scale=X", "Multiply rewards by X.",
      "needs a finite number: write it like reward-scale=0.1."
    ) { $0.flatMap { Double($0) }.flatMap { $0.isFinite ? .rewardScale($0) : nil } },
    WrapperName(
      "reward-clip=LOW:HIGH", "Clip rewards to this range.",
      "needs two numbers, the smaller one first: write it like reward-clip=-1:1."
    ) { argument in
      let ends = (argument ?? "").split(separator: ":", omittingEmptySubsequences: false)
      let numbers = ends.compactMap { Double($0) }
      guard ends.count == 2, numbers.count == 2, numbers[0] <= numbers[1] else { return nil }
      return .rewardClip(numbers[0]...numbers[1])
    },
    plain("reward-sign", "Replace rewards by -1, 0 or 1.", .rewardSign),
    WrapperName(
      "shaping=GAMMA[:tutorial]",
      "Add shaping rewards; the potential is minus the distance of elements 0, 1 from the origin.",
      "needs a discount from 0 to 1, equal to --gamma: write it like shaping=0.99 or "
        + "shaping=0.99:tutorial."
    ) { $0.flatMap(shaping) },
  ]

  /// The wrappers that `rlplay train` accepts only after all others.
  package static let normalizations: [WrapperName] = [
    plain(
      "observation-normalization",
      "Normalize Boxes of floats by their running mean and deviation before the network.",
      .observationNormalization),
    WrapperName(
      "reward-normalization[=GAMMA]",
      "Divide rewards for learning by the running deviation of discounted returns.",
      "needs a discount from 0 to 1, or none to use --gamma: write it like "
        + "reward-normalization=0.99."
    ) { argument in
      guard let argument else { return .rewardNormalization() }
      return discount(argument).map { .rewardNormalization(discount: $0) }
    },
  ]
}

extension Wrapper {
  /// Parses a name and its argument, such as `frame-stack=4` or `frame-stack=4@image`.
  ///
  /// - Throws: `WrapperError` with a sentence that begins with the verb: "names …".
  package init(parsing text: String) throws(WrapperError) {
    let halves = text.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
    let part = halves.count == 2 ? String(halves[1]) : nil
    let parts = halves[0].split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = FormerSpelling.current(String(parts.first ?? ""))
    let all = WrapperName.all + WrapperName.normalizations
    guard let known = all.first(where: { $0.name == name }) else {
      let names = all.map(\.name)
      let nearest = NearestMatch.find(name, among: names).map { " Did you mean \($0)?" } ?? ""
      throw WrapperError(
        "names '\(name)', which is not one of \(names.joined(separator: ", ")).\(nearest)")
    }
    if let part, !known.takesPart || part.isEmpty {
      throw WrapperError(
        known.takesPart
          ? "names '\(text)', but no part after the @: write it like \(name)@image."
          : "names '\(text)', but \(name) takes no part of an observation: leave '@\(part)' out.")
    }
    guard let wrapper = known.make(parts.count == 2 ? String(parts[1]) : nil, part) else {
      throw WrapperError("names '\(text)', but \(name) \(known.remedy)")
    }
    self = wrapper
  }

  /// Parses a list separated by commas.
  ///
  /// A part that does not begin with a letter continues the argument before it, and so does a name
  /// that is not a wrapper's after `only` or `without`. So `only=image,side,frame-stack=4@image` is
  /// two wrappers.
  ///
  /// - Throws: `WrapperError` for the first invalid wrapper.
  public static func list(parsing text: String) throws(WrapperError) -> [Wrapper] {
    var words: [String] = []
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      if let last = words.last, part.first?.isLetter != true || continues(last, part) {
        words[words.count - 1] = last + "," + part
      } else {
        words.append(String(part))
      }
    }
    var wrappers: [Wrapper] = []
    for word in words { wrappers.append(try Wrapper(parsing: word)) }
    return wrappers
  }

  /// Returns true if a word is one of the names of parts in the wrapper before it.
  private static func continues(_ last: String, _ word: Substring) -> Bool {
    guard last.hasPrefix("only=") || last.hasPrefix("without=") else { return false }
    let name = FormerSpelling.current(String(word.prefix { $0 != "=" && $0 != "@" }))
    return !(WrapperName.all + WrapperName.normalizations).contains { $0.name == name }
  }
}

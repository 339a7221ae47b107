/// Pairs of wrappers whose order changes their meaning in a way that is rarely intended.
///
/// The usual order is that of the preprocessing of Atari's games: Machado et al. (2018),
/// "Revisiting the Arcade Learning Environment", and Gymnasium's `AtariPreprocessing`.
enum WrapperOrder {
  private struct Pair {
    var inner: Set<String>
    var outer: Set<String>
    /// The consequence of the order, after "… around …".
    var effect: String
  }

  private static let pairs = [
    Pair(
      inner: ["frame-stack"], outer: ["frame-skip", "action-repeat"],
      effect: "leaves the frames between two actions in each stack"),
    Pair(
      inner: ["frame-stack"], outer: ["gray-scale"],
      effect: "takes three frames of a stack for the colors of one"),
    Pair(
      inner: ["frame-stack"], outer: ["resize"],
      effect: "resizes each frame once for every stack that has it"),
    Pair(
      inner: ["resize"], outer: ["gray-scale"],
      effect: "resizes three colors where one gray image would do, and rounds differently"),
    Pair(
      inner: ["reward-sign", "reward-clip"], outer: ["frame-skip", "action-repeat"],
      effect: "adds up rewards that are limited one by one, so that their sum is not"),
    Pair(
      inner: ["fire-on-reset"], outer: ["end-on-lost-life"],
      effect: "fires at the beginning of a game, but not after a lost life"),
    Pair(
      inner: ["frame-skip", "action-repeat"], outer: ["random-noops"],
      effect: "repeats each of the no-ops"),
    Pair(
      inner: ["end-on-lost-life"], outer: ["random-noops"],
      effect: "plays no-ops after each lost life, too"),
  ]

  /// Returns a sentence for each pair of wrappers in an unusual order.
  ///
  /// - Parameter wrappers: the innermost first.
  static func remarks(on wrappers: [Wrapper]) -> [String] {
    var remarks: [String] = []
    for (place, outer) in wrappers.enumerated() {
      for inner in wrappers[..<place] where inner.part == outer.part || inner.part == nil {
        for pair in pairs
        where pair.inner.contains(inner.name) && pair.outer.contains(outer.name) {
          remarks.append(
            "the wrapper \(outer) around \(inner) \(pair.effect): name \(outer) before \(inner)")
        }
      }
    }
    return remarks
  }
}

extension Wrapper {
  /// The name without argument and part: `frame-stack`.
  var name: String { String(description.prefix { $0 != "=" && $0 != "@" }) }

  /// The part of the observation that is modified; nil for all of it.
  fileprivate var part: Substring? {
    description.firstIndex(of: "@").map { description[description.index(after: $0)...] }
  }
}

extension EnvironmentConfiguration {
  /// Returns sentences about wrappers that modify the environment in a way rarely intended.
  ///
  /// - Parameter spaces: the environment's spaces, from which it is known if it repeats actions.
  package func wrapperRemarks(_ spaces: EnvironmentSpaces) -> [String] {
    var remarks = WrapperOrder.remarks(on: wrappers)
    if let frames = spaces.declared?.frameSkip, frames > 1,
      let wrapper = wrappers.first(where: { ["frame-skip", "action-repeat"].contains($0.name) })
    {
      remarks.append(
        """
        \(id) plays each action for \(frames) frames itself, and the wrapper \(wrapper) repeats \
        that: give --env-args frameskip=1, or leave the wrapper out
        """)
    }
    return remarks
  }
}

import Actor
import Foundation
import Learner
import Rollout

/// The comparison of the cube notebook: one step of REINFORCE, by rlplay's graph and by hand.
///
/// The notebook compares PyTorch with NumPy. Its observation and weights are drawn here from the
/// same seed, and its printed figures stand beside those of this program.
@main
struct CubeFigures {
  static let (inputs, hidden, actions) = (5, 4, 12)
  static let (rate, gamma) = (0.01, 0.95)
  /// Drawn in the notebook by `torch.manual_seed(123)`, a stream that only PyTorch has.
  static let action = 4

  static func main() {
    // x, W1, b1, W2, b2 of `default_rng(123).normal`, matrices row by row as [inputs, outputs].
    var random = PCG64(seed: 123)
    func normal(_ count: Int, scale: Double = 1) -> [Double] {
      (0..<count).map { _ in scale * random.numpyStandardNormal() }
    }
    let x = normal(inputs)
    let before = Parameters(
      w1: normal(inputs * hidden, scale: 0.1), b1: normal(hidden, scale: 0.01),
      w2: normal(hidden * actions, scale: 0.1), b2: normal(actions, scale: 0.01))

    // Two steps of the notebook's toy transition, which rolls the stickers: −1 each.
    let solved = (0..<24).map { $0 / 4 }
    let rewards = [1, 2].map { step in
      solved.indices.allSatisfy { solved[($0 + 48 - step * (action + 1)) % 24] == solved[$0] }
        ? 0.0 : -1
    }
    let weight = rewards[0] + gamma * rewards[1]

    let traced = byGraph(x, before, weight)
    let manual = byHand(x, before, weight)
    let figures: [(name: String, document: Double, here: Double)] = [
      ("G", -1.95, weight), ("log π(L+)", -2.514844358797807, traced.logPi),
      ("loss", -4.903946499655723, -weight * traced.logPi),
    ]
    let references: [(name: String, document: [Double], here: [Double])] = [
      ("x", Document.x, x), ("logits", Document.logits, traced.logits),
      ("W1 after", Document.w1After, traced.after.w1),
      ("b1 after", Document.b1After, traced.after.b1),
    ]
    print("figure        ", column("document"), column("rlplay"), column("difference"))
    for (name, document, here) in figures { show(name, document, here) }
    for (name, document, here) in references {
      for index in document.indices { show("\(name)[\(index)]", document[index], here[index]) }
    }

    // The document's column is PyTorch against NumPy.
    let pairs: [(name: String, document: Double, here: Double)] = [
      ("logits", 2.0816681711721685e-17, largest(traced.logits, manual.logits)),
      ("log π", 4.440892098500626e-16, abs(traced.logPi - manual.logPi)),
      ("W1", 1.3877787807814457e-17, largest(traced.after.w1, manual.after.w1)),
      ("b1", 1.734723475976807e-18, largest(traced.after.b1, manual.after.b1)),
      ("W2", 4.336808689942018e-19, largest(traced.after.w2, manual.after.w2)),
      ("b2", 3.469446951953614e-18, largest(traced.after.b2, manual.after.b2)),
    ]
    print("\nmax|Δ|        ", column("document"), column("graph − by hand"), "  All close?")
    for (name, document, here) in pairs {
      print(padded(name), column("\(document)"), column("\(here)"), "  \(here <= 1e-10)")
    }
    let drawn = references.map { largest($0.document, $0.here) } + figures.map { abs($1 - $2) }
    print("\nlargest difference from the document:", drawn.max() ?? .nan)
  }

  static func largest(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).map { abs($0 - $1) }.max() ?? .nan
  }

  static func padded(_ text: String) -> String {
    text + String(repeating: " ", count: max(0, 14 - text.count))
  }

  static func column(_ text: String) -> String {
    String(repeating: " ", count: max(0, 24 - text.count)) + text
  }

  static func show(_ name: String, _ document: Double, _ here: Double) {
    print(padded(name), column("\(document)"), column("\(here)"), column("\(here - document)"))
  }
}

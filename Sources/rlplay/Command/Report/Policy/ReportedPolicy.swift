import Actor
import Foundation
import Learner
import Rollout

/// The policy of a run's best checkpoint, or of its last one without a best.
struct ReportedPolicy {
  /// The checkpoint's file.
  let url: URL
  let checkpoint: Checkpoint
  let player: TrainedPolicy
  let description: PolicyDescription
  /// The pictures of the weights, in HTML; a report that is renewed shows the same ones.
  private(set) var pictures: [String] = []

  /// Reads a checkpoint of a run.
  ///
  /// - Throws: `RecordError` if there is none; `CheckpointError`, `PolicyError` or an error of the
  ///   environment if it cannot be used.
  init(of directory: RunDirectory) throws {
    url = try RunDirectory.resolve(directory.path).checkpoint
    checkpoint = try Checkpoint.load(from: url)
    player = try TrainedPolicy(checkpoint)
    description = try player.describe()
    pictures = weights.map { Page.picture($0.picture, title: $0.name, caption: $0.caption) }
  }

  /// The entropy of even chances, in nats; nil if actions are not discrete or not known.
  var largestEntropy: Double? { player.spaces?.action.largestEntropy }

  // MARK: Weights

  /// The weight matrices in the order of the layers, after the paths through the policy's layers.
  private var weights: [WeightMatrix] {
    let all = layered.compactMap { WeightMatrix($0) }
    return (paths.map { [$0] } ?? []) + all
  }

  /// The parameters in the order of the layers.
  private var layered: [Checkpoint.NamedTensor] {
    guard let layers = description.layers else { return checkpoint.parameters }
    return layers.parameters.entries.compactMap { entry in
      checkpoint.parameters.first { $0.name == entry.name }
    }
  }

  /// The product of the sizes of the weights of the linear layers up to the policy's output.
  ///
  /// Nil if there are fewer than two such layers.
  private var paths: WeightMatrix? {
    guard let layers = description.layers else { return nil }
    let linear = layers.rows.filter { row in
      row.kind == "Linear" && !layers.valueParameters.contains(row.name + ".weight")
        && row.name != "stepno"
    }
    let matrices = linear.compactMap { row in
      checkpoint.parameters.first { $0.name == row.name + ".weight" }.flatMap { WeightMatrix($0) }
    }
    guard matrices.count > 1, var product = matrices.last else { return nil }
    var factorCount = 1
    for matrix in matrices.dropLast().reversed() where product.columnCount == matrix.rowCount {
      product = product.pathProduct(matrix)
      factorCount += 1
    }
    return factorCount > 1 ? product : nil
  }

  /// A figure for each of the first elements of the step number's embedding; empty without one.
  var stepEmbedding: [Figure] {
    guard let weight = checkpoint.parameters.first(where: { $0.name == "stepno.weight" }),
      weight.shape.count == 2
    else { return [] }
    let bits = weight.shape[1]
    return (0..<min(weight.shape[0], Mark.colorCount)).map { element in
      let row = weight.values[element * bits..<(element + 1) * bits].map(Double.init)
      let points = (0..<8192).map { step in
        // The input is the step number in binary, its lowest bit first.
        let sum = (0..<min(bits, 13)).reduce(0.0) { $0 + (step >> $1 & 1 == 1 ? row[$1] : 0) }
        return Point(x: Double(step), y: sum)
      }
      return Figure(
        name: "step-embedding-\(element + 1)",
        title: "Embedding of the step number, element \(element + 1)",
        x: Axis(label: "step number"), y: Axis(),
        marks: [
          Mark(
            name: "", shape: .line, color: element % Mark.colorCount, points: Curve.thinned(points))
        ])
    }
  }
}

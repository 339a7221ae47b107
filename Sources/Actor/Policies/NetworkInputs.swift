import Rollout

/// Parameter names with a prefix.
struct ParameterNames {
  /// The prefix of all names; `nil` for none.
  var root: String?

  subscript(name: String) -> String { root.map { "\($0).\(name)" } ?? name }
}

/// The features of a network: its inputs as columns of one matrix.
struct NetworkInputs {
  private let policy: NetworkPolicy
  private let state: TracedState
  private let names: ParameterNames
  private let graph: Graph

  init(_ policy: NetworkPolicy, _ state: TracedState, _ names: ParameterNames, in graph: Graph) {
    self.policy = policy
    self.state = state
    self.names = names
    self.graph = graph
  }

  /// Returns the features of each input, [rows, B, features], in declared order.
  func columns() throws(PolicyError) -> [Tensor] {
    var result: [Tensor] = []
    for input in policy.inputs {
      switch input {
      case .obs: result += try leaves(of: state.obs, state.spaces.observation, named: "obs")
      case .act: result += try leaves(of: state.act, state.spaces.action, named: "act")
      case .rew: result.append(column(state.rew))
      case .fin: result.append(column(state.fin))
      case .stepno:
        result.append(
          graph.linear(
            graph.oneHotBits(state.stepno), outputs: policy.embeddingWidth, name: names["stepno"],
            bias: false, weights: policy.initialization.weights(gain: 1)))
      }
    }
    guard result.contains(where: { $0.lastAxis > 0 }) else {
      throw PolicyError(
        "the network has no inputs with elements: name more inputs than \(policy.inputs)")
    }
    if policy.torso == .nature, !policy.inputs.contains(.obs) || !hasImage {
      throw PolicyError(
        """
        the torso nature is for images, but \(state.spaces.observation) has none: \
        use mlp, or an observation that is or has a Box of uint8 with two or three axes
        """)
    }
    if normalizes, !policy.inputs.contains(.obs) || !hasFloats {
      throw PolicyError(
        """
        observation-normalization is for a Box of float32 or float64, but no input is one: \
        the observation is \(state.spaces.observation), the inputs are \(policy.inputs)
        """)
    }
    return result
  }

  private var hasFloats: Bool {
    !NetworkNormalization.leaves(of: state.spaces.observation).isEmpty
  }

  private var normalizes: Bool { policy.normalization?.observations ?? false }

  private var hasImage: Bool {
    state.spaces.observation.parts.leaves.contains { ImageShape($0) != nil }
  }

  /// Returns one number per environment as a matrix of one column.
  private func column(_ numbers: Tensor) -> Tensor { numbers.reshaped(numbers.shape + [1]) }

  /// Returns a container's leaves as matrices, in declared order.
  private func leaves(
    of tensors: Nested<Tensor>, _ space: Space, named root: String
  ) throws(PolicyError) -> [Tensor] {
    var result: [Tensor] = []
    var choices: [(choice: Tensor, count: Int)] = []
    func add(_ choice: Tensor, count: Int, named path: String) {
      if policy.integers == .joint {
        choices.append((choice, count))
      } else {
        result.append(encoded(choice, count: count, named: path))
      }
    }
    for ((tensor, space), path) in zip(
      zip(tensors.leaves, space.parts.leaves), tensors.paths(below: root))
    {
      if path == "obs.\(EnvironmentSpaces.actionMaskName)" { continue }
      let leading = Array(tensor.shape.prefix(2))
      switch space {
      case .discrete(let count):
        add(tensor, count: count, named: path)
      case .multiDiscrete(let counts):
        for (choice, count) in counts.enumerated() {
          add(
            tensor.columns(choice..<choice + 1).reshaped(leading), count: count,
            named: "\(path).\(choice)")
        }
      default:
        if policy.torso == .nature, let image = ImageShape(space) {
          result.append(try convolved(tensor, image, space, named: path))
        } else {
          let flat = tensor.reshaped(leading + [tensor.shape.dropFirst(2).reduce(1, *)])
          if root == "obs", normalizes, space.isFloat {
            result.append(graph.normalized(flat, named: path))
          } else {
            result.append(space.isPixels ? (1 / 255) * flat : flat)
          }
        }
      }
    }
    if !choices.isEmpty { result.append(try joint(choices, named: root)) }
    return result
  }

  /// Returns a 1 at the combination of all choices, [rows, B, product of the counts].
  ///
  /// The last choice varies fastest, as in NumPy's `ravel_multi_index`.
  private func joint(
    _ choices: [(choice: Tensor, count: Int)], named root: String
  ) throws(PolicyError) -> Tensor {
    let last = choices[choices.count - 1]
    var result = graph.oneHot(last.choice, count: last.count)
    for (choice, count) in choices.dropLast().reversed() {
      let (product, overflows) = result.lastAxis.multipliedReportingOverflow(by: count)
      guard !overflows, product <= NetworkPolicy.largest.width else {
        throw PolicyError(
          """
          the choices in '\(root)' have more than \(NetworkPolicy.largest.width) combinations, \
          too many for joint: use one-hot, embedding or bits
          """)
      }
      // Repeat the longer vector, so that at most √product operands are concatenated.
      let places = graph.oneHot(choice, count: count)
      let swaps = count > result.lastAxis
      let (few, many) = swaps ? (result, places) : (places, result)
      let repeated = graph.concatenate(Array(repeating: many, count: few.lastAxis))
      let pairs = repeated.reshaped(few.shape + [many.lastAxis]) * few
      result = (swaps ? pairs.swappingLastAxes() : pairs).reshaped(choice.shape + [product])
    }
    return result
  }

  /// Encodes a choice among `count`, [rows, B], as numbers [rows, B, …].
  private func encoded(_ choice: Tensor, count: Int, named path: String) -> Tensor {
    switch policy.integers {
    case .embedding:
      graph.embedding(choice, count: count, width: policy.embeddingWidth, name: names[path])
    case .oneHot, .joint: graph.oneHot(choice, count: count)
    case .bits:
      graph.oneHotBits(choice, bits: max(1, Int.bitWidth - (count - 1).leadingZeroBitCount))
    }
  }

  /// Returns an image's features from the convolutions of DQN, flattened.
  ///
  /// The parameters are numbered as in PyTorch's `Sequential`, where activations count as layers.
  private func convolved(
    _ pixels: Tensor, _ image: ImageShape, _ space: Space, named path: String
  ) throws(PolicyError) -> Tensor {
    guard image.suitsConvolutions else {
      throw PolicyError(
        """
        the image '\(path)' is \(image.height) by \(image.width), but the torso nature needs \
        at least 36 by 36: use mlp, or a larger image
        """)
    }
    let leading = Array(pixels.shape.prefix(2))
    var x = space.isPixels ? (1 / 255) * pixels : pixels.numeric
    if image.channelsAreLast {
      x = x.reshaped(leading + [image.height * image.width, image.channels]).swappingLastAxes()
    }
    x = x.reshaped(leading + [image.channels, image.height, image.width])
    for (number, layer) in [(32, 8, 4), (64, 4, 2), (64, 3, 1)].enumerated() {
      x = graph.convolution(
        x, outputs: layer.0, kernel: layer.1, stride: layer.2, name: names["\(path).\(2 * number)"],
        activation: .relu, weights: policy.initialization.weights(gain: 2.0.squareRoot()))
    }
    return x.reshaped(leading + [x.shape.dropFirst(2).reduce(1, *)])
  }
}

/// The memory order of an image in a space's elements.
package struct ImageShape: Equatable {
  var channels: Int
  /// The number of rows of pixels.
  package var height: Int
  /// The number of pixels of a row.
  package var width: Int
  /// True if the channels of a pixel are adjacent in memory.
  var channelsAreLast: Bool

  /// Creates the shape of a Box of uint8 with two or three axes; `nil` for any other space.
  ///
  /// With three axes the channels come first, or last if the last axis is the smallest.
  package init?(_ space: Space) {
    guard case .box(let shape, _, _, .uint8) = space, (2...3).contains(shape.count) else {
      return nil
    }
    if shape.count == 2 {
      (channels, height, width, channelsAreLast) = (1, shape[0], shape[1], false)
    } else if shape[2] < min(shape[0], shape[1]) {
      (channels, height, width, channelsAreLast) = (shape[2], shape[0], shape[1], true)
    } else {
      (channels, height, width, channelsAreLast) = (shape[0], shape[1], shape[2], false)
    }
  }

  /// True if the convolutions of the torso `nature` have an output: at least 36 by 36 pixels.
  package var suitsConvolutions: Bool { height >= 36 && width >= 36 }
}

extension Space {
  /// True for elements from 0 to 255, which networks scale to 0 to 1.
  var isPixels: Bool {
    if case .box(_, 0, 255, .uint8) = self { true } else { false }
  }
}

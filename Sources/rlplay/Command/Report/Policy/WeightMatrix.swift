import Foundation
import Learner
import Rollout

/// A matrix of weights that a report shows as a picture, one pixel per weight.
struct WeightMatrix {
  let name: String
  let rowCount: Int
  let columnCount: Int
  /// The weights, row-major.
  let values: [Float]

  /// The largest number of pixels on a side; larger matrices are shown in part.
  private static let sideLimit = 512

  /// Creates a matrix of a checkpoint's parameter; nil if it is not a matrix.
  ///
  /// The last axes of a convolution, [in, height, width], are taken as one.
  init?(_ parameter: Checkpoint.NamedTensor) {
    guard parameter.shape.count >= 2, !parameter.values.isEmpty else { return nil }
    name = parameter.name
    rowCount = parameter.shape[0]
    columnCount = parameter.values.count / parameter.shape[0]
    values = parameter.values
  }

  private init(name: String, rowCount: Int, columnCount: Int, values: [Float]) {
    (self.name, self.values) = (name, values)
    (self.rowCount, self.columnCount) = (rowCount, columnCount)
  }

  /// Returns the product of the sizes of weights: |self| · |right|.
  ///
  /// - Precondition: there are as many columns as `right` has rows.
  func pathProduct(_ right: WeightMatrix) -> WeightMatrix {
    precondition(columnCount == right.rowCount, "\(columnCount) columns, \(right.rowCount) rows")
    var result = [Float](repeating: 0, count: rowCount * right.columnCount)
    for row in 0..<rowCount {
      for inner in 0..<columnCount {
        let weight = abs(values[row * columnCount + inner])
        for column in 0..<right.columnCount {
          result[row * right.columnCount + column] +=
            weight * abs(right.values[inner * right.columnCount + column])
        }
      }
    }
    return WeightMatrix(
      name: "|\(name)| · |\(right.name)|".replacing("||", with: "|"), rowCount: rowCount,
      columnCount: right.columnCount, values: result)
  }

  /// The picture as a GIF: blue for negative, light for zero, orange for positive weights.
  ///
  /// The longer side is horizontal.
  var picture: [UInt8] {
    let isTurned = rowCount > columnCount
    let (width, height) = isTurned ? (rowCount, columnCount) : (columnCount, rowCount)
    let shown = (width: min(width, Self.sideLimit), height: min(height, Self.sideLimit))
    let largest = max(values.reduce(0) { max($0, abs($1)) }, .leastNormalMagnitude)
    var pixels: [UInt8] = []
    pixels.reserveCapacity(shown.width * shown.height * 3)
    for row in 0..<shown.height {
      for column in 0..<shown.width {
        let place = isTurned ? column * columnCount + row : row * columnCount + column
        // Steps of 1/127 keep the picture within the 256 colors of a GIF.
        let share = (values[place] / largest * 127).rounded() / 127
        let color: (Float, Float, Float) = share < 0 ? (28, 92, 168) : (204, 88, 8)
        func channel(_ full: Float) -> UInt8 { UInt8(246 + (full - 246) * abs(share)) }
        pixels += [channel(color.0), channel(color.1), channel(color.2)]
      }
    }
    var animation = AnimatedGIF(width: shown.width, height: shown.height)
    animation.append(
      Picture(width: shown.width, height: shown.height, pixels: pixels), centiseconds: 1)
    return animation.encoded
  }

  /// The size and the range of the weights in one sentence.
  var caption: String {
    let (low, high) = (values.min() ?? 0, values.max() ?? 0)
    let isTurned = rowCount > columnCount
    let sides = isTurned ? "a column for each output" : "a row for each output"
    let isWhole = max(rowCount, columnCount) <= Self.sideLimit
    return "\(rowCount) × \(columnCount), \(sides), \(NumberText.significant(Double(low))) to "
      + "\(NumberText.significant(Double(high))); blue is negative, orange positive."
      + (isWhole ? "" : " The first \(Self.sideLimit) of a side are shown.")
  }
}

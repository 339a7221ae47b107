import Foundation
import Rollout
import Testing

/// Tests of values of a space given as JSON.
struct SpaceNumbersTests {
  private let space: Space = .dict([
    SpaceField("mode", .discrete(3)),
    SpaceField("image", .box(shape: [2, 3], low: 0, high: 255, elementType: .uint8)),
    SpaceField("both", .tuple([.multiBinary(2), .box(shape: [], low: -1, high: 1)])),
  ])

  private func read(_ text: String) throws -> Nested<[Double]> {
    try space.numbers(from: JSONReader.value(of: Data(text.utf8)), as: "--obs")
  }

  @Test func `an object is read by names and written back`() throws {
    let text = #"{"mode":2,"image":[[1,2,3],[4,5,6]],"both":[[0,1],0.5]}"#
    let numbers = try read(text)
    #expect(numbers.leaves == [[2], [1, 2, 3, 4, 5, 6], [0, 1], [0.5]])
    #expect(space.json(of: numbers).text == text)
    let flat = #"{"both":[[false,true],0.5],"image":[1,2,3,4,5,6],"mode":2}"#
    #expect(try read(flat) == numbers)
  }

  @Test(arguments: [
    (#"{"mode":2,"image":[1,2,3,4,5,6]}"#, "--obs lacks the part 'both' of Dict("),
    (#"{"mode":2,"size":1}"#, "--obs has the part 'size', but Dict("),
    (#"[1,2]"#, "--obs is [1,2], where Dict("),
    (#"{"mode":null,"image":[],"both":[]}"#, "--obs.mode is null, but Discrete(3) takes a number"),
    (#"{"mode":1,"image":[[1,2],[3,4],[5,6]],"both":[]}"#, "--obs.image is [[1,2],[3,4],[5,6]],"),
    (#"{"mode":1,"image":[1,2,3,4,5,6],"both":[[0,1]]}"#, "--obs.both is [[0,1]], where Tuple("),
  ])
  func `a value in another structure is refused`(text: String, message: String) {
    let error = #expect(throws: SpaceMismatch.self) { try read(text) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }

  @Test func `numbers come back from a fragment`() throws {
    let contents = FragmentContents(
      spaces: EnvironmentSpaces(observation: space, action: .discrete(2)), reaction: .empty)
    let storage = FragmentStorage(
      FragmentLayout(stepCount: 0, environmentCount: 2, contents: contents))
    let leaves = LeafRow(storage.view, storage.layout.obsPlaces, row: 0, environment: 1)
    let numbers = try read(#"{"mode":2,"image":[1,2,3,4,5,255],"both":[[0,1],-0.5]}"#)
    try space.store(numbers, in: leaves, as: "it")
    #expect(space.numbers(in: leaves) == numbers)
    let other = LeafRow(storage.view, storage.layout.obsPlaces, row: 0, environment: 0)
    #expect(space.numbers(in: other).leaves.allSatisfy { $0.allSatisfy { $0 == 0 } })
  }
}

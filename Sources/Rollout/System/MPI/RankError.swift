/// An error of the connection between ranks; its description is a sentence without a period.
package struct RankError: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}

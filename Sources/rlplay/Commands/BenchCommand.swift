/// `rlplay bench`.
enum BenchCommand {
  static func run(_ options: BenchOptions) throws -> Int32 { 0 }
}

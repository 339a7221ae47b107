/// The names of wrappers and settings that release 0.1 spelled in British English.
package enum FormerSpelling {
  /// Returns a name in today's spelling: `gray-scale` for `grey-scale`.
  package static func current(_ name: String) -> String {
    var name = name
    for (former, current) in [("isation", "ization"), ("grey-", "gray-")] {
      guard let start = name.utf8.firstRange(of: former.utf8) else { continue }
      name.replaceSubrange(start, with: current)
    }
    return name
  }
}

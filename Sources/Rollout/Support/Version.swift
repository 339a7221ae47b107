/// The release version, printed by `--version` and recorded by runs.
package let releaseVersion = "0.2.0"

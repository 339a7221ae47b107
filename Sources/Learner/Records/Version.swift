/// The release, as `--version` prints it and runs record it.
package let releaseVersion = "0.1.0"

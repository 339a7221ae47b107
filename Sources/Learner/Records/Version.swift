/// The version of this release, as `rlplay --version` shows it.
let releaseVersion = "0.1.0"

import Rollout

// The options of environments, the same for every command that has them.
extension Setting {
  /// Returns the option `--env-args`.
  package static func environmentArguments(
    _ field: any WritableKeyPath<Configuration, String> & Sendable, in group: SettingGroup
  ) -> Setting {
    Setting(
      "env-args", "NAME=VALUE,...|none", field, .text(orWord: "none"), in: group,
      "Values of the environment's parameters; '\(ProgramName.shown) envs' lists these too. For a "
        + "Gymnasium environment, keyword arguments of make: continuous=true, sizes=[3,5].")
  }

  /// Returns the option `--max-episode-steps`.
  package static func episodeLimit(
    _ field: any WritableKeyPath<Configuration, EpisodeLimit> & Sendable, in group: SettingGroup
  ) -> Setting {
    Setting(
      "max-episode-steps", "default|none|N", field, .episodeLimit, in: group,
      "Truncate episodes at the environment's own limit, never, or after N steps.")
  }

  /// Returns the option `--python`.
  package static func python(
    _ field: any WritableKeyPath<Configuration, String> & Sendable, in group: SettingGroup
  ) -> Setting {
    Setting(
      "python", "PATH", field, .text, in: group,
      "Python interpreter that has Gymnasium or MuJoCo, for gym:ID and mujoco:ID.")
  }

  /// Returns the option `--info`.
  package static func information(
    _ field: any WritableKeyPath<Configuration, [String]> & Sendable, in group: SettingGroup
  ) -> Setting {
    Setting(
      "info", "NAME,...|none", field, .names(orWord: "none"), in: group,
      "Numbers in the info of a Gymnasium environment to record, such as is_success; those in a "
        + "dict within it are named reward.forward.")
  }

  /// Returns the option `--gym-wrap`, which may be given several times.
  package static func gymnasiumWrappers(
    _ field: any WritableKeyPath<Configuration, [String]> & Sendable, in group: SettingGroup
  ) -> Setting {
    Setting(
      "gym-wrap", "MODULE.CLASS[:NAME=VALUE,...]", field, .pythonCalls(orWord: "none"),
      repeats: true, in: group,
      "Wrapper in Python around a Gymnasium environment, such as "
        + "gymnasium.wrappers.AtariPreprocessing:frame_skip=4 or my_module:Wrapper; the first "
        + "of several is the innermost, and all are inside those of --wrap.")
  }

  /// Returns the option `--action-bounds`.
  package static func actionBounds(
    _ field: any WritableKeyPath<Configuration, ActionBounds> & Sendable, in group: SettingGroup
  ) -> Setting {
    Setting(
      "action-bounds", "scale|clip", field, .choice, in: group,
      "For actions of a Box with finite bounds: scale the range from -1 to 1 to the bounds, or "
        + "leave actions unscaled. Both clip actions to the bounds.")
  }

  /// Returns the option `--hang-timeout`.
  ///
  /// - Parameter consequence: the beginning of the help sentence: the action after a timeout.
  package static func hangTimeout(
    _ field: any WritableKeyPath<Configuration, Double?> & Sendable, in group: SettingGroup,
    _ consequence: String
  ) -> Setting {
    Setting(
      "hang-timeout", "SECONDS|none", field, .optional(.number, orWord: "none"), in: group,
      consequence + " if creating, resetting or stepping one environment takes longer.")
  }

  /// Returns the option `--close-timeout`.
  package static func closeTimeout(
    _ field: any WritableKeyPath<Configuration, Double?> & Sendable, in group: SettingGroup
  ) -> Setting {
    Setting(
      "close-timeout", "SECONDS|none", field, .optional(.number, orWord: "none"), in: group,
      "Kill an environment that takes longer to close.")
  }

  /// Returns the option `--wrap`, which may be given several times.
  package static func wrappers(
    _ field: any WritableKeyPath<Configuration, [Wrapper]> & Sendable, in group: SettingGroup
  ) -> Setting {
    Setting(
      "wrap", "NAME[=ARG]", field, .wrappers, repeats: true, in: group,
      "Wrapper around the environment; the first of several is the innermost. "
        + "'\(ProgramName.shown) envs' lists them.")
  }
}

extension ConfigurationError {
  /// Refuses timeouts that are out of range: 1 to 1e9 seconds for `hang`, 0 to 1e9 for `close`.
  package static func checkTimeouts(hang: Double?, close: Double?) throws(ConfigurationError) {
    if let hang, !(1...1e9).contains(hang) {
      throw ConfigurationError(
        "--hang-timeout \(NumberText.significant(hang)) is out of range: use at least 1 second, "
          + "or none to wait forever.",
        option: "hang-timeout")
    }
    if let close, !(0...1e9).contains(close) {
      throw ConfigurationError(
        "--close-timeout \(NumberText.significant(close)) is out of range: use at least 0 seconds, "
          + "or none to wait forever.",
        option: "close-timeout")
    }
  }
}

import Rollout

// The options that say how an environment is played: alike for every command that has them.
extension Setting {
  /// `--env-args`.
  package static func environmentArguments(
    _ field: any WritableKeyPath<Configuration, String> & Sendable, in group: SettingGroup
  ) -> Setting {
    Setting(
      "env-args", "NAME=VALUE,...|none", field, .text(orWord: "none"), in: group,
      "Values of the environment's parameters; 'rlplay envs' lists these too.")
  }

  /// `--max-episode-steps`.
  package static func episodeLimit(
    _ field: any WritableKeyPath<Configuration, EpisodeLimit> & Sendable, in group: SettingGroup
  ) -> Setting {
    Setting(
      "max-episode-steps", "default|none|N", field, .episodeLimit, in: group,
      "Cut episodes off at the environment's own limit, never, or after N steps.")
  }

  /// `--python`.
  package static func python(
    _ field: any WritableKeyPath<Configuration, String> & Sendable, in group: SettingGroup
  ) -> Setting {
    Setting(
      "python", "PATH", field, .text, in: group,
      "The Python that plays Gymnasium's environments, which are named gym:ID.")
  }

  /// `--wrap`, which may be given several times.
  package static func wrappers(
    _ field: any WritableKeyPath<Configuration, [Wrapper]> & Sendable, in group: SettingGroup
  ) -> Setting {
    Setting(
      "wrap", "NAME[=ARG]", field, .wrappers, repeats: true, in: group,
      "A wrapper around the environment; of several the first is the innermost. 'rlplay envs' "
        + "lists them.")
  }
}

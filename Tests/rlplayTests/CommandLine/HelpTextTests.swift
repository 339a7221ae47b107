import Testing

@testable import RolloutCommand

struct HelpTextTests {
  func screen(_ arguments: String...) throws -> String {
    (try Program.parse(arguments).work as? Screen)?.text ?? "no help screen"
  }

  @Test func `the overview lists the commands`() throws {
    let expected = """
      A multi-process rollout engine for reinforcement learning.

      Usage: rlplay COMMAND [options]

      Commands:
        train       Train a policy on experience that worker processes collect.
        evaluate    Play episodes with a trained policy and report the returns.
        describe    Show the settings and layers of a trained policy.
        ask         Ask a trained policy about one observation: action, probabilities,
                    value.
        export      Write a trained policy for other programs, as an ONNX model or a C
                    header.
        runs        List the runs, the newest first, with their states and results.
        report      Draw figures of runs as one HTML file.
        bench       Measure this machine: environments, collection, training, kernels.
        envs        List the environments to train on, and the wrappers.
        check-env   Check an environment for mistakes by playing it at random.

      Options:
        --version   Show the version.
        --help      Show this help.

      Start with 'rlplay train'. See 'rlplay COMMAND --help' for a command's options.
      """
    #expect(try screen("--help") == expected)
  }

  @Test func `train shows every option in its group with its default`() throws {
    let expected = """
      Train a policy on experience that worker processes collect.

      Usage: rlplay train [options]

      Environment:
        --env NAME                Environment to train on; 'rlplay envs' lists them.
                                  (default: CartPole-v1)
        --env-args NAME=VALUE,...|none
                                  Values of the environment's parameters; 'rlplay
                                  envs' lists these too. For a Gymnasium environment,
                                  keyword arguments of make: continuous=true,
                                  sizes=[3,5]. (default: none)
        --max-episode-steps default|none|N
                                  Truncate episodes at the environment's own limit,
                                  never, or after N steps. (default: default)
        --python PATH             Python interpreter that has Gymnasium or MuJoCo, for
                                  gym:ID and mujoco:ID. (default: python3)
        --info NAME,...|none      Numbers in the info of a Gymnasium environment to
                                  record, such as is_success; those in a dict within
                                  it are named reward.forward. (default: none)
        --gym-wrap MODULE.CLASS[:NAME=VALUE,...]
                                  Wrapper in Python around a Gymnasium environment,
                                  such as
                                  gymnasium.wrappers.AtariPreprocessing:frame_skip=4
                                  or my_module:Wrapper; the first of several is the
                                  innermost, and all are inside those of --wrap.
                                  (default: none)
        --wrap NAME[=ARG]         Wrapper around the environment; the first of several
                                  is the innermost. 'rlplay envs' lists them.
                                  (default: none)
        --action-bounds scale|clip
                                  For actions of a Box with finite bounds: scale the
                                  range from -1 to 1 to the bounds, or leave actions
                                  unscaled. Both clip actions to the bounds.
                                  (default: scale)

      Collection:
        --collector same|single|multi
                                  Collect in this process, in one worker process, or
                                  in many. (default: multi)
        --actors N                Worker processes, for --collector multi.
                                  (default: 16)
        --envs-per-actor N        Environments per worker, stepped as one batch.
                                  (default: 8)
        --fragment-steps N        Steps of each environment in one fragment.
                                  (default: 25)
        --buffers N               Fragment buffers in shared memory, for --collector
                                  multi. (default: 24)
        --fragments-per-batch N   Fragments in a training batch. (default: 2)
        --[no-]deterministic      Take fragments in worker order with a fixed lag: the
                                  same seed gives the same weights bit for bit.
                                  (default: off)
        --lag N|auto              Policy lag in updates, if it is fixed (same, single,
                                  --deterministic); auto is 0 for same, 1 for single,
                                  actors / fragments per batch for multi, but at most
                                  --max-lag. (default: auto)
        --max-lag N|none          Largest policy lag in updates: workers wait, and
                                  fragments with a larger lag are dropped.
                                  (default: none)
        --[no-]sticky             Keep an environment at its reset state after its
                                  episode until the fragment ends. (default: off)
        --hang-timeout SECONDS|none
                                  Kill and replace a worker if creating, resetting or
                                  stepping one environment takes longer. (default: 60)
        --close-timeout SECONDS|none
                                  Kill an environment that takes longer to close.
                                  (default: 10)

      Network:
        --inputs NAME,...         Inputs of the network in the given order: some of
                                  obs, act, rew, fin, stepno. (default: obs,act)
        --integer-inputs embedding|one-hot|bits|joint
                                  Encoding of discrete inputs: a learned embedding, a
                                  one-hot vector, the bits of the number, or a one-hot
                                  vector of all combinations of the choices.
                                  (default: embedding)
        --embedding-size N        Size of the embedding of a discrete input, and of
                                  stepno. (default: 4)
        --torso mlp|nature        Layers before the hidden ones: none (mlp), or the
                                  convolutions of DQN for images (nature).
                                  (default: mlp)
        --hidden N,...|none|auto  Units of each hidden layer, first to last; auto is
                                  32 with mlp and 512 with nature. (default: auto)
        --activation relu|elu|tanh|silu|gelu|identity
                                  Activation function of each hidden layer.
                                  (default: tanh)
        --recurrent none|lstm|gru
                                  Recurrent core after the hidden layers; with sac and
                                  td3 before the last of them. (default: none)
        --recurrent-size N        Units of each recurrent layer. (default: 64)
        --recurrent-layers N      Number of stacked recurrent layers. (default: 1)
        --shared-torso, --separate-torsos
                                  Share a torso between policy and value heads, or
                                  give each its own. (default: separate-torsos)
        --init pytorch|orthogonal
                                  Initial weights: PyTorch's default for each layer,
                                  or orthogonal with the gains of PPO.
                                  (default: pytorch)
        --initial-deviation X     Standard deviation of the actions of a Box before
                                  anything is learned. (default: 1)

      Learning:
        --algorithm reinforce|a2c|ppo|vtrace|appo|dqn|sac|td3
                                  Learning algorithm; it sets the defaults of other
                                  options. (default: reinforce)
        --gamma X                 Discount factor of future rewards. (default: 0.98)
        --entropy-cost X|SCHEDULE
                                  Weight of the entropy bonus in the loss: a number or
                                  a schedule, as for --learning-rate.
                                  (default: exponential:0.1:0.001)
        --baseline none|mean|value
                                  Baseline subtracted from returns: none, their mean
                                  over the batch at each step, or the network's value
                                  estimate. (default: value)
        --value-cost X            Weight of the squared value error in the loss, if a
                                  value is learned. (default: 0.5)
        --bootstrap actor|learner
                                  Source of the value estimate of the state after a
                                  fragment: the actor that collected it, or the
                                  learner with its newer weights. (default: actor)
        --lambda X                Decay of advantage estimates, from 0 (one-step
                                  errors) to 1 (full returns). (default: 1)
        --[no-]normalize-advantages
                                  Normalize advantages, or REINFORCE's returns, to
                                  mean 0 and standard deviation 1. (default: off)
        --normalize-over minibatch|batch
                                  Steps whose mean and deviation normalize advantages:
                                  those of each minibatch, or those of the batch
                                  before the first pass. (default: minibatch)
        --[no-]normalize-returns  A2C from whole episodes: their returns, normalized
                                  within each episode, are the targets of the value
                                  and, minus it, the advantages; with --sticky.
                                  (default: off)
        --rho-clip X              Upper limit of importance weights; inf for none.
                                  (default: 1)
        --trace-clip X            Upper limit of the weights that carry V-trace's
                                  errors back; inf for none. (default: 1)
        --clip X|SCHEDULE         Distance of PPO's probability ratio from 1 at which
                                  the objective is clipped: a number or a schedule, as
                                  for --learning-rate. (default: 0.2)
        --value-clip X            Limit on the change of PPO's value estimate from the
                                  recorded one; inf for none. (default: inf)
        --epochs N                Passes over each batch. (default: 1)
        --minibatches N           Minibatches per pass. (default: 1)
        --minibatch-size N|auto   Environment steps of a minibatch, in place of
                                  --minibatches; a pass leaves out the steps that fill
                                  none. (default: auto)
        --minibatch-of environments|steps
                                  Parts of a batch that minibatches are drawn from:
                                  environments over all steps of a fragment, or single
                                  steps, with advantages made once before the first
                                  pass. (default: environments)
        --target-kl X             Skip the rest of a batch once the policy's KL
                                  divergence from the behavior policy exceeds 1.5
                                  times this value; inf for never. (default: inf)
        --epsilon X|SCHEDULE      Probability of a random action in Q-learning: a
                                  number or a schedule, as for --learning-rate.
                                  (default: linear:1:0.05:10000)
        --[no-]double-q           Double Q-learning: select actions by the trained
                                  network, evaluate them by the target one.
                                  (default: on)
        --[no-]dueling            Q-learning's network has two streams: the value of a
                                  state, and the advantages of its actions.
                                  (default: off)
        --replay-steps N          Environment steps that the replay buffer holds.
                                  (default: 50000)
        --replay-batch N          Environment steps that one update samples from the
                                  replay buffer, in whole fragments of an environment.
                                  (default: 400)
        --replay-priority X       Exponent of temporal-difference errors as priorities
                                  of the replay buffer: 0 draws uniformly, 1 in
                                  proportion. (default: 0)
        --replay-correction X|SCHEDULE
                                  Exponent of the importance weights that correct for
                                  --replay-priority: a number or a schedule, as for
                                  --learning-rate. (default: linear:0.4:1)
        --learning-starts N       Environment steps before the first update from the
                                  replay buffer; sac and td3 act at random until then.
                                  (default: 1000)
        --updates-per-batch N     Updates of Q-learning after each collected batch.
                                  (default: 1)
        --updates-per-step X      Updates of sac and td3 for each environment step
                                  after --learning-starts. (default: 1)
        --multi-step N            Rewards in a target of replay before the value of
                                  the state that follows; fewer at the end of a
                                  fragment. (default: 1)
        --target-every N          Updates between those of Q-learning's target
                                  network. (default: 100)
        --tau X                   Fraction of its distance to the trained network that
                                  a target network moves; 1 copies. (default: 1)
        --temperature X           Weight of entropy beside return in sac, at first.
                                  (default: 1)
        --[no-]learn-temperature  Learn the temperature of sac, so that the mean
                                  entropy stays at the target. (default: on)
        --target-entropy X|auto   Mean entropy that the temperature is learned for:
                                  for a Box in nats, auto is -1 per element; for n
                                  actions as a fraction of log n, auto is 0.98.
                                  (default: auto)
        --policy-delay N          Updates of td3's critics between those of its actor
                                  and target networks. (default: 2)
        --exploration-noise X|SCHEDULE
                                  Deviation of the noise in td3's actions, in half
                                  ranges: a number or a schedule, as for
                                  --learning-rate. (default: 0.1)
        --target-noise X          Deviation of the noise of actions in td3's targets,
                                  in half ranges. (default: 0.2)
        --target-noise-clip X     Largest noise of an action in td3's targets, in half
                                  ranges. (default: 0.5)
        --optimizer adam|adamw|sgd|rmsprop
                                  Optimizer that applies the gradients.
                                  (default: adam)
        --adam-epsilon X          Number added to the root in Adam's quotient, for
                                  adam and adamw. (default: 1e-08)
        --rmsprop-epsilon X       Number added to the root in RMSProp's quotient, for
                                  rmsprop. (default: 1e-08)
        --momentum X              Fraction of each step that is added to the next one,
                                  for sgd and rmsprop. (default: 0)
        --weight-decay X          Fraction of each weight that a step removes at a
                                  learning rate of 1, for adamw. (default: 0.01)
        --learning-rate X|SCHEDULE
                                  The optimizer's step size: a number, or linear:A:B,
                                  cosine:A:B or exponential:A:B, from A to B over the
                                  run, or over N steps with :N appended.
                                  (default: exponential:0.004:0.0001)
        --value-learning-rate X|same
                                  Learning rate of parameters that affect only the
                                  value estimate, at the peak of --learning-rate.
                                  (default: 0.01)
        --max-grad-norm X         Norm to which larger gradients are clipped; inf for
                                  no limit. (default: 0.5)

      Run:
        --steps N                 Environment steps to train for, over all
                                  environments; the last batch may exceed them by less
                                  than its own steps. (default: 4000000)
        --until-return R|none     Stop as soon as an evaluation's mean return reaches
                                  R and further episodes confirm it. (default: none)
        --seed N|random           Seed of all random streams; random draws one and
                                  prints it. (default: random)
        --run-dir DIR|auto        Directory for the run's files; auto names one under
                                  runs/. (default: auto)
        --eval-every N|Ns|Nu      Interval between evaluations: N environment steps, N
                                  seconds, or N updates; 0 for none. (default: 25000)
        --eval-workers N|auto     Processes that evaluate while training goes on; with
                                  0 training waits for evaluations. auto is 1, but 0
                                  with --deterministic, --collector same, or one
                                  processor. (default: auto)
        --eval-episodes N         Episodes per evaluation. (default: 20)
        --eval-sample, --eval-greedy
                                  Sample actions in evaluations, as in training, or
                                  take the most likely one. (default: eval-greedy)
        --eval-env-args NAME=VALUE,...|default
                                  Values of the environment's parameters in
                                  evaluations; by default those of training.
                                  (default: default)
        --eval-episode-steps default|none|N
                                  Truncate episodes of evaluations as in training,
                                  never, or after N steps. (default: default)
        --learner-threads N|auto  Threads that compute large updates, with the same
                                  bytes for any number; auto is one for each
                                  processor, at most 8, while they are faster than one
                                  alone. (default: auto)
        --save-every N|auto       Environment steps between saves, from which --resume
                                  continues; 0 saves only at the end, auto so often
                                  that saving takes 1 % of the time. (default: auto)
        --keep-checkpoints N      Saved checkpoints to keep besides the last and the
                                  best. (default: 0)
        --log NAME,...|none       Files of metrics in the run's directory: some of
                                  jsonl, csv, tensorboard.
                                  (default: jsonl,csv,tensorboard)
        --log-every N|Nu|Ns       Interval between records of metrics: N updates, or N
                                  seconds. (default: 0.1s)
        --[no-]log-gradients      Record the norm of the gradient of each layer.
                                  (default: off)
        --seeds N..M|N,...        Train a run with each of these seeds, side by side,
                                  and show median and quartiles of their results.
        --sweep NAME=V,...        Train a run with each of these values of an option;
                                  several give all combinations.
        --jobs N                  Runs of --seeds and --sweep that are active at once;
                                  by default as many as there are processors for their
                                  learners and workers.
        --config FILE             Read options from a JSON file; those on the command
                                  line override it.
        --resume [RUN]            Resume a run from its last save, in its directory;
                                  the newest run under runs/ if none is named. Only
                                  options that do not affect learning may be changed.
        --trust                   With --resume: start Python with the environment
                                  that the run names: its code can do all that you
                                  can. --env NAME has the same effect.
        --ranks auto|off          auto: the processes that mpirun or srun starts train
                                  one policy together; off: each trains its own.
                                  (default: auto)

      Output:
        --quiet                   Show no progress, only the result and problems.
        --dashboard               Show progress on the whole terminal: speed, workers,
                                  returns, losses, messages.
        --json                    End standard output with one JSON object that holds
                                  the result.
        --stop-with-input         Stop as after SIGTERM when the pipe of standard
                                  input is closed, as at the death of the program that
                                  started this one.
        --help                    Show this help.
      """
    #expect(try screen("train", "--help") == expected)
  }

  @Test func `evaluate shows its argument and its options`() throws {
    let expected = """
      Play episodes with a trained policy and report the returns.

      Usage: rlplay evaluate [RUN|CHECKPOINT] [options]

      Arguments:
        RUN|CHECKPOINT            A run's directory or a checkpoint file; the newest
                                  run under runs/ if none is named.

      Options:
        --episodes N              Episodes to play; 1 by default with --render or
                                  --video. (default: 100)
        --greedy                  Play the most likely action; this is the default.
        --sample                  Play actions sampled from the policy, as in
                                  training.
        --seed N|random           Seed of all random streams; random draws one and
                                  prints it. (default: random)
        --env NAME|default        Environment to play, with the same spaces as in
                                  training; by default the checkpoint's.
                                  (default: default)
        --trust                   Start Python with the environment that the
                                  checkpoint names: its code can do all that you can.
        --env-args NAME=VALUE,...|default
                                  Values of the environment's parameters; by default
                                  those of training. (default: default)
        --gym-wrap MODULE.CLASS[:NAME=VALUE,...]
                                  Wrapper in Python around a Gymnasium environment, in
                                  place of all of training's; the first of several is
                                  the innermost. none leaves them out; default keeps
                                  them. (default: default)
        --max-episode-steps default|none|N
                                  Truncate episodes at the environment's own limit,
                                  never, or after N steps. (default: default)
        --python PATH             Python interpreter that has Gymnasium or MuJoCo, for
                                  gym:ID and mujoco:ID. (default: python3)
        --hang-timeout SECONDS|none
                                  End with an error if creating, resetting or stepping
                                  one environment takes longer. (default: 60)
        --close-timeout SECONDS|none
                                  Kill an environment that takes longer to close.
                                  (default: 10)
        --render                  Show episodes in the terminal while they are played.
        --video FILE              Record episodes as an animated .gif, or as an .mp4
                                  if ffmpeg is installed. (default: none)
        --json                    End standard output with one JSON object that holds
                                  the result.
        --help                    Show this help.
      """
    #expect(try screen("evaluate", "--help") == expected)
  }

  @Test func `describe shows its argument and its options`() throws {
    let expected = """
      Show the settings and layers of a trained policy.

      Usage: rlplay describe [RUN|CHECKPOINT] [options]

      Arguments:
        RUN|CHECKPOINT            A run's directory or a checkpoint file; the newest
                                  run under runs/ if none is named.

      Options:
        --states                  Show the action, the probabilities and the value in
                                  each state of a Discrete space.
        --json                    End standard output with one JSON object that holds
                                  the description.
        --help                    Show this help.
      """
    #expect(try screen("describe", "--help") == expected)
  }

  @Test func `bench shows its options`() throws {
    let expected = """
      Measure this machine: environments, collection, training, kernels.

      Usage: rlplay bench [options]

      Options:
        --seconds S               Seconds for each measurement. (default: 1)
        --only NAME,...           Measurements to run, by name. (default: all)
        --env NAME                Measure an environment instead, with random actions
                                  in one process.
        --env-args NAME=VALUE,...|none
                                  Values of the environment's parameters; 'rlplay
                                  envs' lists these too. For a Gymnasium environment,
                                  keyword arguments of make: continuous=true,
                                  sizes=[3,5]. (default: none)
        --max-episode-steps default|none|N
                                  Truncate episodes at the environment's own limit,
                                  never, or after N steps. (default: default)
        --python PATH             Python interpreter that has Gymnasium or MuJoCo, for
                                  gym:ID and mujoco:ID. (default: python3)
        --gym-wrap MODULE.CLASS[:NAME=VALUE,...]
                                  Wrapper in Python around a Gymnasium environment,
                                  such as
                                  gymnasium.wrappers.AtariPreprocessing:frame_skip=4
                                  or my_module:Wrapper; the first of several is the
                                  innermost, and all are inside those of --wrap.
                                  (default: none)
        --wrap NAME[=ARG]         Wrapper around the environment; the first of several
                                  is the innermost. 'rlplay envs' lists them.
                                  (default: none)
        --envs-per-actor N        Environments in the batch, with --env. (default: 8)
        --rounds N                Rounds of all measurements; a figure is the median
                                  of its rounds. (default: 1)
        --compare FILE|none       Compare the figures with those of a file that --json
                                  wrote; exit code 1 if one is slower beyond its
                                  noise. (default: none)
        --json                    End standard output with one JSON object that holds
                                  the figures.
        --help                    Show this help.
      """
    #expect(try screen("bench", "--help") == expected)
  }

  @Test func `check-env shows the argument that it needs and its options`() throws {
    let expected = """
      Check an environment for mistakes by playing it at random.

      Usage: rlplay check-env ID [options]

      Arguments:
        ID                        Environment to check; 'rlplay envs' lists them.

      Options:
        --env-args NAME=VALUE,...|none
                                  Values of the environment's parameters; 'rlplay
                                  envs' lists these too. For a Gymnasium environment,
                                  keyword arguments of make: continuous=true,
                                  sizes=[3,5]. (default: none)
        --max-episode-steps default|none|N
                                  Truncate episodes at the environment's own limit,
                                  never, or after N steps. (default: default)
        --python PATH             Python interpreter that has Gymnasium or MuJoCo, for
                                  gym:ID and mujoco:ID. (default: python3)
        --info NAME,...|none      Numbers in the info of a Gymnasium environment to
                                  record, such as is_success; those in a dict within
                                  it are named reward.forward. (default: none)
        --gym-wrap MODULE.CLASS[:NAME=VALUE,...]
                                  Wrapper in Python around a Gymnasium environment,
                                  such as
                                  gymnasium.wrappers.AtariPreprocessing:frame_skip=4
                                  or my_module:Wrapper; the first of several is the
                                  innermost, and all are inside those of --wrap.
                                  (default: none)
        --wrap NAME[=ARG]         Wrapper around the environment; the first of several
                                  is the innermost. 'rlplay envs' lists them.
                                  (default: none)
        --hang-timeout SECONDS|none
                                  End with an error if creating, resetting or stepping
                                  one environment takes longer. (default: 60)
        --close-timeout SECONDS|none
                                  Kill an environment that takes longer to close.
                                  (default: 10)
        --steps N                 Steps of each of two environments. (default: 1000)
        --seed N                  Seed of all random streams. (default: 0)
        --json                    End standard output with one JSON object that holds
                                  the findings.
        --help                    Show this help.
      """
    #expect(try screen("check-env", "--help") == expected)
  }

  @Test func `report takes several runs`() throws {
    let expected = """
      Draw figures of runs as one HTML file.

      Usage: rlplay report [RUN ...] [options]

      Arguments:
        RUN                       Runs, or directories of runs; the newest run under
                                  runs/ if none is named.

      Options:
        --output FILE             File to write; auto is report.html in the run's
                                  directory, or in that of several runs.
                                  (default: auto)
        --follow                  Renew the report every two seconds until the runs
                                  have ended.
        --csv DIR                 Also write the data of each figure as a file of
                                  comma-separated values. (default: none)
        --svg DIR                 Also write each figure as an SVG file.
                                  (default: none)
        --axis steps|time         Horizontal axis of the files of --csv and --svg; the
                                  page has both. (default: steps)
        --[no-]episode            Play an episode with the best weights, and show what
                                  the policy does. (default: on)
        --seed N                  Seed of the episode. (default: 1)
        --trust                   Start Python with the environment that the run
                                  names: its code can do all that you can.
        --python PATH             Python interpreter that has Gymnasium or MuJoCo, for
                                  gym:ID and mujoco:ID. (default: python3)
        --help                    Show this help.
      """
    #expect(try screen("report", "--help") == expected)
  }

  @Test func `export shows its options`() throws {
    let expected = """
      Write a trained policy for other programs, as an ONNX model or a C header.

      Usage: rlplay export [RUN|CHECKPOINT] [options]

      Arguments:
        RUN|CHECKPOINT            A run's directory or a checkpoint file; the newest
                                  run under runs/ if none is named.

      Options:
        --onnx FILE               Write the policy as an ONNX model: one step of any
                                  number of environments. (default: none)
        --header FILE             Write the policy as a C header without dependencies:
                                  one step of one environment. (default: none)
        --help                    Show this help.
      """
    #expect(try screen("export", "--help") == expected)
  }

  @Test func `help is asked for in every usual way`() throws {
    let overview = try screen("--help")
    #expect(try screen() == overview)
    #expect(try screen("-h") == overview)
    #expect(try screen("help") == overview)
    let train = try screen("train", "--help")
    #expect(try screen("help", "train") == train)
    #expect(try screen("--help", "train") == train)
    #expect(try screen("train", "-h") == train)
    // A request for help is answered despite errors in the rest of the line.
    #expect(try screen("train", "--actors", "x", "--nonsense", "--help") == train)
  }

  @Test func `beside an algorithm its own defaults are shown`() throws {
    let ppo = try screen("train", "--algorithm", "ppo", "--help")
    #expect(ppo.contains("  --epochs N                Passes over each batch. (default: 4)\n"))
    #expect(try screen("train", "--help", "--algorithm=ppo") == ppo)
    #expect(try screen("train", "--algorithm", "pp0", "--help") == screen("train", "--help"))
    let error = #expect(throws: UsageError.self) {
      try Program.parse(["train", "--algorithm", "ppo", "--epochs", "0"])
    }
    #expect(error?.optionHelp == "--epochs N  Passes over each batch. (default: 4)")
  }

  @Test func `what only learners start is not listed`() throws {
    #expect(try !screen("--help").contains("worker  "))
  }

  @Test(arguments: Command.all.map(\.name))
  func `no line is wider than a terminal or ends in a space`(name: String) throws {
    for line in try screen(name, "--help").split(separator: "\n") {
      #expect(line.count <= 80)
      #expect(line.last != " ")
    }
  }

  @Test(arguments: Command.all)
  func `no two options of a command share a name`(command: Command) {
    let names = command.allOptions.map(\.name)
    #expect(Set(names).count == names.count)
  }
}

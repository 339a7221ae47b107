import Rollout

extension Executor {
  /// Returns the addresses of a recurrent layer's operands and results.
  @inline(__always)
  func memory(
    _ shape: RecurrentShape, _ out: Slot, _ slots: Instruction.RecurrentSlots
  ) -> RecurrentMemory<Scalar> {
    RecurrentMemory(
      shape: shape, projected: self[slots.projected], weight: self[slots.weight],
      packed: self[slots.packed], bias: self[slots.bias], resets: self[slots.resets],
      hidden: self[slots.hidden], cell: self[slots.cell], states: self[out],
      previous: self[slots.previous], gates: self[slots.gates])
  }

  /// Propagates gradients back through a recurrent layer.
  @inline(__always)
  func recurrentBackward(
    _ shape: RecurrentShape, _ dy: UnsafeMutablePointer<Scalar>, _ out: Slot,
    _ slots: Instruction.RecurrentSlots
  ) {
    guard let dRecurrent = gradient(slots.recurrentGradient) else { return }
    Kernels.recurrentBackward(
      RecurrentGradients(
        states: dy, projected: gradient(slots.projected) ?? dRecurrent,
        weight: gradient(slots.weight), bias: gradient(slots.bias),
        hidden: gradient(slots.hidden), cell: gradient(slots.cell), recurrent: dRecurrent,
        carried: self[slots.carriedGradient]),
      memory(shape, out, slots))
  }
}

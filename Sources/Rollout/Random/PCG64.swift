/// Placeholder that the random streams replace.
public struct PCG64 {}

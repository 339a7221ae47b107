extension FragmentView {
  /// Copies some environments of another fragment into this one, without allocation.
  ///
  /// - Parameters:
  ///   - environments: the environments to copy, in order; as many as this fragment has.
  ///   - source: a fragment with the same steps and fields.
  /// - Precondition: all indices are environments of the source.
  package func gather(_ environments: Span<Int32>, of source: FragmentView) {
    precondition(layout.stepCount == source.layout.stepCount, "a fragment of another size")
    gather(environments, below: source.layout.environmentCount, of: source)
  }

  /// Copies single steps of another fragment into this one, without allocation.
  ///
  /// A step comes with the rows that it starts from and leads to, and is itself a fragment of one
  /// step of one environment.
  ///
  /// - Parameters:
  ///   - steps: the steps to copy, in order, as t · B + b; as many as this fragment has
  ///     environments.
  ///   - source: a fragment with the same fields.
  /// - Precondition: all indices are steps of the source, and there is no recurrent state.
  package func gather(steps: Span<Int32>, of source: FragmentView) {
    precondition(
      layout.stepCount == 1 && layout.hx.leaves.isEmpty, "a fragment of single steps has no memory")
    gather(
      steps, below: source.layout.stepCount * source.layout.environmentCount, of: source)
  }

  private func gather(_ places: Span<Int32>, below count: Int, of source: FragmentView) {
    // Estimates, which only a minibatch has, are its last columns.
    precondition(
      places.count == layout.environmentCount
        && layout.columns.count >= source.layout.columns.count,
      "a fragment of another size")
    for index in places.indices {
      precondition(places[index] >= 0 && places[index] < count, "\(places[index]) of \(count)")
    }
    for index in source.layout.columns.indices {
      copy(places, from: source, source.layout.columns[index], into: layout.columns[index])
    }
  }

  /// Copies one environment of another fragment to a place in this one, without allocation.
  ///
  /// - Precondition: both fragments have the same steps and fields, and both indices exist.
  package func copy(_ environment: Int, of source: FragmentView, to place: Int) {
    checkCopy(of: environment, of: source, to: place)
    for index in layout.columns.indices { copy(index, of: environment, of: source, to: place) }
  }

  /// Copies all fields of one environment but its observations and final observations.
  ///
  /// - Precondition: as for `copy(_:of:to:)`, and all other fields are the same.
  func copyFields(of environment: Int, of source: FragmentView, to place: Int) {
    checkCopy(of: environment, of: source, to: place)
    for index in layout.columns.indices
    where !layout.obsPlaces.contains(index) && !layout.finalObsPlaces.contains(index) {
      copy(index, of: environment, of: source, to: place)
    }
  }

  private func checkCopy(of environment: Int, of source: FragmentView, to place: Int) {
    precondition(
      environment >= 0 && environment < source.layout.environmentCount && place >= 0
        && place < layout.environmentCount && layout.stepCount == source.layout.stepCount
        && layout.columns.count == source.layout.columns.count,
      "environment \(environment) of \(source.layout.environmentCount) to \(place)")
  }

  private func copy(
    _ index: Int, of environment: Int, of source: FragmentView, to place: Int
  ) {
    let (from, into) = (source.layout.columns[index], layout.columns[index])
    precondition(from.environmentStride == into.environmentStride, "a fragment with other fields")
    var values = source.base + from.offset(row: 0, environment: environment)
    var target = base + into.offset(row: 0, environment: place)
    for _ in 0..<from.rowCount {
      target.copyMemory(from: values, byteCount: from.environmentStride)
      values += from.rowStride
      target += into.rowStride
    }
  }

  // Rows are contiguous, so that a place beyond a row's last environment is one of the next row.
  private func copy(
    _ places: Span<Int32>, from source: FragmentView, _ from: Column,
    into: Column
  ) {
    // A leaf mostly has a number or two per environment; a memcpy call for each would be too slow.
    switch from.environmentStride {
    case 1: copy(places, from: source, from, into: into, as: UInt8.self)
    case 4: copy(places, from: source, from, into: into, as: UInt32.self)
    case 8: copy(places, from: source, from, into: into, as: UInt64.self)
    case 16: copy(places, from: source, from, into: into, as: SIMD2<UInt64>.self)
    case let stride:
      for row in 0..<into.rowCount {
        var target = base + into.offset(row: row)
        for index in places.indices {
          target.copyMemory(
            from: source.base + from.offset(row: row, environment: Int(places[index])),
            byteCount: stride)
          target += stride
        }
      }
    }
  }

  @inline(__always)
  private func copy<Unit: BitwiseCopyable>(
    _ places: Span<Int32>, from source: FragmentView, _ from: Column,
    into: Column, as unit: Unit.Type
  ) {
    for row in 0..<into.rowCount {
      // Columns begin at multiples of 64 bytes, but rows need not.
      var target = base + into.offset(row: row)
      let values = source.base + from.offset(row: row)
      for index in places.indices {
        target.storeBytes(
          of: values.loadUnaligned(
            fromByteOffset: Int(places[index]) &* MemoryLayout<Unit>.stride, as: Unit.self),
          as: Unit.self)
        target += MemoryLayout<Unit>.stride
      }
    }
  }
}

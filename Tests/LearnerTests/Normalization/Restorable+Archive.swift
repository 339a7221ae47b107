import Learner

extension Restorable {
  /// Returns the tensors that would be saved.
  func saved() throws -> [SafetensorsFile.Tensor] {
    var archive = StateArchive()
    try transfer(&archive)
    return archive.tensors
  }

  /// Restores everything from saved tensors.
  func restore(_ tensors: [SafetensorsFile.Tensor]) throws {
    var archive = StateArchive(restoring: tensors)
    try transfer(&archive)
    try archive.finish()
  }
}

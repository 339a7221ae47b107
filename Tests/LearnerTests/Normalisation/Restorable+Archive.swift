@testable import Learner

extension Restorable {
  /// What would be saved of it.
  func saved() throws -> [SafetensorsFile.Tensor] {
    var archive = StateArchive()
    try transfer(&archive)
    return archive.tensors
  }

  /// Goes on from what another one saved, all of it.
  func restore(_ tensors: [SafetensorsFile.Tensor]) throws {
    var archive = StateArchive(restoring: tensors)
    try transfer(&archive)
    try archive.finish()
  }
}

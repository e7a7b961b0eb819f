#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flamingo/train/optimizer.h"
#include "flamingo/train/run_state.h"

namespace flamingo::train {

/// The checkpoints of one run: <folder>/step-00000100.safetensors and older ones. A checkpoint
/// holds masters, moments, RunState and the run's configuration; a CRC-32 per tensor and a SHA-256
/// over all of those find damage. Other files in the folder are never read or removed, but for what
/// processes that were killed in a save left of a checkpoint (see core/temporary_file.h).
class CheckpointFolder {
 public:
  /// config: what the run was started with; a checkpoint of another configuration is refused.
  /// message: told of files that are skipped; may be empty. Creates the folder.
  /// Throws Error when the folder cannot be created.
  CheckpointFolder(std::string folder, const Json& config,
                   std::function<void(std::string_view)> message = {});

  /// Writes a checkpoint atomically, reads it back, and only then removes all but the newest two.
  /// Throws Error (full disk, I/O error, damage found on reading back); older checkpoints stay.
  void save(const std::vector<NamedTensor>& tensors, const RunState& state) const;

  /// Overwrites `tensors` with the newest undamaged checkpoint and returns its state; nothing when
  /// there is no checkpoint. Damaged files are skipped with a message. Throws Error: another
  /// configuration, other tensors, or checkpoints but no undamaged one.
  std::optional<RunState> restore(const std::vector<NamedTensor>& tensors) const;

  /// Paths of the folder's checkpoints, newest first.
  std::vector<std::string> list() const;

 private:
  std::string folder_;
  std::string config_;  ///< as JSON text
  std::function<void(std::string_view)> message_;
};

}  // namespace flamingo::train

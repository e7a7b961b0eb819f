#pragma once

#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>

#include <string>

#include "flamingo/parallel/job.h"

namespace flamingo::parallel {

/// The job's key-value store, reached by every process; on a single machine rank 0's server listens
/// on 127.0.0.1 only. Throws Error (port taken) or c10::Error (nobody there in time).
c10::intrusive_ptr<c10d::Store> open_store(const JobConfig& config);

/// The engines of one group: Gloo, and NCCL in builds with CUDA (-DFLAMINGO_NCCL=ON).
class Backends {
 public:
  /// Connects the group's processes, `ranks` among them. name: of no other group.
  /// Throws Error in a build without Gloo, c10::Error when they do not come in time.
  static Backends open(const std::string& name, const c10::intrusive_ptr<c10d::Store>& store,
                       const JobConfig& config, const Ranks& ranks);
  /// The same for another group of the same job.
  Backends another(const std::string& name, const c10::intrusive_ptr<c10d::Store>& store,
                   const Ranks& ranks) const {
    return open(name, store, config_, ranks);
  }

  /// The one for tensors such as this, of any shape.
  c10d::Backend& of(const at::Tensor& tensor) const;
  /// Whether waiting for this work only orders the device's stream.
  bool waits_on_device(const c10::intrusive_ptr<c10d::Work>& work) const;

 private:
  JobConfig config_;
  c10::intrusive_ptr<c10d::Backend> host_, device_;
};

}  // namespace flamingo::parallel

#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "flamingo/parallel/job.h"

namespace flamingo::parallel {

/// Processes that work together, and what they can do together (c10d: Gloo for tensors in main
/// memory, NCCL for those on GPUs). All of them must call the same functions in the same order.
/// A copy is another handle of the same group; a default group is this process alone, for which
/// everything is done at once and costs nothing.
///
/// Every collective throws Error when it fails or takes longer than the job's timeout, and names
/// the process that was lost where that can be known.
class ProcessGroup {
 public:
  /// A collective under way.
  class Pending {
   public:
    Pending() = default;
    /// Until it is done. Throws Error as the collective would.
    void wait();

   private:
    friend class ProcessGroup;
    struct Impl;
    std::shared_ptr<Impl> impl_;
  };

  ProcessGroup() = default;
  /// All processes of the job; waits for them to come. Throws Error: a timeout that is not in
  /// (0, 60], no heartbeat_timeout, a port that is taken, processes that do not come in time, a
  /// build without Gloo.
  static ProcessGroup init(const JobConfig& config);

  int64_t rank() const;
  int64_t size() const;
  /// "rank 3" in the whole job, of the process that is `rank` here.
  std::string name_of(int64_t rank) const;

  /// Replaces the contiguous tensor, of any shape, by the sum over the processes: the same bits on
  /// all of them.
  void all_reduce(const at::Tensor& tensor) const;
  /// The same, of any shape, beside other work; the tensor must not be touched before wait().
  Pending start_all_reduce(const at::Tensor& tensor) const;
  /// tensor [...] of each process -> [size, ...].
  at::Tensor all_gather(const at::Tensor& tensor) const;
  /// tensor [...] of each process -> the contiguous `result` [size, ...], or another shape of as
  /// many elements.
  void all_gather_into(const at::Tensor& result, const at::Tensor& tensor) const;
  /// tensor [size, ...] -> [...], the sum over the processes of the rank-th row.
  at::Tensor reduce_scatter(const at::Tensor& tensor) const;
  /// Replaces the contiguous tensor, of any shape, by that of `root`.
  void broadcast(const at::Tensor& tensor, int64_t root) const;
  /// Returns when all have called it.
  void barrier() const;

  /// Does `work` in the first process, while the others wait for its end: without a deadline, as
  /// long as it has a heartbeat.
  void run_on_rank0(const std::function<void()>& work) const;

  /// The sums over the processes.
  std::vector<double> sum(std::vector<double> values) const;
  /// Whether any process says yes.
  bool any(bool yes) const;
  /// A text of each process, in order of ranks.
  std::vector<std::string> all_gather_text(const std::string& text) const;
  /// Throws Error naming the processes whose text differs from that of most (of rank 0, when none
  /// is in the majority). what: "weights".
  void require_same(const std::string& text, const std::string& what) const;

  /// The group of these ranks of this one, which only they call for. name: the same for all of
  /// them and no other group of theirs.
  ProcessGroup subgroup(const std::string& name, const std::vector<int64_t>& ranks) const;
  /// The same processes over connections of their own, for collectives whose order among this
  /// group's differs from process to process.
  ProcessGroup duplicate(const std::string& name) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;  ///< null: this process alone
};

/// Processes as a rectangle: neighbours share every layer (tensor), and what they do together is
/// done by `data` such teams for different rows of a batch.
///
///   tensor = 2:  team 0: ranks 0 1   team 1: ranks 2 3    data groups: 0 2 and 1 3
struct ProcessGrid {
  ProcessGroup world, data, tensor;

  /// Throws Error unless `tensor` divides the world's size.
  static ProcessGrid of(const ProcessGroup& world, int64_t tensor);
};

}  // namespace flamingo::parallel

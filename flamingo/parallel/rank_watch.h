#pragma once

#include <torch/csrc/distributed/c10d/Store.hpp>

#include <memory>
#include <optional>
#include <string>

namespace flamingo::parallel {

/// Who watches, and how.
struct RankWatchConfig {
  int64_t rank = 0;
  int64_t world_size = 1;
  double heartbeat_timeout = 30;       ///< seconds without a sign that make a process a lost one
  std::string store_owner = "rank 0";  ///< who is lost when the store is
};

/// Signs of life of a job's processes, kept in its store. A thread of its own counts up this
/// process's key "beat/<rank>" and reads the others', so that a long step is no silence; and as
/// silence is counted in looks as well as seconds, neither is a machine that halts all of them.
class RankWatch {
 public:
  /// store: used by the watch alone (a clone).
  RankWatch(c10::intrusive_ptr<c10d::Store> store, const RankWatchConfig& config);
  /// Says goodbye. Rank 0, with whom the store may go, waits a little for the others' goodbyes.
  ~RankWatch();
  RankWatch(const RankWatch&) = delete;
  RankWatch& operator=(const RankWatch&) = delete;

  /// "rank 2 (no sign of life for 3.1 s)" of the first process that is silent, or that has left
  /// more than a heartbeat ago; nothing while all are there.
  std::optional<std::string> lost() const;
  /// The same, waiting until the silence of a process that has just died would be noticed.
  std::optional<std::string> wait_for_lost() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  ///< shared with the thread, which may outlive a frozen store
};

}  // namespace flamingo::parallel

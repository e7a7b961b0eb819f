#include "flamingo/parallel/process_group.h"

#include <ATen/Functions.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <numeric>
#include <thread>
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/core/shape.h"
#include "flamingo/parallel/backends.h"
#include "flamingo/parallel/rank_watch.h"

namespace flamingo::parallel {
namespace {

constexpr const char* kWhere = "process group";
constexpr std::chrono::milliseconds kSlice(100);  // between looks at the other processes

using Work = c10::intrusive_ptr<c10d::Work>;

/// Without the stack that c10 puts after its messages.
std::string text_of(const std::exception& error) {
  const auto* c10_error = dynamic_cast<const c10::Error*>(&error);
  return c10_error ? c10_error->what_without_backtrace() : error.what();
}

}  // namespace

struct ProcessGroup::Impl : std::enable_shared_from_this<ProcessGroup::Impl> {
  Backends backends;
  c10::intrusive_ptr<c10d::Store> store;
  std::shared_ptr<const RankWatch> watch;
  std::vector<int64_t> world_ranks;  ///< of the members
  int64_t rank = 0;
  double timeout = 0;
  std::string name = "world";
  std::shared_ptr<std::atomic<int64_t>> alone = std::make_shared<std::atomic<int64_t>>(0);

  /// Starts a collective of tensors like `like`.
  Pending start(const at::Tensor& like, const std::function<Work(c10d::Backend&)>& call) const;

  [[noreturn]] void fail_after(const std::string& what) const {
    const auto lost = watch->wait_for_lost();
    fail(kWhere, "expected all processes to go on, got {}", lost ? "no answer of " + *lost : what,
         Hint{lost ? "see that process's own messages" : "the heartbeats of all of them go on"});
  }
};

struct ProcessGroup::Pending::Impl {
  Work work;
  std::shared_ptr<const ProcessGroup::Impl> group;
};

ProcessGroup::Pending ProcessGroup::Impl::start(
    const at::Tensor& like, const std::function<Work(c10d::Backend&)>& call) const {
  Pending pending;
  pending.impl_ = std::make_shared<Pending::Impl>();
  pending.impl_->group = shared_from_this();
  try {
    pending.impl_->work = call(backends.of(like));
  } catch (const c10::Error& e) {
    fail(kWhere, "expected tensors that fit, got {}", text_of(e));
  }
  return pending;
}

void ProcessGroup::Pending::wait() {
  if (!impl_) return;
  const Work work = std::exchange(impl_->work, {});
  const auto group = impl_->group;
  impl_.reset();
  if (group->backends.waits_on_device(work)) {
    work->wait();
    return;
  }
  const auto begin = std::chrono::steady_clock::now();
  const auto limit = std::chrono::duration<double>(group->timeout);
  while (true) {
    std::string what;
    try {
      work->wait(kSlice);
      return;
    } catch (const std::exception& e) {
      what = text_of(e);
    }
    if (work->isCompleted()) {
      if (!work->exception()) return;  // done between the two looks
      group->fail_after(what);
    }
    if (group->watch->lost() || std::chrono::steady_clock::now() - begin > limit) {
      group->fail_after("nothing for " + std::to_string(group->timeout) + " s");
    }
  }
}

ProcessGroup ProcessGroup::init(const JobConfig& config) {
  ProcessGroup group;
  if (config.ranks.world_size == 1) return group;
  require(config.timeout > 0 && config.timeout <= kMaxJobTimeout, "job.timeout",
          "expected more than 0 and at most {} s, got {}", kMaxJobTimeout, config.timeout);
  require(config.heartbeat_timeout > 0, "job.heartbeat_timeout", "expected more than 0 s, got {}",
          config.heartbeat_timeout);
  auto impl = std::make_shared<Impl>();
  try {
    const auto store = open_store(config);
    impl->store = store;
    impl->watch = std::make_shared<RankWatch>(
        store->clone(),
        RankWatchConfig{.rank = config.ranks.rank,
                        .world_size = config.ranks.world_size,
                        .heartbeat_timeout = config.heartbeat_timeout,
                        .store_owner = config.launcher_has_store ? "the launcher" : "rank 0"});
    impl->backends = Backends::open("world", store, config, config.ranks);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& e) {
    fail(kWhere, "expected {} processes at {}:{}, got {}", config.ranks.world_size, config.host,
         config.port, text_of(e));
  }
  impl->rank = config.ranks.rank;
  impl->timeout = config.timeout;
  impl->world_ranks.resize(static_cast<size_t>(config.ranks.world_size));
  std::iota(impl->world_ranks.begin(), impl->world_ranks.end(), 0);
  group.impl_ = std::move(impl);
  return group;
}

int64_t ProcessGroup::rank() const { return impl_ ? impl_->rank : 0; }
int64_t ProcessGroup::size() const { return impl_ ? std::ssize(impl_->world_ranks) : 1; }

std::string ProcessGroup::name_of(int64_t rank) const {
  return "rank " + std::to_string(impl_ ? impl_->world_ranks.at(static_cast<size_t>(rank)) : 0);
}

ProcessGroup::Pending ProcessGroup::start_all_reduce(const at::Tensor& tensor) const {
  if (!impl_) return {};
  std::vector<at::Tensor> tensors = {tensor};
  return impl_->start(tensor, [&](auto& backend) { return backend.allreduce(tensors); });
}

void ProcessGroup::all_reduce(const at::Tensor& tensor) const { start_all_reduce(tensor).wait(); }

void ProcessGroup::all_gather_into(const at::Tensor& result, const at::Tensor& tensor) const {
  auto to = result.view(-1), from = tensor.view(-1);
  if (!impl_) {
    to.copy_(from);
    return;
  }
  impl_->start(tensor, [&](auto& backend) { return backend._allgather_base(to, from); }).wait();
}

at::Tensor ProcessGroup::all_gather(const at::Tensor& tensor) const {
  if (!impl_) return tensor.unsqueeze(0);
  auto shape = tensor.sizes().vec();
  shape.insert(shape.begin(), size());
  const auto result = at::empty(shape, tensor.options());
  all_gather_into(result, tensor.contiguous());
  return result;
}

at::Tensor ProcessGroup::reduce_scatter(const at::Tensor& tensor) const {
  require(tensor.dim() > 0 && tensor.size(0) == size(), kWhere,
          "expected a row for each of {} processes, got {}", size(), tensor.sizes());
  if (!impl_) return tensor.squeeze(0);
  const auto result = at::empty(tensor.sizes().slice(1), tensor.options());
  auto from = tensor.contiguous().view(-1), to = result.view(-1);
  impl_->start(tensor, [&](auto& backend) { return backend._reduce_scatter_base(to, from); })
      .wait();
  return result;
}

void ProcessGroup::broadcast(const at::Tensor& tensor, int64_t root) const {
  if (!impl_) return;
  std::vector<at::Tensor> tensors = {tensor};
  c10d::BroadcastOptions options;
  options.rootRank = root;
  impl_->start(tensor, [&](auto& backend) { return backend.broadcast(tensors, options); }).wait();
}

void ProcessGroup::run_on_rank0(const std::function<void()>& work) const {
  if (!impl_) {
    work();
    return;
  }
  const std::string key = "alone/" + impl_->name + "/" + std::to_string((*impl_->alone)++);
  if (rank() == 0) work();
  try {
    if (rank() == 0) impl_->store->set(key, std::string("done"));
    while (!impl_->store->check({key})) {
      if (impl_->watch->lost()) impl_->fail_after("nothing");
      std::this_thread::sleep_for(kSlice);
    }
  } catch (const c10::Error& e) {
    impl_->fail_after(text_of(e));
  }
}

void ProcessGroup::barrier() const { sum({0.0}); }

std::vector<double> ProcessGroup::sum(std::vector<double> values) const {
  if (impl_) {
    all_reduce(at::from_blob(values.data(), {std::ssize(values)}, at::kDouble));
  }
  return values;
}

bool ProcessGroup::any(bool yes) const { return sum({yes ? 1.0 : 0.0}).front() > 0; }

std::vector<std::string> ProcessGroup::all_gather_text(const std::string& text) const {
  if (!impl_) return {text};
  const auto lengths = all_gather(at::tensor({std::ssize(text)}, at::kLong)).flatten();
  const auto longest = std::max<int64_t>(1, lengths.max().item<int64_t>());
  std::string own = text;
  own.resize(static_cast<size_t>(longest));
  const auto all = all_gather(at::from_blob(own.data(), {longest}, at::kByte));
  std::vector<std::string> texts;
  for (int64_t i = 0; i < size(); ++i) {
    const auto* bytes = reinterpret_cast<const char*>(all[i].const_data_ptr());
    texts.emplace_back(bytes, static_cast<size_t>(lengths[i].item<int64_t>()));
  }
  return texts;
}

void ProcessGroup::require_same(const std::string& text, const std::string& what) const {
  const auto texts = all_gather_text(text);
  std::map<std::string, int64_t> votes;
  for (const auto& each : texts) ++votes[each];
  if (votes.size() == 1) return;
  std::string most = texts.front();
  for (const auto& [each, count] : votes) {
    if (2 * count > size()) most = each;
  }
  std::string others;
  for (size_t i = 0; i < texts.size(); ++i) {
    if (texts[i] == most) continue;
    others += (others.empty() ? "" : ", ") + name_of(static_cast<int64_t>(i));
  }
  fail(kWhere, "expected the same {} in all processes, got others in {}", what, others,
       Hint{2 * votes[most] > size() ? ""
                                     : "as compared with " + name_of(0) + "; no majority tells"});
}

ProcessGroup ProcessGroup::subgroup(const std::string& name,
                                    const std::vector<int64_t>& ranks) const {
  if (!impl_ || ranks.size() == 1) return {};
  const auto own = std::find(ranks.begin(), ranks.end(), rank());
  require(own != ranks.end(), kWhere, "expected a member of the group {}, got rank {}", name,
          rank());
  auto impl = std::make_shared<Impl>(*impl_);
  impl->rank = own - ranks.begin();
  impl->name = name + "/" + std::to_string(impl_->world_ranks.at(static_cast<size_t>(ranks[0])));
  impl->alone = std::make_shared<std::atomic<int64_t>>(0);
  impl->world_ranks.clear();
  for (const int64_t member : ranks)
    impl->world_ranks.push_back(impl_->world_ranks.at(static_cast<size_t>(member)));
  try {
    impl->backends = impl_->backends.another(impl->name, impl_->store,
                                             {.rank = impl->rank, .world_size = std::ssize(ranks)});
  } catch (const std::exception& e) {
    impl_->fail_after(text_of(e));
  }
  ProcessGroup group;
  group.impl_ = std::move(impl);
  return group;
}

ProcessGroup ProcessGroup::duplicate(const std::string& name) const {
  std::vector<int64_t> all(static_cast<size_t>(size()));
  std::iota(all.begin(), all.end(), 0);
  return subgroup(name, all);
}

ProcessGrid ProcessGrid::of(const ProcessGroup& world, int64_t tensor) {
  require(tensor > 0 && world.size() % tensor == 0, "parallel.tensor",
          "expected a divisor of {} processes, got {}", world.size(), tensor);
  const int64_t team = world.rank() / tensor, place = world.rank() % tensor;
  std::vector<int64_t> teammates, peers;
  for (int64_t i = 0; i < tensor; ++i) teammates.push_back(team * tensor + i);
  for (int64_t i = place; i < world.size(); i += tensor) peers.push_back(i);
  return {world, world.subgroup("data", peers), world.subgroup("tensor", teammates)};
}

}  // namespace flamingo::parallel

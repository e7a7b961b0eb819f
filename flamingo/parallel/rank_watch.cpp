#include "flamingo/parallel/rank_watch.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace flamingo::parallel {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr int64_t kBeatsPerTimeout = 8;
constexpr double kSlowestBeat = 2;  // seconds
constexpr double kGoodbyeTime = 2;  // seconds that rank 0 waits for the others' goodbyes
constexpr const char* kGoodbye = "left";

std::string key_of(int64_t rank) { return "beat/" + std::to_string(rank); }

double since(Clock::time_point time) { return Seconds(Clock::now() - time).count(); }

std::string silence(const std::string& who, double seconds) {
  char text[64];
  std::snprintf(text, sizeof text, " (no sign of life for %.1f s)", seconds);
  return who + text;
}

}  // namespace

struct RankWatch::State {
  /// What is known of one process.
  struct Sign {
    std::string value;
    Clock::time_point changed = Clock::now();
    int64_t rounds = 0;  ///< that found it unchanged
    bool left() const { return value == kGoodbye; }
  };

  c10::intrusive_ptr<c10d::Store> store;
  RankWatchConfig config;
  double beat = 0;  ///< seconds
  std::vector<std::string> keys;

  mutable std::mutex mutex;
  std::condition_variable changed;
  std::vector<Sign> signs;
  Clock::time_point last_round = Clock::now();
  int64_t rounds = 0;
  std::optional<Clock::time_point> asked_store;  ///< of a question without an answer yet
  mutable int64_t looks_for_answer = 0;
  bool stopping = false, ended = false, store_lost = false;

  void run() {
    try {
      for (int64_t count = 1; !wait_for_stop(); ++count) round(std::to_string(count));
      round(kGoodbye);
      for (const auto asked = Clock::now(); config.rank == 0 && since(asked) < kGoodbyeTime;) {
        if (everyone_left()) break;
        std::this_thread::sleep_for(Seconds(beat / 4));
        round(kGoodbye);
      }
    } catch (const std::exception&) {
      const std::scoped_lock lock(mutex);
      store_lost = true;
    }
    const std::scoped_lock lock(mutex);
    ended = true;
    changed.notify_all();
  }

  bool wait_for_stop() {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, Seconds(beat), [this] { return stopping; });
  }

  void round(const std::string& own) {
    {
      const std::scoped_lock lock(mutex);
      asked_store = Clock::now();
      looks_for_answer = 0;
    }
    store->set(keys[static_cast<size_t>(config.rank)], own);
    const auto values = store->multiGet(keys);
    const std::scoped_lock lock(mutex);
    asked_store.reset();
    last_round = Clock::now();
    ++rounds;
    for (size_t i = 0; i < values.size(); ++i) {
      std::string value(values[i].begin(), values[i].end());
      ++signs[i].rounds;
      if (value != signs[i].value) signs[i] = {std::move(value), last_round};
    }
  }

  int64_t rounds_so_far() const {
    const std::scoped_lock lock(mutex);
    return rounds;
  }

  bool everyone_left() const {
    const std::scoped_lock lock(mutex);
    return std::all_of(signs.begin(), signs.end(), [](const Sign& sign) { return sign.left(); });
  }
};

RankWatch::RankWatch(c10::intrusive_ptr<c10d::Store> store, const RankWatchConfig& config)
    : state_(std::make_shared<State>()) {
  state_->store = std::move(store);
  state_->config = config;
  state_->beat =
      std::min(config.heartbeat_timeout / static_cast<double>(kBeatsPerTimeout), kSlowestBeat);
  for (int64_t i = 0; i < config.world_size; ++i) state_->keys.push_back(key_of(i));
  state_->signs.resize(state_->keys.size());
  state_->store->set(key_of(config.rank), std::string("0"));
  std::thread([state = state_] { state->run(); }).detach();
}

RankWatch::~RankWatch() {
  std::unique_lock lock(state_->mutex);
  state_->stopping = true;
  state_->changed.notify_all();
  state_->changed.wait_for(lock, Seconds(2 * kGoodbyeTime), [this] { return state_->ended; });
}

std::optional<std::string> RankWatch::lost() const {
  const State& state = *state_;
  const std::scoped_lock lock(state.mutex);
  const bool no_answer = state.asked_store && ++state.looks_for_answer >= kBeatsPerTimeout &&
                         since(*state.asked_store) > state.config.heartbeat_timeout;
  if (state.store_lost || no_answer)
    return silence(state.config.store_owner + ", which keeps the store", since(state.last_round));
  for (size_t i = 0; i < state.signs.size(); ++i) {
    const auto& sign = state.signs[i];
    if (static_cast<int64_t>(i) == state.config.rank) continue;
    const std::string name = "rank " + std::to_string(i);
    if (sign.left() && since(sign.changed) > state.beat) return name + " (it has left)";
    const double quiet = Seconds(state.last_round - sign.changed).count();
    const bool silent = quiet > state.config.heartbeat_timeout && sign.rounds >= kBeatsPerTimeout;
    if (!sign.left() && silent) return silence(name, quiet);
  }
  return std::nullopt;
}

std::optional<std::string> RankWatch::wait_for_lost() const {
  const auto asked = Clock::now();
  const int64_t first = state_->rounds_so_far();
  const auto may_be_unnoticed = [&] {
    return since(asked) < state_->config.heartbeat_timeout + 2 * state_->beat ||
           state_->rounds_so_far() - first < kBeatsPerTimeout + 2;
  };
  while (may_be_unnoticed()) {
    if (auto rank = lost()) return rank;
    std::this_thread::sleep_for(Seconds(state_->beat / 4));
  }
  return lost();
}

}  // namespace flamingo::parallel

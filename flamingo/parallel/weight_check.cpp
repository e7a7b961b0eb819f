#include "flamingo/parallel/weight_check.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "flamingo/core/error.h"

namespace flamingo::parallel {
namespace {

constexpr size_t kLanes = 4;  // words that are mixed side by side
constexpr uint64_t kFactor = 0xff51afd7ed558ccdull;
constexpr uint64_t kStep = 0x9e3779b97f4a7c15ull;

/// A bijection of `state` for each word and of `word` for each state.
uint64_t mix(uint64_t state, uint64_t word) {
  const uint64_t product = (state ^ word) * kFactor;
  return product ^ (product >> 32);
}

std::span<const std::byte> bytes_of(const at::Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.const_data_ptr()), tensor.nbytes()};
}

/// One process's answers.
struct Answers {
  uint64_t frozen_changed = 0, replicated = 0, cut = 0;
};

std::string blame(const std::vector<size_t>& ranks) {
  std::string names = ranks.size() == 1 ? "rank" : "ranks";
  for (const size_t rank : ranks) names += " " + std::to_string(rank);
  return names;
}

/// Those of `ranks` whose answer is not that of more than half of them.
void add_minority(const std::vector<Answers>& all, const std::vector<size_t>& ranks,
                  uint64_t Answers::*answer, std::vector<size_t>& blamed) {
  for (const size_t rank : ranks) {
    const auto votes = std::count_if(ranks.begin(), ranks.end(), [&](size_t other) {
      return all[other].*answer == all[rank].*answer;
    });
    if (2 * static_cast<size_t>(votes) <= ranks.size() && ranks.size() > 1) blamed.push_back(rank);
  }
}

}  // namespace

uint64_t hash_bytes(std::span<const std::byte> bytes, uint64_t seed) {
  std::array<uint64_t, kLanes> lanes;
  for (size_t i = 0; i < kLanes; ++i) lanes[i] = seed + i * kStep;
  size_t at = 0;
  const auto next_word = [&] {
    uint64_t word = 0;
    const size_t count = std::min(sizeof word, bytes.size() - at);
    std::memcpy(&word, bytes.data() + at, count);
    at += count;
    return word;
  };
  while (bytes.size() - at >= kLanes * sizeof(uint64_t)) {
    for (uint64_t& lane : lanes) lane = mix(lane, next_word());
  }
  for (size_t i = 0; at < bytes.size(); ++i) lanes[i] = mix(lanes[i], next_word());
  uint64_t hash = mix(seed + kLanes * kStep, bytes.size());
  for (const uint64_t lane : lanes) hash = mix(hash, lane);
  return hash;
}

uint64_t hash_tensors(const std::vector<at::Tensor>& tensors) {
  uint64_t hash = tensors.size();
  for (const at::Tensor& tensor : tensors) {
    const at::Tensor host = tensor.detach().cpu().contiguous();
    hash = hash_bytes(bytes_of(host), hash);
  }
  return hash;
}

WeightCheck::WeightCheck(CheckedWeights weights, const ProcessGrid& grid)
    : weights_(std::move(weights)), grid_(grid), frozen_(hash_tensors(weights_.frozen)) {}

void WeightCheck::run(const std::string& when) const {
  if (grid_.world.size() == 1) return;
  const Answers own{hash_tensors(weights_.frozen) != frozen_ ? 1u : 0u,
                    hash_tensors(weights_.replicated), hash_tensors(weights_.cut)};
  std::string text(sizeof own, '\0');
  std::memcpy(text.data(), &own, sizeof own);
  std::vector<Answers> all;
  for (const auto& each : grid_.world.all_gather_text(text))
    std::memcpy(&all.emplace_back(), each.data(), sizeof own);
  std::vector<size_t> blamed, everyone(all.size());
  for (size_t i = 0; i < all.size(); ++i) everyone[i] = i;
  for (const size_t rank : everyone)
    if (all[rank].frozen_changed != 0) blamed.push_back(rank);
  if (!blamed.empty())
    fail(when, "expected frozen weights as at the start, got others in {}", blame(blamed),
         Hint{"a memory error of that machine?"});
  add_minority(all, everyone, &Answers::replicated, blamed);
  const size_t width = static_cast<size_t>(grid_.tensor.size());
  for (size_t place = 0; place < width; ++place) {
    std::vector<size_t> peers;
    for (size_t i = place; i < all.size(); i += width) peers.push_back(i);
    add_minority(all, peers, &Answers::cut, blamed);
  }
  if (!blamed.empty())
    fail(when, "expected the same trained weights in all processes, got others in {}",
         blame(blamed), Hint{"a memory error, or processes of different builds"});
}

}  // namespace flamingo::parallel

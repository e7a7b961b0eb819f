#include "flamingo/train/collate.h"

#include <torch/types.h>

#include <algorithm>
#include <map>

#include "flamingo/core/error.h"

namespace flamingo {
namespace {

template <class AnySequence>
void check(const std::vector<AnySequence>& sequences) {
  require(!sequences.empty(), "collate", "expected at least one sequence, got none");
  for (const auto& s : sequences) {
    require(s.ids.size() >= 2 && s.phi.size() == s.ids.size() && s.label.size() == s.ids.size(),
            "collate", "expected ids, phi and label of one length of at least 2, got others");
  }
}

/// The longest row without its last token.
template <class AnySequence>
int64_t padded_length(const std::vector<AnySequence>& sequences) {
  size_t longest = 0;
  for (const auto& s : sequences) longest = std::max(longest, s.ids.size());
  return static_cast<int64_t>(longest) - 1;
}

/// Whether the sequence binds labels: the chunk of its first medium has no target.
template <class AnySequence>
bool binds(const AnySequence& s) {
  bool sees_first = false;
  for (size_t t = 0; t < s.ids.size(); ++t) {
    if (s.phi[t] != 1) continue;
    sees_first = true;
    if (s.label[t]) return false;
  }
  return sees_first;
}

template <class AnySequence>
void add_targets(const std::vector<AnySequence>& sequences, int64_t length, FlamingoBatch& batch) {
  std::vector<int64_t> positions, targets;
  std::vector<uint8_t> bound;
  for (size_t b = 0; b < sequences.size(); ++b) {
    const auto& s = sequences[b];
    const bool binding = binds(s);
    for (size_t t = 1; t < s.ids.size(); ++t) {
      if (!s.label[t]) continue;
      positions.push_back(static_cast<int64_t>(b) * length + static_cast<int64_t>(t) - 1);
      targets.push_back(s.ids[t]);
      bound.push_back(binding && !s.label[t - 1]);
    }
  }
  require(!targets.empty(), "collate", "expected a target in some sequence, got none");
  batch.positions = torch::tensor(positions);
  batch.targets = torch::tensor(targets);
  batch.bound = torch::tensor(bound).to(torch::kBool);
}

int64_t num_frames(const MediumFrames& medium) { return std::ssize(medium); }
int64_t num_frames(const torch::Tensor& medium) { return medium.size(0); }

void fill(MediaGroup& group, const std::vector<const MediumFrames*>& media) {
  for (const MediumFrames* medium : media) {
    group.views.insert(group.views.end(), medium->begin(), medium->end());
  }
}
void fill(MediaGroup& group, const std::vector<const torch::Tensor*>& media) {
  std::vector<torch::Tensor> pixels;
  for (const torch::Tensor* medium : media) pixels.push_back(*medium);
  group.pixels = at::cat(pixels);  // [n F, 3, S, S]
}

template <class AnySequence>
void add_media(const std::vector<AnySequence>& sequences, FlamingoBatch& batch) {
  using Medium = typename decltype(AnySequence::media)::value_type;
  std::map<int64_t, std::vector<const Medium*>> by_frames;
  size_t most = 0;
  for (const AnySequence& s : sequences) {
    most = std::max(most, s.media.size());
    for (const Medium& medium : s.media) by_frames[num_frames(medium)].push_back(&medium);
  }
  std::map<const Medium*, int64_t> rows;
  for (const auto& [frames, media] : by_frames) {
    for (const Medium* medium : media) rows.emplace(medium, std::ssize(rows));
    fill(batch.groups.emplace_back(MediaGroup{.frames = frames}), media);
  }
  batch.media_rows =
      torch::zeros({std::ssize(sequences), static_cast<int64_t>(most)}, torch::kInt64);
  auto table = batch.media_rows.accessor<int64_t, 2>();
  for (size_t b = 0; b < sequences.size(); ++b) {
    for (size_t m = 0; m < sequences[b].media.size(); ++m) {
      table[static_cast<int64_t>(b)][static_cast<int64_t>(m)] = rows.at(&sequences[b].media[m]);
    }
  }
}

template <class AnySequence>
FlamingoBatch collate_any(const std::vector<AnySequence>& sequences) {
  check(sequences);
  const int64_t length = padded_length(sequences);
  FlamingoBatch batch;
  batch.ids = torch::zeros({std::ssize(sequences), length}, torch::kInt64);
  batch.phi = torch::zeros({std::ssize(sequences), length}, torch::kInt64);
  auto ids = batch.ids.accessor<int64_t, 2>();
  auto phi = batch.phi.accessor<int64_t, 2>();
  for (int64_t b = 0; b < std::ssize(sequences); ++b) {
    const auto& s = sequences[static_cast<size_t>(b)];
    batch.num_tokens += std::ssize(s.ids);
    for (int64_t t = 0; t + 1 < std::ssize(s.ids); ++t) {
      ids[b][t] = s.ids[static_cast<size_t>(t)];
      phi[b][t] = s.phi[static_cast<size_t>(t)];
    }
  }
  add_targets(sequences, length, batch);
  add_media(sequences, batch);
  return batch;
}

}  // namespace

FlamingoBatch collate(const std::vector<Sequence>& sequences) { return collate_any(sequences); }

FlamingoBatch collate(const std::vector<PixelSequence>& sequences) {
  return collate_any(sequences);
}

}  // namespace flamingo

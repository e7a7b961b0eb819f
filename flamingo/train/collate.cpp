#include "flamingo/train/collate.h"

#include <torch/types.h>

#include <algorithm>
#include <map>

#include "flamingo/core/error.h"

namespace flamingo::train {
namespace {

void check(std::span<const data::Sequence> sequences) {
  require(!sequences.empty(), "collate", "expected at least one sequence, got none");
  for (const auto& s : sequences) {
    require(s.ids.size() >= 2 && s.phi.size() == s.ids.size() && s.label.size() == s.ids.size(),
            "collate", "expected ids, phi and label of one length of at least 2, got {}, {} and {}",
            s.ids.size(), s.phi.size(), s.label.size());
  }
}

/// The longest row without its last token.
int64_t padded_length(std::span<const data::Sequence> sequences) {
  size_t longest = 0;
  for (const auto& s : sequences) longest = std::max(longest, s.ids.size());
  return static_cast<int64_t>(longest) - 1;
}

void add_targets(std::span<const data::Sequence> sequences, int64_t length, FlamingoBatch& batch) {
  std::vector<int64_t> positions, targets;
  std::vector<uint8_t> bound;
  for (size_t b = 0; b < sequences.size(); ++b) {
    const auto& s = sequences[b];
    for (size_t t = 1; t < s.ids.size(); ++t) {
      if (!s.label[t]) continue;
      positions.push_back(static_cast<int64_t>(b) * length + static_cast<int64_t>(t) - 1);
      targets.push_back(s.ids[t]);
      bound.push_back(s.binding && !s.label[t - 1]);
    }
  }
  require(!targets.empty(), "collate", "expected a target in some sequence, got none");
  batch.positions = torch::tensor(positions);
  batch.targets = torch::tensor(targets);
  batch.bound = torch::tensor(bound).to(torch::kBool);
}

/// Media of one kind and number of frames go together.
struct GroupKey {
  bool pixels = false;
  int64_t store = 0;
  int64_t frames = 1;
  auto operator<=>(const GroupKey&) const = default;
};

GroupKey group_of(const data::SequenceMediaItem& media_item) {
  if (const auto* pixels = std::get_if<torch::Tensor>(&media_item))
    return {.pixels = true, .frames = pixels->size(0)};
  const data::MediaFrames& views = data::views_of(media_item);
  return {.store = views.front().store, .frames = std::ssize(views)};
}

MediaGroup make_group(const GroupKey& key,
                      const std::vector<const data::SequenceMediaItem*>& media) {
  MediaGroup group{.frames = key.frames};
  std::vector<torch::Tensor> pixels;
  for (const data::SequenceMediaItem* media_item : media) {
    if (key.pixels) {
      pixels.push_back(std::get<torch::Tensor>(*media_item));
    } else {
      const data::MediaFrames& views = data::views_of(*media_item);
      group.views.insert(group.views.end(), views.begin(), views.end());
    }
  }
  if (key.pixels) group.pixels = at::cat(pixels);  // [n F, 3, S, S]
  return group;
}

void add_media(std::span<const data::Sequence> sequences, FlamingoBatch& batch) {
  std::map<GroupKey, std::vector<const data::SequenceMediaItem*>> groups;
  size_t most = 0;
  for (const data::Sequence& s : sequences) {
    most = std::max(most, s.media.size());
    for (const data::SequenceMediaItem& media_item : s.media)
      groups[group_of(media_item)].push_back(&media_item);
  }
  std::map<const data::SequenceMediaItem*, int64_t> rows;
  for (const auto& [key, media] : groups) {
    for (const data::SequenceMediaItem* media_item : media)
      rows.emplace(media_item, std::ssize(rows));
    batch.groups.push_back(make_group(key, media));
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

}  // namespace

FlamingoBatch collate(std::span<const data::Sequence> sequences) {
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
    batch.keys.push_back(s.key);
    for (int64_t t = 0; t + 1 < std::ssize(s.ids); ++t) {
      ids[b][t] = s.ids[static_cast<size_t>(t)];
      phi[b][t] = s.phi[static_cast<size_t>(t)];
    }
  }
  add_targets(sequences, length, batch);
  add_media(sequences, batch);
  return batch;
}

}  // namespace flamingo::train

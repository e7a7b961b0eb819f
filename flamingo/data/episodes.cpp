#include "flamingo/data/episodes.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <map>
#include <string>

#include "flamingo/core/error.h"
#include "flamingo/data/sampling.h"

namespace flamingo::data {
namespace {

constexpr const char* kPrefix = "Output:";
constexpr int64_t kMaxViews = 1 << 12;
constexpr int64_t kMaxBatch = 1 << 16;  // sequences that are made and sorted together
constexpr int64_t kMaxNameTokens = 64;  // of a class; an episode shows some dozens of names

/// A whole number in [low, high].
int64_t between(int64_t low, int64_t high, Rng& rng) {
  return low + static_cast<int64_t>(rng.below(static_cast<uint64_t>(high - low + 1)));
}

void check_weights(std::initializer_list<double> weights) {
  double total = 0;
  for (const double weight : weights) {
    require(std::isfinite(weight) && weight >= 0, "episodes", "expected weights >= 0");
    total += weight;
  }
  require(total > 0, "episodes", "expected a weight above 0");
}

void check_shares(std::initializer_list<double> shares) {
  for (const double share : shares) {
    require(share >= 0 && share <= 1, "episodes", "expected probabilities from 0 to 1");
  }
}

}  // namespace

void EpisodeConfig::validate() {
  check_weights({binding, random_pairs, same_group, video, question});
  check_shares({more_ways, binding_names, binding_same_group, binding_blends, binding_clutter,
                clean, p_next});
  require(
      min_binding_media >= 3 && max_binding_media >= min_binding_media && max_binding_media <= 64,
      "episodes", "expected 3 <= min_binding_media <= max_binding_media <= 64");
  require(max_ways >= 2 && max_ways <= max_binding_media, "episodes.max_ways",
          "expected 2 to max_binding_media ({}), got {}", max_binding_media, max_ways);
  require(max_ways > 2 || more_ways == 0, "episodes.more_ways",
          "expected 0 where max_ways is 2, got {}", more_ways);
  require(max_pairs >= 1 && max_pairs <= 64, "episodes.max_pairs", "expected 1 to 64, got {}",
          max_pairs);
  require(max_pairs >= 3 || same_group == 0, "episodes.max_pairs",
          "expected at least 3 where same_group is above 0, got {}", max_pairs);
  augment.validate();
  require(max_frames >= 2 && max_frames <= 64, "episodes.max_frames", "expected 2 to 64");
  require_within("episodes", "views", views, 1, kMaxViews);
  require_within("episodes", "binding_words", binding_words, max_ways, 1 << 24);
  require_within("episodes", "batch", batch, 1, kMaxBatch);
  require_within("episodes", "sort_batches", sort_batches, 1, kMaxBatch / batch);
}

Episodes::Episodes(const pictures::LabelledPictures& set, SequenceTokens tokens,
                   std::vector<int32_t> words, const EpisodeConfig& config,
                   const std::function<bool(int64_t)>& usable)
    : tokens_(std::move(tokens)), words_(std::move(words)), config_(config) {
  config_.validate();
  if (std::ssize(words_) > config_.binding_words) words_.resize(config_.binding_words);
  std::map<std::string, std::vector<size_t>> groups;
  for (const int64_t index : set.classes_in(config_.split)) {
    auto shown = set.pictures_of(index, config_.split, config_.styles);
    if (usable) std::erase_if(shown, [&](int64_t picture) { return !usable(picture); });
    if (shown.empty()) continue;
    const pictures::PictureClass& entry = set.classes()[static_cast<size_t>(index)];
    const int64_t tokens_of_name = std::ssize(tokens_.encode(" " + entry.name));
    require(tokens_of_name <= kMaxNameTokens, config_.pictures,
            "expected names of at most {} tokens, got {} of class \"{}\"", kMaxNameTokens,
            tokens_of_name, entry.name);
    groups[entry.group].push_back(entries_.size());
    entries_.push_back({entry.name, std::move(shown)});
  }
  for (auto& [name, members] : groups) {
    if (std::ssize(members) >= config_.max_ways) groups_.push_back(std::move(members));
  }
  const int64_t needed = std::max(config_.max_pairs, 2 * config_.max_ways);  // blends take two
  require(std::ssize(entries_) >= needed && !groups_.empty(), config_.pictures,
          "expected a group of {} classes and {} in all in split \"{}\", got {} (pictures: {})",
          config_.max_ways, needed, config_.split, entries_.size(), set.splits_text(),
          Hint{"fewer are enough with smaller max_ways and max_pairs"});
  require(std::ssize(words_) >= config_.max_ways, "Episodes", "expected at least {} words to bind",
          config_.max_ways);
}

std::vector<Sequence> Episodes::batch(int64_t step) const {
  const int64_t group = step / config_.sort_batches;
  const int64_t size = config_.batch * config_.sort_batches;
  std::vector<Sequence> sequences;
  for (int64_t i = 0; i < size; ++i) sequences.push_back(sequence(group * size + i));
  std::ranges::stable_sort(sequences, {}, [](const Sequence& s) { return s.ids.size(); });
  // Batches of like lengths, in random order: training must not see lengths rise and fall.
  std::vector<int64_t> order(static_cast<size_t>(config_.sort_batches));
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
  Rng rng = Rng::for_name(config_.seed, "order " + std::to_string(group));
  shuffle(order, rng);
  const auto first =
      sequences.begin() + order[static_cast<size_t>(step % config_.sort_batches)] * config_.batch;
  return {std::make_move_iterator(first), std::make_move_iterator(first + config_.batch)};
}

Sequence Episodes::sequence(int64_t index) const {
  Rng rng = Rng::for_name(config_.seed, "sequence " + std::to_string(index));
  using Make = Sequence (Episodes::*)(Rng&) const;
  static constexpr std::array<Make, 5> kMakers = {&Episodes::binding, &Episodes::random_pairs,
                                                  &Episodes::same_group, &Episodes::video,
                                                  &Episodes::question};
  const std::array<double, 5> weights = {config_.binding, config_.random_pairs, config_.same_group,
                                         config_.video, config_.question};
  return (this->*kMakers[sample_weighted(weights, rng)])(rng);
}

Sequence Episodes::binding(Rng& rng) const {
  const bool more = rng.coin(config_.more_ways);
  const int64_t num_ways = more ? between(3, config_.max_ways, rng) : 2;
  const auto ways = static_cast<size_t>(num_ways);
  const auto chosen = binding_entries(ways, rng);
  const auto labels = binding_labels(ways, rng);
  const bool cluttered = config_.binding_clutter > 0 && chosen.front().size() == 1 &&
                         rng.coin(config_.binding_clutter);
  // One picture more than classes at the least: only a label's second sight can be asked for.
  const int64_t drawn = between(config_.min_binding_media, config_.max_binding_media, rng);
  const int64_t count = std::max(drawn, num_ways + 1);
  // All classes once or more, in random order; the first sight of a word cannot be predicted.
  std::vector<size_t> order;
  for (int64_t i = 0; i < count; ++i) {
    order.push_back(static_cast<size_t>(i) < ways ? static_cast<size_t>(i) : rng.below(ways));
  }
  shuffle(order, rng);
  std::vector<bool> seen(ways, false);
  SequenceBuilder builder(tokens_);
  for (const size_t way : order) {
    auto shown = chosen[way];
    if (cluttered) shown.push_back(other_entry(chosen, rng));
    builder.media_item({random_view(shown, rng)}).text(kPrefix);
    builder.ids(labels[way], seen[way]).eoc(seen[way]);
    seen[way] = true;
  }
  Sequence sequence = builder.build();
  sequence.binding = true;
  return sequence;
}

std::vector<std::vector<size_t>> Episodes::binding_entries(size_t ways, Rng& rng) const {
  std::vector<std::vector<size_t>> chosen(ways);
  if (rng.coin(config_.binding_same_group)) {
    const auto& members = groups_[rng.below(groups_.size())];
    const auto picked = sample_distinct(ways, members.size(), rng);
    for (size_t way = 0; way < ways; ++way) chosen[way] = {members[picked[way]]};
    return chosen;
  }
  const size_t parts = rng.coin(config_.binding_blends) ? 2 : 1;
  const auto picked = sample_distinct(ways * parts, entries_.size(), rng);
  for (size_t i = 0; i < picked.size(); ++i) chosen[i % ways].push_back(picked[i]);
  return chosen;
}

size_t Episodes::other_entry(const std::vector<std::vector<size_t>>& chosen, Rng& rng) const {
  const auto is_chosen = [&](size_t entry) {
    return std::ranges::any_of(chosen, [&](const auto& shown) { return shown.front() == entry; });
  };
  size_t entry = rng.below(entries_.size());
  while (is_chosen(entry)) entry = rng.below(entries_.size());
  return entry;
}

std::vector<std::vector<int32_t>> Episodes::binding_labels(size_t ways, Rng& rng) const {
  std::vector<std::vector<int32_t>> labels;
  if (rng.coin(config_.binding_names)) {
    for (const size_t entry : sample_distinct(ways, entries_.size(), rng))
      labels.push_back(tokens_.encode(" " + entries_[entry].name));
  } else {
    for (const size_t word : sample_distinct(ways, words_.size(), rng))
      labels.push_back({words_[word]});
  }
  return labels;
}

Sequence Episodes::random_pairs(Rng& rng) const {
  const int64_t count = between(1, config_.max_pairs, rng);
  return named(sample_distinct(static_cast<size_t>(count), entries_.size(), rng), rng);
}

Sequence Episodes::same_group(Rng& rng) const {
  const auto& members = groups_[rng.below(groups_.size())];
  const auto count = static_cast<size_t>(between(3, config_.max_pairs, rng));
  const size_t wanted = std::min(std::max<size_t>(2, count / 2 + 1), members.size());
  const auto different = sample_distinct(wanted, members.size(), rng);
  std::vector<size_t> entries;
  for (size_t i = 0; i < count; ++i) {
    const size_t pick = i < different.size() ? i : rng.below(different.size());
    entries.push_back(members[different[pick]]);
  }
  shuffle(entries, rng);
  return named(entries, rng);
}

Sequence Episodes::video(Rng& rng) const {
  const Entry& entry = entries_[rng.below(entries_.size())];
  const int64_t frames = between(2, config_.max_frames, rng);
  const int64_t picture = entry.pictures[rng.below(entry.pictures.size())];
  MediaFrames clip;
  for (int64_t i = 0; i < frames; ++i) {
    clip.push_back({picture, between(1, config_.views, rng)});
  }
  SequenceBuilder builder(tokens_);
  builder.media_item(std::move(clip)).text(kPrefix).text(" " + entry.name, true).eoc(true);
  return builder.build();
}

Sequence Episodes::question(Rng& rng) const {
  const Entry& entry = entries_[rng.below(entries_.size())];
  SequenceBuilder builder(tokens_);
  builder.media_item({random_view(entry, rng)}).text("Question: What is this? Answer:");
  builder.text(" " + entry.name, true).eoc(true);
  return builder.build();
}

Sequence Episodes::named(const std::vector<size_t>& entries, Rng& rng) const {
  const bool text_first = rng.coin(config_.p_next);
  SequenceBuilder builder(
      tokens_, text_first ? prompt::MediaDirection::kNext : prompt::MediaDirection::kPrevious);
  for (const size_t index : entries) {
    const MediaFrames picture = {random_view(entries_[index], rng)};
    if (!text_first) builder.media_item(picture);
    builder.text(kPrefix).text(" " + entries_[index].name, true).eoc(true);
    if (text_first) builder.media_item(picture);
  }
  return builder.build();
}

ViewRef Episodes::random_view(const Entry& entry, Rng& rng) const {
  const int64_t picture = entry.pictures[rng.below(entry.pictures.size())];
  return {picture, rng.coin(config_.clean) ? 0 : between(1, config_.views, rng)};
}

ViewRef Episodes::random_view(const std::vector<size_t>& entries, Rng& rng) const {
  ViewRef view = random_view(entries_[entries[0]], rng);
  if (entries.size() == 1) return view;
  const ViewRef second = random_view(entries_[entries[1]], rng);
  view.second_picture = second.picture;
  view.second_view = second.view;
  return view;
}

}  // namespace flamingo::data

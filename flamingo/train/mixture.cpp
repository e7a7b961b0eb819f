#include "flamingo/train/mixture.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"

namespace flamingo::train {

void MixtureConfig::validate() const {
  require_within("mixture", "micro_batch", micro_batch, 0, 1 << 16);
}

Mixture::Mixture(std::vector<TrainSource> sources, const MixtureConfig& config,
                 const data::BatchShare& share)
    : sources_(std::move(sources)), config_(config), share_(share) {
  require(!sources_.empty(), "sources", "expected at least one source, got none");
  config.validate();
  std::set<std::string> seen;
  for (const TrainSource& source : sources_) {
    const std::string& name = source.source->name();
    require(seen.insert(name).second, "sources",
            "expected a name for each source, got \"{}\" twice", name);
    if (source.weight <= 0)
      fail("sources." + name, "expected a weight above 0, got {}", source.weight,
           Hint{"leave a source out to train without it"});
    names_.push_back(name);
  }
  if (config_.mode == MixtureMode::kMerged) names_ = {"merged"};
}

void Mixture::add(size_t name, double weight, const std::vector<data::Sequence>& sequences,
                  MixtureStep& out) const {
  const size_t most =
      config_.micro_batch > 0 ? static_cast<size_t>(config_.micro_batch) : sequences.size();
  const size_t first_micro_batch = out.micro_batches.size();
  int64_t targets = 0;
  for (size_t begin = 0; begin < sequences.size(); begin += most) {
    const size_t count = std::min(most, sequences.size() - begin);
    out.micro_batches.push_back(
        {name, weight, collate(std::span(sequences).subspan(begin, count))});
    targets += out.micro_batches.back().batch.targets.size(0);
  }
  for (size_t i = first_micro_batch; i < out.micro_batches.size(); ++i) {
    out.micro_batches[i].weight *= static_cast<double>(out.micro_batches[i].batch.targets.size(0)) /
                                   static_cast<double>(targets);
  }
}

MixtureStep Mixture::step(int64_t step) const {
  const auto count = std::ssize(sources_);
  const bool in_turn = config_.mode == MixtureMode::kRoundRobin;
  MixtureStep result;
  std::vector<data::Sequence> merged;
  for (size_t s = 0; s < sources_.size(); ++s) {
    if (in_turn && step % count != static_cast<int64_t>(s)) continue;
    data::SequenceBatch batch = sources_[s].source->batch(in_turn ? step / count : step, share_);
    for (const data::Sequence& sequence : batch.sequences) result.frames_bad += sequence.frames_bad;
    for (std::string& text : batch.damaged) result.damaged.emplace_back(s, std::move(text));
    if (config_.mode == MixtureMode::kMerged) {
      std::ranges::move(batch.sequences, std::back_inserter(merged));
    } else {
      add(s, sources_[s].weight, batch.sequences, result);
    }
  }
  if (!merged.empty()) add(0, 1, merged, result);
  return result;
}

}  // namespace flamingo::train

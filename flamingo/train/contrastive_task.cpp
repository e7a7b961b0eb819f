#include "flamingo/train/contrastive_task.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "flamingo/parallel/gather_rows.h"

namespace flamingo::train {
namespace {

/// Joins the rows of all sources, captions padded to the longest.
CaptionedRows joined(std::vector<CaptionedRows> all) {
  std::vector<torch::Tensor> pixels, features, ids, masks, concepts;
  int64_t longest = 0;
  for (const CaptionedRows& rows : all) longest = std::max(longest, rows.captions.ids.size(1));
  const auto padded = [longest](const torch::Tensor& tokens) {
    return at::constant_pad_nd(tokens, {0, longest - tokens.size(1)});
  };
  CaptionedRows result;
  for (CaptionedRows& rows : all) {
    (rows.features.defined() ? features : pixels)
        .push_back(rows.features.defined() ? rows.features : rows.pixels);
    ids.push_back(padded(rows.captions.ids));
    masks.push_back(padded(rows.captions.mask));
    concepts.push_back(rows.concepts);
    result.drop_seeds.insert(result.drop_seeds.end(), rows.drop_seeds.begin(),
                             rows.drop_seeds.end());
  }
  TORCH_INTERNAL_ASSERT(pixels.empty() || features.empty(), "merged sources of two kinds");
  (features.empty() ? result.pixels : result.features) =
      at::cat(features.empty() ? pixels : features);
  result.captions = {at::cat(ids), at::cat(masks)};
  result.concepts = at::cat(concepts);
  return result;
}

}  // namespace

ContrastiveTask::ContrastiveTask(std::shared_ptr<TwoTowers> towers, CaptionLanguage language,
                                 std::vector<WeightedCaptions> sources, Options options)
    : towers_(std::move(towers)),
      language_(std::move(language)),
      sources_(std::move(sources)),
      options_(std::move(options)) {
  require(!sources_.empty(), "sources", "expected at least one source, got none");
  std::set<std::string> seen;
  for (const WeightedCaptions& each : sources_) {
    require(seen.insert(each.source->name()).second, "sources",
            "expected a name for each source, got \"{}\" twice", each.source->name());
    names_.push_back(each.source->name());
  }
  if (options_.mixture.mode == MixtureMode::kMerged) names_ = {"merged"};
}

parallel::ProcessGroup ContrastiveTask::group() const {
  return options_.parallel ? options_.parallel->grid().data : parallel::ProcessGroup();
}

CaptionedRows ContrastiveTask::rows_of(const data::CaptionedBatch& batch,
                                       uint64_t drop_seed) const {
  const auto type = options_.bf16 ? torch::kBFloat16 : torch::kFloat32;
  CaptionedRows rows{
      .captions = tokenize_captions(language_.tokenizer, batch.captions, options_.max_tokens),
      .concepts = torch::tensor(batch.concepts)};
  if (batch.views.empty()) {
    rows.pixels = batch.pixels.to(type);
  } else {
    rows.features = options_.features(batch.views).to(type);
  }
  for (const int64_t row : batch.rows)
    rows.drop_seeds.push_back(Rng::for_name(drop_seed, "row " + std::to_string(row)).next());
  return rows;
}

ContrastiveTask::Batch ContrastiveTask::make_batch(size_t s, int64_t index, int64_t step) const {
  const WeightedCaptions& each = sources_[s];
  const auto data = group();
  data::CaptionedBatch batch = each.source->batch(index, {.rank = data.rank(), .of = data.size()});
  const uint64_t drop_seed =
      Rng::for_name(options_.seed + static_cast<uint64_t>(step), each.source->name()).next();
  return {.source = s,
          .weight = each.weight,
          .rows = rows_of(batch, drop_seed),
          .damaged = std::move(batch.damaged)};
}

std::vector<ContrastiveTask::Batch> ContrastiveTask::make_batches(int64_t step) const {
  const auto count = std::ssize(sources_);
  if (options_.mixture.mode == MixtureMode::kRoundRobin) {
    std::vector<Batch> batches;
    batches.push_back(make_batch(static_cast<size_t>(step % count), step / count, step));
    return batches;
  }
  std::vector<Batch> batches;
  for (size_t s = 0; s < sources_.size(); ++s) batches.push_back(make_batch(s, step, step));
  if (options_.mixture.mode != MixtureMode::kMerged) return batches;
  std::vector<CaptionedRows> rows;
  Batch merged;
  for (Batch& batch : batches) {
    rows.push_back(std::move(batch.rows));
    std::ranges::move(batch.damaged, std::back_inserter(merged.damaged));
  }
  merged.rows = joined(std::move(rows));
  batches.clear();
  batches.push_back(std::move(merged));
  return batches;
}

int64_t ContrastiveTask::begin(int64_t step) {
  if (!steps_) steps_.emplace([this](int64_t s) { return make_batches(s); }, step);
  batches_ = steps_->next();
  seen_.clear();
  micro_batches_.clear();
  for (size_t b = 0; b < batches_.size(); ++b) {
    const auto size = static_cast<size_t>(batches_[b].rows.size());
    const auto micro = static_cast<size_t>(options_.mixture.micro_batch);
    const size_t piece = micro == 0 ? size : std::min(size, micro);
    for (size_t first = 0; first < size; first += piece)
      micro_batches_.push_back({b, first, std::min(piece, size - first)});
  }
  return std::ssize(micro_batches_);
}

StepLosses ContrastiveTask::losses(int64_t /*step*/, int64_t micro_batch) {
  const auto [b, first, count] = micro_batches_.at(static_cast<size_t>(micro_batch));
  const Batch& batch = batches_[b];
  const auto items = static_cast<int64_t>(count);
  if (items == batch.rows.size()) {
    const auto own = embed(*towers_, batch.rows, language_.table);
    const auto loss = global_loss(towers_->contrastive, own, batch.rows.concepts, group());
    seen_.emplace_back(batch.source, loss);
    return {.loss = loss.share, .items = items, .weight = batch.weight};
  }
  if (first == 0) {
    cached_.emplace(*towers_, batch.rows, items, language_.table, group());
    seen_.emplace_back(batch.source, cached_->loss());
  }
  return {.loss = cached_->piece_loss(*towers_, batch.rows, static_cast<int64_t>(first), items,
                                      language_.table),
          .items = items,
          .weight = batch.weight};
}

std::vector<Metric> ContrastiveTask::metrics(int64_t /*step*/) {
  std::vector<Metric> metrics;
  for (const auto& [source, loss] : seen_) {
    const std::string& name = names_[source];
    metrics.emplace_back("loss." + name, loss.loss);
    metrics.emplace_back("image_to_text." + name, loss.image_to_text);
    metrics.emplace_back("text_to_image." + name, loss.text_to_image);
  }
  metrics.emplace_back("beta", towers_->contrastive->beta().item<double>());
  return metrics;
}

std::vector<std::string> ContrastiveTask::notes() const {
  std::vector<std::string> notes;
  for (const Batch& batch : batches_) {
    for (const std::string& text : batch.damaged) notes.push_back("skipping " + text);
  }
  return notes;
}

std::pair<double, std::vector<Metric>> ContrastiveTask::look_at(const WeightedCaptions& data) {
  const auto share = group();
  std::vector<torch::Tensor> images, texts, concepts;
  double loss = 0;
  for (int64_t i = 0; i < validation_.batches; ++i) {
    const CaptionedRows rows =
        rows_of(data.source->batch(i, {.rank = share.rank(), .of = share.size()}), 0);
    const auto own = embed(*towers_, rows, language_.table);
    loss += global_loss(towers_->contrastive, own, rows.concepts, share).loss;
    images.push_back(parallel::gather_rows(own.images, share));
    texts.push_back(parallel::gather_rows(own.texts, share));
    concepts.push_back(parallel::gather_rows(rows.concepts, share));
  }
  loss /= static_cast<double>(validation_.batches);
  const auto [image_to_text, text_to_image] =
      retrieval(at::cat(images), at::cat(texts), at::cat(concepts));
  const std::string& name = data.source->name();
  return {loss,
          {{"valid_loss." + name, loss},
           {"valid_image_to_text." + name, image_to_text},
           {"valid_text_to_image." + name, text_to_image}}};
}

std::optional<Validation> ContrastiveTask::validate() {
  if (validation_.sources.empty()) return {};
  const torch::NoGradGuard no_grad;
  towers_->eval();  // nothing is dropped
  Validation result;
  double weights = 0;
  for (const WeightedCaptions& each : validation_.sources) {
    auto [loss, metrics] = look_at(each);
    std::ranges::move(metrics, std::back_inserter(result.metrics));
    result.loss += each.weight * loss;
    weights += each.weight;
  }
  result.loss /= weights;
  towers_->train();
  return result;
}

}  // namespace flamingo::train

#include "flamingo/eval/nearest_shots.h"

#include <ATen/Functions.h>
#include <ATen/TensorIndexing.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <set>

#include "flamingo/core/error.h"
#include "flamingo/core/shape.h"

namespace flamingo::eval {
namespace {

constexpr size_t kViewsAtOnce = 16;

/// Rows [N, Dv] standardised by the mean and deviation of the rows of their style.
at::Tensor standardised(const at::Tensor& rows, const std::vector<int64_t>& pictures,
                        const pictures::LabelledPictures& set) {
  std::map<std::string, std::vector<int64_t>> by_style;
  for (size_t i = 0; i < pictures.size(); ++i)
    by_style[set.picture(pictures[i]).style].push_back(static_cast<int64_t>(i));
  at::Tensor result = at::empty_like(rows);
  for (const auto& [style, members] : by_style) {
    const at::Tensor index = at::tensor(members);
    const at::Tensor part = rows.index_select(0, index);
    const at::Tensor deviation = part.std(0, /*correction=*/0, /*keepdim=*/true).clamp_min(1e-6);
    result.index_copy_(0, index, (part - part.mean(0, /*keepdim=*/true)) / deviation);
  }
  return result;
}

at::Tensor unit(const at::Tensor& rows) { return rows / rows.norm(2, {1}, true).clamp_min(1e-12); }

}  // namespace

at::Tensor FeatureMeans::of(std::span<const int64_t> pictures) {
  std::vector<data::ViewRef> missing;
  for (const int64_t picture : pictures) {
    if (!means_.contains(picture) && means_.try_emplace(picture).second)
      missing.push_back({.picture = picture});
  }
  for (size_t first = 0; first < missing.size(); first += kViewsAtOnce) {
    const auto views =
        std::span(missing).subspan(first, std::min(kViewsAtOnce, missing.size() - first));
    const at::Tensor means =
        encoder_->forward(renderer_.render(views)).to(at::kFloat).mean(1);  // [n, Dv]
    for (size_t i = 0; i < views.size(); ++i)
      means_[views[i].picture] = means[static_cast<int64_t>(i)].clone();
  }
  std::vector<at::Tensor> rows;
  for (const int64_t picture : pictures) rows.push_back(means_.at(picture));
  return at::stack(rows);
}

Accuracy nearest_shots(const FewShotTask& task, const EvalData& data, FeatureMeans& features,
                       const EvalConfig& config) {
  config.validate();
  require(task.has_nearest(), "tasks." + task.name,
          "expected shots of the answers to compare the query with, got none");
  const FewShotSampler sampler(data.set, data.tokens, data.words, task, config.seed);
  const std::vector<int64_t> pictures = sampler.pictures();
  std::map<int64_t, int64_t> row_of;
  for (const int64_t picture : pictures) row_of.emplace(picture, std::ssize(row_of));
  const at::Tensor rows = standardised(features.of(pictures), pictures, data.set);
  Accuracy accuracy{.total = config.episodes};
  for (int64_t i = 0; i < config.episodes; ++i) {
    const EvalEpisode episode = sampler.episode(i, EvalControl::kNone);
    std::vector<at::Tensor> prototypes;
    for (const std::vector<int64_t>& shots : episode.shots) {
      std::vector<int64_t> at;
      for (const int64_t shot : shots) at.push_back(row_of.at(shot));
      prototypes.push_back(unit(rows.index_select(0, at::tensor(at))).mean(0));
    }
    const at::Tensor query = rows[row_of.at(episode.query())];
    const at::Tensor cosine = unit(at::stack(prototypes)).matmul(query);
    accuracy.right += cosine.argmax().item<int64_t>() == episode.answer;
  }
  return accuracy;
}

}  // namespace flamingo::eval

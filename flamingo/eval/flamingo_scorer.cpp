#include "flamingo/eval/flamingo_scorer.h"

#include <torch/types.h>

#include <algorithm>

#include "flamingo/core/error.h"
#include "flamingo/core/shape.h"

namespace flamingo::eval {
namespace {

/// All candidates of a batch as rows, padded at the end, where causal attention does not look.
struct CandidateRows {
  torch::Tensor request;  ///< [N] int64, the prompt of each row
  torch::Tensor ids;      ///< [N, L] int64
  torch::Tensor valid;    ///< [N, L] float, 0 = padding
  torch::Tensor phi;      ///< [N, L] int64
};

void check_prompts(std::span<const ScoreRequest> requests) {
  for (const ScoreRequest& request : requests) {
    const data::Sequence& prompt = request.prompt;
    require(!prompt.ids.empty() && prompt.ids.size() == prompt.phi.size(), "Scorer",
            "expected a prompt of at least one token, with phi for each");
  }
}

void check_candidates(std::span<const ScoreRequest> requests) {
  for (const ScoreRequest& request : requests) {
    require(!request.candidates.empty(), "Scorer", "expected at least one candidate");
    for (const auto& candidate : request.candidates) {
      require(!candidate.empty(), "Scorer", "expected candidates of at least one token");
    }
  }
}

CandidateRows candidate_rows(std::span<const ScoreRequest> requests) {
  std::vector<int64_t> owners, lengths;
  size_t longest = 0;
  for (size_t r = 0; r < requests.size(); ++r) {
    for (const auto& candidate : requests[r].candidates) {
      owners.push_back(static_cast<int64_t>(r));
      longest = std::max(longest, candidate.size());
    }
  }
  const std::vector<int64_t> shape = {std::ssize(owners), static_cast<int64_t>(longest)};
  CandidateRows rows{torch::tensor(owners), torch::zeros(shape, torch::kInt64), torch::zeros(shape),
                     torch::zeros(shape, torch::kInt64)};
  auto ids = rows.ids.accessor<int64_t, 2>();
  auto valid = rows.valid.accessor<float, 2>();
  int64_t row = 0;
  for (const ScoreRequest& request : requests) {
    for (const auto& candidate : request.candidates) {
      rows.phi[row].fill_(request.prompt.phi.back());
      for (size_t t = 0; t < candidate.size(); ++t) {
        ids[row][static_cast<int64_t>(t)] = candidate[t];
        valid[row][static_cast<int64_t>(t)] = 1;
      }
      ++row;
    }
  }
  return rows;
}

/// logits [N, L, V] for each token -> sum of log p over valid tokens, [N].
torch::Tensor sum_log_p(const torch::Tensor& logits, const CandidateRows& rows) {
  const auto log_p = logits.to(torch::kFloat).log_softmax(-1).cpu();      // [N, L, V]
  const auto chosen = log_p.gather(2, rows.ids.unsqueeze(2)).squeeze(2);  // [N, L]
  return (chosen * rows.valid).to(torch::kDouble).sum(1);
}

}  // namespace

at::Tensor FlamingoScorer::media_tokens(const data::MediaFrames& media_item) {
  const auto it = media_.find(media_item);
  if (it != media_.end()) return it->second;
  const auto pixels = renderer_.render(media_item).unsqueeze(0).unsqueeze(0);  // [1, 1, F, 3, S, S]
  const auto tokens = model_->encode_media(pixels.to(model_->lm->device())).squeeze(0).squeeze(0);
  return media_.emplace(media_item, tokens).first->second;  // [R, Dr]
}

at::Tensor FlamingoScorer::media_batch(std::span<const ScoreRequest> requests) {
  size_t most = 0;
  for (const ScoreRequest& request : requests) most = std::max(most, request.prompt.media.size());
  if (most == 0) return {};
  at::Tensor batch;  // [B, M, R, Dr]
  for (size_t r = 0; r < requests.size(); ++r) {
    const auto& media = requests[r].prompt.media;
    for (size_t m = 0; m < media.size(); ++m) {
      const auto tokens = media_tokens(data::views_of(media[m]));
      if (!batch.defined()) {
        batch = torch::zeros(
            {std::ssize(requests), static_cast<int64_t>(most), tokens.size(0), tokens.size(1)},
            tokens.options());
      }
      batch[static_cast<int64_t>(r)][static_cast<int64_t>(m)].copy_(tokens);
    }
  }
  return batch;
}

at::Tensor FlamingoScorer::prefill(std::span<const ScoreRequest> requests, lm::KvCache& cache) {
  size_t longest = 0;
  for (const ScoreRequest& request : requests) {
    longest = std::max(longest, request.prompt.ids.size());
  }
  const std::vector<int64_t> shape = {std::ssize(requests), static_cast<int64_t>(longest)};
  const auto ids = torch::zeros(shape, torch::kInt64);
  const auto phi = torch::zeros(shape, torch::kInt64);
  const auto mask = torch::zeros(shape, torch::kInt64);
  for (size_t r = 0; r < requests.size(); ++r) {
    const data::Sequence& prompt = requests[r].prompt;
    const auto row = static_cast<int64_t>(r);
    for (size_t t = 0; t < prompt.ids.size(); ++t) {
      const auto at = static_cast<int64_t>(longest - prompt.ids.size() + t);  // padded on the left
      ids[row][at] = prompt.ids[t];
      phi[row][at] = prompt.phi[t];
      mask[row][at] = 1;
    }
  }
  const auto device = model_->lm->device();
  const bool padded = !mask.all().item<bool>();
  const auto hidden = model_->forward_hidden({.ids = ids.to(device),
                                              .phi = phi.to(device),
                                              .media = media_batch(requests),
                                              .attention_mask = padded ? mask : torch::Tensor(),
                                              .cache = &cache});
  return hidden.slice(1, -1);  // [B, 1, D]
}

std::vector<std::vector<double>> FlamingoScorer::score(std::span<const ScoreRequest> requests) {
  check_prompts(requests);
  check_candidates(requests);
  if (requests.empty()) return {};
  const torch::NoGradGuard no_grad;
  const CandidateRows rows = candidate_rows(requests);
  lm::KvCache cache;
  const auto device = model_->lm->device();
  const auto owner = rows.request.to(device);
  auto hidden = prefill(requests, cache).index_select(0, owner);  // [N, 1, D]
  const int64_t length = rows.ids.size(1);
  if (length > 1) {
    lm::KvCache shared = cache.select_rows(owner);
    const auto next = model_->forward_hidden({.ids = rows.ids.narrow(1, 0, length - 1).to(device),
                                              .phi = rows.phi.narrow(1, 0, length - 1).to(device),
                                              .cache = &shared});
    hidden = torch::cat({hidden, next}, 1);  // [N, L, D]
  }
  const auto sums = sum_log_p(model_->logits(hidden), rows);
  std::vector<std::vector<double>> scores;
  int64_t row = 0;
  for (const ScoreRequest& request : requests) {
    scores.emplace_back();
    for (size_t c = 0; c < request.candidates.size(); ++c) {
      scores.back().push_back(sums[row++].item<double>());
    }
  }
  return scores;
}

std::vector<std::vector<int32_t>> FlamingoScorer::write(std::span<const ScoreRequest> requests,
                                                        std::span<const int32_t> ends,
                                                        int64_t most) {
  check_prompts(requests);
  std::vector<std::vector<int32_t>> answers(requests.size());
  if (requests.empty()) return answers;
  const torch::NoGradGuard no_grad;
  std::vector<int64_t> last_phi;
  for (const ScoreRequest& request : requests) last_phi.push_back(request.prompt.phi.back());
  const auto phi = torch::tensor(last_phi).unsqueeze(1).to(model_->lm->device());  // [B, 1]
  lm::KvCache cache;
  auto hidden = prefill(requests, cache);  // [B, 1, D]
  std::vector<bool> ended(requests.size());
  for (int64_t t = 0; t < most; ++t) {
    const auto next = model_->logits(hidden).select(1, 0).argmax(-1, /*keepdim=*/true);  // [B, 1]
    const auto ids = next.cpu();
    for (size_t r = 0; r < requests.size(); ++r) {
      const auto id = static_cast<int32_t>(ids[static_cast<int64_t>(r)].item<int64_t>());
      ended[r] = ended[r] || std::ranges::count(ends, id) > 0;
      if (!ended[r]) answers[r].push_back(id);
    }
    if (std::ranges::count(ended, false) == 0) break;
    hidden = model_->forward_hidden({.ids = next, .phi = phi, .cache = &cache});
  }
  return answers;
}

}  // namespace flamingo::eval

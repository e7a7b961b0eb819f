#include "flamingo/generate/ranking.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "flamingo/core/error.h"

namespace flamingo::generate {

void check_candidates(const std::vector<std::string>& candidates, std::string_view where) {
  for (auto it = candidates.begin(); it != candidates.end(); ++it) {
    require(it->find_first_not_of(" \n\t") != std::string::npos, where,
            "expected a text, got a blank one");
    require(std::find(candidates.begin(), it, *it) == it, where,
            "expected different answers, got \"{}\" twice", *it);
  }
}

Ranking rank_candidates(const ModelBundle& bundle, std::shared_ptr<StepDecoder> decoder,
                        const prompt::Prompt& prompt, const EncodedPrompt& encoded,
                        const std::vector<std::string>& candidates) {
  require(!candidates.empty(), "candidate", "expected at least one answer, got none");
  std::vector<std::vector<int32_t>> ids;
  for (const auto& text : candidates) {
    auto answer = continuation_ids(bundle, prompt, encoded.ids, text);
    require(std::ranges::find(ids, answer) == ids.end(), "candidate",
            "expected answers of different tokens, got those of \"{}\" twice", text);
    ids.push_back(std::move(answer));
  }
  Conversation conversation(bundle.model, bundle.tokenizer, std::move(decoder));
  const auto result = conversation.score(encoded, ids);
  const auto& scores = result.log_likelihoods;
  const double best = *std::ranges::max_element(scores);
  double sum = 0;
  for (const double score : scores) sum += std::exp(score - best);
  Ranking ranking{{}, result.timings};
  for (size_t i = 0; i < candidates.size(); ++i)
    ranking.candidates.push_back({candidates[i], scores[i], std::exp(scores[i] - best) / sum});
  std::ranges::stable_sort(ranking.candidates, std::greater(), &RankedCandidate::log_likelihood);
  return ranking;
}

}  // namespace flamingo::generate

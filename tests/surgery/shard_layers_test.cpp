#include "flamingo/surgery/shard_layers.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/model/summed_terms.h"
#include "tests/parallel/tiny_training.h"
#include "tests/support/tolerance.h"

namespace flamingo::surgery {
namespace {

using namespace testing;

/// Every kind of layer that is shared, with biases everywhere.
model::FlamingoConfig relative_flamingo() {
  model::FlamingoConfig config = shareable_flamingo();
  config.lm.position = lm::PositionKind::kRelative;
  config.lm.attention_bias = true;
  config.lm.gated_ffw = false;
  config.xattn.gated_ffw = false;
  return config;
}

torch::Tensor logits(model::Flamingo& model) {
  TinyBatch batch(0, 0);
  batch.input.media = model->encode_media(batch.media_pixels);
  return model->forward(batch.input);
}

TEST(ShareLayers, GivesTheWholeModelsLogits) {
  for (const auto& config : {shareable_flamingo(), relative_flamingo()}) {
    const auto texts = texts_of(4, [&](const parallel::ProcessGroup& world) -> std::string {
      const torch::NoGradGuard no_grad;
      auto model = make_flamingo(config);
      const auto expected = logits(model);
      std::vector<torch::Tensor> weights;
      for (const auto& parameter : model->parameters()) weights.push_back(parameter.clone());
      const auto layout = shard_layers(model, world);
      const Rounding rounding{.terms = summed_terms(config, 8, 5)};
      if (!agree(logits(model), expected, rounding)) return "other logits";
      if (model->lm->layers->begin()->ptr()->mlp->down_proj->weight.size(1) != 12)
        return "not shared";
      unshard_layers(model, layout, world);
      const auto gathered = model->parameters();
      for (size_t i = 0; i < weights.size(); ++i)
        if (!gathered[i].equal(weights[i])) return "not gathered";
      return logits(model).equal(expected) ? "" : "other logits after unshard_layers";
    });
    for (const auto& text : texts) EXPECT_EQ(text, "");
  }
}

TEST(ShareLayers, RefusesWhatCannotBeCutEvenly) {
  const auto results = run_ranks(2, [](const parallel::ProcessGroup& world) {
    model::FlamingoConfig config = shareable_flamingo();
    config.lm.num_kv_heads = 1;
    auto model = make_flamingo(config);
    shard_layers(model, world);
    return std::string();
  });
  EXPECT_NE(results[0].error.find("[lm.num_kv_heads]"), std::string::npos) << results[0].error;
}

}  // namespace
}  // namespace flamingo::surgery

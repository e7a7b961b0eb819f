// The options of the paper's ablations (docs/ablations.md), each as a whole model.

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "flamingo/checkpoint/adapters/native.h"
#include "flamingo/generate/step_decoder.h"
#include "flamingo/model/freeze.h"
#include "flamingo/model/parameter_table.h"
#include "flamingo/model/presets.h"
#include "tests/core/temporary_folder.h"
#include "tests/model/ablation_variants.h"
#include "tests/model/summed_terms.h"
#include "tests/support/tolerance.h"

namespace flamingo::model {
namespace {

using testing::agree;
using testing::Rounding;

/// Of logits after 8 tokens that see up to 10 latents or, of a resampler that mixes, 64 features.
Rounding rounding(const FlamingoConfig& config) {
  return {.terms = testing::summed_terms(config, 8, 64)};
}

using testing::AblationVariant;

Flamingo made(const AblationVariant& variant) { return testing::make_flamingo(config_of(variant)); }

torch::Tensor ablation_phi() {
  return torch::tensor({{0, 1, 1, 1, 2, 2, 2, 2}, {0, 0, 1, 1, 1, 1, 2, 2}}, torch::kInt64);
}

/// ids [2, 8] with both additional tokens among them.
torch::Tensor some_ids() {
  auto ids = testing::some_ids(2, 8);
  ids[0][1] = 40;
  ids[1][3] = 41;
  return ids;
}

torch::Tensor logits_of(Flamingo& model, int64_t frames = 1) {
  return model->forward({.ids = some_ids(),
                         .phi = ablation_phi(),
                         .media = model->encode_media(testing::some_pixels(2, 2, frames))});
}

class Ablation : public ::testing::TestWithParam<AblationVariant> {};

INSTANTIATE_TEST_SUITE_P(All, Ablation, ::testing::ValuesIn(testing::kAblationVariants),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(Ablation, CheckpointedBlocksGiveTheSameGradientsBitForBit) {
  const auto gradients = [&](bool checkpoint) {
    auto model = made(GetParam());
    freeze(model, Trainable{});
    model->checkpoint_blocks(checkpoint);
    logits_of(model).log_softmax(-1).select(-1, 5).mean().neg().backward();
    std::map<std::string, torch::Tensor> found;
    for (const auto& item : model->named_parameters()) {
      if (item.value().requires_grad()) found[item.key()] = item.value().grad();
    }
    return found;
  };
  const auto expected = gradients(false), got = gradients(true);
  ASSERT_EQ(got.size(), expected.size());
  for (const auto& [name, gradient] : expected) {
    ASSERT_TRUE(got.at(name).defined()) << name;
    EXPECT_TRUE(got.at(name).equal(gradient)) << name;
  }
}

TEST_P(Ablation, GradientsReachWhatIsTrainedAndNothingElse) {
  auto model = made(GetParam());
  freeze(model, Trainable{});
  logits_of(model, 3).log_softmax(-1).select(-1, 5).mean().neg().backward();
  for (const auto& item : model->named_parameters()) {
    const auto& parameter = item.value();
    const bool frozen =
        item.key().starts_with("vision_encoder.") ||
        (item.key().starts_with("lm.") && item.key().find(".additional_") == std::string::npos);
    EXPECT_EQ(parameter.requires_grad(), !frozen) << item.key();
    ASSERT_EQ(parameter.grad().defined(), !frozen) << item.key();
    if (frozen) continue;
    EXPECT_TRUE(parameter.grad().isfinite().all().item<bool>()) << item.key();
    EXPECT_GT(parameter.grad().abs().sum().item<float>(), 0.f) << item.key();
  }
}

TEST_P(Ablation, NativeFolderGivesTheSameLogits) {
  const torch::NoGradGuard no_grad;
  const testing::TemporaryFolder folder;
  auto model = made(GetParam());
  checkpoint::write_native(folder.path(), model, "");
  EXPECT_EQ(config_to_json(checkpoint::read_model_config(folder.path())),
            config_to_json(model->config()));
  auto loaded = checkpoint::load_native(folder.path(), "", lm::WeightOptions::of(torch::kFloat32));
  EXPECT_TRUE(logits_of(loaded.model).equal(logits_of(model)));
}

TEST_P(Ablation, IncrementalDecodingEqualsTheWhole) {
  const torch::NoGradGuard no_grad;
  auto model = made(GetParam());
  const auto ids = some_ids(), phi = ablation_phi();
  const auto media = model->encode_media(testing::some_pixels(2, 2));
  const auto whole = model->forward({.ids = ids, .phi = phi, .media = media});
  lm::KvCache cache;
  const auto step = [&](int64_t from, int64_t to, const torch::Tensor& added) {
    return model->forward({.ids = ids.slice(1, from, to),
                           .phi = phi.slice(1, from, to),
                           .media = added,
                           .cache = &cache});
  };
  const std::vector<torch::Tensor> parts{step(0, 3, media.slice(1, 0, 1)), step(3, 4, {}),
                                         step(4, 6, media.slice(1, 1, 2)), step(6, 7, {}),
                                         step(7, 8, {})};
  EXPECT_TRUE(agree(torch::cat(parts, 1), whole, rounding(model->config())));
}

TEST_P(Ablation, RowsOfACacheGoOnByThemselves) {
  const torch::NoGradGuard no_grad;
  auto model = made(GetParam());
  const auto ids = some_ids(), phi = ablation_phi();
  const auto media = model->encode_media(testing::some_pixels(2, 2));
  const auto whole = model->forward({.ids = ids, .phi = phi, .media = media});
  lm::KvCache cache;
  model->forward(
      {.ids = ids.slice(1, 0, 7), .phi = phi.slice(1, 0, 7), .media = media, .cache = &cache});
  lm::KvCache second = cache.select_rows(torch::tensor({1}));
  const auto logits = generate::ModelStepDecoder(model).step(
      static_cast<int32_t>(ids[1][7].item<int64_t>()), 2, second);
  EXPECT_TRUE(agree(torch::tensor(logits), whole[1][7], rounding(model->config())));
}

/// What a forward over some_ids() gives its tap.
std::map<std::string, torch::Tensor> taps_of(Flamingo& model, const torch::Tensor& media) {
  std::map<std::string, torch::Tensor> taps;
  model->forward_hidden({.ids = some_ids(), .phi = ablation_phi(), .media = media},
                        [&](const auto& name, const auto& value) { taps[name] = value; });
  return taps;
}

TEST(Ablations, ClosedGatesGiveTheLanguageModelAlsoInsideItsBlocks) {
  const torch::NoGradGuard no_grad;
  auto config = testing::tiny_flamingo();
  config.xattn.form = lm::XattnForm::kVanilla;
  config.xattn.gate_init = 0.0;
  auto model = testing::make_flamingo(config);
  EXPECT_TRUE(logits_of(model).equal(model->lm->forward(some_ids())));
}

TEST(Ablations, VanillaStandsBetweenTheTwoPartsOfItsBlock) {
  const torch::NoGradGuard no_grad;
  auto config = testing::tiny_flamingo();
  config.xattn.form = lm::XattnForm::kVanilla;
  auto model = testing::make_flamingo(config);
  const auto media = model->encode_media(testing::some_pixels(2, 2));
  auto taps = taps_of(model, media);
  const auto& layer = (*model->xattn)[0];  // in block 1
  const auto& block = (*model->lm->layers)[1];
  const auto& x = taps.at("lm.layers.0");
  const auto y =
      x + block->self_attn->forward(block->input_layernorm->forward(x),
                                    model->lm->context(some_ids(), {}, nullptr), nullptr, 1);
  const auto z = layer->forward(y, layer->encode_media(media), lm::plan_media(ablation_phi(), 2));
  EXPECT_TRUE(taps.at("xattn.0").equal(z));
  EXPECT_FALSE(agree(z, y, rounding(config)));
  const auto out = z + block->mlp->forward(block->post_attention_layernorm->forward(z));
  EXPECT_TRUE(taps.at("lm.layers.1").equal(out));
}

TEST(Ablations, GraftingStandsOnTheUntouchedLanguageModel) {
  const torch::NoGradGuard no_grad;
  auto config = testing::tiny_flamingo();
  config.xattn.form = lm::XattnForm::kGrafting;
  config.xattn.graft_depth = 2;
  auto model = testing::make_flamingo(config);
  const auto media = model->encode_media(testing::some_pixels(2, 2));
  auto taps = taps_of(model, media);
  EXPECT_TRUE(model->lm->norm->forward(taps.at("lm.layers.2"))
                  .equal(model->lm->forward_hidden(some_ids())));
  const auto context = model->lm->context(some_ids(), {}, nullptr);
  auto x = taps.at("lm.layers.2");
  for (size_t i = 0; i < 2; ++i) {
    x = (*model->graft)[i]->forward(x, context, nullptr, 0);
    const auto& layer = (*model->xattn)[i];
    x = layer->forward(x, layer->encode_media(media), lm::plan_media(ablation_phi(), 2));
  }
  EXPECT_TRUE(logits_of(model).equal(model->logits(model->lm->norm->forward(x))));
}

TEST(Ablations, AllPreviousReadsEarlierPictures) {
  const torch::NoGradGuard no_grad;
  auto config = testing::tiny_flamingo();
  config.xattn.first = 0;
  config.xattn.every = 0;  // before the first self-attention, which mixes tokens
  for (const auto seen : {lm::MediaAttention::kLast, lm::MediaAttention::kAllPrevious}) {
    config.xattn.media_attention = seen;
    auto model = testing::make_flamingo(config);
    auto media = model->encode_media(testing::some_pixels(2, 2));
    const auto before = taps_of(model, media).at("xattn.0").clone();
    media.select(1, 0).neg_();
    const auto after = taps_of(model, media).at("xattn.0");
    const auto changed =
        (after - before).abs().amax(-1) > testing::tolerance_of(after, before, rounding(config));
    const auto expected =
        seen == lm::MediaAttention::kLast ? ablation_phi() == 1 : ablation_phi() >= 1;
    EXPECT_TRUE(changed.equal(expected)) << enum_name(seen);
  }
}

/// A row of the table in docs/ablations.md.
struct Row {
  std::string setting, options, paper, here;
};

std::string trimmed(const std::string& text) {
  const size_t first = text.find_first_not_of(" `*"), last = text.find_last_not_of(" `*");
  return first == std::string::npos ? "" : text.substr(first, last - first + 1);
}

/// Rows whose third cell is JSON: | row | setting | options | paper | here | checked |
std::vector<Row> documented_rows() {
  std::ifstream file(std::string(FLAMINGO_SOURCE_DIR) + "/docs/ablations.md");
  std::vector<Row> rows;
  for (std::string line; std::getline(file, line);) {
    std::vector<std::string> cells;
    for (size_t at = 0; at < line.size();) {
      const size_t end = std::min(line.find('|', at), line.size());
      cells.push_back(trimmed(line.substr(at, end - at)));
      at = end + 1;
    }
    if (cells.size() < 6 || !cells[3].starts_with("{")) continue;
    rows.push_back({cells[2], cells[3], cells[4], cells[5]});
  }
  return rows;
}

/// Parameters of flamingo-3b with these options, in units of 1e9.
double billions(const std::string& options) {
  auto config = flamingo_preset("flamingo-3b");
  config_from_json(parse_json(options, "docs/ablations.md"), config, "docs/ablations.md");
  config.validate();
  const PartRow total = parameter_table(config).parts.back();
  return static_cast<double>(total.frozen + total.trainable) / 1e9;
}

TEST(Ablations, DocumentedOptionsGiveTheDocumentedSizes) {
  constexpr double kPrinted = 0.06;  // the paper's rounding, and norms that its figures leave out
  const auto rows = documented_rows();
  EXPECT_GE(rows.size(), 15u);
  for (const Row& row : rows) {
    const double count = billions(row.options);
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%.2fB", count);
    EXPECT_EQ(text.data(), row.here) << row.setting;
    if (row.paper == "-") continue;
    EXPECT_NEAR(count, std::stod(row.paper), kPrinted) << row.setting;
  }
}

}  // namespace
}  // namespace flamingo::model

#include "flamingo/model/config.h"

#include <gtest/gtest.h>

#include "tests/model/tiny_flamingo.h"

namespace flamingo::model {
namespace {

TEST(FlamingoConfig, SurvivesJson) {
  const auto config = testing::tiny_flamingo();
  FlamingoConfig read;
  config_from_json(config_to_json(config), read, "test");
  EXPECT_EQ(config_to_json(read), config_to_json(config));
  EXPECT_NO_THROW(read.validate());
}

TEST(FlamingoConfig, RefusesPartsThatDoNotFit) {
  const auto rejects = [](auto change) {
    auto config = testing::tiny_flamingo();
    change(config);
    EXPECT_THROW(config.validate(), Error);
  };
  rejects([](auto& c) { c.vision = {}; });
  rejects([](auto& c) { c.resampler->dim = 17; });
  rejects([](auto& c) { c.tokens.additional.pop_back(); });
  rejects([](auto& c) { c.tokens.additional[1] = "<image>"; });
  rejects([](auto& c) { c.transform.std[0] = 0; });
  rejects([](auto& c) { c.transform.mean.pop_back(); });
  rejects([](auto& c) { c.xattn.every = -1; });
  rejects([](auto& c) { c.xattn.graft_depth = 0; });
  rejects([](auto& c) {
    c.xattn.gate = lm::GateKind::kNone;
    c.xattn.vector_gates = true;
  });
  rejects([](auto& c) {
    c.xattn.form = lm::XattnForm::kVanilla;
    c.lm.parallel_residual = true;
  });
  rejects([](auto& c) { c.resampler->depth = int64_t{1} << 40; });
  rejects(
      [](auto& c) { c.vision.template as<vision::NfnetConfig>()->depths[0] = int64_t{1} << 40; });
}

}  // namespace
}  // namespace flamingo::model

#include "flamingo/media/limits.h"

#include <gtest/gtest.h>

#include "flamingo/core/config.h"

namespace flamingo::media {
namespace {

TEST(LimitsTest, AreReadFromConfigs) {
  MediaLimits limits;
  config_from_json(Json::parse(R"({"image": {"max_pixels": 108000000, "max_bytes": 41943040},
                                   "video": {"max_decoded": 7}})"),
                   limits, "recipe");
  EXPECT_EQ(limits.image.max_pixels, 108'000'000);
  EXPECT_EQ(limits.image.max_bytes, 40u << 20);
  EXPECT_EQ(limits.image.max_side, ImageLimits{}.max_side);
  EXPECT_EQ(limits.video.max_decoded, 7);
}

TEST(LimitsTest, EveryFieldHasARange) {
  EXPECT_NO_THROW(MediaLimits{}.validate());
  const Json fields = config_to_json(MediaLimits{});
  for (const auto& [kind, group] : fields.items()) {
    for (const auto& [name, value] : group.items()) {
      MediaLimits limits;
      config_from_json(Json{{kind, {{name, 0}}}}, limits, "recipe");
      EXPECT_THROW(limits.validate(), Error) << name;
    }
  }
}

}  // namespace
}  // namespace flamingo::media

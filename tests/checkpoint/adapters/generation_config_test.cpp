#include "flamingo/checkpoint/adapters/generation_config.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "tests/core/temporary_folder.h"

namespace flamingo::checkpoint {
namespace {

using Ids = std::vector<int32_t>;

class Generation : public ::testing::Test {
 protected:
  void SetUp() override {
    write_file_atomic(folder_.file("config.json"), R"({"eos_token_id": 2})");
  }

  GenerationConfig read(const std::string& text) {
    write_file_atomic(folder_.file("generation_config.json"), text);
    return read_generation_config(folder_.path(), 100);
  }
  std::string error_of(const std::string& text) {
    try {
      read(text);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }

  testing::TemporaryFolder folder_;
};

TEST_F(Generation, TakesTheEndFromEitherFile) {
  EXPECT_EQ(read_generation_config(folder_.path(), 100).stop_ids, Ids{2});
  EXPECT_EQ(read("{}").stop_ids, Ids{2});
  EXPECT_EQ(read(R"({"eos_token_id": 7})").stop_ids, Ids{7});
  EXPECT_EQ(read(R"({"eos_token_id": [7, 99, -1]})").stop_ids, (Ids{7, 99}));
}

TEST_F(Generation, BansSingleTokens) {
  EXPECT_EQ(read(R"({"bad_words_ids": [[5], [6]], "suppress_tokens": [8]})").banned_ids,
            (Ids{8, 5, 6}));
  EXPECT_NE(error_of(R"({"bad_words_ids": [[5, 6]]})").find("words of one token"),
            std::string::npos);
}

TEST_F(Generation, TellsWhichSettingsOfSamplingItLeavesToTheCaller) {
  EXPECT_TRUE(read(R"({"do_sample": false, "temperature": 1.0, "top_k": 50})").warnings.empty());
  const auto warnings = read(R"({"do_sample": true, "repetition_penalty": 1.1})").warnings;
  ASSERT_EQ(warnings.size(), 2u);
  EXPECT_NE(warnings[0].find("do_sample = true"), std::string::npos) << warnings[0];
  EXPECT_NE(warnings[1].find("repetition_penalty = 1.1"), std::string::npos) << warnings[1];
}

TEST_F(Generation, RefusesWhatItCannotDoAndTellsWhatItDoesNotKnow) {
  const auto warnings = read(R"({"new_penalty": 2})").warnings;
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_NE(warnings[0].find("(new_penalty)"), std::string::npos) << warnings[0];
  EXPECT_NE(error_of(R"({"min_new_tokens": 2})").find("min_new_tokens"), std::string::npos);
  EXPECT_NE(error_of(R"({"guidance_scale": 1.5})").find("guidance_scale"), std::string::npos);
  EXPECT_NE(error_of(R"({"eos_token_id": 100})").find("eos_token_id"), std::string::npos);
  EXPECT_NE(error_of(R"({"eos_token_id": "</s>"})").find("eos_token_id"), std::string::npos);
  EXPECT_NE(error_of("[]").find("an object"), std::string::npos);
}

}  // namespace
}  // namespace flamingo::checkpoint

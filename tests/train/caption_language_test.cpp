#include "flamingo/train/caption_language.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "tests/train/tiny_run.h"

namespace flamingo::train {
namespace {

using testing::TinyRun;

std::vector<int64_t> list(const torch::Tensor& tensor) {
  const auto flat = tensor.contiguous().flatten();
  return {flat.data_ptr<int64_t>(), flat.data_ptr<int64_t>() + flat.numel()};
}

TEST(TokenizeCaptions, PadsAndCuts) {
  const TinyRun run;
  const auto language = read_caption_language(run.file("lm.gguf"), torch::kFloat32);
  const auto apple = language.tokenizer.encode(" apple");
  ASSERT_EQ(apple.size(), 1u);
  const auto tokens = tokenize_captions(language.tokenizer,
                                        {" apple", " apple bread", "", " apple bread candy"}, 2);
  const int64_t a = apple[0], b = language.tokenizer.encode(" bread")[0];
  EXPECT_EQ(list(tokens.ids), (std::vector<int64_t>{a, 0, a, b, 0, 0, a, b}));
  EXPECT_EQ(list(tokens.mask), (std::vector<int64_t>{1, 0, 1, 1, 1, 0, 1, 1}));
}

TEST(ReadCaptionLanguage, TableHasOneRowPerToken) {
  const TinyRun run;
  const auto language = read_caption_language(run.file("lm.gguf"), torch::kBFloat16);
  EXPECT_EQ(language.table.size(0), language.tokenizer.vocab_size());
  EXPECT_EQ(language.table.scalar_type(), torch::kBFloat16);
  EXPECT_THROW(read_caption_language(run.file("none.gguf"), torch::kBFloat16), Error);
}

}  // namespace
}  // namespace flamingo::train

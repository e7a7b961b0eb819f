#include "flamingo/train/caption_language.h"

#include <algorithm>
#include <utility>

#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/core/error.h"
#include "flamingo/io/gguf.h"
#include "flamingo/io/sha256.h"

namespace flamingo::train {
namespace {

constexpr const char* kTokenTable = "token_embd.weight";

}  // namespace

CaptionTokens tokenize_captions(const text::Tokenizer& tokenizer,
                                const std::vector<std::string>& captions, int64_t max_tokens) {
  std::vector<std::vector<int32_t>> rows;
  int64_t longest = 1;
  for (const std::string& caption : captions) {
    auto ids = tokenizer.encode_plain(caption);
    if (ids.empty()) ids.push_back(0);
    ids.resize(std::min(ids.size(), static_cast<size_t>(max_tokens)));
    longest = std::max(longest, static_cast<int64_t>(ids.size()));
    rows.push_back(std::move(ids));
  }
  CaptionTokens tokens{torch::zeros({std::ssize(rows), longest}, torch::kInt64),
                       torch::zeros({std::ssize(rows), longest}, torch::kInt64)};
  auto ids = tokens.ids.accessor<int64_t, 2>();
  auto mask = tokens.mask.accessor<int64_t, 2>();
  for (int64_t n = 0; n < std::ssize(rows); ++n) {
    const auto& row = rows[static_cast<size_t>(n)];
    for (int64_t t = 0; t < std::ssize(row); ++t) {
      ids[n][t] = row[static_cast<size_t>(t)];
      mask[n][t] = 1;
    }
  }
  return tokens;
}

CaptionLanguage read_caption_language(const std::string& gguf_path, torch::ScalarType type) {
  const io::Gguf gguf = io::Gguf::open(gguf_path);
  const io::GgufTensor* table = gguf.find(kTokenTable);
  require(table != nullptr, gguf_path, "expected a tensor {}, got none", kTokenTable);
  io::Sha256 hash;
  hash.update(table->data);
  return {text::Tokenizer::from_gguf(gguf), checkpoint::decode_tensor(*table, type), hash.hex()};
}

}  // namespace flamingo::train

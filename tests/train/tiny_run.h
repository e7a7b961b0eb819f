#pragma once

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "flamingo/core/file.h"
#include "flamingo/core/rng.h"
#include "flamingo/text/byte_chars.h"
#include "flamingo/train/pretrain_vision.h"
#include "flamingo/train/train_flamingo.h"
#include "tests/core/temporary_folder.h"
#include "tests/io/byte_builder.h"
#include "tests/pictures/tiny_pictures.h"
#include "tests/train/metrics_text.h"

namespace flamingo::testing {

/// Byte-level tokens with their merges, in GGUF's form.
struct TinyVocabulary {
  std::vector<std::string> tokens = {"<s>", "</s>"}, merges;
  std::vector<int32_t> types = {3, 3};

  explicit TinyVocabulary(const std::vector<std::string>& words) {
    for (int byte = 0; byte < 256; ++byte)
      add(text::to_byte_chars(std::string(1, static_cast<char>(byte))));
    for (const std::string& word : words) {
      std::string left = text::to_byte_chars(" ");
      for (const char letter : word) {
        if (known_.insert(left + letter).second) {
          merges.push_back(left + " " + letter);
          add(left + letter);
        }
        left += letter;
      }
    }
  }

 private:
  void add(const std::string& token) {
    tokens.push_back(token);
    types.push_back(1);
  }
  std::set<std::string> known_;
};

/// Writes GGUF files with fp32 tensors of random numbers.
class TinyGguf {
 public:
  void text(const std::string& key, const std::string& value) { head(key, 8).counted(value); }
  void integer(const std::string& key, uint32_t value) { head(key, 4).number<uint32_t>(value); }
  void real(const std::string& key, float value) { head(key, 6).number<float>(value); }
  void texts(const std::string& key, const std::vector<std::string>& values) {
    head(key, 9).number<uint32_t>(8).number<uint64_t>(values.size());
    for (const auto& value : values) metadata_.counted(value);
  }
  void integers(const std::string& key, const std::vector<int32_t>& values) {
    head(key, 9).number<uint32_t>(5).number<uint64_t>(values.size());
    for (const auto value : values) metadata_.number<int32_t>(value);
  }
  /// shape row-major; the file stores it reversed.
  void tensor(const std::string& name, const std::vector<uint64_t>& shape, double deviation,
              double mean = 0) {
    ++tensors_;
    infos_.counted(name).number<uint32_t>(static_cast<uint32_t>(shape.size()));
    uint64_t count = 1;
    for (size_t i = shape.size(); i > 0; --i) {
      infos_.number<uint64_t>(shape[i - 1]);
      count *= shape[i - 1];
    }
    infos_.number<uint32_t>(0).number<uint64_t>(data_.str().size());
    Rng rng = Rng::for_name(1, name);
    for (uint64_t i = 0; i < count; ++i)
      data_.number<float>(static_cast<float>(mean + deviation * rng.normal()));
    data_.pad_to(32);
  }
  std::string bytes() const {
    return ByteBuilder()
        .text("GGUF")
        .number<uint32_t>(3)
        .number<uint64_t>(tensors_)
        .number<uint64_t>(keys_)
        .text(metadata_.str())
        .text(infos_.str())
        .pad_to(32)
        .text(data_.str())
        .str();
  }

 private:
  ByteBuilder& head(const std::string& key, uint32_t type) {
    ++keys_;
    return metadata_.counted(key).number<uint32_t>(type);
  }
  uint64_t keys_ = 0, tensors_ = 0;
  ByteBuilder metadata_, infos_, data_;
};

/// A LLaMA of 2 blocks and width 32, with a tokenizer that knows a few words.
inline void write_tiny_lm(const std::string& path) {
  constexpr uint64_t kDim = 32, kFfw = 48, kKv = 16;
  const TinyVocabulary vocabulary({"apple", "bread", "candy", "drums", "eagle", "flute"});
  TinyGguf file;
  file.text("general.architecture", "llama");
  file.integer("llama.block_count", 2);
  file.integer("llama.context_length", 256);
  file.integer("llama.embedding_length", kDim);
  file.integer("llama.feed_forward_length", kFfw);
  file.integer("llama.attention.head_count", 2);
  file.integer("llama.attention.head_count_kv", 1);
  file.real("llama.attention.layer_norm_rms_epsilon", 1e-5f);
  file.text("tokenizer.ggml.model", "gpt2");
  file.text("tokenizer.ggml.pre", "smollm");
  file.texts("tokenizer.ggml.tokens", vocabulary.tokens);
  file.texts("tokenizer.ggml.merges", vocabulary.merges);
  file.integers("tokenizer.ggml.token_type", vocabulary.types);
  file.integer("tokenizer.ggml.bos_token_id", 0);
  file.integer("tokenizer.ggml.eos_token_id", 1);
  file.tensor("token_embd.weight", {vocabulary.tokens.size(), kDim}, 0.5);
  file.tensor("output_norm.weight", {kDim}, 0, 1);
  for (const std::string block : {"blk.0.", "blk.1."}) {
    file.tensor(block + "attn_norm.weight", {kDim}, 0, 1);
    file.tensor(block + "ffn_norm.weight", {kDim}, 0, 1);
    file.tensor(block + "attn_q.weight", {kDim, kDim}, 0.2);
    file.tensor(block + "attn_k.weight", {kKv, kDim}, 0.2);
    file.tensor(block + "attn_v.weight", {kKv, kDim}, 0.2);
    file.tensor(block + "attn_output.weight", {kDim, kDim}, 0.2);
    file.tensor(block + "ffn_gate.weight", {kFfw, kDim}, 0.2);
    file.tensor(block + "ffn_up.weight", {kFfw, kDim}, 0.2);
    file.tensor(block + "ffn_down.weight", {kDim, kFfw}, 0.2);
  }
  write_file_atomic(path, file.bytes());
}

/// Small files and recipes for both stages in one folder.
class TinyRun {
 public:
  TinyRun() {
    tiny_pictures(folder_, 12, 4);
    write_tiny_lm(folder_.file("lm.gguf"));
  }
  std::string file(const std::string& name) const { return folder_.file(name); }

  train::PretrainVisionRecipe vision(const std::string& output = "vision") const {
    train::PretrainVisionRecipe recipe;
    recipe.lm = file("lm.gguf");
    vision::NfnetConfig encoder = vision::nfnet_preset("nfnet-pictogram");
    encoder.image_size = 16;
    encoder.stem_channels = {8};
    encoder.stem_strides = {2};
    encoder.depths = {1, 1};
    encoder.widths = {8, 16};
    encoder.strides = {1, 2};
    recipe.encoder = encoder;
    recipe.contrastive.label_smoothing = 0;
    recipe.contrastive.view_weight = 0.5;
    recipe.contrastive.embed_dim = 8;
    recipe.contrastive.text_width = 16;
    recipe.contrastive.text_layers = 1;
    recipe.contrastive.text_heads = 2;
    train::CaptionSourceConfig labels{.name = "labels"};
    labels.labels.emplace().pictures = file("tiny.safetensors");
    labels.labels->classes = 6;
    recipe.sources = {labels};
    recipe.train = short_training(output, 8, 3e-3);
    return recipe;
  }

  train::TrainFlamingoRecipe flamingo(const std::string& output = "flamingo") const {
    train::TrainFlamingoRecipe recipe;
    recipe.lm = file("lm.gguf");
    recipe.encoder = file("vision/encoder");
    recipe.resampler.width = 16;
    recipe.resampler.depth = 1;
    recipe.resampler.heads = 2;
    recipe.resampler.head_dim = 8;
    recipe.resampler.num_latents = 3;
    recipe.xattn.first = 0;
    recipe.xattn.every = 1;
    recipe.xattn.num_heads = 2;
    recipe.xattn.head_dim = 8;
    recipe.xattn.ffw_dim = 32;
    recipe.sources = {{.name = "pictograms", .episodes = data::EpisodeConfig{}}};
    recipe.sources[0].episodes->pictures = file("tiny.safetensors");
    recipe.sources[0].episodes->batch = 4;
    recipe.sources[0].episodes->views = 2;
    recipe.sources[0].episodes->sort_batches = 2;
    recipe.train = short_training(output, 6, 1e-2);
    return recipe;
  }

 private:
  train::TrainConfig short_training(const std::string& output, int64_t steps, double lr) const {
    train::TrainConfig train;
    train.output = file(output);
    train.steps = steps;
    train.checkpoint_every = 3;
    train.optimizer.lr = lr;
    train.schedule.warmup = 1;
    return train;
  }
  TemporaryFolder folder_;
};

}  // namespace flamingo::testing

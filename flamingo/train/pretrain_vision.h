#pragma once

#include <memory>
#include <optional>
#include <string>

#include "flamingo/data/label_source.h"
#include "flamingo/data/prefetch.h"
#include "flamingo/text/tokenizer.h"
#include "flamingo/train/trainer.h"
#include "flamingo/vision/contrastive.h"
#include "flamingo/vision/nfnet.h"

namespace flamingo::train {

/// Stage 1: contrastive pretraining of the encoder on captioned drawings (paper appendix B.1.3).
/// The text tower reads the language model's frozen token table.
struct PretrainVisionRecipe {
  std::string lm;
  uint64_t seed = 1;
  bool bf16 = true;
  vision::NfnetConfig encoder = vision::nfnet_preset("nfnet-pictogram");
  vision::ContrastiveConfig contrastive{.label_smoothing = 0.0, .view_weight = 0.5};
  data::LabelSourceConfig data;
  TrainConfig train;

  template <class Visitor>
  void visit(Visitor& v) {
    v("lm", lm, "GGUF whose tokenizer and token table the text tower uses");
    v("seed", seed, "decides initial weights and dropped blocks");
    v("bf16", bf16, "compute in bf16 with fp32 masters; false: all fp32");
    v("encoder", encoder, "shape of the encoder");
    v("contrastive", contrastive, "text tower and loss");
    v("data", data, "batches and variation of the pictures");
    v("train", train, "steps, optimizer, schedule, output");
  }
};

/// Captions as padded token ids.
struct CaptionTokens {
  torch::Tensor ids;   ///< [N, T] int64
  torch::Tensor mask;  ///< [N, T] int64, 1 = text
};

/// At most max_tokens of each caption; an empty one counts as one token 0.
CaptionTokens tokenize_captions(const text::Tokenizer& tokenizer,
                                const std::vector<std::string>& captions, int64_t max_tokens);

/// Encoder and heads under one roof, so that they train together: keys "encoder.", "contrastive.".
struct TwoTowers : torch::nn::Module {
  TwoTowers(const vision::NfnetConfig& encoder_config, const vision::ContrastiveConfig& config,
            int64_t token_dim);
  vision::Nfnet encoder;
  vision::Contrastive contrastive;
};

/// Frozen language for the text tower.
struct CaptionLanguage {
  text::Tokenizer tokenizer;
  torch::Tensor table;  ///< [V, D] in the compute type
};

/// Tokenizer and token table of a GGUF; the table in `type`. Throws Error naming the file.
CaptionLanguage read_caption_language(const std::string& gguf_path, torch::ScalarType type);

/// The contrastive stage as a training task.
class PretrainVisionTask : public TrainTask {
 public:
  PretrainVisionTask(const PretrainVisionRecipe& recipe, CaptionLanguage language);

  torch::nn::Module& module() override { return *towers_; }
  int64_t begin(int64_t step) override;
  StepLosses losses(int64_t step, int64_t part) override;
  std::vector<Metric> metrics(int64_t step) override;
  std::string item_name() const override { return "pictures"; }
  Json identity() const override;

  const TwoTowers& towers() const { return *towers_; }

 private:
  struct Batch {
    torch::Tensor pixels;
    CaptionTokens captions;
    torch::Tensor concepts;
  };
  Batch make_batch(int64_t step);

  PretrainVisionRecipe recipe_;
  CaptionLanguage language_;
  data::LabelSource data_;
  std::shared_ptr<TwoTowers> towers_;
  Batch batch_;
  double retrieval_ = 0;
  std::optional<data::Prefetcher<Batch>> batches_;  ///< last: its thread reads the others
};

/// Trains and writes <output>/encoder and <output>/contrastive (the heads) when done. Goes on where
/// an earlier call stopped. Throws Error as train() and the readers of the files do.
TrainResult pretrain_vision(const PretrainVisionRecipe& recipe, const TrainHooks& hooks);

}  // namespace flamingo::train

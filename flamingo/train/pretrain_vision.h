#pragma once

#include <string>
#include <vector>

#include "flamingo/train/caption_sources.h"
#include "flamingo/train/contrastive_task.h"
#include "flamingo/train/mixture.h"
#include "flamingo/train/trainer.h"
#include "flamingo/vision/contrastive.h"
#include "flamingo/vision/registry.h"

namespace flamingo::train {

/// Stage 1: contrastive pretraining of the encoder on captioned pictures (paper appendix B.1.3).
/// The text tower reads the language model's frozen token table.
struct PretrainVisionRecipe {
  std::string lm;
  std::string init;
  int64_t pooled_side = 0;
  int64_t projection_dim = 0;
  vision::EncoderConfig encoder;
  std::vector<std::string> frozen;
  vision::ContrastiveConfig contrastive;
  uint64_t seed = 1;
  bool bf16 = true;
  MixtureConfig mixture;
  std::vector<CaptionSourceConfig> sources;
  CaptionValidationConfig validation;
  std::string features;
  TrainConfig train;
  parallel::ParallelConfig parallel;

  template <class Visitor>
  void visit(Visitor& v) {
    v("lm", lm, "GGUF whose tokenizer and token table the text tower uses");
    v("init", init,
      "pretrained encoder to go on from (a folder of flamingo pretrain-vision, a CLIP, ...); "
      "empty: `encoder` from scratch");
    v("pooled_side", pooled_side,
      "features of the encoder become means over so many rows and columns, where its kind can; 0: "
      "as init has them");
    v("projection_dim", projection_dim,
      "features of the encoder get a norm and a projection to this width, which begin anew, where "
      "its kind can; 0: as init has them");
    v("encoder", encoder, "shape of an encoder from scratch");
    v("frozen", frozen,
      "parameters whose name begins with one of these stay as they are (\"encoder.stem\"); those "
      "of "
      "\"encoder.\" leave only the heads to learn");
    v("contrastive", contrastive, "text tower and loss");
    v("seed", seed, "decides initial weights and dropped blocks");
    v("bf16", bf16, "compute in bf16 with fp32 masters; false: all fp32");
    v("mixture", mixture,
      "how the sources come together; micro_batch: pictures that are embedded at once, whose "
      "gradients are cached, so that a batch may be larger than memory");
    v("sources", sources, "what is trained on");
    v("validation", validation, "what is looked at beside: R@1 in both directions");
    v("features", features,
      "folder of the features of stored views, for one run at a time; empty: <output>/features");
    v("train", train, "steps, optimizer, schedule, output");
    v("parallel", parallel, "how the processes of a job share the work; may change at any start");
  }
  /// Throws Error when a field is out of its range.
  void validate();
  std::string features_folder() const {
    return features.empty() ? train.output + "/features" : features;
  }
};

/// Trains and writes <output>/encoder and <output>/contrastive (the heads) when done. Goes on where
/// an earlier call stopped. With several processes in `world` all of them call it; each embeds its
/// share of every batch, and the loss is that of the whole batch. Throws Error as train() and the
/// readers of the files do.
TrainResult pretrain_vision(PretrainVisionRecipe recipe, TrainHooks hooks,
                            const parallel::ProcessGroup& world = {});

}  // namespace flamingo::train

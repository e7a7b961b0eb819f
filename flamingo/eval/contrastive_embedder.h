#pragma once

#include <string>

#include "flamingo/data/views.h"
#include "flamingo/eval/embedder.h"
#include "flamingo/train/caption_language.h"
#include "flamingo/vision/contrastive.h"
#include "flamingo/vision/encoder.h"

namespace flamingo::eval {

/// Names and pictures in the joint space of contrastive pretraining.
class ContrastiveEmbedder : public Embedder {
 public:
  /// heads_folder: what pretrain_vision writes as <output>/contrastive; encoder: the vision encoder
  /// it was trained with; `renderer` must outlive the embedder. Throws Error naming the file.
  ContrastiveEmbedder(const std::string& heads_folder, vision::VisionEncoderPtr encoder,
                      train::CaptionLanguage language, data::ViewRenderer& renderer);

  at::Tensor embed_texts(std::span<const std::string> texts) override;
  at::Tensor embed_pictures(std::span<const data::ViewRef> views) override;

 private:
  vision::ContrastiveConfig config_;
  vision::VisionEncoderPtr encoder_;
  train::CaptionLanguage language_;
  data::ViewRenderer& renderer_;
  vision::Contrastive heads_{nullptr};
};

}  // namespace flamingo::eval

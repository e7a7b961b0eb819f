#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <string>

#include "flamingo/data/view_ref.h"

namespace flamingo::eval {

/// Names and pictures in one space: the contrastive model, or a stand-in of a test.
class Embedder {
 public:
  virtual ~Embedder() = default;

  /// -> [N, E], fp32, any length.
  virtual at::Tensor embed_texts(std::span<const std::string> texts) = 0;
  /// -> [N, E], fp32, any length.
  virtual at::Tensor embed_pictures(std::span<const data::ViewRef> views) = 0;
};

}  // namespace flamingo::eval

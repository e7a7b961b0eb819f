#include "flamingo/plan/kept_bytes.h"

#include <algorithm>

namespace flamingo::plan {

StepUnit operator+(const StepUnit& a, const StepUnit& b) {
  return {a.kept + b.kept, std::max(a.buffers, b.buffers), a.gradients + b.gradients,
          a.waiting + b.waiting};
}

StepUnit KeptBytes::linear(int64_t rows, int64_t in, int64_t out, bool trained) const {
  const int64_t copy = c_ == 4 ? 0 : c_ * in * out;
  if (!trained) return {copy, 0, 0};
  return {c_ * rows * in + copy, copy, 4 * in * out};
}

StepUnit KeptBytes::lora(int64_t rows, int64_t in, int64_t out, int64_t rank) const {
  if (rank == 0) return {};
  StepUnit unit = linear(rows, in, rank, true) + linear(rows, rank, out, true);
  unit.buffers += c_ * rows * (in + out);
  return unit;
}

StepUnit KeptBytes::norm(int64_t rows, int64_t dim, const nn::NormConfig& config,
                         bool trained) const {
  const bool rms = config.kind == nn::NormKind::kRmsNorm;
  if (rms && !trained && c_ == 2) return {c_ * rows * dim, 2 * c_ * rows * dim, 0};
  return {4 * rows * (dim * (rms && trained ? 2 : 1) + 2), (8 + c_) * rows * dim,
          trained ? 4 * dim * (rms || !config.bias ? 1 : 2) : 0};
}

StepUnit KeptBytes::ffw(int64_t rows, const nn::MlpConfig& mlp, bool trained) const {
  const int64_t dim = mlp.dim, width = mlp.hidden;
  // gated: gate and up (one tensor), activation(gate); and their product, for a trained `down`.
  const bool one_pass = mlp.gated && mlp.activation == nn::Activation::kSilu && c_ == 2;
  const int64_t factors = (one_pass    ? 2
                           : mlp.gated ? 3
                                       : 1) +
                          (mlp.activation == nn::Activation::kQuickGelu ? 1 : 0);
  const int64_t widths = one_pass ? 3 : mlp.gated ? 4 : 2;
  StepUnit unit{c_ * rows * width * factors, c_ * rows * (2 * dim + widths * width), 0};
  if (!trained) return unit;
  const StepUnit up = linear(rows, dim, (mlp.gated ? 2 : 1) * width, true);
  const StepUnit down = linear(rows, width, dim, true);
  const int64_t weight = std::max(up.buffers, down.buffers);
  unit = unit + up + down;
  unit.buffers += weight;
  return unit;
}

}  // namespace flamingo::plan

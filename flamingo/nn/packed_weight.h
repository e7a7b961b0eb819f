#pragma once

#include <ATen/core/Tensor.h>
#include <torch/custom_class.h>

#include <vector>

#include "flamingo/kernels/packed_matrix.h"

namespace flamingo::nn {

/// A frozen matrix [rows, cols] as GGUF blocks, which is decoded for each use and never kept so.
class PackedWeight : public torch::CustomClassHolder {
 public:
  /// Matrices of one width, one above the other; their types may differ. Throws Error on others.
  explicit PackedWeight(std::vector<kernels::PackedMatrix> parts);

  /// One on the meta device, whose blocks would take so many bytes.
  PackedWeight(int64_t rows, int64_t cols, int64_t bytes)
      : rows_(rows), cols_(cols), meta_bytes_(bytes) {}

  /// weight [rows, cols] of any float type, rounded into blocks of Q8_0 or Q4_1. On the meta device
  /// there are no blocks, only their size.
  /// Throws Error when cols is no multiple of 32, or as encode_blocks() does.
  static c10::intrusive_ptr<PackedWeight> quantise(const at::Tensor& weight,
                                                   kernels::BlockType type);

  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  /// Bytes of the blocks.
  int64_t bytes() const;
  /// All values, [rows, cols] in `type`: exact in fp32, rounded to nearest otherwise.
  at::Tensor decode(at::ScalarType type) const;

 private:
  std::vector<kernels::PackedMatrix> parts_;  ///< none on the meta device
  int64_t rows_ = 0;
  int64_t cols_ = 0;
  int64_t meta_bytes_ = 0;  ///< of the blocks that would be there
};

/// x W^T + b with x [..., cols] and bias [rows] (no gradient) or undefined -> [..., rows] in the
/// type of x. Backward keeps the blocks alone and decodes them again: dx = dy W.
at::Tensor packed_linear(const at::Tensor& x, const c10::intrusive_ptr<PackedWeight>& weight,
                         const at::Tensor& bias = {});

}  // namespace flamingo::nn

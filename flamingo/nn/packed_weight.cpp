#include "flamingo/nn/packed_weight.h"

#include <ATen/Parallel.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <string>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/kernels/encode.h"
#include "flamingo/nn/linear.h"
#include "flamingo/nn/product.h"

namespace flamingo::nn {
namespace {

constexpr const char* kWhere = "PackedWeight";
constexpr const char* kWeight = "weight";

/// Rows of `part` as target [rows, cols], on all threads.
void decode_into(const kernels::PackedMatrix& part, const at::Tensor& target) {
  const bool direct = target.scalar_type() == at::kFloat;
  at::parallel_for(0, part.units(), 1, [&](int64_t begin, int64_t end) {
    const auto spare =
        direct ? at::Tensor() : at::empty({kernels::kTileRows, part.cols()}, at::kFloat);
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t first = unit * kernels::kTileRows;
      const auto rows =
          target.narrow(0, first, std::min<int64_t>(kernels::kTileRows, part.rows() - first));
      const auto values = direct ? rows : spare.narrow(0, 0, rows.size(0));
      part.decode_rows(kernels::best_kernels(), first, rows.size(0), values.data_ptr<float>());
      if (!direct) rows.copy_(values);
    }
  });
}

/// Sees neither x nor the decoded weight again: backward needs the blocks only.
class PackedLinear : public torch::autograd::Function<PackedLinear> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* ctx, const at::Tensor& x,
                            const c10::intrusive_ptr<PackedWeight>& weight,
                            const std::optional<at::Tensor>& bias) {
    ctx->saved_data[kWeight] = c10::IValue::make_capsule(weight);
    return linear_by_rows(x, weight->decode(x.scalar_type()), bias.value_or(at::Tensor()));
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 const torch::autograd::variable_list& outer) {
    const auto weight =
        c10::static_intrusive_pointer_cast<PackedWeight>(ctx->saved_data[kWeight].toCapsule());
    const at::Tensor& dy = outer[0];
    auto sizes = dy.sizes().vec();
    sizes.back() = weight->cols();
    const auto dx =
        matrix_product(dy.reshape({-1, weight->rows()}), weight->decode(dy.scalar_type()));
    return {dx.view(sizes), {}, {}};
  }
};

}  // namespace

PackedWeight::PackedWeight(std::vector<kernels::PackedMatrix> parts) : parts_(std::move(parts)) {
  require(!parts_.empty(), kWhere, "expected at least one part, got none");
  cols_ = parts_.front().cols();
  for (const kernels::PackedMatrix& part : parts_) {
    require(part.cols() == cols_, kWhere, "expected parts of {} columns, got {}", cols_,
            part.cols());
    rows_ += part.rows();
  }
}

c10::intrusive_ptr<PackedWeight> PackedWeight::quantise(const at::Tensor& weight,
                                                        kernels::BlockType type) {
  require(weight.dim() == 2, kWhere, "expected a matrix to quantise");
  const kernels::BlockLayout layout = kernels::block_layout(type);
  const int64_t rows = weight.size(0), cols = weight.size(1);
  require(cols % layout.values == 0, kWhere, "expected columns in multiples of {}, got {}",
          layout.values, cols);
  if (weight.is_meta()) {
    return c10::make_intrusive<PackedWeight>(rows, cols,
                                             kernels::PackedMatrix::packed_bytes(type, rows, cols));
  }
  const auto values = weight.detach().to(at::kFloat).contiguous();
  std::vector<std::byte> blocks(static_cast<size_t>(values.numel() / layout.values * layout.bytes));
  kernels::encode_blocks(
      type, {values.const_data_ptr<float>(), static_cast<size_t>(values.numel())}, blocks);
  std::vector<kernels::PackedMatrix> parts;
  parts.push_back(kernels::PackedMatrix::pack(type, blocks, rows, cols));
  return c10::make_intrusive<PackedWeight>(std::move(parts));
}

int64_t PackedWeight::bytes() const {
  int64_t sum = meta_bytes_;
  for (const kernels::PackedMatrix& part : parts_) sum += part.bytes();
  return sum;
}

at::Tensor PackedWeight::decode(at::ScalarType type) const {
  const at::Device device(parts_.empty() ? at::kMeta : at::kCPU);
  auto values = at::empty({rows_, cols_}, at::TensorOptions(type).device(device));
  int64_t first = 0;
  for (const kernels::PackedMatrix& part : parts_) {
    decode_into(part, values.narrow(0, first, part.rows()));
    first += part.rows();
  }
  return values;
}

at::Tensor packed_linear(const at::Tensor& x, const c10::intrusive_ptr<PackedWeight>& weight,
                         const at::Tensor& bias) {
  return PackedLinear::apply(x, weight, bias.defined() ? std::optional(bias) : std::nullopt);
}

}  // namespace flamingo::nn

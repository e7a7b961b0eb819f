#include "flamingo/nn/token_loss.h"

#include <ATen/Parallel.h>
#include <torch/autograd.h>
#include <torch/types.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "flamingo/core/shape.h"
#include "flamingo/kernels/half.h"
#include "flamingo/kernels/kernels.h"

namespace flamingo::nn {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr const char* kLossWhere = "token_loss";

/// Rows of one part of the vocabulary, in either type.
struct LogitRows {
  explicit LogitRows(const at::Tensor& logits)
      : data(logits.const_data_ptr()),
        width(logits.size(1)),
        is_bf16(logits.scalar_type() == at::kBFloat16) {}

  const float* wide(int64_t row) const { return static_cast<const float*>(data) + row * width; }
  const uint16_t* narrow(int64_t row) const {
    return static_cast<const uint16_t*>(data) + row * width;
  }
  float value(int64_t row, int64_t column) const {
    return is_bf16 ? kernels::bf16_to_float(narrow(row)[column]) : wide(row)[column];
  }
  kernels::LogSumExp log_sum_exp(int64_t row) const {
    return is_bf16 ? kernels::best_kernels().log_sum_exp_bf16(narrow(row), width)
                   : kernels::best_kernels().log_sum_exp(wide(row), width);
  }

  const void* data;
  int64_t width;
  bool is_bf16;
};

/// The whole row's from those of its parts.
kernels::LogSumExp joined(const kernels::LogSumExp& first, const kernels::LogSumExp& next,
                          int64_t offset) {
  kernels::LogSumExp both = first;
  if (next.largest > first.largest) both = {0, next.largest, offset + next.at};
  const float sum = std::exp(first.value - both.largest) + std::exp(next.value - both.largest);
  both.value = both.largest + std::log(sum);
  return both;
}

kernels::LogSumExp log_sum_exp(const std::vector<LogitRows>& parts, int64_t row) {
  kernels::LogSumExp result = parts.front().log_sum_exp(row);
  int64_t offset = parts.front().width;
  for (size_t i = 1; i < parts.size(); ++i) {
    result = joined(result, parts[i].log_sum_exp(row), offset);
    offset += parts[i].width;
  }
  return result;
}

/// Gradient of the row's logits: factor (softmax(logits) - one_hot(target)); a target out of the
/// part leaves the second term out.
void write_gradient(const LogitRows& logits, int64_t row, float log_sum, float factor,
                    int64_t target, void* gradient) {
  const bool here = target >= 0 && target < logits.width;
  const float at_target =
      here ? factor * (std::exp(logits.value(row, target) - log_sum) - 1.0f) : 0.0f;
  if (logits.is_bf16) {
    auto* out = static_cast<uint16_t*>(gradient) + row * logits.width;
    kernels::best_kernels().scaled_exp_bf16(logits.narrow(row), log_sum, factor, logits.width, out);
    if (here) out[target] = kernels::float_to_bf16(at_target);
  } else {
    auto* out = static_cast<float*>(gradient) + row * logits.width;
    kernels::best_kernels().scaled_exp(logits.wide(row), log_sum, factor, logits.width, out);
    if (here) out[target] = at_target;
  }
}

float value_of(const std::vector<LogitRows>& parts, int64_t row, int64_t column) {
  size_t i = 0;
  for (; column >= parts[i].width; ++i) column -= parts[i].width;
  return parts[i].value(row, column);
}

/// What the forward pass gives for each target, all [n].
struct RowResults {
  at::Tensor log_sums, losses;  ///< fp32
  at::Tensor predicted;         ///< int64
};

void write_losses(at::TensorList logits, const at::Tensor& targets, const RowResults& results) {
  const std::vector<LogitRows> parts(logits.begin(), logits.end());
  const int64_t* target = targets.const_data_ptr<int64_t>();
  at::parallel_for(0, targets.size(0), 1, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const kernels::LogSumExp sum = log_sum_exp(parts, row);
      results.log_sums.data_ptr<float>()[row] = sum.value;
      results.losses.data_ptr<float>()[row] = sum.value - value_of(parts, row, target[row]);
      results.predicted.data_ptr<int64_t>()[row] = sum.at;
    }
  });
}

/// Writes the gradients of each part of the logits, of the same shape. saved: the parts, the
/// targets, the logarithms of the sums.
void write_gradients(const variable_list& saved, float factor, const variable_list& gradients) {
  const size_t count = saved.size() - 2;
  const int64_t* target = saved[count].const_data_ptr<int64_t>();
  const float* log_sums = saved[count + 1].const_data_ptr<float>();
  int64_t offset = 0;
  for (size_t i = 0; i < count; ++i) {
    const LogitRows rows(saved[i]);
    void* out = gradients[i].mutable_data_ptr();
    at::parallel_for(0, saved[count].size(0), 1, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row)
        write_gradient(rows, row, log_sums[row], factor, target[row] - offset, out);
    });
    offset += rows.width;
  }
}

/// variables: the parts of the vocabulary, then the targets.
class Loss : public torch::autograd::Function<Loss> {
 public:
  static variable_list forward(AutogradContext* ctx, at::TensorList logits,
                               const at::Tensor& targets) {
    const auto log_sums = at::empty(targets.sizes(), targets.options().dtype(at::kFloat));
    const auto losses = at::empty_like(log_sums), predicted = at::empty_like(targets);
    if (!targets.is_meta()) write_losses(logits, targets, {log_sums, losses, predicted});
    variable_list saved(logits.begin(), logits.end());
    saved.insert(saved.end(), {targets, log_sums});
    ctx->save_for_backward(saved);
    ctx->mark_non_differentiable({predicted});
    return {losses.mean(), predicted};
  }

  static variable_list backward(AutogradContext* ctx, const variable_list& outer) {
    const auto saved = ctx->get_saved_variables();
    const at::Tensor& targets = saved[saved.size() - 2];
    variable_list gradients;
    for (size_t i = 0; i + 2 < saved.size(); ++i) gradients.push_back(at::empty_like(saved[i]));
    if (!targets.is_meta()) {
      write_gradients(saved, outer[0].item<float>() / static_cast<float>(targets.size(0)),
                      gradients);
    }
    gradients.emplace_back();
    return gradients;
  }
};

bool takes_loss_kernels(const at::Tensor& logits) {
  const auto type = logits.scalar_type();
  return (logits.is_cpu() || logits.is_meta()) && (type == at::kFloat || type == at::kBFloat16);
}

void check(const std::vector<at::Tensor>& logits, const at::Tensor& targets) {
  require(!logits.empty(), kLossWhere, "expected logits, got none");
  require(targets.dim() == 1 && targets.size(0) > 0 && targets.scalar_type() == at::kLong,
          kLossWhere, "expected targets [n] as int64, got {}", targets.sizes());
  int64_t words = 0;
  for (const at::Tensor& part : logits) {
    expect_shape(part, {targets.size(0), kAny}, "logits");
    require(part.size(1) > 0 && part.scalar_type() == logits[0].scalar_type(), kLossWhere,
            "expected parts of at least one word in one type, got {} words in {} beside {}",
            part.size(1), at::toString(part.scalar_type()), at::toString(logits[0].scalar_type()));
    words += part.size(1);
  }
  if (targets.is_meta()) return;
  const auto [least, greatest] = at::aminmax(targets);
  const auto low = least.item<int64_t>(), high = greatest.item<int64_t>();
  require(low >= 0 && high < words, kLossWhere, "expected targets in [0, {}), got {} to {}", words,
          low, high);
}

}  // namespace

TokenLoss token_loss(const std::vector<at::Tensor>& logits, const at::Tensor& targets) {
  check(logits, targets);
  if (!std::ranges::all_of(logits, takes_loss_kernels)) return plain_token_loss(logits, targets);
  std::vector<at::Tensor> parts;
  for (const at::Tensor& part : logits) parts.push_back(part.contiguous());
  const auto result = Loss::apply(at::TensorList(parts), targets.contiguous());
  return {result[0], result[1]};
}

TokenLoss plain_token_loss(const std::vector<at::Tensor>& logits, const at::Tensor& targets) {
  const auto all = at::cat(logits, 1).to(at::kFloat);
  return {at::cross_entropy_loss(all, targets), all.detach().argmax(1)};
}

}  // namespace flamingo::nn

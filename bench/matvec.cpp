#include "flamingo/kernels/matvec.h"

#include <vector>

#include "bench/scenario.h"
#include "flamingo/core/rng.h"

namespace flamingo::bench {
namespace {

constexpr int64_t kCols = 1536;
constexpr int64_t kTargetBytes = int64_t{192} << 20;  // of the file's blocks: beyond the caches

/// Weights of zeros: their values do not change the time, and no scale is infinite.
kernels::PackedMatrix make_matrix(kernels::BlockType type) {
  const kernels::BlockLayout layout = kernels::block_layout(type);
  const int64_t row_bytes = kCols / layout.values * layout.bytes;
  const int64_t rows = kTargetBytes / row_bytes / 16 * 16;
  const std::vector<std::byte> blocks(static_cast<size_t>(rows * row_bytes));
  return kernels::PackedMatrix::pack(type, blocks, rows, kCols);
}

void time_matrix(Context& context, const kernels::PackedMatrix& matrix,
                 kernels::InputMode input_mode) {
  const std::vector<float> x(kCols, 0.5f);
  std::vector<float> y(static_cast<size_t>(matrix.rows()));
  const double gigabytes = static_cast<double>(matrix.bytes()) / 1e9;
  const std::string name(kernels::block_layout(matrix.type()).name);
  const bool exact = input_mode == kernels::InputMode::kExact;
  context.measure(
      {"matvec", name + (exact ? " float32 input" : " int8 input"), "GB", gigabytes, gigabytes},
      context.roofs.read, [&] { kernels::matvec(matrix, x, y, input_mode, context.pool); });
}

}  // namespace

void run_matvec(Context& context) {
  for (const kernels::BlockType type : kernels::kPlainTypes) {
    time_matrix(context, make_matrix(type), kernels::InputMode::kExact);
  }
  for (const kernels::QuantisedType& quantised : kernels::kQuantisedTypes) {
    const kernels::PackedMatrix matrix = make_matrix(quantised.type);
    time_matrix(context, matrix, kernels::InputMode::kExact);
    time_matrix(context, matrix, kernels::InputMode::kInt8);
  }
}

}  // namespace flamingo::bench

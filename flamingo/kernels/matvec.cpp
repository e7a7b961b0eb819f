#include "flamingo/kernels/matvec.h"

#include <algorithm>
#include <string>
#include <vector>

#include "flamingo/core/error.h"
#include "flamingo/kernels/half.h"

namespace flamingo::kernels {
namespace {

/// Throws unless [first, first + size / cols) are whole rows; returns their number.
int64_t checked_rows(const PackedMatrix& weights, int64_t first, size_t size) {
  const auto values = static_cast<int64_t>(size);
  const int64_t count = weights.cols() > 0 ? values / weights.cols() : 0;
  require(count * weights.cols() == values && first >= 0 && first <= weights.rows() - count,
          "decode_rows", "expected whole rows within {} x {}, got {} values from row {}",
          weights.rows(), weights.cols(), values, first);
  return count;
}

/// Calls body(row range, slot) in parallel for ranges of [first, first + count) that are cut at the
/// matrix's units of 16 rows.
template <class Body>
void for_each_unit(ThreadPool& pool, int64_t first, int64_t count, const Body& body) {
  if (count == 0) return;
  const int64_t begin_unit = first / kTileRows;
  const int64_t end_unit = (first + count + kTileRows - 1) / kTileRows;
  pool.parallel_for(end_unit - begin_unit, [&](Range units, int slot) {
    const int64_t begin = (begin_unit + units.begin) * kTileRows;
    const int64_t end = (begin_unit + units.end) * kTileRows;
    body(Range{std::max(first, begin), std::min(first + count, end)}, slot);
  });
}

}  // namespace

void matvec(const PackedMatrix& weights, std::span<const float> x, std::span<float> y,
            InputMode input_mode, ThreadPool& pool, const Kernels& kernels) {
  const int64_t cols = weights.cols();
  const int64_t count = cols > 0 ? static_cast<int64_t>(x.size()) / cols : 0;
  require(static_cast<int64_t>(x.size()) == count * cols &&
              static_cast<int64_t>(y.size()) == count * weights.rows(),
          "matvec", "expected x [N, {}] and y [N, {}], got {} and {} values", cols, weights.rows(),
          x.size(), y.size());
  std::vector<InputBuffer> inputs(static_cast<size_t>(count));
  for (int64_t n = 0; n < count; ++n) {
    InputBuffer& input = inputs[static_cast<size_t>(n)];
    input.resize(cols);
    std::copy_n(x.data() + n * cols, cols, input.values.data());
    kernels.prepare(cols, input);
  }
  pool.parallel_for(weights.units(), [&](Range units, int) {
    for (int64_t unit = units.begin; unit < units.end; ++unit) {
      for (int64_t n = 0; n < count; ++n) {
        weights.product(kernels, {unit, unit + 1}, inputs[static_cast<size_t>(n)].view(),
                        input_mode, y.data() + n * weights.rows());
      }
    }
  });
}

void decode_rows(const PackedMatrix& weights, int64_t first, std::span<float> values,
                 ThreadPool& pool, const Kernels& kernels) {
  const int64_t count = checked_rows(weights, first, values.size());
  for_each_unit(pool, first, count, [&](Range rows, int) {
    weights.decode_rows(kernels, rows.begin, rows.size(),
                        values.data() + (rows.begin - first) * weights.cols());
  });
}

void decode_rows(const PackedMatrix& weights, int64_t first, std::span<uint16_t> values,
                 ThreadPool& pool, const Kernels& kernels) {
  const int64_t count = checked_rows(weights, first, values.size());
  const int64_t cols = weights.cols();
  std::vector<std::vector<float>> scratch(static_cast<size_t>(pool.size()));
  for (std::vector<float>& floats : scratch) floats.resize(static_cast<size_t>(kTileRows * cols));
  for_each_unit(pool, first, count, [&](Range rows, int slot) {
    float* floats = scratch[static_cast<size_t>(slot)].data();
    for (int64_t row = rows.begin; row < rows.end;) {
      const int64_t step = std::min(kTileRows - row % kTileRows, rows.end - row);
      weights.decode_rows(kernels, row, step, floats);
      uint16_t* target = values.data() + (row - first) * cols;
      std::transform(floats, floats + step * cols, target, float_to_bf16);
      row += step;
    }
  });
}

}  // namespace flamingo::kernels

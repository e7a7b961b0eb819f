#include "flamingo/kernels/packed_matrix.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "flamingo/core/checked.h"
#include "flamingo/core/error.h"

namespace flamingo::kernels {
namespace {

constexpr const char* kMatrixWhere = "PackedMatrix";

std::string size_text(int64_t rows, int64_t cols) {
  return "[" + std::to_string(rows) + ", " + std::to_string(cols) + "]";
}

/// Throws unless `bytes` hold [rows, cols] weights of `type`.
void check_size(BlockType type, size_t bytes, int64_t rows, int64_t cols) {
  const BlockLayout layout = block_layout(type);
  if (rows < 1 || cols < 1)
    fail(kMatrixWhere, "expected at least one row and column, got {}", size_text(rows, cols));
  require(cols % layout.values == 0, kMatrixWhere,
          "expected columns in multiples of {} for {}, got {}", layout.values, layout.name, cols);
  const int64_t shape[] = {rows, cols / layout.values, layout.bytes};
  const uint64_t expected = checked_numel(shape, kMatrixWhere);
  if (bytes != expected)
    fail(kMatrixWhere, "expected {} bytes for {} {}, got {}", expected, layout.name,
         size_text(rows, cols), bytes);
}

}  // namespace

PackedMatrix PackedMatrix::view(BlockType type, std::span<const std::byte> values, int64_t rows,
                                int64_t cols) {
  require(plain_index(type) >= 0, kMatrixWhere, "expected F32, F16 or BF16 weights to view");
  check_size(type, values.size(), rows, cols);
  PackedMatrix matrix;
  matrix.type_ = type;
  matrix.rows_ = rows;
  matrix.cols_ = cols;
  matrix.bytes_ = static_cast<int64_t>(values.size());
  matrix.unit_bytes_ = kTileRows * cols * block_layout(type).bytes;
  matrix.data_ = values.data();
  return matrix;
}

int64_t PackedMatrix::packed_bytes(BlockType type, int64_t rows, int64_t cols) {
  const CodeTraits& traits = quantised_type(type).traits;
  return (rows + kTileRows - 1) / kTileRows * (cols / traits.group) * tile_layout(traits).bytes;
}

PackedMatrix PackedMatrix::pack(BlockType type, std::span<const std::byte> blocks, int64_t rows,
                                int64_t cols) {
  check_size(type, blocks.size(), rows, cols);
  if (!is_quantised(type)) {
    LargeBlock copy = allocate_large(blocks.size(), kMatrixWhere);
    std::memcpy(copy.get(), blocks.data(), blocks.size());
    PackedMatrix matrix = view(type, {copy.get(), blocks.size()}, rows, cols);
    matrix.owned_ = std::move(copy);
    return matrix;
  }
  PackedMatrix matrix;
  matrix.type_ = type;
  matrix.rows_ = rows;
  matrix.cols_ = cols;
  matrix.unit_bytes_ = packed_bytes(type, kTileRows, cols);
  matrix.bytes_ = packed_bytes(type, rows, cols);
  matrix.owned_ = allocate_large(static_cast<size_t>(matrix.bytes_), kMatrixWhere);
  matrix.data_ = matrix.owned_.get();
  const int64_t row_bytes = static_cast<int64_t>(blocks.size()) / rows;
  for (int64_t unit = 0; unit < matrix.units(); ++unit) {
    const int64_t first = unit * kTileRows;
    pack_tile(type, blocks.data() + first * row_bytes, std::min<int64_t>(kTileRows, rows - first),
              cols, matrix.owned_.get() + unit * matrix.unit_bytes_);
  }
  return matrix;
}

void PackedMatrix::product(const Kernels& kernels, Range units, const InputView& x,
                           InputMode input_mode, float* y) const {
  if (!is_quantised(type_)) {
    const int64_t first = units.begin * kTileRows;
    const int64_t last = std::min(units.end * kTileRows, rows_);
    kernels.row_products[static_cast<size_t>(plain_index(type_))](
        unit_data(units.begin), last - first, cols_, x.values, y + first);
    return;
  }
  const auto index = static_cast<size_t>(quantised_index(type_));
  const int64_t groups = cols_ / kQuantisedTypes[index].traits.group;
  const Kernels::TileProduct tile_product =
      input_mode == InputMode::kInt8 ? kernels.tile_int8[index] : kernels.tile_exact[index];
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t first = unit * kTileRows;
    if (first + kTileRows <= rows_) {
      tile_product(unit_data(unit), groups, x, y + first);
    } else {
      float last[kTileRows];
      tile_product(unit_data(unit), groups, x, last);
      std::copy_n(last, rows_ - first, y + first);
    }
  }
}

void PackedMatrix::decode_unit(const Kernels& kernels, int64_t unit, float* values) const {
  const auto index = static_cast<size_t>(quantised_index(type_));
  const int64_t groups = cols_ / kQuantisedTypes[index].traits.group;
  kernels.tile_decode[index](unit_data(unit), groups, values);
}

void PackedMatrix::decode_rows(const Kernels& kernels, int64_t first, int64_t count,
                               float* values) const {
  if (first < 0 || count < 0 || first + count > rows_)
    fail("PackedMatrix::decode_rows", "expected rows of a matrix {}, got {} + {}",
         size_text(rows_, cols_), first, count);
  if (!is_quantised(type_)) {
    const int64_t row_bytes = cols_ * block_layout(type_).bytes;
    decode_blocks(type_, {data_ + first * row_bytes, static_cast<size_t>(count * row_bytes)},
                  {values, static_cast<size_t>(count * cols_)});
    return;
  }
  std::vector<float> spare;
  for (int64_t row = first; row < first + count;) {
    const int64_t unit = row / kTileRows;
    const int64_t within = row % kTileRows;
    const int64_t taken = std::min(kTileRows - within, first + count - row);
    float* target = values + (row - first) * cols_;
    if (taken == kTileRows) {
      decode_unit(kernels, unit, target);
    } else {
      spare.resize(static_cast<size_t>(kTileRows * cols_));
      decode_unit(kernels, unit, spare.data());
      std::copy_n(spare.data() + within * cols_, taken * cols_, target);
    }
    row += taken;
  }
}

}  // namespace flamingo::kernels

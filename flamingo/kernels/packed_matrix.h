#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "flamingo/core/memory.h"
#include "flamingo/kernels/block_type.h"
#include "flamingo/kernels/kernels.h"
#include "flamingo/kernels/thread_pool.h"

namespace flamingo::kernels {

/// How the input of a product with quantised weights is represented.
enum class InputMode {
  /// float32, as it is. |y - W x| <= (cols + 8) 2^-24 sum |W| |x|, where |W| is
  /// |scale code| + |offset| for the types that have an offset.
  kExact,
  /// 8 bits and one scale per 32 values, integer products as llama.cpp makes them. Each value
  /// moves by at most half a step, max|x of its block| / 254; the product by the sum of these times
  /// |W|, and twice the rounding above. Plain weights ignore this choice.
  kInt8,
};

/// A weight matrix [rows, cols] = [out, in] ready for matrix-vector products. Quantised types are
/// re-laid into tiles of 16 rows (tile.h; no weight changes its value); plain ones stay row-major.
/// Movable, not copyable. Memory of K-quants grows: their two-level scales become one float32 a
/// group (Q2_K 8, Q3_K 6, Q4_K 6, Q5_K 7, Q6_K 10 bits a weight).
class PackedMatrix {
 public:
  PackedMatrix() = default;

  /// Copies `blocks`, row-major [rows, cols] in `type`, of any known type. Throws Error unless the
  /// sizes agree and cols is a multiple of the type's block (and of 32, if quantised).
  static PackedMatrix pack(BlockType type, std::span<const std::byte> blocks, int64_t rows,
                           int64_t cols);
  /// Bytes that pack() takes for [rows, cols] in a quantised type.
  static int64_t packed_bytes(BlockType type, int64_t rows, int64_t cols);
  /// Refers to plain weights (F32, F16, BF16), row-major, that outlive the matrix.
  /// Throws Error on a quantised type or a wrong size.
  static PackedMatrix view(BlockType type, std::span<const std::byte> values, int64_t rows,
                           int64_t cols);

  BlockType type() const { return type_; }
  int64_t rows() const { return rows_; }
  int64_t cols() const { return cols_; }
  /// Bytes that one product reads.
  int64_t bytes() const { return bytes_; }
  /// Rows are worked on in units of 16; the last unit may be shorter.
  int64_t units() const { return (rows_ + kTileRows - 1) / kTileRows; }

  /// y[rows of `units`] = their products with x; y points to all rows. One thread.
  void product(const Kernels& kernels, Range units, const InputView& x, InputMode input_mode,
               float* y) const;
  /// Rows [first, first + count) as float32: values [count, cols]. One thread.
  void decode_rows(const Kernels& kernels, int64_t first, int64_t count, float* values) const;

 private:
  const std::byte* unit_data(int64_t unit) const { return data_ + unit * unit_bytes_; }
  void decode_unit(const Kernels& kernels, int64_t unit, float* values) const;

  BlockType type_ = BlockType::kF32;
  int64_t rows_ = 0;
  int64_t cols_ = 0;
  int64_t bytes_ = 0;
  int64_t unit_bytes_ = 0;
  LargeBlock owned_;
  const std::byte* data_ = nullptr;
};

}  // namespace flamingo::kernels

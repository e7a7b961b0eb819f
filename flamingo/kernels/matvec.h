#pragma once

#include <cstdint>
#include <span>

#include "flamingo/kernels/kernels.h"
#include "flamingo/kernels/packed_matrix.h"
#include "flamingo/kernels/thread_pool.h"

namespace flamingo::kernels {

/// y [N, out] = x [N, in] W^T for a few rows x (decode). All threads of the pool work on it; the
/// result does not depend on their number. Throws Error unless the sizes are multiples of in and
/// out with the same N.
void matvec(const PackedMatrix& weights, std::span<const float> x, std::span<float> y,
            InputMode input_mode, ThreadPool& pool, const Kernels& kernels = best_kernels());

/// Rows [first, first + values.size() / cols) as float32 with all threads, for a product elsewhere.
/// Throws Error unless they are whole rows of the matrix.
void decode_rows(const PackedMatrix& weights, int64_t first, std::span<float> values,
                 ThreadPool& pool, const Kernels& kernels = best_kernels());
/// The same, rounded to the nearest bfloat16 (given as its bits).
void decode_rows(const PackedMatrix& weights, int64_t first, std::span<uint16_t> values,
                 ThreadPool& pool, const Kernels& kernels = best_kernels());

}  // namespace flamingo::kernels

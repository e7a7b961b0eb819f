#include "flamingo/kernels/kernels.h"

namespace flamingo::kernels {

void InputBuffer::resize(int64_t cols) {
  const auto size = static_cast<size_t>(cols);
  values.resize(size);
  value_sums.resize(size / 16);
  codes.resize(size);
  scales.resize(size / 32);
  code_sums.resize(size / 16);
}

InputView InputBuffer::view() const {
  return {values.data(), value_sums.data(), codes.data(), scales.data(), code_sums.data()};
}

const Kernels& best_kernels() {
  if (const Kernels* table = avx512_kernels()) return *table;
  if (const Kernels* table = avx2_kernels()) return *table;
  return scalar_kernels();
}

}  // namespace flamingo::kernels

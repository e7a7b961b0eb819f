#include "flamingo/io/safetensors.h"
#include "tests/fuzz/fuzz.h"

void flamingo::testing::fuzz(std::span<const std::byte> input) {
  const io::Safetensors file = io::Safetensors::parse(input, "fuzz");
  for (const io::TensorView& tensor : file.tensors()) read_all(tensor.data);
}

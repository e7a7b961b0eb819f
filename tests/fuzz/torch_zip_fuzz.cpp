#include "flamingo/io/torch_zip.h"
#include "tests/fuzz/fuzz.h"

void flamingo::testing::fuzz(std::span<const std::byte> input) {
  const io::TorchZip file = io::TorchZip::parse(input, "fuzz");
  for (const io::TensorView& tensor : file.tensors()) read_all(tensor.data);
}

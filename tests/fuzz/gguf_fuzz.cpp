#include "flamingo/io/gguf.h"

#include "flamingo/text/tokenizer.h"
#include "tests/fuzz/fuzz.h"

void flamingo::testing::fuzz(std::span<const std::byte> input) {
  const io::Gguf file = io::Gguf::parse(input, "fuzz");
  for (const io::GgufTensor& tensor : file.tensors()) read_all(tensor.data);
  read_all(text::Tokenizer::from_gguf(file).decode(std::vector<int32_t>{0, 1, 2}));
}

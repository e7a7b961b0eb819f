#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/golden/kinds.h"
#include "flamingo/golden/summed_terms.h"
#include "flamingo/golden/tensors.h"

namespace flamingo::golden {
namespace {

/// blocks [n, bytes] (uint8) and values [n, v] of one type.
void compare_block_type(const std::string& type, const at::Tensor& blocks, const at::Tensor& values,
                        Report& report) {
  const std::string name = "blocks/" + type;
  kernels::BlockType known{};
  try {
    known = kernels::block_type_from_name(type);
  } catch (const Error&) {
    report.not_supported(name, "this block type is not decoded");
    return;
  }
  auto got = at::empty(values.sizes(), at::kFloat);
  const auto bytes = blocks.contiguous();
  kernels::decode_blocks(known,
                         {static_cast<const std::byte*>(bytes.data_ptr()), size_t(bytes.numel())},
                         {got.data_ptr<float>(), size_t(got.numel())});
  const auto scale = values.abs().clamp_min(1e-30);
  // scale * code + offset, of which the reference may round the product before the sum.
  report.close(name, max_difference(got / scale, values / scale), rounding<float>(2, 1));
}

void compare_blocks(const fs::path& file, Report& report) {
  const checkpoint::StateDict tensors = checkpoint::load_state_dict(file.string());
  for (const auto& [name, blocks] : tensors) {
    if (!name.ends_with(".blocks")) continue;
    const std::string type = name.substr(0, name.size() - 7);
    compare_block_type(type, blocks, tensor_at(tensors, type + ".values", file), report);
  }
}

}  // namespace

bool matches_gguf(const fs::path& folder) {
  return fs::exists(folder / "model.gguf") && fs::exists(folder / "inputs.safetensors");
}

void compare_gguf(const fs::path& folder, const Options&, Report& report) {
  const at::NoGradGuard no_grad;
  const std::string path = (folder / "model.gguf").string();
  const auto expected_file = folder / "expected.safetensors";
  const checkpoint::StateDict expected = checkpoint::load_state_dict(expected_file.string());
  const auto ids = tensor_at(checkpoint::load_state_dict((folder / "inputs.safetensors").string()),
                             "input_ids", folder / "inputs.safetensors");
  const auto lm =
      checkpoint::make_decoder(checkpoint::read_gguf_llama(io::Gguf::open(path), at::kFloat, path),
                               lm::WeightOptions::of(at::kFloat), path)
          .decoder;
  lm::KvCache cache;
  const auto logits = lm->forward(ids, {}, &cache);
  const auto expected_logits = tensor_at(expected, "logits", expected_file);
  report.close("logits", max_difference(logits, expected_logits),
               tolerance_of(expected_logits, summed_terms(lm->config(), ids.size(1))));
  const auto expected_ids = tensor_at(expected, "generated_ids", expected_file);
  const auto generated = generate_greedy(
      logits.select(1, -1), expected_ids.size(1),
      [&](const at::Tensor& next) { return lm->forward(next, {}, &cache).select(1, -1); });
  compare_ids(report, "generated_ids", generated.ids, expected_ids);
  if (fs::exists(folder / "blocks.safetensors")) {
    compare_blocks(folder / "blocks.safetensors", report);
  }
}

}  // namespace flamingo::golden

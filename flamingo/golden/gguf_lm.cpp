#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/golden/kinds.h"
#include "flamingo/golden/summed_terms.h"
#include "flamingo/golden/tensors.h"

namespace flamingo::golden {
namespace {

/// "<tensor>.rows0_2" (the first two rows) and "<tensor>.sum".
void compare_dequantized(const fs::path& file, const io::Gguf& gguf, Report& report) {
  for (const auto& [name, expected] : checkpoint::load_state_dict(file.string())) {
    const bool rows = name.ends_with(".rows0_2");
    const size_t dot = name.rfind('.');
    const io::GgufTensor* tensor = gguf.find(name.substr(0, dot));
    if (!tensor) {
      report.exact("dequantized/" + name, false, "no such tensor in the file");
      continue;
    }
    const auto values = checkpoint::decode_tensor(*tensor, at::kFloat);
    if (rows) {
      const auto got = values.dim() == 1 ? values : values.narrow(0, 0, 2);
      report.close("dequantized/" + name, max_difference(got.view_as(expected), expected),
                   tolerance_of(expected, 2));  // scale * code + offset
    } else {
      const auto sum = values.to(at::kDouble).sum();
      const double scale = values.to(at::kDouble).abs().sum().item<double>();
      report.close("dequantized/" + name,
                   max_difference(sum.view_as(expected) / scale, expected.to(at::kDouble) / scale),
                   rounding<float>(2, 1));
    }
  }
}

/// Compares logits [S, V] of all prompt positions, behind so many terms, with what the fixture
/// keeps of them in `file`.
void compare_logits(const fs::path& file, const at::Tensor& logits, int64_t terms, Report& report) {
  const checkpoint::StateDict expected = checkpoint::load_state_dict(file.string());
  const std::string name = file.parent_path().filename().string();
  const auto compare = [&](const std::string& which, const at::Tensor& got) {
    const auto want = tensor_at(expected, which, file);
    report.close(name + "/" + which, max_difference(got, want), tolerance_of(want, terms));
  };
  const auto last = tensor_at(expected, "logits_last", file);
  compare("logits_last", logits.slice(0, logits.size(0) - last.size(0)));
  compare("top10_logits", logits.gather(1, tensor_at(expected, "top10_ids", file)));
  compare("logsumexp", at::logsumexp(logits, 1));
}

void compare_case(const fs::path& folder, lm::Decoder& lm, Report& report) {
  const std::string name = folder.filename().string();
  const auto file = folder / "expected.safetensors";
  const checkpoint::StateDict expected = checkpoint::load_state_dict(file.string());
  const auto ids = tensor_at(checkpoint::load_state_dict((folder / "inputs.safetensors").string()),
                             "input_ids", folder / "inputs.safetensors");
  lm::KvCache cache;
  const auto logits = lm->forward(ids, {}, &cache);
  compare_logits(file, logits[0], summed_terms(lm->config(), ids.size(1)), report);
  const auto expected_ids = tensor_at(expected, "generated_ids", file);
  const auto generated = generate_greedy(
      logits.select(1, -1), expected_ids.size(1),
      [&](const at::Tensor& next) { return lm->forward(next, {}, &cache).select(1, -1); });
  compare_ids(report, name + "/generated_ids", generated.ids, expected_ids);
}

}  // namespace

bool matches_gguf_lm(const fs::path& folder) {
  return fs::is_directory(folder / "cases") && fs::exists(folder / "dequantized.safetensors");
}

void compare_gguf_lm(const fs::path& folder, const Options& options, Report& report) {
  if (!fs::exists(options.lm_path)) {
    report.not_supported(folder.filename().string(), "the model is not there: give --lm PATH");
    return;
  }
  const at::NoGradGuard no_grad;
  const auto gguf = io::Gguf::open(options.lm_path);
  compare_dequantized(folder / "dequantized.safetensors", gguf, report);
  auto lm = checkpoint::make_decoder(checkpoint::read_gguf_llama(gguf, at::kFloat, options.lm_path),
                                     lm::WeightOptions::of(at::kFloat), options.lm_path)
                .decoder;
  for (const auto& path : case_folders(folder)) compare_case(path, lm, report);
}

}  // namespace flamingo::golden

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/golden/kinds.h"
#include "flamingo/golden/tensors.h"

namespace flamingo::golden {
namespace {

constexpr double kLogits = 2e-3;
constexpr double kRows = 1e-6;

/// "<tensor>.rows0_2" (the first two rows) and "<tensor>.sum".
void compare_dequantized(const fs::path& file, const Gguf& gguf, Report& report) {
  for (const auto& [name, expected] : load_state_dict(file.string())) {
    const bool rows = name.ends_with(".rows0_2");
    const size_t dot = name.rfind('.');
    const GgufTensor* tensor = gguf.find(name.substr(0, dot));
    if (!tensor) {
      report.exact("dequantized/" + name, false, "no such tensor in the file");
      continue;
    }
    const auto values = decode_tensor(*tensor, at::kFloat);
    if (rows) {
      const auto got = values.dim() == 1 ? values : values.narrow(0, 0, 2);
      report.close("dequantized/" + name, max_difference(got.view_as(expected), expected), kRows);
    } else {
      const auto sum = values.to(at::kDouble).sum();
      const double scale = values.to(at::kDouble).abs().sum().item<double>();
      report.close("dequantized/" + name,
                   max_difference(sum.view_as(expected) / scale, expected.to(at::kDouble) / scale),
                   kRows);
    }
  }
}

/// Compares logits [S, V] of all prompt positions with what the fixture keeps of them.
void compare_logits(const std::string& name, const at::Tensor& logits, const StateDict& expected,
                    const fs::path& file, Report& report) {
  const auto last = tensor_at(expected, "logits_last", file);
  report.close(name + "/logits_last",
               max_difference(logits.slice(0, logits.size(0) - last.size(0)), last), kLogits);
  const auto top_ids = tensor_at(expected, "top10_ids", file);
  report.close(name + "/top10_logits",
               max_difference(logits.gather(1, top_ids), tensor_at(expected, "top10_logits", file)),
               kLogits);
  report.close(name + "/logsumexp",
               max_difference(at::logsumexp(logits, 1), tensor_at(expected, "logsumexp", file)),
               kLogits);
}

void compare_case(const fs::path& folder, Decoder& lm, Report& report) {
  const std::string name = folder.filename().string();
  const auto file = folder / "expected.safetensors";
  const StateDict expected = load_state_dict(file.string());
  const auto ids = tensor_at(load_state_dict((folder / "inputs.safetensors").string()), "input_ids",
                             folder / "inputs.safetensors");
  KvCache cache;
  const auto logits = lm->forward(ids, {}, &cache);
  compare_logits(name, logits[0], expected, file, report);
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
  const auto gguf = Gguf::open(options.lm_path);
  compare_dequantized(folder / "dequantized.safetensors", gguf, report);
  auto lm = make_decoder(read_gguf_llama(gguf, at::kFloat, options.lm_path),
                         WeightOptions::of(at::kFloat), options.lm_path)
                .decoder;
  for (const auto& path : case_folders(folder)) compare_case(path, lm, report);
}

}  // namespace flamingo::golden

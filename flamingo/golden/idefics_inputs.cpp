#include "flamingo/golden/idefics_inputs.h"

#include <ATen/Functions.h>

#include <algorithm>

#include "flamingo/golden/rounding.h"
#include "flamingo/golden/tensors.h"
#include "flamingo/prompt/idefics_processor.h"

#ifdef FLAMINGO_MEDIA
#include "flamingo/media/image.h"
#include "flamingo/media/transform.h"
#endif

namespace flamingo::golden {
namespace fs = std::filesystem;
namespace {

/// The lists of meta.json: an entry that is a file name in images/ stands for that picture.
std::vector<prompt::Prompt> read_prompts(const fs::path& folder) {
  const Json meta = read_json_file((folder / "meta.json").string());
  std::vector<prompt::Prompt> prompts;
  for (const Json& list : meta.at("prompts")) {
    prompt::Prompt& prompt = prompts.emplace_back();
    for (const Json& entry : list) {
      const auto text = entry.get<std::string>();
      const fs::path image = folder / "images" / text;
      if (text.find('/') == std::string::npos && fs::is_regular_file(image)) {
        prompt.items.push_back(prompt::ImageItem{image.string()});
      } else {
        prompt.items.push_back(prompt::TextItem{text});
      }
    }
  }
  return prompts;
}

template <class T>
at::Tensor long_tensor(const std::vector<T>& values, const prompt::IdeficsBatch& batch) {
  return at::tensor(std::vector<int64_t>(values.begin(), values.end()), at::kLong)
      .view({batch.batch, batch.tokens});
}

/// phi [B, T] -> one-hot [B, T, N], as the peer writes it.
at::Tensor image_mask_of(const at::Tensor& phi, int64_t num_images) {
  return (phi.unsqueeze(-1) == at::arange(1, num_images + 1, at::kLong)).to(at::kLong);
}

void compare_pixels([[maybe_unused]] const prompt::IdeficsBatch& batch,
                    [[maybe_unused]] const model::FlamingoConfig& config,
                    [[maybe_unused]] const at::Tensor& expected, Report& report) {
#ifdef FLAMINGO_MEDIA
  const int64_t side = config.transform.size;
  auto pixels = at::zeros({batch.batch, batch.max_images, 3, side, side});
  for (int64_t b = 0; b < batch.batch; ++b) {
    for (size_t n = 0; n < batch.images[b].size(); ++n) {
      const media::Image image =
          media::load_image(batch.images[b][n], {.apply_orientation = false});
      pixels[b][static_cast<int64_t>(n)].copy_(
          at::tensor(media::transform_image(image, config.transform).values).view({3, side, side}));
    }
  }
  const double largest =
      1 / *std::min_element(config.transform.std.begin(), config.transform.std.end());
  report.close("processor/pixel_values", max_difference(pixels, expected),
               rounding<float>(4, largest));  // a byte, scaled and shifted
#else
  report.not_supported("processor/pixel_values", "built without pictures (FLAMINGO_MEDIA=OFF)");
#endif
}

}  // namespace

void compare_idefics_inputs(const fs::path& folder, const model::FlamingoConfig& config,
                            const checkpoint::StateDict& inputs, Report& report) {
  const auto want = [&](const char* name) { return tensor_at(inputs, name, folder); };
  const auto tokenizer = text::Tokenizer::from_file((folder / "model" / "tokenizer.json").string());
  const prompt::IdeficsBatch batch = prompt::process_idefics(tokenizer, read_prompts(folder));
  compare_ids(report, "processor/input_ids", long_tensor(batch.ids, batch), want("input_ids"));
  compare_ids(report, "processor/attention_mask", long_tensor(batch.attention_mask, batch),
              want("attention_mask"));
  const auto phi = long_tensor(batch.phi, batch);
  compare_ids(report, "processor/image_attention_mask", image_mask_of(phi, batch.max_images),
              want("image_attention_mask"));
  compare_pixels(batch, config, want("pixel_values"), report);
}

}  // namespace flamingo::golden

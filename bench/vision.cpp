#include <torch/types.h>

#include "bench/default_model.h"
#include "bench/flop_counter.h"
#include "bench/scenario.h"

namespace flamingo::bench {

void run_vision(Context& context) {
  const c10::InferenceMode guard;
  const model::Flamingo model = default_model(torch::kBFloat16);
  const int64_t side = model->config().transform.size;
  for (const int64_t pictures : {1, 16}) {
    const auto pixels = torch::randn({pictures, 3, side, side}).to(torch::kBFloat16);
    const auto encode = [&] { model->vision_encoder->forward(pixels); };
    context.measure({"vision", "encoder, batch " + std::to_string(pictures), "picture",
                     static_cast<double>(pictures), count_gflop(encode)},
                    context.roofs.bf16, encode);
  }
}

}  // namespace flamingo::bench

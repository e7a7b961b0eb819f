#include <torch/torch.h>

#include "bench/default_model.h"
#include "bench/flop_counter.h"
#include "bench/scenario.h"

namespace flamingo::bench {

void run_vision(Context& context) {
  const c10::InferenceMode guard;
  const Flamingo model = default_model(torch::kBFloat16);
  const int64_t side = model->config().transform.size;
  for (const int64_t pictures : {1, 16}) {
    const auto pixels = torch::randn({pictures, 3, side, side}).to(torch::kBFloat16);
    const auto encode = [&] { model->vision_encoder->forward(pixels); };
    const double gflop = count_gflop(encode);
    const Timing timing = measure(context.options.seconds, encode);
    context.report.add({"vision",
                        "encoder, batch " + std::to_string(pictures),
                        "picture",
                        static_cast<double>(pictures),
                        timing,
                        {"bf16", gflop / timing.best, context.roofs.bf16, 0.0}});
  }
}

}  // namespace flamingo::bench

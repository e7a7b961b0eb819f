#include <torch/types.h>

#include "bench/default_model.h"
#include "bench/flop_counter.h"
#include "bench/scenario.h"
#include "flamingo/nn/init.h"
#include "flamingo/vision/efficientnet.h"

namespace flamingo::bench {
namespace {

/// Batches of 1 and 16 pictures in `type` through an encoder, folded as generate and train have it.
void measure_encoder(Context& context, const std::string& name, vision::VisionEncoder& encoder,
                     torch::ScalarType type, const Roof& roof) {
  const int64_t side = encoder.image_size();
  for (const int64_t pictures : {1, 16}) {
    const auto pixels = torch::randn({pictures, 3, side, side}).to(type);
    const auto encode = [&] { encoder.forward(pixels); };
    encoder.train();  // drops what was folded: its kernels are not counted
    const double gflop = count_gflop(encode);
    encoder.eval();
    encoder.fold(type);
    context.measure({"vision", name + ", batch " + std::to_string(pictures), "picture",
                     static_cast<double>(pictures), gflop},
                    roof, encode);
  }
}

}  // namespace

void run_vision(Context& context) {
  const c10::InferenceMode guard;
  const model::Flamingo model = default_model(torch::kBFloat16);
  measure_encoder(context, "encoder", *model->vision_encoder, torch::kBFloat16, context.roofs.bf16);
  for (const auto type : {torch::kFloat32, torch::kBFloat16}) {
    vision::EfficientNet lite(vision::efficientnet_preset("efficientnet-lite2"), type);
    nn::init_weights(*lite, 1);
    lite->eval();
    const bool fp32 = type == torch::kFloat32;
    measure_encoder(context, fp32 ? "lite2 fp32" : "lite2 bf16", *lite, type,
                    fp32 ? context.roofs.fp32 : context.roofs.bf16);
  }
}

}  // namespace flamingo::bench

#include "flamingo/model/freeze.h"

namespace flamingo::model {
namespace {

void set_trainable(torch::nn::Module& module, bool trainable) {
  for (auto& parameter : module.parameters()) {
    parameter.set_requires_grad(false);
    if (!trainable) continue;
    parameter.set_data(parameter.to(torch::kFloat32));
    parameter.set_requires_grad(true);
  }
}

}  // namespace

void freeze(Flamingo& model, const Trainable& trainable) {
  set_trainable(*model->vision_encoder, trainable.vision);
  if (model->resampler) set_trainable(*model->resampler, trainable.resampler);
  if (model->media_proj) set_trainable(*model->media_proj, trainable.resampler);
  set_trainable(*model->xattn, trainable.xattn);
  set_trainable(*model->graft, trainable.xattn);
  set_trainable(*model->lm, trainable.lm);
  auto& embedding = model->lm->embed_tokens->additional_embedding;
  if (embedding) set_trainable(*embedding, trainable.additional_tokens);
  auto& head = model->lm->lm_head->additional_fc;
  if (head) set_trainable(*head, trainable.additional_tokens);
}

std::vector<std::string> trainable_names(const torch::nn::Module& module) {
  std::vector<std::string> names;
  for (const auto& item : module.named_parameters()) {
    if (item.value().requires_grad()) names.push_back(item.key());
  }
  return names;
}

}  // namespace flamingo::model

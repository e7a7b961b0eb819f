#include "flamingo/train/contrastive_step.h"

#include <torch/autograd.h>

#include <algorithm>
#include <utility>

#include "flamingo/core/shape.h"
#include "flamingo/parallel/gather_rows.h"

namespace flamingo::train {
namespace {

/// Share of rows of `similar` [A, B] whose largest entry is at a positive; concepts [A], [B].
double recall_at_1(const torch::Tensor& similar, const torch::Tensor& row_concepts,
                   const torch::Tensor& column_concepts) {
  const auto best = column_concepts.index_select(0, similar.argmax(1));
  return best.eq(row_concepts).to(torch::kFloat64).mean().item<double>();
}

}  // namespace

TwoTowers::TwoTowers(const vision::EncoderConfig& encoder_config,
                     const vision::ContrastiveConfig& config, int64_t token_dim)
    : encoder(
          register_module("encoder", encoder_config.make(torch::TensorOptions(torch::kFloat32)))),
      contrastive(register_module("contrastive",
                                  vision::Contrastive(config, encoder->dim(), token_dim,
                                                      torch::TensorOptions(torch::kFloat32)))) {}

CaptionedRows CaptionedRows::slice(int64_t first, int64_t count) const {
  const auto part = [&](const torch::Tensor& all) {
    return all.defined() ? all.narrow(0, first, count) : all;
  };
  return {.pixels = part(pixels),
          .features = part(features),
          .captions = {part(captions.ids), part(captions.mask)},
          .concepts = part(concepts),
          .drop_seeds = {drop_seeds.begin() + first, drop_seeds.begin() + first + count}};
}

Embeddings embed(TwoTowers& towers, const CaptionedRows& rows, const torch::Tensor& table) {
  const auto features = rows.features.defined()
                            ? towers.encoder->head(rows.features)
                            : towers.encoder->forward(rows.pixels, rows.drop_seeds);  // [N, P, Dv]
  const auto& heads = towers.contrastive;
  return {.images = heads->embed_images(features),
          .texts = heads->embed_texts(rows.captions.ids, rows.captions.mask, table)};
}

std::pair<double, double> retrieval(const torch::Tensor& images, const torch::Tensor& texts,
                                    const torch::Tensor& concepts) {
  const auto similar = at::matmul(images.detach(), texts.detach().t());  // [N, N]
  return {recall_at_1(similar, concepts, concepts), recall_at_1(similar.t(), concepts, concepts)};
}

GlobalLoss global_loss(const vision::Contrastive& heads, const Embeddings& own,
                       const torch::Tensor& concepts, const parallel::ProcessGroup& group) {
  expect_shape(concepts, {own.images.size(0)}, "contrastive concepts");
  const auto images = parallel::gather_rows(own.images, group);
  const auto texts = parallel::gather_rows(own.texts, group);
  const auto all = parallel::gather_rows(concepts, group);
  const auto total = heads->loss({images, texts, all, all}).total;
  const auto [image_to_text, text_to_image] = retrieval(images, texts, all);
  return {.share = total / group.size(),
          .loss = total.item<double>(),
          .image_to_text = image_to_text,
          .text_to_image = text_to_image};
}

CachedGradients::CachedGradients(TwoTowers& towers, const CaptionedRows& rows, int64_t piece,
                                 const torch::Tensor& table, const parallel::ProcessGroup& group) {
  std::vector<torch::Tensor> images, texts;
  {
    const torch::NoGradGuard no_grad;
    for (int64_t first = 0; first < rows.size(); first += piece) {
      const auto part =
          embed(towers, rows.slice(first, std::min(piece, rows.size() - first)), table);
      images.push_back(part.images);
      texts.push_back(part.texts);
    }
  }
  const Embeddings all{.images = at::cat(images).requires_grad_(),
                       .texts = at::cat(texts).requires_grad_()};
  loss_ = global_loss(towers.contrastive, all, rows.concepts, group);
  const auto gradients =
      torch::autograd::grad({loss_.share}, {all.images, all.texts, towers.contrastive->log_beta});
  images_ = gradients[0];
  texts_ = gradients[1];
  log_beta_ = gradients[2];
  loss_.share = loss_.share.detach();
}

torch::Tensor CachedGradients::piece_loss(TwoTowers& towers, const CaptionedRows& rows,
                                          int64_t first, int64_t count,
                                          const torch::Tensor& table) const {
  const auto part = embed(towers, rows.slice(first, count), table);
  auto through = (part.images * images_.narrow(0, first, count)).sum() +
                 (part.texts * texts_.narrow(0, first, count)).sum();
  if (first == 0) through = through + towers.contrastive->log_beta * log_beta_;
  const auto gradient_only = through - through.detach();
  return first == 0 ? gradient_only + loss_.share : gradient_only;
}

}  // namespace flamingo::train

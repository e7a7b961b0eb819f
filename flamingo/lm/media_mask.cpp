#include "flamingo/lm/media_mask.h"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "flamingo/core/shape.h"

namespace flamingo::lm {
namespace {

/// Visible tokens of each (sample, image) pair, in order; the key is the flat image b * M + phi
/// - 1.
using Groups = std::map<int64_t, std::vector<int64_t>>;

Groups group_tokens(const at::Tensor& phi, int64_t num_media) {
  const auto host = phi.to(at::kCPU, at::kLong).contiguous();
  const int64_t* value = host.const_data_ptr<int64_t>();
  const int64_t tokens_per_sample = phi.size(1);
  Groups groups;
  for (int64_t token = 0; token < phi.numel(); ++token) {
    if (value[token] == 0) continue;
    require(value[token] > 0 && value[token] <= num_media, "phi",
            "expected image numbers in [0, {}], got {}", num_media, value[token],
            Hint{"more <image> marks than pictures"});
    groups[token / tokens_per_sample * num_media + value[token] - 1].push_back(token);
  }
  return groups;
}

/// L: the longest group, but no more than twice the mean, so that padding stays bounded.
int64_t choose_group_size(const Groups& groups, int64_t num_visible) {
  constexpr int64_t kSplitAbove = 16;
  int64_t longest = 1;
  for (const auto& [image, tokens] : groups) {
    longest = std::max(longest, static_cast<int64_t>(tokens.size()));
  }
  const int64_t mean = num_visible / static_cast<int64_t>(groups.size());
  return std::min(longest, std::max(kSplitAbove, 2 * mean));
}

/// The plan's index lists before they become tensors.
struct Lists {
  std::vector<int64_t> tokens, media, slot_tokens, token_slots;

  void add(int64_t image, const std::vector<int64_t>& members, int64_t group_size) {
    const int64_t count = static_cast<int64_t>(members.size());
    for (int64_t i = 0; i < count; ++i) {
      if (i % group_size == 0) media.push_back(image);
      token_slots.push_back(static_cast<int64_t>(slot_tokens.size()));
      slot_tokens.push_back(static_cast<int64_t>(tokens.size()));
      tokens.push_back(members[i]);
    }
    while (slot_tokens.size() % group_size != 0) slot_tokens.push_back(slot_tokens.back());
  }
};

at::Tensor to_tensor(const std::vector<int64_t>& values, at::Device device) {
  return at::tensor(values, at::kLong).to(device);
}

/// Lets each group see every image up to its own; plan.media is on the CPU.
void add_previous(int64_t num_media, MediaPlan& plan) {
  const auto own = plan.media.remainder(num_media).unsqueeze(1);  // [G, 1] phi - 1
  plan.group_media = own.max().item<int64_t>() + 1;
  const auto image = at::arange(plan.group_media, own.options());  // [W], all of them in the sample
  const auto past = image > own;                                   // [G, W]
  plan.media = (plan.media.unsqueeze(1) - own + image).flatten();
  if (!past.any().item<bool>()) return;
  plan.media_bias = at::zeros(past.sizes(), own.options().dtype(at::kFloat))
                        .masked_fill(past, -std::numeric_limits<float>::infinity());
}

}  // namespace

MediaPlan plan_media(const at::Tensor& phi, int64_t num_media, at::Device device,
                     MediaAttention attention) {
  expect_shape(phi, {kAny, kAny}, "phi");
  const Groups groups = group_tokens(phi, num_media);
  MediaPlan plan;
  plan.num_tokens = phi.numel();
  if (groups.empty()) return plan;
  for (const auto& [image, tokens] : groups) plan.num_visible += tokens.size();
  plan.group_size = choose_group_size(groups, plan.num_visible);
  Lists lists;
  for (const auto& [image, tokens] : groups) lists.add(image, tokens, plan.group_size);
  plan.num_groups = static_cast<int64_t>(lists.media.size());
  plan.in_order = plan.num_visible == plan.num_tokens &&
                  std::is_sorted(lists.tokens.begin(), lists.tokens.end());
  plan.tokens = to_tensor(lists.tokens, device);
  plan.media = at::tensor(lists.media, at::kLong);
  if (attention == MediaAttention::kAllPrevious) add_previous(num_media, plan);
  plan.media = plan.media.to(device);
  if (plan.media_bias.defined()) plan.media_bias = plan.media_bias.to(device);
  if (plan.num_groups * plan.group_size != plan.num_visible) {
    plan.slot_tokens = to_tensor(lists.slot_tokens, device);
    plan.token_slots = to_tensor(lists.token_slots, device);
  }
  return plan;
}

}  // namespace flamingo::lm

#include "flamingo/train/frozen_weights.h"

#include <filesystem>

#include "flamingo/core/config.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/io/sha256.h"
#include "flamingo/nn/linear.h"
#include "flamingo/nn/packed_weight.h"

namespace flamingo::train {
namespace {

constexpr uint64_t kMaxBytes = 64ull << 20;

std::string hash_of(const torch::Tensor& tensor) {
  const auto bytes = tensor.detach().cpu().contiguous();
  return io::sha256_hex({static_cast<const std::byte*>(bytes.const_data_ptr()), bytes.nbytes()});
}

}  // namespace

std::map<std::string, std::string> frozen_hashes(const torch::nn::Module& module) {
  std::map<std::string, std::string> hashes;
  for (const auto& item : module.named_parameters()) {
    const bool packed = item.value().is_meta();  // its blocks are hashed below
    if (!item.value().requires_grad() && !packed) hashes[item.key()] = hash_of(item.value());
  }
  for (const auto& item : module.named_buffers()) hashes[item.key()] = hash_of(item.value());
  for (const auto& item : module.named_modules()) {
    const auto linear = std::dynamic_pointer_cast<nn::LinearImpl>(item.value());
    if (linear && linear->packed()) {
      hashes[item.key() + ".weight"] = hash_of(linear->packed()->decode(torch::kFloat32));
    }
  }
  return hashes;
}

FrozenWeights::FrozenWeights(const std::string& folder, const torch::nn::Module& module)
    : path_(folder + "/frozen.json"), module_(module) {
  make_folder(folder);
  if (std::filesystem::exists(path_)) {
    check();
  } else {
    write_file_atomic(path_, Json(frozen_hashes(module)).dump(1));
  }
}

void FrozenWeights::check() const {
  const Json kept = read_json_file(path_, kMaxBytes);
  const auto now = frozen_hashes(module_);
  require(kept.is_object() && kept.size() == now.size(), path_,
          "expected the hashes of {} frozen tensors, got {}", now.size(), kept.size());
  for (const auto& [name, hash] : now) {
    const auto begun = kept.find(name);
    if (begun != kept.end() && *begun == hash) continue;
    const bool known = begun != kept.end() && begun->is_string();
    fail(name, "expected the frozen weights that the run began with, of SHA-256 {}, got {}",
         known ? begun->get<std::string>() : "none", hash,
         Hint{"another language model or encoder than at the first start?"});
  }
}

}  // namespace flamingo::train

#include "flamingo/train/feature_cache.h"

#include <fcntl.h>
#include <sys/file.h>
#include <torch/types.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/core/shape.h"
#include "flamingo/data/prefetch.h"

namespace flamingo::train {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kBatch = 128;  // views encoded at once
constexpr uint64_t kMaxPlanBytes = 64ull << 20;

std::string data_path(const std::string& folder) { return folder + "/features.bf16"; }
std::string plan_path(const std::string& folder) { return folder + "/features.json"; }

Json plan_json(const FeaturePlan& plan) {
  return {{"pictures", plan.pictures},
          {"views", plan.views},
          {"patches", plan.patches},
          {"dim", plan.dim},
          {"key", plan.key}};
}

bool same_plan(const std::string& folder, const FeaturePlan& plan) {
  return fs::exists(plan_path(folder)) &&
         read_json_file(plan_path(folder), kMaxPlanBytes) == plan_json(plan);
}

/// Rounded up.
std::string mebibytes(uint64_t bytes) { return std::to_string((bytes + 0xFFFFF) >> 20) + " MiB"; }

/// Throws Error where the folder's disk has not so many bytes.
void require_space(const std::string& folder, uint64_t bytes) {
  const uint64_t free = fs::space(folder).available;
  if (bytes > free)
    fail(folder, "expected {} of free disk for features, got {}", mebibytes(bytes), mebibytes(free),
         Hint{"take fewer views, or an output folder on another disk"});
}

/// A file that grows by whole rows and survives an interruption, which leaves whole batches.
class RowFile {
 public:
  RowFile(std::string path, uint64_t row_bytes) : path_(std::move(path)) {
    fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd_ < 0) fail(path_, "expected a writable file, got {}", std::strerror(errno));
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
      ::close(fd_);
      fail(path_, "expected features that no other run is making, got some that one is");
    }
    rows_ = regular_file_size(path_) / (row_bytes * kBatch) * kBatch;
    check(::ftruncate(fd_, static_cast<off_t>(rows_ * row_bytes)) == 0);
    check(::lseek(fd_, 0, SEEK_END) >= 0);
  }
  ~RowFile() { ::close(fd_); }
  RowFile(const RowFile&) = delete;
  RowFile& operator=(const RowFile&) = delete;

  int64_t rows() const { return static_cast<int64_t>(rows_); }
  void append(const torch::Tensor& rows) {
    const auto* bytes = static_cast<const char*>(rows.const_data_ptr());
    size_t left = rows.nbytes();
    while (left > 0) {
      const ssize_t n = ::write(fd_, bytes, left);
      if (n < 0 && errno == EINTR) continue;
      check(n > 0);
      bytes += n;
      left -= static_cast<size_t>(n);
    }
    rows_ += static_cast<uint64_t>(rows.size(0));
  }
  void rename_to(const std::string& path) {
    check(::fsync(fd_) == 0);
    check(::rename(path_.c_str(), path.c_str()) == 0);
  }

 private:
  void check(bool good) const {
    if (!good) fail(path_, "expected to write the file, got {}", std::strerror(errno));
  }
  std::string path_;
  uint64_t rows_ = 0;
  int fd_ = -1;
};

/// Pixels of a run of rows.
struct RowBatch {
  torch::Tensor pixels;  ///< undefined after the last row
  std::vector<std::string> damaged;
};

RowBatch render_rows(const FeaturePlan& plan, const FeatureSource& source, int64_t first) {
  std::vector<data::ViewRef> views;
  for (int64_t row = first; row < std::min(first + kBatch, plan.num_rows()); ++row)
    views.push_back(plan.view_of_row(row));
  RowBatch batch;
  if (!views.empty()) batch.pixels = source.render(views, batch.damaged);
  return batch;
}

/// -> [N, P, D0] in bf16, NaN where pixels are.
torch::Tensor encode_rows(const FeaturePlan& plan, const FeatureSource& source,
                          const torch::Tensor& pixels) {
  const auto damaged = pixels.isnan().flatten(1).any(1);  // [N]
  const auto features = source.encode(pixels.nan_to_num());
  expect_shape(features, {pixels.size(0), plan.patches, plan.dim}, "features");
  return features.to(torch::kBFloat16)
      .masked_fill(damaged.view({-1, 1, 1}), std::numeric_limits<double>::quiet_NaN())
      .contiguous();
}

}  // namespace

uint64_t FeaturePlan::row_bytes() const {
  return static_cast<uint64_t>(patches) * static_cast<uint64_t>(dim) * sizeof(at::BFloat16);
}

data::ViewRef FeaturePlan::view_of_row(int64_t row) const {
  return {pictures.at(static_cast<size_t>(row / views)), row % views};
}

bool FeatureCache::build(const std::string& folder, const FeaturePlan& plan,
                         const FeatureSource& source) {
  make_folder(folder);
  std::error_code error;
  const std::string part = data_path(folder) + ".part";
  if (!same_plan(folder, plan)) {
    fs::remove(data_path(folder), error);
    fs::remove(part, error);
    write_file_atomic(plan_path(folder), plan_json(plan).dump());
  }
  if (fs::exists(data_path(folder)) && regular_file_size(data_path(folder)) == plan.num_bytes())
    return true;
  RowFile file(part, plan.row_bytes());
  const int64_t start = file.rows(), total = plan.num_rows();
  const uint64_t missing = plan.row_bytes() * static_cast<uint64_t>(total - start);
  require_space(folder, missing);
  Progress progress(source.title, start, total, source.progress);
  progress.message(source.title + ": " + mebibytes(missing) + " to be written into " + folder);
  data::Prefetcher<RowBatch> batches(
      [&](int64_t i) { return render_rows(plan, source, start + i * kBatch); }, 0);
  const torch::NoGradGuard no_grad;
  while (file.rows() < total) {
    if (source.stop != nullptr && source.stop->load()) return false;
    const RowBatch batch = batches.next();
    for (const std::string& text : batch.damaged) progress.message("skipping " + text);
    file.append(encode_rows(plan, source, batch.pixels));
    progress.update(file.rows(), "pictures");
  }
  progress.finish();
  file.rename_to(data_path(folder));
  return true;
}

FeatureCache::FeatureCache(const std::string& folder, const FeaturePlan& plan) : plan_(plan) {
  if (!same_plan(folder, plan))
    fail(folder, "expected features of this encoder and these views, got {}",
         fs::exists(plan_path(folder)) ? "those of another plan" : "none");
  file_ = std::make_shared<const io::MappedFile>(data_path(folder));
  require(file_->bytes().size() == plan.num_bytes(), data_path(folder), "expected {} bytes, got {}",
          plan.num_bytes(), file_->bytes().size());
  for (size_t i = 0; i < plan.pictures.size(); ++i) {
    first_row_[plan.pictures[i]] = static_cast<int64_t>(i) * plan.views;
  }
}

const std::byte* FeatureCache::row_of(const data::ViewRef& view) const {
  const auto it = first_row_.find(view.picture);
  TORCH_INTERNAL_ASSERT(it != first_row_.end() && view.view >= 0 && view.view < plan_.views,
                        "view ", view.view, " of picture ", view.picture, " is not kept");
  return file_->bytes().data() + static_cast<uint64_t>(it->second + view.view) * plan_.row_bytes();
}

bool FeatureCache::has(const data::ViewRef& view) const {
  at::BFloat16 first;
  std::memcpy(&first, row_of(view), sizeof(first));
  return !std::isnan(static_cast<float>(first));
}

torch::Tensor FeatureCache::gather(std::span<const data::ViewRef> views) const {
  const auto features = torch::empty({static_cast<int64_t>(views.size()), plan_.patches, plan_.dim},
                                     torch::kBFloat16);
  const uint64_t bytes = plan_.row_bytes();
  auto* out = static_cast<std::byte*>(features.data_ptr());
  for (size_t i = 0; i < views.size(); ++i) std::memcpy(out + i * bytes, row_of(views[i]), bytes);
  return features;
}

}  // namespace flamingo::train

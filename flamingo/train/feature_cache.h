#pragma once

#include <ATen/core/Tensor.h>

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/core/progress.h"
#include "flamingo/data/view_ref.h"
#include "flamingo/io/mapped_file.h"

namespace flamingo::train {

/// Which views are kept, and what a row of features looks like.
struct FeaturePlan {
  std::vector<int64_t> pictures;  ///< all different
  int64_t views = 1;              ///< of each picture: view 0, 1, ... views - 1
  int64_t patches = 0;            ///< P
  int64_t dim = 0;                ///< D0, or Dv of an encoder without a head
  Json key;                       ///< whatever the features depend on: encoder, augmentation, seed

  int64_t num_rows() const { return std::ssize(pictures) * views; }
  uint64_t row_bytes() const;
  uint64_t num_bytes() const { return row_bytes() * static_cast<uint64_t>(num_rows()); }
  /// The view of row 0, 1, ...: all views of the first picture, then of the next.
  data::ViewRef view_of_row(int64_t row) const;
};

/// How a picture becomes a row.
struct FeatureSource {
  std::string title = "features";  ///< of the progress line
  /// -> pixels [N, 3, S, S], NaN for a picture that is damaged, which `damaged` may name. Runs on a
  /// thread of its own.
  std::function<at::Tensor(std::span<const data::ViewRef>, std::vector<std::string>& damaged)>
      render;
  std::function<at::Tensor(const at::Tensor&)> encode;  ///< pixels -> features [N, P, D0]
  const std::atomic<bool>* stop = nullptr;              ///< ends the work early; may be null
  ProgressOptions progress;
};

/// Features of a frozen encoder for pictures in some views, in bf16, in a mapped file:
/// <folder>/features.bf16 [rows, P, D0] beside features.json, which tells the plan. Rows of damaged
/// pictures are NaN.
class FeatureCache {
 public:
  /// Encodes what the folder does not have yet; a run that was interrupted resumes where it was,
  /// features of another plan are replaced. Returns false when source.stop ended it. Throws Error
  /// before it starts when the disk has not the space, and on an I/O error or features of a wrong
  /// shape.
  static bool build(const std::string& folder, const FeaturePlan& plan,
                    const FeatureSource& source);

  /// Throws Error unless the folder holds all features of this plan.
  FeatureCache(const std::string& folder, const FeaturePlan& plan);

  /// -> [N, P, D0] in bf16 of views that are no blends. A view that is not kept is a bug.
  at::Tensor gather(std::span<const data::ViewRef> views) const;
  /// What the features depend on.
  const Json& key() const { return plan_.key; }
  /// False where the picture was damaged. A view that is not kept is a bug.
  bool has(const data::ViewRef& view) const;

 private:
  /// The row's bytes. A view that is not kept is a bug.
  const std::byte* row_of(const data::ViewRef& view) const;

  FeaturePlan plan_;
  std::map<int64_t, int64_t> first_row_;  ///< by picture
  std::shared_ptr<const io::MappedFile> file_;
};

}  // namespace flamingo::train

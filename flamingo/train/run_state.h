#pragma once

#include <cstdint>

#include "flamingo/core/config.h"

namespace flamingo::train {

/// Where a training run is, beside its tensors. Batches, views and dropped blocks of step s
/// depend on (seed, s) only, so that `step` is the data cursor and the state of every random
/// generator at once.
struct RunState {
  int64_t step = 0;
  int64_t updates = 0;
  int64_t skipped = 0;
  int64_t skipped_in_row = 0;
  int64_t validations = 0;
  int64_t best_validation = 0;
  double best_loss = 0;

  template <class Visitor>
  void visit(Visitor& v) {
    v("step", step, "steps done, skipped ones included");
    v("updates", updates, "updates of the optimizer");
    v("skipped", skipped, "steps without an update because loss or gradient was not finite");
    v("skipped_in_row", skipped_in_row, "such steps since the last update");
    v("validations", validations, "looks at the validation data");
    v("best_validation", best_validation, "the one with the smallest loss, from 1; 0: none");
    v("best_loss", best_loss, "its loss");
  }
};

}  // namespace flamingo::train

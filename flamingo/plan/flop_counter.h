#pragma once

namespace flamingo::plan {

/// Floating-point operations (two per multiply-add) of matrix products and convolutions; everything
/// else (norms, softmax, activations, the optimizer) is not counted.
struct Flops {
  double forward = 0;
  double backward = 0;    ///< dx through frozen layers too, and dW of trained ones
  double recomputed = 0;  ///< forward again within backward, with checkpointed blocks

  /// What the model needs: model-FLOP utilisation is this a second over the machine's peak.
  double model() const { return forward + backward; }
  /// What the machine does.
  double total() const { return forward + backward + recomputed; }
  Flops operator-(const Flops& other) const;
  Flops times(double count) const;
};

/// Counts what torch runs, on any device (on the meta device: what it would run), in all threads
/// from its making on. Where at::RecordFunctionGuard(false) is, nothing is counted. Counters
/// may live at the same time; each sees all.
class FlopCounter {
 public:
  FlopCounter();
  ~FlopCounter();
  FlopCounter(const FlopCounter&) = delete;
  FlopCounter& operator=(const FlopCounter&) = delete;

  /// Since the counter was made.
  Flops flops() const;

 private:
  Flops before_;
};

}  // namespace flamingo::plan

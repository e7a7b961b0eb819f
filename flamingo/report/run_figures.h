#pragma once

#include <optional>
#include <string>
#include <vector>

#include "flamingo/report/chart.h"
#include "flamingo/report/run.h"

namespace flamingo::report {

/// The part of a metric's name after its family, "" for the family itself: with "loss.<source>",
/// each source. In order: "" first, numbers by value, then text.
std::vector<std::string> parts_of(const std::vector<TrainingRun>& runs, const std::string& family);

/// `loss` and `loss.<source>` by step, beside them `blind_loss...` where there is any. Sources tell
/// by colour and runs by dashes; without sources, runs by colour.
Figure loss_figure(const std::vector<TrainingRun>& runs, int64_t smooth);

/// Figure 6 of the paper: |tanh(alpha)| of the attention gates (`gate_xattn.<i>`) and the dense
/// gates (`gate_dense.<i>`), a curve a layer, over 0 .. 100 % of training. Nothing when no run has
/// gates.
std::optional<Figure> gate_figure(const std::vector<TrainingRun>& runs);

/// Learning rate, gradient norm, speed, and one small figure for each other family of metrics.
std::vector<Figure> other_figures(const std::vector<TrainingRun>& runs, int64_t smooth);

}  // namespace flamingo::report

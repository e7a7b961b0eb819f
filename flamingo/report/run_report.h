#pragma once

#include <string>
#include <vector>

#include "flamingo/report/run.h"

namespace flamingo::report {

/// One HTML page about a run, or about several for comparison: an overview, the figures of
/// run_figures.h, final gates, what every metric comes to, and the recipes where they are given.
/// It needs no other file and runs no script; colours follow the reader's light or dark scheme.
/// smooth: points of the running means, 0 for a 60th of a curve's.
std::string report_html(const std::vector<TrainingRun>& runs, int64_t smooth);

}  // namespace flamingo::report

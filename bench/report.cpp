#include "bench/report.h"

#include <cstdio>

namespace flamingo::bench {

void Report::note(const std::string& text) const {
  if (!json_) std::printf("%s\n", text.c_str());
}

void Report::add(const Line& line) {
  const double best = line.amount / line.timing.best;
  const double median = line.amount / line.timing.median;
  const Share& share = line.share;
  Json json = {{"scenario", line.scenario},
               {"item", line.item},
               {"unit", line.unit + "/s"},
               {"best", best},
               {"median", median}};
  if (!share.roof.empty()) {
    json["roof"] = share.roof;
    json["achieved"] = share.achieved;
    json["fraction"] = share.achieved / share.limit;
    if (share.goal > 0.0) json["goal"] = share.goal;
  }
  lines_.push_back(json);
  if (json_) return;
  std::printf("%-10s %-28s %10.1f %10.1f %-9s", line.scenario.c_str(), line.item.c_str(), best,
              median, (line.unit + "/s").c_str());
  if (!share.roof.empty()) {
    std::printf(" %7.1f %s of the %s roof: %.2f", share.achieved,
                share.roof == "read" ? "GB/s" : "GFLOP/s", share.roof.c_str(),
                share.achieved / share.limit);
    if (share.goal > 0.0) {
      std::printf(" (goal %.2f%s)", share.goal,
                  share.achieved >= share.goal * share.limit ? "" : ", missed");
    }
  }
  std::printf("\n");
  std::fflush(stdout);
}

void Report::finish() const {
  if (json_) std::printf("%s\n", lines_.dump(2).c_str());
}

}  // namespace flamingo::bench

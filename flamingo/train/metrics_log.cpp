#include "flamingo/train/metrics_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "flamingo/core/file.h"
#include "flamingo/core/write_all.h"

namespace flamingo::train {
namespace {

constexpr uint64_t kMaxLogBytes = 1ull << 30;

/// The lines of the file that came before first_step; a torn last line ends them.
std::string lines_before(const std::string& path, int64_t first_step) {
  if (!std::filesystem::exists(path)) return {};
  std::istringstream lines(read_file(path, kMaxLogBytes));
  std::string kept, line;
  while (std::getline(lines, line)) {
    const Json json = Json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("step") || !json["step"].is_number_integer()) break;
    if (json["step"].get<int64_t>() >= first_step) break;
    kept += line + "\n";
  }
  return kept;
}

}  // namespace

MetricsLog::MetricsLog(std::string path, int64_t first_step) : path_(std::move(path)) {
  write_file_atomic(path_, lines_before(path_, first_step));
  fd_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (fd_ < 0) fail(path_, "expected a writable file, got {}", std::strerror(errno));
}

MetricsLog::~MetricsLog() {
  if (fd_ >= 0) ::close(fd_);
}

void MetricsLog::write(int64_t step, const std::vector<Metric>& metrics) {
  nlohmann::ordered_json json = {{"step", step}};
  for (const auto& [name, value] : metrics) json[name] = value;
  write_all(fd_, json.dump() + "\n", path_);
}

void MetricsLog::write(const Json& line) { write_all(fd_, line.dump() + "\n", path_); }

}  // namespace flamingo::train

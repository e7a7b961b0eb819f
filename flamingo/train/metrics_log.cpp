#include "flamingo/train/metrics_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "flamingo/core/config.h"
#include "flamingo/core/file.h"

namespace flamingo {
namespace {

constexpr uint64_t kMaxBytes = 1ull << 30;

/// The lines of the file that came before first_step; a torn last line ends them.
std::string lines_before(const std::string& path, int64_t first_step) {
  if (!std::filesystem::exists(path)) return {};
  std::istringstream lines(read_file(path, kMaxBytes));
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
  if (fd_ < 0) fail(path_, std::string("expected a writable file, got ") + std::strerror(errno));
}

MetricsLog::~MetricsLog() {
  if (fd_ >= 0) ::close(fd_);
}

void MetricsLog::write(int64_t step, const std::vector<Metric>& metrics) {
  nlohmann::ordered_json json = {{"step", step}};
  for (const auto& [name, value] : metrics) json[name] = value;
  const std::string line = json.dump() + "\n";
  std::string_view left = line;
  while (!left.empty()) {
    const ssize_t n = ::write(fd_, left.data(), left.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(path_, std::string("expected to write the file, got ") + std::strerror(errno));
    left.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace flamingo

#include "flamingo/io/event_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <climits>
#include <cstring>
#include <string_view>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/core/write_all.h"
#include "flamingo/io/crc.h"

namespace flamingo::io {
namespace {

constexpr int kMaxFilesAtOnce = 1000;  // of one process in one second

// Field numbers of the messages Event, SessionLog, Summary and Summary.Value.
constexpr int kEventWallTime = 1, kEventStep = 2, kEventFileVersion = 3, kEventSummary = 5,
              kEventSessionLog = 7;
constexpr int kSessionStatus = 1, kSessionStart = 1;
constexpr int kSummaryValue = 1, kValueTag = 1, kValueSimple = 2;

/// One protocol buffer message, field by field.
class Message {
 public:
  Message& varint(int field, uint64_t value) {
    key(field, 0);
    put_varint(value);
    return *this;
  }
  Message& fixed64(int field, double value) { return key(field, 1).raw(&value, sizeof value); }
  Message& fixed32(int field, float value) { return key(field, 5).raw(&value, sizeof value); }
  Message& bytes(int field, std::string_view value) {
    key(field, 2).put_varint(value.size());
    bytes_ += value;
    return *this;
  }
  const std::string& str() const { return bytes_; }

 private:
  Message& key(int field, int wire_type) {
    put_varint(static_cast<uint64_t>(field) << 3 | static_cast<uint64_t>(wire_type));
    return *this;
  }
  Message& raw(const void* value, size_t size) {
    bytes_.append(static_cast<const char*>(value), size);
    return *this;
  }
  void put_varint(uint64_t value) {
    for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
    bytes_ += static_cast<char>(value);
  }

  std::string bytes_;
};

void append_number(std::string& record, auto value) {
  record.append(reinterpret_cast<const char*>(&value), sizeof value);
}

uint32_t record_crc(std::string_view bytes) {
  return masked_crc(crc32c(std::as_bytes(std::span(bytes))));
}

/// Length, CRC of the length, payload, CRC of the payload.
std::string framed(std::string_view payload) {
  std::string record;
  append_number(record, static_cast<uint64_t>(payload.size()));
  append_number(record, record_crc(record));
  record += payload;
  append_number(record, record_crc(payload));
  return record;
}

double system_clock_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "localhost";
}

/// Creates the first file <stem>.<n> that is not there and sets `path` to its name.
int create_next(const std::string& stem, std::string& path) {
  for (int n = 0; n < kMaxFilesAtOnce; ++n) {
    path = stem + "." + std::to_string(n);
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0644);
    if (fd >= 0) return fd;
    if (errno != EEXIST) fail(path, "expected to create the file, got {}", std::strerror(errno));
  }
  fail(stem, "expected a free name, got {} files of that stem", kMaxFilesAtOnce);
}

}  // namespace

EventFile::EventFile(const std::string& folder, int64_t first_step, const EventSource& source)
    : clock_(source.clock ? source.clock : system_clock_seconds) {
  require(first_step >= 0, "event file", "expected a first step of at least 0, got {}", first_step);
  make_folder(folder);
  const double now = clock_();
  const std::string stem = (folder.empty() ? "." : folder) + "/events.out.tfevents." +
                           std::to_string(static_cast<int64_t>(now)) + "." +
                           (source.host.empty() ? host_name() : source.host) + "." +
                           std::to_string(::getpid());
  file_.fd = create_next(stem, path_);
  append(Message().fixed64(kEventWallTime, now).bytes(kEventFileVersion, "brain.Event:2").str());
  if (first_step > 0) {
    append(Message()
               .fixed64(kEventWallTime, now)
               .varint(kEventStep, static_cast<uint64_t>(first_step))
               .bytes(kEventSessionLog, Message().varint(kSessionStatus, kSessionStart).str())
               .str());
  }
}

EventFile::Descriptor::~Descriptor() {
  if (fd >= 0) ::close(fd);
}

void EventFile::write(int64_t step, std::span<const std::pair<std::string, double>> values) {
  require(step >= 0, path_, "expected a step of at least 0, got {}", step);
  Message summary;
  for (const auto& [name, value] : values) {
    summary.bytes(
        kSummaryValue,
        Message().bytes(kValueTag, name).fixed32(kValueSimple, static_cast<float>(value)).str());
  }
  append(Message()
             .fixed64(kEventWallTime, clock_())
             .varint(kEventStep, static_cast<uint64_t>(step))
             .bytes(kEventSummary, summary.str())
             .str());
}

void EventFile::append(const std::string& event) { write_all(file_.fd, framed(event), path_); }

}  // namespace flamingo::io

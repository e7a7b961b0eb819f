#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>

namespace flamingo::io {

/// What the surroundings give an event file; the defaults ask the system.
struct EventSource {
  std::function<double()> clock;  ///< seconds since 1970; empty: the system's clock
  std::string host;               ///< part of the file's name; empty: this machine's name
};

/// A file of scalars that TensorBoard shows: TFRecords of serialised Event messages, each of which
/// reaches the file at once.
///
///   events.out.tfevents.<unix seconds>.<host>.<pid>.<n>
///     file_version "brain.Event:2"
///     session start at first_step            only where first_step > 0
///     {step, {name: value, ...}} ...
///
/// A resumed run writes a file of its own beside the earlier ones; the session start tells
/// TensorBoard to forget what they say of first_step and later steps.
/// Source: tensorboard/compat/proto/{event,summary}.proto.
class EventFile {
 public:
  /// A new file in `folder`, which is made where it is missing. Throws Error: first_step is
  /// negative, the folder cannot be written, the disk is full.
  EventFile(const std::string& folder, int64_t first_step, const EventSource& source = {});

  /// Appends one event with the values as float32, those that are not finite too.
  /// Throws Error on a negative step, a full disk or an I/O error.
  void write(int64_t step, std::span<const std::pair<std::string, double>> values);

  const std::string& path() const { return path_; }

 private:
  /// Closes the file with the object.
  struct Descriptor {
    int fd = -1;
    Descriptor() = default;
    ~Descriptor();
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
  };

  void append(const std::string& event);

  std::function<double()> clock_;
  std::string path_;
  Descriptor file_;
};

}  // namespace flamingo::io

#include "flamingo/cli/prompt_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <span>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/core/utf8.h"
#include "flamingo/io/file_kind.h"
#ifdef FLAMINGO_MEDIA
#include "flamingo/media/yaml.h"
#endif

namespace flamingo::cli {
namespace {

constexpr uint64_t kMaxPromptBytes = 16 << 20;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

/// Reads to the end of what has no size. `where` names it in errors.
std::string read_stream(int fd, const std::string& where) {
  std::string bytes;
  std::array<char, 1 << 16> buffer{};
  while (true) {
    const ssize_t n = ::read(fd, buffer.data(), buffer.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) fail(where, "expected to read, got {}", std::strerror(errno));
    if (n == 0) return bytes;
    bytes.append(buffer.data(), static_cast<size_t>(n));
    require(bytes.size() <= kMaxPromptBytes, where, "expected at most {} bytes, got more",
            kMaxPromptBytes);
  }
}

/// A file, a pipe such as the shell's <(...), or "-".
std::string read_any(const std::string& path) {
  if (path == "-") return read_stream(STDIN_FILENO, "standard input");
  struct stat info {};
  const bool has_size =
      ::stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode) || S_ISDIR(info.st_mode);
  if (has_size) return read_file(path, kMaxPromptBytes);
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail(path, "expected a readable file, got {}", std::strerror(errno));
  try {
    std::string bytes = read_stream(fd, path);
    ::close(fd);
    return bytes;
  } catch (...) {
    ::close(fd);
    throw;
  }
}

Json read_yaml([[maybe_unused]] const std::string& path) {
#ifdef FLAMINGO_MEDIA
  return media::parse_yaml(read_any(path), path);
#else
  fail(path, "expected a build that reads YAML, got one built without media",
       Hint{"write the prompt as JSON"});
#endif
}

/// What editors add to a text: a mark before it and the end of its last line.
std::string without_editors_marks(std::string text) {
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  if (text.ends_with('\n')) text.resize(text.size() - (text.ends_with("\r\n") ? 2 : 1));
  return text;
}

prompt::Prompt read_text_prompt(const std::string& path, const PromptSource& source) {
  const std::string where = path == "-" ? "standard input" : path;
  const std::string text = without_editors_marks(read_any(path));
  const auto bytes = std::as_bytes(std::span(text));
  if (text.find('\0') != text.npos || !is_utf8(text)) {
    const std::string_view kind = io::file_kind(bytes);
    fail(where, "expected a prompt, got {}",
         kind.empty() ? "bytes that are no text in UTF-8" : kind, Hint{io::other_kind_hint(bytes)});
  }
  require(!text.empty(), where, "expected a prompt, got an empty text");
  return prompt::prompt_from_marks(text, source.images, source.videos, where);
}

prompt::Prompt read_prompt_file(const std::string& path, const PromptSource& source) {
  const std::filesystem::path file(path);
  const std::string extension = ascii_lower(file.extension().string());
  const bool is_yaml = extension == ".yaml" || extension == ".yml";
  if (extension != ".json" && !is_yaml) return read_text_prompt(path, source);
  require(source.images.empty() && source.videos.empty(), path,
          "expected no --image or --video beside a prompt file that names its media, got some");
  const Json json = is_yaml ? read_yaml(path) : parse_json(read_any(path), path);
  prompt::Prompt prompt = prompt::prompt_from_json(json, file.parent_path(), path);
  require(!prompt.items.empty(), path, "expected a prompt, got an empty one");
  return prompt;
}

}  // namespace

prompt::Prompt read_prompt(const PromptSource& source) {
  require(source.text.has_value() != source.file.has_value(), "prompt",
          "expected one of --prompt and --file, got {}", source.text ? "both" : "neither");
  if (source.file) {
    require(!source.file->empty(), "--file", "expected a path, got an empty one");
    return read_prompt_file(*source.file, source);
  }
  require(!source.text->empty(), "--prompt", "expected a text, got an empty one");
  return prompt::prompt_from_marks(*source.text, source.images, source.videos, "--prompt");
}

}  // namespace flamingo::cli

#include "flamingo/cli/prompt_file.h"

#include <filesystem>

#include "flamingo/core/file.h"
#ifdef FLAMINGO_MEDIA
#include "flamingo/media/yaml.h"
#endif

namespace flamingo::cli {
namespace {

constexpr uint64_t kMaxPromptBytes = 16 << 20;

Prompt read_yaml_prompt([[maybe_unused]] const std::string& path) {
#ifdef FLAMINGO_MEDIA
  return prompt_from_json(read_yaml_file(path), std::filesystem::path(path).parent_path(), path);
#else
  fail(path, "expected a build that reads YAML, got one built without media",
       "write the prompt as JSON");
#endif
}

}  // namespace

Prompt read_prompt(const PromptSource& source) {
  require(source.text.empty() != source.file.empty(), "prompt",
          "expected one of --prompt and --file, got " +
              std::string(source.text.empty() ? "neither" : "both"));
  if (source.file.empty()) return prompt_from_marks(source.text, source.images, source.videos);
  const auto extension = std::filesystem::path(source.file).extension();
  const bool structured = extension == ".json" || extension == ".yaml" || extension == ".yml";
  if (!structured) {
    return prompt_from_marks(read_file(source.file, kMaxPromptBytes), source.images, source.videos);
  }
  require(source.images.empty() && source.videos.empty(), source.file,
          "expected no --image or --video beside a prompt file that names its media, got some");
  return extension == ".json" ? read_json_prompt(source.file) : read_yaml_prompt(source.file);
}

}  // namespace flamingo::cli

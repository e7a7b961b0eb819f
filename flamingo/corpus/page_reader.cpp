#include "flamingo/corpus/page_reader.h"

#include <fnmatch.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/corpus/warc_pages.h"
#include "flamingo/url/url.h"

namespace flamingo::corpus {
namespace fs = std::filesystem;
namespace {

bool is_warc_name(std::string_view name) {
  return name.ends_with(".warc") || name.ends_with(".warc.gz") || name.ends_with(".warc.zst");
}

/// The folder whose files the input's address stands for.
fs::path root_of(const InputConfig& input) {
  const fs::path path = fs::absolute(input.path).lexically_normal();
  return fs::is_directory(path) ? path : path.parent_path();
}

std::string percent_encode(std::string_view path) {
  constexpr std::string_view kPlain = "-._~/!$&'()*+,;=:@";
  std::string encoded;
  for (const char c : path) {
    if (is_ascii_alnum(c) || kPlain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      append_percent(c, encoded);
    }
  }
  return encoded;
}

/// The address of the root as browsers spell it, with a slash at the end.
std::string prefix_of(const InputConfig& input) {
  std::string prefix = url::browser_url(
      input.url.empty() ? "file://" + percent_encode(root_of(input).string()) : input.url);
  if (prefix.back() != '/') prefix += '/';
  return prefix;
}

/// Regular files below a folder whose names match, rising.
std::vector<std::string> find_files(const InputConfig& input) {
  if (!fs::is_directory(input.path)) return {input.path};
  std::vector<std::string> files;
  std::error_code error;
  fs::recursive_directory_iterator entries(input.path, error);
  for (; !error && entries != fs::recursive_directory_iterator(); entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    if (fnmatch(input.match.c_str(), name.c_str(), 0) != 0) continue;
    if (entries->is_regular_file()) files.push_back(entries->path().string());
  }
  require(!error, input.path, "expected a readable folder, got: {}", error.message());
  std::ranges::sort(files);
  return files;
}

/// HTML files of a folder.
class FolderPages : public PageReader {
 public:
  FolderPages(const ShardPlan& plan, uint64_t max_page_bytes)
      : plan_(plan), max_bytes_(max_page_bytes) {}

  std::optional<PageInput> next() override {
    if (next_ == plan_.files.size()) return std::nullopt;
    const std::string& file = plan_.files[next_++];
    PageInput page{.url = url_of_file(*plan_.input, file)};
    const bool fits = regular_file_size(file) <= max_bytes_;
    page.bytes = fits ? read_file(file, max_bytes_) : std::string(max_bytes_ + 1, ' ');
    return page;
  }

 private:
  const ShardPlan& plan_;
  uint64_t max_bytes_;
  size_t next_ = 0;
};

}  // namespace

bool ShardPlan::is_warc() const { return files.size() == 1 && is_warc_name(files.front()); }

std::vector<ShardPlan> plan_shards(const CorpusRecipe& recipe) {
  std::vector<ShardPlan> plans;
  const auto add = [&](const InputConfig& input, std::vector<std::string> files) {
    char name[16];
    std::snprintf(name, sizeof(name), "%06zu", plans.size());
    plans.push_back({name, &input, std::move(files)});
  };
  for (const InputConfig& input : recipe.inputs) {
    require(fs::exists(input.path), input.path, "expected a file or folder, got nothing there");
    const auto files = find_files(input);
    require(!files.empty(), input.path, "expected files named \"{}\", got none in this folder",
            input.match);
    std::vector<std::string> pages;
    for (const std::string& file : files) {
      if (is_warc_name(file)) {
        add(input, {file});
        continue;
      }
      pages.push_back(file);
      if (std::ssize(pages) == input.pages_per_shard) add(input, std::exchange(pages, {}));
    }
    if (!pages.empty()) add(input, std::move(pages));
  }
  return plans;
}

std::string url_of_file(const InputConfig& input, const std::string& file) {
  const fs::path path = fs::absolute(file).lexically_normal().lexically_relative(root_of(input));
  return prefix_of(input) + percent_encode(path.string());
}

std::string input_folder(const InputConfig& input) { return root_of(input).string(); }

std::optional<std::string> path_in_folder(const InputConfig& input, std::string_view url) {
  const std::string prefix = prefix_of(input);
  if (!url.starts_with(prefix)) return std::nullopt;
  url.remove_prefix(prefix.size());
  return std::string(url.substr(0, url.find_first_of("?#")));
}

std::unique_ptr<PageReader> open_pages(const ShardPlan& plan, uint64_t max_page_bytes,
                                       std::shared_ptr<WarcStore> store) {
  if (!plan.is_warc()) return std::make_unique<FolderPages>(plan, max_page_bytes);
  return std::make_unique<WarcPages>(plan.files.front(), max_page_bytes, std::move(store));
}

}  // namespace flamingo::corpus

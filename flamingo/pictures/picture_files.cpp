#include "flamingo/pictures/picture_files.h"

#ifdef FLAMINGO_MEDIA
#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/document/sample_pair.h"
#include "flamingo/io/sha256.h"
#include "flamingo/media/convert.h"
#include "flamingo/pictures/csv.h"
#include "flamingo/pictures/picture_record.h"

namespace flamingo::pictures {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kMaxListBytes = 1ull << 30;

/// Pictures in files of their own.
class FilePixels : public PixelSource {
 public:
  FilePixels(std::vector<std::string> paths, const media::ImageLimits& limits)
      : paths_(std::move(paths)), limits_(limits) {}

  media::Image read(int64_t picture) const override {
    return in_colour(media::load_image(name(picture), {.limits = limits_}));
  }
  std::string name(int64_t picture) const override {
    return paths_.at(static_cast<size_t>(picture));
  }
  std::string hash() const override {
    io::Sha256 hash;
    for (const std::string& path : paths_) {
      const std::string bytes = read_file(path, limits_.max_bytes);
      const uint64_t size = bytes.size();
      hash.update(std::as_bytes(std::span(&size, 1)));
      hash.update(std::as_bytes(std::span(bytes)));
    }
    return hash.hex();
  }

 private:
  std::vector<std::string> paths_;
  media::ImageLimits limits_;
};

/// Records and their files, one by one.
class FileList {
 public:
  void add(PictureRecord record, const std::string& path) {
    table_.add(record, path);
    paths_.push_back(path);
  }
  LabelledPictures build(const std::string& where, const media::ImageLimits& limits) {
    return {table_.build(), std::make_shared<const FilePixels>(std::move(paths_), limits), where};
  }

 private:
  TableBuilder table_;
  std::vector<std::string> paths_;
};

/// Names of what is in a folder, sorted; hidden entries are left out.
std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  for (const auto& entry : fs::directory_iterator(folder)) {
    if (!entry.path().filename().string().starts_with('.')) entries.push_back(entry.path());
  }
  std::ranges::sort(entries);
  return entries;
}

void add_class_folders(const fs::path& folder, const std::string& split, FileList& list) {
  for (const fs::path& shown : entries_of(folder)) {
    if (!fs::is_directory(shown)) continue;
    std::string name = shown.filename().string();
    std::ranges::replace(name, '_', ' ');
    for (const fs::path& file : entries_of(shown)) {
      if (is_picture_name(file.string()) && fs::is_regular_file(file))
        list.add({.names = {name}, .split = split}, file.string());
    }
  }
}

/// The folder's name's split where it holds class folders.
std::string split_of(const fs::path& folder) {
  const std::string split = split_of_folder(folder.filename().string());
  const bool nested = !split.empty() && fs::is_directory(folder) &&
                      std::ranges::any_of(entries_of(folder), [](const fs::path& entry) {
                        return fs::is_directory(entry);
                      });
  return nested ? split : "";
}

bool flag_of(const std::string& field, const std::string& where) {
  const bool yes = ascii_iequal(field, "true") || field == "1";
  require(yes || ascii_iequal(field, "false") || field == "0", where,
          "expected true or false, got \"{}\"", field);
  return yes;
}

/// A row of CSV as the JSON that a line of JSON would have.
Json csv_record(const CsvTable& table, size_t row, const std::string& where) {
  Json record = Json::object();
  for (size_t c = 0; c < table.columns.size(); ++c) {
    const std::string& column = table.columns[c];
    const std::string& field = table.rows[row][c];
    if (field.empty()) continue;
    if (column == "names") {
      Json names = Json::array();
      for (size_t begin = 0; begin <= field.size();) {
        const size_t end = std::min(field.find('|', begin), field.size());
        names.push_back(
            std::string(ascii_trim(std::string_view(field).substr(begin, end - begin))));
        begin = end + 1;
      }
      record[column] = std::move(names);
    } else if (column == "mirrorable" || column == "line_art") {
      record[column] = flag_of(field, where + ", " + column);
    } else {
      record[column] = field;
    }
  }
  return record;
}

std::vector<std::pair<Json, std::string>> csv_records(const std::string& text,
                                                      const std::string& path) {
  const CsvTable table = parse_csv(text, path);
  std::vector<std::pair<Json, std::string>> records;
  for (size_t row = 0; row < table.rows.size(); ++row) {
    const std::string where = path + ":" + std::to_string(table.lines[row]);
    records.emplace_back(csv_record(table, row, where), where);
  }
  return records;
}

std::vector<std::pair<Json, std::string>> jsonl_records(std::string_view text,
                                                        const std::string& path) {
  std::vector<std::pair<Json, std::string>> records;
  int64_t number = 1;
  for (size_t begin = 0; begin < text.size(); ++number) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = ascii_trim(text.substr(begin, end - begin));
    const std::string where = path + ":" + std::to_string(number);
    if (!line.empty()) records.emplace_back(parse_json(line, where), where);
    begin = end + 1;
  }
  return records;
}

}  // namespace

bool is_picture_name(const std::string& name) {
  const std::string extension = ascii_lower(fs::path(name).extension().string());
  return !extension.empty() && document::is_picture_extension(extension.substr(1));
}

std::string split_of_folder(const std::string& name) {
  static constexpr std::array<std::string_view, 5> kSplits = {"train", "val", "valid", "validation",
                                                              "test"};
  return std::ranges::count(kSplits, name) > 0 ? name : std::string();
}

media::Image in_colour(const media::Image& image) {
  return without_full_alpha(media::convert_to_rgba(image));
}

LabelledPictures open_class_folders(const std::string& folder, const media::ImageLimits& limits) {
  FileList list;
  std::vector<fs::path> splits, others;
  for (const fs::path& entry : entries_of(folder)) {
    if (fs::is_directory(entry)) (split_of(entry).empty() ? others : splits).push_back(entry);
  }
  if (!splits.empty() && !others.empty())
    fail(folder, "expected folders of classes, or of splits that hold such, got {} beside {}",
         others.front().filename().string(), splits.front().filename().string(),
         Hint{"put every class folder into train, val, valid, validation or test"});
  for (const fs::path& split : splits) add_class_folders(split, split.filename().string(), list);
  if (splits.empty()) add_class_folders(folder, "", list);
  return list.build(folder, limits);
}

LabelledPictures open_picture_list(const std::string& path, const media::ImageLimits& limits) {
  const std::string text = read_file(path, kMaxListBytes);
  FileList list;
  for (const auto& [json, where] :
       path.ends_with(".csv") ? csv_records(text, path) : jsonl_records(text, path)) {
    PictureRecord record = record_from_json(json, where);
    require(!record.file.empty(), where, "expected a field \"file\", got none");
    const fs::path file = fs::path(path).parent_path() / record.file;
    require(fs::exists(file), where, "expected the picture {}, got no such file", file.string());
    list.add(std::move(record), file.string());
  }
  return list.build(path, limits);
}

}  // namespace flamingo::pictures
#endif  // FLAMINGO_MEDIA

#include "flamingo/prompt/prompt.h"

#include <algorithm>

#include "flamingo/prompt/task_template.h"
#include "flamingo/text/json_fields.h"

namespace flamingo::prompt {
namespace {

constexpr size_t kMaxItems = 4096;

using Fields = std::map<std::string, std::string>;

/// kind: "image"
void check_marks(std::string_view where, const std::string& kind, size_t marks, size_t files) {
  if (marks != files)
    fail(where, "expected one <{}> mark per {} file, got {} marks and {} files", kind, kind, marks,
         files,
         Hint{marks < files ? "a <" + kind + "> in the prompt says where each belongs"
                            : "--" + kind + " gives the files"});
}

/// Reads the schema of docs/prompt-file.md.
class PromptReader {
 public:
  explicit PromptReader(const std::filesystem::path& folder) : folder_(folder) {}

  Prompt read(const Json& json, const std::string& where) {
    require(json.is_object(), where, "expected an object, got {}", json.type_name());
    if (json.contains("items")) {
      check_keys(json, {"items"}, where);
      read_items(list_at(json, "items", where), where + ".items");
    } else {
      check_keys(json, {"template", "prefix", "shots", "query"}, where);
      read_shots(json, where);
    }
    return std::move(prompt_);
  }

 private:
  static void check_keys(const Json& json, const std::vector<std::string>& known,
                         const std::string& where) {
    for (const auto& item : json.items()) {
      if (std::find(known.begin(), known.end(), item.key()) != known.end()) continue;
      std::string names;
      for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
      fail(where, "expected only {}, got \"{}\"", names, item.key());
    }
  }

  static const Json& list_at(const Json& json, const char* name, const std::string& where) {
    const Json& list = text::json_field(json, name, where);
    if (!list.is_array() || list.size() > kMaxItems)
      fail(where + "." + name, "expected a list of at most {} items, got {}", kMaxItems,
           list.is_array() ? std::to_string(list.size()) + " items" : list.type_name());
    return list;
  }

  std::string path_at(const Json& json, const char* name, const std::string& where) const {
    const std::string path = text::json_string(json, name, where);
    if (path.empty()) fail(where + "." + name, "expected a path, got an empty string");
    return (folder_ / path).string();
  }

  void add_text(std::string text) {
    if (!text.empty()) prompt_.items.emplace_back(TextItem{std::move(text)});
  }

  void read_items(const Json& list, const std::string& where) {
    for (size_t i = 0; i < list.size(); ++i) {
      const std::string at = where + "[" + std::to_string(i) + "]";
      require(list[i].is_object() && list[i].size() == 1, at,
              "expected an object with one of text, image, video, end_of_chunk");
      check_keys(list[i], {"text", "image", "video", "end_of_chunk"}, at);
      if (list[i].contains("end_of_chunk")) {
        require(text::json_bool(list[i], "end_of_chunk", false, at), at,
                "expected end_of_chunk: true");
        prompt_.items.emplace_back(EndOfChunkItem{});
      } else if (list[i].contains("text")) {
        add_text(text::json_string(list[i], "text", at));
      } else {
        read_media_item(list[i], at);
      }
    }
  }

  void read_media_item(const Json& json, const std::string& where) {
    const bool both = json.contains("image") && json.contains("video");
    require(!both, where, "expected image or video, got both");
    if (json.contains("image")) {
      prompt_.items.emplace_back(ImageItem{path_at(json, "image", where)});
    } else if (json.contains("video")) {
      prompt_.items.emplace_back(VideoItem{path_at(json, "video", where)});
    }
  }

  /// A shot or query: its media item goes into the prompt, its texts come back.
  Fields read_example(const Json& json, std::vector<std::string> fields, const std::string& where) {
    require(json.is_object(), where, "expected an object, got {}", json.type_name());
    std::vector<std::string> known = fields;
    known.insert(known.end(), {"image", "video"});
    check_keys(json, known, where);
    read_media_item(json, where);
    Fields texts;
    for (const std::string& field : fields) {
      if (json.contains(field)) texts[field] = text::json_string(json, field.c_str(), where);
    }
    return texts;
  }

  void read_shots(const Json& json, const std::string& where) {
    const TaskTemplate& task = task_template(
        text::json_absent(json, "template") ? "plain" : text::json_string(json, "template", where),
        where + ".template");
    std::vector<std::string> fields = task.lead_fields();
    const bool is_plain = task.lead.empty();
    if (!text::json_absent(json, "prefix")) add_text(text::json_string(json, "prefix", where));
    std::vector<std::string> shot_fields = fields;
    shot_fields.push_back(task.answer_field);
    if (!text::json_absent(json, "shots")) {
      const Json& shots = list_at(json, "shots", where);
      for (size_t i = 0; i < shots.size(); ++i) {
        const std::string at = where + ".shots[" + std::to_string(i) + "]";
        add_text(task.shot_text(read_example(shots[i], shot_fields, at), at));
        prompt_.items.emplace_back(EndOfChunkItem{});
      }
    }
    const Json& query = text::json_field(json, "query", where);
    const std::string at = where + ".query";
    const Fields texts = read_example(query, is_plain ? shot_fields : fields, at);
    const bool has_text = is_plain && texts.contains(task.answer_field);
    add_text(has_text ? task.shot_text(texts, at) : task.query_text(texts, at));
  }

  const std::filesystem::path& folder_;
  Prompt prompt_;
};

}  // namespace

std::vector<PromptItem> Prompt::media() const {
  std::vector<PromptItem> out;
  std::copy_if(items.begin(), items.end(), std::back_inserter(out), [](const PromptItem& item) {
    return std::holds_alternative<ImageItem>(item) || std::holds_alternative<VideoItem>(item);
  });
  return out;
}

std::vector<Segment> Prompt::segments() const {
  std::vector<Segment> out;
  for (const PromptItem& item : items) {
    if (const auto* text = std::get_if<TextItem>(&item)) {
      out.push_back(Segment::of_text(text->text));
    } else if (std::holds_alternative<EndOfChunkItem>(item)) {
      out.push_back(Segment::end_of_chunk());
    } else {
      out.push_back(Segment::media_item());
    }
  }
  return out;
}

Prompt prompt_from_marks(std::string_view text, const std::vector<std::string>& images,
                         const std::vector<std::string>& videos, std::string_view where) {
  Prompt prompt;
  size_t num_images = 0;
  size_t num_videos = 0;
  for (const Segment& segment : split_marks(text)) {
    if (segment.kind == Segment::Kind::kText) {
      prompt.items.emplace_back(TextItem{segment.text});
    } else if (segment.is_video) {
      const size_t i = num_videos++;
      prompt.items.emplace_back(VideoItem{i < videos.size() ? videos[i] : std::string()});
    } else {
      const size_t i = num_images++;
      prompt.items.emplace_back(ImageItem{i < images.size() ? images[i] : std::string()});
    }
  }
  check_marks(where, "image", num_images, images.size());
  check_marks(where, "video", num_videos, videos.size());
  return prompt;
}

Prompt prompt_from_json(const Json& json, const std::filesystem::path& folder,
                        const std::string& where) {
  return PromptReader(folder).read(json, where);
}

Prompt read_json_prompt(const std::string& path) {
  constexpr uint64_t kMaxBytes = uint64_t{16} << 20;
  const Json json = read_json_file(path, kMaxBytes);
  return prompt_from_json(json, std::filesystem::path(path).parent_path(), path);
}

}  // namespace flamingo::prompt

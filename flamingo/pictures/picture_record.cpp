#include "flamingo/pictures/picture_record.h"

#include <algorithm>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/core/utf8.h"

namespace flamingo::pictures {
namespace {

/// The first of `fields` that is there, or null.
const Json* find_field(const Json& json, std::initializer_list<const char*> fields) {
  for (const char* field : fields) {
    const auto it = json.find(field);
    if (it != json.end() && !it->is_null()) return &*it;
  }
  return nullptr;
}

std::string text_of(const Json& json, std::initializer_list<const char*> fields,
                    const std::string& where) {
  const Json* value = find_field(json, fields);
  if (!value) return {};
  require(value->is_string(), where, "expected \"{}\" to be a text, got {}", *fields.begin(),
          *value);
  return value->get<std::string>();
}

bool flag_of(const Json& json, const char* field, bool otherwise, const std::string& where) {
  const Json* value = find_field(json, {field});
  if (!value) return otherwise;
  require(value->is_boolean(), where, "expected \"{}\" to be true or false, got {}", field, *value);
  return value->get<bool>();
}

std::vector<std::string> names_of(const Json& json, const std::string& where) {
  const Json* list = find_field(json, {"names"});
  if (!list) {
    const std::string name = text_of(json, {"name", "label"}, where);
    return name.empty() ? std::vector<std::string>{} : std::vector<std::string>{name};
  }
  require(list->is_array() &&
              std::ranges::all_of(*list, [](const Json& name) { return name.is_string(); }),
          where, "expected \"names\" to be a list of texts, got {}", *list);
  return list->get<std::vector<std::string>>();
}

void require_utf8(const std::string& text, const std::string& where) {
  require(is_utf8(text), where, "expected labels in UTF-8, got {}", text);
}

}  // namespace

PictureRecord record_from_json(const Json& json, const std::string& where) {
  require(json.is_object(), where, "expected a JSON object, got {}", json);
  return {.file = text_of(json, {"file", "file_name"}, where),
          .key = text_of(json, {"key"}, where),
          .names = names_of(json, where),
          .group = text_of(json, {"group"}, where),
          .style = text_of(json, {"style"}, where),
          .split = text_of(json, {"split"}, where),
          .mirrorable = flag_of(json, "mirrorable", true, where),
          .line_art = flag_of(json, "line_art", false, where)};
}

Json record_to_json(const PictureClass& shown, const LabelledPicture& picture) {
  Json json = {{"names", {shown.name}}, {"split", picture.split}};
  if (shown.key != shown.name) json["key"] = shown.key;
  for (const std::string& tag : shown.tags) json["names"].push_back(tag);
  if (!shown.group.empty()) json["group"] = shown.group;
  if (!picture.style.empty()) json["style"] = picture.style;
  if (!shown.mirrorable) json["mirrorable"] = false;
  if (picture.line_art) json["line_art"] = true;
  return json;
}

void TableBuilder::add(const PictureRecord& record, const std::string& where) {
  require(!record.names.empty() && !record.names.front().empty(), where,
          "expected a name of what the picture shows, got none");
  for (const std::string& text : record.names) require_utf8(text, where);
  for (const std::string* text : {&record.key, &record.group, &record.style, &record.split})
    require_utf8(*text, where);
  const int64_t index = class_of(record);
  PictureClass& shown = table_.classes[static_cast<size_t>(index)];
  for (const std::string& name : record.names) {
    if (name != shown.name && std::ranges::count(shown.tags, name) == 0) shown.tags.push_back(name);
  }
  table_.pictures.push_back({.class_index = index,
                             .style = record.style,
                             .split = record.split.empty() ? kTrainSplit : record.split,
                             .line_art = record.line_art});
}

int64_t TableBuilder::class_of(const PictureRecord& record) {
  const std::string& name = record.names.front();
  const bool keyed = !record.key.empty();
  const std::string& key = keyed ? record.key : name;
  if (const auto known = class_by_key_.find(key); known != class_by_key_.end())
    return known->second;
  const auto [named, added] = class_by_name_.try_emplace(name, std::ssize(table_.classes));
  int64_t index = named->second;
  const bool joins = !added && (!keyed || table_.classes[static_cast<size_t>(index)].key == name);
  if (!joins) {
    index = std::ssize(table_.classes);
    table_.classes.push_back(
        {.name = name, .group = record.group, .mirrorable = record.mirrorable});
  }
  if (keyed || !joins) table_.classes[static_cast<size_t>(index)].key = key;
  class_by_key_.emplace(key, index);
  return index;
}

}  // namespace flamingo::pictures

#include "flamingo/prompt/task_template.h"

#include <functional>

#include "flamingo/core/error.h"

namespace flamingo::prompt {
namespace {

const std::vector<TaskTemplate>& task_templates() {
  static const std::vector<TaskTemplate> templates = {
      {"plain", "", "text"},
      {"caption", "Output:", "text"},
      {"vqa", "Question: {question} Answer:", "answer"},
      {"hateful_memes",
       "is an image with written: \"{meme_text}\" on it. Is it hateful? Answer:", "answer"},
      {"rareact", "Caption: a person", "text"},
  };
  return templates;
}

/// Calls text(part) and field(name) for the parts of `format` in order.
void for_each_part(std::string_view format, const std::function<void(std::string_view)>& text,
                   const std::function<void(std::string_view)>& field) {
  while (!format.empty()) {
    const size_t open = format.find('{');
    text(format.substr(0, open));
    if (open == std::string_view::npos) return;
    const size_t close = format.find('}', open);
    field(format.substr(open + 1, close - open - 1));
    format.remove_prefix(close + 1);
  }
}

const std::string& field_at(const std::map<std::string, std::string>& fields,
                            const std::string& name, std::string_view where,
                            const std::string& task) {
  const auto found = fields.find(name);
  if (found == fields.end())
    fail(where, "expected a field \"{}\", got none", name,
         Hint{"the template " + task + " has it"});
  return found->second;
}

}  // namespace

std::vector<std::string> TaskTemplate::lead_fields() const {
  std::vector<std::string> names;
  for_each_part(
      lead, [](std::string_view) {}, [&](std::string_view field) { names.emplace_back(field); });
  return names;
}

std::string TaskTemplate::query_text(const std::map<std::string, std::string>& fields,
                                     std::string_view where) const {
  std::string out;
  for_each_part(
      lead, [&](std::string_view text) { out += text; },
      [&](std::string_view field) { out += field_at(fields, std::string(field), where, name); });
  return out;
}

std::string TaskTemplate::shot_text(const std::map<std::string, std::string>& fields,
                                    std::string_view where) const {
  const std::string& answer = field_at(fields, answer_field, where, name);
  return lead.empty() ? answer : query_text(fields, where) + " " + answer;
}

const TaskTemplate& task_template(std::string_view name, std::string_view where) {
  std::string names;
  for (const TaskTemplate& known : task_templates()) {
    if (known.name == name) return known;
    names += (names.empty() ? "" : ", ") + known.name;
  }
  fail(where, "expected one of {}, got \"{}\"", names, name);
}

}  // namespace flamingo::prompt

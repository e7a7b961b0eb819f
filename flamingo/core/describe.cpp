#include "flamingo/core/describe.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "flamingo/core/utf8.h"

namespace flamingo {
namespace {

constexpr std::string_view kSet = "--set";
constexpr size_t kWidth = 100;
constexpr size_t kMaxSteps = 16;  // no config is deeper

/// Steps from one name to the other (optimal string alignment).
size_t distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  std::iota(above.begin(), above.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1])});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before = std::exchange(above, row);
  }
  return above[b.size()];
}

/// `text` in lines of at most kWidth characters, each after `indent`.
std::string wrapped(std::string_view text, const std::string& indent) {
  std::string lines, line;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!line.empty() && indent.size() + line.size() + 1 + word.size() > kWidth) {
      lines += indent + line + "\n";
      line.clear();
    }
    line += (line.empty() ? "" : " ") + std::string(word);
  }
  return lines + indent + line + "\n";
}

/// A JSON value, a list of objects on lines of its own.
std::string indented(const std::string& value, const std::string& indent) {
  if (!value.starts_with("[{")) return value;
  std::string text;
  for (const char c : Json::parse(value).dump(2)) {
    text += c;
    if (c == '\n') text += indent;
  }
  return text;
}

bool is_inside(std::string_view path, std::string_view section) {
  if (!path.starts_with(section)) return false;
  const std::string_view rest = path.substr(section.size());
  return rest.empty() || rest.starts_with(".") || rest.starts_with("[].");
}

/// One step of a path: a name, or the number of a list's item.
struct Step {
  std::string name;
  std::optional<size_t> index;
};

/// "sources[0].weight" -> sources, 0, weight.
std::vector<Step> steps_of(std::string_view path, std::string_view assignment) {
  std::vector<Step> steps;
  while (!path.empty()) {
    if (path.front() == '[') {
      size_t index = 0;
      const size_t end = std::min(path.find(']'), path.size());
      const auto [stop, error] = std::from_chars(path.data() + 1, path.data() + end, index);
      require(error == std::errc() && end < path.size() && stop == path.data() + end, kSet,
              "expected the number of an item in [], got \"{}\"", assignment);
      steps.push_back({"", index});
      path.remove_prefix(end + 1);
    } else {
      const size_t end = std::min(path.find_first_of(".["), path.size());
      require(end > 0, kSet, "expected FIELD.FIELD=VALUE, got \"{}\"", assignment);
      steps.push_back({std::string(path.substr(0, end)), {}});
      path.remove_prefix(end);
    }
    if (path.starts_with(".")) path.remove_prefix(1);
    require(steps.size() <= kMaxSteps, kSet, "expected at most {} names and items, got more",
            kMaxSteps);
  }
  return steps;
}

Json& step_into(Json& json, const Step& step, std::string_view assignment) {
  if (step.index) {
    require(json.is_array() && *step.index < json.size(), kSet,
            "expected an item that is there, got \"{}\"", assignment);
    return json[*step.index];
  }
  if (json.is_null()) json = Json::object();
  require(json.is_object(), kSet, "expected fields of an object, got \"{}\" where there is {}",
          assignment, json.type_name());
  return json[step.name];
}

/// JSON, else text. Throws Error when it is neither, as text must be UTF-8.
Json value_of(std::string_view text) {
  try {
    return parse_json(text, kSet);
  } catch (const Error&) {
    require(is_utf8(text), kSet, "expected text in UTF-8, got {}", text);
    return std::string(text);
  }
}

/// Fields of one object: those of `fields` from `at` on that begin with `prefix`.
class AnnotatedWriter {
 public:
  explicit AnnotatedWriter(const std::vector<FieldDescription>& fields) : fields_(fields) {}

  std::string object(const std::string& prefix, size_t depth) {
    const std::string indent(2 * depth, ' ');
    std::string text = "{\n";
    for (bool first = true; at_ < fields_.size(); first = false) {
      const FieldDescription& field = fields_[at_];
      if (!field.path.starts_with(prefix)) break;
      if (!first) text += ",\n";
      text += wrapped(field.help, indent + "  // ") + indent + "  \"" +
              field.path.substr(prefix.size()) + "\": ";
      ++at_;
      if (field.value.empty()) {
        text += object(field.path + ".", depth + 1);
      } else {
        text += indented(field.value, indent + "  ");
        while (at_ < fields_.size() && is_inside(fields_[at_].path, field.path)) ++at_;
      }
    }
    return text + "\n" + indent + "}";
  }

 private:
  const std::vector<FieldDescription>& fields_;
  size_t at_ = 0;
};

}  // namespace

std::vector<FieldDescription> fields_of(const std::vector<FieldDescription>& fields,
                                        const std::string& section) {
  if (section.empty()) return fields;
  std::vector<FieldDescription> found;
  std::vector<std::string> paths;
  for (const FieldDescription& field : fields) {
    if (is_inside(field.path, section)) found.push_back(field);
    paths.push_back(field.path);
  }
  if (!found.empty()) return found;
  const std::string nearest = nearest_name(section, paths);
  fail("--explain", "expected a field, got \"{}\"", section,
       Hint{nearest.empty() ? "without a name it shows all" : "did you mean " + nearest + "?"});
}

std::string to_text(const std::vector<FieldDescription>& fields) {
  std::string text;
  for (const auto& [path, type, value, help] : fields) {
    text += path + "  " + type + (value.empty() ? "" : " = " + value) + "\n";
    text += wrapped(help, "    ");
  }
  return text;
}

std::string annotated_json(const std::vector<FieldDescription>& fields, std::string_view about) {
  return wrapped(about, "// ") + AnnotatedWriter(fields).object("", 0) + "\n";
}

void set_field(Json& json, std::string_view assignment) {
  const size_t equals = assignment.find('=');
  require(equals != assignment.npos && equals > 0, kSet, "expected FIELD.FIELD=VALUE, got \"{}\"",
          assignment);
  Json* place = &json;
  for (const Step& step : steps_of(assignment.substr(0, equals), assignment))
    place = &step_into(*place, step, assignment);
  *place = value_of(assignment.substr(equals + 1));
}

std::string nearest_name(std::string_view name, const std::vector<std::string>& known) {
  const size_t most = std::max<size_t>(1, name.size() / 3);
  std::string nearest;
  size_t least = most + 1;
  for (const std::string& candidate : known) {
    const size_t steps = distance(name, candidate);
    if (steps < least) {
      least = steps;
      nearest = candidate;
    }
  }
  return nearest;
}

}  // namespace flamingo

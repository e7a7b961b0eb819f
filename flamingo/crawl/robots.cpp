#include "flamingo/crawl/robots.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "flamingo/core/ascii.h"

namespace flamingo::crawl {
namespace {

constexpr size_t kMaxRobotsBytes = 500 << 10;

bool is_unreserved(char c) { return is_ascii_alnum(c) || (c != '\0' && std::strchr("-._~", c)); }

/// One spelling for paths that RFC 9309 compares as equal: unreserved characters plain, all others
/// that may be written both ways percent-encoded. `special` characters are encoded too, so that
/// '*' and '$' of a target are never taken for those of a pattern.
std::string normal_spelling(std::string_view text, const char* special) {
  std::string normal;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool escape =
        c == '%' && i + 2 < text.size() && is_ascii_hex(text[i + 1]) && is_ascii_hex(text[i + 2]);
    if (escape) {
      const char byte =
          static_cast<char>(ascii_hex_value(text[i + 1]) * 16 + ascii_hex_value(text[i + 2]));
      i += 2;
      if (is_unreserved(byte)) {
        normal += byte;
      } else {
        append_percent(byte, normal);
      }
    } else if (!is_ascii_graphic(c) || std::strchr("\"<>`{}|^\\", c) || std::strchr(special, c)) {
      append_percent(c, normal);
    } else {
      normal += c;
    }
  }
  return normal;
}

/// The lines of `text`, ended by LF, CR or both, without comments and blanks around them.
class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  std::optional<std::string_view> next() {
    if (rest_.empty()) return std::nullopt;
    const size_t end = std::min(rest_.find_first_of("\r\n"), rest_.size());
    const std::string_view line = rest_.substr(0, end);
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return ascii_trim(line.substr(0, line.find('#')));
  }

 private:
  std::string_view rest_;
};

std::optional<double> parse_seconds(std::string_view text) {
  const std::string copy(text);
  char* end = nullptr;
  const double seconds = std::strtod(copy.c_str(), &end);
  if (end == copy.c_str() || !std::isfinite(seconds) || seconds < 0) return std::nullopt;
  return seconds;
}

/// The groups that a line belongs to while a file is read.
struct GroupState {
  bool names_us = false;
  bool names_all = false;
  bool in_rules = false;  ///< the next User-agent line begins a group of its own
};

bool is_rule(std::string_view key) { return key == "allow" || key == "disallow"; }

/// What is read of a file: no byte order mark, and no rule cut in two at the limit, which could
/// forbid more than the site does.
std::string_view readable_part(std::string_view text) {
  if (text.size() > kMaxRobotsBytes) {
    text = text.substr(0, text.find_last_of("\r\n", kMaxRobotsBytes) + 1);
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  return text;
}

void read_user_agent(std::string_view value, std::string_view agent, GroupState& group) {
  if (group.in_rules) group = {};
  const bool all = value == "*" || value.starts_with("* ");
  group.names_all = group.names_all || all;
  group.names_us = group.names_us || (!all && ascii_iequal(product_token(value), agent));
}

}  // namespace

std::string_view product_token(std::string_view user_agent) {
  size_t size = 0;
  while (size < user_agent.size() &&
         (is_ascii_alpha(user_agent[size]) || user_agent[size] == '-' || user_agent[size] == '_')) {
    ++size;
  }
  return user_agent.substr(0, size);
}

RobotsTxt RobotsTxt::parse(std::string_view text, std::string_view agent) {
  RobotsTxt ours;
  RobotsTxt everyones;
  bool named = false;
  GroupState group;
  Lines lines(readable_part(text));
  while (const auto line = lines.next()) {
    const size_t colon = line->find(':');
    if (colon == std::string_view::npos) continue;
    const std::string key = ascii_lower(ascii_trim(line->substr(0, colon)));
    const std::string_view value = ascii_trim(line->substr(colon + 1));
    if (key == "user-agent") {
      read_user_agent(value, agent, group);
      named = named || group.names_us;
      continue;
    }
    group.in_rules = group.in_rules || is_rule(key);
    if (group.names_us) ours.take(key, value);
    if (group.names_all) everyones.take(key, value);
  }
  return named ? ours : everyones;
}

void RobotsTxt::take(std::string_view key, std::string_view value) {
  if (is_rule(key) && !value.empty()) rules_.push_back(parse_rule(value, key == "allow"));
  if (key == "crawl-delay") crawl_delay_ = parse_seconds(value);
}

RobotsTxt::Rule RobotsTxt::parse_rule(std::string_view pattern, bool allow) {
  Rule rule;
  rule.allow = allow;
  rule.to_the_end = pattern.ends_with('$');
  if (rule.to_the_end) pattern.remove_suffix(1);
  const std::string normal = normal_spelling(pattern, "$");
  rule.length = normal.size() + (rule.to_the_end ? 1 : 0);
  for (size_t begin = 0; begin <= normal.size();) {
    const size_t end = std::min(normal.find('*', begin), normal.size());
    rule.pieces.push_back(normal.substr(begin, end - begin));
    begin = end + 1;
  }
  return rule;
}

bool RobotsTxt::Rule::matches(std::string_view target) const {
  if (!target.starts_with(pieces.front())) return false;
  target.remove_prefix(pieces.front().size());
  if (pieces.size() == 1) return !to_the_end || target.empty();
  for (size_t i = 1; i < pieces.size(); ++i) {
    const std::string& piece = pieces[i];
    if (to_the_end && i + 1 == pieces.size()) return target.ends_with(piece);
    // memmem() is linear where string_view::find() is not.
    const void* found = ::memmem(target.data(), target.size(), piece.data(), piece.size());
    if (found == nullptr) return false;
    target.remove_prefix(static_cast<size_t>(static_cast<const char*>(found) - target.data()) +
                         piece.size());
  }
  return true;
}

bool RobotsTxt::allows(std::string_view target) const {
  if (target == "/robots.txt") return true;
  const std::string normal = normal_spelling(target, "*$");
  const Rule* best = nullptr;
  for (const Rule& rule : rules_) {
    const bool longer = best == nullptr || rule.length > best->length ||
                        (rule.length == best->length && rule.allow && !best->allow);
    if (longer && rule.matches(normal)) best = &rule;
  }
  return best == nullptr || best->allow;
}

}  // namespace flamingo::crawl

#include "flamingo/html/prescan.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "flamingo/html/charset.h"
#include "flamingo/html/html_space.h"

namespace flamingo::html {
namespace {

using std::string_view_literals::operator""sv;

constexpr size_t kPrescanBytes = 1024;

/// Elements whose text is no markup.
constexpr std::array kRawText = {"iframe"sv, "noembed"sv,  "noframes"sv, "script"sv,
                                 "style"sv,  "textarea"sv, "title"sv,    "xmp"sv};

struct Attribute {
  std::string name;  ///< in lower case; empty where the tag ends
  std::string_view value;
};

/// An encoding that a <meta> may name: what could be read as ASCII is not UTF-16, and the private
/// encoding of old pages is read as browsers do.
std::string_view meta_encoding(std::string_view label) {
  if (ascii_iequal(trim_html_space(label), "x-user-defined")) return iconv_name("windows-1252");
  const std::string_view encoding = iconv_name(label);
  return encoding.starts_with("UTF-16") ? iconv_name("utf-8") : encoding;
}

/// What the attributes of one <meta> say; of those with one name the first counts.
class MetaAttributes {
 public:
  void add(const Attribute& attribute) {
    if (attribute.name == "http-equiv" && !std::exchange(seen_pragma_, true)) {
      pragma_ = ascii_iequal(attribute.value, "content-type");
    } else if (attribute.name == "content" && !std::exchange(seen_content_, true)) {
      content_ = meta_encoding(charset_of_content_type(attribute.value));
    } else if (attribute.name == "charset" && !std::exchange(seen_charset_, true)) {
      charset_ = meta_encoding(attribute.value);
    }
  }
  std::string_view encoding() const { return charset_.empty() && pragma_ ? content_ : charset_; }

 private:
  std::string_view charset_;
  std::string_view content_;
  bool pragma_ = false;
  bool seen_charset_ = false;
  bool seen_content_ = false;
  bool seen_pragma_ = false;
};

/// Walks over the tags of a page that is not decoded yet.
class Prescan {
 public:
  /// skip_raw_text: text in scripts, styles and the like is none to look at.
  Prescan(std::string_view bytes, bool skip_raw_text)
      : bytes_(bytes), skip_raw_text_(skip_raw_text) {}

  /// The encoding of the first <meta> that declares one; empty: none does.
  std::string_view run() {
    while ((at_ = bytes_.find('<', at_)) < bytes_.size()) {
      const std::string_view rest = bytes_.substr(at_);
      if (rest.starts_with("<!--")) {
        move_behind("-->", at_ + 2);
      } else if (is_meta(rest)) {
        at_ += 5;
        const std::string_view encoding = read_meta();
        if (!encoding.empty()) return encoding;
      } else if (is_tag(rest)) {
        step_over_tag();
      } else if (rest.size() > 1 && (rest[1] == '!' || rest[1] == '/' || rest[1] == '?')) {
        move_behind(">", at_ + 1);
      } else {
        ++at_;
      }
    }
    return {};
  }

 private:
  static bool is_meta(std::string_view rest) {
    return rest.size() > 5 && ascii_iequal(rest.substr(0, 5), "<meta") &&
           (is_html_space(rest[5]) || rest[5] == '/');
  }

  static bool is_tag(std::string_view rest) {
    const size_t name = rest.starts_with("</") ? 2 : 1;
    return rest.size() > name && is_ascii_alpha(rest[name]);
  }

  void move_behind(std::string_view end, size_t from) {
    const size_t found = bytes_.find(end, from);
    at_ = found == std::string_view::npos ? bytes_.size() : found + end.size();
  }

  bool ended() const { return at_ >= bytes_.size(); }
  char byte() const { return bytes_[at_]; }

  template <class Predicate>
  void skip_while(Predicate predicate) {
    while (!ended() && predicate(byte())) ++at_;
  }

  std::string_view read_meta() {
    MetaAttributes meta;
    for (Attribute next = read_attribute(); !next.name.empty(); next = read_attribute()) {
      meta.add(next);
    }
    return ended() ? std::string_view() : meta.encoding();
  }

  void step_over_tag() {
    const size_t begin = at_ + 1;
    skip_while([](char c) { return !is_html_space(c) && c != '>'; });
    const std::string_view name = bytes_.substr(begin, at_ - begin);
    while (!read_attribute().name.empty()) {
    }
    if (skip_raw_text_) step_over_text(ascii_lower(name));
  }

  void step_over_text(const std::string& name) {
    if (name == "plaintext") at_ = bytes_.size();
    if (!std::ranges::binary_search(kRawText, std::string_view(name))) return;
    at_ = std::min(find_ascii_case(bytes_, "</" + name, at_), bytes_.size());
  }

  /// "Get an attribute" of the standard; stands at the > of the tag, or at the end of the bytes,
  /// where the name is empty.
  Attribute read_attribute() {
    Attribute attribute;
    skip_while([](char c) { return is_html_space(c) || c == '/'; });
    if (ended() || byte() == '>') return attribute;
    do {
      attribute.name += ascii_lower(byte());
      ++at_;
    } while (!ended() && !is_html_space(byte()) && byte() != '=' && byte() != '/' && byte() != '>');
    skip_while(is_html_space);
    if (ended() || byte() != '=') return attribute;
    ++at_;
    skip_while(is_html_space);
    attribute.value = read_value();
    return attribute;
  }

  std::string_view read_value() {
    if (ended()) return {};
    const char quote = byte();
    if (quote != '"' && quote != '\'') {
      const size_t begin = at_;
      skip_while([](char c) { return !is_html_space(c) && c != '>'; });
      return bytes_.substr(begin, at_ - begin);
    }
    const size_t begin = at_ + 1;
    move_behind(std::string_view(&quote, 1), begin);
    return ended() ? std::string_view() : bytes_.substr(begin, at_ - 1 - begin);
  }

  std::string_view bytes_;
  bool skip_raw_text_;
  size_t at_ = 0;
};

/// Without white space at its front alone, which costs no look at the end.
std::string_view skip_html_space(std::string_view text) {
  while (!text.empty() && is_html_space(text.front())) text.remove_prefix(1);
  return text;
}

bool is_xml_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

std::string_view skip_xml_blanks(std::string_view text) {
  while (!text.empty() && is_xml_blank(text.front())) text.remove_prefix(1);
  return text;
}

/// What an XML declaration calls its encoding; empty where it names none.
std::string_view xml_label(std::string_view declaration) {
  constexpr std::string_view kName = "encoding";
  const size_t name = declaration.find(kName);
  if (name == std::string_view::npos) return {};
  std::string_view rest = skip_xml_blanks(declaration.substr(name + kName.size()));
  if (!rest.starts_with('=')) return {};
  rest = skip_xml_blanks(rest.substr(1));
  if (!rest.starts_with('"') && !rest.starts_with('\'')) return {};
  const size_t end = rest.find(rest.front(), 1);
  return end == std::string_view::npos ? std::string_view() : rest.substr(1, end - 1);
}

/// HTML, section 13.2.3.2, "get an XML encoding".
std::string_view xml_encoding(std::string_view bytes) {
  if (bytes.starts_with("<\0?\0x\0"sv)) return iconv_name("utf-16le");
  if (bytes.starts_with("\0<\0?\0x"sv)) return iconv_name("utf-16be");
  const size_t end_of_tag = bytes.substr(0, kPrescanBytes).find('>');
  if (!bytes.starts_with("<?xml") || end_of_tag == std::string_view::npos) return {};
  const std::string_view label = xml_label(bytes.substr(0, end_of_tag));
  return std::ranges::any_of(label, is_xml_blank) ? std::string_view() : meta_encoding(label);
}

}  // namespace

std::string_view declared_encoding(std::string_view bytes) {
  const std::string_view xml = xml_encoding(bytes);
  if (xml.starts_with("UTF-16")) return xml;
  std::string_view encoding = Prescan(bytes.substr(0, kPrescanBytes), false).run();
  if (encoding.empty()) encoding = Prescan(bytes, true).run();
  return encoding.empty() ? xml : encoding;
}

std::string_view charset_of_content_type(std::string_view content_type) {
  constexpr std::string_view kName = "charset";
  for (size_t at = find_ascii_case(content_type, kName); at != std::string_view::npos;
       at = find_ascii_case(content_type, kName, at + 1)) {
    std::string_view rest = skip_html_space(content_type.substr(at + kName.size()));
    if (!rest.starts_with('=')) continue;
    rest = skip_html_space(rest.substr(1));
    const char quote = rest.empty() ? '\0' : rest.front();
    if (quote != '"' && quote != '\'') return rest.substr(0, rest.find_first_of(" \t\n\f\r;"));
    const size_t end = rest.find(quote, 1);
    return end == std::string_view::npos ? std::string_view() : rest.substr(1, end - 1);
  }
  return {};
}

}  // namespace flamingo::html

#pragma once

#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace flamingo {

/// What a caller or a file did wrong, as one line: "[where] expected X, got Y (hint: Z)". It is
/// safe to show: control characters and bytes that are not UTF-8 are written as \xHH, of long
/// values only both ends. The library throws nothing else for bad input; only cli/ catches it (exit
/// code 2).
class Error : public std::runtime_error {
 public:
  /// where: the function, file or field; message: "expected X, got Y"; hint: the usual cause, or
  /// empty.
  Error(std::string_view where, std::string_view message, std::string_view hint = {});
};

/// The usual cause of an error, or nothing: goes after the values of require() and fail().
struct Hint {
  std::string_view text;
};

/// How a value reads in a message: numbers in decimal, text as it is. Specialise it for a type of
/// your own; of() is called only when there is an error.
template <class T>
struct MessageText {
  static std::string of(const T& value) {
    if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      return std::string(std::string_view(value));
    } else if constexpr (std::is_same_v<T, bool>) {
      return value ? "true" : "false";
    } else if constexpr (std::is_same_v<T, char>) {
      return std::string(1, value);
    } else {
      static_assert(std::is_arithmetic_v<T>, "a type with a MessageText of its own is needed");
      char digits[32];
      return {digits, std::to_chars(digits, digits + sizeof(digits), value).ptr};
    }
  }
};

/// "expected {}, got {}": text with a place {} for each value. That there are as many is checked
/// when the call is compiled.
template <class... Values>
class MessageFormat {
 public:
  consteval MessageFormat(const char* text) : text_(text) {  // NOLINT: a literal, as in printf
    size_t places = 0;
    for (const char* c = text; *c != '\0'; ++c) places += c[0] == '{' && c[1] == '}';
    if (places != (size_t{0} + ... + !std::is_same_v<Values, Hint>)) {
      throw "expected as many {} as values";  // no constant expression: the call does not compile
    }
  }
  std::string_view text() const { return text_; }

 private:
  const char* text_;
};

namespace detail {

/// Throws Error with the values in their places.
[[noreturn]] void throw_error(std::string_view where, std::string_view format,
                              const std::vector<std::string>& values, std::string_view hint);

template <class T>
void add_value(const T& value, std::vector<std::string>& values, std::string_view& hint) {
  if constexpr (std::is_same_v<T, Hint>) {
    hint = value.text;
  } else {
    values.push_back(MessageText<T>::of(value));
  }
}

}  // namespace detail

/// Throws Error("[where] message (hint)"), the message made of a format and its values:
/// fail(path, "expected {} bytes, got {}", wanted, size, Hint{"the file is cut off"}).
template <class... Values>
[[noreturn]] void fail(std::string_view where,
                       MessageFormat<std::type_identity_t<Values>...> format,
                       const Values&... values) {
  std::vector<std::string> texts;
  std::string_view hint;
  (detail::add_value(values, texts, hint), ...);
  detail::throw_error(where, format.text(), texts, hint);
}

/// Throws as fail() does unless condition holds; nothing is formatted when it does. A value that is
/// costly to compute belongs after `if (!condition) fail(...)`.
template <class... Values>
void require(bool condition, std::string_view where,
             MessageFormat<std::type_identity_t<Values>...> format, const Values&... values) {
  if (!condition) [[unlikely]]
    fail(where, format, values...);
}

}  // namespace flamingo

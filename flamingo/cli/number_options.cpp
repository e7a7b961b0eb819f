#include "flamingo/cli/number_options.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "flamingo/core/config.h"

namespace flamingo::cli {
namespace {

/// "" where `text` is a number of this type as a whole, else what is wrong.
template <class Number>
std::string fault_of(std::string_view text, const char* expected) {
  std::string_view digits = text;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  Number value{};
  const char* end = digits.data() + digits.size();
  const auto [stop, code] = std::from_chars(digits.data(), end, value);
  const bool is_number =
      code == std::errc() && stop == end && std::isfinite(static_cast<double>(value));
  if (is_number) return "";
  const bool too_large = code == std::errc::result_out_of_range;
  const Json got = std::string(text.substr(0, 100));
  return std::string("expected ") + (too_large ? "a smaller number" : expected) + ", got " +
         got.dump(-1, ' ', true, Json::error_handler_t::replace);
}

using Judge = std::string (*)(std::string_view text, const char* expected);

void judge(CLI::Option& option, Judge fault, const char* expected) {
  option.transform(CLI::Validator(  // before all other checks
      [fault, expected](std::string& text) { return fault(text, expected); }, ""));
}

}  // namespace

void judge_numbers(CLI::App& app) {
  for (CLI::Option* option : app.get_options()) {
    const std::string type = option->get_type_name();
    if (type.starts_with("INT")) judge(*option, fault_of<int64_t>, "a whole number");
    if (type.starts_with("UINT")) judge(*option, fault_of<uint64_t>, "a whole number >= 0");
    if (type.starts_with("FLOAT")) judge(*option, fault_of<double>, "a number");
  }
  for (CLI::App* verb : app.get_subcommands([](CLI::App*) { return true; })) judge_numbers(*verb);
}

CLI::Validator above_zero() {
  return {[](std::string& text) {
            return std::strtod(text.c_str(), nullptr) > 0
                       ? std::string()
                       : "expected a number above 0, got " + text;
          },
          ""};
}

CLI::Validator zero_or_above() {
  return {[](std::string& text) {
            return std::strtod(text.c_str(), nullptr) >= 0
                       ? std::string()
                       : "expected a number of at least 0, got " + text;
          },
          ""};
}

}  // namespace flamingo::cli

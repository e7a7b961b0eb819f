#pragma once

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <functional>
#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/core/rng.h"

namespace flamingo::testing {

/// Reads a config from the text of its file: it gives one or throws Error.
using ReadConfig = std::function<void(const std::string& text)>;

/// Peak memory of this process in MiB.
inline int64_t peak_mib() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss >> 10;
}

/// The message of the Error that `read` throws, or nothing when it gives a config. Any other
/// exception, and memory out of proportion to a config, fail the test.
inline std::string outcome_of(const ReadConfig& read, const std::string& text) {
  constexpr int64_t kMostMib = 512;  // a sanitizer holds freed memory back: 256
  const int64_t before = peak_mib();
  std::string message;
  try {
    read(text);
  } catch (const Error& error) {
    message = error.what();
  } catch (const std::exception& other) {
    ADD_FAILURE() << "expected Error, got " << other.what() << " from " << text;
  }
  EXPECT_LT(peak_mib() - before, kMostMib) << text;
  return message;
}

/// Every prefix of `text` and 10,000 copies with one byte changed.
inline void expect_survives_damage(const std::string& text, const ReadConfig& read) {
  EXPECT_EQ(outcome_of(read, text), "");
  for (size_t size = 0; size < text.size(); ++size) outcome_of(read, text.substr(0, size));
  Rng rng(text.size());
  std::string damaged = text;
  for (int i = 0; i < 10'000; ++i) {
    const size_t place = rng.below(text.size());
    damaged[place] = static_cast<char>(text[place] ^ static_cast<char>(1 + rng.below(255)));
    outcome_of(read, damaged);
    damaged[place] = text[place];
  }
}

/// Puts bad values into every number of `json`, also those in lists. What no field takes is refused
/// by the name of its key; only a key that the reader does not look at may hold anything.
inline void expect_names_bad_numbers(const Json& json, const ReadConfig& read) {
  const Json flat = json.flatten();
  for (const auto& [path, value] : flat.items()) {
    if (!value.is_number()) continue;
    const Json::json_pointer pointer(path);
    auto named = pointer;
    while (named.back().find_first_not_of("0123456789") == std::string::npos) named.pop_back();
    const auto with = [&](const Json& bad) {
      Json changed = json;
      changed[pointer] = bad;
      return outcome_of(read, changed.dump());
    };
    for (const Json& bad : {Json(), Json(0), Json(-1), Json(int64_t{1} << 31)}) with(bad);
    std::vector<Json> refused = {"wide", 1e300};
    if (!value.is_number_float()) {
      refused.emplace_back(-1);
      refused.emplace_back(int64_t{1} << 31);
    }
    const bool is_read = !with("wide").empty();
    for (const Json& bad : refused) {
      const std::string message = with(bad);
      if (!is_read) {
        EXPECT_EQ(message, "") << path << " " << bad;
      } else {
        EXPECT_NE(message.find(named.back()), std::string::npos)
            << path << " " << bad << ": " << message;
      }
    }
  }
}

}  // namespace flamingo::testing

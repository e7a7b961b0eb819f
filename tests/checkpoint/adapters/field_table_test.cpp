#include "flamingo/checkpoint/adapters/field_table.h"

#include <gtest/gtest.h>

#include <array>
#include <span>

#include "flamingo/checkpoint/adapters/generation_config.h"
#include "flamingo/checkpoint/adapters/gguf_llama.h"
#include "flamingo/checkpoint/adapters/idefics.h"
#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "tests/text/tokenizer_fixtures.h"

namespace flamingo::checkpoint {
namespace {

using testing::GgufBuilder;

template <class Action>
std::string message_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

void expect_part(const std::string& message, const std::string& part) {
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

constexpr std::array<Field, 4> kTable = {{{"read", FieldUse::kUsed},
                                          {"idle"},
                                          {"scale", FieldUse::kNeutral, "[0, 1]"},
                                          {"plan", FieldUse::kTold}}};

TEST(FieldTable, RefusesWhatWouldChangeTheNumbers) {
  const auto check = [&](const Json& json) {
    return message_of([&] { check_fields(json, {kTable}, "x.json"); });
  };
  EXPECT_EQ(
      check({{"read", 3}, {"idle", "any"}, {"scale", 1.0}, {"_private", 2}, {"new", nullptr}}),
      "no error");
  EXPECT_EQ(check({{"new", 2}, {"plan", {{"a", 1}}}, {"scale", nullptr}}), "no error");
  expect_part(check({{"scale", 0.5}}), "[x.json.scale] expected one of [0,1], got 0.5");
  expect_part(check({{"scale", "1"}}), "got \"1\"");
  expect_part(check(Json::array()), "expected an object");
  const auto message = message_of([&] {
    refuse_unknown_fields({{"idle", 1}, {"new", 2}}, {kTable}, "x.json");
  });
  expect_part(message, "[x.json.new] expected a known field");
}

TEST(FieldTable, WarnsOfWhatItDoesNotFollow) {
  const auto warn = [&](const Json& json) { return untaken_fields(json, {kTable}, "x.json"); };
  EXPECT_TRUE(
      warn({{"read", 3}, {"idle", "any"}, {"scale", 1}, {"_own", 2}, {"new", nullptr}}).empty());
  EXPECT_TRUE(warn(Json::array()).empty());
  const auto unknown = warn({{"new", 2}, {"a\x1b[31m", 3}});
  ASSERT_EQ(unknown.size(), 1u);
  expect_part(unknown[0], "x.json holds 2 fields not known here (\"a\\u001b[31m\", new)");
  const auto told = warn({{"plan", {{"bits", 4}}}});
  ASSERT_EQ(told.size(), 1u);
  expect_part(told[0], "x.json.plan = {\"bits\":4} is not followed");
  Json many;
  for (int i = 10; i < 30; ++i) many["f" + std::to_string(i)] = i;
  expect_part(warn(many).front(), "20 fields not known here (f10, f11");
  expect_part(warn(many).front(), "f19, ...)");
}

/// Calls look(file) with a GGUF of LLaMA without tensors, and one more key.
template <class Add, class Look>
auto with_gguf(const Add& add, const Look& look) {
  GgufBuilder builder;
  builder.string("general.architecture", "llama").integer("general.odd", 5);
  add(builder);
  const std::string bytes = builder.bytes();
  return look(io::Gguf::parse(testing::as_bytes(bytes), "x.gguf"));
}
template <class Add>
std::string gguf_message(const Add& add) {
  return with_gguf(add, [](const io::Gguf& file) {
    return message_of([&] { check_metadata(file, "llama", gguf_llama_fields()); });
  });
}

TEST(FieldTable, WarnsOfUnknownKeysOfAGguf) {
  const auto warnings = [](const auto& add) {
    return with_gguf(add, [](const io::Gguf& file) {
      return untaken_metadata(file, "llama", gguf_llama_fields());
    });
  };
  EXPECT_TRUE(warnings([](auto& b) { b.integer("llama.vocab_size", 5); }).empty());
  const auto unknown = warnings([](auto& b) { b.strings("llama.rope.list", {"a"}); });
  ASSERT_EQ(unknown.size(), 1u);
  expect_part(unknown[0], "GGUF: llama holds 1 field not known here (rope.list)");
}

TEST(FieldTable, RefusesEveryKeyOfAGgufThatChangesTheNumbers) {
  EXPECT_EQ(gguf_message([](auto&) {}), "no error");
  EXPECT_EQ(gguf_message([](auto& b) { b.integer("llama.expert_count", 0); }), "no error");
  EXPECT_EQ(gguf_message([](auto& b) { b.boolean("llama.attention.causal", true); }), "no error");
  expect_part(gguf_message([](auto& b) { b.integer("llama.expert_count", 8); }),
              "llama.expert_count] expected one of [0], got 8");
  expect_part(gguf_message([](auto& b) { b.boolean("llama.attention.causal", false); }),
              "attention.causal");
  expect_part(gguf_message([](auto& b) { b.boolean("llama.use_parallel_residual", true); }),
              "use_parallel_residual");
  expect_part(gguf_message([](auto& b) { b.string("llama.hidden_activation", "gelu"); }), "gelu");
  EXPECT_EQ(gguf_message([](auto& b) { b.integer("llama.rope.new", 1); }), "no error");
  for (const Field& field : gguf_llama_fields()) {
    if (field.use != FieldUse::kNeutral) continue;
    const std::string key = std::string("llama.") + field.name;
    expect_part(gguf_message([&](auto& b) { b.integer(key, 77); }), field.name);
  }
}

TEST(FieldTable, RefusesEveryFieldOfIdeficsThatChangesTheNumbers) {
  const std::string path =
      std::string(FLAMINGO_GOLDEN_DIR) + "/idefics-tiny/end-to-end/model/config.json";
  const Json json = read_json_file(path);
  const auto with = [&](const char* part, const char* name) {
    Json changed = json;
    (part == nullptr ? changed : changed[part])[name] = 77;
    return message_of([&] { flamingo_config_from_idefics(changed, "c.json"); });
  };
  for (const char* part : {"", "vision_config", "perceiver_config"})
    EXPECT_EQ(with(*part == 0 ? nullptr : part, "new_field"), "no error") << part;
  for (const auto& table : {llama_fields(), idefics_fields(), transformers_fields()}) {
    for (const Field& field : table) {
      if (field.use == FieldUse::kNeutral) {
        expect_part(with(nullptr, field.name), std::string("[c.json.") + field.name + "] expected");
      } else if (field.use == FieldUse::kHarmless || field.use == FieldUse::kTold) {
        EXPECT_EQ(with(nullptr, field.name), "no error") << field.name;
      }
    }
  }
}

/// The row of a field in the document: "| `name` | use |", the use by its first word.
void expect_documented(const std::string& text, const std::string& heading,
                       std::span<const Field> table) {
  const size_t begin = text.find("## " + heading);
  ASSERT_NE(begin, std::string::npos) << heading;
  const std::string section = text.substr(begin, text.find("\n## ", begin + 1) - begin);
  constexpr std::array kWords = {"used", "harmless", "neutral", "told"};
  for (const Field& field : table) {
    const std::string row =
        std::string("| `") + field.name + "` | " + kWords[static_cast<size_t>(field.use)];
    EXPECT_NE(section.find(row), std::string::npos) << heading << ": " << row;
  }
}

TEST(FieldTable, TheDocumentHoldsEveryRow) {
  const std::string text =
      read_file(std::string(FLAMINGO_SOURCE_DIR) + "/docs/checkpoint-fields.md", 1 << 20);
  expect_documented(text, "config.json of LLaMA", llama_fields());
  expect_documented(text, "config.json of IDEFICS", idefics_fields());
  expect_documented(text, "vision_config", idefics_vision_fields());
  expect_documented(text, "perceiver_config", idefics_perceiver_fields());
  expect_documented(text, "preprocessor_config.json", idefics_picture_fields());
  expect_documented(text, "every config.json", transformers_fields());
  expect_documented(text, "GGUF", gguf_llama_fields());
  expect_documented(text, "generation_config.json", generation_fields());
}

}  // namespace
}  // namespace flamingo::checkpoint

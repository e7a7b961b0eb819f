#include "flamingo/text/json_fields.h"

#include <gtest/gtest.h>

#include "tests/io/byte_builder.h"

namespace flamingo::text {
namespace {

using testing::error_of;

TEST(JsonFields, ReadsTypedFields) {
  const Json json = {{"s", "x"}, {"n", 3}, {"b", true}, {"z", nullptr}, {"type", "T"}};
  EXPECT_EQ(json_string(json, "s", "w"), "x");
  EXPECT_EQ(json_count(json, "n", "w"), 3);
  EXPECT_TRUE(json_bool(json, "b", false, "w"));
  EXPECT_TRUE(json_bool(json, "absent", true, "w"));
  EXPECT_TRUE(json_absent(json, "z"));
  EXPECT_EQ(json_type(json, "w"), "T");
}

TEST(JsonFields, ErrorsNameTheField) {
  const Json json = {{"s", 1}, {"n", -1}, {"b", 0}};
  EXPECT_NE(error_of([&] { json_string(json, "s", "w"); }).find("w.s"), std::string::npos);
  EXPECT_NE(error_of([&] { json_count(json, "n", "w"); }).find("w.n"), std::string::npos);
  EXPECT_NE(error_of([&] { json_bool(json, "b", true, "w"); }).find("w.b"), std::string::npos);
  EXPECT_NE(error_of([&] { json_field(json, "x", "w"); }).find("\"x\""), std::string::npos);
  EXPECT_NE(error_of([&] { json_field(Json(3), "x", "w"); }).find("object"), std::string::npos);
}

TEST(JsonFields, WalksSequencesInOrder) {
  const Json json = Json::parse(R"({"type": "Sequence", "list": [{"type": "A"},
      {"type": "Sequence", "list": [{"type": "B"}]}, {"type": "C"}]})");
  std::string types;
  for_each_component(json, "list", "w", [&](const Json& item, const std::string& at) {
    types += json_type(item, at);
  });
  EXPECT_EQ(types, "ABC");
}

TEST(JsonFields, RefusesDeepSequences) {
  Json json = {{"type", "A"}};
  for (int i = 0; i < 20; ++i) json = {{"type", "Sequence"}, {"list", Json::array({json})}};
  const auto nothing = [](const Json&, const std::string&) {};
  EXPECT_NE(error_of([&] { for_each_component(json, "list", "w", nothing); }).find("deep"),
            std::string::npos);
}

}  // namespace
}  // namespace flamingo::text

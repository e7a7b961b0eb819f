#include "flamingo/url/data_url.h"

#include <gtest/gtest.h>

#include "flamingo/io/base64.h"

namespace flamingo::url {
namespace {

using namespace std::string_literals;

TEST(DataUrl, Base64InAnySpelling) {
  const std::string bytes = "\xff\xfe?>\0x"s;
  const std::string text = io::base64_encode(bytes);  // with / and +
  std::string escaped;
  for (const char c : text)
    escaped += c == '/' ? "%2F" : c == '+' ? "%2b" : c == '=' ? "%3D" : std::string(1, c);
  for (const std::string& url :
       {"data:image/png;base64," + text, "DATA:image/png;BASE64," + text, "data:;base64," + text,
        "data:image/png;charset=x; base64 ," + text, "data:image/png;base64," + escaped,
        "data:image/png;base64," + text.substr(0, 4) + "\n " + text.substr(4) + "#part,"}) {
    EXPECT_EQ(read_data_url(url), bytes) << url;
  }
}

TEST(DataUrl, EscapedBytes) {
  EXPECT_EQ(read_data_url("data:image/gif,GIF89a%00%ff%zz%4"), "GIF89a\0\xff%zz%4"s);
  EXPECT_EQ(read_data_url("data:,"), "");
  EXPECT_EQ(read_data_url("data:base64,AA"), "AA");
  EXPECT_EQ(read_data_url("data:image/pngbase64,AA"), "AA");
}

TEST(DataUrl, OthersAreNone) {
  EXPECT_FALSE(read_data_url("data:image/png;base64"));
  EXPECT_FALSE(read_data_url("data:image/png;base64,?"));
  EXPECT_FALSE(read_data_url("data#,"));
  EXPECT_FALSE(read_data_url("http://h/,"));
  EXPECT_TRUE(is_data_url("Data:"));
  EXPECT_FALSE(is_data_url("data"));
}

}  // namespace
}  // namespace flamingo::url

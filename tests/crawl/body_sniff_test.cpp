#include "flamingo/crawl/body_sniff.h"

#include <gtest/gtest.h>

#include "tests/crawl/compress.h"

namespace flamingo::crawl {
namespace {

TEST(BodySniff, PagesByTheirBeginning) {
  for (const char* page :
       {"<!DOCTYPE html>", "\n\t<HTML lang=en>", "<p>text", "<a href=x>y</a>", "<!-- c --><b>x</b>",
        "\xEF\xBB\xBF<html>", "<?xml version=\"1.0\"?>\n<!DOCTYPE html PUBLIC \"x\">",
        "<?xml version=\"1.0\"?><!-- c -->\n<html xmlns=\"x\">", "<body\n>", "<table>"})
    EXPECT_TRUE(begins_html(page)) << page;
  for (const char* other :
       {"", "<", "<html", "<htmlx>", "plain <p>", "<?xml version=\"1.0\"?><rss>", "<svg>", "{}",
        "<?xml", "<pre>", "%PDF-1.4"})
    EXPECT_FALSE(begins_html(other)) << other;
}

TEST(BodySniff, WhatIsNotCompressed) {
  std::string text;
  for (int i = 0; i < 80; ++i) text += "flamingos stand on leg " + std::to_string(i) + "; ";
  std::string cyrillic(300, '\xE4');  // of windows-1251
  for (const std::string& body :
       {text, std::string("x"), cyrillic, std::string("caf\xC3\xA9"), "\x89PNG\r\n\x1A\n" + text,
        std::string("GIF89a\1\0\1\0", 10) + std::string(20, '\0'), text + std::string(99, '\0'),
        std::string("\xFF\xFE<\0p\0>\0", 8)})
    EXPECT_TRUE(is_uncompressed(body)) << body.substr(0, 10);
  for (const std::string& body :
       {testing::gzip_text(text), testing::zstd_text(text), testing::brotli_text(text),
        testing::deflate_text(text, testing::kZlibBits),
        testing::deflate_text(text, testing::kRawBits),
        testing::deflate_text("x", testing::kRawBits), std::string("\xE4\xE4")})
    EXPECT_FALSE(is_uncompressed(body)) << body.size();
}

}  // namespace
}  // namespace flamingo::crawl

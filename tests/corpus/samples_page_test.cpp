#include "flamingo/corpus/samples_page.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"
#include "flamingo/io/base64.h"

namespace flamingo::corpus {
namespace {

/// Documents in memory; the third is damaged.
class SampleShelf : public document::DocumentFile {
 public:
  int64_t size() const override { return 4; }
  std::string key(int64_t index) const override { return "key" + std::to_string(index); }
  document::Document read(int64_t index) const override {
    if (index == 2) fail("shelf", "expected a good document, got <damage>");
    document::Document document{.url = "https://site.example/" + std::to_string(index),
                                .title = "Title <b>" + std::to_string(index)};
    document.media = {{.alt = "\"quoted\"", .bytes = "picture", .format = "jpg"},
                      {.kind = document::MediaKind::kVideo, .bytes = "clip", .format = "mp4"}};
    document.parts = {document::Part::of_text("Some <script>text</script>."),
                      document::Part::of_media_item(0), document::Part::of_media_item(1)};
    return document;
  }
};

bool has(const std::string& page, const std::string& text) {
  return page.find(text) != std::string::npos;
}

TEST(SamplesPage, ShowsDocumentsWithTheirMedia) {
  const std::string page = samples_page(SampleShelf(), nullptr, {.title = "M3W"});
  EXPECT_TRUE(has(page, "<title>M3W</title>"));
  EXPECT_TRUE(has(page, "4 of 4 documents"));
  EXPECT_TRUE(has(page, "Title &lt;b&gt;0")) << "no markup gets through";
  EXPECT_FALSE(has(page, "<script>"));
  EXPECT_TRUE(has(page, "data:image/jpeg;base64," + io::base64_encode("picture")));
  EXPECT_TRUE(has(page, "data:video/mp4;base64," + io::base64_encode("clip")));
  EXPECT_TRUE(has(page, "&lt;damage&gt;")) << "a bad document is shown as its error";
  EXPECT_FALSE(has(page, "What was kept"));
}

TEST(SamplesPage, ShowsWhatRulesDropped) {
  BuildReport report;
  report.keep(2, 10);
  report.drop_page({"language", "https://site.example/x", "de 0.99", "Guten <i>Tag"}, 1);
  const std::string page = samples_page(SampleShelf(), &report, {.title = "M3W", .samples = 1});
  EXPECT_TRUE(has(page, "1 of 4 documents"));
  EXPECT_FALSE(has(page, "Title &lt;b&gt;3"));
  EXPECT_TRUE(has(page, "dropped by language"));
  EXPECT_TRUE(has(page, "de 0.99"));
  EXPECT_TRUE(has(page, "Guten &lt;i&gt;Tag"));
}

TEST(SamplesPage, LargeMediaAreNamedOnly) {
  const std::string page = samples_page(SampleShelf(), nullptr, {.max_media_bytes = 5});
  EXPECT_FALSE(has(page, io::base64_encode("picture")));
  EXPECT_TRUE(has(page, "7 bytes, not shown"));
}

}  // namespace
}  // namespace flamingo::corpus

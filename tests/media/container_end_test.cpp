#include "flamingo/media/container_end.h"

#include "tests/media/clip_builder.h"

namespace flamingo::media {
namespace {

bool ends(const std::string& bytes) { return ends_early(std::as_bytes(std::span(bytes))); }

TEST(ContainerEndTest, EveryCutOfAFileIsSeen) {
  for (const char* format : {"mp4", "matroska", "avi"}) {
    const std::string bytes = clip_of({.format = format, .frames = 10});
    EXPECT_FALSE(ends(bytes)) << format;
    EXPECT_FALSE(ends(bytes + std::string(3, '\0'))) << format;
    for (size_t n = bytes.size() / 4; n < bytes.size(); n += 31) {
      // Between two boxes, or in the next one's header, an MP4 file is one that has fewer.
      const size_t next = bytes.find("moov") - 4;
      if (std::string_view(format) == "mp4" && n >= next && n < next + 8) continue;
      EXPECT_TRUE(ends(bytes.substr(0, n))) << format << " at " << n << " of " << bytes.size();
    }
  }
}

TEST(ContainerEndTest, SizesThatAreNotKnownSayNothing) {
  const std::string live =
      clip_of({.format = "matroska", .frames = 10, .format_options = {{"live", "1"}}});
  EXPECT_FALSE(ends(live.substr(0, live.size() / 2)));
  EXPECT_FALSE(ends(""));
  EXPECT_FALSE(ends("GIF89a"));
}

TEST(ContainerEndTest, SurvivesAnyBytes) {
  Rng rng(3);
  for (const char* format : {"mp4", "matroska", "avi"}) {
    const std::string bytes = clip_of({.format = format, .frames = 2});
    for (int i = 0; i < 2000; ++i) {
      std::string copy = bytes.substr(0, rng.below(bytes.size()));
      if (!copy.empty()) copy[rng.below(copy.size())] = static_cast<char>(rng.below(256));
      ends(copy);
    }
  }
}

}  // namespace
}  // namespace flamingo::media

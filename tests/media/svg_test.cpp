#include "flamingo/media/svg.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "flamingo/core/error.h"

namespace flamingo::media {
namespace {

Image render(const std::string& svg, int64_t size) {
  return render_svg(std::as_bytes(std::span(svg)), size);
}

std::array<int, 4> pixel(const Image& image, int64_t y, int64_t x) {
  const uint8_t* p = image.pixels.data() + 4 * (y * image.width + x);
  return {p[0], p[1], p[2], p[3]};
}

TEST(SvgTest, KeepsAspectAndCentresOnTransparency) {
  const Image image = render(
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 10'>"
      "<rect width='20' height='10' fill='#ff8000'/></svg>",
      40);
  ASSERT_EQ(image.height, 40);
  ASSERT_EQ(image.width, 40);
  EXPECT_EQ(image.mode, PixelMode::kRgba);
  EXPECT_EQ(pixel(image, 20, 20), (std::array<int, 4>{255, 128, 0, 255}));
  EXPECT_EQ(pixel(image, 11, 0), (std::array<int, 4>{255, 128, 0, 255}));
  EXPECT_EQ(pixel(image, 8, 20), (std::array<int, 4>{0, 0, 0, 0}));
  EXPECT_EQ(pixel(image, 31, 20), (std::array<int, 4>{0, 0, 0, 0}));
}

TEST(SvgTest, ScalesADocumentWithOnlyWidthAndHeight) {
  const Image image = render(
      "<svg xmlns='http://www.w3.org/2000/svg' width='4' height='4'>"
      "<rect width='4' height='4' fill='#0000ff'/></svg>",
      32);
  EXPECT_EQ(pixel(image, 31, 31), (std::array<int, 4>{0, 0, 255, 255}));
}

TEST(SvgTest, AlphaIsStraight) {
  const Image image = render(
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'>"
      "<rect width='1' height='1' fill='#ff0000' fill-opacity='0.5'/></svg>",
      4);
  const auto p = pixel(image, 2, 2);
  EXPECT_EQ(p[0], 255);
  EXPECT_NEAR(p[3], 128, 1);
}

TEST(SvgTest, StyleRulesCanHideParts) {
  const std::string svg =
      "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 2 1'>"
      "<rect id='left' width='1' height='1'/><rect x='1' width='1' height='1'/></svg>";
  const auto bytes = std::as_bytes(std::span(svg));
  const Image image = render_svg(bytes, 8, "#left { display: none }");
  EXPECT_EQ(pixel(image, 4, 1)[3], 0);
  EXPECT_EQ(pixel(image, 4, 6)[3], 255);
  EXPECT_EQ(pixel(render_svg(bytes, 8), 4, 1)[3], 255);
}

TEST(SvgTest, LoadsNothingFromOutside) {
  const std::string path = std::string(FLAMINGO_GOLDEN_DIR) + "/preprocessing/images/rgb.png";
  const Image image =
      render("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><image href='file://" +
                 path + "' width='9' height='9'/></svg>",
             8);
  for (const uint8_t value : image.pixels) ASSERT_EQ(value, 0);
}

TEST(SvgTest, RefusesWhatIsNoSvg) {
  EXPECT_THROW(render("", 8), Error);
  EXPECT_THROW(render("<html></html>", 8), Error);
  EXPECT_THROW(render("<svg xmlns='http://www.w3.org/2000/svg'", 8), Error);
}

TEST(SvgTest, RefusesOverTheLimits) {
  const std::string svg = "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'/>";
  EXPECT_THROW(render(svg, 0), Error);
  EXPECT_THROW(render(svg, 4097), Error);
  EXPECT_THROW(render(svg + std::string(5 << 20, ' '), 8), Error);
}

TEST(SvgTest, RefusesAnEntityBomb) {
  std::string svg = "<!DOCTYPE svg [<!ENTITY a0 'aaaaaaaaaa'>";
  for (int i = 1; i < 12; ++i) {
    const std::string inner = "&a" + std::to_string(i - 1) + ";";
    svg += "<!ENTITY a" + std::to_string(i) + " '";
    for (int k = 0; k < 10; ++k) svg += inner;
    svg += "'>";
  }
  svg += "]><svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><text>&a11;</text></svg>";
  EXPECT_THROW(render(svg, 8), Error);
}

}  // namespace
}  // namespace flamingo::media

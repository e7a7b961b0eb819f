#include "flamingo/html/picture.h"

#include <gtest/gtest.h>

namespace flamingo::html {
namespace {

std::string_view largest(std::string_view srcset) {
  double extent = 0;
  return largest_candidate(srcset, extent);
}

TEST(Picture, LargestCandidateOfASrcset) {
  EXPECT_EQ(largest("a.png 1x, b.png 2x"), "b.png");
  EXPECT_EQ(largest("a.png 320w, b.png 1024w,c.png 640w"), "b.png");
  EXPECT_EQ(largest("a.png, b.png 1.5x"), "b.png");
  EXPECT_EQ(largest(" ,\n a.png?x=1,2 , "), "a.png?x=1,2");
  EXPECT_EQ(largest("a.png 9x, b.png 100w"), "b.png");
  EXPECT_EQ(largest("a.png 100w 50h, b.png 90w"), "a.png");
  EXPECT_EQ(largest("a.png nanw, b.png infw, c.png 10w"), "c.png");
  EXPECT_EQ(largest(""), "");
  EXPECT_EQ(largest(",,, ,"), "");
}

/// The first <img> or <video> of a page at http://h/p.
MediaChoice choice(const std::string& html, const PictureRules& rules = {}) {
  const HtmlTree tree = HtmlTree::parse(html, {}, "page");
  std::vector<const GumboNode*> open = {tree.root()};
  while (!open.empty()) {
    const GumboNode* node = open.back();
    open.pop_back();
    if (tag_of(node) == GUMBO_TAG_IMG || tag_of(node) == GUMBO_TAG_VIDEO) {
      return choose_media_item(node, {"http://h/p", 100}, rules);
    }
    open.insert(open.end(), children(node).begin(), children(node).end());
  }
  ADD_FAILURE() << "no picture in " << html;
  return {};
}

std::string url(const std::string& html) {
  const MediaChoice chosen = choice(html);
  return chosen.media_item ? chosen.media_item->url : "";
}

TEST(Picture, AddressFromWhereItIs) {
  EXPECT_EQ(url("<img src=a.png>"), "http://h/a.png");
  EXPECT_EQ(url("<img src=a.png data-src=' b.png '>"), "http://h/b.png");
  EXPECT_EQ(url("<img src=a.png data-original=c.png>"), "http://h/c.png");
  EXPECT_EQ(url("<img src=a.png srcset='b.png 2x'>"), "http://h/b.png");
  EXPECT_EQ(url("<img src=a.png srcset='data:image/gif;base64,AA 2x'>"), "http://h/a.png");
  EXPECT_EQ(url("<img src=a.png data-srcset='b.png 100w, c.png 200w'>"), "http://h/c.png");
  EXPECT_EQ(url("<picture><source srcset='a.avif 900w' type=image/avif><img src=d.jpg></picture>"),
            "http://h/a.avif");
  EXPECT_EQ(url("<picture><source srcset='a.jxl 900w' type=image/jxl>"
                "<source srcset='b.webp 800w' type=image/webp><source srcset='c.jpg 700w'>"
                "<img src=d.jpg></picture>"),
            "http://h/b.webp");
  EXPECT_EQ(url("<img src=data:image/png;base64,AA==>"), "data:image/png;base64,AA==");
}

TEST(Picture, DeclaredSizeAndAlternativeText) {
  const auto media_item =
      *choice("<img src=a.png width=640 height='480px' alt='' title=' a\nb '>").media_item;
  EXPECT_EQ(media_item.width, 640);
  EXPECT_EQ(media_item.height, 480);
  EXPECT_EQ(media_item.alt, "a b");
  const auto percent = *choice("<img src=a.png width=100% height=-5 alt=x title=y>").media_item;
  EXPECT_EQ(percent.width, 0);
  EXPECT_EQ(percent.height, 0);
  EXPECT_EQ(percent.alt, "x");
  EXPECT_EQ(choice("<img src=a.png width=99999999999999999999>").media_item->width, 0);
}

TEST(Picture, ReasonsForNone) {
  EXPECT_EQ(choice("<img>").reason, DropReason::kAddress);
  EXPECT_EQ(choice("<img src=ftp://x/y>").reason, DropReason::kAddress);
  EXPECT_EQ(choice("<img src=" + std::string(200, 'a') + ">").reason, DropReason::kAddress);
  EXPECT_EQ(choice("<img src=a.png width=1 height=1>").reason, DropReason::kTiny);
  EXPECT_EQ(choice("<img src=a.png height=7>").reason, DropReason::kTiny);
  EXPECT_EQ(choice("<img src=a.png height=8>").reason, DropReason::kNone);
  EXPECT_EQ(choice("<img src=A.SVG?x#y>").reason, DropReason::kSvg);
  EXPECT_EQ(choice("<img src='data:image/svg+xml,<svg>'>").reason, DropReason::kSvg);
  PictureRules rules;
  rules.data_bytes = 30;
  EXPECT_EQ(choice("<img src=data:image/png;base64," + std::string(8, 'A') + ">", rules).reason,
            DropReason::kNone);
  EXPECT_EQ(choice("<img src=data:image/png;base64," + std::string(9, 'A') + ">", rules).reason,
            DropReason::kData);
  rules.svg = true;
  EXPECT_EQ(choice("<img src=a.svg>", rules).reason, DropReason::kNone);
}

TEST(Picture, VideosHaveAnAddressOfTheirOwn) {
  EXPECT_EQ(url("<video src=v.webm poster=p.jpg><source src=w.mp4></video>"), "http://h/v.webm");
  EXPECT_EQ(url("<video><source src=a.ogv><source src=b.mp4 type='video/mp4; codecs=x'></video>"),
            "http://h/b.mp4");
  EXPECT_EQ(choice("<video poster=p.jpg></video>").reason, DropReason::kAddress);
  EXPECT_EQ(choice("<video src=data:video/mp4,x></video>").reason, DropReason::kAddress);
}

}  // namespace
}  // namespace flamingo::html

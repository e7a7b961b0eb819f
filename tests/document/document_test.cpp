#include "flamingo/document/document.h"

#include <gtest/gtest.h>

namespace flamingo::document {
namespace {

TEST(Document, PlainTextLeavesMediaOutAndKeepsThePartsApart) {
  Document page;
  page.media.resize(2);
  page.parts = {Part::of_media_item(0), Part::of_text("A cat."), Part::of_media_item(1),
                Part::of_text("Two dogs.\n"), Part::of_text("The end.")};
  EXPECT_EQ(plain_text(page), "A cat.\n\nTwo dogs.\nThe end.");
}

TEST(Document, PlainTextOfMediaAloneIsEmpty) {
  Document page;
  page.media.resize(1);
  page.parts = {Part::of_media_item(0)};
  EXPECT_EQ(plain_text(page), "");
}

}  // namespace
}  // namespace flamingo::document

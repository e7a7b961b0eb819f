#include "flamingo/crawl/use_policy.h"

#include <gtest/gtest.h>

namespace flamingo::crawl {
namespace {

const UsePolicy kPolicy{"foobot", {"noindex", "noimageindex", "noai", "noimageai", "none"}};

TEST(UsePolicy, HeadersThatForbid) {
  for (const char* value :
       {"noai", "NoAI", " noindex ", "nofollow,noimageai", "none", "max-snippet: 5, noai",
        "foobot: noai", "FooBot:nofollow, noindex", "otherbot: nofollow, foobot: noai",
        "unavailable_after: 25 Jun 2030 15:00:00 PST, noai",
        "unavailable_after: Friday, 25-Jun-30 15:00:00 GMT, noai", "noimageindex,,"}) {
    EXPECT_TRUE(kPolicy.header_forbids(value)) << value;
  }
}

TEST(UsePolicy, HeadersThatDoNot) {
  for (const char* value :
       {"", ",", "all", "nofollow", "noarchive, nosnippet", "noaim", "no ai", "otherbot: noai",
        "otherbot: nofollow, noai", "max-image-preview: none", "max-image-preview:large",
        "unavailable_after: 25 Jun 2030 15:00:00 PST", ":", "foobot:"}) {
    EXPECT_FALSE(kPolicy.header_forbids(value)) << value;
  }
}

TEST(UsePolicy, MetaElements) {
  EXPECT_TRUE(kPolicy.meta_forbids("robots", "noindex, nofollow"));
  EXPECT_TRUE(kPolicy.meta_forbids(" ROBOTS ", "NOAI"));
  EXPECT_TRUE(kPolicy.meta_forbids("FooBot", "noimageai"));
  EXPECT_FALSE(kPolicy.meta_forbids("otherbot", "noai"));
  EXPECT_FALSE(kPolicy.meta_forbids("description", "noai"));
  EXPECT_FALSE(kPolicy.meta_forbids("robots", "index, follow"));
}

TEST(UsePolicy, IsASetting) {
  EXPECT_FALSE((UsePolicy{"foobot", {"noai"}}.header_forbids("noindex")));
  EXPECT_FALSE((UsePolicy{"foobot", {}}.header_forbids("noai")));
}

}  // namespace
}  // namespace flamingo::crawl

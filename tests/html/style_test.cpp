#include "flamingo/html/style.h"

#include <gtest/gtest.h>

namespace flamingo::html {
namespace {

TEST(Style, HidesInAnySpelling) {
  for (const char* style :
       {"display:none", "DISPLAY : None ;", "color:red;display:none!important",
        "display:none ! IMPORTANT", "visibility:hidden", "visibility: collapse",
        "content-visibility:hidden", "/* display:block */ display/**/:/* x */none",
        "display:block;display:none", "display:none!important;display:block", "x;;display:none",
        "background:url(data:image/png;base64,AA);display:none",
        "background:url(it's.png);display:none", "content:\"; a\";display:none",
        "background:url( 'a;)b' );visibility:hidden"}) {
    EXPECT_TRUE(style_hides(style)) << style;
  }
}

TEST(Style, OtherDeclarationsHideNothing) {
  for (const char* style : {"",
                            "display",
                            "backface-visibility:hidden",
                            "-webkit-backface-visibility: hidden",
                            "--display:none",
                            "-moz-visibility:hidden",
                            "display:block",
                            "display:none;display:block",
                            "display:none;display:block!important",
                            "visibility:hidden;visibility:visible",
                            "overflow:hidden",
                            "text-decoration:none;display:inline",
                            "content:'display:none'",
                            "content:';display:none",
                            "background:url(a;display:none)",
                            "transition:visibility 1s, display:none",
                            "/* display:none */",
                            "/* display:none",
                            "display:none-such",
                            "content-visibility:auto",
                            "opacity:0"}) {
    EXPECT_FALSE(style_hides(style)) << style;
  }
}

}  // namespace
}  // namespace flamingo::html

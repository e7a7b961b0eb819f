// Damaged and hostile pages: a document or an Error, never anything else. Under the sanitizers this
// also proves that nothing is read outside of the page.

#include <gtest/gtest.h>

#include <string>

#include "flamingo/core/error.h"
#include "flamingo/core/rng.h"
#include "flamingo/html/charset.h"
#include "flamingo/html/page.h"
#include "flamingo/text/unicode.h"
#include "tests/support/seed.h"

namespace flamingo::html {
namespace {

constexpr int kFlips = 5000;
constexpr size_t kPageBytes = 6 << 10;

/// A page of about 6 KB with all that the parser treats apart.
std::string sample_page() {
  std::string page =
      "<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>A &amp; B</title>"
      "<base href=\"http://h/d/\"><meta name=robots content=\"noai, noindex\">"
      "<link rel=license href=\"https://creativecommons.org/licenses/by/4.0/\">"
      "<style>p { color: red }</style><script>if (a < b) document.write('<p>');</script></head>"
      "<body class=\"page no-sidebar\"><header><h1>Title</h1></header>"
      "<nav class=main-nav><ul><li><a href=/1>One</a><li><a href=/2>Two</a></ul></nav><main>";
  const std::string block =
      "<h2 id=s>Section</h2><p>Some <b>bold and <i>both</b> of</i> it &mdash; caf\xc3\xa9.<br>Line."
      "<figure><figcaption>Before</figcaption><picture><source srcset=\"a.webp 2x, b.webp 1x\" "
      "type=image/webp><img src=i.jpg alt=\"An image\" width=640 height=480></picture></figure>"
      "<table><tr><td>1<td>2<tr><th>a</table><pre>x\n  y</pre><ol start=3><li>i<li value=7>j</ol>"
      "<!-- a comment --><svg><path d=\"M0 0\"/></svg><img src=data:image/gif;base64,R0lGODlhAQAB "
      "data-src=lazy.png><noscript><img src=lazy.png></noscript><template><p>t</template>"
      "<video width=320><source src=v.mp4 type=video/mp4></video><select><option>o</select>";
  while (page.size() + block.size() < kPageBytes) page += block;
  return page + "</main><footer>&copy; nobody</footer></body></html>";
}

/// What a page became, or "" for a refusal. Other exceptions fail the test.
std::string outcome(std::string_view bytes) {
  std::string exact(bytes);
  exact.shrink_to_fit();
  try {
    const HtmlPage page = parse_page(decode_page(exact, ""), "http://h/p");
    std::string text = document::plain_text(page.document);
    for (const document::Part& part : page.document.parts) {
      EXPECT_TRUE(part.is_text() ? !part.text.empty()
                                 : part.media_item < std::ssize(page.document.media));
    }
    for (const document::MediaItem& media_item : page.document.media)
      text += media_item.url + media_item.alt;
    EXPECT_EQ(text::repair_utf8(text), text);
    return text;
  } catch (const Error&) {
    return "";
  }
}

TEST(HtmlMutation, EveryPrefixOfAPage) {
  const std::string page = sample_page();
  for (size_t size = 0; size <= page.size(); ++size) outcome(page.substr(0, size));
}

TEST(HtmlMutation, FlippedBytes) {
  std::string page = sample_page();
  const std::string expected = outcome(page);
  ASSERT_FALSE(expected.empty());
  Rng rng(testing::seeded(3));
  int changed = 0;
  for (int i = 0; i < kFlips; ++i) {
    const size_t position = rng.below(page.size());
    const char before = page[position];
    page[position] = static_cast<char>(before ^ static_cast<char>(1 + rng.below(255)));
    changed += outcome(page) != expected;
    page[position] = before;
  }
  EXPECT_GT(changed, kFlips / 4);
}

TEST(HtmlMutation, RandomTags) {
  const char* pieces[] = {"<p>",         "</p>",
                          "<b>",         "</b>",
                          "<a href=x>",  "</a>",
                          "<table>",     "<tr>",
                          "<td>",        "</table>",
                          "<svg>",       "</svg>",
                          "<math>",      "<mi>",
                          "<select>",    "<form>",
                          "</form>",     "<template>",
                          "<figure>",    "<figcaption>",
                          "<img src=a>", "<noscript>",
                          "</noscript>", "<video>",
                          "<picture>",   "<frameset>",
                          "<pre>",       "<li>",
                          "<ol>",        "<body>",
                          "<html>",      "<!--",
                          "-->",         "&#",
                          "<![CDATA[",   "\xff",
                          "<",           ">",
                          "'",           " text ",
                          "<main>",      "<nav class=menu>",
                          "<title>",     "<textarea>",
                          "<plaintext>"};
  Rng rng(testing::seeded(4));
  for (int i = 0; i < 3000; ++i) {
    std::string page;
    for (uint64_t length = rng.below(60); length > 0; --length) {
      page += pieces[rng.below(std::size(pieces))];
    }
    outcome(page);
  }
}

TEST(HtmlMutation, RandomBytes) {
  Rng rng(testing::seeded(5));
  for (int i = 0; i < 500; ++i) {
    std::string page(rng.below(400), ' ');
    for (char& c : page) c = static_cast<char>(rng.below(256));
    outcome(page);
  }
}

}  // namespace
}  // namespace flamingo::html

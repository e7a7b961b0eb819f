#include <gtest/gtest.h>

#include "tests/html/page_text.h"

namespace flamingo::html {
namespace {

using testing::shown;

std::string table(const std::string& rows) { return shown("<table>" + rows + "</table>"); }

TEST(Table, EmptyCellsKeepTheirColumn) {
  const std::string head = "<tr><th>Tree<th>2001<th>2002";
  EXPECT_EQ(table(head + "<tr><td>Oak<td><td>7"), "Tree\t2001\t2002\nOak\t\t7");
  for (const char* empty :
       {"<td>&nbsp;", "<td> \n", "<td><p></p>", "<td><p>&nbsp;</p>", "<td><br>", "<td><!-- -->",
        "<td><span></span>", "<th>", "<td><button>x</button>"}) {
    EXPECT_EQ(table(head + "<tr><td>Oak" + empty + "<td>7"), "Tree\t2001\t2002\nOak\t\t7") << empty;
  }
  EXPECT_EQ(table("<tr><th><th>2001<th>2002<tr><td>Oak<td>1<td>2"), "\t2001\t2002\nOak\t1\t2");
  EXPECT_EQ(table(head + "<tr><td>Oak<td>1<td>"), "Tree\t2001\t2002\nOak\t1");
  EXPECT_EQ(table(head + "<tr><td><td><td><tr><td>Elm<td>3"), "Tree\t2001\t2002\nElm\t3");
}

TEST(Table, SpansFillColumns) {
  EXPECT_EQ(table("<tr><td>a<td>b<td>c<tr><td colspan=2>both<td>d"), "a\tb\tc\nboth\t\td");
  EXPECT_EQ(table("<tr><td rowspan=2>a<td>b<td>c<tr><td>d<td>e<tr><td>f<td>g"),
            "a\tb\tc\n\td\te\nf\tg");
  EXPECT_EQ(table("<tr><td rowspan=0>a<td>b<tr><td>c<tbody><tr><td>d<td>e"), "a\tb\n\tc\nd\te");
  EXPECT_EQ(table("<thead><tr><td rowspan=9>a<td>b<tbody><tr><td>c<td>d"), "a\tb\nc\td");
  EXPECT_EQ(table("<tr><td rowspan=2 colspan=2>a<td>b<tr><td>c<tr><td>d<td>e<td>f"),
            "a\t\tb\n\t\tc\nd\te\tf");
  EXPECT_EQ(table("<tr><td colspan=x>a<td rowspan=-1>b<td colspan=99999>c<td>d"), "a\tb\tc\td");
}

TEST(Table, GapsOfALayoutAreNoColumns) {
  EXPECT_EQ(table("<tr><td>a<td width=9><td>b<tr><td>c<td>&nbsp;<td>d"), "a\tb\nc\td");
  EXPECT_EQ(table("<tr><td><td>a<tr><td><td>b"), "a\nb");
  EXPECT_EQ(table("<tr><td>a<td style=display:none>x<td>b"), "a\tb");
  EXPECT_EQ(table("<tr><td>a<td>b<tr style='display:none'><td>x<td>y<tr><td><td>c"), "a\tb\n\tc");
}

TEST(Table, BlocksBreakRowsOfMoreThanALine) {
  EXPECT_EQ(table("<tr><td><p>a</p><td><div>b</div><td><h3>c</h3>"), "a\tb\tc");
  EXPECT_EQ(table("<tr><td><p>a</p><p>b</p><td>c"), "a\n\nb\n\nc");
  EXPECT_EQ(table("<tr><th><th>2001<br>planned<th>2002<tr><td>Oak<td>1<td>2"),
            "\t2001 planned\t2002\nOak\t1\t2");
  const std::string verse(100, 'x');
  EXPECT_EQ(table("<tr><td>a<td>" + verse + "<br>" + verse), "a\t" + verse + "\n" + verse);
  EXPECT_EQ(table("<tr><td>a<td><ul><li>b</ul>"), "a\n- b");
  EXPECT_EQ(table("<tr><td><p>a</p><td><p>" + verse + verse + "</p>"), "a\n\n" + verse + verse);
  EXPECT_EQ(table("<tr><td><p>a</p><td><img src=i.png><p>b</p>"), "a[i.png|]b");
  EXPECT_EQ(table("<tr><td>a<td><pre>b</pre>"), "a\n\nb");
  EXPECT_EQ(table("<tr><td><p>a</p><tr><td><p>b</p>"), "a\n\nb");
  EXPECT_EQ(table("<tr><td>a<td><table><tr><td>b<td><td>c<tr><td>d<td>e<td>f</table><td>g"),
            "a\n\nb\t\tc\nd\te\tf\n\ng");
}

TEST(Table, PicturesStandInCells) {
  EXPECT_EQ(table("<tr><td>a<td><img src=i.png><td>b<tr><td>c<td><td>d"), "a [i.png|] b\nc\t\td");
  // One that is too small leaves its cell empty.
  EXPECT_EQ(table("<tr><th>x<th>y<tr><td><img src=i.png width=1><td>b"), "x\ty\n\tb");
}

TEST(Table, WideTablesStayLinear) {
  std::string rows, text;
  for (int i = 0; i < 200; ++i) {
    rows += "<td>x";
    text += i == 0 ? "x" : "\tx";
  }
  EXPECT_EQ(table("<tr>" + rows + "<tr>" + rows), text + "\n" + text);
  EXPECT_EQ(table("<tr>" + rows + "<tr><td colspan=1000>y<td>z").substr(2 * 200),
            "y" + std::string(64, '\t') + "z");
}

}  // namespace
}  // namespace flamingo::html

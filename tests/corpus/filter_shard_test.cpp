#include "flamingo/corpus/filter_shard.h"

#include <gtest/gtest.h>

#include <map>

#include "flamingo/core/file.h"
#include "flamingo/corpus/page_pictures.h"
#include "flamingo/document/document_file.h"
#include "flamingo/io/base64.h"
#include "tests/core/temporary_folder.h"
#include "tests/corpus/warc_site.h"

namespace flamingo::corpus {
namespace {

using testing::answer;

class FilterShardTest : public ::testing::Test {
 protected:
  /// Filters a WARC file of these records.
  BuildReport filter(const std::string& warc) {
    recipe_.output = folder_.path();
    recipe_.inputs = {{.path = folder_.path() + "/crawl.warc.gz",
                       .pictures = PictureOrigin::kWarc,
                       .licence = "CC0-1.0"}};
    write_file_atomic(recipe_.inputs[0].path, warc);
    make_folder(folder_.path() + "/work");
    const auto plans = plan_shards(recipe_);
    const ShardFiles files(recipe_.output, plans[0].name);
    const PageFilter filter(recipe_);
    const auto store = std::make_shared<WarcStore>();
    const auto pages = open_pages(plans[0], 1 << 20, store);
    const auto pictures = page_pictures(recipe_, plans[0], store);
    pages_ = 0;
    filter_shard({.filter = filter,
                  .plan = plans[0],
                  .pages = *pages,
                  .pictures = *pictures,
                  .on_pages = [this](int64_t pages) { pages_ += pages; }},
                 files);
    documents_ = document::open_documents(files.filtered);
    return BuildReport::from_json(read_json_file(files.filtered_report), "report");
  }

  testing::TemporaryFolder folder_;
  CorpusRecipe recipe_;
  std::unique_ptr<document::DocumentFile> documents_;
  int64_t pages_ = 0;
};

TEST_F(FilterShardTest, FindsPicturesAnywhereInTheWarc) {
  const BuildReport report = filter(testing::gzip_each(testing::site_records()));
  EXPECT_EQ(report.pages_kept(), 3) << report.table();
  EXPECT_EQ(report.dropped().at("no_picture_left").pages, 1) << report.table();
  EXPECT_EQ(report.dropped().at("fetch_not_found").media, 1) << report.table();
  EXPECT_EQ(pages_, 4);
  ASSERT_EQ(documents_->size(), 3);
  const document::Document last = documents_->read(2);
  EXPECT_EQ(last.url, "http://site.example/2");
  EXPECT_EQ(last.media.at(0).bytes, testing::random_picture(2));
}

TEST_F(FilterShardTest, HeadersCanForbidUse) {
  auto records = testing::site_records();
  records.push_back(answer("http://site.example/a", "text/html",
                           testing::page_html("a", testing::random_prose(20), {"0.png"}),
                           "X-Robots-Tag: noai\r\n"));
  records.push_back(answer("http://site.example/b", "text/html",
                           testing::page_html("b", testing::random_prose(21), {"b.png"})));
  records.push_back(answer("http://site.example/b.png", "image/png", testing::random_picture(21),
                           "X-Robots-Tag: noimageai\r\n"));
  const BuildReport report = filter(testing::gzip_each(records));
  EXPECT_EQ(report.dropped().at("use_forbidden").pages, 1) << report.table();
  EXPECT_EQ(report.dropped().at("fetch_use_forbidden").media, 1) << report.table();
}

TEST_F(FilterShardTest, DamagedRecordsAreCounted) {
  auto records = testing::site_records();
  std::string damaged = testing::gzip_text(records[2]);
  damaged[damaged.size() / 2] ^= 0x55;
  records.erase(records.begin() + 2);
  const BuildReport report = filter(damaged + testing::gzip_each(records));
  EXPECT_EQ(report.dropped().at("damaged_record").pages, 1) << report.table();
  EXPECT_EQ(report.pages_kept(), 2) << report.table();
}

TEST_F(FilterShardTest, PicturesInDataAddressesNeedNoSource) {
  const std::string picture = testing::random_picture(30);
  const std::string page = testing::page_html(
      "c", testing::random_prose(30), {"data:image/png;base64," + io::base64_encode(picture)});
  recipe_.page.limits.url_bytes = 1 << 20;
  const BuildReport report =
      filter(testing::gzip_text(answer("http://site.example/c", "text/html", page)));
  EXPECT_EQ(report.pages_kept(), 1) << report.table();
  EXPECT_EQ(documents_->read(0).media.at(0).bytes, picture);
}

TEST_F(FilterShardTest, OtherAnswersAreNotPages) {
  std::vector<std::string> records = {
      testing::warc_record("response", "http://site.example/x",
                           "HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n" +
                               testing::page_html("x", testing::random_prose(1), {"0.png"})),
      testing::warc_record("request", "http://site.example/y", "GET / HTTP/1.1\r\n\r\n"),
      answer("http://site.example/z.txt", "text/plain", testing::random_prose(2))};
  const BuildReport report = filter(testing::gzip_each(records));
  EXPECT_EQ(report.pages_seen(), 0) << report.table();
  EXPECT_EQ(report.answers(), (std::map<std::string, int64_t>{{"not_found", 1}, {"other", 1}}));
}

/// Every answer under one name, and every page that cannot be read under one rule too.
TEST_F(FilterShardTest, AnswersThatCannotBeReadAreCounted) {
  const std::string page = testing::page_html("p", testing::random_prose(40), {"0.png"});
  const auto url = [](int i) { return "http://site.example/x" + std::to_string(i); };
  auto records = testing::site_records();
  const auto add = [&](int i, const std::string& body, const std::string& headers) {
    records.push_back(answer(url(i), "text/html", body, headers));
  };
  add(0, testing::brotli_text(page), "Content-Encoding: br\r\n");
  add(1, testing::brotli_text(page).substr(0, 500), "Content-Encoding: br\r\n");
  add(2, "\x1F\x9D\x90", "Content-Encoding: compress\r\n");
  add(3, page, "Content-Length: 99999\r\n");
  add(4, "4\r\nflamingo\r\n", "Transfer-Encoding: chunked\r\n");
  add(5, page, "Content-Encoding: br\r\n");
  records.push_back(answer(url(6), "image/png", testing::random_picture(50).substr(0, 90),
                           "Content-Length: 99999\r\n"));
  records.push_back(testing::warc_record("response", url(7), "no HTTP at all"));
  records.push_back(testing::warc_record("response", url(8), "HTTP/1.1 503 x\r\n\r\n"));
  records.push_back(
      testing::warc_record("response", url(9), "HTTP/1.1 302 x\r\nLocation: /0\r\n\r\n"));
  records.push_back(answer(url(10), "text/css", "p {}"));
  std::string cut = answer(url(11), "text/html", page);
  cut.insert(cut.find("WARC-Date"), "WARC-Truncated: length\r\n");
  records.push_back(cut);
  const BuildReport report = filter(testing::gzip_each(records));
  const std::string table = report.table();
  EXPECT_EQ(report.answers(), (std::map<std::string, int64_t>{{"page", 6},
                                                              {"picture", 3},
                                                              {"cut_off", 4},
                                                              {"bad_encoding", 1},
                                                              {"bad_reply", 2},
                                                              {"server_error", 1},
                                                              {"redirect", 1},
                                                              {"other", 1}}))
      << table;
  EXPECT_EQ(report.pages_seen(), 11) << table;
  EXPECT_EQ(report.pages_kept(), 5) << table;
  EXPECT_EQ(report.dropped().at("answer_cut_off").pages, 3) << table;
  EXPECT_EQ(report.dropped().at("answer_bad_encoding").pages, 1) << table;
  EXPECT_EQ(report.dropped().at("answer_bad_reply").pages, 1) << table;
  EXPECT_NE(table.find("answers in WARC files"), std::string::npos) << table;
}

TEST_F(FilterShardTest, TypesAreToldByBytes) {
  std::vector<std::string> records;
  const auto add = [&](const std::string& name, const std::string& header, std::string body) {
    records.push_back(testing::warc_record("response", "http://site.example/" + name,
                                           "HTTP/1.1 200 OK\r\n" + header + "\r\n" + body));
  };
  const char* types[] = {
      "", "Content-Type: binary/octet-stream\r\n", "Content-Type: text/plain\r\n",
      "Content-Type: application/octet-stream\r\n", "Content-Type: text/html\r\n"};
  for (uint64_t i = 0; i < 5; ++i) {
    const std::string name = std::to_string(i);
    add(name, i % 2 == 0 ? "" : "Content-Type: unknown/unknown\r\n",
        testing::page_html("page " + name, testing::random_prose(60 + i), {name + ".png"}));
    add(name + ".png", types[i], testing::random_picture(60 + i));
  }
  add("notes", "", "Plain words without a tag.");
  const BuildReport report = filter(testing::gzip_each(records));
  EXPECT_EQ(report.pages_kept(), 5) << report.table();
  EXPECT_EQ(report.answers(),
            (std::map<std::string, int64_t>{{"page", 5}, {"picture", 5}, {"other", 1}}));
}

TEST_F(FilterShardTest, PicturesBehindRedirectsAndRevisits) {
  const auto site = [](const std::string& name) { return "http://site.example/" + name; };
  const auto moved = [&](const std::string& from, const std::string& to) {
    return testing::warc_record("response", site(from),
                                "HTTP/1.1 301 x\r\nLocation: " + to + "\r\n\r\n");
  };
  const auto page = [&](uint64_t i, const std::string& picture) {
    return answer(
        site(std::to_string(i)), "text/html",
        testing::page_html("p" + std::to_string(i), testing::random_prose(80 + i), {picture}));
  };
  std::string revisit = testing::warc_record("revisit", site("r.png"), "HTTP/1.1 200 OK\r\n\r\n");
  revisit.insert(revisit.find("WARC-Date"), "WARC-Refers-To-Target-URI: " + site("b.png") + "\r\n");
  const BuildReport report = filter(testing::gzip_each(
      {page(0, "a"), moved("a", "/b"), moved("b", "../c/a.png"),
       answer(site("c/a.png"), "image/png", testing::random_picture(80)),  //
       page(1, "r.png"), revisit, answer(site("b.png"), "image/png", testing::random_picture(81)),
       page(2, "loop"), moved("loop", "pool"), moved("pool", "loop"),  //
       page(3, "away"), moved("away", "https://other.example/x.png"), page(4, "cut"),
       answer(site("cut"), "image/png", "?", "Content-Length: 99\r\n")}));
  const std::string table = report.table();
  EXPECT_EQ(report.pages_kept(), 2) << table;
  EXPECT_EQ(report.dropped().at("fetch_redirects").media, 1) << table;
  EXPECT_EQ(report.dropped().at("fetch_not_found").media, 1) << table;
  EXPECT_EQ(report.dropped().at("fetch_cut_off").media, 1) << table;
  EXPECT_EQ(report.answers().at("revisit"), 1) << table;
}

/// A revisit at another address has pictures of its own.
TEST_F(FilterShardTest, RevisitsOfPages) {
  const std::string original = "http://mirror.example/p", other = "http://site.example/p";
  const auto revisit = [&](const std::string& url, const std::string& of) {
    std::string record =
        testing::warc_record("revisit", url, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n");
    return record.insert(record.find("WARC-Date"), "WARC-Refers-To-Target-URI: " + of + "\r\n");
  };
  const BuildReport report = filter(testing::gzip_each(
      {revisit(other, original),
       answer(original, "text/html", testing::page_html("p", testing::random_prose(90), {"p.png"})),
       answer("http://site.example/p.png", "image/png", testing::random_picture(90)),
       revisit("http://site.example/gone", "http://site.example/nowhere")}));
  const std::string table = report.table();
  EXPECT_EQ(report.pages_seen(), 3) << table;
  EXPECT_EQ(report.pages_kept(), 1) << table;
  ASSERT_EQ(documents_->size(), 1) << table;
  EXPECT_EQ(documents_->read(0).url, other);
  EXPECT_EQ(report.dropped().at("no_picture_left").pages, 1) << table;
  EXPECT_EQ(report.dropped().at("answer_not_found").pages, 1) << table;
  EXPECT_EQ(report.answers().at("revisit"), 1) << table;
  EXPECT_EQ(report.answers().at("revisit_not_found"), 1) << table;
}

TEST_F(FilterShardTest, AddressesAreSpelledAsBrowsersDo) {
  const BuildReport report = filter(testing::gzip_each(
      {answer("http://B\xC3\xBC"
              "cher.example/a b",
              "text/html",
              testing::page_html("p", testing::random_prose(91),
                                 {"http://xn--bcher-kva.example/x.png?it's=1&b[]=|",
                                  "//b\xC3\xBC"
                                  "cher.example/\xC3\xA9.png"})),
       answer("http://xn--bcher-kva.example/x.png?it%27s=1&b%5b%5d=%7C", "image/png",
              testing::random_picture(91)),
       answer("http://B%C3%9CCHER.example/%c3%a9.png", "image/png", testing::random_picture(92))}));
  EXPECT_EQ(report.pages_kept(), 1) << report.table();
  ASSERT_EQ(documents_->size(), 1);
  const document::Document page = documents_->read(0);
  EXPECT_EQ(page.url, "http://xn--bcher-kva.example/a%20b");
  ASSERT_EQ(page.media.size(), 2u) << report.table();
  EXPECT_EQ(page.media[0].url, "http://xn--bcher-kva.example/x.png?it%27s=1&b[]=|");
  EXPECT_EQ(page.media[1].url, "http://xn--bcher-kva.example/%C3%A9.png");
}

}  // namespace
}  // namespace flamingo::corpus

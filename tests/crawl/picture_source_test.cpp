#include "flamingo/crawl/picture_source.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "tests/core/temporary_folder.h"
#include "tests/crawl/loopback_server.h"

namespace flamingo::crawl {
namespace {

using testing::http_reply;
using testing::LoopbackServer;
using testing::picture_reply;
using testing::TemporaryFolder;

TEST(MemoryPictures, GivesWhatItHolds) {
  const std::map<std::string, std::string> pictures = {{"http://e.org/a", "picture"}};
  MemoryPictures source(pictures);
  EXPECT_EQ(source.get_one("http://e.org/a").bytes, "picture");
  EXPECT_EQ(source.get_one("http://e.org/b").reason, FetchReason::kNotFound);
  EXPECT_EQ(source.get(std::vector<std::string>{"x", "http://e.org/a"}).at(1).bytes, "picture");
}

class FolderPicturesTest : public ::testing::Test {
 protected:
  FolderPicturesTest() {
    std::filesystem::create_directories(root + "/a/b");
    write_file_atomic(root + "/top.jpg", "top");
    write_file_atomic(root + "/a/b/deep # one.jpg", "deep");
    write_file_atomic(root + "/empty.jpg", "");
    write_file_atomic(folder.file("secret"), "secret");
    write_file_atomic(folder.file("pages-secret"), "secret");
    std::filesystem::create_symlink(folder.file("secret"), root + "/link-out");
    std::filesystem::create_symlink(folder.path(), root + "/folder-out");
    std::filesystem::create_symlink("top.jpg", root + "/link-in");
    std::filesystem::create_symlink("loop", root + "/loop");
  }

  TemporaryFolder folder;
  const std::string root = folder.file("pages");
};

TEST_F(FolderPicturesTest, ReadsBelowItsRoot) {
  FolderPictures source(root, 3);
  for (const std::string& url :
       {std::string("top.jpg"), std::string("./top.jpg?v=1#x"), "file://" + root + "/top.jpg",
        "FILE://localhost" + root + "/top.jpg", root + "/top.jpg", std::string("link-in"),
        std::string("%74op.jpg")}) {
    EXPECT_EQ(source.get_one(url).bytes, "top") << url;
  }
  EXPECT_EQ(source.get_one("a/b/deep%20%23%20one.jpg").reason, FetchReason::kTooLarge);
  EXPECT_EQ(FolderPictures(root).get_one("a/b/deep%20%23%20one.jpg").bytes, "deep");
  EXPECT_EQ(source.get_one("empty.jpg").reason, FetchReason::kEmpty);
}

TEST_F(FolderPicturesTest, NothingOutsideIsRead) {
  FolderPictures source(root);
  const std::vector<std::string> urls = {"../secret",
                                         "a/../../secret",
                                         "a/b/../../../secret",
                                         "%2e%2e/secret",
                                         "..%2fsecret",
                                         "%2E%2E%2Fsecret",
                                         "..",
                                         "a/..",
                                         "../pages/top.jpg",
                                         "../pages-secret",
                                         "link-out",
                                         "folder-out/secret",
                                         "folder-out",
                                         "/etc/passwd",
                                         "/etc/../etc/passwd",
                                         "file:///etc/passwd",
                                         "file://localhost/etc/passwd",
                                         "file://" + folder.file("secret"),
                                         folder.file("secret"),
                                         folder.file("pages-secret"),
                                         "file://" + root + "/../secret",
                                         "file://" + root + "/%2e%2e/secret",
                                         "//etc/passwd",
                                         "file://host/etc/passwd",
                                         "file:secret",
                                         "file:../secret",
                                         "http://e.org/top.jpg",
                                         "https:top.jpg",
                                         "data:,x",
                                         "javascript:x",
                                         "C:\\secret",
                                         "..\\secret",
                                         "top.jpg%00.png",
                                         "%00",
                                         "",
                                         "?x",
                                         "#x",
                                         ".",
                                         "/",
                                         "a",
                                         "a/b",
                                         "loop",
                                         "missing",
                                         "top.jpg/x",
                                         "/dev/null",
                                         "/proc/self/environ",
                                         root.substr(0, root.size() - 1),
                                         root};
  for (const std::string& url : urls) {
    const FetchResult result = source.get_one(url);
    EXPECT_FALSE(result.ok()) << url;
    EXPECT_EQ(result.bytes, "") << url;
  }
  EXPECT_EQ(source.get_one("link-out").reason, FetchReason::kRefused);
  EXPECT_EQ(source.get_one("../secret").reason, FetchReason::kRefused);
  EXPECT_EQ(source.get_one("missing").reason, FetchReason::kNotFound);
  EXPECT_EQ(source.get_one("http://e.org/").reason, FetchReason::kBadUrl);
}

TEST_F(FolderPicturesTest, NeedsAFolder) {
  EXPECT_THROW(FolderPictures(folder.file("nowhere")), Error);
  EXPECT_THROW(FolderPictures(folder.file("secret")), Error);
}

class WebPicturesTest : public ::testing::Test {
 protected:
  WebPicturesTest() {
    options.allowed_addresses = {server.host()};
    options.host_delay = 0;
    options.backoff_seconds = 0;
    options.connect_seconds = options.total_seconds = 600;  // results come of events
    for (int i = 0; i < 10; ++i) {
      const std::string target = "/" + std::to_string(i);
      urls.push_back(server.url(target));
      if (i < 8) server.at(target, picture_reply("picture " + std::to_string(i)));
    }
    server.at("/9", http_reply("500 Oops", "", ""));
  }
  WebPictures source() { return WebPictures(options, FetchCache(folder.file("cache"))); }

  LoopbackServer server;
  TemporaryFolder folder;
  FetchOptions options;
  std::vector<std::string> urls;
};

void expect_pictures(const std::vector<FetchResult>& results) {
  ASSERT_EQ(results.size(), 10U);
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(results[static_cast<size_t>(i)].bytes, "picture " + std::to_string(i));
  }
  EXPECT_EQ(results[8].reason, FetchReason::kNotFound);
  EXPECT_EQ(results[9].reason, FetchReason::kServerError);
}

TEST_F(WebPicturesTest, AJobThatStartsAgainAsksNothingTwice) {
  expect_pictures(source().get(urls));
  const auto asked = server.requests();
  auto again = source();
  expect_pictures(again.get(urls));
  EXPECT_EQ(server.requests(), asked);
  EXPECT_EQ(again.counts().from_cache(), 10);
  EXPECT_EQ(again.counts().of(FetchReason::kOk), 8);
}

// Stopped after any number of answers: the second run asks for the others, and only for them.
TEST_F(WebPicturesTest, AJobThatWasKilledAsksForTheRest) {
  for (size_t done = 0; done <= 8; ++done) {
    const FetchCache cache(folder.file("cache" + std::to_string(done)));
    Fetcher fetcher(options);
    std::vector<std::string> stored;
    try {
      fetcher.fetch(std::span(urls).first(8), [&](size_t index, FetchResult result) {
        if (stored.size() == done) fail("test", "expected to be killed");
        cache.store(result);
        stored.push_back("/" + std::to_string(index));
      });
    } catch (const Error&) {
    }
    std::map<std::string, int64_t> asked;
    for (const std::string& target : stored) asked[target] = server.count(target);
    WebPictures source(options, cache);
    for (const FetchResult& result : source.get(std::span(urls).first(8))) {
      EXPECT_TRUE(result.ok());
    }
    EXPECT_EQ(source.counts().from_cache(), static_cast<int64_t>(done));
    for (const std::string& target : stored) EXPECT_EQ(server.count(target), asked[target]);
  }
}

TEST_F(WebPicturesTest, ADamagedEntryIsAskedForAgain) {
  source().get(urls);
  const std::string path = FetchCache(folder.file("cache")).path(urls[3]);
  std::string entry = read_file(path, 1 << 20);
  entry.back() = '!';
  write_file_atomic(path, entry);
  auto again = source();
  expect_pictures(again.get(urls));
  EXPECT_EQ(again.counts().from_cache(), 9);
  EXPECT_EQ(server.count("/3"), 2);
}

TEST_F(WebPicturesTest, AUrlThatIsNamedTwiceIsAskedForOnce) {
  WebPictures source(options);
  const auto results = source.get(std::vector{urls[1], urls[2], urls[1], urls[1]});
  EXPECT_EQ(results[3].bytes, "picture 1");
  EXPECT_EQ(results[0].bytes, "picture 1");
  EXPECT_EQ(server.count("/1"), 1);
  EXPECT_EQ(source.counts().total(), 2);
}

TEST_F(WebPicturesTest, WhatWasRefusedIsDecidedAnew) {
  const std::string refused = "http://127.0.0.1:" + std::to_string(server.port()) + "/1";
  FetchOptions closed = options;
  closed.allowed_addresses = {};
  const FetchCache cache(folder.file("cache"));
  EXPECT_EQ(WebPictures(closed, cache).get_one(refused).reason, FetchReason::kRefused);
  EXPECT_EQ(WebPictures(options, cache).get_one(refused).bytes, "picture 1");
}

}  // namespace
}  // namespace flamingo::crawl

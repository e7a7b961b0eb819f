#include "flamingo/crawl/fetch_cache.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/core/rng.h"
#include "tests/core/temporary_folder.h"
#include "tests/support/seed.h"

namespace flamingo::crawl {
namespace {

const std::string kUrl = "http://example.org/a.jpg";

FetchResult picture(const std::string& url, std::string bytes) {
  return {url, url + "?final", 200, "image/jpeg", std::move(bytes), FetchReason::kOk, 2, false};
}

FetchResult failure(FetchReason reason) { return {kUrl, kUrl, 0, "", "", reason, 1, false}; }

void expect_same(const FetchResult& found, const FetchResult& stored) {
  EXPECT_EQ(found.url, stored.url);
  EXPECT_EQ(found.final_url, stored.final_url);
  EXPECT_EQ(found.status, stored.status);
  EXPECT_EQ(found.content_type, stored.content_type);
  EXPECT_EQ(found.bytes, stored.bytes);
  EXPECT_EQ(found.reason, stored.reason);
  EXPECT_EQ(found.attempts, stored.attempts);
  EXPECT_TRUE(found.from_cache);
}

void overwrite(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class FetchCacheTest : public ::testing::Test {
 protected:
  FetchCache cache() {
    return FetchCache(folder.file("cache"), {60, 3'600, 1'000}, [this] { return now; });
  }
  testing::TemporaryFolder folder;
  int64_t now = 1'000'000;
};

TEST_F(FetchCacheTest, AnotherProcessFindsWhatWasStored) {
  EXPECT_FALSE(cache().find(kUrl).has_value());
  const FetchResult stored = picture(kUrl, std::string("a\n\0\xFF", 4));
  cache().store(stored);
  const auto found = cache().find(kUrl);
  ASSERT_TRUE(found.has_value());
  expect_same(*found, stored);
  EXPECT_FALSE(cache().find(kUrl + "x").has_value());
  cache().store(picture(kUrl, "newer"));
  EXPECT_EQ(cache().find(kUrl)->bytes, "newer");
}

TEST_F(FetchCacheTest, EntriesLieInTwoLevelsOfFolders) {
  cache().store(picture(kUrl, "x"));
  // printf http://example.org/a.jpg | sha256sum
  const std::string digest = "65501c02e84a31da13afc428cf1e0286ecb08ce3574a1ad62c4adb488aa986af";
  EXPECT_EQ(cache().path(kUrl),
            folder.file("cache/" + digest.substr(0, 2) + "/" + digest.substr(2, 2) + "/" + digest));
  EXPECT_TRUE(std::filesystem::exists(cache().path(kUrl)));
}

TEST_F(FetchCacheTest, FailuresAreRememberedForAWhile) {
  using enum FetchReason;
  for (const FetchReason reason :
       {kTimeout, kServerError, kRateLimited, kConnect, kCutOff, kDns, kTls, kRobotsUnreachable}) {
    cache().store(failure(reason));
    now += 59;
    ASSERT_TRUE(cache().find(kUrl).has_value()) << enum_name(reason);
    expect_same(*cache().find(kUrl), failure(reason));
    now += 1;
    EXPECT_FALSE(cache().find(kUrl).has_value()) << enum_name(reason);
  }
  for (const FetchReason reason : {kNotFound, kRobots, kUseForbidden, kTooLarge, kWrongType}) {
    cache().store(failure(reason));
    now += 3'599;
    EXPECT_TRUE(cache().find(kUrl).has_value()) << enum_name(reason);
    now += 1;
    EXPECT_FALSE(cache().find(kUrl).has_value()) << enum_name(reason);
  }
  cache().store(picture(kUrl, "x"));
  now += 1'000'000'000;
  EXPECT_TRUE(cache().find(kUrl).has_value()) << "pictures are kept";
}

TEST_F(FetchCacheTest, UrlsOfAnyBytesAreKept) {
  for (const std::string& url :
       {std::string("http://e.org/\xFF\xFE b"), std::string("x\0y", 3), std::string(10'000, 'u'),
        std::string("../../../etc/passwd"), std::string()}) {
    cache().store(picture(url, "bytes"));
    const auto found = cache().find(url);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->url, url);
  }
}

// Every byte of an entry, changed or cut off: missing, never something else.
TEST_F(FetchCacheTest, DamagedEntriesAreMissing) {
  cache().store(picture(kUrl, "some bytes of a picture"));
  const std::string path = cache().path(kUrl);
  const std::string whole = read_file(path, 1 << 20);
  Rng rng(testing::seeded(5));
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << rng.below(8)));
    overwrite(path, damaged);
    EXPECT_FALSE(cache().find(kUrl).has_value()) << i;
    overwrite(path, whole.substr(0, i));
    EXPECT_FALSE(cache().find(kUrl).has_value()) << i;
  }
  overwrite(path, whole + "x");
  EXPECT_FALSE(cache().find(kUrl).has_value());
  overwrite(path, whole);
  EXPECT_TRUE(cache().find(kUrl).has_value());
}

TEST_F(FetchCacheTest, EntriesOfAnotherUrlAreMissing) {
  cache().store(picture(kUrl, "x"));
  const std::string other = kUrl + "2";
  cache().store(picture(other, "y"));
  std::filesystem::copy_file(cache().path(kUrl), cache().path(other),
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_FALSE(cache().find(other).has_value());
}

TEST_F(FetchCacheTest, TooLargeEntriesAndFoldersAreMissing) {
  cache().store(picture(kUrl, std::string(70'000, 'x')));
  EXPECT_FALSE(cache().find(kUrl).has_value());
  std::filesystem::remove(cache().path(kUrl));
  std::filesystem::create_directories(cache().path(kUrl));
  EXPECT_FALSE(cache().find(kUrl).has_value());
  EXPECT_THROW(cache().store(picture(kUrl, "x")), Error);
}

TEST_F(FetchCacheTest, AFolderThatCannotBeMadeIsAnError) {
  EXPECT_THROW(FetchCache("/proc/nowhere"), Error);
}

}  // namespace
}  // namespace flamingo::crawl

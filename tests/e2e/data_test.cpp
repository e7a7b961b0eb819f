// Data verbs as users run them: from web pages to shards, and reports of runs.

#include <gtest/gtest.h>

#include "flamingo/core/config.h"
#include "flamingo/core/file.h"
#include "tests/core/temporary_folder.h"
#include "tests/e2e/run_flamingo.h"
#ifdef FLAMINGO_MEDIA
#include "flamingo/document/shard.h"
#include "tests/corpus/warc_site.h"
#include "tests/io/byte_builder.h"
#include "tests/media/clip_builder.h"
#endif

namespace flamingo {
namespace {

using testing::run_flamingo;

#ifdef FLAMINGO_MEDIA
TEST(DataVerbs, BuildStatsCheckAndShow) {
  const testing::TemporaryFolder folder;
  testing::write_site(folder.path() + "/site", 5);
  const std::string recipe = folder.path() + "/recipe.json";
  write_file_atomic(recipe, "{\"output\": \"" + folder.path() +
                                "/m3w\",  // a comment\n \"inputs\": [{\"path\": \"" +
                                folder.path() + "/site\"}]}");
  const auto built = run_flamingo("data build --json --recipe " + recipe);
  ASSERT_EQ(built.status, 0) << built.output;
  const Json counts = Json::parse(built.output);
  EXPECT_EQ(counts["pages_kept"], 5);
  EXPECT_EQ(counts["finished"], true);
  EXPECT_EQ(counts["warnings"], Json::array());

  const std::string shard = folder.path() + "/m3w/train/000000.tar";
  const auto stats = run_flamingo("data stats --json " + shard);
  ASSERT_EQ(stats.status, 0);
  EXPECT_EQ(Json::parse(stats.output)["media"], 5);
  EXPECT_EQ(run_flamingo("data check " + shard).output,
            "5 documents with 5 media are good, 0 are not\n");

  const std::string page = folder.path() + "/page.html";
  ASSERT_EQ(run_flamingo("data show " + shard + " -o " + page).status, 0);
  const std::string html = read_file(page, 1 << 24);
  EXPECT_NE(html.find("5 of 5 documents"), std::string::npos);
  EXPECT_NE(html.find("What was kept and dropped"), std::string::npos) << "found the counters";

  std::string bytes = read_file(shard, 1 << 24);
  bytes[bytes.find("IDAT") + 40] ^= 1;
  write_file_atomic(shard, bytes);
  const auto damaged = run_flamingo("data check " + shard, "2>&1");
  EXPECT_EQ(damaged.status, 2);
  EXPECT_NE(damaged.output.find("SHA-256"), std::string::npos) << damaged.output;
  EXPECT_NE(damaged.output.find("4 documents with 4 media are good, 1 are not: 1 damaged, 0 with"),
            std::string::npos)
      << damaged.output;
}

TEST(DataVerbs, WhatCannotBeUsedIsNoDamage) {
  const auto checked = run_flamingo("data check " + testing::golden("shards/openflamingo.tar"));
  EXPECT_EQ(checked.status, 0) << checked.output;
  EXPECT_NE(checked.output.find("0 damaged, 1 with nothing usable in them"), std::string::npos)
      << checked.output;
}

/// A shard of one document for each clip or picture.
void write_shard(const std::string& path, const std::vector<document::MediaItem>& media) {
  document::ShardWriter writer(path);
  for (size_t i = 0; i < media.size(); ++i) {
    document::Document document{
        .parts = {document::Part::of_media_item(0), document::Part::of_text("words")}};
    document.media = {media[i]};
    writer.add(std::to_string(i), document);
  }
  writer.finish();
}

document::MediaItem clip_media_item(const media::ClipSpec& spec) {
  return {.kind = document::MediaKind::kVideo, .bytes = media::clip_of(spec), .format = "mp4"};
}

TEST(DataVerbs, CheckTellsOfDamagedFrames) {
  const testing::TemporaryFolder folder;
  const std::string shard = folder.path() + "/clips.tar";
  write_shard(shard,
              {clip_media_item({}), clip_media_item({.damage = [](int i) { return i == 15; }})});
  const auto checked = run_flamingo("data check " + shard);
  EXPECT_EQ(checked.status, 0) << checked.output;
  for (const char* part : {"1: ", "left out\n", "1 clips are damaged, ",
                           "\n2 documents with 2 media are good, 0 are not\n"})
    EXPECT_NE(checked.output.find(part), std::string::npos) << part << " in " << checked.output;
  EXPECT_EQ(checked.output.find("0: "), std::string::npos) << checked.output;
  const auto in_part = run_flamingo("data check --clip-max-decoded 700000 " + shard);
  EXPECT_EQ(in_part.status, 0);
  EXPECT_NE(in_part.output.find("2 clips were checked in part"), std::string::npos)
      << in_part.output;
}

TEST(DataVerbs, LimitsAreOptions) {
  const testing::TemporaryFolder folder;
  const std::string shard = folder.path() + "/media.tar";
  write_shard(shard, {clip_media_item({}), {.bytes = testing::random_picture(1), .format = "png"}});
  ASSERT_EQ(run_flamingo("data check " + shard).status, 0);
  for (const char* limit :
       {"--image-max-side 3", "--image-max-pixels 10", "--image-max-bytes 50", "--clip-max-side 3",
        "--clip-max-pixels 10", "--clip-max-bytes 50", "--clip-max-packets 5"}) {
    const auto checked = run_flamingo(std::string("data check ") + limit + " " + shard, "2>&1");
    EXPECT_EQ(checked.status, 2) << limit;
    EXPECT_NE(checked.output.find("1 documents with 1 media are good, 1 are not: 1 damaged"),
              std::string::npos)
        << limit << ": " << checked.output;
  }
}

/// Writes a WARC of one answer and the recipe that builds from it; returns the recipe's path.
std::string recipe_of_answer(const testing::TemporaryFolder& folder, const std::string& type,
                             const std::string& body) {
  const std::string warc = folder.file("a.warc"), recipe = folder.file("recipe.json");
  write_file_atomic(warc, testing::answer("http://a.example/x", type, body));
  write_file_atomic(recipe, Json{{"output", folder.file("m3w")},
                                 {"inputs", {{{"path", warc}, {"pictures", "warc"}}}}}
                                .dump());
  return recipe;
}

TEST(DataVerbs, ABuildWithoutAPageWarns) {
  const testing::TemporaryFolder folder;
  const std::string recipe = recipe_of_answer(folder, "text/css", "");
  const auto built = run_flamingo("data build --recipe " + recipe, "2>&1");
  EXPECT_EQ(built.status, 0) << built.output;
  EXPECT_NE(built.output.find("warning: no page was read"), std::string::npos) << built.output;
  EXPECT_NE(built.output.find("other"), std::string::npos) << built.output;
  const auto again = run_flamingo("data build --json --recipe " + recipe);
  EXPECT_EQ(Json::parse(again.output)["warnings"].size(), 1u) << again.output;
}

TEST(DataVerbs, ABuildThatKeepsNoPageWarns) {
  const testing::TemporaryFolder folder;
  const std::string recipe = recipe_of_answer(folder, "text/html", "<p>too short");
  const auto built = run_flamingo("data build --recipe " + recipe, "2>&1");
  EXPECT_EQ(built.status, 0) << built.output;
  EXPECT_NE(built.output.find("warning: no page was kept"), std::string::npos) << built.output;
  EXPECT_EQ(built.output.find("done: "), std::string::npos) << built.output;
}
#endif

TEST(ReportVerb, DrawsARun) {
  const testing::TemporaryFolder folder;
  std::string metrics;
  for (int step = 0; step < 20; ++step) {
    metrics += "{\"step\":" + std::to_string(step) +
               ",\"loss\":" + std::to_string(3.0 / (step + 1)) +
               ",\"gate_xattn.0\":0.1,\"gate_dense.0\":0.2}\n";
  }
  write_file_atomic(folder.path() + "/metrics.jsonl", metrics);
  const std::string page = folder.path() + "/report.html";
  ASSERT_EQ(
      run_flamingo("report " + folder.path() + " -o " + page + " --svg " + folder.path()).status,
      0);
  EXPECT_NE(read_file(page, 1 << 24).find("<svg"), std::string::npos);
  EXPECT_NE(read_file(folder.path() + "/gates.svg", 1 << 24).find("<svg"), std::string::npos);
  EXPECT_EQ(run_flamingo("report " + folder.path() + "/nothing -o " + page).status, 2);
}

}  // namespace
}  // namespace flamingo

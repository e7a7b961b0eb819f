#include "flamingo/prompt/prompt.h"

#include <gtest/gtest.h>

#include "tests/core/temporary_folder.h"
#include "tests/io/byte_builder.h"

namespace flamingo::prompt {
namespace {

using testing::error_of;

/// One line per item, for comparison.
std::string show(const Prompt& prompt) {
  std::string out;
  for (const PromptItem& item : prompt.items) {
    if (const auto* text = std::get_if<TextItem>(&item)) out += "'" + text->text + "' ";
    if (const auto* image = std::get_if<ImageItem>(&item)) out += "image:" + image->path + " ";
    if (const auto* video = std::get_if<VideoItem>(&item)) out += "video:" + video->path + " ";
    if (std::holds_alternative<EndOfChunkItem>(item)) out += "| ";
  }
  return out;
}

std::string from_json(const char* text) {
  return show(prompt_from_json(Json::parse(text), "dir", "prompt.json"));
}

TEST(Prompt, FromMarks) {
  const Prompt prompt = prompt_from_marks("<image>a<video><image>", {"1.png", "2.png"}, {"v.mp4"});
  EXPECT_EQ(show(prompt), "image:1.png 'a' video:v.mp4 image:2.png ");
  EXPECT_EQ(prompt.media().size(), 3u);
  EXPECT_EQ(prompt.segments().size(), 4u);
  EXPECT_EQ(prompt.segments()[1].text, "a");
}

TEST(Prompt, CountsOfMarksAndFilesMustAgree) {
  const std::string few = error_of([] { prompt_from_marks("<image>", {"1", "2"}, {}); });
  EXPECT_NE(few.find("1 marks and 2 files"), std::string::npos) << few;
  EXPECT_NE(few.find("a <image> in the prompt says where each belongs"), std::string::npos) << few;
  const std::string many = error_of([] { prompt_from_marks("<video><video>", {}, {"v"}); });
  EXPECT_NE(many.find("2 marks and 1 files"), std::string::npos) << many;
  EXPECT_NE(many.find("--video gives the files"), std::string::npos) << many;
}

TEST(Prompt, ShotsAndQuery) {
  EXPECT_EQ(from_json(R"({"template": "caption", "prefix": "Animals.",
      "shots": [{"image": "a.png", "text": "a cat"}, {"text": "no picture"}],
      "query": {"video": "/abs/q.mp4"}})"),
            "'Animals.' image:dir/a.png 'Output: a cat' | 'Output: no picture' | "
            "video:/abs/q.mp4 'Output:' ");
  EXPECT_EQ(from_json(R"({"template": "vqa", "query": {"image": "q.png", "question": "Who?"}})"),
            "image:dir/q.png 'Question: Who? Answer:' ");
  EXPECT_EQ(from_json(R"({"shots": [{"image": "a", "text": "dax"}], "query": {"image": "q"}})"),
            "image:dir/a 'dax' | image:dir/q ");
  EXPECT_EQ(from_json(R"({"query": {"image": "q", "text": "This is"}})"), "image:dir/q 'This is' ");
}

TEST(Prompt, FreeItems) {
  EXPECT_EQ(from_json(R"({"items": [{"text": "a<image>"}, {"image": "i"}, {"end_of_chunk": true},
      {"video": "v"}]})"),
            "'a<image>' image:dir/i | video:dir/v ");
}

TEST(Prompt, NamesMistakes) {
  const auto message = [](const char* text) { return error_of([&] { from_json(text); }); };
  EXPECT_NE(message(R"({"shots": []})").find("query"), std::string::npos);
  EXPECT_NE(message(R"({"query": {}, "shot": []})").find("\"shot\""), std::string::npos);
  EXPECT_NE(message(R"({"query": {"text": "x"}, "template": "caption"})").find("\"text\""),
            std::string::npos);
  EXPECT_NE(message(R"({"query": {"image": "a", "video": "b"}})").find("both"), std::string::npos);
  EXPECT_NE(message(R"({"query": {"image": ""}})").find("path"), std::string::npos);
  EXPECT_NE(message(R"({"query": {}, "shots": [{"image": "a"}]})").find("\"text\""),
            std::string::npos);
  EXPECT_NE(message(R"({"query": {}, "template": "odd"})").find("odd"), std::string::npos);
  EXPECT_NE(message(R"({"items": [{"text": "a", "image": "b"}]})").find("items[0]"),
            std::string::npos);
  EXPECT_NE(message(R"({"items": [{"end_of_chunk": false}]})").find("end_of_chunk"),
            std::string::npos);
  EXPECT_NE(message(R"({"items": 3})").find("list"), std::string::npos);
  EXPECT_NE(message("[]").find("object"), std::string::npos);
}

TEST(Prompt, FilesAreRelativeToThePromptFile) {
  const testing::TemporaryFolder folder;
  write_file_atomic(folder.file("p.json"), R"({"query": {"image": "pictures/q.png"}})");
  EXPECT_EQ(show(read_json_prompt(folder.file("p.json"))),
            "image:" + folder.file("pictures/q.png") + " ");
  EXPECT_NE(error_of([] { read_json_prompt("/no/prompt.json"); }).find("/no/prompt.json"),
            std::string::npos);
}

}  // namespace
}  // namespace flamingo::prompt
